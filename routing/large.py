"""A large day: split by hub, its parts planned side by side, joined to one checked plan, all within one budget."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import NamedTuple

from data import clock, codec
from data.model.city import City
from data.model.plan import Plan
from data.model.request import PlanRequest
from data.model.traffic import Conditions
from routing.job import Settings, checked, plan_day
from routing.parts import join, split
from routing.rehub import rehubbed
from routing.solver.stop import Stop
from routing.task import Task

LARGE_FROM = 3_000
"""Orders of several hubs from which on these are planned apart."""
JOIN_S = 0.0006
"""Seconds an order takes when plans are joined and the whole is checked."""


class Piece(NamedTuple):
    """A part of a day, and the seconds that it may take."""

    request: PlanRequest
    budget_s: float


Solve = Callable[[Sequence[Piece], Stop], Sequence[Plan]]
"""Plans pieces, each within its seconds and, once the stop is asked to, at once; returns checked plans in order."""


def is_large(request: PlanRequest) -> bool:
    """Return whether a day is better planned in parts."""
    return len(request.orders) >= LARGE_FROM and len({order.hub_id for order in request.orders}) > 1


def plan_large(request: PlanRequest, city: City, stop: Stop, seed: int, lanes: int, solve: Solve) -> tuple[Plan, bytes]:
    """Return the checked plan, as value and JSON, of a day that is planned in parts.

    Parameters
    ----------
    stop : Stop
        Budget of it all: splitting, the parts in waves, joining and checking.
    lanes : int
        Pieces that ``solve`` plans at the same time.
    """
    whole = rehubbed(request, city)
    parts = split(whole, city)
    seconds = max(1.0, stop.remaining_s() - JOIN_S * len(request.orders))
    plans = solve(budgeted(parts, seconds, lanes), stop)
    plan = join(whole, city, plans, seed, clock.now())
    return plan, checked(plan)


def budgeted(parts: Sequence[PlanRequest], seconds: float, lanes: int) -> list[Piece]:
    """Return the parts, each with seconds in proportion to its orders, such that all are done in time.

    They are taken in the order given, each by the lane that is free first.
    """
    sizes = [max(1, len(part.orders)) for part in parts]
    busy = [0] * lanes
    for size in sizes:
        heapq.heapreplace(busy, busy[0] + size)
    return [Piece(part, seconds * size / max(busy)) for part, size in zip(parts, sizes, strict=True)]


def in_threads(city: City, settings: Settings, conditions: Conditions | None, lanes: int) -> Solve:
    """Return what plans pieces in this process; kernels release the GIL, so that two threads use two cores."""

    def solve(pieces: Sequence[Piece], stop: Stop) -> list[Plan]:
        def plan(piece: Piece) -> Plan:
            own = Stop(piece.budget_s, flag=stop.flag)
            return plan_day(piece.request, city, own, replace(settings, threads=1), conditions).plan

        with ThreadPoolExecutor(lanes) as executor:
            try:
                return list(executor.map(plan, pieces))
            except BaseException:  # Ctrl-C: the other threads must not go on until the time is up
                stop.request()
                raise

    return solve


def as_tasks(task: Task, pieces: Sequence[Piece]) -> list[Task]:
    """Return pieces of a task's day as tasks that any worker can do; each result is a ``Plan`` as JSON."""
    return [
        task.replace(kind="plan", body=codec.encode(piece.request), budget_s=piece.budget_s, threads=1)
        for piece in pieces
    ]
