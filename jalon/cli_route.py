"""``jalon route``: a drive, by several kinds of vehicle side by side, and what a low-emission zone adds to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from data.clock import PARIS
from data.errors import RoutingDataError
from data.model.city import City
from jalon.inputs import load_city, load_conditions, require_writable
from jalon.maps import write_route_map
from jalon.options import (
    AtOption,
    JsonOption,
    MapOption,
    TrafficOption,
    VehicleOption,
    WeatherOption,
    departure,
    point,
    vehicle_kind,
)
from jalon.terminal import print_json, say, warm_if_cold
from routing.map.layers import position
from routing.trip import Ban, Trip, find_trip

Point = tuple[float, float]


def route(
    city: Annotated[str, typer.Option("--city", metavar="FILE", help="A .city file.")],
    start: Annotated[str, typer.Option("--from", metavar="LAT,LON", help="Where it starts.")],
    end: Annotated[str, typer.Option("--to", metavar="LAT,LON", help="Where it ends.")],
    vehicles: VehicleOption,
    via: Annotated[
        list[str] | None, typer.Option("--via", metavar="LAT,LON", help="A point on the way; repeatable, in order.")
    ] = None,
    depart: AtOption = None,
    traffic: TrafficOption = None,
    weather: WeatherOption = None,
    map_path: MapOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find the fastest drive between two points.

    For each --vehicle: how long it takes, the zones it runs through, and where a zone is closed to it, what driving
    around that adds. Speeds are those of the departure.
    """
    require_writable(map_path)
    kinds = [vehicle_kind(text) for text in dict.fromkeys(vehicles)]
    depart_at = departure(depart)
    names = ["--from", *(f"--via ({number})" for number in range(1, len(via or ()) + 1)), "--to"]
    points = [point(text, name) for text, name in zip((start, *(via or ()), end), names, strict=True)]
    place = load_city(city, "", Path())
    conditions, notes = load_conditions(place, traffic, weather)
    for note in notes:
        say("note", note, "yellow")
    warm_if_cold()
    lat, lon = np.array(points).T
    with _naming(names):
        trips = [find_trip(place, kind, lat, lon, depart_at, PARIS.key, conditions) for kind in kinds]
    if map_path is not None:
        write_route_map(map_path, place, trips, points, depart_at)
    if as_json:
        print_json(_figures(place, trips, points, depart_at, map_path))
    else:
        _tell(place, trips)


@contextmanager
def _naming(options: Sequence[str]) -> Iterator[None]:
    """Name the option in errors about the point it gave."""
    try:
        yield
    except RoutingDataError as error:
        if error.where.startswith("#/"):
            error.where = options[int(error.where.removeprefix("#/"))]
        raise


def _figures(
    city: City, trips: Sequence[Trip], points: Sequence[Point], depart_at: datetime, map_path: Path | None
) -> dict[str, Any]:
    snap_m = np.max([trip.snap_m for trip in trips], axis=0).tolist()
    return {
        "city": city.name,
        "depart_at": depart_at.isoformat(),
        "points": [
            {"lat": lat, "lon": lon, "snap_m": metres} for (lat, lon), metres in zip(points, snap_m, strict=True)
        ],
        "routes": [_route(city, trip) for trip in trips],
        "map_path": str(map_path) if map_path else None,
    }


def _route(city: City, trip: Trip) -> dict[str, Any]:
    return {
        "vehicle": trip.access.id,
        "travel_s": trip.way.travel_s,
        "distance_m": trip.way.distance_m,
        "extra_s": trip.extra_s,
        "extra_m": trip.extra_m,
        "zones": [
            {"zone_id": city.zones[zone].id, "name": city.zones[zone].name, "enter_s": enter_s, "exit_s": exit_s}
            for zone, enter_s, exit_s in trip.way.crossings
        ],
        "avoided": [_ban(ban) for ban in trip.avoided],
        "line": [position(lon, lat) for lon, lat in trip.way.points.tolist()],
    }


def _ban(ban: Ban) -> dict[str, str | None]:
    return {
        "zone_id": ban.zone.id,
        "name": ban.zone.name,
        "first_banned": ban.closure.first_banned.value,
        "hours": ban.closure.hours,
        "closed_from": ban.since_at.isoformat(),
        "closed_until": ban.until_at.isoformat() if ban.until_at else None,
        "decree_url": ban.closure.decree_url,
    }


def _tell(city: City, trips: Sequence[Trip]) -> None:
    for trip in trips:
        say(trip.access.id, f"{duration(trip.way.travel_s)}, {trip.way.distance_m / 1000:.1f} km", "bold")
        for zone, enter_s, exit_s in trip.way.crossings:
            name = city.zones[zone].name or city.zones[zone].id
            say("   through", f"{name}, from {duration(enter_s)} to {duration(exit_s)} after the departure")
        if trip.avoided:
            extra = f"{duration(trip.extra_s)} and {trip.extra_m / 1000:.1f} km more than with all zones open"
            say("   detour", extra, "yellow")
        for ban in trip.avoided:
            rule = f"closed from {ban.closure.first_banned.value} on, {ban.closure.hours}"
            until = f"until {ban.until_at:%H:%M}" if ban.until_at else ""
            told = (ban.zone.name, ban.zone.id, rule, until, ban.closure.decree_url)
            say("   around", "; ".join(part for part in told if part), "yellow")


def duration(seconds: int) -> str:
    """Return ``12 min 05 s``."""
    return f"{seconds // 60} min {seconds % 60:02} s"
