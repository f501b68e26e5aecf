"""Kernels for time: when a vehicle arrives, when it may start, how late it may leave.

Travel is FIFO by construction: leaving later never arrives earlier. Where only speeds change, a leg runs on over the
end of a time slice: the share of it that is not yet driven is driven at the next slice's duration (Ichoua, Gendreau,
Potvin 2003, at the level of a leg). Where something opens or closes it may not, but a vehicle may wait for the next
stretch, and may always take the route that avoids everything closed at any time of the day.

Shares are integers: a leg is :data:`WHOLE` units long and a second in a slice drives the same number of them whenever
the leg began, so that who leaves later is never ahead, and the latest departure is the exact inverse of the arrival.
"""

from __future__ import annotations

from data.jit import inner, part
from routing.problem import FAR_FUTURE_S, INF_TRAVEL_S, Tables
from routing.solver.rules import Rules

NEVER = FAR_FUTURE_S * 4

WHOLE = 1 << 60
"""Units of a leg. A second drives WHOLE / duration of them, rounded up: a leg inside one slice takes its duration,
to the second, because WHOLE exceeds the square of any."""


@inner
def arrival(rules: Rules, cls: int, source: int, target: int, leave_s: int) -> tuple[int, int, int]:
    """Return ``(arrival_s, profile, depart_s)`` of the earliest arrival; ``(NEVER, -1, leave_s)`` if there is none.

    ``profile`` is that of the slice the leg begins in: it tells the streets. A leg lies in one stretch in which the
    same things are closed, or is on the always-safe route.
    """
    first, last = rules.slice_ptr[cls], rules.slice_ptr[cls + 1]
    if last - first == 1:
        profile = 0 + rules.slices[first].profile
        seconds = rules.duration_s[profile, source, target]
        if seconds >= INF_TRAVEL_S:
            return NEVER, -1, leave_s
        return leave_s + seconds, profile, leave_s
    return arrival_across(rules, first, last, source, target, leave_s)


@part
def arrival_across(rules: Rules, first: int, last: int, source: int, target: int, leave_s: int) -> tuple[int, int, int]:
    """Return :func:`arrival` for a class of several slices."""
    piece = first
    while piece + 1 < last and rules.slices[piece].end_s <= leave_s:
        piece += 1
    if not rules.slices[piece].zoned:
        arrive = ride(rules, False, piece, last, source, target, leave_s)
        return arrive, 0 + rules.slices[piece].profile if arrive < NEVER else -1, leave_s
    best, best_profile, best_depart = NEVER, -1, leave_s
    arrive = ride(rules, True, piece, last, source, target, leave_s)
    if arrive < best:
        best, best_profile = arrive, 0 + rules.slices[piece].safe
    depart = leave_s
    while piece < last and depart < best:
        profile = 0 + rules.slices[piece].profile
        if rules.closed_loc[profile, source]:
            break  # the vehicle may not stand here any longer, let alone wait for a later stretch
        after = 0 + rules.slices[piece].stretch
        arrive = ride(rules, False, piece, after, source, target, depart)
        if arrive < best:
            best, best_profile, best_depart = arrive, profile, depart
        depart = 0 + rules.slices[after - 1].end_s
        piece = after
    return best, best_profile, best_depart


@inner
def ride(rules: Rules, safe: bool, first: int, last: int, source: int, target: int, depart_s: int) -> int:
    """Return when a leg begun in slice ``first`` is over, at each slice's own speed; ``NEVER`` if past the last."""
    clock, left = depart_s, WHOLE
    for piece in range(first, last):
        profile = rules.slices[piece].safe if safe else rules.slices[piece].profile
        seconds = rules.duration_s[profile, source, target]
        if seconds >= INF_TRAVEL_S:
            return NEVER
        if seconds == 0:
            return clock
        end = rules.slices[piece].end_s
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
def latest_departure(rules: Rules, cls: int, source: int, target: int, arrive_s: int) -> int:
    """Return the latest instant to leave ``source`` and be at ``target`` by ``arrive_s``; ``-NEVER`` if none."""
    first, last = rules.slice_ptr[cls], rules.slice_ptr[cls + 1]
    if last - first == 1:
        seconds = rules.duration_s[rules.slices[first].profile, source, target]
        return arrive_s - seconds if seconds < INF_TRAVEL_S else -NEVER
    return latest_departure_across(rules, first, last, source, target, arrive_s)


@part
def latest_departure_across(rules: Rules, first: int, last: int, source: int, target: int, arrive_s: int) -> int:
    """Return :func:`latest_departure` for a class of several slices."""
    if not rules.slices[first].zoned:
        return ride_back(rules, False, first, last, source, target, arrive_s, -NEVER)
    best = ride_back(rules, True, first, last, source, target, arrive_s, -NEVER)
    begin, piece = -NEVER, first
    while piece < last and begin <= arrive_s:
        after = 0 + rules.slices[piece].stretch
        best = max(best, ride_back(rules, False, piece, after, source, target, arrive_s, begin))
        begin = 0 + rules.slices[after - 1].end_s
        piece = after
    return best


@inner
def ride_back(
    rules: Rules, safe: bool, first: int, last: int, source: int, target: int, arrive_s: int, begin_s: int
) -> int:
    """Return the latest departure in slices ``first..last - 1`` to be over by ``arrive_s`` and their end.

    ``begin_s`` is when slice ``first`` begins; ``-NEVER`` is returned where the leg would have to begin earlier.
    """
    clock, left = arrive_s, WHOLE
    for piece in range(last - 1, first - 1, -1):
        begin = rules.slices[piece - 1].end_s if piece > first else begin_s
        if begin > clock:
            continue
        profile = rules.slices[piece].safe if safe else rules.slices[piece].profile
        seconds = rules.duration_s[profile, source, target]
        if seconds >= INF_TRAVEL_S:
            return -NEVER
        if seconds == 0:
            return min(clock, rules.slices[piece].end_s - 1)
        clock = min(clock, rules.slices[piece].end_s)
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
def earliest_start(rules: Rules, cls: int, option: int, arrive_s: int) -> int:
    """Return the first instant from ``arrive_s`` on at which the service may start; ``NEVER`` if none."""
    for piece in range(0 + rules.visits[cls, option].first, rules.visits[cls, option].last):
        if arrive_s <= rules.windows[piece].closes:
            if arrive_s < rules.windows[piece].arrive:
                return NEVER
            return max(arrive_s, rules.windows[piece].opens)
    return NEVER


@inner
def latest_start(rules: Rules, cls: int, option: int, by_s: int) -> int:
    """Return the last instant up to ``by_s`` at which the service may start; ``-NEVER`` if none."""
    for piece in range(0 + rules.visits[cls, option].last - 1, rules.visits[cls, option].first - 1, -1):
        if by_s >= rules.windows[piece].opens:
            return min(by_s, rules.windows[piece].closes)
    return -NEVER


@inner
def after_breaks(rules: Rules | Tables, first: int, last: int, from_s: int) -> int:
    """Return when breaks ``first..last - 1``, taken in turn from ``from_s``, are over; ``NEVER`` if late."""
    clock = from_s
    for index in range(first, last):
        clock = max(clock, rules.brk_open[index])
        if clock > rules.brk_close[index]:
            return NEVER
        clock += rules.brk_duration[index]
    return clock


@inner
def before_breaks(rules: Rules | Tables, first: int, last: int, until_s: int) -> int:
    """Return the latest instant to begin breaks ``first..last - 1`` so that they are over by ``until_s``."""
    clock = until_s
    for index in range(last - 1, first - 1, -1):
        clock = min(clock - rules.brk_duration[index], rules.brk_close[index])
        if clock < rules.brk_open[index]:
            return -NEVER
    return clock


@inner
def owes_break(rules: Rules, first: int, last: int, back_s: int) -> bool:
    """Return whether a tour that is over at ``back_s`` needs one of breaks ``first..last - 1``."""
    for index in range(first, last):
        if back_s > rules.brk_due[index]:
            return True
    return False


@inner
def latest_without(rules: Rules, first: int, last: int, close_s: int) -> int:
    """Return the latest end, up to ``close_s``, of a tour that needs none of breaks ``first..last - 1``."""
    for index in range(first, last):
        close_s = min(close_s, rules.brk_due[index])
    return close_s


@part
def may_stay(rules: Rules, cls: int, location: int, from_s: int, to_s: int) -> bool:
    """Return whether a vehicle of the class may stand at ``location`` from ``from_s`` to ``to_s``."""
    first, last = rules.slice_ptr[cls], rules.slice_ptr[cls + 1]
    if not rules.slices[first].zoned:
        return True
    if last - first == 1:
        return rules.closed_loc[rules.slices[first].profile, location] == 0
    begin = -NEVER
    for piece in range(first, last):
        end = rules.slices[piece].end_s
        if from_s < end and to_s > begin and rules.closed_loc[rules.slices[piece].profile, location]:
            return False
        begin = end
    return True
