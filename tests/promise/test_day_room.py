"""Capacity before any plan: from timetables and vans, of relays and lockers; published again and again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, time
from itertools import permutations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.calendar import OUVRABLES
from data.clock import rng
from data.model.fleet import FleetSettings, TourGroup
from data.model.levels import area_level, group_level, hub_level
from data.model.parcel import Dimensions
from data.model.place import BoxType, Place, PlaceKind
from data.model.promise import Area, DeliveryOption
from data.model.reservation import Balance, Capacity, Key, Owner, Reservation, State
from data.model.schedule import HubSchedule, Shift, Wave, Workload
from data.store.database import Database
from promise.capacity import Books, Refusal, Refused
from promise.day_room import day_capacities, publish
from promise.ledger import Ledger
from promise.place_room import InBox, box_level_id, free_boxes, place_capacities, still_there
from promise.reserve import Request, Reserve

TUESDAY, NOW_S = date(2026, 11, 24), 1_795_000_000
WAVE = Wave(id="morning", departs=time(7), weekdays=(1, 2, 3, 4, 5, 6))
NIGHT = Shift(workload=Workload.LOAD, begins=time(2), ends=time(6), stations=5, parcels_per_hour=20)
SORT = NIGHT.replace(workload=Workload.SORT, stations=3)
SCHEDULE = HubSchedule(hub_id="H", waves=(WAVE,))
GROUPS = (TourGroup(id="east", areas=("A", "B"), vans=2), TourGroup(id="west", areas=("C", "D"), vans=3))
FLEET = FleetSettings(hub_id="H", groups=GROUPS, parcels_per_van=100, dm3_per_van=8000)
AREAS = tuple(Area(id=name) for name in "ABC")
HOME = DeliveryOption(id="home", kind=PlaceKind.HOME, calendar=OUVRABLES)
OPTIONS = (HOME, DeliveryOption(id="post", kind=PlaceKind.RELAY, carrier="post"))


def levels(schedule: HubSchedule = SCHEDULE, fleet: FleetSettings = FLEET, day: date = TUESDAY) -> dict[str, Capacity]:
    return {one.id: one for one in day_capacities(schedule, fleet, AREAS, OPTIONS, day)}


def test_areas_share_the_vans_of_their_group() -> None:
    found = levels()
    parcels = {name.removeprefix("H/2026-11-24").strip("/"): one.parcels for name, one in found.items()}
    assert parcels == {"": 500, "~east": 200, "A/home": 200, "B/home": 200, "~west": 300, "C/home": 300}
    assert {one.dm3 for one in found.values()} == {40_000, 16_000, 24_000}
    assert found["H/2026-11-24/A/home"].parent_id == "H/2026-11-24/~east"
    assert (found["H/2026-11-24/A/home"].area_id, found["H/2026-11-24/A/home"].option_id) == ("A", "home")


@pytest.mark.parametrize(
    ("schedule", "parcels"),
    [
        (SCHEDULE.replace(shifts=(NIGHT,)), 400),
        (SCHEDULE.replace(shifts=(NIGHT, SORT)), 240),
        (SCHEDULE.replace(waves=(WAVE.replace(cutoff_s=2 * 3600),), shifts=(NIGHT,)), 400),
        (SCHEDULE.replace(waves=(WAVE.replace(parcels_max=150),)), 150),
        (SCHEDULE.replace(waves=(WAVE.replace(parcels_max=150), WAVE.replace(id="noon"))), 500),
        (SCHEDULE.replace(waves=(WAVE.replace(carrier="post"),)), 0),
    ],
)
def test_a_hub_day_is_bound_by_its_stations_and_waves(schedule: HubSchedule, parcels: int) -> None:
    found = levels(schedule)
    assert found["H/2026-11-24"].parcels == parcels
    assert found["H/2026-11-24/~west"].parcels == min(parcels, 300)


def test_closed_days_and_unserved_areas_have_none() -> None:
    assert {one.parcels for one in levels(day=date(2026, 11, 29)).values()} == {0}  # a Sunday: no wave
    armistice = levels(day=date(2026, 11, 11))
    assert armistice["H/2026-11-11"].parcels == 500 and armistice["H/2026-11-11/A/home"].parcels == 0
    part = levels(SCHEDULE.replace(waves=(WAVE.replace(areas=("A",)),)))
    assert (part["H/2026-11-24/A/home"].parcels, part["H/2026-11-24/B/home"].parcels) == (200, 0)


@pytest.fixture
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    with Database(f"sqlite:///{tmp_path_factory.mktemp('room')}/jalon.db") as database, Ledger(database) as ledger:
        yield ledger


def test_publishing_again_changes_nothing_and_a_cut_is_a_deficit(ledger: Ledger) -> None:
    some = tuple(levels().values())
    assert {one.refusal for one in publish(ledger, "carrier", some, NOW_S)} == {None}
    order = Reserve(id="o", capacity_id="H/2026-11-24/A/home", parcels=3, expires_s=NOW_S + 9)
    ledger.do(Request(owner=Owner("carrier", "shop"), commands=(order,), now_s=NOW_S))
    before = ledger.balances("carrier")
    publish(ledger, "carrier", some, NOW_S)
    assert ledger.balances("carrier") == before and ledger.notices() == ()
    cut = day_capacities(SCHEDULE, FLEET.replace(parcels_per_van=1), AREAS, OPTIONS, TUESDAY)
    publish(ledger, "carrier", cut, NOW_S)
    after = {one.id: one.deficit_parcels for one in ledger.balances("carrier") if one.deficit_parcels}
    assert after == {"H/2026-11-24/~east": 1, "H/2026-11-24/A/home": 1}
    assert [one.kind for one in ledger.notices()] == ["capacity.deficit"] * 2
    held = ledger.reservation(Owner("carrier", "shop"), "o")
    assert held is not None and held.holds


# ------------------------------------------------------------------------------------------------ relays and lockers

GROUP = group_level(hub_level("H", TUESDAY, 50, None), "east", 40, None)
AREA = area_level(GROUP, "A", "locker")
SIZES = tuple(BoxType(size=name, free=0, inner_mm=Dimensions(length_mm=9, width_mm=9, height_mm=9)) for name in "SML")
LOCKER = Place(id="L", kind=PlaceKind.LOCKER, lat=47.2, lon=-1.5, boxes=SIZES)
RELAY = Place(id="R", kind=PlaceKind.RELAY, lat=47.2, lon=-1.5, daily_cap_parcels=12, opening_hours="Mo-Fr 09:00-19:00")


def test_a_relay_has_its_cap_and_its_closures() -> None:
    assert [one.parcels for one in place_capacities(AREA, RELAY)] == [12]
    assert place_capacities(AREA, RELAY)[0].parent_id == AREA.id
    assert [one.parcels for one in place_capacities(AREA, RELAY, closed=(TUESDAY,))] == [0]
    sunday = area_level(group_level(hub_level("H", date(2026, 11, 29), 50, None), "east", 40, None), "A", "relay")
    assert [one.parcels for one in place_capacities(sunday, RELAY)] == [0]
    assert [one.parcels for one in place_capacities(AREA, RELAY.replace(daily_cap_parcels=None))] == [40]


def test_free_boxes_are_those_nobody_will_be_in() -> None:
    assert free_boxes((4, 3, 2), ()) == (9, 5, 2)
    assert free_boxes((4, 3, 2), [InBox(2, 1.0), InBox(0, 1.0), InBox(1, 0.0)]) == (7, 4, 1)
    half = [InBox(0, 0.5)] * 8
    assert free_boxes((10,), half, caution=0) == (6,)
    assert free_boxes((10,), half) == (4,)  # four of eight stay on average, six at most on nine days of ten
    assert free_boxes((2,), half * 9) == (0,)


def test_nine_days_of_ten_the_boxes_are_enough() -> None:
    chance = rng(5)
    enough = 0
    for _ in range(2000):
        held = [InBox(int(size), float(stays)) for size, stays in zip(chance.integers(0, 3, 30), chance.random(30))]
        free = free_boxes((20, 12, 8), held)
        stay = [one.size for one in held if chance.random() < one.stays]
        enough += all(sum((20, 12, 8)[k:]) - sum(one >= k for one in stay) >= free[k] for k in range(3))
    assert enough / 2000 > 0.85


def test_what_is_left_of_a_stay() -> None:
    stay = (1.0, 0.6, 0.3, 0.0)
    assert still_there(stay, 0, 1) == 0.6 and still_there(stay, 1, 1) == 0.5 and still_there(stay, 1, 2) == 0.0
    assert still_there(stay, 2, 9) == 0.0 and still_there(stay, 3, 1) == still_there(stay, 9, 1) == 1.0


@settings(max_examples=60, deadline=None, derandomize=True)
@given(boxes=st.tuples(*[st.integers(0, 2)] * 3), sizes=st.lists(st.integers(0, 2), max_size=5))
def test_a_lockers_levels_take_exactly_what_its_boxes_do(boxes: tuple[int, ...], sizes: list[int]) -> None:
    found = place_capacities(AREA, LOCKER, boxes)
    around = [GROUP.replace(parent_id=""), AREA, *found]
    books = Books({Key("t", "", one.id): Balance(**msgspec.structs.asdict(one)) for one in around}, {})
    inside: list[int] = []
    for number, size in enumerate(sizes):
        place = {"capacity_id": box_level_id(found[0], size), "parcels": 1, "dm3": 0}
        order = Reservation(id=f"o{number}", step=0, state=State.PENDING, expires_s=NOW_S, terms="", **place)
        try:
            books.put(Key("t", "s", order.id), order)
            inside.append(size)
        except Refused as no:
            assert no.refusal in (Refusal.FULL, Refusal.CLOSED)
            assert not _boxes_are_enough(boxes, [*inside, size])
        assert _boxes_are_enough(boxes, inside)


def _boxes_are_enough(boxes: tuple[int, ...], parcels: list[int]) -> bool:
    """Try every way of putting the parcels into the boxes."""
    each = [size for size, count in enumerate(boxes) for _ in range(count)]
    return len(parcels) <= len(each) and any(
        all(box >= parcel for box, parcel in zip(some, parcels)) for some in permutations(each, len(parcels))
    )
