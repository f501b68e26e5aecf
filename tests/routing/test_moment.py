"""What is closed between two instants of a day, against a look at every second between them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, cast

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from data.clock import PARIS
from data.model.traffic import Traffic
from data.model.vehicle import Category
from routing.moment import DayRoads
from routing.slices import FAR_S, FREE_FLOW, Profile, Slices

EPOCH_AT = datetime(2026, 11, 24, tzinfo=PARIS)
INDICES = st.frozensets(st.integers(0, 3), max_size=3)


@st.composite
def days(draw: st.DrawFn) -> DayRoads:
    """Draw a day whose slices end within its first minute, all but the last."""
    ends = [*sorted(draw(st.sets(st.integers(1, 59), max_size=5))), FAR_S]
    closed = [draw(st.tuples(INDICES, INDICES, INDICES)) for _ in ends]
    profiles = tuple(Profile(Category.VUL, *sets, speed) for speed, sets in enumerate(closed))
    rows = np.arange(len(ends), dtype=np.int32)
    ptr, end_s = np.array([0, len(ends)], dtype=np.int32), np.array(ends, dtype=np.int32)
    slices = Slices(profiles, (FREE_FLOW,) * len(ends), ptr, end_s, rows, rows)
    return DayRoads(cast(Any, None), EPOCH_AT, np.empty(0, dtype=np.int16), slices, Traffic())


def at(second: int) -> datetime:
    return EPOCH_AT + timedelta(seconds=second)


def in_force(day: DayRoads, second: int) -> Profile:
    return next(one for one, end_s in zip(day.slices.profiles, day.slices.end_s, strict=True) if second < end_s)


@given(days(), st.integers(0, 70), st.integers(0, 70))
def test_what_is_closed_at_any_time_between_is_closed(day: DayRoads, first: int, lasts: int) -> None:
    found = day.profile(at(first), at(first + lasts))
    met = [in_force(day, second) for second in range(first, first + max(lasts, 1))]
    assert found.closures == tuple(
        frozenset().union(*sets) for sets in zip(*(one.closures for one in met), strict=True)
    )
    assert found.speed == met[0].speed
    assert day.profile(at(first), at(first)) == met[0]
