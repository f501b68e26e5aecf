"""From names to numbers: windows around closures, boxes, caps, penalties, who may take what, and what is refused."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import InputError, RoutingDataError
from data.model.city import City
from data.model.order import PlaceOption
from data.model.parcel import Dimensions, Parcel
from data.model.place import BoxType, PlaceKind, smallest_box
from data.model.request import PlanRequest, VehicleStatus
from data.model.vehicle import Break, Category, Critair, Energy, Role, VehicleCosts
from routing.build import build_instance
from routing.build_orders import BROKEN_CENTS, POSTPONED_CENTS, PRIORITY_CENTS, visit_windows
from routing.instance import Instance, elapsed_s
from routing.problem import COST_PER_CENT, FAR_FUTURE_S
from tests.small_town import (
    LARGE,
    SMALL,
    THURSDAY,
    at,
    home,
    hub,
    order,
    request,
    rule,
    spot,
    town,
    vehicle,
    window,
    zone,
)

H = 3600
FAR = FAR_FUTURE_S


def built(city: City | None = None, **changes: object) -> Instance:
    return build_instance(request(**changes), city or town())


def windows(instance: Instance, option: int = 0, cls: int = 0) -> list[tuple[int, int, int]]:
    tables = instance.problem.tables
    piece = slice(tables.win_first[cls, option], tables.win_last[cls, option])
    columns = (tables.win_open, tables.win_close, tables.win_arrive)
    return list(zip(*(column[piece].tolist() for column in columns)))


def refusal(kind: type[Exception], city: City | None = None, **changes: object) -> Exception:
    with pytest.raises(kind) as caught:
        built(city, **changes)
    return caught.value


def test_a_visit_lies_wholly_between_two_closures() -> None:
    """The home takes 120 s and the zone is closed from 7 to 20: one may begin until 06:58, and come from 20:00 on."""
    instance = built(town(zone()), orders=(order("o", "z"),))
    assert windows(instance) == [(0, 7 * H - 120, -FAR), (20 * H, FAR, 20 * H)]
    outside = built(town(zone()), orders=(order("o", "a"),))
    assert windows(outside) == [(0, FAR, -FAR)]


def test_windows_hours_and_closures_all_hold() -> None:
    shop = home("z", 6, 4, opening_hours="09:00-12:00,14:00-19:00", setup_s=60, service_s=40)
    option = PlaceOption(place_id="z", windows=(window(THURSDAY, 8, 15), window(THURSDAY, 18, 22)), service_s=90)
    city = town(zone(rules=(rule("10:00-11:00"),)))
    instance = built(city, places=(shop,), orders=(order("o", option),))
    assert windows(instance) == [
        (9 * H, 10 * H - 150, -FAR),
        (11 * H, 12 * H, 11 * H),
        (14 * H, 15 * H, 11 * H),
        (18 * H, 19 * H, 11 * H),
    ]


def test_a_class_banned_by_two_rules_of_a_zone_is_out_while_either_holds() -> None:
    city = town(zone(rules=(rule("08:00-10:00", Critair.V3), rule("09:00-12:00", Critair.V2))))
    instance = built(city, orders=(order("o", "z"),))
    assert windows(instance) == [(0, 8 * H - 120, -FAR), (12 * H, FAR, 12 * H)]


def test_windows_that_overlap_are_one() -> None:
    option = PlaceOption(place_id="a", windows=(window(THURSDAY, 8, 12), window(THURSDAY, 9, 10)))
    assert windows(built(orders=(order("o", option),))) == [(8 * H, 12 * H, -FAR)]


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=150, deadline=None)
def test_windows_against_a_clock_that_ticks(seed: int) -> None:
    """Every minute of the day is allowed exactly if it is in a window, in the hours, and the visit meets no closure."""
    rng = Random(seed)

    def spans(count: int) -> list[tuple[int, int]]:
        starts = [(rng.randrange(0, 20 * H, 60), rng.randrange(0, 5 * H, 60)) for _ in range(rng.randint(0, count))]
        return [(start, start + length) for start, length in starts]

    def as_windows(pieces: list[tuple[int, int]]) -> tuple[object, ...]:
        return tuple(window(THURSDAY, first / H, last / H) for first, last in pieces)

    wanted, open_, busy = spans(3), spans(3), rng.randrange(0, 2 * H, 60)
    closed: list[tuple[int, int]] = []
    for start, end in sorted(spans(3)):
        if end > start and (not closed or start > closed[-1][1]):
            closed.append((start, end))
    option = PlaceOption(place_id="x", windows=as_windows(wanted))
    hours = rng.choice([None, as_windows(open_)])
    pieces = visit_windows(option, hours, closed, busy, at(THURSDAY, 0))
    assert pieces == sorted(pieces) and all(first[1] <= second[0] for first, second in pairwise(pieces))
    for moment in range(0, 25 * H, 60):
        allowed = not wanted or any(first <= moment <= last for first, last in wanted)
        allowed &= hours is None or any(first <= moment <= last for first, last in open_)
        allowed &= not any(moment < last and moment + busy > first for first, last in closed)
        found = [piece for piece in pieces if piece[0] <= moment <= piece[1]]
        edge = any(moment + busy == first or moment == last for first, last in closed)
        assert bool(found) == allowed or (edge and busy == 0)
        if found and closed:
            arrive_from = max((last for _, last in closed if last <= moment), default=-FAR)
            assert found[0][2] == arrive_from or edge


def test_boxes_are_nested_rows() -> None:
    """A small parcel may use any box, a large one only the large: rows are "this size or larger"."""
    small = Parcel(id="s", load_g=1, volume_dm3=1, size_mm=SMALL)
    large = Parcel(id="l", load_g=1, volume_dm3=1, size_mm=LARGE)
    instance = built(orders=(order("o", "locker", "a", parcels=(small, large)),))
    tables = instance.problem.tables
    assert tables.res_cap.tolist() == [3, 1]
    assert tables.res_ptr.tolist() == [0, 2, 2]
    assert tables.res_row.tolist() == [0, 1] and tables.res_amount.tolist() == [2, 1]


@given(st.lists(st.integers(0, 3), min_size=1, max_size=4), st.lists(st.integers(0, 4), max_size=8))
@settings(max_examples=200, deadline=None)
def test_nested_rows_are_enough_exactly_when_boxes_can_be_given_out(free: list[int], parcels: list[int]) -> None:
    """Hall's condition against giving out boxes one by one in every way."""
    sizes = [Dimensions(length_mm=100 * (n + 1), width_mm=100, height_mm=100) for n in range(len(free))]
    boxes = tuple(BoxType(size=str(n), free=count, inner_mm=sizes[n]) for n, count in enumerate(free))
    locker = home("box", 2, 2, kind=PlaceKind.LOCKER, boxes=boxes)
    goods = [
        Parcel(id=f"p{k}", load_g=1, volume_dm3=1, size_mm=sizes[n]) for k, n in enumerate(parcels) if n < len(free)
    ]
    needs = [smallest_box(parcel, locker) for parcel in goods]
    held = all(
        sum(need is not None and need >= size for need in needs) <= sum(free[size:]) for size in range(len(free))
    )
    assert held == can_be_given_out([need for need in needs if need is not None], list(free))


def can_be_given_out(needs: list[int], free: list[int]) -> bool:
    if not needs:
        return True
    for size in range(needs[0], len(free)):
        if free[size]:
            rest = [count - (n == size) for n, count in enumerate(free)]
            if can_be_given_out(needs[1:], rest):
                return True
    return False


def test_a_relay_counts_parcels_and_refuses_what_is_too_heavy() -> None:
    parcels = tuple(Parcel(id=f"p{k}", load_g=1, volume_dm3=1) for k in range(3))
    heavy = Parcel(id="heavy", load_g=20_001, volume_dm3=1)
    instance = built(orders=(order("o", "relay", parcels=parcels), order("h", "relay", parcels=(heavy,))))
    tables = instance.problem.tables
    assert tables.res_cap.tolist() == [4] and tables.res_amount.tolist() == [3, 1]
    assert windows(instance, 0) == [(9 * H, 12 * H, -FAR), (14 * H, 19 * H, -FAR)] and windows(instance, 1) == []


def test_what_leaving_out_costs_depends_on_the_promise_and_the_priority() -> None:
    tomorrow = THURSDAY + timedelta(days=1)
    orders = (
        order("today", "a"),
        order("later", "a", promised_on=tomorrow),
        order("urgent", "a", priority=7),
        order("too-late", "a", promised_on=THURSDAY - timedelta(days=1)),
    )
    cents = built(orders=orders, delivery_days=(tomorrow,)).problem.tables.penalty // COST_PER_CENT
    assert cents.tolist() == [BROKEN_CENTS, POSTPONED_CENTS, BROKEN_CENTS + 7 * PRIORITY_CENTS, BROKEN_CENTS]
    cents = built(orders=orders).problem.tables.penalty // COST_PER_CENT
    assert cents[1] == BROKEN_CENTS, "no later day to put it off to"


def test_who_may_take_what() -> None:
    long = Dimensions(length_mm=900, width_mm=10, height_mm=10)
    parcel = Parcel(id="long", load_g=1, volume_dm3=1, size_mm=long)
    other_hub = Parcel(id="other", load_g=1, volume_dm3=1, hub_id="hub2")
    orders = (
        order("plain", "a"),
        order("cold", "a", skills=("cold",)),
        order("long", "a", parcels=(parcel,)),
        order("far", "a", hub_id="hub2"),
        order("split", "a", parcels=(other_hub,)),
    )
    vehicles = (
        vehicle("hired", role=Role.HIRED, skills=("cold",)),
        vehicle("plain"),
        vehicle("cold", skills=("cold",), max_mm=LARGE),
        vehicle("far", hub_id="hub2", role=Role.RESERVE),
    )
    instance = built(orders=orders, vehicles=vehicles, hubs=(hub(), hub("hub2", 1, 6)))
    assert [each.id for each in instance.vehicles] == ["plain", "cold", "far", "hired"]
    assert instance.problem.tables.allowed.tolist() == [[1, 0, 1, 0, 0], [1, 1, 0, 0, 0], [0, 0, 0, 1, 0], [0] * 5]


def test_numbers_of_a_vehicle() -> None:
    lunch = Break(id="lunch", window=window(THURSDAY, 12, 13), duration_s=1800)
    early = Break(id="early", window=window(THURSDAY, 9, 10), duration_s=600)
    costs = VehicleCosts(fixed_cents=5, per_km_cents=30, per_hour_cents=2000)
    instance = built(orders=(order("o", "a"),), vehicles=(vehicle(breaks=(lunch, early), costs=costs),))
    tables = instance.problem.tables
    assert tables.veh_cost.tolist() == [[5 * COST_PER_CENT, 30 * COST_PER_CENT // 1000, 2000 * COST_PER_CENT // 3600]]
    assert (tables.veh_open_s.tolist(), tables.veh_close_s.tolist()) == ([8 * H], [18 * H])
    assert tables.brk_open.tolist() == [9 * H, 12 * H] and tables.brk_duration.tolist() == [600, 1800]
    assert tables.veh_start.tolist() == tables.veh_end.tolist() == [0]


def test_a_vehicle_on_the_road_starts_where_and_when_it_was_seen() -> None:
    lat, lon = spot(3, 3)
    status = VehicleStatus(vehicle_id="van", lat=lat, lon=lon, at=at(THURSDAY, 10.5), on_board=("o",))
    late = Parcel(id="p", load_g=1, volume_dm3=1, ready_at=at(THURSDAY, 16))
    over = Break(id="over", window=window(THURSDAY, 9, 10), duration_s=600)
    due = Break(id="due", window=window(THURSDAY, 9, 11), duration_s=900)
    instance = built(
        orders=(order("o", "a", parcels=(late,)), order("new", "a")),
        vehicles=(vehicle(breaks=(over, due)), vehicle("other")),
        statuses=(status,),
    )
    tables = instance.problem.tables
    assert instance.problem.location_names[tables.veh_start[0]] == "@van" and tables.veh_end[0] == 0
    assert tables.veh_open_s.tolist() == [int(10.5 * H), 8 * H]
    assert tables.brk_duration.tolist() == [900]
    assert tables.release_s.tolist() == [0, 0], "what is on board is ready"
    assert tables.allowed.tolist() == [[1, 0], [0, 1]]


def test_parcels_are_ready_when_the_last_one_is_loaded() -> None:
    parcels = tuple(Parcel(id=f"p{hour}", load_g=1, volume_dm3=1, ready_at=at(THURSDAY, hour)) for hour in (7, 9.5))
    tables = built(orders=(order("o", "a", parcels=parcels), order("there", "a"))).problem.tables
    assert tables.release_s.tolist() == [int(9.5 * H) + 600, 0]


def test_parts_of_a_second_are_rounded_so_that_nothing_is_early_or_late() -> None:
    split = timedelta(microseconds=1)
    assert elapsed_s(at(THURSDAY, 0), at(THURSDAY, 1) + split) == H
    assert elapsed_s(at(THURSDAY, 0), at(THURSDAY, 1) + split, up=True) == H + 1
    assert elapsed_s(at(THURSDAY, 0), at(THURSDAY, 1), up=True) == H
    assert elapsed_s(at(THURSDAY, 1), at(THURSDAY, 0) + split) == -H
    parcel = Parcel(id="p", load_g=1, volume_dm3=1, ready_at=at(THURSDAY, 9) + split)
    assert built(orders=(order("o", "a", parcels=(parcel,)),)).problem.tables.release_s.tolist() == [9 * H + 601]


def test_what_is_done_is_not_planned_but_its_place_is_known() -> None:
    instance = built(orders=(order("o", "a"), order("was", "b")), done=("was",))
    assert [each.id for each in instance.orders] == ["o"] and instance.done == {"was"}
    assert set(instance.places) == {"a", "b"}


def test_no_orders_at_all() -> None:
    tables = built().problem.tables
    assert tables.load.shape == (0, 3) and tables.opt_ptr.tolist() == [0]


def test_an_unknown_place_is_named() -> None:
    error = refusal(InputError, orders=(order("o", "a"), order("p", "a", "nowhere")))
    assert isinstance(error, InputError)
    assert (error.code, error.where) == ("unknown_place", "#/orders/1/options/1/place_id")


def test_a_hub_in_a_zone_that_is_closed_for_the_whole_shift_is_refused() -> None:
    inside = hub("hub", 6, 2)
    error = refusal(InputError, town(zone()), hubs=(inside,))
    assert isinstance(error, InputError) and error.code == "hub_closed_by_zone" and "van" in error.message
    early = vehicle(shift=window(THURSDAY, 5, 18))
    assert built(town(zone()), hubs=(inside,), vehicles=(early,)).problem.vehicles == 1
    clean = vehicle(category=Category.CARGO_BIKE, critair=Critair.EL, energy=Energy.HUMAN)
    assert built(town(zone()), hubs=(inside,), vehicles=(clean,)).problem.vehicles == 1


def test_a_van_caught_in_a_closed_zone_does_not_stop_the_others() -> None:
    lat, lon = spot(6, 2)
    status = VehicleStatus(vehicle_id="van", lat=lat, lon=lon, at=at(THURSDAY, 9))
    instance = built(
        town(zone()), statuses=(status,), vehicles=(vehicle(), vehicle("other")), orders=(order("o", "a"),)
    )
    assert instance.problem.tables.allowed.tolist() == [[0], [1]]


def test_a_van_that_may_reach_no_order_today_is_no_error() -> None:
    """All orders are in the zone: that is for the explanation of each order, not a broken hub."""
    instance = built(town(zone(rules=(rule("24/7"),))), orders=(order("o", "z"),))
    assert windows(instance) == [(30 * H, FAR, 30 * H)]


def test_a_hub_without_streets_is_refused() -> None:
    with pytest.raises(RoutingDataError) as caught:
        built(orders=(order("o", "a"),), hubs=(hub("hub", 0, 80),))
    assert caught.value.code == "far_from_streets" and caught.value.where == "#/hubs/0"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"hubs": (hub("a"),), "vehicles": (vehicle(hub_id="a"),)}, "duplicate_id"),
        ({"time_zone": "Mars/Olympus"}, "unknown_time_zone"),
        (
            {"statuses": (VehicleStatus(vehicle_id="van", lat=47.22, lon=-1.55, at=at(THURSDAY, 9), on_board=("x",)),)},
            "unknown_order",
        ),
    ],
)
def test_what_can_not_be_is_refused(changes: dict[str, object], code: str) -> None:
    wanted: PlanRequest = request(orders=(order("o", "a", hub_id=str(changes.get("hubs", (hub(),))[0].id)),))
    with pytest.raises(InputError) as caught:
        build_instance(wanted.replace(**changes), town())
    assert caught.value.code == code


def test_the_tables_are_what_kernels_expect() -> None:
    orders, van = (order("o", "z"), order("p", "relay", "a")), vehicle(max_trips=3)
    assert built(town(zone()), orders=orders).problem.tables.extras is None
    tables = built(town(zone()), orders=orders, vehicles=(van,)).problem.tables
    assert tables.extras is not None
    extras = {"late": tables.extras.late, "reload_ptr": tables.extras.reload_ptr, "spot_m": tables.extras.spot_m}
    for name, array in (tables._asdict() | extras).items():
        if name == "extras":
            continue
        assert array.flags.c_contiguous, name
        expected = {"duration_s": np.int32, "distance_m": np.int32, "closed_loc": np.uint8, "allowed": np.uint8,
                    "kinds": np.uint8, "apart": np.uint8}  # fmt: skip
        assert array.dtype == expected.get(name, np.int64), name
