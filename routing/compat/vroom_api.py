"""VROOM over HTTP as vroom-express serves it, at ``/`` and, for openrouteservice's clients, at ``/optimization``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

import msgspec
from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from data.model.caller import Scope
from data.model.reservation import Owner
from routing.compat.cities import Opened
from routing.compat.contracts import MEDIA_TYPE
from routing.compat.vroom_request import Limits, read_task
from routing.compat.vroom_values import INPUT, INTERNAL, ROUTING, VroomError
from routing.task import Task

Solve = Callable[[Owner, Task], Awaitable[bytes]]
"""Answers a document in a worker process: VROOM's answer as JSON, whatever its code."""

STATUS = {
    0: HTTPStatus.OK,
    INTERNAL: HTTPStatus.INTERNAL_SERVER_ERROR,
    INPUT: HTTPStatus.BAD_REQUEST,
    ROUTING: HTTPStatus.INTERNAL_SERVER_ERROR,
}
"""As vroom-express has it: what VROOM finds no way for is told with 500 too."""


class Code(msgspec.Struct):
    """The beginning of every answer."""

    code: int


def router(solve: Solve, limits: Limits, opened: Mapping[str, Opened], is_ready: Callable[[], bool]) -> APIRouter:
    """Return the routes; ``opened`` may still be filled."""
    routes = APIRouter(include_in_schema=False)  # its document is VROOM's own

    async def answer(request: Request) -> Response:
        request.state.caller.require(Scope.PLAN_WRITE)
        try:
            task = await run_in_threadpool(read_task, request.state.body, limits, opened)
        except VroomError as error:
            return reply(msgspec.json.encode(error.answer()))
        return reply(await solve(request.state.caller.owner, task))

    def reply(body: bytes) -> Response:
        return Response(body, STATUS[msgspec.json.decode(body, type=Code).code], media_type=MEDIA_TYPE)

    for path in ("/", "/optimization"):
        routes.add_api_route(path, answer, methods=["POST"])

    @routes.get("/health")
    async def health() -> Response:
        status = HTTPStatus.OK if is_ready() else HTTPStatus.INTERNAL_SERVER_ERROR
        return Response(status_code=status, media_type=MEDIA_TYPE)

    return routes
