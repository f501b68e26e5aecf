"""Drivers' breaks by rule: what the law asks of a shift, as breaks with windows.

A rule lets nobody work longer than so many hours in a row. The breaks a shift then needs are spread over it with
windows so wide that any choice inside them keeps every stretch short enough, whatever the tour; a tour that is over
by the end of a window need not take that break any more. All work counts, driving or not, from the shift's start on:
that is never too little rest, and sometimes more than the law asks.

Sources: Code du travail L3121-16 (20 min from 6 h of work); Code des transports L3312-2 (30 min from 6 to 9 h of
work, 45 min above, in parts of 15 min or more, never over 6 h in a row); Regulation (EC) 561/2006 article 7 (45 min
after 4 h 30 of driving, or 15 min and then 30).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from data.model.base import Window

QUARTER = timedelta(minutes=15)
LONG_DAY = timedelta(hours=9)
CHOICE = timedelta(minutes=30)
"""Half of a break's window, at least, where it is the only one."""


class BreakRule(StrEnum):
    """Which law, if any, a vehicle's driver rests by, besides the breaks given one by one."""

    NONE = "none"
    FR_LABOUR = "fr-labour"
    FR_TRANSPORT = "fr-transport"
    EU_561 = "eu-561"
    EU_561_SPLIT = "eu-561-split"


class Rest(NamedTuple):
    """A break that a rule asks for: when it begins, how long it lasts, and up to when a tour may end without it."""

    window: Window
    length: timedelta
    due_at: datetime


AT_A_STRETCH = {
    BreakRule.FR_LABOUR: (timedelta(hours=6), timedelta(minutes=20)),
    BreakRule.FR_TRANSPORT: (timedelta(hours=6), timedelta(minutes=30)),
    BreakRule.EU_561: (timedelta(hours=4, minutes=30), timedelta(minutes=45)),
    BreakRule.EU_561_SPLIT: (timedelta(hours=4, minutes=30), timedelta(minutes=45)),
}


def rests(rule: BreakRule, shift: Window) -> tuple[Rest, ...]:
    """Return the breaks that a rule asks of a shift, in order."""
    if rule is BreakRule.NONE:
        return ()
    found = _spread(shift, *AT_A_STRETCH[rule])
    if rule is BreakRule.EU_561_SPLIT:
        return tuple(part for rest in _with_begin(shift, found) for part in _split(*rest))
    if rule is BreakRule.FR_TRANSPORT and found:
        return (*found, *_long_day(shift, found[-1]))
    return found


def _spread(shift: Window, at_most: timedelta, length: timedelta) -> tuple[Rest, ...]:
    """Return as many breaks as are needed, evenly; what a stretch has to spare is shared by its two ends.

    Where that leaves too little choice of when to take them, there is one more.
    """
    total = shift.end_at - shift.start_at
    count = max(0, -((at_most - total) // (at_most + length)))
    stretch = (total - count * length) / (count + 1)
    if count and at_most - stretch < CHOICE:
        count += 1
        stretch = (total - count * length) / (count + 1)
    spare = (at_most - stretch) / (1 if count == 1 else 2)
    found = []
    for number in range(1, count + 1):
        middle = shift.start_at + number * stretch + (number - 1) * length
        window = Window(start_at=max(middle - spare, shift.start_at), end_at=middle + spare)
        found.append(Rest(window, length, window.end_at))
    return tuple(found)


def _with_begin(shift: Window, found: tuple[Rest, ...]) -> list[tuple[datetime, Rest]]:
    """Return each break with the moment from which a first part of it may be taken."""
    if not found:
        return []
    ends = [rest.window.end_at + rest.length for rest in found]
    return list(zip([shift.start_at, *ends[:-1]], found, strict=True))


def _split(begin_at: datetime, rest: Rest) -> tuple[Rest, Rest]:
    """Return 15 minutes at any time before, and the rest of the break 15 minutes later than it would be."""
    window = Window(start_at=rest.window.start_at + QUARTER, end_at=rest.window.end_at + QUARTER)
    first = Window(start_at=min(begin_at, rest.window.start_at), end_at=rest.window.end_at)
    return Rest(first, QUARTER, rest.due_at), Rest(window, rest.length - QUARTER, rest.due_at)


def _long_day(shift: Window, last: Rest) -> tuple[Rest, ...]:
    """Return the 15 minutes more that over nine hours of work ask for, after the other break."""
    due_at = shift.start_at + LONG_DAY + last.length
    if shift.end_at <= due_at:
        return ()
    latest_at = shift.end_at - QUARTER
    window = Window(start_at=min(last.window.end_at + last.length, latest_at), end_at=latest_at)
    return (Rest(window, QUARTER, due_at),)
