"""Writes maps: a plan with its legs' true geometry on our own streets, or a few drives side by side."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import numpy as np

from data.codec import write_whole
from data.model.city import City
from data.model.plan import Leg, Plan
from data.synthetic.city import CITY_NAME
from routing.instance import ON_ROAD, Instance
from routing.map import OSM_ATTRIBUTION, render_map
from routing.map.route import render_route
from routing.trip import Trip

Shapes = dict[tuple[str, str, int], list[tuple[float, float]]]


def write_map(path: Path, instance: Instance, plan: Plan, before: Plan | None, earlier: Shapes) -> None:
    """Write one self-contained HTML file; ``earlier`` holds the shapes of ``before`` where they are known."""
    shapes = {**earlier, **leg_shapes(instance, plan)}
    write_whole(path, render_map(instance.city, plan, before, shapes, _attribution(instance.city)).encode())


def write_route_map(
    path: Path, city: City, trips: Sequence[Trip], points: Sequence[tuple[float, float]], depart_at: datetime
) -> None:
    """Write one self-contained HTML file of the drives between ``points`` (lat, lon)."""
    write_whole(path, render_route(city, trips, points, depart_at, _attribution(city)).encode())


def leg_shapes(instance: Instance, plan: Plan) -> Shapes:
    """Return the driven geometry of a plan's legs; a leg between places the instance no longer knows is left out."""
    names = {name: index for index, name in enumerate(instance.problem.location_names)}
    rows = {vehicle.id: row for row, vehicle in enumerate(instance.vehicles)}
    keys, wanted = [], []
    for tour in plan.tours:
        hub_id = instance.vehicles[rows[tour.vehicle_id]].hub_id
        start = hub_id if tour.start.at_hub else ON_ROAD + tour.vehicle_id
        ends = [names.get(name) for name in (start, *(stop.place_id for stop in tour.stops), hub_id)]
        for index, (leg, source, target) in enumerate(zip(tour.legs, ends, ends[1:], strict=False)):
            if source is None or target is None:
                continue
            profile = _profile(instance, rows[tour.vehicle_id], source, target, leg)
            if profile is not None:
                keys.append((plan.id, tour.vehicle_id, index))
                wanted.append((profile, source, target))
    paths = instance.travel.legs(np.array(wanted, dtype=np.int64).reshape(-1, 3))
    return {key: [(lon, lat) for lon, lat in path.points.tolist()] for key, path in zip(keys, paths, strict=True)}


def _attribution(city: City) -> str:
    return "ville imaginaire" if city.name == CITY_NAME else OSM_ATTRIBUTION


def _profile(instance: Instance, row: int, source: int, target: int, leg: Leg) -> int | None:
    """Return the profile of the vehicle's class whose tables hold exactly this leg, as it was begun."""
    tables = instance.problem.tables
    cls = int(tables.veh_class[row])
    slices = slice(tables.slice_ptr[cls], tables.slice_ptr[cls + 1])
    begun_s = leg.paces[0].whole_s if leg.paces else leg.travel_s
    for profile in (*tables.slice_profile[slices].tolist(), *tables.slice_safe[slices].tolist()):
        entry = tables.duration_s[profile, source, target], tables.distance_m[profile, source, target]
        if entry == (begun_s, leg.distance_m):
            return int(profile)
    return None
