"""The plans of a large day's parts as they come, and the newest checked plan of the whole that is made of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType

from data import clock
from data.model.city import City
from data.model.plan import Plan, Tour
from data.model.request import PlanRequest
from routing.job import checked
from routing.parts import join
from routing.solver.stop import Stop

Checked = tuple[Plan, bytes]
"""A plan in which the checker found nothing, and its JSON."""
REST = 10.0
"""Time between two joins on the way, in what the last one took."""


class Joining:
    """Joins plans of parts to the whole, beside whoever plans them; open it as a context.

    Parameters
    ----------
    whole : PlanRequest
        The day that was split into ``parts``.
    stop : Stop
        The day's: no join is begun that might not be over in time.
    told : callable
        Given every joined plan, in a thread.
    """

    def __init__(
        self, whole: PlanRequest, city: City, seed: int, parts: int, stop: Stop, told: Callable[[Checked], None]
    ) -> None:
        self._whole, self._city, self._seed, self._stop, self._told = whole, city, seed, stop, told
        self._plans: list[Plan | None] = [None] * parts
        self._lock = threading.Lock()
        self._executor = ThreadPoolExecutor(1, "join")
        self._joining: Future[Checked] | None = None
        self._newest: Checked | None = None
        self._is_newest, self._took_s, self._ended_s = False, 0.0, 0.0

    def __enter__(self) -> Joining:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._executor.shutdown(wait=False)

    def take(self, rows: Sequence[int], plan: Plan) -> None:
        """Keep the newest plan of a part, or of several planned together; join all, if it is time to."""
        with self._lock:
            for row in rows:
                self._plans[row] = plan
            self._is_newest = False
            if None not in self._plans and self._is_due():
                self._joining = self._executor.submit(self._join)

    def tours(self, rows: Sequence[int]) -> tuple[Tour, ...]:
        """Return the tours of parts as they are now."""
        return tuple(tour for plan in self._distinct(rows) for tour in plan.tours)

    def last(self) -> Checked:
        """Return the plan of the whole day; once the stop is asked to, the newest that is there."""
        if self._stop.flag.is_set() and self._newest is not None:
            return self._newest
        if self._joining is not None:
            found = self._joining.result()
            if self._is_newest or self._stop.flag.is_set():
                return found
        return self._join()

    def _is_due(self) -> bool:
        if self._joining is None:
            return True
        rested = clock.elapsed_s() - self._ended_s >= REST * self._took_s
        return self._joining.done() and rested and self._stop.remaining_s() > 3 * self._took_s

    def _join(self) -> Checked:
        begun_s = clock.elapsed_s()
        with self._lock:
            plans, self._is_newest = self._distinct(range(len(self._plans))), True
        plan = join(self._whole, self._city, plans, self._seed, clock.now())
        self._newest = found = plan, checked(plan)
        self._ended_s = clock.elapsed_s()
        self._took_s = self._ended_s - begun_s
        self._told(found)
        return found

    def _distinct(self, rows: Sequence[int]) -> list[Plan]:
        """Return the plans of parts, one of several parts once."""
        found = {id(plan): plan for plan in (self._plans[row] for row in rows) if plan is not None}
        return list(found.values())
