"""Jobs over HTTP: how far they are, what they tell while they run, and ending one with the best it has."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import msgspec
from fastapi import APIRouter, Request
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.responses import RedirectResponse, Response

from data.errors import InputError
from data.model.base import Value
from data.model.caller import Scope
from data.model.job import Job, JobState, Step
from data.model.reservation import Owner
from routing.jobs import Jobs
from routing.schemas import described, query

HEARTBEAT_S = 15
PAGE, PAGE_MAX = 100, 1_000
RETRY_AFTER_S = 2


class JobFault(Value):
    """Why a job has failed: as a problem's one error; ``pointer`` counts from the body of the request."""

    code: str
    detail: str
    pointer: str = ""
    action: str = ""


class JobSeen(Value, omit_defaults=False):
    """A job as it is told; ``result_url`` is there once there is a result, or a best so far of one that was ended."""

    id: str
    kind: str
    status: JobState
    created_at: str
    changed_at: str
    attempts: int
    url: str
    progress: Step | None
    best_cost_cents: int | None
    plan_id: str | None
    result_url: str | None
    error: JobFault | None


class JobPage(Value, omit_defaults=False):
    """Some jobs, newest first; ``next_cursor`` leads to those before them."""

    items: tuple[JobSeen, ...]
    next_cursor: str | None


ID = "job_019abf3e5c00a1b2c3d4e5f6"
EXAMPLE: dict[str, Any] = {
    "id": ID,
    "kind": "plan",
    "status": "running",
    "created_at": "2026-11-24T18:00:00+01:00",
    "changed_at": "2026-11-24T18:00:04+01:00",
    "attempts": 1,
    "url": f"/v1/jobs/{ID}",
    "progress": {"engine": "ruin & recreate", "elapsed_s": 3.6, "served": 412, "cost_cents": 182_350},
    "best_cost_cents": 182_350,
    "plan_id": None,
    "result_url": None,
    "error": None,
}
STREAM = 'id: 4\nevent: improved\ndata: {"engine":"ruin & recreate","served":412,"cost_cents":182350}\n\n'


def seen(job: Job) -> JobSeen:
    """Return what is told of a job."""
    fault = job.fault
    result = f"/v1/plans/{job.plan_id}" if job.plan_id else f"/v1/jobs/{job.id}/result"
    return JobSeen(
        id=job.id,
        kind=job.kind,
        status=job.state,
        created_at=job.created_at.isoformat(),
        changed_at=job.changed_at.isoformat(),
        attempts=job.attempts,
        url=f"/v1/jobs/{job.id}",
        progress=job.progress,
        best_cost_cents=job.progress.cost_cents if job.progress else None,
        plan_id=job.plan_id or None,
        result_url=result if job.state.ended and (job.plan_id or job.has_result) else None,
        error=JobFault(code=fault.code, detail=fault.message, pointer=_pointer(fault.where), action=fault.action)
        if fault
        else None,
    )


def job_reply(job: Job, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a job as a reply, saying where it is and when to ask again."""
    more = {"location": f"/v1/jobs/{job.id}"} if status == 202 else {}
    if not job.state.ended:
        more["retry-after"] = str(RETRY_AFTER_S)
    body = msgspec.json.encode(seen(job))
    return Response(body, status, media_type="application/json", headers={**more, **(headers or {})})


def router(jobs: Jobs) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["jobs"])
    _states(routes, jobs)
    _results(routes, jobs)
    return routes


def _states(routes: APIRouter, jobs: Jobs) -> None:
    @routes.get(
        "/v1/jobs",
        operation_id="listJobs",
        summary="Your jobs, newest first",
        openapi_extra=described(
            Scope.PLAN_READ,
            JobPage,
            {"items": [EXAMPLE], "next_cursor": None},
            parameters=(
                query("limit", "How many at most.", PAGE, type="integer", minimum=1, maximum=PAGE_MAX, default=PAGE),
                query("cursor", "`next_cursor` of the page before.", ID, type="string"),
            ),
        ),
    )
    async def listed(request: Request) -> Response:
        owner = _owner(request, Scope.PLAN_READ)
        limit = _whole(request.query_params.get("limit", str(PAGE)), "limit", 1, PAGE_MAX)
        found = await jobs.page(owner, request.query_params.get("cursor", ""), limit + 1)
        more = found[limit - 1].id if len(found) > limit else None
        page = JobPage(items=tuple(map(seen, found[:limit])), next_cursor=more)
        headers = {"link": f'</v1/jobs?limit={limit}&cursor={more}>; rel="next"'} if more else {}
        return Response(msgspec.json.encode(page), media_type="application/json", headers=headers)

    @routes.get(
        "/v1/jobs/{job_id}",
        operation_id="getJob",
        summary="How far a job is",
        openapi_extra=described(
            Scope.PLAN_READ,
            JobSeen,
            EXAMPLE,
            parameters=(query("redirect", "1: answer 303 to the result once there is one.", 1, type="integer"),),
            also={303: "It has a result: there it is."},
        ),
    )
    async def one(request: Request, job_id: str) -> Response:
        job = await jobs.get(_owner(request, Scope.PLAN_READ), job_id)
        result = seen(job).result_url
        if result and request.query_params.get("redirect") == "1":
            return RedirectResponse(result, 303)
        return job_reply(job)

    @routes.delete(
        "/v1/jobs/{job_id}",
        operation_id="cancelJob",
        summary="End a job with the best it has so far",
        description="Answers within a second. What it has found so far is its result.",
        openapi_extra=described(Scope.PLAN_WRITE, JobSeen, EXAMPLE | {"status": "cancelled"}),
    )
    async def cancel(request: Request, job_id: str) -> Response:
        return job_reply(await jobs.cancel(_owner(request, Scope.PLAN_WRITE), job_id))


def _results(routes: APIRouter, jobs: Jobs) -> None:
    @routes.get(
        "/v1/jobs/{job_id}/result",
        operation_id="getJobResult",
        summary="The result of a job that makes no plan, or its best so far",
        openapi_extra=described(Scope.PLAN_READ, dict, {"code": 0}),
    )
    async def result(request: Request, job_id: str) -> Response:
        owner = _owner(request, Scope.PLAN_READ)
        await jobs.get(owner, job_id)
        return Response(await jobs.result(owner, job_id), media_type="application/json")

    events = described(Scope.PLAN_READ, dict, {})
    events["responses"] = {"200": {"description": "Server-sent events.", "content": {"text/event-stream": {
        "schema": {"type": "string"}, "example": STREAM}}}}  # fmt: skip

    @routes.get(
        "/v1/jobs/{job_id}/events",
        operation_id="followJob",
        summary="What a job tells while it runs, as server-sent events",
        description="`progress`, `improved` (a better complete result is kept) and, last, `done`. "
        "`Last-Event-ID` goes on after an event; the newest 200 are kept.",
        response_class=EventSourceResponse,
        openapi_extra=events,
    )
    async def follow(request: Request, job_id: str) -> Response:
        owner = _owner(request, Scope.PLAN_READ)
        after = _whole(request.headers.get("last-event-id", "0").strip() or "0", "Last-Event-ID", 0, 2**31 - 1)
        await jobs.get(owner, job_id)
        return EventSourceResponse(_stream(jobs, owner, job_id, after), ping=HEARTBEAT_S, sep="\n")


async def _stream(jobs: Jobs, owner: Owner, job_id: str, after: int) -> AsyncIterator[ServerSentEvent]:
    async for event in jobs.follow(owner, job_id, after):
        yield ServerSentEvent(event.data, event=event.kind, id=str(event.seq), sep="\n")


def _owner(request: Request, scope: Scope) -> Owner:
    caller = request.state.caller
    caller.require(scope)
    owner: Owner = caller.owner
    return owner


def _whole(text: str, name: str, least: int, most: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 12 and least <= int(text) <= most):
        raise InputError("invalid_value", f"`{name}` is no whole number from {least} to {most}", action="correct it")
    return int(text)


def _pointer(where: str) -> str:
    _, sharp, path = where.partition("#")
    return sharp + path
