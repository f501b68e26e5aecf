"""Several trips: a vehicle that comes back, is loaded again and goes out once more; planned, re-planned, searched."""

from __future__ import annotations

from datetime import timedelta

import pytest

from data.model.order import Order, PlaceOption
from data.model.parcel import Parcel
from data.model.plan import Plan, Stop, Tour
from data.model.request import OrderBook, VehicleStatus
from data.model.vehicle import Break
from jalon.summary import fill_share
from routing.publish import publish
from routing.replan import prepare_replan
from routing.solver.engine import construct, solve
from routing.solver.ortools_model import OrToolsEngine
from routing.solver.search import RuinRecreateEngine
from routing.solver.stop import Stop as Budget
from routing.solver.tours import total_cost
from tests.drawn_problems import Features, draw_problem
from tests.small_plans import planned, read_back
from tests.small_town import THURSDAY, at, home, hub, order, request, town, vehicle, window, zone
from tests.solver_checks import check_state
from tests.solver_optimum import optimum

HOMES = tuple(home(f"h{n}", 1 + n, 2 + n % 3) for n in range(6))


def reloads(tour: Tour) -> list[Stop]:
    return [stop for stop in tour.stops if stop.loading_list is not None]


def orders(count: int) -> tuple[Order, ...]:
    return tuple(order(f"o{n}", f"h{n}") for n in range(count))


def ready(name: str, place: str, hour: float, **changes: object) -> Order:
    parcel = Parcel(id=f"{name}.p", load_g=1000, volume_dm3=5, ready_at=at(THURSDAY, hour))
    return order(name, place, parcels=(parcel,)).replace(**changes)


def test_a_van_that_is_too_small_comes_back_for_more() -> None:
    plan = planned(request(places=HOMES, orders=orders(5), vehicles=(vehicle(capacity_parcels=2, max_trips=3),)))
    (tour,) = plan.tours
    assert plan.totals.served == 5 and plan.totals.reloads == 2
    again = reloads(tour)
    assert [stop.place_id for stop in again] == ["hub", "hub"]
    assert all(stop.end_at - stop.start_at == timedelta(seconds=600) for stop in again), "as long as the hub's loading"
    lists = [tour.loading_list, *(stop.loading_list or () for stop in again)]
    assert sorted(len(each) for each in lists) == [1, 2, 2]
    handed = [each.order_id for stop in tour.stops for each in stop.handovers]
    trips = [[handed.pop(0) for _ in each] for each in lists]
    assert [list(each) for each in lists] == [[f"{name}.p" for name in reversed(trip)] for trip in trips]
    assert tour.parcels == 5 and plan.totals.stops == len(tour.stops) - 2
    assert tour.most_on_board({each.id: each for each in plan.orders})[0] == 2


def test_one_trip_is_all_it_does_unless_told() -> None:
    once = planned(request(places=HOMES, orders=orders(5), vehicles=(vehicle(capacity_parcels=2),)))
    assert once.totals.served == 2 and once.bound.by_parcels == 2
    twice = planned(request(places=HOMES, orders=orders(5), vehicles=(vehicle(capacity_parcels=2, max_trips=2),)))
    assert twice.totals.served == 4 and twice.bound.by_parcels == 4


def test_loading_takes_as_long_as_the_vehicle_says() -> None:
    quick = vehicle(capacity_parcels=1, max_trips=2, reload_s=60)
    (tour,) = planned(request(places=HOMES, orders=orders(2), vehicles=(quick,))).tours
    (stop,) = reloads(tour)
    assert stop.end_at - stop.start_at == timedelta(seconds=60)


def test_what_is_ready_late_holds_up_its_own_trip_only() -> None:
    early = order("early", PlaceOption(place_id="h0", windows=(window(THURSDAY, 8, 9),)))
    plan = planned(request(places=HOMES, orders=(early, ready("late", "h1", 12)), vehicles=(vehicle(max_trips=2),)))
    (tour,) = plan.tours
    assert plan.totals.served == 2
    (stop,) = reloads(tour)
    assert tour.departure_at < at(THURSDAY, 9) and stop.end_at >= at(THURSDAY, 12) + timedelta(seconds=600)
    assert stop.loading_list == ("late.p",)
    alone = planned(request(places=HOMES, orders=(early, ready("late", "h1", 12))))
    assert alone.totals.served == 1


def test_shift_and_breaks_span_all_trips() -> None:
    lunch = Break(id="lunch", window=window(THURSDAY, 8.2, 8.5), duration_s=1800)
    van = vehicle(capacity_parcels=1, max_trips=4, breaks=(lunch,), shift=window(THURSDAY, 8, 9.2))
    plan = planned(request(places=HOMES, orders=orders(4), vehicles=(van,)))
    (tour,) = plan.tours
    assert [taken.break_id for taken in tour.breaks] == ["lunch"]
    assert tour.return_at <= at(THURSDAY, 9.2)
    assert 2 <= plan.totals.served < 4, "the shift is over before all four are back and forth"


def test_parcels_collected_are_handed_over_before_the_van_is_loaded_again() -> None:
    items = (Parcel(id="back.0", load_g=1, volume_dm3=1), Parcel(id="back.1", load_g=1, volume_dm3=1))
    back = order("back", "h3", from_place=PlaceOption(place_id="h2"), parcels=items)
    van = vehicle(capacity_parcels=2, max_trips=3)
    plan = planned(
        request(places=HOMES, orders=(*orders(2), back, order("p", "h4"), order("q", "h5")), vehicles=(van,))
    )
    assert plan.totals.served == 5  # the checker holds pairs to one trip


def test_the_hub_in_a_zone_is_loaded_at_while_that_is_open() -> None:
    inside = hub(column=5, row=2)
    van = vehicle(capacity_parcels=1, max_trips=2, shift=window(THURSDAY, 5, 23))
    shut = zone(rules=(zone().rules[0].replace(hours="Mo-Fr 10:00-20:00"),))
    late = order("late", PlaceOption(place_id="h0", windows=(window(THURSDAY, 21, 22),)))
    wanted = request(hubs=(inside,), places=HOMES, orders=(order("o1", "h1"), late), vehicles=(van,))
    plan = planned(wanted, shut)
    assert plan.totals.served == 2
    for stop in (stop for tour in plan.tours for stop in reloads(tour)):
        assert stop.zone_ids and not at(THURSDAY, 10) < stop.end_at < at(THURSDAY, 20)


def test_how_full_a_van_is_counts_what_is_on_board_at_once() -> None:
    def fetched(name: str, source: str, target: str) -> Order:
        return order(name, target, from_place=PlaceOption(place_id=source))

    van = vehicle(capacity_parcels=2, max_trips=2)
    wanted = (*orders(2), fetched("b", "h2", "h3"), fetched("c", "h4", "h5"), order("x", "h1"), order("y", "h0"))
    plan = planned(request(places=HOMES, orders=wanted, vehicles=(van,)))
    (tour,) = plan.tours
    assert tour.parcels == 6
    assert fill_share(van, tour, {each.id: each for each in plan.orders}) == 1.0


# ------------------------------------------------------------------------------------------------- the re-plan


def replanned(plan: Plan, new: tuple[Order, ...], *statuses: VehicleStatus, freeze: float | None = None) -> Plan:
    moment = None if freeze is None else at(THURSDAY, freeze)
    ahead = prepare_replan(plan, OrderBook(places=HOMES, orders=new), town(), statuses, moment)
    tours = construct(ahead.instance.problem, ahead.start)
    return read_back(
        publish(ahead.instance, tours, seed=1, created_at=at(THURSDAY, 6), locks=ahead.locks, replaces=plan)
    )


def seen(tour: Tour, stops: int) -> VehicleStatus:
    """Return the status of a van that has just finished its first stops."""
    stop = tour.stops[stops - 1]
    place = next(each for each in (*HOMES, hub()) if each.id == stop.place_id)
    given = [each.order_id for stop in tour.stops[:stops] for each in stop.handovers if not each.collects]
    trip = tour.start.trip + sum(each.loading_list is not None for each in tour.stops[:stops])
    return VehicleStatus(
        vehicle_id=tour.vehicle_id, lat=place.lat, lon=place.lon, at=stop.end_at, done=tuple(given), trip=trip
    )


@pytest.fixture(scope="module")
def morning() -> Plan:
    van = vehicle(capacity_parcels=2, max_trips=3)
    return planned(request(places=HOMES, orders=orders(3), vehicles=(van,)))


@pytest.mark.parametrize("stops", [1, 2, 3])
def test_a_van_on_the_road_takes_a_burst_once_it_is_loaded_again(morning: Plan, stops: int) -> None:
    (tour,) = morning.tours
    after = replanned(morning, (order("new", "h5"),), seen(tour, stops))
    (again,) = after.tours
    assert not again.start.at_hub and after.totals.unassigned == 0
    behind = reloads(again)
    assert behind, "new orders are at the hub"
    assert "new.p" in {parcel for stop in behind for parcel in stop.loading_list or ()}
    last = again.start.trip + len(behind)
    assert last <= 3


def test_a_van_that_has_done_all_its_trips_takes_nothing_more(morning: Plan) -> None:
    (tour,) = morning.tours
    status = seen(tour, 1).replace(trip=3)
    after = replanned(morning, (order("new", "h5"),), status)
    assert "new" in {entry.order_id for entry in (*after.unassigned, *after.postponed)}


def test_a_trip_being_loaded_is_frozen_and_the_next_is_not(morning: Plan) -> None:
    (tour,) = morning.tours
    after = replanned(morning, (order("new", "h5"),), VehicleStatus(vehicle_id="van", loading_started=True))
    (again,) = after.tours
    assert again.loading_list == tour.loading_list
    assert "new.p" in {parcel for stop in reloads(again) for parcel in stop.loading_list or ()}


def test_what_was_announced_keeps_its_time_on_every_trip(morning: Plan) -> None:
    (tour,) = morning.tours
    told = {each.order_id: each.start_at for stop in tour.stops for each in stop.handovers}
    for stop in tour.stops:
        after = replanned(
            morning, (ready("new", "h5", 9),), freeze=(stop.start_at - at(THURSDAY, 0)).seconds / 3600 + 0.01
        )
        now = {each.order_id: each.start_at for tour in after.tours for stop in tour.stops for each in stop.handovers}
        kept = [name for name, start in told.items() if start <= stop.start_at]
        assert {name: now[name] for name in kept} == {name: told[name] for name in kept}


# ------------------------------------------------------------------------------------------------- the search


def test_the_search_finds_most_optima_with_several_trips() -> None:
    reached = used = 0
    for seed in range(500, 516):
        wanted = Features(orders=5, vehicles=1 + seed % 2, windows=seed % 2, release=True, metric=True, trips=2)
        problem = draw_problem(seed, wanted)
        tours = solve(problem, Budget(60), [RuinRecreateEngine(seed=seed, iterations=600)])
        check_state(problem.tables, tours)
        best = optimum(problem.tables)
        assert total_cost(problem.tables, tours) >= best.cost
        reached += int(total_cost(problem.tables, tours)) == best.cost
        extras = problem.tables.extras
        used += extras is not None and bool((tours.vehicle[extras.reload_ptr[0] :] >= 0).any())
    assert reached >= 12 and used >= 4


def test_or_tools_leaves_tours_with_several_trips_as_they_are() -> None:
    for seed in range(520, 526):
        problem = draw_problem(seed, Features(orders=6, vehicles=2, release=True, metric=True, trips=2, late=True))
        start = construct(problem)
        tours = OrToolsEngine().improve(problem, start, Budget(0.2), lambda better: None)
        check_state(problem.tables, tours)
        assert total_cost(problem.tables, tours) <= total_cost(problem.tables, start)
