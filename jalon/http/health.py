"""Is it alive, may it be sent requests, and what has it done so far."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import PlainTextResponse, Response

from data.model.caller import Scope
from jalon.http.metrics import CONTENT_TYPE, Metrics
from jalon.http.openapi import needs, replies
from jalon.http.problems import Fault, problem, response

JSON = "application/json"
Parts = Callable[[], dict[str, str]]
"""Tells what each part of the server still waits for; an empty text: it is ready."""

ALIVE = {"status": "alive"}
READY = {"status": "ready", "parts": ["store"]}


def router(parts: Parts, metrics: Metrics) -> APIRouter:
    """Return the routes that look after the server."""
    routes = APIRouter(tags=["operations"])
    _probes(routes, parts)
    _figures(routes, metrics)
    return routes


def _probes(routes: APIRouter, parts: Parts) -> None:
    @routes.get(
        "/livez",
        operation_id="getLiveness",
        summary="Whether the server runs",
        openapi_extra={"security": []} | replies("It runs.", ALIVE),
    )
    async def livez() -> Response:
        return Response(msgspec.json.encode(ALIVE), media_type=JSON)

    @routes.get(
        "/readyz",
        operation_id="getReadiness",
        summary="Whether it may be sent requests",
        description="503 while a part of it is still being opened.",
        openapi_extra={"security": []} | replies("Every part is ready.", READY),
    )
    async def readyz(request: Request) -> Response:
        found = parts()
        waiting = {name: why for name, why in found.items() if why}
        if not waiting:
            return Response(msgspec.json.encode({"status": "ready", "parts": list(found)}), media_type=JSON)
        faults = tuple(Fault(why, name) for name, why in waiting.items())
        detail = "; ".join(f"{name}: {why}" for name, why in waiting.items())
        told = problem(503, "not_ready", detail, "ask again in a second", faults)
        return response(told, request.scope)


def _figures(routes: APIRouter, metrics: Metrics) -> None:
    @routes.get(
        "/metrics",
        operation_id="getMetrics",
        summary="Figures for Prometheus",
        response_class=PlainTextResponse,
        openapi_extra=needs(Scope.OPS_READ) | replies("Prometheus' text format.", "http_requests_in_progress 1.0\n"),
    )
    async def figures(request: Request) -> Response:
        request.state.caller.require(Scope.OPS_READ)
        return Response(metrics.text(), media_type=CONTENT_TYPE)
