"""Whether the printed sums are those of the legs and stops, in exact integers. Standard library only."""

from __future__ import annotations

import math
from collections.abc import Iterator

from routing.verify.changes import change_cents
from routing.verify.facts import Costs, Hub, Place
from routing.verify.format import BreakTaken, Plan, Stop, Tour
from routing.verify.read import Violation
from routing.verify.references import Known, chosen
from routing.verify.timeline import late_by_s

PRICED = ("late_cents", "balance_cents", "compactness_cents")


def sums(plan: Plan, known: Known) -> Iterator[Violation]:
    """Yield the sums that are wrong."""
    for t, tour in enumerate(plan.tours):
        yield from _tour(tour, f"/tours/{t}", known)
        yield from _priced(tour, f"/tours/{t}", plan, known)
    yield from _totals(plan, known)
    yield from _bound(plan)


def tour_cents(costs: Costs, distance_m: int, duration_s: int) -> int:
    """Return the price of a tour in cents, kilometres and hours each rounded to the nearest cent."""
    by_distance = (distance_m * costs.per_km_cents + 500) // 1000
    by_time = (duration_s * costs.per_hour_cents + 1800) // 3600
    return costs.fixed_cents + by_distance + by_time


def tour_co2e_g(distance_m: int, co2e_mg_per_km: int) -> int:
    """Return emissions in grams, rounded to the nearest."""
    return (distance_m * co2e_mg_per_km + 500_000) // 1_000_000


def _tour(tour: Tour, at: str, known: Known) -> Iterator[Violation]:
    duration_s = tour.return_at - tour.departure_at
    distance_m = sum(leg.distance_m for leg in tour.legs)
    travel_s = sum(leg.travel_s for leg in tour.legs)
    service_s = sum(_served_s(stop) for stop in tour.stops)
    break_s = sum(_paid_s(taken, tour.departure_at) for taken in tour.breaks)
    waiting_s = duration_s - travel_s - service_s - break_s
    cost_cents = tour_cents(known.vehicles[tour.vehicle_id].costs, distance_m, duration_s)
    co2e_g = tour_co2e_g(distance_m, tour.co2e_mg_per_km)
    for code, key, printed, right in (
        ("wrong_sum", "distance_m", tour.distance_m, distance_m),
        ("wrong_sum", "travel_s", tour.travel_s, travel_s),
        ("wrong_sum", "service_s", tour.service_s, service_s),
        ("wrong_sum", "waiting_s", tour.waiting_s, waiting_s),
        ("wrong_cost", "cost_cents", tour.cost_cents, cost_cents),
        ("wrong_co2e", "co2e_g", tour.co2e_g, co2e_g),
    ):
        if printed != right:
            yield Violation(code, f"{at}/{key}", f"{printed} printed, it is {right}")


def _served_s(stop: Stop) -> int:
    """Return how long the driver is busy at a stop, or the vehicle is loaded at the hub."""
    if stop.loading_list is not None:
        return stop.end_at - stop.start_at
    return stop.setup_s + sum(handover.service_s for handover in stop.handovers)


def _priced(tour: Tour, at: str, plan: Plan, known: Known) -> Iterator[Violation]:
    """What a plan counts besides vehicles and options: lateness, long work, spread."""
    handovers = [handover for stop in tour.stops for handover in stop.handovers]
    late_cents = sum(
        rounded(late_by_s(each, known.orders[each.order_id]) * known.orders[each.order_id].late_cents_per_hour, 3600)
        for each in handovers
    )
    work_s = tour.travel_s + tour.service_s
    stops = [stop for stop in tour.stops if stop.loading_list is None]
    spots = [spot_m(known.places[stop.place_id], plan.hubs[0]) for stop in stops for _ in stop.handovers]
    balance_cents = rounded(work_s**2 * plan.balance_cents_per_h2, 3600**2)
    compactness_cents = rounded(spread_m2(spots) * plan.compactness_cents_per_km2, 10**6)
    for key, printed, right in (
        ("late_cents", tour.late_cents, late_cents),
        ("balance_cents", tour.balance_cents, balance_cents),
        ("compactness_cents", tour.compactness_cents, compactness_cents),
    ):
        if printed != right:
            yield Violation("wrong_cost", f"{at}/{key}", f"{printed} printed, it is {right}")


def rounded(value: int, unit: int) -> int:
    """Return how many units a value is, to the nearest, halves up."""
    return (2 * value + unit) // (2 * unit)


def spot_m(place: Place, origin: Hub) -> tuple[int, int]:
    """Return whole metres east and north of the plan's first hub, on a plane at its latitude."""
    metres = 6_371_009 * math.pi / 180
    east = (place.lon - origin.lon) * math.cos(origin.lat * math.pi / 180) * metres
    return round(east), round((place.lat - origin.lat) * metres)


def spread_m2(spots: list[tuple[int, int]]) -> int:
    """Return the sum of the squared distances from their mean, rounded down."""
    if not spots:
        return 0
    squares = sum(east**2 + north**2 for east, north in spots)
    sums = [sum(values) for values in zip(*spots)]
    return (len(spots) * squares - sums[0] ** 2 - sums[1] ** 2) // len(spots)


def _paid_s(taken: BreakTaken, departure_at: int) -> int:
    """Return how much of a break lies after the departure."""
    return max(0, min(taken.duration_s, taken.start_at + taken.duration_s - departure_at))


def _totals(plan: Plan, known: Known) -> Iterator[Violation]:
    """Plan totals are summed from what the tours print: a tour's own figures are checked on their own."""
    handovers = [handover for tour in plan.tours for stop in tour.stops for handover in stop.handovers]
    vehicle_cents = sum(tour.cost_cents for tour in plan.tours)
    option_cents = sum(chosen(known.orders[item.order_id], item).cost_cents for item in handovers)
    served = sum(not item.collects for item in handovers)
    reloads = sum(stop.loading_list is not None for tour in plan.tours for stop in tour.stops)
    priced = {key: sum(getattr(tour, key) for tour in plan.tours) for key in PRICED}
    right = priced | {
        "orders": len(plan.orders) - len(plan.done),
        "served": served,
        "postponed": len(plan.postponed),
        "unassigned": len(plan.unassigned),
        "returned": len(plan.returned),
        "change_cents": change_cents(plan),
        "tours": len(plan.tours),
        "stops": sum(len(tour.stops) for tour in plan.tours) - reloads,
        "reloads": reloads,
        "late": sum(item.late_s > 0 for item in handovers),
        "distance_m": sum(tour.distance_m for tour in plan.tours),
        "travel_s": sum(tour.travel_s for tour in plan.tours),
        "service_s": sum(tour.service_s for tour in plan.tours),
        "waiting_s": sum(tour.waiting_s for tour in plan.tours),
        "vehicle_cents": vehicle_cents,
        "option_cents": option_cents,
        "cost_cents": vehicle_cents + option_cents + sum(priced.values()),
        "co2e_g": sum(tour.co2e_g for tour in plan.tours),
    }
    for key, value in right.items():
        printed = getattr(plan.totals, key)
        if printed != value:
            yield Violation("wrong_total", f"/totals/{key}", f"{printed} printed, it is {value}")


def _bound(plan: Plan) -> Iterator[Violation]:
    bound = plan.bound
    smallest = min(bound.by_parcels, bound.by_load_g, bound.by_volume_dm3, bound.by_time, bound.by_boxes)
    if bound.orders > smallest:
        yield Violation("wrong_bound", "/bound/orders", f"{bound.orders}, but one resource allows only {smallest}")
    served = sum(not item.collects for tour in plan.tours for stop in tour.stops for item in stop.handovers)
    if served > bound.orders:
        yield Violation("wrong_bound", "/bound/orders", f"at most {bound.orders}, yet {served} are served")
