"""A plan as GeoJSON (RFC 7946): hubs, stops and what is left out as points, each tour as a line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from data.model.plan import Plan, Tour

Node = dict[str, Any]
DIGITS = 6
"""Of a degree: a tenth of a metre."""


def as_geojson(plan: Plan) -> bytes:
    """Return a FeatureCollection; a tour's line goes straight from stop to stop, positions are [lon, lat]."""
    where = {hub.id: _position(hub.lat, hub.lon) for hub in plan.hubs}
    where |= {place.id: _position(place.lat, place.lon) for place in plan.places}
    features = [
        *(_feature("Point", where[hub.id], kind="hub", id=hub.id, name=hub.name) for hub in plan.hubs),
        *(each for tour in plan.tours for each in _tour(plan, tour, where)),
        *_left_out(plan, where),
    ]
    points = [where[name] for name in where]
    west, south = (min(point[axis] for point in points) for axis in (0, 1))
    east, north = (max(point[axis] for point in points) for axis in (0, 1))
    told = {"type": "FeatureCollection", "bbox": [west, south, east, north], "features": features}
    return msgspec.json.encode(told)


def _tour(plan: Plan, tour: Tour, where: dict[str, list[float]]) -> Iterator[Node]:
    hub_id = next(vehicle.hub_id for vehicle in plan.vehicles if vehicle.id == tour.vehicle_id)
    line = [_position(tour.start.lat, tour.start.lon), *(where[s.place_id] for s in tour.stops)]
    if len(tour.legs) > len(tour.stops):
        line.append(where[hub_id])
    if len(line) > 1:
        yield _feature(
            "LineString",
            line,
            kind="tour",
            vehicle=tour.vehicle_id,
            hub=hub_id,
            departure_at=tour.departure_at,
            return_at=tour.return_at,
            parcels=tour.parcels,
            distance_m=tour.distance_m,
            cost_cents=tour.cost_cents,
            co2e_g=tour.co2e_g,
        )
    for number, stop in enumerate(tour.stops, start=1):
        yield _feature(
            "Point",
            where[stop.place_id],
            kind="reload" if stop.loading_list is not None else "stop",
            vehicle=tour.vehicle_id,
            stop=number,
            place=stop.place_id,
            arrival_at=stop.arrival_at,
            start_at=stop.start_at,
            end_at=stop.end_at,
            orders=[handover.order_id for handover in stop.handovers],
        )


def _left_out(plan: Plan, where: dict[str, list[float]]) -> Iterator[Node]:
    orders = {order.id: order for order in plan.orders}
    kinds = [(entry, "unassigned") for entry in plan.unassigned] + [(entry, "postponed") for entry in plan.postponed]
    for entry, kind in kinds:
        place_id = orders[entry.order_id].options[0].place_id
        reasons = [reason.code for reason in entry.reasons]
        yield _feature("Point", where[place_id], kind=kind, order=entry.order_id, place=place_id, reasons=reasons)


def _position(lat: float, lon: float) -> list[float]:
    return [round(lon, DIGITS), round(lat, DIGITS)]


def _feature(shape: str, coordinates: Any, **properties: Any) -> Node:
    return {
        "type": "Feature",
        "geometry": {"type": shape, "coordinates": coordinates},
        "properties": properties,
    }
