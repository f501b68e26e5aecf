"""GeoJSON files, feature by feature."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from data.errors import InputError
from data.sources.table import read_text

_WGS84 = ("CRS84", "EPSG::4326", "EPSG:4326")


def read_features(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each feature of a FeatureCollection in WGS84 with its JSON pointer.

    Raises
    ------
    InputError
        ``invalid_json``, ``not_geojson`` or ``unsupported_crs``.
    """
    yield from features_of(read_text(path), str(path))


def features_of(text: str, source: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each feature of a FeatureCollection that has come from ``source``; otherwise as :func:`read_features`."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError("invalid_json", str(error), source, "check the syntax") from None
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list) or document.get("type") != "FeatureCollection":
        raise InputError("not_geojson", "not a GeoJSON FeatureCollection", f"{source}#", "export it as GeoJSON")
    crs = document.get("crs")
    if crs and not any(name in json.dumps(crs) for name in _WGS84):
        message = f"coordinates must be WGS84 degrees, the file says {json.dumps(crs)}"
        raise InputError("unsupported_crs", message, f"{source}#/crs", "export it as RFC 7946 GeoJSON")
    for index, feature in enumerate(features):
        where = f"{source}#/features/{index}"
        if not isinstance(feature, dict) or not isinstance(feature.get("properties"), dict):
            raise InputError("not_geojson", "not a GeoJSON Feature with properties", where)
        yield where, feature
