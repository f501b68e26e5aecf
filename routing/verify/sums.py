"""Whether the printed sums are those of the legs and stops, in exact integers. Standard library only."""

from __future__ import annotations

from collections.abc import Iterator

from routing.verify.facts import Costs
from routing.verify.format import BreakTaken, Plan, Tour
from routing.verify.read import Violation
from routing.verify.references import Known, chosen


def sums(plan: Plan, known: Known) -> Iterator[Violation]:
    """Yield the sums that are wrong."""
    for t, tour in enumerate(plan.tours):
        yield from _tour(tour, f"/tours/{t}", known)
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
    service_s = sum(stop.setup_s + sum(handover.service_s for handover in stop.handovers) for stop in tour.stops)
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


def _paid_s(taken: BreakTaken, departure_at: int) -> int:
    """Return how much of a break lies after the departure."""
    return max(0, min(taken.duration_s, taken.start_at + taken.duration_s - departure_at))


def _totals(plan: Plan, known: Known) -> Iterator[Violation]:
    """Plan totals are summed from what the tours print: a tour's own figures are checked on their own."""
    handovers = [handover for tour in plan.tours for stop in tour.stops for handover in stop.handovers]
    vehicle_cents = sum(tour.cost_cents for tour in plan.tours)
    option_cents = sum(chosen(known.orders[item.order_id], item).cost_cents for item in handovers)
    served = sum(not item.collects for item in handovers)
    right = {
        "orders": len(plan.orders) - len(plan.done),
        "served": served,
        "postponed": len(plan.postponed),
        "unassigned": len(plan.unassigned),
        "tours": len(plan.tours),
        "stops": sum(len(tour.stops) for tour in plan.tours),
        "distance_m": sum(tour.distance_m for tour in plan.tours),
        "travel_s": sum(tour.travel_s for tour in plan.tours),
        "service_s": sum(tour.service_s for tour in plan.tours),
        "waiting_s": sum(tour.waiting_s for tour in plan.tours),
        "vehicle_cents": vehicle_cents,
        "option_cents": option_cents,
        "cost_cents": vehicle_cents + option_cents,
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
