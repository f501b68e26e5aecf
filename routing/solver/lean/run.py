"""One lean search on its way: first plan, fewer tours, then ruin & recreate on a schedule that fits the budget."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from routing.solver.lean.anneal import anneal
from routing.solver.lean.complete import build, close_tour, complete
from routing.solver.lean.lay import lay
from routing.solver.lean.layout import copy_plan, empty_plan, fresh_work
from routing.solver.lean.partition import Pool, Tour
from routing.solver.lean.state import ABSENT, BEST, MOST, PRESENT, USED, Lean, Plan
from routing.solver.stop import Stop

HOT, COLD = 2.0, 0.1
"""First and last temperature with windows, in mean legs to the five nearest stops."""
HOT_ANYTIME, COLD_ANYTIME = 1.5, 0.1
"""The same without windows."""
ANNEALS_GROUPED = 4
"""How often it anneals where stops stand for each other, from where the last ended: one long one more often sticks."""
TOUR_BONUS = 5.0
"""What a tour more is worth while it anneals, in temperatures; it fades to nothing."""
MARKUP = 5.0
"""What a stop that is left for a while weighs besides its price, in temperatures, where vehicles are few."""
CHUNK = 300
"""Iterations at one temperature."""
FEWER = 0.05
"""Share of the search that tries to do with fewer tours first."""
SAMPLED_FROM, SAMPLES = 0.5, 200
"""Share of the search after which plans are sampled for the pool, and how many are."""


@dataclass(frozen=True)
class Budget:
    """What a search may spend: iterations, or else time; ``stop`` ends it anyway.

    Parameters
    ----------
    stop : Stop
    iterations : int, optional
    reserved_s : float
        Seconds before the end of ``stop`` that are kept for others.
    """

    stop: Stop
    iterations: int | None = None
    reserved_s: float = 0.0

    def spent(self, done: int) -> float:
        """Return the share that is spent after so many iterations, 1 when the search must end."""
        if self.stop() or self.stop.remaining_s() <= self.reserved_s:
            return 1.0
        if self.iterations is not None:
            return min(1.0, done / self.iterations)
        return self.stop.elapsed_s() / (self.stop.seconds - self.reserved_s)


class Run:
    """The present plan, the best one, and how far the search is.

    Parameters
    ----------
    lean : Lean
    order : int64 [n]
        The number in the problem of each stop of ``lean``.
    budget : Budget
    seed : int
    """

    def __init__(self, lean: Lean, order: NDArray[np.int64], budget: Budget, seed: int) -> None:
        self.lean, self.order, self.budget, self.seed = lean, order, budget, seed
        self.plan = empty_plan(lean)
        self.work = fresh_work(lean, self.plan, seed)
        self.best = copy_plan(self.plan)
        self.leg = mean_leg(lean)
        self.done = 0
        self.may_leave = bool(lean.kinds["count"].sum() < len(lean.group_ptr) - 1)
        self.is_complete = False

    def spent(self) -> float:
        """Return the share of the budget that is spent, 1 when the search must end."""
        return self.budget.spent(self.done)

    def tours(self) -> tuple[Tour, ...]:
        """Return the tours of the best plan, stops numbered as in the problem."""
        return tours_of(self.lean, self.best, self.order)

    def present(self) -> tuple[Tour, ...]:
        """Return the tours of the present plan."""
        return tours_of(self.lean, self.plan, self.order)

    def complete(self) -> None:
        """Make a first plan complete, if that can be."""
        build(self.lean, self.plan, self.work)
        self.serve_absent(1.0)
        self.is_complete = bool(self.work.tally[ABSENT] == 0)
        self.note_best()

    def serve_absent(self, until: float) -> bool:
        """Try to complete the present plan until a share of the budget is spent; return whether it is complete."""
        while self.work.tally[ABSENT] > 0 and self.spent() < until:
            complete(self.lean, self.plan, self.work, self.leg, CHUNK)
            self.done += CHUNK
        return bool(self.work.tally[ABSENT] == 0)

    def adopt(self, tours: tuple[Tour, ...], cost: int) -> None:
        """Make a complete plan of another search, which costs so much, the present and the best one.

        For one kind of vehicle, every stop to be served.
        """
        number = np.empty(self.order.max() + 1, dtype=np.uint32)
        number[self.order] = np.arange(len(self.order))
        stops = number[[stop for _, served in tours for stop in served]]
        ends = np.cumsum([len(served) for _, served in tours]).astype(np.uint32)
        self.plan = empty_plan(self.lean)
        self.work.tally[ABSENT] = self.work.tally[USED] = 0
        lay(self.lean, self.plan, self.work, stops, ends)
        self.work.cost[PRESENT] = cost
        self.is_complete = True
        self.note_best()

    def note_best(self) -> None:
        """Remember the present plan as the best."""
        self.work.cost[BEST] = self.work.cost[PRESENT]
        self.best = copy_plan(self.plan)

    def do_with_fewer_tours(self) -> None:
        """Close one tour after the other, as long as the plan can be made complete again."""
        work = self.work
        until = self.spent() + FEWER * (1.0 - self.spent())
        if self.lean.mixed:
            return
        while work.tally[USED] > 1 and self.spent() < until:
            close_tour(self.lean, self.plan, work)
            if self.serve_absent(until):
                self.note_best()
        self.plan = copy_plan(self.best)
        work.cost[PRESENT] = work.cost[BEST]
        work.tally[USED] = int((self.best.tours["size"] > 0).sum())
        work.tally[ABSENT], work.tally[MOST] = 0, len(self.plan.tours)

    def anneal(self, pool: Pool, begun: float, until: float = 1.0) -> None:
        """Anneal a complete plan from the first temperature to the last; late plans are sampled for the pool.

        The first temperature is that at the share ``begun`` of the budget; it may end before the last one.
        """
        hot, cold = (HOT, COLD) if self.lean.windows else (HOT_ANYTIME, COLD_ANYTIME)
        anneals = ANNEALS_GROUPED if self.lean.groups else 1
        sample_at = max(SAMPLED_FROM, self.spent())
        while (spent := self.spent()) < until:
            cooled = anneals * (spent - begun) / (1.0 - begun) % 1.0
            temperature = self.leg * hot * (cold / hot) ** cooled
            bonus, markup = int(TOUR_BONUS * temperature * (1.0 - cooled)), int(MARKUP * temperature)
            markup = markup if self.may_leave else -1
            anneal(self.lean, self.plan, self.best, self.work, temperature, bonus, markup, CHUNK)
            self.done += CHUNK
            if spent > sample_at:
                pool.add(tours_of(self.lean, self.plan, self.order))
                sample_at += (1.0 - SAMPLED_FROM) / SAMPLES
        pool.add(self.tours())


def mean_leg(lean: Lean) -> float:
    """Return what the way from a stop to one of its five nearest costs on average; among few stops, of fewer.

    Where only one stop of a group is served, there are as many more near ones as a group has stops.
    """
    groups = len(lean.group_ptr) - 1
    near = lean.near if lean.groups else lean.beside[:, 1:]
    near = near[:, : max(1, min(5, groups // 10)) * max(1, round(len(lean.stops) / max(1, groups)))]
    if near.size == 0:
        return 1.0
    return float(lean.out["m"][np.arange(len(near))[:, None], near].mean()) * float(lean.kinds["unit"].mean())


def tours_of(lean: Lean, plan: Plan, order: NDArray[np.int64]) -> tuple[Tour, ...]:
    """Return kind and stops of each tour, numbered as in the problem."""
    n, found = len(lean.stops), []
    for tour in np.flatnonzero(plan.tours["size"]).tolist():
        stops, node = [], int(plan.nodes["succ"][n + tour])
        while node < n:
            stops.append(int(order[node]))
            node = int(plan.nodes["succ"][node])
        found.append((int(plan.tours["kind"][tour]), tuple(stops)))
    return tuple(found)
