"""The checker of time-dependent routes: plain Python on the functions of the file, nothing shared with the search."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence

from jalon.td.instance import Curve, Instance

Routes = Sequence[Sequence[int]]


def arrival(curve: Curve, leave: float) -> float | None:
    """Return when one arrives who leaves at a moment, at a step the smallest value; None beyond the horizon."""
    xs, ys = curve
    if not xs[0] <= leave <= xs[-1]:
        return None
    at = bisect_left(xs, leave)
    if xs[at] == leave:
        return ys[at]
    return ys[at - 1] + (leave - xs[at - 1]) * (ys[at] - ys[at - 1]) / (xs[at] - xs[at - 1])


def latest(curve: Curve, reach: float) -> float | None:
    """Return the last moment to leave so as to arrive at a moment or before; None where there is none."""
    xs, ys = curve
    at = bisect_right(ys, reach)
    if at == 0:
        return None
    if at == len(ys) or xs[at] == xs[at - 1]:
        return xs[at - 1]
    return xs[at - 1] + (reach - ys[at - 1]) * (xs[at] - xs[at - 1]) / (ys[at] - ys[at - 1])


def returned(instance: Instance, route: Sequence[int], leave: float) -> float | None:
    """Return when a route is back that leaves the depot at a moment; None where that is too late somewhere."""
    at, place = leave, 0
    if not instance.windows[0][0] <= leave <= instance.windows[0][1]:
        return None
    for stop in (*route, 0):
        reached = arrival(instance.arcs[place, stop], at)
        opens, closes = instance.windows[stop]
        if reached is None or reached > closes:
            return None
        at, place = (max(reached, opens) + instance.service[stop] if stop else reached), stop
    return at


def shortest(instance: Instance, route: Sequence[int]) -> tuple[float, float] | None:
    """Return the least duration of a route and when it leaves then; None where it can't be driven in time.

    Duration over departure bends or jumps only where the depot is left so that some function is met at a breakpoint
    or some window at its end: every such departure is tried, the last that meets it.
    """
    found = []
    for leave in _departures(instance, route):
        back = returned(instance, route, leave)
        if back is not None:
            found.append((back - leave, leave))
    return min(found, default=None)


def _departures(instance: Instance, route: Sequence[int]) -> set[float]:
    """Return the departures that may be best."""
    found = set(instance.windows[0])
    places = (0, *route, 0)
    for index in range(len(places) - 1):
        moments = set(instance.arcs[places[index], places[index + 1]][0])
        if index:
            moments |= {at + instance.service[places[index]] for at in instance.windows[places[index]]}
        found |= {leave for at in moments if (leave := _left_depot(instance, route[:index], at)) is not None}
    back = instance.windows[0][1]
    last = latest(instance.arcs[places[-2], 0], back)
    if last is not None and (leave := _left_depot(instance, route, last)) is not None:
        found.add(leave)
    return found


def _left_depot(instance: Instance, before: Sequence[int], leave: float) -> float | None:
    """Return the last moment to leave the depot so as to have served stops and leave the last one by a moment."""
    places = (0, *before)
    at = leave
    for index in range(len(places) - 1, 0, -1):
        at = min(at - instance.service[places[index]], instance.windows[places[index]][1])
        if at < instance.windows[places[index]][0]:
            return None
        moment = latest(instance.arcs[places[index - 1], places[index]], at)
        if moment is None:
            return None
        at = moment
    return min(at, instance.windows[0][1])


def cost(instance: Instance, routes: Routes) -> float | None:
    """Return how long the routes take together, each leaving when it is shortest; None where one can't be driven."""
    durations = [shortest(instance, route) for route in routes if route]
    return None if None in durations else sum(found[0] for found in durations if found)


def faults(instance: Instance, routes: Routes, departures: Sequence[float]) -> list[str]:
    """Return what is wrong with routes that leave at given moments, a sentence each; nothing for a feasible plan."""
    found = list(_service_faults(instance, routes))
    if len(routes) > instance.vehicles:
        found.append(f"{len(routes)} routes for {instance.vehicles} vehicles")
    if len(departures) != len(routes):
        found.append(f"{len(departures)} departures for {len(routes)} routes")
    for number, (route, leave) in enumerate(zip(routes, departures), 1):
        if all(0 < stop < len(instance.demand) for stop in route):
            load = sum(instance.demand[stop] for stop in route)
            if load > instance.capacity:
                found.append(f"route {number}: load {load} is over the capacity {instance.capacity}")
            if returned(instance, route, leave) is None:
                found.append(f"route {number}: left at {leave:g}, it is late")
    return found


def _service_faults(instance: Instance, routes: Routes) -> Iterator[str]:
    """Yield every customer that isn't served exactly once, and everything served that is no customer."""
    times = Counter(stop for route in routes for stop in route)
    customers = set(range(1, len(instance.demand)))
    for stop in sorted(times.keys() - customers):
        yield f"{stop} is no customer"
    for stop in sorted(customers):
        if times[stop] != 1:
            yield f"{stop} must be served once, not {times[stop]} times"
