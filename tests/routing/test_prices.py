"""Lateness, balance, compactness: priced, planned, printed, and what each is good for."""

from __future__ import annotations

import statistics
from datetime import timedelta
from random import Random

import pytest

from data.model.order import Order, PlaceOption
from data.model.plan import Plan
from data.model.request import PlanRequest
from data.model.vehicle import VehicleCosts
from routing.build_trips import spot_m
from routing.publish_prices import balance_cents, compactness_cents
from routing.solver.engine import solve
from routing.solver.search import RuinRecreateEngine
from routing.solver.stop import Stop
from routing.solver.tours import total_cost
from tests.drawn_problems import Features, draw_problem
from tests.small_plans import planned
from tests.small_town import THURSDAY, at, home, order, request, vehicle, window
from tests.solver_checks import check_state
from tests.solver_optimum import optimum

FREE = VehicleCosts(fixed_cents=0, per_km_cents=30, per_hour_cents=2_000)


def promised(name: str, place: str, hour: float, cents: int) -> Order:
    return order(name, place, promised_by=at(THURSDAY, hour), late_cents_per_hour=cents)


def starts(plan: Plan) -> dict[str, object]:
    return {each.order_id: each.start_at for tour in plan.tours for stop in tour.stops for each in stop.handovers}


def test_who_pays_for_lateness_comes_first() -> None:
    homes = (home("near", 1, 1, service_s=1800), home("far", 6, 6, service_s=1800))
    for first, second in (("near", "far"), ("far", "near")):
        pair = (promised("urgent", first, 8.5, 50_000), order("other", second))
        plan = planned(request(places=homes, orders=pair))
        told = starts(plan)
        assert told["urgent"] < told["other"]  # type: ignore[operator]
        assert plan.totals.late == plan.totals.late_cents == 0


def test_lateness_is_printed_and_paid_by_the_second() -> None:
    homes = (home("a", 2, 3),)
    plan = planned(request(places=homes, orders=(promised("late", "a", 7, 3_600),)))
    (tour,) = plan.tours
    (each,) = tour.stops[0].handovers
    assert each.late_s == (each.start_at - at(THURSDAY, 7)).total_seconds() > 3600
    assert plan.totals.late_cents == tour.late_cents == each.late_s
    assert plan.totals.cost_cents == plan.totals.vehicle_cents + plan.totals.option_cents + each.late_s
    assert tour.departure_at == at(THURSDAY, 8), "nobody leaves later who would then be later"
    free = planned(request(places=homes, orders=(promised("late", "a", 7, 0),)))
    assert free.totals.late == 1 and free.totals.late_cents == 0


def test_a_promise_kept_is_no_reason_to_leave_early() -> None:
    late_slot = PlaceOption(place_id="a", windows=(window(THURSDAY, 11, 12),))
    slot = order("slot", late_slot, promised_by=at(THURSDAY, 12), late_cents_per_hour=100)
    (tour,) = planned(request(orders=(slot,))).tours
    assert tour.stops[0].start_at == at(THURSDAY, 11) and tour.waiting_s == 0


def all_over_town(capacity: int, *hours: float) -> PlanRequest:
    """Return 18 orders for three vans, each in one of some hours if there are any."""
    rng = Random(1)
    homes = tuple(home(f"h{n}", rng.uniform(0, 7), rng.uniform(0, 7), service_s=600) for n in range(18))
    vans = tuple(vehicle(f"v{n}", costs=FREE, capacity_parcels=capacity) for n in range(3))
    slots = [window(THURSDAY, hour, hour + 1) for hour in hours]
    asked = [PlaceOption(place_id=each.id, windows=(rng.choice(slots),) if slots else ()) for each in homes]
    return request(places=homes, orders=tuple(order(f"o{n}", each) for n, each in enumerate(asked)), vehicles=vans)


def hours(plan: Plan, vans: int) -> list[float]:
    worked = [(tour.travel_s + tour.service_s) / 3600 for tour in plan.tours]
    return worked + [0.0] * (vans - len(worked))


def test_balance_evens_out_the_work() -> None:
    wanted = all_over_town(18)
    loose, even = hours(planned(wanted), 3), hours(planned(wanted.replace(balance_cents_per_h2=1_000)), 3)
    assert statistics.pstdev(even) < 0.25 < statistics.pstdev(loose)


def spread_km2(plan: Plan) -> float:
    places = {place.id: spot_m(plan.hubs[0], place.lat, place.lon) for place in plan.places}
    tours = [[places[stop.place_id] for stop in tour.stops] for tour in plan.tours]
    return sum(compactness_cents(1_000_000, tour) for tour in tours) / 1e6


def test_compactness_keeps_tours_together() -> None:
    wanted = all_over_town(7, 8.5, 9.5, 10.5)
    loose, tight = planned(wanted), planned(wanted.replace(compactness_cents_per_km2=1_000))
    assert spread_km2(tight) < 0.85 * spread_km2(loose), "at some more kilometres"
    assert tight.totals.served == loose.totals.served == 18
    assert tight.totals.compactness_cents == pytest.approx(1_000 * spread_km2(tight), abs=3)


def test_cents_are_rounded_to_the_nearest() -> None:
    assert balance_cents(1, 3600) == 1 and balance_cents(2, 1800) == 1 and balance_cents(1, 2000) == 0
    assert compactness_cents(1, [(0, 0), (1000, 0)]) == 1 and compactness_cents(1, [(0, 0)]) == 0
    assert compactness_cents(5, []) == 0


@pytest.mark.parametrize("rule", ["late", "even", "spread"])
def test_the_search_finds_most_optima(rule: str) -> None:
    reached = 0
    for seed in range(600, 612):
        wanted = Features(orders=5, vehicles=2, windows=seed % 2, metric=True, options=2, **{rule: True})
        problem = draw_problem(seed, wanted)
        tours = solve(problem, Stop(60), [RuinRecreateEngine(seed=seed, iterations=500)])
        check_state(problem.tables, tours)
        best = optimum(problem.tables)
        assert total_cost(problem.tables, tours) >= best.cost
        reached += int(total_cost(problem.tables, tours)) == best.cost
    assert reached >= 10


def test_the_promise_may_name_any_part_of_a_second() -> None:
    late = promised("late", "a", 7, 3_600).replace(promised_by=at(THURSDAY, 7) + timedelta(microseconds=999_999))
    (tour,) = planned(request(orders=(late,))).tours
    assert tour.late_cents == (tour.stops[0].start_at - at(THURSDAY, 7)).total_seconds()
