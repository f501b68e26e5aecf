"""Travel times between points."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from data import clock, codec
from data.errors import InputError, TooLargeError
from data.model.caller import Scope
from data.model.matrix import Matrix, MatrixQuery
from routing.api.asked import Limits, decoded, owner_of, reply
from routing.api.cities import Cities, city_named
from routing.jobs import Jobs
from routing.plans import BODY, PlanRoom
from routing.schemas import described
from routing.task import Task

BUDGET_S = 60.0
ASKED: dict[str, Any] = {
    "points": [{"lat": 47.0, "lon": 2.0}, {"lat": 47.004, "lon": 2.003}],
    "profile": {"category": "vul", "critair": "V2", "energy": "diesel"},
    "departure_at": "2026-11-24T08:30:00+01:00",
}
TOLD: dict[str, Any] = {
    "city": "town",
    "departure_at": "2026-11-24T08:30:00+01:00",
    "duration_s": [[0, 51], [51, 0]],
    "distance_m": [[0, 672], [672, 0]],
    "snap_m": [0, 0],
}


def router(room: PlanRoom, jobs: Jobs, cities: Cities, limits: Limits) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["matrix"])

    @routes.post(
        "/v1/matrix",
        operation_id="measureMatrix",
        summary="Seconds and metres between points, as a vehicle finds the streets at an hour",
        openapi_extra=described(Scope.PLAN_READ, Matrix, TOLD, MatrixQuery, ASKED),
    )
    async def measure(request: Request) -> Response:
        owner = owner_of(request, Scope.PLAN_READ)
        query = await asyncio.to_thread(decoded, request.state.body, MatrixQuery)
        rows, columns = (len(given or query.points) for given in (query.sources, query.targets))
        if rows * columns > limits.table_cells:
            message = f"a table of {rows:,} x {columns:,}, {limits.table_cells:,} entries is the most"
            raise TooLargeError(
                "table_too_large", message, f"{BODY}#/points", "ask for it in parts: sources and targets"
            )
        if query.departure_at is not None and not 2000 <= query.departure_at.year < 2100:
            where, action = f"{BODY}#/departure_at", "write one of this century"
            raise InputError("bad_date", f"{query.departure_at} is no instant to drive at", where, action)
        chosen = city_named(cities, query.city)
        whole = query.replace(departure_at=query.departure_at or clock.now())
        driving = await asyncio.to_thread(room.driving, owner, chosen.seen.name)
        body = codec.encode(whole)
        task = Task(kind="matrix", body=body, city=chosen.path, budget_s=BUDGET_S, driving=driving)
        return reply(await jobs.run(owner, task))

    return routes
