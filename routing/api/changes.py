"""Changing a plan in force: re-plan, compare, commit; and what it could still take."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial

from fastapi import APIRouter, Request
from starlette.background import BackgroundTask
from starlette.responses import Response

from data import codec
from data.errors import InputError, JalonError, near_miss
from data.model.caller import Scope
from data.model.plan import Plan
from data.model.reservation import Owner
from data.model.slots import SlotAnswer, SlotQuery
from routing.api import examples
from routing.api.asked import (
    IF_MATCH,
    WAITS,
    Limits,
    decoded,
    etag,
    owner_of,
    reply,
    search_of,
    search_parameters,
    seen_versions,
    solved,
    wait_s,
)
from routing.api.cities import Cities, city_named
from routing.api.plans import STATE, plan_reply
from routing.instants import check_instants
from routing.jobs import Jobs
from routing.plans import BODY, Asked, Committed, PlanRoom
from routing.posted import ReplanPost
from routing.schemas import described, query
from routing.standby import Question, Standby
from routing.task import Task


def router(room: PlanRoom, jobs: Jobs, cities: Cities, standby: Standby, limits: Limits) -> APIRouter:
    """Return the routes; ``limits`` bound searches and waiting."""
    routes = APIRouter(tags=["plans"])
    _replanning(routes, room, jobs, cities, limits)
    _comparing(routes, room)
    _committing(routes, room, cities, standby)
    _asking(routes, room, cities, standby)
    return routes


def _replanning(routes: APIRouter, room: PlanRoom, jobs: Jobs, cities: Cities, limits: Limits) -> None:
    @routes.post(
        "/v1/plans/{plan_id}/replan",
        operation_id="replan",
        summary="Take new, changed and cancelled orders into a plan; what is done, loaded or announced stays",
        openapi_extra=described(
            Scope.PLAN_WRITE,
            Plan,
            examples.PLAN,
            ReplanPost,
            examples.REPLAN,
            also=WAITS,
            parameters=search_parameters(limits.budget_s),
        ),
    )
    async def replan(request: Request, plan_id: str) -> Response:
        owner, search = owner_of(request, Scope.PLAN_WRITE), search_of(request, limits.budget_s)
        post = await asyncio.to_thread(decoded, request.state.body, ReplanPost)
        stored = await asyncio.to_thread(room.load, owner, plan_id)
        chosen = city_named(cities, stored.plan.city)
        body = await asyncio.to_thread(room.replan, owner, stored.plan, post, chosen.city)
        driving = await asyncio.to_thread(room.driving, owner, chosen.seen.name, search.weather)
        task = Task(
            kind="replan",
            body=body,
            city=chosen.path,
            budget_s=search.budget_s,
            seed=search.seed,
            threads=search.threads,
            iterations=search.iterations,
            driving=driving,
        )
        made, later = await solved(request, jobs, task, owner, wait_s(request, limits.wait_s), search.begun_s)
        return later or await plan_reply(room, owner, made)


def _comparing(routes: APIRouter, room: PlanRoom) -> None:
    against = query("against", "The plan to compare with; else the one it was made from", "p-4f2a90c1", type="string")

    @routes.get(
        "/v1/plans/{plan_id}/diff",
        operation_id="diffPlan",
        summary="What a plan changes against another one: orders added, moved and dropped, hours that slid, tours",
        openapi_extra=described(Scope.PLAN_READ, dict, examples.DIFF, parameters=(against,)),
    )
    async def diff(request: Request, plan_id: str) -> Response:
        owner = owner_of(request, Scope.PLAN_READ)
        for name in request.query_params:
            if name != "against":
                hint = near_miss(name, ("against",)) or "against"
                raise InputError("unknown_parameter", f"unknown parameter `{name[:80]}`", "", hint)
        return reply(await asyncio.to_thread(room.diff, owner, plan_id, request.query_params.get("against", "")))


def _committing(routes: APIRouter, room: PlanRoom, cities: Cities, standby: Standby) -> None:
    @routes.post(
        "/v1/plans/{plan_id}/commit",
        operation_id="commitPlan",
        summary="Put a proposed plan in force, in the place of the one it was made from",
        openapi_extra=described(
            Scope.PLAN_WRITE,
            Committed,
            examples.COMMITTED,
            also={412: "It is not as it was seen any more.", 428: "If-Match is missing."},
            parameters=(IF_MATCH,),
        ),
    )
    async def commit(request: Request, plan_id: str) -> Response:
        owner = owner_of(request, Scope.PLAN_WRITE)
        asked = Asked(plan_id, seen_versions(request), request.state.idempotency_key, request.state.fingerprint)
        done = await asyncio.to_thread(room.commit, owner, asked)
        told = reply(done, headers={"ETag": etag(done.version), STATE: str(done.state)})
        told.background = BackgroundTask(_open_ahead, room, cities, standby, owner, plan_id)
        return told


def _asking(routes: APIRouter, room: PlanRoom, cities: Cities, standby: Standby) -> None:
    @routes.post(
        "/v1/plans/{plan_id}/slots",
        operation_id="quoteSlots",
        summary="Which windows are still open to new orders, with which vehicle, when, and at what price",
        openapi_extra=described(Scope.PLAN_READ, SlotAnswer, examples.SLOTS, SlotQuery, examples.SLOT_QUERY),
    )
    async def slots(request: Request, plan_id: str) -> Response:
        owner = owner_of(request, Scope.PLAN_READ)
        raw: bytes = request.state.body
        check_instants(raw)
        if not raw.strip():
            codec.decode(raw, SlotQuery, BODY)  # says that there is nothing
        asked = partial(_asked, room, cities, standby, owner, plan_id, raw)
        return reply(await asyncio.get_running_loop().run_in_executor(standby.threads, asked))


def _asked(room: PlanRoom, cities: Cities, standby: Standby, owner: Owner, plan_id: str, query: bytes) -> bytes:
    """Return the answer of the process that keeps plans open."""
    chosen = city_named(cities, room.city_of(owner, plan_id))
    question = Question(plan_id=plan_id, city=chosen.path, query=query, driving=room.driving(owner, chosen.seen.name))
    return standby.ask(question, lambda: codec.encode(room.load(owner, plan_id).plan))


def _open_ahead(room: PlanRoom, cities: Cities, standby: Standby, owner: Owner, plan_id: str) -> None:
    """Have a plan that was just put in force opened, so that the first to ask needn't wait."""
    with suppress(JalonError):  # whoever asks is told
        _asked(room, cities, standby, owner, plan_id, b"")
