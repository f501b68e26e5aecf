"""Hubs, vehicles, drivers and places told by name, which plan requests then name; and how traffic is."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from data.model.caller import Scope
from data.store.resources import ResourceKind
from routing.api import examples
from routing.api.asked import owner_of, reply
from routing.api.cities import Cities, city_named
from routing.resources import NOUNS, Noun, ResourceRoom, ToldCount, TrafficSeen
from routing.schemas import Node, described, query

DRIVER: Node = {"id": "d1", "vehicle_id": "v1", "skills": ["cold"], "extensions": {"badge": 4711}}
EXAMPLES: dict[str, Node] = {
    "hubs": examples.REQUEST["hubs"][0],
    "vehicles": examples.REQUEST["vehicles"][0],
    "drivers": DRIVER,
    "places": examples.NEW_HOME,
}
SPEEDS = "4301,4302,18\n4302,4303,0\n"
INCIDENT: Node = {
    "type": "Feature",
    "geometry": {"type": "Point", "coordinates": [2.004, 47.004]},
    "properties": {"kind": "slow", "factor": 0.5, "radius_m": 150, "to": "2026-11-24T12:00:00+01:00"},
}
INCIDENTS: Node = {"type": "FeatureCollection", "features": [INCIDENT]}
SEEN: Node = {"city": "town", "slow_arcs": 14, "closed_arcs": 0, "notes": []}


def router(room: ResourceRoom, cities: Cities) -> APIRouter:
    """Return the routes."""
    routes = APIRouter()
    for noun in NOUNS:
        _add(routes, room, noun)
    _traffic(routes, room, cities)
    return routes


def _add(routes: APIRouter, room: ResourceRoom, noun: Noun) -> None:
    example, many = EXAMPLES[noun.plural], _several(noun)
    one, several = noun.kind.capitalize(), noun.plural.capitalize()
    paths = f"/v1/{noun.plural}", f"/v1/{noun.plural}/{{name}}"

    @routes.put(
        paths[0],
        operation_id=f"put{several}",
        summary=f"Tell many {noun.plural}, new ones and those that changed",
        tags=["fleet"],
        openapi_extra=described(Scope.PLAN_WRITE, ToldCount, {"kept": 1}, many, [example]),
    )
    async def put_all(request: Request) -> Response:
        owner = owner_of(request, Scope.PLAN_WRITE)
        return reply(await asyncio.to_thread(room.put_all, owner, noun, request.state.body))

    @routes.get(
        paths[0],
        operation_id=f"list{several}",
        summary=f"The {noun.plural} that were told",
        tags=["fleet"],
        openapi_extra=described(Scope.PLAN_READ, many, [example]),
    )
    async def listed(request: Request) -> Response:
        return reply(await asyncio.to_thread(room.all, owner_of(request, Scope.PLAN_READ), noun))

    @routes.put(
        paths[1],
        operation_id=f"put{one}",
        summary=f"Tell a {noun.kind}; `extensions` come back as they were",
        tags=["fleet"],
        openapi_extra=described(Scope.PLAN_WRITE, noun.value, example, noun.value, example),
    )
    async def put(request: Request, name: str) -> Response:
        owner = owner_of(request, Scope.PLAN_WRITE)
        return reply(await asyncio.to_thread(room.put, owner, noun, name, request.state.body))

    @routes.get(
        paths[1],
        operation_id=f"get{one}",
        summary=f"A {noun.kind} as it was told",
        tags=["fleet"],
        openapi_extra=described(Scope.PLAN_READ, noun.value, example),
    )
    async def read(request: Request, name: str) -> Response:
        return reply(await asyncio.to_thread(room.one, owner_of(request, Scope.PLAN_READ), noun, name))

    @routes.delete(
        paths[1],
        status_code=204,
        operation_id=f"delete{one}",
        summary=f"Forget a {noun.kind}; plans that have it keep it",
        tags=["fleet"],
        openapi_extra={"security": [{"key": [str(Scope.PLAN_WRITE)]}]},
    )
    async def remove(request: Request, name: str) -> Response:
        await asyncio.to_thread(room.remove, owner_of(request, Scope.PLAN_WRITE), noun, name)
        return Response(status_code=204)


def _traffic(routes: APIRouter, room: ResourceRoom, cities: Cities) -> None:
    city = query("city", "Which city; the only one that is open where none is named", "town", type="string")

    def told(example: Any, media: str) -> Node:
        extra = described(Scope.PLAN_WRITE, TrafficSeen, SEEN, dict, example, parameters=(city,))
        schema = {"type": "string"} if isinstance(example, str) else {"type": "object"}
        extra["requestBody"]["content"] = {media: {"schema": schema, "example": example}}
        return extra

    async def put(request: Request, kind: ResourceKind) -> Response:
        owner = owner_of(request, Scope.PLAN_WRITE)
        chosen = city_named(cities, request.query_params.get("city", ""), "")
        return reply(await asyncio.to_thread(room.put_traffic, owner, kind, chosen.city, request.state.body))

    async def forget(request: Request, kind: ResourceKind) -> Response:
        owner = owner_of(request, Scope.PLAN_WRITE)
        chosen = city_named(cities, request.query_params.get("city", ""), "")
        await asyncio.to_thread(room.forget_traffic, owner, kind, chosen.city)
        return Response(status_code=204)

    gone: Node = {"security": [{"key": [str(Scope.PLAN_WRITE)]}], "parameters": [city]}

    @routes.delete(
        "/v1/traffic",
        status_code=204,
        operation_id="deleteTraffic",
        summary="Forget measured speeds",
        tags=["traffic"],
        openapi_extra=gone,
    )
    async def no_speeds(request: Request) -> Response:
        return await forget(request, ResourceKind.SPEEDS)

    @routes.delete(
        "/v1/incidents",
        status_code=204,
        operation_id="deleteIncidents",
        summary="Forget incidents",
        tags=["traffic"],
        openapi_extra=gone,
    )
    async def no_incidents(request: Request) -> Response:
        return await forget(request, ResourceKind.INCIDENTS)

    @routes.put(
        "/v1/traffic",
        operation_id="putTraffic",
        summary="Measured speeds, OSRM's CSV: node, node, km/h; solves that begin later drive by them",
        tags=["traffic"],
        openapi_extra=told(SPEEDS, "text/csv"),
    )
    async def speeds(request: Request) -> Response:
        return await put(request, ResourceKind.SPEEDS)

    @routes.put(
        "/v1/incidents",
        operation_id="putIncidents",
        summary="Closed and slow streets as GeoJSON; solves that begin later drive around them",
        tags=["traffic"],
        openapi_extra=told(INCIDENTS, "application/json"),
    )
    async def incidents(request: Request) -> Response:
        return await put(request, ResourceKind.INCIDENTS)


def _several(noun: Noun) -> Any:
    return tuple[noun.value, ...]  # type: ignore[name-defined]
