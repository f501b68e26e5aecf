"""Points to measure between, from CSV or GeoJSON: an id and a position each, errors by line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from data.sources.check import check_unique_at
from data.sources.coordinates import trouble
from data.sources.geojson import read_features
from data.sources.orders_row import COLUMNS as ORDER_COLUMNS
from data.sources.table import Problems, Row, read_rows

_OWN_IDS = ("point", "point_id", "stop", "arret", "identifiant")
_COLUMNS = {name: column if column in ("lat", "lon") else "" for name, column in ORDER_COLUMNS.items()}
_COLUMNS |= {name: "id" for name, column in ORDER_COLUMNS.items() if column == "order"} | dict.fromkeys(_OWN_IDS, "id")


@dataclass(frozen=True, eq=False)
class Points:
    """L points with ids of their own.

    Attributes
    ----------
    ids : tuple of str
    lat, lon : float64 [L]
        WGS84 degrees.
    where : tuple of str
        Where each was read, ``file:line`` or a JSON pointer.
    """

    ids: tuple[str, ...]
    lat: NDArray[np.float64]
    lon: NDArray[np.float64]
    where: tuple[str, ...]


def read_points(path: Path) -> Points:
    """Return the points in a file; ``.json`` and ``.geojson`` hold GeoJSON points, all else CSV.

    A CSV has columns for id, latitude and longitude under any header that orders may have (``commande``,
    ``latitude``, ...); an order file will do, its other columns are left alone. A GeoJSON feature has its ``id``, else
    ``properties.id``.

    Raises
    ------
    InputError
        Up to 20 problems at once: ``missing_value``, ``invalid_number``, ``invalid_coordinates``, ``duplicate_id``,
        ``invalid_geometry``; ``empty_file``; and what keeps the file from being read at all.
    """
    problems = Problems()
    geojson = path.suffix.casefold() in (".json", ".geojson")
    rows = list(_features(path, problems)) if geojson else read_rows(path, _COLUMNS, ("id", "lat", "lon"), problems)
    if geojson and not rows:
        problems.add("empty_file", "there are no points", f"{path}#/features", "add at least one feature")
    found = [(row.text("id"), row.number("lat"), row.number("lon"), row.where) for row in rows]
    for row, (name, lat, lon, _) in zip(rows, found, strict=True):
        _check(row, name, lat, lon)
    check_unique_at(((where, name) for name, _, _, where in found if name), problems)
    problems.raise_if_any()
    ids, lats, lons, where = zip(*found, strict=True)
    return Points(ids, np.array(lats, dtype=np.float64), np.array(lons, dtype=np.float64), where)


def _check(row: Row, name: str, lat: float | None, lon: float | None) -> None:
    if not name:
        row.wrong("missing_value", "the point has no id")
    for column in ("lat", "lon"):
        if not row.text(column):
            row.wrong("missing_value", f"the point has no {column}", "add latitude and longitude")
    if lat is not None and lon is not None and (wrong := trouble(lat, lon)):
        row.wrong("invalid_coordinates", wrong)


def _features(path: Path, problems: Problems) -> Iterator[Row]:
    for where, feature in read_features(path):
        geometry = feature.get("geometry")
        point = geometry.get("coordinates") if isinstance(geometry, dict) and geometry.get("type") == "Point" else None
        if not isinstance(point, list) or len(point) < 2:
            problems.add("invalid_geometry", "expected a Point", f"{where}/geometry", "export points, not areas")
            continue
        name = feature.get("id", feature["properties"].get("id"))
        text = "" if name is None else str(name).strip()
        yield Row({"id": text, "lon": str(point[0]), "lat": str(point[1])}, where, problems)
