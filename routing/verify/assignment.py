"""Whether each order and vehicle is where it may be: once, locks kept, promises held. Standard library only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date

from routing.verify.facts import Exemption, Lock
from routing.verify.format import HireOption, Plan, Reason, Tour
from routing.verify.read import Violation
from routing.verify.references import Known
from routing.verify.trips import reloads, trips


def assignment(plan: Plan, known: Known) -> Iterator[Violation]:
    """Yield what is wrong with who serves whom."""
    yield from _orders(plan)
    yield from _vehicles(plan, known)
    yield from _access(plan, known)
    for t, tour in enumerate(plan.tours):
        yield from _tour(tour, f"/tours/{t}", plan, known)
        yield from reloads(tour, f"/tours/{t}", known)
        yield from _collections(tour, f"/tours/{t}", known)
    for n, lock in enumerate(plan.locks):
        yield from _lock(lock, f"/locks/{n}", plan)
    yield from _left_out(plan, known)
    for n, hire in enumerate(plan.hire_options):
        yield from _hire(hire, f"/hire_options/{n}", plan, known)


def order_ids(tour: Tour) -> list[str]:
    """Return the orders of ``tour`` in the order they are handed over."""
    return [handover.order_id for stop in tour.stops for handover in stop.handovers if not handover.collects]


def _orders(plan: Plan) -> Iterator[Violation]:
    """Each order is in exactly one list."""
    where = Counter(order_id for tour in plan.tours for order_id in order_ids(tour))
    where.update(item.order_id for item in plan.postponed)
    where.update(item.order_id for item in plan.unassigned)
    where.update(plan.done)
    where.update(item.order_id for item in plan.returned)
    for n, order in enumerate(plan.orders):
        if where[order.id] != 1:
            code = "order_twice" if where[order.id] else "order_missing"
            message = f"{order.id} is {where[order.id]} times on tours, postponed, unassigned, returned or done"
            yield Violation(code, f"/orders/{n}", message)


def _vehicles(plan: Plan, known: Known) -> Iterator[Violation]:
    tours = Counter(tour.vehicle_id for tour in plan.tours)
    for n, vehicle in enumerate(plan.vehicles):
        if vehicle.break_rule != "none":
            message = f"what {vehicle.break_rule} asks is not among the breaks of {vehicle.id}"
            yield Violation("breaks_unknown", f"/vehicles/{n}/break_rule", message)
    for t, tour in enumerate(plan.tours):
        if tours[tour.vehicle_id] > 1:
            yield Violation("vehicle_twice", f"/tours/{t}/vehicle_id", f"{tour.vehicle_id} has several tours")
        if known.vehicles[tour.vehicle_id].role == "hired":
            message = f"{tour.vehicle_id} is only proposed: it is not hired yet"
            yield Violation("hired_vehicle_used", f"/tours/{t}/vehicle_id", message)


def _access(plan: Plan, known: Known) -> Iterator[Violation]:
    """Each vehicle is in one class, of its kind, and holds what the class is exempt from."""
    classes = Counter(vehicle_id for group in plan.access for vehicle_id in group.vehicle_ids)
    for n, vehicle in enumerate(plan.vehicles):
        if classes[vehicle.id] != 1:
            message = f"{vehicle.id} is in {classes[vehicle.id]} access classes"
            yield Violation("access_class", f"/vehicles/{n}", message)
    exempt = {(item.vehicle_id, item.zone_id) for item in plan.exemptions if _holds(item, plan.day)}
    for n, group in enumerate(plan.access):
        for v, vehicle_id in enumerate(group.vehicle_ids):
            vehicle, at = known.vehicles[vehicle_id], f"/access/{n}/vehicle_ids/{v}"
            critair = "EL" if vehicle.energy == "electric" else vehicle.critair
            kind = (vehicle.category, critair, vehicle.energy)
            if kind != (group.category, group.critair, group.energy):
                yield Violation("access_class", at, f"{vehicle_id} is {', '.join(kind)}: not of class {group.id}")
            for zone_id in group.exempt_zone_ids:
                if not exempt & {(vehicle_id, zone_id), (vehicle_id, zone_id.partition("@")[0])}:
                    yield Violation("no_exemption", at, f"{vehicle_id} has no exemption from {zone_id} on {plan.day}")


def _holds(exemption: Exemption, day: date) -> bool:
    quota = exemption.yearly_quota
    return exemption.valid_from <= day <= exemption.valid_to and (quota is None or exemption.used_days < quota)


def _tour(tour: Tour, at: str, plan: Plan, known: Known) -> Iterator[Violation]:
    """Where a tour starts, and that it is not empty."""
    for s, stop in enumerate(tour.stops):
        if not stop.handovers and stop.loading_list is None:
            yield Violation("empty_stop", f"{at}/stops/{s}/handovers", "nothing is handed over at this stop")
    if tour.start.at_hub:
        hub = known.hubs[known.vehicles[tour.vehicle_id].hub_id]
        if (tour.start.lat, tour.start.lon) != (hub.lat, hub.lon):
            yield Violation("start_not_at_hub", f"{at}/start", f"hub {hub.id} is elsewhere")
        if not tour.stops:
            yield Violation("empty_tour", f"{at}/stops", "a vehicle with nothing to do has no tour")
        return
    locked = {order_id for lock in plan.locks if lock.vehicle_id == tour.vehicle_id for order_id in lock.order_ids}
    first = trips(tour)[0]
    for order_id in first.order_ids():
        if order_id not in locked | first.collected():
            message = f"{tour.vehicle_id} is on the road and no lock says that {order_id} is on board"
            yield Violation("not_on_board", f"{at}/stops", message)


def _collections(tour: Tour, at: str, known: Known) -> Iterator[Violation]:
    """What is to be collected is, once, before it is handed over on the same trip; or it was and is on board."""
    for trip in trips(tour):
        seen: list[str] = []
        handed_over, away = set(trip.order_ids()), trip.collected()
        for s, h, handover in trip.handovers():
            where, order = f"{at}/stops/{s}/handovers/{h}", known.orders[handover.order_id]
            if not handover.collects:
                if order.id in away and order.id not in seen:
                    yield Violation("collected_late", where, f"order {order.id} is handed over before it is collected")
                elif order.from_place is not None and order.id not in seen and trip.at_hub:
                    yield Violation("not_collected", where, f"order {order.id} is not at the hub")
                continue
            if order.id in seen:
                yield Violation("collected_twice", where, f"order {order.id} is collected already")
            if order.id not in handed_over:
                yield Violation("not_handed_over", where, f"order {order.id} is collected but not handed over")
            seen.append(order.id)


def _lock(lock: Lock, at: str, plan: Plan) -> Iterator[Violation]:
    tours = [tour for tour in plan.tours if tour.vehicle_id == lock.vehicle_id]
    on_tour = [order_id for tour in tours for order_id in order_ids(tour)]
    served, locked = set(on_tour), set(lock.order_ids)
    first = [trips(tour)[0] for tour in tours]
    others = {order_id for trip in first for order_id in trip.order_ids() if order_id not in trip.collected()} - locked
    if not locked <= served:
        yield Violation("lock_vehicle", f"{at}/order_ids", f"not on {lock.vehicle_id}: {_listed(locked - served)}")
    elif lock.sequence and on_tour[: len(lock.order_ids)] != list(lock.order_ids):
        message = f"{lock.vehicle_id} does not begin with these orders in this sequence"
        yield Violation("lock_sequence", f"{at}/order_ids", message)
    if lock.closed_to_others and others:
        message = f"{lock.vehicle_id} is closed to others but takes {_listed(others)}"
        yield Violation("lock_closed", f"{at}/closed_to_others", message)


def _listed(ids: set[str]) -> str:
    return ", ".join(sorted(ids))


def _left_out(plan: Plan, known: Known) -> Iterator[Violation]:
    for n, postponed in enumerate(plan.postponed):
        promised_on = known.orders[postponed.order_id].promised_on
        last_day = max(promised_on, postponed.to_day) if postponed.second else promised_on
        if not plan.day < postponed.to_day <= last_day or postponed.to_day not in plan.delivery_days:
            message = f"{postponed.to_day} is no delivery day after {plan.day} and by {promised_on}, as promised"
            yield Violation("postponed_day", f"/postponed/{n}/to_day", message)
        yield from _reasons(postponed.reasons, f"/postponed/{n}/reasons")
    for n, unassigned in enumerate(plan.unassigned):
        yield from _reasons(unassigned.reasons, f"/unassigned/{n}/reasons")
    served = {order_id for tour in plan.tours for order_id in order_ids(tour)}
    times = Counter(plan.moved)
    for n, order_id in enumerate(plan.moved):
        if not plan.replaces or order_id not in served or times[order_id] > 1:
            message = f"{order_id} is not served, or listed twice, or this plan replaces no other"
            yield Violation("wrong_moved", f"/moved/{n}", message)


def _reasons(reasons: tuple[Reason, ...], at: str) -> Iterator[Violation]:
    if not reasons:
        yield Violation("reason_missing", at, "at least one reason is due")
    for r, reason in enumerate(reasons):
        if not reason.text.strip():
            yield Violation("reason_missing", f"{at}/{r}/text", f"{reason.code} has no text")


def _hire(hire: HireOption, at: str, plan: Plan, known: Known) -> Iterator[Violation]:
    """A proposal names a vehicle to be hired, saves orders no tour takes, and its price per order is the quotient."""
    if known.vehicles[hire.vehicle_id].role != "hired":
        yield Violation("wrong_hire_option", f"{at}/vehicle_id", f"{hire.vehicle_id} is not one to be hired")
    left_out = {item.order_id for item in plan.postponed} | {item.order_id for item in plan.unassigned}
    saved = set(hire.saves_order_ids)
    if not saved or not saved <= left_out or len(saved) < len(hire.saves_order_ids):
        message = "it must save at least one order, each once, none of them on a tour or done"
        yield Violation("wrong_hire_option", f"{at}/saves_order_ids", message)
    # Rounding up, down or to the nearest cent are all fine.
    elif abs(hire.cents_per_order * len(saved) - hire.cost_cents) >= len(saved):
        yield Violation(
            "wrong_hire_option", f"{at}/cents_per_order", f"{hire.cost_cents} cents for {len(saved)} orders"
        )
