"""Instants and days of an invented order book, by the clock on the wall in Paris."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import holidays

from data.clock import PARIS
from data.hours import with_offset
from data.model.base import Window


def at(day: date, hour: int, minute: int = 0, second: int = 0) -> datetime:
    """Return a wall time in Paris as an instant with its offset."""
    return with_offset(datetime.combine(day, time(hour, minute, second), tzinfo=PARIS))


def window(day: date, start: tuple[int, int], end: tuple[int, int]) -> Window:
    """Return the window between two wall times, each (hour, minute)."""
    return Window(start_at=at(day, *start), end_at=at(day, *end))


def next_working_days(day: date, count: int) -> tuple[date, ...]:
    """Return the next Mondays to Fridays after ``day`` that are no French public holiday."""
    found: list[date] = []
    closed = holidays.country_holidays("FR")
    while len(found) < count:
        day += timedelta(days=1)
        if day.weekday() < 5 and day not in closed:
            found.append(day)
    return tuple(found)
