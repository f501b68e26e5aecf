"""Legs through a day of changing speeds and closures: first in, first out, and the exact way back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from routing.problem import INF_TRAVEL_S, Tables
from routing.solver.rules import rules_of
from routing.solver.timing import NEVER, WHOLE, arrival, latest_departure, may_stay
from tests.drawn_problems import FAR_S, Features, draw_problem, numbers
from tests.solver_naive import closed_between, drive

DAY_S = 300


@dataclass(frozen=True)
class Day:
    """Slices of one class: where they end, what a leg takes in each, on open streets and on always-safe ones.

    ``closed`` says where something is closed, which makes the ends of a stretch; ``stands`` whether the source is
    inside of it.
    """

    ends: tuple[int, ...]
    seconds: tuple[int, ...]
    safe: tuple[int, ...]
    closed: tuple[bool, ...]
    stands: bool

    def tables(self) -> Tables:
        """Return tables of two places; profile 2k is slice k's own, 2k + 1 its safe one (a lone slice has but one)."""
        count = len(self.ends)
        duration = np.zeros((2 * count, 2, 2), dtype=np.int32)
        duration[0::2, 0, 1], duration[1::2, 0, 1] = self.seconds, self.safe
        stretch = [1 + max(last for last in range(k, count) if len(set(self.closed[k : last + 1])) == 1)
                   for k in range(count)]  # fmt: skip
        inside = np.zeros((2 * count, 2), dtype=np.uint8)
        inside[0::2, 0] = np.array(self.closed) & self.stands
        return draw_problem(1, Features()).tables._replace(
            duration_s=duration,
            distance_m=duration,
            closed_loc=inside,
            slice_ptr=numbers([0, count, count]),
            slice_end_s=numbers([*self.ends[:-1], FAR_S]),
            slice_profile=numbers(range(0, 2 * count, 2)),
            slice_safe=numbers(range(1, 2 * count, 2) if count > 1 else [0]),
            slice_stretch=numbers(stretch),
        )


@st.composite
def days(draw: st.DrawFn, stands: bool | None = None) -> Day:
    """Return any day of up to seven slices; a stretch is open to a leg in all of its slices or in none."""
    count = draw(st.integers(1, 7))
    ends = tuple(sorted(draw(st.sets(st.integers(1, DAY_S), min_size=count, max_size=count))))
    leg = st.one_of(st.integers(0, 3), st.integers(1, 150), st.just(97))
    closed = tuple(draw(st.booleans()) for _ in range(count))
    no_way = {state: draw(st.booleans()) for state in (False, True)}
    seconds = tuple(INF_TRAVEL_S if no_way[state] else draw(leg) for state in closed)
    never_safe = draw(st.booleans())
    safe = tuple(INF_TRAVEL_S if never_safe else draw(leg) for _ in range(count))
    return Day(ends, seconds, safe, closed, draw(st.booleans()) if stands is None else stands)


@given(days(), st.integers(-50, DAY_S + 50))
@settings(max_examples=400, deadline=None)
@example(Day((10, 20), (5, 0), (5, 0), (False, False), False), 8)
@example(Day((10, 20, 30), (40, 40, 1), (40, 40, 1), (False, False, False), False), 0)
def test_a_leg_takes_what_driving_second_by_second_does(day: Day, leave: int) -> None:
    tables = day.tables()
    found = drive(tables, 0, 0, 1, leave)
    arrive, profile, depart = arrival(rules_of(tables), 0, 0, 1, leave)
    if found is None:
        assert arrive >= NEVER
        return
    assert (arrive, depart, profile) == (found.arrive, found.depart, found.profile)
    assert not depart > leave or not closed_between(tables, 0, 0, leave, depart)


@given(days(stands=False))
@settings(max_examples=150, deadline=None)
def test_who_leaves_later_never_arrives_earlier(day: Day) -> None:
    tables = day.tables()
    rules = rules_of(tables)
    arrivals = [int(arrival(rules, 0, 0, 1, leave)[0]) for leave in range(-20, DAY_S + 20)]
    assert arrivals == sorted(arrivals)


@given(days(stands=False))
@settings(max_examples=150, deadline=None)
def test_the_latest_departure_is_the_inverse_of_the_arrival(day: Day) -> None:
    tables = day.tables()
    rules = rules_of(tables)
    arrivals = {leave: int(arrival(rules, 0, 0, 1, leave)[0]) for leave in range(-400, DAY_S + 20)}
    for by in range(-50, DAY_S + 10):
        in_time = [leave for leave, at in arrivals.items() if at <= by]
        latest = int(latest_departure(rules, 0, 0, 1, by))
        if in_time:
            assert latest == in_time[-1]
        else:
            assert latest < -400


@given(days(), st.integers(-20, DAY_S), st.integers(0, 100))
@settings(max_examples=150, deadline=None)
def test_a_vehicle_may_stay_where_nothing_is_closed_meanwhile(day: Day, since: int, length: int) -> None:
    tables = day.tables()
    if len(day.ends) == 1 or length == 0:
        return  # a class with one slice is asked for the place alone, and who doesn't stand is nowhere
    assert may_stay(rules_of(tables), 0, 0, since, since + length) == (
        not closed_between(tables, 0, 0, since, since + length)
    )


@pytest.mark.parametrize("seconds", [1, 2, 3, 7, 86_399, 2**20 + 1, 10**9 - 1])
def test_a_second_drives_enough_for_the_leg_to_take_its_duration(seconds: int) -> None:
    """To the second, whatever the duration: what makes a leg inside one slice what the tables say."""
    per_s = -(-WHOLE // seconds)
    assert per_s * seconds >= WHOLE > per_s * (seconds - 1)


def test_the_share_left_is_driven_at_the_next_speed() -> None:
    """Half of a 100 s leg before the boundary, the other half at 40 s for the whole: 50 + 20."""
    day = Day((1000, 2000), (100, 40), (100, 40), (False, False), False)
    assert arrival(rules_of(day.tables()), 0, 0, 1, 950)[0] == 1020
    assert latest_departure(rules_of(day.tables()), 0, 0, 1, 1020) == 950


def test_a_leg_does_not_run_on_where_something_closes() -> None:
    """The open streets take 100 s and close at 1000; the safe ones take 300 s at any time."""
    day = Day((1000, 2000), (100, 300), (300, 300), (False, True), False)
    assert arrival(rules_of(day.tables()), 0, 0, 1, 900)[0] == 1000
    assert arrival(rules_of(day.tables()), 0, 0, 1, 901)[0] == 1201
