"""Plans: solved at once or as a job, listed, read; a proposal until it is committed."""

from __future__ import annotations

import asyncio
import re
from datetime import date

from fastapi import APIRouter, Request
from starlette.responses import Response

from data.errors import InputError
from data.model.caller import Scope
from data.model.plan import Plan
from data.model.reservation import Owner
from data.model.told import ToldRequest
from routing.api import examples
from routing.api.asked import (
    WAITS,
    Limits,
    decoded,
    etag,
    owner_of,
    reply,
    search_of,
    search_parameters,
    solved,
    wait_s,
)
from routing.api.cities import Cities, city_named
from routing.jobs import Jobs
from routing.plans import PlanLine, PlanRoom
from routing.schemas import described, header, query
from routing.task import Task

STATE = "Plan-State"


def router(room: PlanRoom, jobs: Jobs, cities: Cities, limits: Limits) -> APIRouter:
    """Return the routes; ``limits`` bound searches and waiting."""
    routes = APIRouter(tags=["plans"])

    @routes.post(
        "/v1/plans",
        operation_id="createPlan",
        summary="Plan a day: hubs, vehicles, places and orders in, checked tours out",
        openapi_extra=described(
            Scope.PLAN_WRITE,
            Plan,
            examples.PLAN,
            ToldRequest,
            examples.REQUEST,
            also=WAITS,
            parameters=search_parameters(limits.budget_s),
        ),
    )
    async def create(request: Request) -> Response:
        owner, search = owner_of(request, Scope.PLAN_WRITE), search_of(request, limits.budget_s)
        told = await asyncio.to_thread(decoded, request.state.body, ToldRequest)
        chosen = city_named(cities, told.city)
        body = await asyncio.to_thread(room.request, owner, told, chosen.city)
        driving = await asyncio.to_thread(room.driving, owner, chosen.seen.name, search.weather)
        task = Task(
            kind="plan",
            body=body,
            city=chosen.path,
            budget_s=search.budget_s,
            seed=search.seed,
            threads=search.threads,
            iterations=search.iterations,
            driving=driving,
        )
        plan_id, later = await solved(request, jobs, task, owner, wait_s(request, limits.wait_s), search.begun_s)
        return later or await plan_reply(room, owner, plan_id)

    _reading(routes, room)
    return routes


def _reading(routes: APIRouter, room: PlanRoom) -> None:
    day = query("day", "Whose plans", "2026-11-24", required=True, type="string", format="date")

    @routes.get(
        "/v1/plans",
        operation_id="listPlans",
        summary="A day's plans, the newest first",
        openapi_extra=described(Scope.PLAN_READ, tuple[PlanLine, ...], [examples.LINE], parameters=(day,)),
    )
    async def listed(request: Request) -> Response:
        owner = owner_of(request, Scope.PLAN_READ)
        return reply(await asyncio.to_thread(room.listed, owner, _day(request.query_params.get("day", ""))))

    unless = header("If-None-Match", "The ETag of the plan as it is known", '"1"')

    @routes.get(
        "/v1/plans/{plan_id}",
        operation_id="getPlan",
        summary="A plan, whatever its state; its ETag is what a commit names",
        openapi_extra=described(
            Scope.PLAN_READ, Plan, examples.PLAN, also={304: "It is as it was seen."}, parameters=(unless,)
        ),
    )
    async def read(request: Request, plan_id: str) -> Response:
        owner = owner_of(request, Scope.PLAN_READ)
        known = request.headers.get("if-none-match", "")
        return await plan_reply(room, owner, plan_id, known)


async def plan_reply(room: PlanRoom, owner: Owner, plan_id: str, known: str = "") -> Response:
    """Return a plan as the reply; without its body where its version is among the ``known`` ones."""
    raw, state, version = await asyncio.to_thread(room.text, owner, plan_id)
    headers = {"ETag": etag(version), STATE: str(state), "Content-Location": f"/v1/plans/{plan_id}"}
    if etag(version) in known:
        return Response(status_code=304, headers=headers)
    return reply(raw, headers=headers)


def _day(text: str) -> date:
    try:
        if not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise InputError("bad_parameter", f"day is `{text[:40]}`", "", "write it like 2026-11-24") from None
