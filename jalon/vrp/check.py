"""The checker of benchmark routes: plain Python that shares nothing with the search but the instance it reads."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence

from jalon.vrp.instance import CONVENTIONS, Convention, Instance

Routes = Sequence[Sequence[int]]


def convention(instance: Instance) -> Convention:
    """Return how the instance's costs are counted: where a family has several ways, as its published solution is."""
    ways = CONVENTIONS[instance.family]
    if instance.bks is None or len(ways) == 1:
        return ways[0]
    bks = instance.bks
    return min(ways, key=lambda way: abs(cost(instance, instance.known, way) / bks - 1.0))


def cost(instance: Instance, routes: Routes, way: Convention) -> float:
    """Return what the routes cost in the unit of the published costs, fixed prices included."""
    total: float = 0
    for vehicle, route in zip(instance.vehicles, routes):
        if route:
            stations = [instance.depots[vehicle.depot], *route, instance.depots[vehicle.depot]]
            driven = sum(_leg(instance, way, start, end) for start, end in itertools.pairwise(stations))
            total += driven * vehicle.unit + vehicle.fixed * way.scale
    return total / way.per if way.per > 1 else total


def faults(instance: Instance, routes: Routes, way: Convention) -> list[str]:
    """Return what is wrong with the routes, a sentence each; nothing for a feasible plan."""
    found = list(_service_faults(instance, routes))
    if len(routes) > len(instance.vehicles):
        found.append(f"{len(routes)} routes for {len(instance.vehicles)} vehicles")
    for number, route in enumerate(routes[: len(instance.vehicles)]):
        if route and all(0 <= stop < len(instance.demand) for stop in route):
            found += [f"route {number + 1}: {fault}" for fault in _route_faults(instance, number, route, way)]
    return found


def _leg(instance: Instance, way: Convention, start: int, end: int) -> float:
    distance = way.scale * instance.distance(start, end)
    return way.whole(distance) if way.whole else distance


def _service_faults(instance: Instance, routes: Routes) -> Iterator[str]:
    """Yield every group that isn't served exactly once, and everything served that is no customer."""
    times = Counter(stop for route in routes for stop in route)
    customers = set(range(len(instance.demand))) - set(instance.depots)
    for stop in sorted(times.keys() - customers):
        yield f"{stop} is no customer"
    grouped = {stop for group in instance.groups for stop in group}
    alone = [(stop,) for stop in sorted(customers - grouped)]
    for group in (*instance.groups, *alone):
        served = sum(times[stop] for stop in group)
        if served != 1:
            yield f"one of {list(group)} must be served once, not {served} times"


def _route_faults(instance: Instance, number: int, route: Sequence[int], way: Convention) -> Iterator[str]:
    vehicle = instance.vehicles[number]
    load = sum(instance.demand[stop] for stop in route)
    if load > vehicle.capacity:
        yield f"load {load} is over the capacity {vehicle.capacity}"
    if instance.windows is not None:
        depot = instance.depots[vehicle.depot]
        yield from _time_faults(instance, [depot, *route, depot], vehicle.longest, way)


def _time_faults(instance: Instance, stations: Sequence[int], longest: float | None, way: Convention) -> Iterator[str]:
    """Yield late arrivals and a tour that takes too long, leaving as late as arriving early allows."""
    assert instance.windows is not None and instance.service is not None
    windows = [(opens * way.scale, closes * way.scale) for opens, closes in (instance.windows[at] for at in stations)]
    takes = [
        instance.service[start] * way.scale + _leg(instance, way, start, end)
        for start, end in itertools.pairwise(stations)
    ]
    at = windows[0][0]
    for stop, (opens, closes), taken in zip(stations[1:], windows[1:], takes):
        at = max(at + taken, opens)
        if at > closes:
            yield f"{stop} is reached {at - closes} too late"
            return
    leave = at
    for (_, closes), taken in zip(reversed(windows[:-1]), reversed(takes)):
        leave = min(leave - taken, closes)
    if longest is not None and at - leave > longest * way.scale:
        yield f"takes {at - leave}, {longest * way.scale} is the most"
