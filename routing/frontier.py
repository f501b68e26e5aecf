"""What fewer changes cost: the same re-plan under a rising cap on moves, each point starting from the one before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from data.model.plan import Plan
from routing.job import Outcome, Settings, run
from routing.replan import Replan
from routing.replan_prices import with_most_moves
from routing.solver.stop import Stop

SHARES = (0.0, 0.01, 0.02, 0.05, 0.1, 0.25)
"""Shares of the planned orders that may change vehicle, besides all of them."""


@dataclass(frozen=True)
class Point:
    """The best plan found in which at most ``most`` orders change vehicle; ``None`` is as many as it likes."""

    most: int | None
    outcome: Outcome


def caps(planned: int) -> tuple[int | None, ...]:
    """Return the caps to try for so many planned orders, without doubles."""
    return (*sorted({round(share * planned) for share in SHARES} | {min(planned, 1)}), None)


def frontier(
    begun: Replan, before: Plan, most: Sequence[int | None], seconds: float, settings: Settings, stop: Stop
) -> Iterator[Point]:
    """Yield the best plan per cap; none is worse than the one before, since that is where it starts.

    Parameters
    ----------
    begun : Replan
        Prepared with prices that have no cap.
    most : sequence of int or None
        Caps, rising.
    seconds : float
        Search time of each.
    stop : Stop
        Its flag ends the run after the point at work.
    """
    start = begun.start
    for cap in most:
        instance = with_most_moves(begun.instance, cap)
        prices = begun.prices.replace(max_moves=cap)
        step = replace(begun, instance=instance, start=start, prices=prices)
        outcome = run(instance, step, before, Stop(seconds, flag=stop.flag), settings)
        yield Point(cap, outcome)
        start = outcome.tours
        if stop.flag.is_set():
            return
