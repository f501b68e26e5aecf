"""Drivers' breaks by rule: whatever instants inside the windows are chosen, nobody works too long in a row."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from data.model.base import Window
from data.model.break_rules import AT_A_STRETCH, BreakRule, Rest, rests

MORNING = datetime(2026, 6, 18, 6, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
RULES = [rule for rule in BreakRule if rule is not BreakRule.NONE]


def shift_of(minutes: int) -> Window:
    return Window(start_at=MORNING, end_at=MORNING + minutes * MINUTE)


def chosen(rng: Random, found: tuple[Rest, ...]) -> list[tuple[datetime, datetime]]:
    """Return the breaks, each as early, as late, or whenever its window and the one before allow."""
    taken: list[tuple[datetime, datetime]] = []
    for rest in found:
        first = max([rest.window.start_at, *(end for _, end in taken[-1:])])
        assert first <= rest.window.end_at, "a break can be taken however late the one before was"
        start = rng.choice([first, rest.window.end_at, first + (rest.window.end_at - first) * rng.random()])
        taken.append((start, start + rest.length))
    return taken


@given(st.sampled_from(RULES), st.integers(1, 900), st.integers(0, 2**32))
def test_nobody_works_too_long_in_a_row(rule: BreakRule, minutes: int, seed: int) -> None:
    shift, rng = shift_of(minutes), Random(seed)
    at_most, _ = AT_A_STRETCH[rule]
    found = rests(rule, shift)
    over_at = rng.choice([shift.end_at, *(rest.due_at for rest in found if rest.due_at <= shift.end_at)])
    last_due = max((number for number, rest in enumerate(found, start=1) if over_at > rest.due_at), default=0)
    taken = chosen(rng, found[:last_due])
    edges = [shift.start_at, *(instant for span in taken for instant in span), over_at]
    # what is split counts as rest only with its longer part; the quarter of an hour before it is no work either
    worked, longest = timedelta(0), timedelta(0)
    for begin, end, (start, stop) in zip(edges[::2], edges[1::2], [*taken, (over_at, over_at)], strict=True):
        worked += end - begin
        longest = max(longest, worked)
        if stop - start >= (timedelta(minutes=30) if rule is not BreakRule.FR_LABOUR else timedelta(minutes=20)):
            worked = timedelta(0)
    assert longest <= at_most + timedelta(seconds=1)


@given(st.sampled_from(RULES), st.integers(1, 900))
def test_a_short_shift_needs_no_break_and_a_long_one_enough(rule: BreakRule, minutes: int) -> None:
    at_most, length = AT_A_STRETCH[rule]
    found = rests(rule, shift_of(minutes))
    assert bool(found) == (minutes * MINUTE > at_most)
    if found:
        assert sum((rest.length for rest in found), timedelta(0)) >= length


def test_nine_hours_of_work_ask_for_three_quarters_of_an_hour() -> None:
    usual, long_day = (rests(BreakRule.FR_TRANSPORT, shift_of(hours * 60)) for hours in (8, 11))
    assert [rest.length for rest in usual] == [30 * MINUTE]
    assert [rest.length for rest in long_day] == [30 * MINUTE, 15 * MINUTE]
    assert long_day[1].due_at == MORNING + timedelta(hours=9, minutes=30)
