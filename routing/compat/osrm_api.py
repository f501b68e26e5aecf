"""OSRM over HTTP: ``/table``, ``/route`` and ``/nearest``, from the city that the first coordinate lies in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus

import orjson
from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from data.model.caller import Scope
from data.model.city import City
from data.model.vehicle import Category
from routing.compat.cities import Opened, city_at
from routing.compat.contracts import MEDIA_TYPE
from routing.compat.open_roads import CATEGORIES
from routing.compat.osrm import nearest, route, table
from routing.compat.osrm_query import Json, OsrmError, Query, read_body, read_url

VERSION = "v1"
SERVICES: dict[str, Callable[[City, Category, Query], Json]] = {"table": table, "route": route, "nearest": nearest}


def router(opened: Mapping[str, Opened], most: Mapping[str, int], is_opening: Callable[[], bool]) -> APIRouter:
    """Return the routes.

    Parameters
    ----------
    opened : mapping
        The cities; may still be filled, as ``is_opening`` tells.
    most : mapping
        How many coordinates a request of each service may have, for ``nearest`` how many streets are looked for.
    """
    routes = APIRouter(include_in_schema=False)  # its document is OSRM's own

    def answered(service: str, version: str, profile: str, read: Callable[[], Query]) -> bytes:
        if version != VERSION:
            raise OsrmError("InvalidVersion", f"Version {version[:20]} not found; {VERSION} is.")
        query = read()
        size = query.given("number", 1) if service == "nearest" else len(query.lon_lat)
        if size > most[service]:
            message = f"Number of entries {size} is higher than current maximum ({most[service]})"
            raise OsrmError("TooBig", "Too many table coordinates" if service == "table" else message)
        if profile not in CATEGORIES:
            raise OsrmError("InvalidValue", f"Profile {profile[:40]} not found; known: {', '.join(CATEGORIES)}.")
        found = city_at(opened, query.lon_lat[0])
        if found is None:
            if is_opening():
                raise OsrmError("DisabledDataset", "The streets are still being read.")
            raise OsrmError("NoSegment", "Could not find a matching segment for coordinate 0: no city is open")
        return orjson.dumps(SERVICES[service](found.city, CATEGORIES[profile], query))

    async def reply(service: str, version: str, profile: str, read: Callable[[], Query]) -> Response:
        try:
            body = await run_in_threadpool(answered, service, version, profile, read)
            return Response(body, media_type=MEDIA_TYPE)
        except OsrmError as error:
            told = orjson.dumps({"code": error.code, "message": error.message})
            return Response(told, HTTPStatus.BAD_REQUEST, media_type=MEDIA_TYPE)

    def mount(service: str) -> None:
        @routes.get(f"/{service}/{{version}}/{{profile}}/{{coordinates:path}}")
        async def by_url(request: Request, version: str, profile: str, coordinates: str) -> Response:
            request.state.caller.require(Scope.PLAN_READ)
            read = partial(read_url, service, coordinates, request.scope["query_string"].decode("latin-1"))
            return await reply(service, version, profile, read)

        @routes.post(f"/{service}/{{version}}/{{profile}}")
        async def by_body(request: Request, version: str, profile: str) -> Response:
            request.state.caller.require(Scope.PLAN_READ)
            return await reply(service, version, profile, partial(read_body, service, request.state.body))

    for service in SERVICES:
        mount(service)
    return routes
