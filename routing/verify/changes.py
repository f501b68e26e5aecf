"""Whether what a plan says of the plan before, of failures and of rules it can't keep is so. Standard library only."""

from __future__ import annotations

from collections.abc import Iterator

from routing.verify.assignment import order_ids
from routing.verify.facts import Window
from routing.verify.format import Overrun, Plan, Tour
from routing.verify.read import Violation
from routing.verify.references import Known, chosen


def changes(plan: Plan, known: Known) -> Iterator[Violation]:
    """Yield what is wrong with moves and their prices, failures, returns, vehicles down and overruns."""
    yield from _moves(plan)
    yield from _failures(plan)
    for n, vehicle_id in enumerate(plan.down):
        if any(tour.vehicle_id == vehicle_id for tour in plan.tours):
            yield Violation("down_used", f"/down/{n}", f"{vehicle_id} is down and has a tour")
    for n, presumed in enumerate(plan.presumed):
        if presumed.order_id not in plan.done:
            yield Violation("wrong_presumed", f"/presumed/{n}/order_id", f"{presumed.order_id} is not among the done")
    for n, order_id in enumerate(plan.cancelled):
        if order_id in known.orders:
            yield Violation("cancelled_kept", f"/cancelled/{n}", f"{order_id} is cancelled and still among the orders")
    for n, overrun in enumerate(plan.overruns):
        yield from _overrun(overrun, f"/overruns/{n}", plan, known)


def served_at(plan: Plan) -> dict[str, tuple[str, int]]:
    """Return vehicle and instant of each hand-over."""
    return {
        handover.order_id: (tour.vehicle_id, handover.start_at)
        for tour in plan.tours
        for stop in tour.stops
        for handover in stop.handovers
        if not handover.collects
    }


def change_cents(plan: Plan) -> int:
    """Return what the plan's changes of the plan before count, minutes rounded to the nearest cent per order."""
    now, prices, cents = served_at(plan), plan.change_prices, 0
    places: dict[tuple[str, str], int] = {}
    for told in plan.told:
        if told.forced or told.order_id not in now:
            continue
        vehicle_id, start_at = now[told.order_id]
        places[told.vehicle_id, told.order_id] = told.place
        if vehicle_id != told.vehicle_id:
            cents += prices.move_cents + (prices.sorted_cents if told.sorted else 0)
        later_s = max(0, start_at - int(told.start_at))
        cents += (2 * later_s * prices.eta_cents_per_minute + 60) // 120
    for tour in plan.tours:
        stay = [key for order_id in order_ids(tour) if (key := (tour.vehicle_id, order_id)) in places]
        cents += prices.loading_cents * _taken_out([places[key] for key in stay])
    return cents


def _taken_out(places: list[int]) -> int:
    """Return how many of some numbers are not in the longest part of them that rises."""
    longest: list[int] = []  # of the parts that end with each number
    for n, place in enumerate(places):
        longest.append(1 + max((longest[m] for m in range(n) if places[m] < place), default=0))
    return len(places) - max(longest, default=0)


def _moves(plan: Plan) -> Iterator[Violation]:
    if not plan.told:
        return
    now = served_at(plan)
    moved = [each for each in plan.told if each.order_id in now and now[each.order_id][0] != each.vehicle_id]
    if sorted(each.order_id for each in moved) != sorted(plan.moved):
        message = f"{len(plan.moved)} listed, {len(moved)} are on another vehicle than told"
        yield Violation("wrong_moved", "/moved", message)
    most, count = plan.change_prices.max_moves, sum(not each.forced for each in moved)
    if most is not None and count > most:
        yield Violation("too_many_moves", "/change_prices/max_moves", f"{count} orders change vehicle, allowed: {most}")


def _failures(plan: Plan) -> Iterator[Violation]:
    failed = {failure.order_id for failure in plan.failed}
    for n, item in enumerate(plan.unassigned):
        if item.order_id in failed:
            message = f"{item.order_id} failed: it is presented again or goes back, its promise is not judged here"
            yield Violation("wrong_failed", f"/unassigned/{n}/order_id", message)
    for n, postponed in enumerate(plan.postponed):
        if postponed.second and postponed.order_id not in failed:
            yield Violation("wrong_second", f"/postponed/{n}/second", f"{postponed.order_id} was not presented before")


def _overrun(overrun: Overrun, at: str, plan: Plan, known: Known) -> Iterator[Violation]:
    tours = [tour for tour in plan.tours if tour.vehicle_id == overrun.vehicle_id]
    late_s = {_late_s(tour, overrun.order_id, known) for tour in tours}
    if late_s != {overrun.late_s} or overrun.late_s == 0:
        yield Violation("wrong_overrun", f"{at}/late_s", f"{overrun.late_s} s, it is {sorted(late_s)}")
    locked = {order_id for lock in plan.locks if lock.vehicle_id == overrun.vehicle_id for order_id in lock.order_ids}
    asked = {overrun.order_id} if overrun.order_id else {order_id for tour in tours for order_id in order_ids(tour)}
    if not asked <= locked:
        message = f"only what is loaded may break a rule, not {', '.join(sorted(asked - locked))}"
        yield Violation("overrun_unlocked", at, message)


def _late_s(tour: Tour, order_id: str, known: Known) -> int:
    """Return by how much a tour ends after its shift, or an order is handed over after its window; 0 if in time."""
    if not order_id:
        return max(0, tour.return_at - int(known.vehicles[tour.vehicle_id].shift.end_at))
    for stop in tour.stops:
        for handover in stop.handovers:
            if handover.order_id == order_id and not handover.collects:
                return _after(handover.start_at, chosen(known.orders[order_id], handover).windows)
    return 0


def _after(instant: int, windows: tuple[Window, ...]) -> int:
    """Return the seconds since the last window that is over, 0 inside of one or before the first."""
    if any(window.start_at <= instant <= window.end_at for window in windows):
        return 0
    return min((instant - int(window.end_at) for window in windows if window.end_at < instant), default=0)
