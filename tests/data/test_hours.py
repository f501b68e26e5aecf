"""Opening hours against a minute-by-minute reading of the wall clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import holidays
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.clock import PARIS
from data.errors import InputError
from data.hours import normalise_hours, open_windows, with_offset, zone_named
from data.model.base import Window

SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)
DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), PARIS)


def spans(hours: str | None, day: date) -> list[tuple[str, str]]:
    windows = open_windows(hours, midnight(day), midnight(day + timedelta(days=1)))
    return [(window.start_at.isoformat(), window.end_at.isoformat()) for window in windows]


def open_minutes(windows: tuple[Window, ...], start: datetime, minutes: int) -> list[bool]:
    steps = (start.astimezone(UTC) + timedelta(minutes=step) for step in range(minutes))
    return [any(window.start_at <= step < window.end_at for window in windows) for step in steps]


def test_none_is_always() -> None:
    assert spans(None, date(2026, 11, 24)) == [("2026-11-24T00:00:00+01:00", "2026-11-25T00:00:00+01:00")]


def test_the_lost_hour_in_spring() -> None:
    assert spans("02:30-05:00", SPRING) == [("2026-03-29T03:00:00+02:00", "2026-03-29T05:00:00+02:00")]
    (day,) = open_windows("24/7", midnight(SPRING), midnight(SPRING + timedelta(days=1)))
    assert day.end_at - day.start_at == timedelta(hours=23)


def test_the_hour_that_comes_twice_in_autumn() -> None:
    assert spans("02:30-05:00", AUTUMN) == [
        ("2026-10-25T02:30:00+02:00", "2026-10-25T02:00:00+01:00"),
        ("2026-10-25T02:30:00+01:00", "2026-10-25T05:00:00+01:00"),
    ]
    (day,) = open_windows("24/7", midnight(AUTUMN), midnight(AUTUMN + timedelta(days=1)))
    assert day.end_at - day.start_at == timedelta(hours=25)


def test_a_horizon_that_starts_inside_a_window_and_ends_in_the_next_night() -> None:
    start = datetime(2026, 11, 24, 10, tzinfo=PARIS)
    windows = open_windows("22:00-02:00,09:00-12:00", start, start + timedelta(hours=18))
    assert [(w.start_at.hour, w.end_at.hour) for w in windows] == [(10, 12), (22, 2)]
    assert all(w.start_at.tzinfo is not PARIS for w in windows)


@pytest.mark.parametrize("year", range(2024, 2041))
def test_french_holidays_are_those_of_the_calendar(year: int) -> None:
    start = midnight(date(year, 1, 1))
    windows = open_windows("PH 00:00-24:00", start, midnight(date(year + 1, 1, 1)))
    days = {
        window.start_at.date() + timedelta(days=step)
        for window in windows
        for step in range((window.end_at.date() - window.start_at.date()).days)
    }
    assert days == set(holidays.country_holidays("FR", years=year))


def test_ph_off_closes_the_first_of_may() -> None:
    assert spans("Mo-Fr 08:00-20:00; PH off", date(2026, 5, 1)) == []
    assert len(spans("Mo-Fr 08:00-20:00; PH off", date(2026, 5, 4))) == 1
    assert spans("Mo-Su 00:00-24:00; May 1 off", date(2026, 5, 1)) == []


@pytest.mark.parametrize(
    ("text", "usable", "noted"),
    [
        ("24/7", "24/7", False),
        (" Mo-Fr 08:00-20:00; PH off ", "Mo-Fr 08:00-20:00; PH off", False),
        ("Mo-Su : 00:00-00:00", "24/7", True),
        ("Mo-Su 00:00-23:59", "24/7", True),
        ("Mo-Su 00:00-23:59; PH off", "Mo-Su 00:00-24:00; PH off", True),
        ('Mo-Fr 08:00-12:00 "porte B"', 'Mo-Fr 08:00-12:00 "porte B"', False),
        ("off", "off", False),
    ],
)
def test_the_obvious_is_read_and_said(text: str, usable: str, noted: bool) -> None:
    hours, note = normalise_hours(text)
    assert hours == usable
    assert bool(note) is noted
    open_windows(hours, midnight(SPRING), midnight(AUTUMN))


@pytest.mark.parametrize(
    "text",
    ["", "  ", "NC", "<Nul>", "24/4", "lun-ven 9h-12h", "sunrise-sunset", "SH off; 08:00-20:00", '"sur rendez-vous"']
    + ["Mo 08:00-10:00 unknown", 'Mo 08:00-10:00; "sur rendez-vous"'],
)
def test_nobody_guesses(text: str) -> None:
    with pytest.raises(InputError) as caught:
        normalise_hours(text)
    assert caught.value.code == "unreadable_hours"
    with pytest.raises(InputError):
        open_windows(text, midnight(SPRING), midnight(AUTUMN))


def test_the_clock_must_be_named() -> None:
    start = datetime(2026, 3, 29, tzinfo=UTC)
    with pytest.raises(ValueError, match="ZoneInfo"):
        open_windows("24/7", start, start + timedelta(days=1))


@pytest.mark.parametrize("name", ["Europe/Lutetia", "", "../x", "Europe"])
def test_an_unknown_clock_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="unknown time zone"):
        zone_named(name)


def test_with_offset_keeps_the_instant() -> None:
    twice = datetime(2026, 10, 25, 2, 30, tzinfo=PARIS, fold=1)
    assert with_offset(twice).isoformat() == "2026-10-25T02:30:00+01:00" == twice.isoformat()


@given(
    day=st.sampled_from([SPRING, AUTUMN, date(2026, 5, 1), date(2026, 11, 24)]),
    weekdays=st.sets(st.sampled_from(DAYS), min_size=1),
    first=st.integers(0, 95),
    length=st.integers(1, 95),
    holidays_off=st.booleans(),
    zone=st.sampled_from([PARIS, ZoneInfo("Indian/Reunion")]),
)
@settings(max_examples=150, deadline=None)
def test_against_the_wall_clock(
    day: date, weekdays: set[str], first: int, length: int, holidays_off: bool, zone: ZoneInfo
) -> None:
    opens, closes = first * 15, (first + length) * 15 % 1440
    clock = [f"{minute // 60:02}:{minute % 60:02}" for minute in (opens, closes)]
    text = f"{','.join(sorted(weekdays, key=DAYS.index))} {'-'.join(clock)}"
    text += "; PH off" if holidays_off else ""
    start = datetime.combine(day, time(), zone)
    windows = open_windows(text, start, datetime.combine(day + timedelta(days=1), time(6), zone))
    calendar = holidays.country_holidays("FR", years=day.year)

    def by_the_wall(instant: datetime) -> bool:
        wall = instant.astimezone(zone)
        minute = wall.hour * 60 + wall.minute

        today, yesterday = wall.date(), wall.date() - timedelta(days=1)
        off = holidays_off and today in calendar  # a holiday is off from midnight to midnight
        began = DAYS[today.weekday()] in weekdays and minute >= opens
        if opens < closes:
            return not off and began and minute < closes
        return not off and (began or (DAYS[yesterday.weekday()] in weekdays and minute < closes))

    steps = [start.astimezone(UTC) + timedelta(minutes=step) for step in range(0, 29 * 60, 5)]
    found = open_minutes(windows, start, 29 * 60)[::5]
    assert found == [by_the_wall(step) for step in steps]
    assert all(a.end_at < b.start_at for a, b in pairwise(windows))
