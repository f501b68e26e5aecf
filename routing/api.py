"""The routing room's routes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from data.cityfile import city_id
from data.errors import UnavailableError
from data.model.base import Value
from data.model.caller import Scope
from data.model.city import City


class CitySeen(Value, omit_defaults=False):
    """What there is of a city; ``bounds`` are west, south, east, north in degrees."""

    name: str
    id: str
    junctions: int
    arcs: int
    zones: int
    places: int
    bounds: tuple[float, float, float, float]


EXAMPLE: dict[str, Any] = {
    "name": "nantes",
    "id": "9d1c0f5e",
    "junctions": 24_880,
    "arcs": 54_132,
    "zones": 1,
    "places": 212,
    "bounds": [-1.65, 47.17, -1.47, 47.29],
}


def router(cities: Mapping[str, CitySeen]) -> APIRouter:
    """Return the routes; ``cities`` may still be filled."""
    routes = APIRouter(tags=["routing"])
    content = {"application/json": {"schema": msgspec.json.schema(tuple[CitySeen, ...]), "example": [EXAMPLE]}}
    extra: dict[str, Any] = {
        "security": [{"key": [str(Scope.PLAN_READ)]}],
        "responses": {"200": {"description": "The cities.", "content": content}},
    }

    @routes.get(
        "/v1/cities", operation_id="listCities", summary="The cities that can be planned in", openapi_extra=extra
    )
    async def all_cities(request: Request) -> Response:
        request.state.caller.require(Scope.PLAN_READ)
        if not cities:
            raise UnavailableError("city_opening", "the cities are still being read", action="ask /readyz")
        return Response(msgspec.json.encode(list(cities.values())), media_type="application/json")

    return routes


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
