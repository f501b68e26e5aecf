"""When a tour leaves and how long it takes: exact, for any order of stops."""

from __future__ import annotations

from data.jit import kernel
from routing.solver.timed.memo import add_to_pool
from routing.solver.timed.spans import extend_tail
from routing.solver.timed.state import DURATION, FAR, I32, SIZE, Memo, Plan, Pool, Timed, Work
from routing.solver.timed.tours import begin, measure, put_in, take_off


@kernel
def best_departure(timed: Timed, plan: Plan, tour: I32) -> tuple[int, int]:
    """Return the shortest duration of a tour, FAR where it can't be driven, and when it leaves the depot then.

    Of all moments that are as good, the middle of the first span: a little earlier or later is good as well.
    """
    after = 0
    for index in range(len(tour) - 1, -1, -1):
        extend_tail(timed, plan, tour[index], tour[index], after)
        after = tour[index]
    row = len(plan.tail) - 1
    extend_tail(timed, plan, row, 0, after)
    for index in range(plan.tails[row, 0]):
        if plan.tail[row, index, 2] == plan.tails[row, 1]:
            return plan.tails[row, 1], (plan.tail[row, index, 0] + plan.tail[row, index, 1]) // 2
    return FAR, 0


@kernel
def measure_alone(timed: Timed, plan: Plan, memo: Memo, pool: Pool, work: Work) -> None:
    """Measure the tours of one stop, on a plan without any, and put them into the pool."""
    for stop in range(1, len(plan.tour)):
        begin(work)
        put_in(timed, plan, work, 0, 0, stop, 0)
        timed.alone[stop] = measure(timed, plan, memo, 0)
        if timed.alone[stop] < FAR:
            add_to_pool(timed, plan, pool, 0)
        take_off(timed, plan, work, 0, 0)
        plan.tours[0, DURATION] = 0


@kernel
def load(timed: Timed, plan: Plan, memo: Memo, work: Work, seq: I32, size: I32) -> int:
    """Make given tours the plan; return how long they take together."""
    begin(work)
    total = 0
    for tour in range(len(plan.tours)):
        while plan.tours[tour, SIZE] > 0:
            take_off(timed, plan, work, tour, 0)
    for tour in range(len(size)):
        for position in range(size[tour]):
            put_in(timed, plan, work, tour, position, seq[tour, position], 0)
        total += measure(timed, plan, memo, tour)
    return total
