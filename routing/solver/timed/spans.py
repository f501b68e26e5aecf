"""Spans of the two parts of a tour, carried on over one more arc; exact, as all times are integers.

A head is the way from the depot until a stop is left; a span of it says "left at a moment from first to last, the
depot was left ``elapsed`` before". A tail is the way from reaching a stop to the depot: "reached at a moment from
first to last, the depot is reached ``rest`` after". Between two spans waiting is best: until the next span of a tail
begins, after the last moment of the span of a head. Spans are sorted, and later ones leave the depot later.
"""

from __future__ import annotations

from data.jit import inner, part
from routing.solver.timed.state import CLOSES, FAR, I32, OPENS, SERVICE, Plan, Timed


@inner
def slice_of(timed: Timed, at: int) -> int:
    """Return the slice in which one leaves at a moment; the moment two slices share belongs to the first."""
    return max(at - 1, 0) // timed.step


@inner
def put_span(spans: I32, count: int, first: int, last: int, length: int) -> int:
    """Append a span, to the last one where it goes on; return how many there are."""
    if count > 0:
        if spans[count - 1, 1] + 1 == first and spans[count - 1, 2] == length:
            spans[count - 1, 1] = last
            return count
    spans[count, 0], spans[count, 1], spans[count, 2] = first, last, length
    return count + 1


@inner
def put_head(timed: Timed, spans: I32, count: int, stop: int, first: int, last: int, elapsed: int) -> int:
    """Append arrivals at a stop as a span of leaving it, unless they are too late; return how many there are.

    Of those that leave at the same moment only the last counts: it left the depot last.
    """
    opens, closes = timed.stops[stop, OPENS], timed.stops[stop, CLOSES]
    if first > closes:
        return count
    if last < opens:
        elapsed += opens - last
        last = opens
    first, last = max(first, opens), min(last, closes)
    service = timed.stops[stop, SERVICE]
    first, last, elapsed = first + service, last + service, elapsed + service
    if count > 0 and spans[count - 1, 1] >= first:
        spans[count - 1, 1] = first - 1
        if spans[count - 1, 1] < spans[count - 1, 0]:
            count -= 1
    return put_span(spans, count, first, last, elapsed)


@part
def extend_head(timed: Timed, plan: Plan, before: int, stop: int) -> None:
    """Derive the head of a stop from that of the stop before it."""
    spans, given = plan.head[stop], plan.head[before]
    count = 0
    for index in range(plan.heads[before, 0]):
        at, last, elapsed = given[index, 0], given[index, 1], given[index, 2]
        while at <= last:
            k = slice_of(timed, at)
            if k >= timed.slices or at + timed.least[before, stop] > timed.stops[stop, CLOSES]:
                break
            travel, late = timed.travel[before, stop, k, 0], timed.travel[before, stop, k, 1]
            end = min(last, timed.step * (k + 1))
            straight = min(end, late - travel)
            if at <= straight:
                count = put_head(timed, spans, count, stop, at + travel, straight + travel, elapsed + travel)
            if end > straight:
                count = put_head(timed, spans, count, stop, late, late, elapsed + late - end)
            at = end + 1
    note_heads(plan, stop, count)


@inner
def note_heads(plan: Plan, stop: int, count: int) -> None:
    least = FAR
    for index in range(count):
        least = min(least, plan.head[stop, index, 2])
    plan.heads[stop, 0], plan.heads[stop, 1] = count, least


@part
def extend_tail(timed: Timed, plan: Plan, row: int, stop: int, after: int) -> None:
    """Derive the tail of a stop, kept in a row, from that of the stop after it."""
    spans, given, count = plan.tail[row], plan.tail[after], 0
    service = timed.stops[stop, SERVICE]
    at, last = timed.stops[stop, OPENS] + service, timed.stops[stop, CLOSES] + service
    index, known = 0, plan.tails[after, 0]
    while at <= last:
        k = slice_of(timed, at)
        if k >= timed.slices:
            break
        travel, late = timed.travel[stop, after, k, 0], timed.travel[stop, after, k, 1]
        arrival = min(at + travel, late)
        while index < known and given[index, 1] < arrival:
            index += 1
        if index == known:
            break
        first, end = given[index, 0], min(last, timed.step * (k + 1))
        if min(end + travel, late) > given[index, 1]:
            end = given[index, 1] - travel
        rest = given[index, 2]
        low, high = max(at, first - travel), min(end, late - travel)
        if low <= high:
            count = put_span(spans, count, low - service, high - service, rest + travel + service)
        if low > high or high < end:
            home = max(min(end + travel, late), first) + rest
            count = put_span(spans, count, end - service, end - service, home - end + service)
        at = end + 1
    least = FAR
    for index in range(count):
        least = min(least, spans[index, 2])
    plan.tails[row, 0], plan.tails[row, 1] = count, least


@part
def through(timed: Timed, plan: Plan, before: int, stop: int, after: int, limit: int) -> int:
    """Return the shortest duration of a head, a stop and a tail together; FAR where it isn't below ``limit``."""
    least = timed.least[before, stop] + timed.stops[stop, SERVICE] + timed.least[stop, after] + plan.tails[after, 1]
    if plan.heads[before, 1] + least >= limit:
        return FAR
    best = shortest_through(timed, plan, before, stop, after, least, limit)
    return best if best < limit else FAR


@inner
def shortest_through(timed: Timed, plan: Plan, before: int, stop: int, after: int, least: int, best: int) -> int:
    """Return the shortest duration of a head, a stop and a tail together, or ``best`` where that is shorter.

    The shortest is found at the last moment of a span, or just before an arrival jumps: only those are looked at.
    ``least`` is what follows the head at least.
    """
    head, tail, index, known = plan.head[before], plan.tail[after], 0, plan.tails[after, 0]
    service, opens, closes = timed.stops[stop, SERVICE], timed.stops[stop, OPENS], timed.stops[stop, CLOSES]
    for span in range(plan.heads[before, 0]):
        at, last, elapsed = head[span, 0], head[span, 1], head[span, 2]
        while at <= last and elapsed + least < best:
            k = slice_of(timed, at)
            if k >= timed.slices:
                return best
            travel, late = timed.travel[before, stop, k, 0], timed.travel[before, stop, k, 1]
            arrival = min(at + travel, late)
            k_left = slice_of(timed, max(arrival, opens) + service)
            if arrival > closes or k_left >= timed.slices:
                return best
            onward, onward_late = timed.travel[stop, after, k_left, 0], timed.travel[stop, after, k_left, 1]
            reached = min(max(arrival, opens) + service + onward, onward_late)
            while index < known and tail[index, 1] < reached:
                index += 1
            if index == known:
                return best
            latest = min(closes + service, timed.step * (k_left + 1))  # to leave the stop before something changes
            if tail[index, 1] < onward_late:
                latest = min(latest, tail[index, 1] - onward)
            end = min(last, timed.step * (k + 1))
            if max(min(end + travel, late), opens) + service > latest:
                end = latest - service - travel
            reached = min(max(min(end + travel, late), opens) + service + onward, onward_late)
            best = min(best, elapsed + max(reached, tail[index, 0]) + tail[index, 2] - end)
            at = end + 1
    return best


@part
def across(timed: Timed, plan: Plan, before: int, after: int) -> int:
    """Return the shortest duration of a head and a tail together, FAR where they don't meet in time."""
    head, tail, index, known = plan.head[before], plan.tail[after], 0, plan.tails[after, 0]
    best = FAR
    for span in range(plan.heads[before, 0]):
        at, last, elapsed = head[span, 0], head[span, 1], head[span, 2]
        while at <= last:
            k = slice_of(timed, at)
            if k >= timed.slices:
                return best
            travel, late = timed.travel[before, after, k, 0], timed.travel[before, after, k, 1]
            reached = min(at + travel, late)
            while index < known and tail[index, 1] < reached:
                index += 1
            if index == known:
                return best
            end = min(last, timed.step * (k + 1))
            if min(end + travel, late) > tail[index, 1]:
                end = tail[index, 1] - travel
            best = min(best, elapsed + max(min(end + travel, late), tail[index, 0]) + tail[index, 2] - end)
            at = end + 1
    return best
