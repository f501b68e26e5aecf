"""The re-plan, case by case: what is done, on board, being loaded or announced, and what is refused."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from data.errors import InputError
from data.model.change import Failure, FailureReason
from data.model.order import PlaceOption
from data.model.parcel import Dimensions, Parcel
from data.model.plan import Plan, Tour
from data.model.request import OrderBook, PlanRequest, VehicleStatus
from data.model.vehicle import Break
from routing.build import build_instance
from routing.publish import publish
from routing.replan import Replan, prepare_replan
from routing.replan_silent import as_planned
from routing.solver.engine import construct, served, solve
from routing.solver.search import RuinRecreateEngine
from routing.solver.sequences import append_sequence
from routing.solver.stop import Stop
from routing.solver.tours import empty_tours
from tests.replanned import handovers, published
from tests.small_plans import read_back
from tests.small_town import LARGE, SMALL, THURSDAY, at, home, hub, order, request, spot, town, vehicle, window

HOMES = tuple(home(f"h{n}", 1 + n, 2 + n % 3) for n in range(6))
TOWN = town()


def planned(wanted: PlanRequest) -> Plan:
    instance = build_instance(wanted, TOWN)
    plan = publish(instance, construct(instance.problem), seed=1, created_at=at(THURSDAY, 5))
    return read_back(plan)


def replanned(plan: Plan, *burst: object, **given: object) -> Plan:
    return finished(ready(plan, *burst, **given), plan)


def ready(plan: Plan, *burst: object, **given: object) -> Replan:
    return prepare_replan(plan, OrderBook(places=HOMES, orders=tuple(burst)), TOWN, **given)


def finished(begun: Replan, plan: Plan) -> Plan:
    tours = construct(begun.instance.problem, begun.start)
    return read_back(published(begun, tours, plan, at(THURSDAY, 6)))


def one_van(*ids: str, **changes: object) -> Plan:
    orders = tuple(order(name, f"h{n}") for n, name in enumerate(ids))
    return planned(request(places=HOMES, orders=orders, vehicles=(vehicle(**changes),)))


def two_vans(*ids: str) -> Plan:
    """Two vans that each have room for half of the orders."""
    vans = tuple(vehicle(name, capacity_parcels=(len(ids) + 1) // 2) for name in ("v1", "v2"))
    orders = tuple(order(name, f"h{n}") for n, name in enumerate(ids))
    return planned(request(places=HOMES, orders=orders, vehicles=vans))


def ids_of(plan: Plan, vehicle_id: str) -> list[str]:
    return [handover.order_id for tour in plan.tours if tour.vehicle_id == vehicle_id for handover in handovers(tour)]


def left(tour: Tour, done: int, **changes: object) -> VehicleStatus:
    """Return the status of a vehicle that has just finished its first ``done`` stops."""
    stop = tour.stops[done - 1] if done else None
    place = next(each for each in HOMES if each.id == stop.place_id) if stop else hub()
    return VehicleStatus(
        vehicle_id=tour.vehicle_id,
        lat=place.lat,
        lon=place.lon,
        at=stop.end_at if stop else tour.departure_at,
        done=tuple(handover.order_id for each in tour.stops[:done] for handover in each.handovers),
    ).replace(**changes)


def test_an_empty_burst_changes_no_tour() -> None:
    plan = one_van("a", "b", "c")
    again = replanned(plan)
    assert again.tours == plan.tours and again.replaces == plan.id and again.moved == ()


def test_a_burst_is_taken_in_and_nobody_changes_van() -> None:
    plan = two_vans("a", "b", "c")
    after = replanned(plan, order("new", "h5"))
    assert after.totals.served == 4 and after.moved == ()
    for van in ("v1", "v2"):
        assert set(ids_of(plan, van)) <= set(ids_of(after, van))


def test_new_work_is_not_put_into_the_past() -> None:
    """Once a van was seen on the road, idle vans leave after that moment, and one that must have left has left."""
    plan = one_van("a", "b", "c")
    (tour,) = plan.tours
    seen = left(tour, 2)
    after = replanned(
        plan.replace(vehicles=(*plan.vehicles, vehicle("spare")), access=()), order("new", "h5"), statuses=[seen]
    )
    assert ids_of(after, "spare") == ["new"]
    assert next(each for each in after.tours if each.vehicle_id == "spare").departure_at >= seen.at
    both = two_vans("a", "b", "c", "d")
    first, second = sorted(both.tours, key=lambda each: each.departure_at)
    later = left(second, len(second.stops))
    assert later.at > first.departure_at
    unseen = replanned(both, order("new", "h5"), statuses=[later])
    silent = next(each for each in unseen.tours if each.vehicle_id == first.vehicle_id)
    presumed = [each.order_id for each in unseen.presumed]
    assert presumed and presumed + ids_of(unseen, first.vehicle_id) == ids_of(both, first.vehicle_id)
    assert not silent.start.at_hub and all(stop.start_at > later.at for stop in silent.stops)
    assert [broken.order_id for broken in unseen.unassigned] == ["new"]
    there = [each for stop in first.stops for each in stop.handovers if stop.start_at > later.at]
    assert [each.start_at for each in handovers(silent)] == [each.start_at for each in there], "as told"


def test_a_silent_van_that_is_through_waits_where_it_is() -> None:
    """Its next leg starts now, not when the last stop was over; back at the hub it is there."""
    plan = two_vans("a", "b", "c", "d")
    first, second = sorted(plan.tours, key=lambda each: each.return_at)
    last, hubs = first.stops[-1], {each.id: (each.lat, each.lon) for each in plan.hubs}
    for now_at in (last.end_at + timedelta(seconds=1), first.return_at):
        (silent,) = as_planned(plan, [left(second, 1).replace(at=now_at)], now_at)
        assert silent.at == now_at and silent.done == tuple(ids_of(plan, first.vehicle_id))
        assert ((silent.lat, silent.lon) in hubs.values()) == (now_at == first.return_at)
    (under_way,) = as_planned(plan, [left(second, 1)], last.arrival_at - timedelta(seconds=1))
    assert under_way.at == first.stops[-2].end_at


def test_what_was_presumed_is_believed_or_found_on_board() -> None:
    both = two_vans("a", "b", "c", "d")
    first, second = sorted(both.tours, key=lambda each: each.departure_at)
    unseen = replanned(both, statuses=[left(second, len(second.stops))])
    presumed = {each.order_id for each in unseen.presumed}
    assert presumed and {each.vehicle_id for each in unseen.presumed} == {first.vehicle_id}
    silent = next(each for each in unseen.tours if each.vehicle_id == first.vehicle_id)
    seen = VehicleStatus(
        vehicle_id=first.vehicle_id, lat=silent.start.lat, lon=silent.start.lon, at=silent.departure_at
    )
    gone = VehicleStatus(vehicle_id=second.vehicle_id, lat=seen.lat, lon=seen.lon, at=seen.at)
    believed = replanned(unseen, statuses=[seen.replace(done=tuple(presumed)), gone])
    assert presumed <= set(believed.done) and believed.presumed == ()
    not_so = prepare_replan(unseen, OrderBook(), TOWN, [seen, gone])
    found = published(not_so, not_so.start, unseen, unseen.created_at)
    assert presumed <= set(ids_of(found, first.vehicle_id)) and found.presumed == () and not presumed & set(found.done)
    assert any("its status does not say so" in note for note in not_so.settled.notes)
    failed = tuple(Failure(order_id=each, reason=FailureReason.REFUSED) for each in presumed)
    back = replanned(unseen, statuses=[seen.replace(failed=failed), gone])
    assert {each.order_id for each in back.returned} == presumed
    cancelled = prepare_replan(unseen, OrderBook(cancelled=tuple(presumed)), TOWN, [gone])
    assert all("handed over already" in note for note in cancelled.settled.notes[: len(presumed)])


def test_done_orders_vanish_and_their_boxes_stay_taken() -> None:
    small = Parcel(id="s", load_g=1, volume_dm3=1, size_mm=SMALL)
    lockers = [order(name, "locker", parcels=(small.replace(id=f"{name}.p"),)) for name in ("l1", "l2", "l3")]
    plan = planned(request(places=HOMES, orders=(*lockers, order("a", "h0"))))
    assert plan.totals.served == 4, "two small boxes and a large one"
    (tour,) = plan.tours
    locker = next(place for place in TOWN.places if place.id == "locker")
    stop = next(stop for stop in tour.stops if stop.place_id == "locker")
    status = VehicleStatus(
        vehicle_id="van",
        lat=locker.lat,
        lon=locker.lon,
        at=stop.end_at,
        done=tuple(handover.order_id for handover in stop.handovers),
    )
    spare = vehicle("spare")
    after = replanned(
        plan.replace(vehicles=(*plan.vehicles, spare), access=()), order("more", "locker"), statuses=[status]
    )
    assert set(after.done) == {"l1", "l2", "l3"}
    (broken,) = after.unassigned
    assert broken.order_id == "more"
    assert [reason.code for reason in broken.reasons] == ["LOCKER_CAPACITY_CONSTRAINT", "LOCKED_VEHICLE"]


def test_what_a_relay_has_received_counts_for_its_day() -> None:
    plan = planned(request(places=HOMES, orders=tuple(order(f"r{n}", "relay") for n in range(3))))
    (tour,) = plan.tours
    relay = next(place for place in TOWN.places if place.id == "relay")
    done = tuple(handover.order_id for handover in handovers(tour))
    status = VehicleStatus(vehicle_id="van", lat=relay.lat, lon=relay.lon, at=tour.stops[0].end_at, done=done)
    larger = plan.replace(vehicles=(*plan.vehicles, vehicle("spare")))
    after = replanned(larger, order("x", "relay"), order("y", "relay"), statuses=[status])
    assert after.totals.served == 1, "four a day"


def test_what_is_on_board_stays_and_nothing_is_added() -> None:
    plan = two_vans("a", "b", "c", "d")
    tour = plan.tours[0]
    after = replanned(plan, order("new", "h5"), statuses=[left(tour, 1)])
    assert ids_of(after, tour.vehicle_id) == ids_of(plan, tour.vehicle_id)[1:]
    assert "new" not in ids_of(after, tour.vehicle_id)
    (lock,) = after.locks
    assert (lock.vehicle_id, lock.closed_to_others) == (tour.vehicle_id, True)
    now = next(each for each in after.tours if each.vehicle_id == tour.vehicle_id)
    assert not now.start.at_hub and now.departure_at == tour.stops[0].end_at


def test_what_was_left_at_the_hub_goes_with_another_van() -> None:
    plan = two_vans("a", "b", "c")
    tour = next(each for each in plan.tours if len(handovers(each)) == 2)
    taken, forgotten = ids_of(plan, tour.vehicle_id)
    after = replanned(plan, statuses=[left(tour, 0, on_board=(taken,))])
    assert ids_of(after, tour.vehicle_id) == [taken]
    assert after.totals.served == 3 and after.moved == (forgotten,)


def test_what_is_aboard_another_van_than_planned_is_delivered_by_it() -> None:
    plan = two_vans("a", "b", "c", "d")
    here, there = plan.tours
    aboard = (*ids_of(plan, here.vehicle_id), ids_of(plan, there.vehicle_id)[0])
    after = replanned(plan.replace(vehicles=tuple(each.replace(capacity_parcels=4) for each in plan.vehicles)),
                      statuses=[left(here, 0, on_board=aboard)])  # fmt: skip
    assert set(ids_of(after, here.vehicle_id)) == set(aboard)
    assert set(after.moved) == {aboard[-1]}


def test_a_van_that_was_not_planned_may_be_on_the_road_with_orders() -> None:
    plan = planned(request(places=HOMES, orders=(order("a", "h0"),), vehicles=(vehicle("v1"), vehicle("v2"))))
    used = plan.tours[0].vehicle_id
    other = {"v1": "v2", "v2": "v1"}[used]
    status = left(plan.tours[0], 0, vehicle_id=other, on_board=("a",))
    after = replanned(plan, statuses=[status])
    assert ids_of(after, other) == ["a"] and ids_of(after, used) == []


def test_a_tour_that_is_being_loaded_does_not_change_and_takes_nothing() -> None:
    plan = two_vans("a", "b", "c")
    tour = next(each for each in plan.tours if len(handovers(each)) == 1)
    status = VehicleStatus(vehicle_id=tour.vehicle_id, loading_started=True)
    after = replanned(plan, order("new", "h5"), statuses=[status])
    assert next(each for each in after.tours if each.vehicle_id == tour.vehicle_id) == tour
    assert after.locks[0].sequence and after.locks[0].closed_to_others


def test_announced_stops_keep_their_times_although_the_break_could_be_elsewhere() -> None:
    """The plan's break comes first; placed anew it would come last and bring every stop forward."""
    pause = Break(id="coffee", window=window(THURSDAY, 8, 17), duration_s=1800)
    orders = tuple(order(name, f"h{n}") for n, name in enumerate(("a", "b", "c")))
    instance = build_instance(request(places=HOMES, orders=orders, vehicles=(vehicle(breaks=(pause,)),)), TOWN)
    tours = empty_tours(instance.problem.tables)
    assert append_sequence(instance.problem.tables, tours, 0, [0, 1, 2], pinned=[1]) == []
    plan = read_back(publish(instance, tours, seed=1, created_at=at(THURSDAY, 5)))
    (tour,) = plan.tours
    assert [taken.after_stop for taken in tour.breaks] == [0]
    after = replanned(plan, order("new", "h5"), freeze_before=tour.stops[2].start_at)
    head = [(each.order_id, each.start_at) for each in handovers(after.tours[0])[:2]]
    assert head == [(each.order_id, each.start_at) for each in handovers(tour)[:2]]
    assert after.totals.served == 4
    assert [taken.after_stop for taken in after.tours[0].breaks] == [0]


def test_a_frozen_tour_takes_no_parcel_that_is_not_there_when_it_leaves() -> None:
    plan = one_van("a", "b")
    (tour,) = plan.tours
    late = Parcel(id="late.p", load_g=1, volume_dm3=1, ready_at=tour.departure_at + timedelta(hours=1))
    after = replanned(plan, order("late", "h5", parcels=(late,)), freeze_before=tour.stops[1].start_at)
    assert ids_of(after, "van") == ids_of(plan, "van")
    assert after.unassigned[0].order_id == "late"


def test_a_warm_start_serves_at_least_as_many_and_the_search_never_fewer() -> None:
    plan = two_vans("a", "b", "c", "d")
    begun = ready(plan, order("new", "h5"), order("newer", "h5"))
    first = construct(begun.instance.problem, begun.start)
    tables = begun.instance.problem.tables
    assert served(tables, first) >= served(tables, begun.start) == 4
    best = solve(begun.instance.problem, Stop(0.2), [RuinRecreateEngine()], first)
    assert begun.instance.problem.tables.penalty[best.vehicle < 0].sum() <= (
        begun.instance.problem.tables.penalty[first.vehicle < 0].sum()
    )
    kept = begun.start.vehicle >= 0
    assert np.array_equal(best.vehicle[kept], begun.start.vehicle[kept])


def refusal(plan: Plan, book: OrderBook, **given: object) -> InputError:
    with pytest.raises(InputError) as caught:
        prepare_replan(plan, book, TOWN, **given)
    return caught.value


def test_orders_places_and_parcels_that_are_known_already_are_refused() -> None:
    plan = one_van("a", "b")
    again = refusal(plan, OrderBook(orders=(order("x", "h4"), order("b", "h4"))))
    assert (again.code, again.where) == ("duplicate_id", "burst#/orders/1/id")
    moved = refusal(plan, OrderBook(places=(home("h0", 5, 5),), orders=(order("x", "h0"),)))
    assert (moved.code, moved.where) == ("duplicate_id", "burst#/places/0/id")
    parcel = Parcel(id="a.p", load_g=1, volume_dm3=1)
    assert refusal(plan, OrderBook(orders=(order("x", "h4", parcels=(parcel,)),))).code == "duplicate_id"
    assert refusal(plan, OrderBook(orders=(order("x", "h4"), order("x", "h5")))).code == "duplicate_id"
    assert refusal(plan, OrderBook(orders=(order("x", "h4", hub_id="nowhere"),))).code == "unknown_hub"


def test_statuses_that_name_what_is_not_there_are_refused() -> None:
    plan = two_vans("a", "b", "c", "d")
    nothing = OrderBook()
    ghost = VehicleStatus(vehicle_id="ghost")
    assert refusal(plan, nothing, statuses=[ghost]).code == "unknown_vehicle"
    odd = VehicleStatus(vehicle_id="v1", done=("ghost",))
    assert refusal(plan, nothing, statuses=[odd]).code == "unknown_order"
    lat, lon = spot(3, 3)
    both = [
        VehicleStatus(vehicle_id=name, lat=lat, lon=lon, at=at(THURSDAY, 9), on_board=("a",)) for name in ("v1", "v2")
    ]
    assert refusal(plan, nothing, statuses=both).code == "duplicate_id"
    assert refusal(plan.replace(city="Elsewhere"), nothing).code == "wrong_city"


def test_a_van_that_can_no_longer_deliver_in_time_is_as_little_late_as_may_be() -> None:
    slot = PlaceOption(place_id="h0", windows=(window(THURSDAY, 9, 10),))
    plan = planned(request(places=HOMES, orders=(order("a", slot),)))
    late = left(plan.tours[0], 0, at=at(THURSDAY, 10.5))
    after = replanned(plan, statuses=[late])
    (overrun,) = after.overruns
    (tour,) = after.tours
    assert overrun.order_id == "a" and tour.departure_at == late.at
    assert tour.stops[0].start_at == late.at + timedelta(seconds=tour.legs[0].travel_s)
    assert overrun.late_s == int((tour.stops[0].start_at - at(THURSDAY, 10)).total_seconds())
    done = replanned(plan, statuses=[late.replace(done=("a",))])
    assert done.tours == () and done.done == ("a",) and done.overruns == ()


def test_the_next_replan_needs_to_know_where_the_vans_on_the_road_are() -> None:
    plan = two_vans("a", "b", "c", "d")
    after = replanned(plan, statuses=[left(plan.tours[0], 1)])
    error = refusal(after, OrderBook())
    assert error.code == "status_missing" and plan.tours[0].vehicle_id in error.message


def test_a_tour_stays_closed_once_its_loading_has_begun() -> None:
    plan = two_vans("a", "b", "c")
    tour = next(each for each in plan.tours if len(handovers(each)) == 1)
    after = replanned(plan, statuses=[VehicleStatus(vehicle_id=tour.vehicle_id, loading_started=True)])
    later = replanned(after, order("new", "h5"))
    assert next(each for each in later.tours if each.vehicle_id == tour.vehicle_id) == tour
    assert [lock.reason for lock in later.locks] == ["loading has started"]


def test_a_break_that_was_taken_is_not_asked_again() -> None:
    pause = Break(id="lunch", window=window(THURSDAY, 8, 17), duration_s=3600)
    plan = one_van("a", "b", breaks=(pause,))
    (tour,) = plan.tours
    after = replanned(plan, statuses=[left(tour, 1, breaks_done=("lunch",))])
    assert after.tours[0].breaks == ()


def test_dimensions_count_in_a_burst_too() -> None:
    plan = one_van("a", max_mm=LARGE)
    long = Dimensions(length_mm=2000, width_mm=10, height_mm=10)
    parcel = Parcel(id="long.p", load_g=1, volume_dm3=1, size_mm=long)
    after = replanned(plan, order("long", "h1", parcels=(parcel,)))
    assert [each.reasons[0].code for each in after.unassigned] == ["DIMENSION_CONSTRAINT"]
