"""Low-emission rules against a minute-by-minute oracle and a naive scan of the file."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import product

import holidays
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.clock import PARIS
from data.errors import InputError
from data.model.base import Window
from data.model.vehicle import Category, Critair, Energy, Vehicle
from data.model.zone import Exemption, Zone, ZoneKind, ZoneRule
from routing.access import VehicleKind, access_classes, class_access, zone_in_force

DAY = date(2026, 11, 24)  # a Tuesday
SPRING, AUTUMN, MAY_DAY, SUNDAY = date(2026, 3, 29), date(2026, 10, 25), date(2026, 5, 1), date(2026, 11, 22)
LINE = {"type": "LineString", "coordinates": [[0.0, 0.0], [1.0, 1.0]]}
CATEGORIES = list(Category)
STICKERS = list(Critair)
BY_HAND = {  # what these hours mean on a weekday that is no holiday, on a Sunday, and on a holiday: minutes of the wall
    "24/7": ((0, 1440), (0, 1440), (0, 1440)),
    "Mo-Fr 08:00-20:00; PH off": ((480, 1200), None, None),
    "Mo-Su 08:00-20:00; PH off": ((480, 1200), (480, 1200), None),
    "Mo-Su 02:30-10:00": ((150, 600), (150, 600), (150, 600)),
    "off": (None, None, None),
}


def zone(name: str, **changes: object) -> Zone:
    first = Zone(id=name, rank=0, kind=ZoneKind.AREA, geometry=LINE, valid_from=date(2020, 1, 1))
    return first.replace(**changes)


def vehicle(name: str, **changes: object) -> Vehicle:
    shift = Window(start_at=datetime(2026, 11, 24, 8, tzinfo=UTC), end_at=datetime(2026, 11, 24, 18, tzinfo=UTC))
    van = Vehicle(
        id=name, hub_id="H", category=Category.VUL, capacity_parcels=1, capacity_g=1, capacity_dm3=1, shift=shift
    )
    return van.replace(**changes)


def ban(first_banned: Critair, hours: str = "24/7", category: Category = Category.VUL) -> ZoneRule:
    return ZoneRule(category=category, first_banned=first_banned, hours=hours)


def closed_zones(zones: list[Zone], van: Vehicle, *exemptions: Exemption, day: date = DAY) -> list[str]:
    (group,) = access_classes(zones, [van], exemptions, day, "Europe/Paris")
    return [closure.zone_id for closure in group.closures]


@pytest.mark.parametrize("kind", [VehicleKind(*each) for each in product(Category, Critair, Energy)])
def test_the_class_of_a_kind_is_that_of_its_vehicles(kind: VehicleKind) -> None:
    zones = [zone("A", rules=(ban(Critair.V2, "Mo-Fr 08:00-20:00"),)), zone("B", rules=(ban(Critair.NC),))]
    van = vehicle("v", category=kind.category, critair=kind.critair, energy=kind.energy)
    (group,) = access_classes(zones, [van], (), DAY, "Europe/Paris")
    assert class_access(zones, kind, DAY, "Europe/Paris") == group.replace(vehicle_ids=())


@pytest.mark.parametrize("first", STICKERS)
@pytest.mark.parametrize("own", STICKERS)
def test_the_rule_names_the_first_banned_class(first: Critair, own: Critair) -> None:
    order = ["EL", "V1", "V2", "V3", "V4", "V5", "NC"]
    banned = closed_zones([zone("Z", rules=(ban(first),))], vehicle("v", critair=own)) == ["Z"]
    assert banned is (order.index(own) >= order.index(first))


def test_who_is_never_banned() -> None:
    everything = zone("Z", rules=tuple(ban(Critair.V1, category=category) for category in CATEGORIES))
    assert closed_zones([everything], vehicle("bike", category=Category.CARGO_BIKE)) == []
    assert closed_zones([everything], vehicle("feet", category=Category.TWO_WHEELER, energy=Energy.HUMAN)) == []
    assert closed_zones([everything], vehicle("electric", energy=Energy.ELECTRIC, critair=Critair.NC)) == []
    assert closed_zones([zone("Z", rules=(ban(Critair.EL),))], vehicle("e", energy=Energy.ELECTRIC)) == ["Z"]
    assert closed_zones([zone("Z", rules=(ban(Critair.NC, category=Category.PL),))], vehicle("van")) == []


def test_we_are_a_legal_person() -> None:
    assert closed_zones([zone("Z", rules=(ban(Critair.V4),), legal_persons_only=True)], vehicle("van")) == ["Z"]


def test_both_dates_count() -> None:
    step = zone("Z", rules=(ban(Critair.V4),), valid_from=date(2026, 1, 1), valid_to=date(2026, 12, 31))
    days = [date(2025, 12, 31), date(2026, 1, 1), date(2026, 12, 31), date(2027, 1, 1)]
    assert [bool(closed_zones([step], vehicle("v"), day=day)) for day in days] == [False, True, True, False]
    assert closed_zones([step.replace(valid_to=None)], vehicle("v"), day=date(2099, 1, 1)) == ["Z"]


def test_classes_group_vehicles_that_drive_alike() -> None:
    zones = [zone("A", rules=(ban(Critair.V4),)), zone("B@2026-01-01", rank=1, rules=(ban(Critair.V3),))]
    fleet = [
        vehicle("old1", critair=Critair.V4),
        vehicle("clean", critair=Critair.V1),
        vehicle("old2", critair=Critair.V4),
        vehicle("passA", critair=Critair.V4),
        vehicle("passB", critair=Critair.V4),
        vehicle("useless", critair=Critair.V1),
    ]
    year = {"valid_from": date(2026, 1, 1), "valid_to": date(2026, 12, 31)}
    exemptions = [
        Exemption(vehicle_id="passA", zone_id="A", **year),
        Exemption(vehicle_id="passB", zone_id="B", **year),  # the published id covers every step
        Exemption(vehicle_id="useless", zone_id="A", **year),
        Exemption(vehicle_id="old2", zone_id="A", **year, yearly_quota=24, used_days=24),
    ]
    groups = access_classes(zones, fleet, exemptions, DAY, "Europe/Paris")
    assert [(group.id, group.vehicle_ids, [c.zone_id for c in group.closures]) for group in groups] == [
        ("vul-V4-diesel", ("old1", "old2"), ["A", "B@2026-01-01"]),
        ("vul-V1-diesel", ("clean", "useless"), []),
        ("vul-V4-diesel-x1", ("passA",), ["B@2026-01-01"]),
        ("vul-V4-diesel-x2", ("passB",), ["A"]),
    ]
    assert [group.exempt_zone_ids for group in groups] == [(), (), ("A",), ("B@2026-01-01",)]


def test_a_closure_explains_itself_and_covers_the_night() -> None:
    zones = [zone("Z", rules=(ban(Critair.V4, "22:00-05:00"),), decree_url="https://example.org/arrete")]
    (group,) = access_classes(zones, [vehicle("v")], [], DAY, "Europe/Paris")
    (closure,) = group.closures
    assert (closure.first_banned, closure.hours, closure.decree_url) == (
        Critair.V4,
        "22:00-05:00",
        "https://example.org/arrete",
    )
    assert [(w.start_at.isoformat(), w.end_at.isoformat()) for w in closure.closed] == [
        ("2026-11-24T00:00:00+01:00", "2026-11-24T05:00:00+01:00"),
        ("2026-11-24T22:00:00+01:00", "2026-11-25T05:00:00+01:00"),
    ]


def test_hours_nobody_can_read_are_never_skipped() -> None:
    with pytest.raises(InputError) as caught:
        closed_zones([zone("Z", rules=(ban(Critair.NC, "NC"),))], vehicle("v"))
    assert caught.value.code == "unreadable_hours"
    with pytest.raises(InputError, match="unknown time zone"):
        access_classes([], [], [], DAY, "Europe/Lutetia")


@given(
    hours=st.sampled_from(sorted(BY_HAND)),
    day=st.sampled_from([DAY, SPRING, AUTUMN, MAY_DAY, SUNDAY]),
    first=st.sampled_from(STICKERS),
    own=st.sampled_from(STICKERS),
    category=st.sampled_from(CATEGORIES),
    offsets=st.tuples(st.integers(-1, 1), st.integers(-1, 1)),
)
@settings(max_examples=80, deadline=None)
def test_against_the_minute_oracle(
    hours: str, day: date, first: Critair, own: Critair, category: Category, offsets: tuple[int, int]
) -> None:
    starts, ends = day + timedelta(days=offsets[0]), day + timedelta(days=offsets[1])
    rule = ban(first, hours)
    zones = [zone("Z", rules=(rule,), valid_from=starts, valid_to=ends)]
    (group,) = access_classes(zones, [vehicle("v", category=category, critair=own)], [], day, "Europe/Paris")
    closed = [window for closure in group.closures for window in closure.closed]
    calendar = holidays.country_holidays("FR", years=day.year)

    def banned(instant: datetime) -> bool:
        wall = instant.astimezone(PARIS)
        kind = 2 if wall.date() in calendar else 1 if wall.weekday() == 6 else 0
        span = BY_HAND[hours][kind]
        in_hours = span is not None and span[0] <= wall.hour * 60 + wall.minute < span[1]
        concerned = category is Category.VUL and STICKERS.index(own) >= STICKERS.index(first)
        return concerned and starts <= day <= ends and in_hours

    midnight = datetime.combine(day, time(), PARIS).astimezone(UTC)
    last = datetime.combine(day + timedelta(days=1), time(6), PARIS).astimezone(UTC)
    for minute in range(0, int((last - midnight).total_seconds()) // 60, 10):
        instant = midnight + timedelta(minutes=minute)
        assert any(w.start_at <= instant < w.end_at for w in closed) is banned(instant), instant


@given(st.data())
@settings(max_examples=80, deadline=None)
def test_the_winner_against_a_scan_of_the_file(data: st.DataObject) -> None:
    count = data.draw(st.integers(0, 64))
    ranks = data.draw(st.permutations(range(count)))
    zones = [
        zone(
            str(index),
            rank=rank,
            kind=data.draw(st.sampled_from(ZoneKind)),
            valid_from=DAY + timedelta(days=data.draw(st.integers(-1, 1))),
            valid_to=data.draw(st.sampled_from([None, DAY - timedelta(days=1), DAY])),
        )
        for index, rank in enumerate(ranks)
    ]
    words = data.draw(st.lists(st.integers(0, (1 << count) - 1), max_size=20))
    found = zone_in_force(np.array(words, dtype=np.uint64), zones, DAY)
    assert found.dtype == np.int16
    for word, winner in zip(words, found.tolist()):
        here = [z for z in range(count) if word >> z & 1]
        here = [z for z in here if zones[z].valid_from <= DAY and (zones[z].valid_to or date.max) >= DAY]
        roads = [z for z in here if zones[z].kind is ZoneKind.ROAD]
        expected = -1
        for z in sorted(roads or here, key=lambda z: zones[z].rank):  # in the file's order: the last stays
            expected = z
        assert winner == expected
