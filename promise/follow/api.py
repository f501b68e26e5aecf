"""The routes by which what really happens is told, and asked for."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from data.model.caller import Scope
from data.model.reservation import Owner
from promise.follow.desk import Follower
from promise.follow.kpis import Asked, KpiReport, Kpis
from promise.follow.values import Reported, Taken, from_json, from_lines, from_table
from promise.schemas import described

CSV, NDJSON = b"text/csv", b"application/x-ndjson"
EVENT = {
    "id": "scan-1",
    "kind": "delivered",
    "at": "2026-11-24T10:30:00+01:00",
    "order_id": "order-1",
    "place_id": "locker-7",
    "box": "M",
}
TAKEN = {"kept": 1, "known": 0, "orders_changed": 1}
TABLE = "id;kind;at;order_id\nscan-1;delivered;2026-11-24T10:30;order-1\n"
FIGURES: dict[str, Any] = {
    **{"orders": 240, "due": 180, "kept": 171, "late": 9, "failed": 6, "moved": 4, "told_at_risk": 5},
    **{"service_level": 0.95, "late_share": 0.05, "stock_outs_72h": 1},
    **{"cost_cents_per_order": 412.5, "km": 310.2, "kgco2e": 41.7},
}
REPORT = {"at": "2026-11-30T08:00:00+01:00", "live_id": "live-1", "figures": FIGURES}


def router(follower: Follower, kpis: Kpis) -> APIRouter:
    """Return the routes."""
    routes = APIRouter()
    _events(routes, follower)
    _figures(routes, kpis)
    return routes


def _events(routes: APIRouter, follower: Follower) -> None:
    told = described(Scope.PLAN_WRITE, Taken, TAKEN, takes=Reported | tuple[Reported, ...], asked=[EVENT], lines=EVENT)
    told["requestBody"]["content"]["text/csv"] = {"schema": {"type": "string"}, "example": TABLE}

    @routes.post("/v1/events", operation_id="addEvents", tags=["events"], openapi_extra=told)
    async def add(request: Request) -> Response:
        """Tell what happened: scans, departures, deliveries, failures, collections, incidents; once each, by id."""
        owner = _owner(request, Scope.PLAN_WRITE)
        return _reply(await follower.take(owner, await asyncio.to_thread(_read, request)))


def _figures(routes: APIRouter, kpis: Kpis) -> None:
    described_live = {"name": "live", "in": "query", "required": False, "schema": {"type": "string"}}
    told = described(Scope.PROMISE_READ, KpiReport, REPORT) | {"parameters": [described_live]}
    told["responses"]["404"] = {"description": "There is no live of that name."}

    @routes.get("/v1/kpis", operation_id="getKpis", tags=["events"], openapi_extra=told)
    async def read(request: Request) -> Response:
        """How promises were kept and what that cost: of a live's orders, or of all of the last 30 days."""
        owner = _owner(request, Scope.PROMISE_READ)
        live_id = request.query_params.get("live", "")
        return _reply(await asyncio.to_thread(kpis.report, owner, Asked(live_id)))


def _read(request: Request) -> tuple[Reported, ...]:
    kind = request.state.headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    body = request.state.body
    if kind == CSV:
        return from_table(body)
    return from_lines(body) if kind == NDJSON else from_json(body)


def _owner(request: Request, scope: Scope) -> Owner:
    caller = request.state.caller
    caller.require(scope)
    owner: Owner = caller.owner
    return owner


def _reply(value: Any) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")
