"""A large day: split by hub, its parts planned side by side, joined to one checked plan, all within one budget."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from math import inf
from typing import NamedTuple, Protocol

from data import codec
from data.model.city import City
from data.model.plan import Plan, Tour
from data.model.request import PlanRequest
from data.model.traffic import Conditions
from routing.borders import plan_border
from routing.job import Outcome, Settings, plan_day
from routing.joining import Checked, Joining
from routing.parts import split, together
from routing.rehub import FAR_M, hubs_apart_m, rehubbed
from routing.shares import placed_first
from routing.solver.stop import Stop
from routing.task import BorderBody, Task

LARGE_FROM = 3_000
"""Orders of several hubs from which on these are planned apart."""
JOIN_S = 0.0004
"""Seconds an order takes when plans are joined and the whole is checked, somebody else being at it still."""
BORDER_SHARE = 0.2
"""Share of the time for planning neighbours together, where orders may change hub."""


class Piece(NamedTuple):
    """A part of a day, and the seconds that it may take; with ``tours``, two hubs to be planned on together."""

    request: PlanRequest
    budget_s: float
    tours: tuple[Tour, ...] = ()


Heard = Callable[[int, Plan], None]
"""Given the row of a piece and its plan."""
Solve = Callable[[Sequence[Piece], Stop, Heard], None]
"""Plans pieces, each within its seconds, and hands on the checked plan of each as soon as it is there.

Once the stop is asked to, pieces without a plan may stay so.
"""


def is_large(request: PlanRequest) -> bool:
    """Return whether a day is better planned in parts."""
    return len(request.orders) >= LARGE_FROM and len({order.hub_id for order in request.orders}) > 1


def plan_large(
    request: PlanRequest,
    city: City,
    stop: Stop,
    seed: int,
    lanes: int,
    solve: Solve,
    told: Callable[[Checked], None] = lambda found: None,
) -> Checked:
    """Return the checked plan, as value and JSON, of a day that is planned in parts.

    Every part has a first plan before any is searched, so that a plan of the whole day is soon there and can be had
    at once whenever the stop is asked to.

    Parameters
    ----------
    stop : Stop
        Budget of it all: splitting, the parts in waves, joining and checking.
    lanes : int
        Pieces that ``solve`` plans at the same time.
    told : callable
        Given plans of the whole day on the way, each with better plans of some parts than the one before.
    """
    whole = rehubbed(request, city)
    parts = split(whole, city)
    pairs = neighbours(parts, city) if request.change_hubs and not request.statuses else []
    join_s = JOIN_S * len(request.orders)
    with Joining(whole, city, seed, len(parts), stop, told) as joining:

        def wave(pieces: Sequence[Piece], rows: Sequence[tuple[int, ...]], until: Stop) -> None:
            solve(pieces, until, lambda row, plan: joining.take(rows[row], plan))

        alone = [(row,) for row in range(len(parts))]
        first = Stop(stop.seconds)  # not the day's: who asks that to stop is to have something
        wave([Piece(part, 0.0) for part in parts], alone, first)
        if seconds := max(0.0, stop.remaining_s() - join_s):
            wave(budgeted(parts, seconds * (1 - (BORDER_SHARE if pairs else 0.0)), lanes), alone, stop)
        if pairs and (seconds := max(0.0, stop.remaining_s() - join_s)):
            both = budgeted([together(parts[one], parts[other]) for one, other in pairs], seconds, lanes)
            wave(
                [each._replace(tours=joining.tours(pair)) for each, pair in zip(both, pairs, strict=True)], pairs, stop
            )
        return joining.last()


def neighbours(parts: Sequence[PlanRequest], city: City) -> list[tuple[int, int]]:
    """Return parts two by two, those first between which most orders lie: each part at most once.

    An order lies between its own hub and the nearest other one.
    """
    hubs = [Counter(order.hub_id for order in part.orders).most_common(1)[0][0] for part in parts]
    between: Counter[tuple[int, int]] = Counter()
    for row, part in enumerate(parts):
        away = hubs_apart_m(part, city)
        away[:, [index for index, hub in enumerate(part.hubs) if hub.id == hubs[row] or hub.id not in hubs]] = FAR_M
        for index in away.argmin(axis=1).tolist():
            other = hubs.index(part.hubs[index].id) if part.hubs[index].id in hubs else row
            between[min(row, other), max(row, other)] += 1
    free, pairs = set(range(len(parts))), []
    for (one, other), _ in sorted(between.items(), key=lambda item: (-item[1], item[0])):
        if one != other and {one, other} <= free:
            pairs.append((one, other))
            free -= {one, other}
    return pairs


def budgeted(parts: Sequence[PlanRequest], seconds: float, lanes: int) -> list[Piece]:
    """Return the parts, each with seconds in proportion to its orders, such that all are done in time.

    They are taken in the order given, each by the lane that is free first.
    """
    sizes = [max(1, len(part.orders)) for part in parts]
    busy = [0] * lanes
    for size in sizes:
        heapq.heapreplace(busy, busy[0] + size)
    return [Piece(part, seconds * size / max(busy)) for part, size in zip(parts, sizes, strict=True)]


class Spread(Protocol):
    """Has tasks done by ``lanes`` workers at a time and hands on each result; returns once asked to stop."""

    @property
    def lanes(self) -> int:
        """How many are done at a time."""
        ...

    def __call__(self, tasks: Sequence[Task], stop: Stop, heard: Callable[[int, bytes], None]) -> None:
        """Have them done; ``heard`` is given the row of a task and its result."""
        ...


def by_workers(task: Task, spread: Spread) -> Solve:
    """Return what has the pieces of a task's day planned by workers."""

    def solve(pieces: Sequence[Piece], stop: Stop, heard: Heard) -> None:
        spread(as_tasks(task, pieces), stop, lambda row, content: heard(row, codec.decode(content, Plan)))

    return solve


def in_threads(city: City, settings: Settings, conditions: Conditions | None, lanes: int) -> Solve:
    """Return what plans pieces in this process; kernels release the GIL, so that two threads use two cores.

    Nobody is told of the plan of a piece: it is not the day's.
    """
    quiet = Settings(settings.seed, settings.improve, 1, settings.iterations)

    def solve(pieces: Sequence[Piece], stop: Stop, heard: Heard) -> None:
        def plan(piece: Piece) -> Plan | None:
            if stop.flag.is_set():
                return None
            own = Stop(piece.budget_s, flag=stop.flag)
            if piece.tours:
                return plan_border(piece.request, piece.tours, city, own, quiet, conditions)
            return plan_part(piece.request, city, own, quiet, conditions).plan

        with ThreadPoolExecutor(lanes) as executor:
            try:
                rows = {executor.submit(plan, piece): row for row, piece in enumerate(pieces)}
                for done in as_completed(rows):
                    if (found := done.result()) is not None:
                        heard(rows[done], found)
            except BaseException:  # Ctrl-C: the other threads must not go on until the time is up
                stop.request()
                raise

    return solve


def plan_part(
    request: PlanRequest, city: City, stop: Stop, settings: Settings, conditions: Conditions | None = None
) -> Outcome:
    """Return the best checked plan of a part, see :func:`routing.job.plan_day`; none is written on the way.

    Where boxes are scarce, orders that can only go there are inserted before those that would take them for nearer.
    """
    once = replace(settings, publish_every_s=inf)
    return plan_day(request, city, stop, once, conditions, placed_first(request, city))


def as_tasks(task: Task, pieces: Sequence[Piece]) -> list[Task]:
    """Return pieces of a task's day as tasks that any worker can do; each result is a ``Plan`` as JSON."""
    return [
        task.replace(
            kind="border" if piece.tours else "part",
            body=codec.encode(BorderBody(request=piece.request, tours=piece.tours) if piece.tours else piece.request),
            budget_s=piece.budget_s,
            threads=1,
        )
        for piece in pieces
    ]
