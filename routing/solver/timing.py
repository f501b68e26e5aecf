"""Kernels for time: when a vehicle arrives, when it may start, how late it may leave.

Travel is FIFO by construction: leaving later never arrives earlier. Where only speeds change, a leg runs on over the
end of a time slice: the share of it that is not yet driven is driven at the next slice's duration (Ichoua, Gendreau,
Potvin 2003, at the level of a leg). Where something opens or closes it may not, but a vehicle may wait for the next
stretch, and may always take the route that avoids everything closed at any time of the day.

Shares are integers: a leg is :data:`WHOLE` units long and a second in a slice drives the same number of them whenever
the leg began, so that who leaves later is never ahead, and the latest departure is the exact inverse of the arrival.
"""

from __future__ import annotations

from data.jit import inner
from routing.problem import FAR_FUTURE_S, I64, INF_TRAVEL_S, Tables

NEVER = FAR_FUTURE_S * 4

WHOLE = 1 << 60
"""Units of a leg. A second drives WHOLE / duration of them, rounded up: a leg inside one slice takes its duration,
to the second, because WHOLE exceeds the square of any."""


@inner
def arrival(tables: Tables, cls: int, source: int, target: int, leave_s: int) -> tuple[int, int, int]:
    """Return ``(arrival_s, profile, depart_s)`` of the earliest arrival; ``(NEVER, -1, leave_s)`` if there is none.

    ``profile`` is that of the slice the leg begins in: it tells the streets. A leg lies in one stretch in which the
    same things are closed, or is on the always-safe route.
    """
    first, last = tables.slice_ptr[cls], tables.slice_ptr[cls + 1]
    if last - first == 1:
        profile = tables.slice_profile[first]
        seconds = tables.duration_s[profile, source, target]
        if seconds >= INF_TRAVEL_S:
            return NEVER, -1, leave_s
        return leave_s + seconds, profile, leave_s
    piece = first
    while piece + 1 < last and tables.slice_end_s[piece] <= leave_s:
        piece += 1
    best, best_profile, best_depart = NEVER, -1, leave_s
    arrive = ride(tables, tables.slice_safe, piece, last, source, target, leave_s)
    if arrive < best:
        best, best_profile = arrive, tables.slice_safe[piece]
    depart = leave_s
    while piece < last and depart < best:
        profile = tables.slice_profile[piece]
        if tables.closed_loc[profile, source]:
            break  # the vehicle may not stand here any longer, let alone wait for a later stretch
        after = tables.slice_stretch[piece]
        arrive = ride(tables, tables.slice_profile, piece, after, source, target, depart)
        if arrive < best:
            best, best_profile, best_depart = arrive, profile, depart
        depart = tables.slice_end_s[after - 1]
        piece = after
    return best, best_profile, best_depart


@inner
def ride(tables: Tables, profiles: I64, first: int, last: int, source: int, target: int, depart_s: int) -> int:
    """Return when a leg begun in slice ``first`` is over, at each slice's own speed; ``NEVER`` if past the last."""
    clock, left = depart_s, WHOLE
    for piece in range(first, last):
        seconds = tables.duration_s[profiles[piece], source, target]
        if seconds >= INF_TRAVEL_S:
            return NEVER
        if seconds == 0:
            return clock
        end = tables.slice_end_s[piece]
        if left == WHOLE and clock + seconds <= end:
            return clock + seconds
        per_s = (WHOLE + seconds - 1) // seconds
        needed = (left + per_s - 1) // per_s
        if clock + needed <= end:
            return clock + needed
        left -= (end - clock) * per_s
        clock = end
    return NEVER


@inner
def latest_departure(tables: Tables, cls: int, source: int, target: int, arrive_s: int) -> int:
    """Return the latest instant to leave ``source`` and be at ``target`` by ``arrive_s``; ``-NEVER`` if none."""
    first, last = tables.slice_ptr[cls], tables.slice_ptr[cls + 1]
    if last - first == 1:
        seconds = tables.duration_s[tables.slice_profile[first], source, target]
        return arrive_s - seconds if seconds < INF_TRAVEL_S else -NEVER
    best = ride_back(tables, tables.slice_safe, first, last, source, target, arrive_s, -NEVER)
    begin, piece = -NEVER, first
    while piece < last and begin <= arrive_s:
        after = tables.slice_stretch[piece]
        best = max(best, ride_back(tables, tables.slice_profile, piece, after, source, target, arrive_s, begin))
        begin = tables.slice_end_s[after - 1]
        piece = after
    return best


@inner
def ride_back(
    tables: Tables, profiles: I64, first: int, last: int, source: int, target: int, arrive_s: int, begin_s: int
) -> int:
    """Return the latest departure in slices ``first..last - 1`` to be over by ``arrive_s`` and their end.

    ``begin_s`` is when slice ``first`` begins; ``-NEVER`` is returned where the leg would have to begin earlier.
    """
    clock, left = arrive_s, WHOLE
    for piece in range(last - 1, first - 1, -1):
        begin = tables.slice_end_s[piece - 1] if piece > first else begin_s
        if begin > clock:
            continue
        seconds = tables.duration_s[profiles[piece], source, target]
        if seconds >= INF_TRAVEL_S:
            return -NEVER
        if seconds == 0:
            return min(clock, tables.slice_end_s[piece] - 1)
        clock = min(clock, tables.slice_end_s[piece])
        if left == WHOLE and clock - seconds >= begin:
            return clock - seconds
        per_s = (WHOLE + seconds - 1) // seconds
        needed = (left + per_s - 1) // per_s
        if clock - needed >= begin:
            return clock - needed
        left -= (clock - begin) * per_s
        clock = begin
    return -NEVER


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
def owes_break(tables: Tables, first: int, last: int, back_s: int) -> bool:
    """Return whether a tour that is over at ``back_s`` needs one of breaks ``first..last - 1``."""
    for index in range(first, last):
        if back_s > tables.brk_due[index]:
            return True
    return False


@inner
def latest_without(tables: Tables, first: int, last: int, close_s: int) -> int:
    """Return the latest end, up to ``close_s``, of a tour that needs none of breaks ``first..last - 1``."""
    for index in range(first, last):
        close_s = min(close_s, tables.brk_due[index])
    return close_s


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
