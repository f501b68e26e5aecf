"""GeoJSON of what lies under a plan on the map: streets, zones, shared places."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import mapping, shape

from data.model.place import Place, PlaceKind
from data.model.streets import RoadClass, StreetNetwork
from data.model.zone import Zone

Feature = dict[str, Any]
FeatureCollection = dict[str, Any]
DECIMALS = 5
DEGREES_PER_M = 1 / 111_320

# How much of the streets to draw: (least important class, tolerance in metres), tried until one fits the budget.
_DETAILS = (
    (RoadClass.TRACK, 1.0),
    (RoadClass.LIVING_STREET, 2.0),
    (RoadClass.LIVING_STREET, 4.0),
    (RoadClass.RESIDENTIAL, 8.0),
    (RoadClass.TERTIARY, 10.0),
    (RoadClass.PRIMARY, 25.0),
)
_BYTES_PER_POINT = 19  # "[-1.55362,47.21837],"


def collection(features: Iterable[Feature]) -> FeatureCollection:
    """Return ``features`` as a FeatureCollection, each with its index as id."""
    return {"type": "FeatureCollection", "features": [{**each, "id": i} for i, each in enumerate(features)]}


def feature(kind: str, coordinates: Any, /, **properties: Any) -> Feature:
    """Return one feature whose ``coordinates`` are already rounded."""
    return {"type": "Feature", "geometry": {"type": kind, "coordinates": coordinates}, "properties": properties}


def position(lon: float, lat: float) -> list[float]:
    """Return the GeoJSON position, rounded to about a metre."""
    return [round(lon, DECIMALS), round(lat, DECIMALS)]


def street_features(streets: StreetNetwork, budget_bytes: int = 4_500_000) -> FeatureCollection:
    """Return the streets as one MultiLineString per road class, least important first.

    Both directions of a street are drawn once, arcs are merged between crossings, and where the result would be over
    ``budget_bytes`` of JSON small streets are left out and the rest is simplified, step by step.
    """
    arcs = _one_direction(streets)
    lines = _arc_lines(streets, arcs)
    classes = streets.road_class[arcs]
    for least, tolerance_m in _DETAILS:
        merged = _merge(lines, classes, least, tolerance_m)
        points = sum(int(shapely.get_num_coordinates(group)) for group in merged.values())
        if points * _BYTES_PER_POINT <= budget_bytes:
            break
    return collection(
        feature("MultiLineString", _multi_line(merged[kind]), road_class=kind) for kind in sorted(merged, reverse=True)
    )


def zone_features(zones: Iterable[Zone], day: date) -> FeatureCollection:
    """Return the zones in force on ``day``, with what their popup says."""
    in_force = (zone for zone in zones if zone.valid_from <= day and (zone.valid_to is None or day <= zone.valid_to))
    return collection(
        {
            "type": "Feature",
            "geometry": _simple(zone.geometry),
            "properties": {
                "id": zone.id,
                "name": zone.name,
                "kind": zone.kind.value,
                "decree_url": zone.decree_url,
                "legal_persons_only": zone.legal_persons_only,
                "rules": [
                    {"category": rule.category, "first_banned": rule.first_banned, "hours": rule.hours}
                    for rule in zone.rules
                ],
            },
        }
        for zone in in_force
    )


def place_features(places: Iterable[Place]) -> FeatureCollection:
    """Return relay points, lockers and post offices, each once; homes are only drawn as stops."""
    shared = {place.id: place for place in places if place.kind is not PlaceKind.HOME}
    return collection(
        feature(
            "Point",
            position(place.lon, place.lat),
            id=place.id,
            kind=place.kind.value,
            name=place.name,
            brand=place.brand,
            address=address(place),
            hours=place.opening_hours,
            boxes=[{"size": box.size, "free": box.free} for box in place.boxes],
        )
        for place in shared.values()
    )


def address(place: Place) -> str:
    """Return the address with its postcode, without saying the postcode twice."""
    if place.postcode and place.postcode not in place.address:
        return f"{place.address} {place.postcode}".strip()
    return place.address


def simplify_line(points: list[tuple[float, float]], tolerance_m: float = 1.0) -> list[list[float]]:
    """Return ``(lon, lat)`` points without those within ``tolerance_m`` of the line through the others."""
    rounded = [position(*point) for point in points]
    if len(points) < 3:
        return rounded
    line = shapely.simplify(shapely.LineString(rounded), tolerance_m * DEGREES_PER_M, preserve_topology=False)
    kept: list[list[float]] = shapely.get_coordinates(line).tolist()
    return kept


def _one_direction(streets: StreetNetwork) -> NDArray[np.int64]:
    low, high = np.minimum(streets.tail, streets.head), np.maximum(streets.tail, streets.head)
    keys = np.stack([low, high, streets.length_dm, streets.way_id], axis=1)
    _, first = np.unique(keys, axis=0, return_index=True)
    return np.sort(first)


def _arc_lines(streets: StreetNetwork, arcs: NDArray[np.int64]) -> NDArray[Any]:
    """Return one LineString per arc: tail, inner points, head."""
    start, stop = streets.shape_ptr[arcs], streets.shape_ptr[arcs + 1]
    inner = (stop - start).astype(np.int64)
    owner = np.repeat(np.arange(len(arcs)), inner + 2)
    first = np.cumsum(inner + 2) - (inner + 2)
    rank = np.arange(len(owner)) - first[owner]
    lonlat = np.empty((len(owner), 2))
    is_tail, is_head = rank == 0, rank == inner[owner] + 1
    lonlat[is_tail] = np.stack([streets.node_lon, streets.node_lat], axis=1)[streets.tail[arcs]]
    lonlat[is_head] = np.stack([streets.node_lon, streets.node_lat], axis=1)[streets.head[arcs]]
    between = ~(is_tail | is_head)
    source = (start[owner] + rank - 1)[between]
    lonlat[between] = np.stack([streets.shape_lon, streets.shape_lat], axis=1)[source]
    return np.asarray(shapely.linestrings(lonlat.round(DECIMALS), indices=owner))


def _merge(lines: NDArray[Any], classes: NDArray[np.uint8], least: RoadClass, tolerance_m: float) -> dict[int, Any]:
    """Return, per road class down to ``least``, its lines merged between crossings and simplified."""
    merged: dict[int, Any] = {}
    for kind in np.unique(classes[classes <= least]).tolist():
        joined = shapely.line_merge(shapely.multilinestrings(lines[classes == kind]))
        merged[kind] = shapely.simplify(joined, tolerance_m * DEGREES_PER_M, preserve_topology=False)
    return merged


def _multi_line(geometry: Any) -> list[list[list[float]]]:
    return [shapely.get_coordinates(part).tolist() for part in shapely.get_parts(geometry)]


def _simple(geometry: dict[str, Any]) -> dict[str, Any]:
    flat = shapely.simplify(shapely.force_2d(shape(geometry)), DEGREES_PER_M)
    rounded: dict[str, Any] = mapping(shapely.transform(flat, lambda lonlat: lonlat.round(DECIMALS)))
    return rounded
