"""openrouteservice over HTTP: ``/v2/matrix``, ``/v2/directions`` and ``/v2/health``, below ``/ors`` as well.

``/optimization`` is VROOM's, see :mod:`routing.compat.vroom_api`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import NamedTuple

import msgspec
import orjson
from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from data import clock
from data.model.caller import Scope
from routing.compat.cities import LonLat, Opened, city_at
from routing.compat.contracts import MEDIA_TYPE
from routing.compat.ors import (
    DIRECTION_KEYS,
    DIRECTION_REFUSED,
    MATRIX_KEYS,
    MATRIX_REFUSED,
    directions,
    matrix,
    no_point,
)
from routing.compat.ors_request import DIRECTIONS, EXPORT, MATRIX, Json, OrsError, category_of, read_body

GEOJSON = "application/geo+json"
ATTRIBUTION = "OpenStreetMap contributors"
UNKNOWN_DATE = "0000-00-00T00:00:00Z"
"""What openrouteservice tells of graphs whose date it doesn't know."""


class Limits(NamedTuple):
    """How many locations a matrix and how many coordinates a route may have."""

    locations: int
    coordinates: int


class Service(NamedTuple):
    """The cities (may still be filled), the limits, and the version told of this server."""

    opened: Mapping[str, Opened]
    limits: Limits
    version: str

    def metadata(self, service: str, query: Json) -> Json:
        """Return what every answer tells of itself."""
        return {
            "attribution": ATTRIBUTION,
            "service": service,
            "timestamp": int(clock.now().timestamp() * 1000),
            "query": query,
            "engine": {"version": self.version, "build_date": UNKNOWN_DATE, "graph_date": UNKNOWN_DATE},
        }

    def matrix(self, profile: str, raw: bytes) -> bytes:
        """Answer ``/v2/matrix``; raises ``OrsError``."""
        category = category_of(profile, MATRIX)
        body = read_body(raw, MATRIX, MATRIX_KEYS, MATRIX_REFUSED)
        lon_lat = body.lon_lats("locations", 1, self.limits.locations)
        told = matrix(self._city(MATRIX, lon_lat).city, category, body, lon_lat)
        query = body.raw | {"profile": profile, "profileName": profile, "responseType": "json"}
        return orjson.dumps(told | {"metadata": self.metadata("matrix", query)})

    def directions(self, profile: str, kind: str, raw: bytes) -> bytes:
        """Answer ``/v2/directions``; raises ``OrsError``."""
        if kind not in ("json", "geojson"):
            raise OrsError(406, DIRECTIONS + EXPORT, "Unsupported export format: json and geojson are served here.")
        category = category_of(profile, DIRECTIONS)
        body = read_body(raw, DIRECTIONS, DIRECTION_KEYS, DIRECTION_REFUSED)
        lon_lat = body.lon_lats("coordinates", 2, self.limits.coordinates)
        told = directions(self._city(DIRECTIONS, lon_lat).city, category, body, lon_lat, kind)
        query = body.raw | {"profile": profile, "profileName": profile, "format": kind}
        return orjson.dumps(told | {"metadata": self.metadata("routing", query)})

    def _city(self, base: int, lon_lat: list[LonLat]) -> Opened:
        found = city_at(self.opened, lon_lat[0])
        if found is None:
            raise no_point(base, lon_lat, 0)
        return found

    def told(self, error: OrsError) -> Response:
        """Return an error as openrouteservice tells it."""
        engine = {"version": self.version, "build_date": UNKNOWN_DATE, "graph_date": UNKNOWN_DATE}
        info = {"engine": engine, "timestamp": int(clock.now().timestamp() * 1000)}
        body = {"error": {"code": error.code, "message": error.message}, "info": info}
        return Response(orjson.dumps(body), error.status, media_type=MEDIA_TYPE)


def router(service: Service, is_ready: Callable[[], bool]) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(include_in_schema=False)  # its document is openrouteservice's own
    for prefix in ("", "/ors"):
        routes.include_router(_routes(service, is_ready), prefix=prefix)
    return routes


def _routes(service: Service, is_ready: Callable[[], bool]) -> APIRouter:
    routes = APIRouter()

    async def reply(
        request: Request, answer: Callable[..., bytes], *asked: object, media: str = MEDIA_TYPE
    ) -> Response:
        request.state.caller.require(Scope.PLAN_READ)
        try:
            return Response(await run_in_threadpool(answer, *asked), media_type=media)
        except OrsError as error:
            return service.told(error)

    @routes.post("/v2/matrix/{profile}")
    @routes.post("/v2/matrix/{profile}/json")
    async def by_matrix(request: Request, profile: str) -> Response:
        return await reply(request, service.matrix, profile, request.state.body)

    @routes.post("/v2/directions/{profile}")
    @routes.post("/v2/directions/{profile}/{kind}")
    async def by_directions(request: Request, profile: str, kind: str = "json") -> Response:
        media = GEOJSON if kind == "geojson" else MEDIA_TYPE
        return await reply(request, service.directions, profile, kind, request.state.body, media=media)

    @routes.get("/v2/directions/{profile}")
    async def between(request: Request, profile: str, start: str = "", end: str = "") -> Response:
        body = msgspec.json.encode({"coordinates": [_lon_lat(start), _lon_lat(end)]})
        return await reply(request, service.directions, profile, "geojson", body, media=GEOJSON)

    @routes.get("/v2/health")
    async def health() -> Response:
        told, status = ("ready", HTTPStatus.OK) if is_ready() else ("not ready", HTTPStatus.SERVICE_UNAVAILABLE)
        return Response(msgspec.json.encode({"status": told}), status, media_type=MEDIA_TYPE)

    return routes


def _lon_lat(text: str) -> list[float | str]:
    """Return ``lon,lat`` as a coordinate; what is no number stays as it is, to be refused with the rest."""
    return [_number(part) for part in text.split(",")]


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text
