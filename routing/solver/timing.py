"""Kernels for time: when a vehicle arrives, when it may start, how late it may leave.

Travel is FIFO by construction: leaving later never arrives earlier, because a vehicle may wait for the next time
slice and may always take the route that avoids every zone closed at any time of the day.
"""

from __future__ import annotations

from routing.jit import inner
from routing.problem import FAR_FUTURE_S, INF_TRAVEL_S, Tables

NEVER = FAR_FUTURE_S * 4


@inner
def arrival(tables: Tables, cls: int, source: int, target: int, leave_s: int) -> tuple[int, int, int]:
    """Return ``(arrival_s, profile, depart_s)`` of the earliest arrival; ``(NEVER, -1, leave_s)`` if there is none.

    A leg that is driven in a time slice must also end in it; else the always-safe profile serves.
    """
    first, last = tables.slice_ptr[cls], tables.slice_ptr[cls + 1]
    if last - first == 1:
        profile = tables.slice_profile[first]
        seconds = tables.duration_s[profile, source, target]
        if seconds >= INF_TRAVEL_S:
            return NEVER, -1, leave_s
        return leave_s + seconds, profile, leave_s
    best, best_profile, best_depart = NEVER, -1, leave_s
    safe = tables.safe_profile[cls]
    seconds = tables.duration_s[safe, source, target]
    if seconds < INF_TRAVEL_S:
        best, best_profile = leave_s + seconds, safe
    depart = leave_s
    for piece in range(first, last):
        end = tables.slice_end_s[piece]
        if end <= depart and piece + 1 < last:
            continue
        profile = tables.slice_profile[piece]
        if tables.closed_loc[profile, source]:
            break  # the vehicle may not stand here any longer, let alone wait for a later slice
        seconds = tables.duration_s[profile, source, target]
        if seconds < INF_TRAVEL_S and depart + seconds <= end and depart + seconds < best:
            best, best_profile, best_depart = depart + seconds, profile, depart
        depart = end
        if depart >= best:
            break
    return best, best_profile, best_depart


@inner
def latest_departure(tables: Tables, cls: int, source: int, target: int, arrive_s: int) -> int:
    """Return the latest instant to leave ``source`` and be at ``target`` by ``arrive_s``; ``-NEVER`` if none."""
    first, last = tables.slice_ptr[cls], tables.slice_ptr[cls + 1]
    if last - first == 1:
        seconds = tables.duration_s[tables.slice_profile[first], source, target]
        return arrive_s - seconds if seconds < INF_TRAVEL_S else -NEVER
    best = -NEVER
    seconds = tables.duration_s[tables.safe_profile[cls], source, target]
    if seconds < INF_TRAVEL_S:
        best = arrive_s - seconds
    begin = -NEVER
    for piece in range(first, last):
        end = tables.slice_end_s[piece]
        seconds = tables.duration_s[tables.slice_profile[piece], source, target]
        if seconds < INF_TRAVEL_S:
            depart = min(arrive_s, end) - seconds
            if depart >= begin:
                best = max(best, depart)
        begin = end
    return best


@inner
def earliest_start(tables: Tables, cls: int, option: int, arrive_s: int) -> int:
    """Return the first instant from ``arrive_s`` on at which the service may start; ``NEVER`` if none."""
    for piece in range(tables.win_first[cls, option], tables.win_last[cls, option]):
        if arrive_s <= tables.win_close[piece]:
            if arrive_s < tables.win_arrive[piece]:
                return NEVER
            return max(arrive_s, tables.win_open[piece])
    return NEVER


@inner
def latest_start(tables: Tables, cls: int, option: int, by_s: int) -> int:
    """Return the last instant up to ``by_s`` at which the service may start; ``-NEVER`` if none."""
    for piece in range(tables.win_last[cls, option] - 1, tables.win_first[cls, option] - 1, -1):
        if by_s >= tables.win_open[piece]:
            return min(by_s, tables.win_close[piece])
    return -NEVER


@inner
def after_breaks(tables: Tables, first: int, last: int, from_s: int) -> int:
    """Return when breaks ``first..last - 1``, taken in turn from ``from_s``, are over; ``NEVER`` if late."""
    clock = from_s
    for index in range(first, last):
        clock = max(clock, tables.brk_open[index])
        if clock > tables.brk_close[index]:
            return NEVER
        clock += tables.brk_duration[index]
    return clock


@inner
def before_breaks(tables: Tables, first: int, last: int, until_s: int) -> int:
    """Return the latest instant to begin breaks ``first..last - 1`` so that they are over by ``until_s``."""
    clock = until_s
    for index in range(last - 1, first - 1, -1):
        clock = min(clock - tables.brk_duration[index], tables.brk_close[index])
        if clock < tables.brk_open[index]:
            return -NEVER
    return clock


@inner
def may_stay(tables: Tables, cls: int, location: int, from_s: int, to_s: int) -> bool:
    """Return whether a vehicle of the class may stand at ``location`` from ``from_s`` to ``to_s``."""
    first, last = tables.slice_ptr[cls], tables.slice_ptr[cls + 1]
    if last - first == 1:
        return tables.closed_loc[tables.slice_profile[first], location] == 0
    begin = -NEVER
    for piece in range(first, last):
        end = tables.slice_end_s[piece]
        if from_s < end and to_s > begin and tables.closed_loc[tables.slice_profile[piece], location]:
            return False
        begin = end
    return True
