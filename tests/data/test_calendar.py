"""Open days, holidays and J+N."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.calendar import (
    ALSACE,
    EVERY_DAY,
    LAST_DAY,
    MOSELLE,
    OUVRABLES,
    OUVRES,
    REGIONS,
    Calendar,
    is_holiday,
    region_of,
)

DAYS = st.dates(date(2020, 1, 1), date(2035, 12, 31))
CALENDARS = st.builds(
    Calendar,
    weekdays=st.lists(st.integers(1, 7), min_size=1, unique=True).map(tuple),
    on_holidays=st.booleans(),
    region=st.sampled_from(["", MOSELLE, ALSACE, "974"]),
    closed=st.lists(st.dates(date(2026, 1, 1), date(2026, 2, 28)), max_size=5).map(tuple),
    extra=st.lists(st.dates(date(2026, 1, 1), date(2026, 2, 28)), max_size=5).map(tuple),
)


def easter(year: int) -> date:
    """Return Easter Sunday (the anonymous Gregorian algorithm)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = b // 4, b % 4
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = c // 4, c % 4
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)


def french_holidays(year: int, alsace_moselle: bool = False) -> set[date]:
    """Return them from the law's list."""
    fixed = [(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)]
    found = {date(year, month, day) for month, day in fixed}
    found |= {easter(year) + timedelta(days=after) for after in (1, 39, 50)}
    if alsace_moselle:
        found |= {easter(year) - timedelta(days=2), date(year, 12, 26)}
    return found


@pytest.mark.parametrize("year", range(2020, 2041))
@pytest.mark.parametrize("region", ["", ALSACE, MOSELLE])
def test_holidays_are_those_of_the_law(year: int, region: str) -> None:
    days = [date(year, 1, 1) + timedelta(days=k) for k in range(366)]
    found = {day for day in days if day.year == year and is_holiday(day, region)}
    assert found == french_holidays(year, bool(region))


@pytest.mark.parametrize(
    ("postcode", "region"),
    [("44000", ""), ("57000", MOSELLE), ("67000", ALSACE), ("68100", ALSACE), ("97400", "974"), ("97133", "971")]
    + [("97500", "PM"), ("98800", "NC"), ("75001", ""), ("20000", "")],
)
def test_postcodes_tell_whose_holidays_hold(postcode: str, region: str) -> None:
    assert region_of(postcode) == region
    assert region in REGIONS


def test_jours_ouvres_and_ouvrables() -> None:
    friday = date(2026, 11, 27)
    assert OUVRES.plus(friday, 1) == date(2026, 11, 30)
    assert OUVRABLES.plus(friday, 1) == date(2026, 11, 28)
    assert EVERY_DAY.plus(friday, 2) == date(2026, 11, 29)
    assert OUVRES.plus(date(2026, 11, 10), 1) == date(2026, 11, 12)  # Armistice Day in between
    christmas_eve = date(2026, 12, 24)
    assert OUVRABLES.plus(christmas_eve, 1) == date(2026, 12, 26)
    assert OUVRABLES.at(ALSACE).plus(christmas_eve, 1) == date(2026, 12, 28)


def test_extra_days_either_way() -> None:
    sunday, monday = date(2026, 12, 20), date(2026, 12, 21)
    calendar = OUVRES.replace(extra=(sunday,), closed=(monday,))
    assert calendar.is_open(sunday) and not calendar.is_open(monday)
    assert not calendar.replace(closed=(sunday,)).is_open(sunday)
    assert OUVRES.replace(extra=(date(2026, 12, 25),)).is_open(date(2026, 12, 25))
    assert calendar.at("") is calendar and calendar.at(ALSACE).extra == (sunday,)
    assert OUVRES.at(ALSACE).at("").region == ALSACE


@given(CALENDARS, DAYS, st.integers(1, 12))
def test_plus_and_j_are_inverse(calendar: Calendar, day: date, count: int) -> None:
    found = calendar.plus(day, count)
    assert calendar.is_open(found) and found > day
    assert calendar.j(day, found) == count
    assert calendar.plus(day, count + 1) > found


@given(CALENDARS, DAYS, st.integers(0, 40))
def test_j_counts_open_days(calendar: Calendar, day: date, ahead: int) -> None:
    later = day + timedelta(days=ahead)
    expected = sum(calendar.is_open(day + timedelta(days=k)) for k in range(1, ahead + 1))
    assert calendar.j(day, later) == expected
    assert calendar.j(later, day) == 0
    mask = calendar.open_mask(day.toordinal(), ahead + 1)
    assert mask.tolist() == [calendar.is_open(day + timedelta(days=k)) for k in range(ahead + 1)]


@given(CALENDARS, DAYS)
def test_the_next_open_day(calendar: Calendar, day: date) -> None:
    found = calendar.next_open(day)
    assert calendar.is_open(found) and calendar.plus(day, 0) == found
    assert not any(calendar.is_open(day + timedelta(days=k)) for k in range((found - day).days))


def test_a_calendar_ends() -> None:
    with pytest.raises(ValueError, match="no open day up to"):
        OUVRES.replace(closed=(LAST_DAY,)).next_open(LAST_DAY)


@pytest.mark.parametrize(
    "wrong", [{"weekdays": ()}, {"weekdays": (1, 1)}, {"region": "Bretagne"}], ids=["none", "twice", "nowhere"]
)
def test_what_is_no_calendar(wrong: dict) -> None:
    with pytest.raises(ValueError):
        Calendar(**wrong)
