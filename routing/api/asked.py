"""What every route of the room reads off a request: who asks, how long a search may take, which version was seen."""

from __future__ import annotations

import re
from typing import Any, NamedTuple, TypeVar

import msgspec
from fastapi import Request
from starlette.responses import Response

from data import codec
from data.clock import elapsed_s
from data.errors import InputError, PreconditionMissingError, near_miss
from data.model.base import Value
from data.model.caller import Scope
from data.model.reservation import Owner
from data.model.traffic import LEAST_FACTOR, WEATHER
from routing.api.jobs import job_reply
from routing.instants import BODY, check_instants
from routing.jobs import Jobs
from routing.schemas import Node, header, query
from routing.task import Task

V = TypeVar("V", bound=Value)

BUDGET_S, THREADS_MAX = 10.0, 16

PREFER = header("Prefer", "`wait=20`: answer within so many seconds, else 202; `respond-async`: 202 at once", "wait=20")
IF_MATCH = header("If-Match", "The ETag of the plan as it was seen; `*` for any", '"1"', required=True)
WAITS = {202: "Not ready yet: a job, at `Location`; ask again after `Retry-After` seconds."}
_WAIT = re.compile(r"(?:^|[,;\s])wait\s*=\s*\"?(\d{1,9})\"?")


class Limits(NamedTuple):
    """The longest search, how long an answer may be waited for, and the largest table of travel times."""

    budget_s: float
    wait_s: float
    table_cells: int


class Search(NamedTuple):
    """How a plan is searched for; ``begun_s`` is when it was asked for, by :func:`data.clock.elapsed_s`."""

    begun_s: float
    budget_s: float
    seed: int
    threads: int
    iterations: int | None
    weather: float


def search_parameters(budget_max_s: float) -> tuple[Node, ...]:
    """Return how a search is asked for."""
    return (
        query("budget_s", "Seconds of search", 1, type="number", minimum=0, maximum=budget_max_s),
        query("seed", "Fixes the search's chance", 1, type="integer", minimum=-(2**63), maximum=2**63 - 1),
        query("threads", "Searches side by side", 1, type="integer", minimum=1, maximum=THREADS_MAX),
        query("iterations", "Each search ends after so many", 2000, type="integer", minimum=1, maximum=10**9),
        query("weather", f"One of {', '.join(WEATHER)}, or a share of the usual speed", "rain", type="string"),
        PREFER,
    )


def owner_of(request: Request, scope: Scope) -> Owner:
    """Return who asks, with the scope for it."""
    request.state.caller.require(scope)
    owner: Owner = request.state.caller.owner
    return owner


def decoded(raw: bytes, kind: type[V]) -> V:
    """Return the value a body holds, with instants that can be counted with."""
    check_instants(raw)
    return codec.decode(raw, kind, BODY)


def search_of(request: Request, budget_max_s: float) -> Search:
    """Return the search that a query asks for; raises ``InputError`` where it is none."""
    begun_s, given = elapsed_s(), request.query_params
    known = ("budget_s", "seed", "threads", "iterations", "weather")
    for name in given:
        if name not in known:
            hint = near_miss(name, known) or f"one of {', '.join(known)}"
            raise InputError("unknown_parameter", f"unknown parameter `{name[:80]}`", "", hint)
    budget_s = _number(given.get("budget_s"), "budget_s", min(BUDGET_S, budget_max_s), 0, budget_max_s)
    return Search(
        begun_s=begun_s,
        budget_s=budget_s,
        seed=_integer(given.get("seed"), "seed", 1, -(2**63), 2**63 - 1),
        threads=_integer(given.get("threads"), "threads", 1, 1, THREADS_MAX),
        iterations=_integer(given["iterations"], "iterations", 1, 1, 10**9) if "iterations" in given else None,
        weather=_weather(given.get("weather")),
    )


def wait_s(request: Request, most_s: float) -> float:
    """Return how long the caller waits for the answer itself (RFC 7240): as long as may be, unless told."""
    prefer = request.headers.get("prefer", "")
    if "respond-async" in prefer:
        return 0.0
    told = _WAIT.search(prefer)
    return min(most_s, float(told[1])) if told else most_s


async def solved(
    request: Request, jobs: Jobs, task: Task, owner: Owner, waiting_s: float, begun_s: float
) -> tuple[str, Response | None]:
    """Return the plan a task has made; or, where it takes longer than the caller waits, its job as the reply.

    Where the caller waits, all that comes ahead of the search counts against its budget: reading, checking, queueing.
    """
    due_s = begun_s + task.budget_s if waiting_s > 0 else None
    job = await jobs.submit(owner, task, request.state.idempotency_key, request.state.fingerprint, due_s)
    if waiting_s > 0 and not job.state.ended:
        job = await jobs.wait(owner, job.id, waiting_s)
    if job.state.ended and job.plan_id:
        return job.plan_id, None
    if job.state.ended and job.fault is not None:
        raise job.fault.error()
    return "", job_reply(job, 202)


def seen_versions(request: Request) -> frozenset[int] | None:
    """Return the versions that If-Match names, ``None`` for any; raises where it is missing."""
    given = request.headers.get("if-match")
    if given is None:
        action = "send the plan's ETag in If-Match, or * for any version"
        raise PreconditionMissingError("if_match_missing", "a commit says which version it has seen", action=action)
    if given.strip() == "*":
        return None
    return frozenset(int(tag) for tag in re.findall(r'"(\d{1,9})"', given))


def etag(version: int) -> str:
    """Return a version as an entity tag."""
    return f'"{version}"'


def reply(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return a value as JSON."""
    raw = value if isinstance(value, bytes) else msgspec.json.encode(value)
    return Response(raw, status, headers, media_type="application/json")


def _integer(text: str | None, name: str, default: int, least: int, most: int) -> int:
    if text is None:
        return default
    if not re.fullmatch(r"-?\d{1,19}", text) or not least <= int(text) <= most:
        raise InputError("bad_parameter", f"{name} is `{text[:40]}`", "", f"a whole number from {least} to {most}")
    return int(text)


def _number(text: str | None, name: str, default: float, least: float, most: float) -> float:
    if text is None:
        return default
    if not re.fullmatch(r"\d{1,9}(\.\d{1,9})?", text) or not least <= float(text) <= most:
        raise InputError("bad_parameter", f"{name} is `{text[:40]}`", "", f"a number from {least:g} to {most:g}")
    return float(text)


def _weather(text: str | None) -> float:
    if text is None:
        return 1.0
    factor = WEATHER.get(text.strip().casefold())
    if factor is None and re.fullmatch(r"[01](\.\d{1,6})?", text):
        factor = float(text)
    if factor is None or not LEAST_FACTOR <= factor <= 1.0:
        action = near_miss(text[:40], WEATHER) or f"one of {', '.join(WEATHER)}, or a share from {LEAST_FACTOR:g} to 1"
        raise InputError("bad_parameter", f"weather is `{text[:40]}`", "", action)
    return factor
