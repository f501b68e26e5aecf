"""The cities that can be planned in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from data.cityfile import city_id
from data.errors import InputError, UnavailableError, near_miss
from data.model.base import Value
from data.model.caller import Scope
from data.model.city import City
from data.model.vehicle import Category, Critair, Energy
from data.model.zone import Zone
from routing.schemas import described


class CitySeen(Value, omit_defaults=False):
    """What there is of a city; ``bounds`` are west, south, east, north in degrees."""

    name: str
    id: str
    junctions: int
    arcs: int
    zones: int
    places: int
    bounds: tuple[float, float, float, float]


@dataclass(frozen=True, eq=False)
class OpenCity:
    """A city that is open: what is told of it, itself, and the path of its file."""

    seen: CitySeen
    city: City
    path: str


Cities = Mapping[str, OpenCity]


class ProfileSeen(Value, omit_defaults=False):
    """What a vehicle may be, and the low-emission zones of each city."""

    categories: tuple[str, ...]
    critair: tuple[str, ...]
    energies: tuple[str, ...]
    zones: dict[str, tuple[str, ...]]


EXAMPLE: dict[str, Any] = {
    "name": "nantes",
    "id": "9d1c0f5e",
    "junctions": 24_880,
    "arcs": 54_132,
    "zones": 1,
    "places": 212,
    "bounds": [-1.65, 47.17, -1.47, 47.29],
}
PROFILES: dict[str, Any] = {
    "categories": ["vp", "vul", "pl", "2rm", "cargo_bike"],
    "critair": ["EL", "V1", "V2", "V3", "V4", "V5", "NC"],
    "energies": ["diesel", "petrol", "e10", "e85", "electric", "human"],
    "zones": {"nantes": ["ZFE-nantes"]},
}


def router(cities: Cities) -> APIRouter:
    """Return the routes; ``cities`` may still be filled."""
    routes = APIRouter(tags=["routing"])

    @routes.get(
        "/v1/cities",
        operation_id="listCities",
        summary="The cities that can be planned in",
        openapi_extra=described(Scope.PLAN_READ, tuple[CitySeen, ...], [EXAMPLE]),
    )
    async def all_cities(request: Request) -> Response:
        request.state.caller.require(Scope.PLAN_READ)
        _require_open(cities)
        listed = [one.seen for one in cities.values()]
        return Response(msgspec.json.encode(listed), media_type="application/json")

    @routes.get(
        "/v1/profiles",
        operation_id="listProfiles",
        summary="What vehicles may be, and the zones that look at it",
        openapi_extra=described(Scope.PLAN_READ, ProfileSeen, PROFILES),
    )
    async def profiles(request: Request) -> Response:
        request.state.caller.require(Scope.PLAN_READ)
        _require_open(cities)
        told = ProfileSeen(
            categories=tuple(Category),
            critair=tuple(Critair),
            energies=tuple(Energy),
            zones={name: _zones(one.city.zones) for name, one in cities.items()},
        )
        return Response(msgspec.json.encode(told), media_type="application/json")

    return routes


def city_named(cities: Cities, name: str, where: str = "#/city") -> OpenCity:
    """Return the open city of a name (or of its file); the only one where none is named.

    Raises
    ------
    InputError, UnavailableError
        ``unknown_city``, ``missing_city``, ``city_opening``.
    """
    _require_open(cities)
    if not name and len(cities) == 1:
        return next(iter(cities.values()))
    if not name:
        raise InputError("missing_city", "several cities are open", where, f"one of {', '.join(cities)}")
    bare = PurePath(name).name.removesuffix(".city")
    by_file = {PurePath(city.path).stem: city for city in cities.values()}
    found = cities.get(name) or cities.get(bare) or by_file.get(bare)
    if found is None:
        hint = near_miss(bare, cities) or f"one of {', '.join(cities)}"
        raise InputError("unknown_city", f"no city is called `{name[:80]}`", where, hint)
    return found


def seen(city: City) -> CitySeen:
    """Return what is told of a city; its id is a digest of all of it, which takes a moment."""
    west, south, east, north = (round(degrees, 5) for degrees in city.streets.bounds())
    return CitySeen(
        name=city.name,
        id=city_id(city),
        junctions=city.streets.nodes,
        arcs=city.streets.arcs,
        zones=len(city.zones),
        places=len(city.places),
        bounds=(west, south, east, north),
    )


def _require_open(cities: Cities) -> None:
    if not cities:
        raise UnavailableError("city_opening", "the cities are still being read", action="ask /readyz")


def _zones(zones: tuple[Zone, ...]) -> tuple[str, ...]:
    return tuple(zone.id for zone in zones)
