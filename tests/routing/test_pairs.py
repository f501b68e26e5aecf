"""Parcels collected on the way: returns, relay to home, shop to home; planned, re-planned, and by OR-Tools."""

from __future__ import annotations

from datetime import timedelta

import pytest

from data.errors import InputError
from data.model.order import Order, PlaceOption
from data.model.parcel import Parcel
from data.model.plan import Handover, Tour
from data.model.request import OrderBook, VehicleStatus
from data.sources.check import check_request
from routing.build import build_instance
from routing.publish import publish
from routing.replan import prepare_replan
from routing.solver.engine import construct, solve
from routing.solver.ortools_model import OrToolsEngine
from routing.solver.search import RuinRecreateEngine
from routing.solver.stop import Stop
from routing.solver.tours import empty_tours, total_cost
from tests.drawn_problems import Features, draw_problem
from tests.small_plans import planned, read_back
from tests.small_town import THURSDAY, at, home, hub, order, request, town, vehicle, window
from tests.solver_checks import check_state
from tests.solver_optimum import optimum

HOMES = tuple(home(f"h{n}", 1 + n, 2 + n % 3) for n in range(6))


def collect(name: str, source: str, target: str, parcels: int = 1, **changes: object) -> Order:
    items = tuple(Parcel(id=f"{name}.{n}", load_g=1000, volume_dm3=5) for n in range(parcels))
    return order(name, target, from_place=PlaceOption(place_id=source), parcels=items).replace(**changes)


def visits(tour: Tour) -> list[Handover]:
    return [handover for stop in tour.stops for handover in stop.handovers]


def story(tour: Tour) -> list[str]:
    """Return what is handed over (-) and collected (+), in order."""
    return [("+" if each.collects else "-") + each.order_id for each in visits(tour)]


def test_a_return_is_collected_and_brought_to_a_relay_on_the_same_tour() -> None:
    plan = planned(request(places=HOMES, orders=(order("a", "h0"), collect("back", "h3", "relay"))))
    (tour,) = plan.tours
    told = story(tour)
    assert sorted(told) == ["+back", "-a", "-back"] and told.index("+back") < told.index("-back")
    assert tour.loading_list == ("a.p",) and tour.parcels == 2
    assert plan.totals.served == 2


def test_parcels_take_room_only_between_their_two_stops() -> None:
    orders = (order("a", "h0"), collect("b", "h1", "h2"), collect("c", "h3", "h4"))
    (tour,) = planned(request(places=HOMES, orders=orders, vehicles=(vehicle(capacity_parcels=1),))).tours
    assert sorted(story(tour)) == ["+b", "+c", "-a", "-b", "-c"]
    none = planned(
        request(places=HOMES, orders=(collect("b", "h1", "h2", 2),), vehicles=(vehicle(capacity_parcels=1),))
    )
    assert none.tours == () and none.unassigned[0].reasons[0].code == "CAPACITY_CONSTRAINT"


def test_nothing_is_collected_before_it_is_ready_or_outside_its_windows() -> None:
    late = collect("b", "h1", "h2")
    late = late.replace(parcels=(late.parcels[0].replace(ready_at=at(THURSDAY, 10)),))
    (tour,) = planned(request(places=HOMES, orders=(late,))).tours
    assert visits(tour)[0].start_at >= at(THURSDAY, 10)
    slot = collect("b", "h1", "h2", from_place=PlaceOption(place_id="h1", windows=(window(THURSDAY, 9, 9.5),)))
    (tour,) = planned(request(places=HOMES, orders=(slot,))).tours
    assert at(THURSDAY, 9) <= visits(tour)[0].start_at <= at(THURSDAY, 9.5)
    over = slot.replace(parcels=(slot.parcels[0].replace(ready_at=at(THURSDAY, 10)),))
    assert planned(request(places=HOMES, orders=(over,))).tours == ()


def test_a_place_that_nobody_knows_is_named() -> None:
    lost = collect("b", "nowhere", "h2")
    wanted = request(places=HOMES, orders=(lost,))
    with pytest.raises(InputError, match="nowhere") as caught:
        build_instance(wanted, town())
    assert caught.value.where == "#/orders/0/from_place/place_id"
    with pytest.raises(InputError, match="nowhere"):
        check_request(wanted, town())


def on_the_road(tour: Tour, stops: int) -> VehicleStatus:
    """Return the status of a van that has finished its first stops; what it collected is inferred."""
    stop = tour.stops[stops - 1] if stops else None
    place = next(each for each in HOMES if each.id == stop.place_id) if stop else hub()
    given = [each for stop in tour.stops[:stops] for each in stop.handovers]
    return VehicleStatus(
        vehicle_id=tour.vehicle_id,
        lat=place.lat,
        lon=place.lon,
        at=stop.end_at if stop else tour.departure_at,
        done=tuple(each.order_id for each in given if not each.collects),
    )


@pytest.mark.parametrize("stops", range(5))
def test_a_van_on_the_road_goes_on_collecting(stops: int) -> None:
    orders = (order("a", "h0"), collect("b", "h1", "h2"), collect("c", "h3", "h4"))
    plan = planned(request(places=HOMES, orders=orders))
    (tour,) = plan.tours
    status = on_the_road(tour, stops)
    ready = prepare_replan(plan, OrderBook(places=HOMES, orders=(collect("new", "h5", "h0"),)), town(), [status])
    after = publish(ready.instance, construct(ready.instance.problem, ready.start), seed=1,
                    created_at=at(THURSDAY, 6), locks=ready.locks, replaces=plan)  # fmt: skip
    (again,) = read_back(after).tours
    rest = [each for each in story(again) if "new" not in each]
    assert sorted(rest) == sorted(story(tour)[sum(len(stop.handovers) for stop in tour.stops[:stops]) :])
    assert "-new" in story(again)


def test_what_was_announced_keeps_its_time_though_half_a_pair_is_behind_it() -> None:
    plan = planned(request(places=HOMES, orders=(order("a", "h0"), collect("b", "h1", "h2"), order("c", "h3"))))
    (tour,) = plan.tours
    for stop in tour.stops:
        freeze = stop.start_at + timedelta(seconds=1)
        ready = prepare_replan(plan, OrderBook(places=HOMES, orders=(order("new", "h5"),)), town(), (), freeze)
        tours = solve(ready.instance.problem, Stop(60), [RuinRecreateEngine(iterations=80)], ready.start)
        after = publish(ready.instance, tours, seed=1, created_at=at(THURSDAY, 6), locks=ready.locks, replaces=plan)
        (again,) = read_back(after).tours
        head = [each for each in visits(tour) if each.start_at < freeze]
        assert visits(again)[: len(head)] == head


def test_or_tools_knows_pairs() -> None:
    reached = 0
    for seed in range(300, 308):
        wanted = Features(orders=5, vehicles=2, options=2, windows=1, setup=True, metric=True, pairs=True)
        problem = draw_problem(seed, wanted)
        best = optimum(problem.tables)
        start = empty_tours(problem.tables) if seed % 2 else construct(problem)
        tours = OrToolsEngine().improve(problem, start, Stop(0.25), lambda better: None)
        check_state(problem.tables, tours)
        left_out = int(problem.tables.penalty[tours.vehicle < 0].sum())
        assert total_cost(problem.tables, tours) >= best.cost
        reached += left_out <= best.merit[0]
    assert reached >= 6


def test_the_search_finds_most_optima_with_pairs() -> None:
    reached = 0
    for seed in range(400, 412):
        problem = draw_problem(seed, Features(orders=6, vehicles=2, windows=1, breaks=1, metric=True, pairs=True))
        tours = solve(problem, Stop(60), [RuinRecreateEngine(iterations=400)])
        check_state(problem.tables, tours)
        reached += int(total_cost(problem.tables, tours)) == optimum(problem.tables).cost
    assert reached >= 9
