"""A day in parts is the day: nothing lost, nothing twice, shared boxes within their number, valid for the checker."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data import codec
from data.clock import now
from data.model.change import Transfer
from data.model.parcel import Dimensions
from data.model.place import BoxType, Place, PlaceKind
from data.model.plan import Plan
from data.model.request import PlanRequest
from data.sources.check import check_request
from routing import large
from routing.borders import plan_border
from routing.build import build_instance
from routing.job import PlanRejectedError, Settings, plan_day
from routing.joining import Checked
from routing.large import Heard, Piece, as_tasks, budgeted, in_threads, is_large, neighbours, plan_large
from routing.parts import join, split, together
from routing.rehub import rehubbed
from routing.shares import divided, placed_first, shared_places
from routing.solver.stop import Stop
from routing.task import Task
from routing.verify import check
from routing.work import perform
from tests.small_town import THURSDAY, at, home, hub, order, request, town, vehicle
from tests.town_days import Days

FIRST = Settings(improve=False)


def planned(days: Days, wanted: PlanRequest) -> tuple[PlanRequest, ...]:
    """Return the parts of a drawn day."""
    parts = split(wanted, days.city)
    for part in parts:
        check_request(part, days.city)
    return parts


@pytest.mark.parametrize("seed", range(12))
def test_parts_joined_are_a_valid_plan_of_the_whole_day(seed: int) -> None:
    days = Days(seed)
    wanted = days.request(24)
    parts = planned(days, wanted)
    assert sorted(each.id for part in parts for each in part.orders) == sorted(each.id for each in wanted.orders)
    plans = [plan_day(part, days.city, Stop(60), FIRST).plan for part in parts]
    whole = join(wanted, days.city, plans, 1, now())
    assert check(json.loads(codec.encode(whole))) == []
    assert {each.id for each in whole.orders} == {each.id for each in wanted.orders}
    assert [each.id for each in whole.vehicles] == [each.id for each in build_instance(wanted, days.city).vehicles]
    assert whole.totals.served == sum(plan.totals.served for plan in plans)
    assert whole.access == plan_day(wanted, days.city, Stop(60), FIRST).plan.access


@pytest.mark.parametrize("seed", range(12))
def test_parts_take_no_more_boxes_than_there_are(seed: int) -> None:
    days = Days(seed)
    wanted = days.request(24)
    room: dict[str, tuple[int, ...]] = {}
    for part in planned(days, wanted):
        named = {option.place_id for each in part.orders for option in each.options}
        places = {place.id: place for place in (*days.city.places, *part.places) if place.id in named}
        for place in places.values():
            before = room.get(place.id, (0,) * len(_room(place)))
            room[place.id] = tuple(a + b for a, b in zip(before, _room(place), strict=True))
    for place in (*days.city.places, *wanted.places):
        assert all(a <= b for a, b in zip(room.get(place.id, ()), _room(place)))


def _room(place: Place) -> tuple[int, ...]:
    return (*(box.free for box in place.boxes), place.daily_cap_parcels or 0)


@given(st.integers(0, 500), st.dictionaries(st.text(max_size=3), st.integers(1, 50), min_size=1, max_size=6))
def test_what_is_divided_is_all_there(room: int, wanted: dict[str, int]) -> None:
    shares = divided(room, wanted)
    total = sum(wanted.values())
    assert sum(shares.values()) == room
    assert all(abs(shares[name] - room * count / total) < 1 for name, count in wanted.items())


@given(st.lists(st.integers(0, 30), min_size=1, max_size=12), st.integers(1, 4))
def test_pieces_are_done_in_time_whatever_their_sizes(sizes: list[int], lanes: int) -> None:
    day = request(vehicles=(vehicle(),))
    pieces = budgeted(
        [day.replace(orders=tuple(order(str(n), "a") for n in range(size % 7))) for size in sizes], 60, lanes
    )
    busy = [0.0] * lanes
    for piece in pieces:
        row = busy.index(min(busy))
        busy[row] += piece.budget_s
    assert max(busy) == pytest.approx(60)


def two_hubs(**changes: object) -> PlanRequest:
    """Return a day on which the parcels of two neighbours lie at hubs far apart, with a lorry between these."""
    west, east = hub("west", 0, 0), hub("east", 7, 7)
    homes = (home("a", 1, 0), home("b", 0, 1))
    lorry = Transfer(from_hub_id="east", to_hub_id="west", leaves_at=at(THURSDAY, 5), arrives_at=at(THURSDAY, 6))
    return request(
        hubs=(west, east),
        places=homes,
        orders=(order("near", "a", hub_id="west"), order("far", "b", hub_id="east")),
        vehicles=tuple(vehicle(f"v-{name}", hub_id=name) for name in ("west", "east")),
        transfers=(lorry,),
        **changes,
    )


def test_an_order_goes_through_the_near_hub_where_it_may() -> None:
    here = town()
    assert rehubbed(two_hubs(), here) == two_hubs()
    free = rehubbed(two_hubs(change_hubs=True), here)
    assert [each.hub_id for each in free.orders] == ["west", "west"]
    assert [parcel.hub_id for parcel in free.orders[1].parcels] == ["east"]
    plan, content = plan_large(two_hubs(change_hubs=True), here, Stop(60), 1, 2, in_threads(here, FIRST, None, 2))
    assert [tour.vehicle_id for tour in plan.tours] == ["v-west"]
    assert check(json.loads(content)) == []


def test_an_order_stays_where_its_lorry_comes_too_late_or_nobody_there_may_take_it() -> None:
    here, day = town(), two_hubs(change_hubs=True)
    late = tuple(each.replace(arrives_at=at(THURSDAY, 12)) for each in day.transfers)
    assert [each.hub_id for each in rehubbed(day.replace(transfers=late), here).orders] == ["west", "east"]
    orders = tuple(each.replace(skills=("lift",)) for each in day.orders)
    fleet = (day.vehicles[0], day.vehicles[1].replace(skills=("lift",)))
    assert rehubbed(day.replace(orders=orders, vehicles=fleet), here).orders == orders


def test_a_plan_task_of_a_large_day_is_done_in_parts(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    days = Days(4)
    wanted = days.request(24)
    assert not is_large(wanted)
    monkeypatch.setattr(large, "LARGE_FROM", 10)
    assert is_large(wanted)
    from data.cityfile import write_city

    path = tmp_path / "town.city"  # type: ignore[operator]
    write_city(days.city, path)
    task = Task(kind="plan", body=codec.encode(wanted), city=str(path), budget_s=4, iterations=40)
    told: list[object] = []
    whole = codec.decode(perform(task, Stop(60), lambda step, content: told.append(step)), Plan)
    assert len({each.hub_id for each in whole.orders}) == 2 and told
    pieces = [Piece(part, 2.0) for part in split(wanted, days.city)]
    monkeypatch.setattr(large, "LARGE_FROM", 10_000)
    plans = [codec.decode(perform(each, Stop(60), lambda *_: None), Plan) for each in as_tasks(task, pieces)]
    assert join(wanted, days.city, plans, 1, now()).totals == whole.totals


def test_a_joined_plan_that_breaks_a_rule_is_not_returned() -> None:
    here, day = town(), two_hubs()

    def twice(pieces: Sequence[Piece], stop: Stop, heard: Heard) -> None:
        plans: dict[int, Plan] = {}
        in_threads(here, FIRST, None, 1)(pieces, stop, plans.__setitem__)
        heard(0, plans[0])
        heard(1, plans[1].replace(tours=plans[0].tours))

    with pytest.raises(PlanRejectedError):
        plan_large(day, here, Stop(60), 1, 1, twice)


def test_who_asks_it_to_stop_has_the_newest_plan_of_the_whole_day_at_once() -> None:
    """The first plans of all parts are joined beside the search; a part that is being searched is not waited for."""
    here, day, stop = town(), two_hubs(), Stop(60)
    joined, waves = threading.Event(), 0
    apart = in_threads(here, FIRST, None, 1)
    found: list[Checked] = []

    def tell(one: Checked) -> None:
        found.append(one)
        joined.set()

    def solve(pieces: Sequence[Piece], until: Stop, heard: Heard) -> None:
        nonlocal waves
        waves += 1
        if waves == 1:
            apart(pieces, until, heard)
        else:
            assert joined.wait(60)
            stop.request()

    plan, content = plan_large(day, here, stop, 1, 1, solve, tell)
    assert waves == 2 and found == [(plan, content)]
    assert plan.totals.served == 2 and check(json.loads(content)) == []


def test_boxes_that_hubs_share_go_where_leaving_out_counts_most() -> None:
    """Two boxes; the hub that names the locker most often has the orders that matter least."""
    size = Dimensions(length_mm=500, width_mm=500, height_mm=500)
    box = BoxType(size="m", free=2, inner_mm=size)
    locker = Place(id="l", kind=PlaceKind.LOCKER, lat=0, lon=0, boxes=(box,))
    low = [order(f"low-{n}", "l", hub_id="west", priority=10) for n in range(6)]
    high = [order(f"high-{n}", "l", hub_id="east", priority=90) for n in range(2)]
    homely = [order("homely", "a", "l", hub_id="west", priority=100)]  # may as well go home
    known = {"l": locker, "a": home("a", 1, 0)}
    seen = shared_places(request(), {"west": [*low, *homely], "east": high}, known)
    assert {hub_id: place.boxes[0].free for hub_id, place in seen["l"].items()} == {"west": 0, "east": 2}
    west = request(orders=(*low, *homely), places=(locker, known["a"]))
    assert placed_first(west, town()) == ["low-0", "low-1"] and "homely" not in placed_first(west, town())
    few = shared_places(request(), {"west": [*low, *homely], "east": high[:1]}, known)
    assert {hub_id: place.boxes[0].free for hub_id, place in few["l"].items()} == {"west": 1, "east": 1}


def test_neighbours_planned_together_are_no_worse_and_an_order_may_cross() -> None:
    """The vehicle in the west may take the other's order along: a lorry brings it before anybody leaves."""
    here = town()
    day = two_hubs(change_hubs=True)
    early = tuple(each.replace(leaves_at=at(THURSDAY, 4), arrives_at=at(THURSDAY, 5)) for each in day.transfers)
    day = day.replace(transfers=early)
    apart = [plan_day(part, here, Stop(60), FIRST).plan for part in split(day, here)]
    assert len({tour.vehicle_id for plan in apart for tour in plan.tours}) == 2
    tours = tuple(tour for plan in apart for tour in plan.tours)
    settings = Settings(iterations=200)
    one = plan_border(together(*split(day, here)), tours, here, Stop(60), settings)
    assert [tour.vehicle_id for tour in one.tours] == ["v-west"]
    assert {each.id: each.hub_id for each in one.orders} == {"near": "west", "far": "west"}
    assert one.totals.cost_cents < sum(plan.totals.cost_cents for plan in apart)
    late = day.replace(hubs=tuple(each.replace(loading_s=4 * 3600) for each in day.hubs))  # the van may leave before
    kept = plan_border(together(*split(late, here)), tours, here, Stop(60), settings)
    assert {each.id: each.hub_id for each in kept.orders} == {"near": "west", "far": "east"}


@pytest.mark.parametrize("seed", range(8))
def test_neighbours_of_any_day_are_valid_and_no_worse(seed: int) -> None:
    days = Days(seed)
    wanted = days.request(24).replace(change_hubs=True)
    if len({each.hub_id for each in wanted.orders}) < 2 or wanted.statuses:
        return
    lorries = tuple(
        Transfer(from_hub_id=a.id, to_hub_id=b.id, leaves_at=at(wanted.day, 1), arrives_at=at(wanted.day, 2))
        for a, b in permutations(wanted.hubs, 2)
    )
    whole = rehubbed(wanted.replace(transfers=lorries), days.city)
    parts = split(whole, days.city)
    if len(parts) < 2:
        return
    plans = [plan_day(part, days.city, Stop(60), FIRST).plan for part in parts]
    tours = tuple(tour for plan in plans for tour in plan.tours)
    both = plan_border(together(*parts), tours, days.city, Stop(60), Settings(iterations=100))
    joined = join(whole, days.city, [both], 1, now())
    assert check(json.loads(codec.encode(joined))) == []
    assert both.totals.served >= sum(plan.totals.served for plan in plans)


def test_neighbours_are_those_between_which_most_orders_lie() -> None:
    hubs = (hub("a", 0, 0), hub("b", 1, 0), hub("c", 6, 6), hub("d", 7, 6))
    orders = tuple(order(f"{each.id}-{n}", each.id.upper(), hub_id=each.id) for each in hubs for n in range(2))
    homes = tuple(
        home(each.id.upper(), column, row) for each, (column, row) in zip(hubs, ((0, 1), (1, 1), (6, 7), (7, 7)))
    )
    fleet = tuple(vehicle(f"v-{each.id}", hub_id=each.id) for each in hubs)
    parts = split(request(hubs=hubs, places=homes, orders=orders, vehicles=fleet), town())
    assert {frozenset(parts[row].vehicles[0].hub_id for row in pair) for pair in neighbours(parts, town())} == {
        frozenset("ab"),
        frozenset("cd"),
    }
