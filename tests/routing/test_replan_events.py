"""What goes wrong on the road, case by case: failures, breakdowns, cancelled and changed orders, transfers, prices."""

from __future__ import annotations

from datetime import timedelta
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import InputError
from data.model.change import Booked, ChangePrices, Failure, FailureReason, Transfer
from data.model.order import PlaceOption
from data.model.parcel import Parcel, ParcelState
from data.model.plan import Plan
from data.model.request import OrderBook, PlanRequest, VehicleStatus
from routing.build import build_instance
from routing.problem import COST_PER_CENT
from routing.publish import publish, told_before
from routing.replan import prepare_replan
from routing.replan_loading import LoadingOrder, restowed, rising
from routing.solver.engine import construct, improve
from routing.solver.search import RuinRecreateEngine
from routing.solver.stop import Stop
from tests.replanned import handovers, published
from tests.small_plans import read_back
from tests.small_town import THURSDAY, at, home, hub, order, request, town, vehicle, window

FRIDAY = THURSDAY + timedelta(days=1)
HOMES = tuple(home(f"h{n}", 1 + n, 2 + n % 3) for n in range(6))
TOWN = town()


def planned(wanted: PlanRequest) -> Plan:
    instance = build_instance(wanted, TOWN)
    return read_back(publish(instance, construct(instance.problem), seed=1, created_at=at(THURSDAY, 5)))


def replanned(plan: Plan, book: OrderBook | None = None, **changes: object) -> Plan:
    ready = prepare_replan(plan, book or OrderBook(places=HOMES), TOWN, **changes)
    first = construct(ready.instance.problem, ready.start)
    best = improve(ready.instance.problem, first, Stop(60), [RuinRecreateEngine(iterations=200)])
    best = LoadingOrder.told(ready.instance, told_before(plan, ready.instance, ready.settled), ready.prices).kept(best)
    return read_back(published(ready, best, plan, at(THURSDAY, 6)))


def one_van(*options: tuple[PlaceOption | str, ...], **changes: object) -> Plan:
    orders = tuple(order(f"o{n}", *each) for n, each in enumerate(options))
    return planned(request(places=HOMES, orders=orders, vehicles=(vehicle(),), delivery_days=(FRIDAY,), **changes))


def failed(plan: Plan, order_id: str, reason: FailureReason) -> VehicleStatus:
    """Return the status of the van at the stop where an order could not be handed over."""
    (tour,) = plan.tours
    number = next(n for n, stop in enumerate(tour.stops) if order_id in {each.order_id for each in stop.handovers})
    stop = tour.stops[number]
    place = next(each for each in plan.places if each.id == stop.place_id)
    done = tuple(each.order_id for each in handovers(tour.replace(stops=tour.stops[: number + 1])))
    return VehicleStatus(
        vehicle_id="van", lat=place.lat, lon=place.lon, at=stop.end_at,
        done=tuple(one for one in done if one != order_id), failed=(Failure(order_id=order_id, reason=reason),),
    )  # fmt: skip


def test_nobody_there_and_no_other_place_is_a_second_presentation() -> None:
    plan = one_van(("h0",), ("h1",))
    after = replanned(plan, statuses=[failed(plan, "o0", FailureReason.ABSENT)])
    (again,) = after.postponed
    assert (again.order_id, again.to_day, again.second) == ("o0", FRIDAY, True), "also after its promise"
    assert after.unassigned == () and after.failed[0].place_id == "h0"


def test_a_full_locker_sends_the_parcel_to_the_relay_it_names() -> None:
    plan = one_van(("locker", PlaceOption(place_id="relay", cost_cents=900)), ("h1",))
    after = replanned(plan, statuses=[failed(plan, "o0", FailureReason.FULL)])
    served = {each.order_id: stop.place_id for tour in after.tours for stop in tour.stops for each in stop.handovers}
    assert served["o0"] == "relay" and after.returned == ()


@pytest.mark.parametrize("reason", [FailureReason.FULL, FailureReason.CLOSED])
def test_a_locker_that_took_no_more_is_closed_to_the_others(reason: FailureReason) -> None:
    """What was planned there goes to its fallback; what has none comes again, and no new order is sent there."""
    relay = PlaceOption(place_id="relay", cost_cents=900)
    plan = one_van(("locker", relay), ("locker", relay), ("locker",), ("h1",))
    (tour,) = plan.tours
    stop = next(n for n, each in enumerate(tour.stops) if each.place_id == "locker")
    tried, *others = (each.order_id for each in tour.stops[stop].handovers)
    seen = failed(plan, tried, reason)
    seen = seen.replace(done=tuple(one for one in seen.done if one not in others))
    more = order("new", "locker", relay)
    ready = prepare_replan(plan, OrderBook(places=HOMES, orders=(more,)), TOWN, statuses=[seen])
    assert set(ready.settled.shut) == {"locker"}
    after = read_back(published(ready, construct(ready.instance.problem, ready.start), plan, at(THURSDAY, 6)))
    served = {each.order_id: stop.place_id for tour in after.tours for stop in tour.stops for each in stop.handovers}
    assert "locker" not in served.values()
    assert served["o0"] == served["o1"] == "relay"
    (again,) = after.postponed
    assert again.order_id == "o2" and again.second
    assert {failure.order_id: failure.reason for failure in after.failed}["o2"] is reason
    assert next(place for place in after.places if place.id == "locker").boxes[-1].free == 0


@pytest.mark.parametrize("reason", [FailureReason.REFUSED, FailureReason.ADDRESS, FailureReason.DAMAGED])
def test_what_nobody_wants_goes_back(reason: FailureReason) -> None:
    plan = one_van(("h0", "h2"), ("h1",))
    after = replanned(plan, statuses=[failed(plan, "o0", reason)])
    (back,) = after.returned
    assert (back.order_id, back.code) == ("o0", reason.value.upper()) and after.totals.returned == 1


def test_the_next_replan_still_knows_what_came_back() -> None:
    plan = one_van(("h0",), ("h1",), ("h2",))
    status = failed(plan, "o0", FailureReason.REFUSED)
    after = replanned(plan, statuses=[status])
    later = replanned(after, statuses=[status.replace(failed=())])
    assert later.returned == after.returned and later.failed == after.failed


def test_a_cancelled_order_leaves_but_what_is_loaded_comes_back() -> None:
    plan = one_van(("h0",), ("h1",), ("h2",))
    gone = replanned(plan, OrderBook(cancelled=("o1",)))
    assert gone.cancelled == ("o1",) and "o1" not in {each.id for each in gone.orders}
    loading = [VehicleStatus(vehicle_id="van", loading_started=True)]
    back = replanned(plan, OrderBook(cancelled=("o1",)), statuses=loading)
    assert [(each.order_id, each.code) for each in back.returned] == [("o1", "CANCELLED")]
    assert [each.order_id for each in handovers(back.tours[0])] == [
        each.order_id for each in handovers(plan.tours[0]) if each.order_id != "o1"
    ]


def test_a_changed_order_goes_to_its_new_place_unless_it_is_being_loaded() -> None:
    plan = one_van(("h0",), ("h1",))
    book = OrderBook(places=HOMES, changed=(order("o1", "h4"),))
    after = replanned(plan, book)
    assert {each.place_id for each in after.tours[0].stops} == {"h0", "h4"}
    loading = [VehicleStatus(vehicle_id="van", loading_started=True)]
    ready = prepare_replan(plan, book, TOWN, loading)
    assert "being loaded" in ready.settled.notes[0]
    assert {each.place_id for each in replanned(plan, book, statuses=loading).tours[0].stops} == {"h0", "h1"}


def test_an_unknown_order_can_be_neither_cancelled_nor_changed() -> None:
    plan = one_van(("h0",))
    for book in (OrderBook(cancelled=("x",)), OrderBook(changed=(order("x", "h0"),))):
        with pytest.raises(InputError, match="not in the plan"):
            prepare_replan(plan, book, TOWN)


def broken_down(plan: Plan, **changes: object) -> VehicleStatus:
    """Return the status of the first tour's van, down after its first stop."""
    tour = plan.tours[0]
    place = next(each for each in plan.places if each.id == tour.stops[0].place_id)
    return VehicleStatus(
        vehicle_id=tour.vehicle_id, lat=place.lat, lon=place.lon, at=tour.stops[0].end_at, down=True,
        done=tuple(each.order_id for each in tour.stops[0].handovers),
    ).replace(**changes)  # fmt: skip


def two_vans() -> Plan:
    orders = tuple(order(f"o{n}", f"h{n}") for n in range(4))
    vans = (vehicle("v1"), vehicle("v2"))
    return planned(request(places=HOMES, orders=orders, vehicles=vans))


def test_what_a_van_that_is_down_carries_is_collected_where_it_stands() -> None:
    plan = two_vans()
    status = broken_down(plan)
    after = replanned(plan, statuses=[status])
    (tour,) = after.tours
    assert tour.vehicle_id != status.vehicle_id and after.down == (status.vehicle_id,)
    assert {each.order_id for stop in tour.stops for each in stop.handovers if each.collects} == {
        each.order_id for each in handovers(tour)
    }
    assert status.at is not None and tour.departure_at >= status.at, "nobody leaves in the past"
    assert replanned(after).down == (status.vehicle_id,), "it stays down until somebody says otherwise"


def test_or_it_is_handed_back_to_the_hub_at_a_time() -> None:
    plan = two_vans()
    back_at = at(THURSDAY, 11)
    after = replanned(plan, statuses=[broken_down(plan, hand_back_at=back_at)])
    (tour,) = after.tours
    assert tour.departure_at >= back_at + timedelta(seconds=hub().loading_s)
    assert after.totals.served == 3


def test_a_transfer_brings_what_lies_at_another_hub() -> None:
    there = Parcel(id="p", load_g=1000, volume_dm3=5, hub_id="south")
    ride = Transfer(from_hub_id="south", to_hub_id="hub", leaves_at=at(THURSDAY, 9), arrives_at=at(THURSDAY, 10))
    hubs = (hub(), hub("south", 1, 6))
    wanted = request(hubs=hubs, orders=(order("o", "a", parcels=(there,)),), transfers=(ride,))
    (tour,) = planned(wanted).tours
    assert tour.departure_at >= at(THURSDAY, 10) + timedelta(seconds=hub().loading_s)
    assert planned(wanted.replace(transfers=())).unassigned[0].reasons[0].code == "HUB_CONSTRAINT"


def test_what_a_later_day_carries_already_leaves_less_room() -> None:
    orders = tuple(order(f"o{n}", "a", promised_on=FRIDAY) for n in range(18))
    small = request(orders=orders, vehicles=(vehicle(capacity_parcels=10),), delivery_days=(FRIDAY,))
    assert len(planned(small).postponed) == 8
    booked = (
        Booked(day=FRIDAY, hub_id="hub", orders=3, parcels=3),
        Booked(day=FRIDAY, hub_id="x", orders=9, parcels=9),
    )
    assert len(planned(small.replace(booked=booked[:1])).postponed) == 5


def lopsided() -> Plan:
    """Two vans, each with orders that are nearer to the other's: moving them pays, if it costs nothing."""
    orders = tuple(order(f"o{n}", f"h{n}") for n in range(6))
    vans = (vehicle("v1", capacity_parcels=3), vehicle("v2", capacity_parcels=3))
    plan = planned(request(places=HOMES, orders=orders, vehicles=vans))
    return plan


@pytest.mark.parametrize("most", [0, 1, 2])
def test_no_more_orders_move_than_allowed(most: int) -> None:
    plan = lopsided()
    roomy = plan.replace(vehicles=tuple(van.replace(capacity_parcels=6) for van in plan.vehicles))
    after = replanned(roomy, prices=ChangePrices(max_moves=most))
    assert len(after.moved) <= most and after.change_prices.max_moves == most
    free = replanned(roomy, prices=ChangePrices())
    assert len(free.moved) == 3, "one van does it all"


def test_a_move_is_made_where_it_pays_more_than_it_costs() -> None:
    plan = lopsided()
    roomy = plan.replace(vehicles=tuple(van.replace(capacity_parcels=6) for van in plan.vehicles))
    saved = roomy.totals.cost_cents - replanned(roomy, prices=ChangePrices()).totals.cost_cents
    cheap = replanned(roomy, prices=ChangePrices(move_cents=saved // 10))
    assert len(cheap.moved) == 3 and cheap.totals.change_cents == 3 * (saved // 10)
    assert replanned(roomy, prices=ChangePrices(move_cents=saved)).moved == ()


def test_sorted_parcels_are_dearer_to_move() -> None:
    plan = lopsided()
    state = {"state": ParcelState.SORTED}
    orders = tuple(
        each.replace(parcels=tuple(parcel.replace(**state) for parcel in each.parcels)) for each in plan.orders
    )
    roomy = plan.replace(orders=orders, vehicles=tuple(van.replace(capacity_parcels=6) for van in plan.vehicles))
    assert replanned(roomy, prices=ChangePrices(move_cents=1, sorted_cents=100_000)).moved == ()
    assert len(replanned(roomy, prices=ChangePrices(move_cents=1)).moved) == 3


def test_hours_that_were_told_are_kept_where_minutes_have_a_price() -> None:
    """The new order lies on the way; with a price on minutes it goes to the end of the tour."""
    plan = one_van(("h0",), ("h3",), ("h5",))
    book = OrderBook(places=HOMES, orders=(order("new", "h2"),))
    told = {each.order_id: each.start_at for each in handovers(plan.tours[0])}

    def later_s(after: Plan) -> float:
        (tour,) = after.tours
        now = {each.order_id: each.start_at for each in handovers(tour)}
        return sum(max(0.0, (now[one] - then).total_seconds()) for one, then in told.items())

    free, priced = replanned(plan, book), replanned(plan, book, prices=ChangePrices(eta_cents_per_minute=1_000))
    assert free.totals.served == priced.totals.served == 4
    assert later_s(priced) < later_s(free)
    assert priced.totals.change_cents == pytest.approx(later_s(priced) / 60 * 1_000, abs=3)


def test_parcels_keep_their_loading_order_where_changing_it_has_a_price() -> None:
    """A new order makes it shorter to drive the other way round; a price on that keeps the sequence told."""
    plan = one_van(("h0",), ("h2",), ("h4",))
    (tour,) = plan.tours
    told = [each.order_id for each in handovers(tour)]
    turned = plan.replace(
        tours=(tour.replace(stops=tour.stops[::-1]),)
    )  # what was told is the other sequence: as far to drive, or nearly
    free = replanned(turned, prices=ChangePrices())
    assert [each.order_id for each in handovers(free.tours[0])] == told and free.totals.change_cents == 0
    dear = replanned(turned, prices=ChangePrices(loading_cents=10_000))
    assert [each.order_id for each in handovers(dear.tours[0])] == told[::-1] and dear.totals.change_cents == 0
    cheap = ChangePrices(loading_cents=1)
    ready = prepare_replan(turned, OrderBook(), TOWN, prices=cheap)
    keeper = LoadingOrder.told(ready.instance, told_before(turned, ready.instance, ready.settled), cheap)
    best = improve(ready.instance.problem, construct(ready.instance.problem, ready.start), Stop(60),
                   [RuinRecreateEngine(iterations=200)])  # fmt: skip
    kept = keeper.kept(best)
    assert keeper.merit(kept) <= keeper.merit(best) and keeper.merit(kept) <= keeper.merit(ready.start)


@given(st.lists(st.integers(0, 12), unique=True, max_size=8))
def test_as_few_as_can_be_are_taken_out(places: list[int]) -> None:
    most = max(
        len(some) for n in range(len(places) + 1) for some in combinations(places, n) if list(some) == sorted(some)
    )
    assert restowed(places) == len(places) - most
    assert [places[index] for index in rising(places)] == sorted(places[index] for index in rising(places))


def test_minutes_have_a_price_on_board_too() -> None:
    plan = one_van(("h0",), ("h2",), ("h4",))
    (tour,) = plan.tours
    seen = VehicleStatus(vehicle_id="van", lat=tour.start.lat, lon=tour.start.lon, at=tour.departure_at)
    ready = prepare_replan(plan, OrderBook(), TOWN, [seen], prices=ChangePrices(eta_cents_per_minute=20))
    extras = ready.instance.problem.tables.extras
    assert extras is not None
    told = {each.order_id: ready.instance.day_s(each.start_at) for each in handovers(tour)}
    for row, each in enumerate(ready.instance.orders):
        assert extras.late[row].tolist() == [told[each.id], 20 * COST_PER_CENT // 60]


def test_an_order_whose_hour_is_past_is_not_told_that_its_parcels_come_too_late() -> None:
    """Nothing leaves the hub before the present; that is no fault of the parcels."""
    vans = (vehicle("v1", capacity_parcels=2), vehicle("v2"))
    plan = planned(request(places=HOMES, orders=(order("o0", "h0"), order("o1", "h1")), vehicles=vans))
    tour = plan.tours[0]
    seen = VehicleStatus(vehicle_id=tour.vehicle_id, lat=tour.start.lat, lon=tour.start.lon, at=at(THURSDAY, 12))
    late = order("late", PlaceOption(place_id="h2", windows=(window(THURSDAY, 9, 10),)))
    ready = prepare_replan(plan, OrderBook(places=HOMES, orders=(late,)), TOWN, [seen])
    after = published(ready, construct(ready.instance.problem, ready.start), plan, at(THURSDAY, 12))
    (broken,) = after.unassigned
    assert "RELEASE_CONSTRAINT" not in {reason.code for reason in broken.reasons}
    assert "TIME_WINDOW_CONSTRAINT" in {reason.code for reason in broken.reasons}
