"""The routes of a room that isn't open: each answers 503 and says what to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from fastapi import APIRouter, Request
from starlette.responses import Response

from data.errors import UnavailableError

ROUTING = ("plans", "matrix", "cities", "profiles", "vehicles", "drivers", "places", "traffic", "incidents")
PROMISE = ("promises", "orders", "lives", "stock", "hubs/{hub_id}/schedule", "hubs/{hub_id}/fleet", "product-page")
METHODS = ["GET", "PUT", "POST", "DELETE", "PATCH"]


class Absence(NamedTuple):
    """Why a room isn't open."""

    code: str
    why: str
    action: str


def router(nouns: Sequence[str], absence: Absence) -> APIRouter:
    """Return routes under ``/v1/NOUN`` that all tell an absence."""
    routes = APIRouter(include_in_schema=False)

    async def unavailable(request: Request) -> Response:
        raise UnavailableError(absence.code, absence.why, action=absence.action)

    for noun in nouns:
        for path in (f"/v1/{noun}", f"/v1/{noun}/{{rest:path}}"):
            routes.add_api_route(path, unavailable, methods=METHODS)
    return routes
