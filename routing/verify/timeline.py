"""Whether a tour's times hold: timeline, windows, opening hours, breaks, low-emission zones. Standard library only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from math import floor

from routing.verify.facts import Order, Window
from routing.verify.format import Handover, Leg, Plan, Stop, Tour
from routing.verify.read import Violation
from routing.verify.references import Known, chosen, left_at
from routing.verify.trips import reload_s


def times(plan: Plan, known: Known) -> Iterator[Violation]:
    """Yield what is wrong with the times of each tour."""
    for n, place in enumerate(plan.places):
        if place.opening_hours is not None and place.id not in known.hours:
            yield Violation("hours_missing", f"/places/{n}", f"{place.id} has opening hours, but none for this day")
    for t, tour in enumerate(plan.tours):
        at = f"/tours/{t}"
        if len(tour.legs) != len(tour.stops) + known.vehicles[tour.vehicle_id].returns:
            yield Violation("legs_count", f"{at}/legs", f"{len(tour.legs)} legs for {len(tour.stops)} stops")
            continue
        yield from _timeline(tour, at, known)
        for s, stop in enumerate(tour.stops):
            if stop.loading_list is not None:
                yield from _busy(stop, 0, reload_s(tour.vehicle_id, known), f"{at}/stops/{s}")
                continue
            stays = s > 0 and tour.stops[s - 1].place_id == stop.place_id
            yield from _service(stop, 0 if stays else known.places[stop.place_id].setup_s, f"{at}/stops/{s}", known)
        yield from _breaks(tour, at, known)
        yield from _zones(tour, at, known)


def _timeline(tour: Tour, at: str, known: Known) -> Iterator[Violation]:
    shift = known.vehicles[tour.vehicle_id].shift
    if tour.departure_at < shift.start_at:
        yield Violation("before_shift", f"{at}/departure_at", "the tour starts before the shift")
    free_at = tour.departure_at
    for k, leg in enumerate(tour.legs):
        if leg.depart_at < free_at:
            early_s = free_at - leg.depart_at
            yield Violation("leg_too_early", f"{at}/legs/{k}/depart_at", f"the vehicle is busy for {early_s} s more")
        if leg.paces and abs(leg.travel_s - _driven_s(leg)) >= 1:
            message = f"{leg.travel_s} s, at its paces it takes {float(_driven_s(leg)):.1f} s"
            yield Violation("wrong_travel", f"{at}/legs/{k}/travel_s", message)
        arrival_at = leg.depart_at + leg.travel_s
        if k == len(tour.stops):
            if tour.return_at != arrival_at:
                message = f"{tour.return_at - arrival_at:+} s from departure + travel of the last leg"
                yield Violation("wrong_return", f"{at}/return_at", message)
            continue
        stop = tour.stops[k]
        if stop.arrival_at != arrival_at:
            message = f"{stop.arrival_at - arrival_at:+} s from departure + travel of its leg"
            yield Violation("wrong_arrival", f"{at}/stops/{k}/arrival_at", message)
        free_at = stop.end_at
    if not known.vehicles[tour.vehicle_id].returns:
        rested = [taken.start_at + taken.duration_s for taken in tour.breaks if taken.after_stop == len(tour.stops)]
        over_at = max([free_at, *rested])
        if tour.return_at != over_at:
            message = f"{tour.return_at - over_at:+} s from the end of the last stop and its breaks"
            yield Violation("wrong_return", f"{at}/return_at", message)
    if tour.return_at > shift.end_at and tour.vehicle_id not in known.overruns:
        yield Violation("after_shift", f"{at}/return_at", "the tour returns after the shift")


def _driven_s(leg: Leg) -> Fraction:
    """Return how long a leg takes whose speed changes: at each pace the share is driven that there is time for."""
    left = Fraction(1)
    for pace, after in zip(leg.paces, leg.paces[1:]):
        seconds = after.from_s - pace.from_s
        if left * pace.whole_s <= seconds:
            return pace.from_s + left * pace.whole_s
        left -= Fraction(seconds, pace.whole_s)
    return leg.paces[-1].from_s + left * leg.paces[-1].whole_s


def _busy(stop: Stop, setup_s: int, length_s: int, at: str) -> Iterator[Violation]:
    if stop.start_at < stop.arrival_at:
        yield Violation("start_before_arrival", f"{at}/start_at", f"{stop.arrival_at - stop.start_at} s before arrival")
    if stop.setup_s != setup_s:
        yield Violation("wrong_setup", f"{at}/setup_s", f"{stop.setup_s} s, set-up is {setup_s} s here")
    if stop.end_at != stop.start_at + length_s:
        yield Violation("wrong_end", f"{at}/end_at", f"{stop.end_at - stop.start_at - length_s:+} s from what it takes")


def _service(stop: Stop, setup_s: int, at: str, known: Known) -> Iterator[Violation]:
    yield from _busy(stop, setup_s, stop.setup_s + sum(each.service_s for each in stop.handovers), at)
    start_at, end_at = stop.start_at, stop.start_at + stop.setup_s
    for h, handover in enumerate(stop.handovers):
        if handover.start_at != start_at:
            message = f"{handover.start_at - start_at:+} s from the end of what is before it"
            yield Violation("wrong_handover_start", f"{at}/handovers/{h}/start_at", message)
        end_at += handover.service_s
        start_at = end_at
        yield from _handover(handover, stop, f"{at}/handovers/{h}", known)


def _handover(handover: Handover, stop: Stop, at: str, known: Known) -> Iterator[Violation]:
    place, order = known.places[stop.place_id], known.orders[handover.order_id]
    option = chosen(order, handover)
    service_s = place.service_s if option.service_s is None else option.service_s
    if handover.service_s != service_s:
        yield Violation("wrong_service", f"{at}/service_s", f"{handover.service_s} s, the place takes {service_s} s")
    late_s = late_by_s(handover, order)
    if handover.late_s != late_s:
        yield Violation("wrong_late", f"{at}/late_s", f"{handover.late_s} s, it is {late_s} s late")
    early = all(handover.start_at < each.end_at for each in option.windows)
    excused = order.id in known.overruns and not handover.collects and not early
    if option.windows and not excused and not _inside(handover.start_at, option.windows):
        yield Violation("outside_window", f"{at}/start_at", f"order {handover.order_id} is in none of its windows")
    if place.id in known.hours and not _inside(handover.start_at, known.hours[place.id]):
        yield Violation("place_closed", f"{at}/start_at", f"{place.id} is closed then")
    for parcel in order.parcels if handover.collects else ():
        if parcel.ready_at is not None and parcel.ready_at > handover.start_at:
            after_s = float(parcel.ready_at - handover.start_at)
            yield Violation("not_ready", f"{at}/start_at", f"parcel {parcel.id} is ready {after_s:g} s after that")


def late_by_s(handover: Handover, order: Order) -> int:
    """Return by how much an order is handed over after the instant it was promised by, which is cut to the second."""
    if handover.collects or order.promised_by is None:
        return 0
    return max(0, handover.start_at - floor(order.promised_by))


def _inside(instant: int, windows: tuple[Window, ...]) -> bool:
    return any(window.start_at <= instant <= window.end_at for window in windows)


def _breaks(tour: Tour, at: str, known: Known) -> Iterator[Violation]:
    due = {item.id: item for item in known.vehicles[tour.vehicle_id].breaks}
    times_taken = Counter(taken.break_id for taken in tour.breaks)
    for break_id, item in due.items():
        over = not tour.start.at_hub and item.window.end_at < tour.departure_at
        over = over or tour.return_at <= (item.window.start_at if item.due_at is None else item.due_at)
        if times_taken[break_id] > 1 or (not times_taken[break_id] and not over):
            code = "break_twice" if times_taken[break_id] else "break_missing"
            yield Violation(code, f"{at}/breaks", f"break {break_id} is taken {times_taken[break_id]} times")
    # The driver is free between the end of a stop and the next leg, for one break after the other; at the hub from
    # the shift's start on.
    begins_at = known.vehicles[tour.vehicle_id].shift.start_at if tour.start.at_hub else tour.departure_at
    free_at = [begins_at, *(stop.end_at for stop in tour.stops)]
    for b, taken in sorted(enumerate(tour.breaks), key=lambda pair: pair[1].start_at):
        item, where = due[taken.break_id], f"{at}/breaks/{b}"
        if not _inside(taken.start_at, (item.window,)):
            yield Violation("break_outside_window", f"{where}/start_at", f"break {item.id} starts too early or late")
        if taken.duration_s != item.duration_s:
            message = f"{taken.duration_s} s, break {item.id} lasts {item.duration_s} s"
            yield Violation("break_duration", f"{where}/duration_s", message)
        end_at = taken.start_at + taken.duration_s
        if taken.start_at < free_at[taken.after_stop] or end_at > left_at(tour, taken.after_stop - 1):
            message = f"break {item.id} overlaps a service, a drive or another break"
            yield Violation("break_misplaced", f"{where}/start_at", message)
        free_at[taken.after_stop] = end_at


def _zones(tour: Tour, at: str, known: Known) -> Iterator[Violation]:
    access = known.access.get(tour.vehicle_id)
    if access is None:
        return
    closed: dict[str, list[Window]] = {}
    for closure in access.closures:
        if closure.zone_id not in access.exempt_zone_ids:
            closed.setdefault(closure.zone_id, []).extend(closure.closed)
    for k, leg in enumerate(tour.legs):
        for c, crossing in enumerate(leg.zones):
            enter_at, exit_at = leg.depart_at + crossing.enter_s, leg.depart_at + crossing.exit_s
            if _overlaps(enter_at, exit_at, closed.get(crossing.zone_id, [])):
                message = f"class {access.id} may not drive in {crossing.zone_id} then"
                yield Violation("zone_closed", f"{at}/legs/{k}/zones/{c}", message)
    for s, stop in enumerate(tour.stops):
        leave_at = max(stop.end_at, left_at(tour, s))
        for z, zone_id in enumerate(stop.zone_ids):
            if _overlaps(stop.arrival_at, leave_at, closed.get(zone_id, [])):
                message = f"class {access.id} may not be in {zone_id} then"
                yield Violation("zone_closed", f"{at}/stops/{s}/zone_ids/{z}", message)


def _overlaps(start_at: int | Fraction, end_at: int | Fraction, closed: list[Window]) -> bool:
    return any(start_at < window.end_at and window.start_at < end_at for window in closed)
