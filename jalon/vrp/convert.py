"""From an instance to a classic problem, and from the tours found back to routes numbered as in its solution file."""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from jalon.vrp.instance import THOUSANDTHS, Convention, Instance, Vehicle
from routing.solver.lean.classic import Classic, Kind, Times
from routing.solver.lean.search import Found


def classic_of(instance: Instance, way: Convention) -> Classic:
    """Return the problem the search solves; distances that a family leaves exact count in thousandths."""
    whole = way if way.whole else THOUSANDTHS
    depots = np.array(instance.depots)
    places = np.concatenate([np.setdiff1d(np.arange(len(instance.demand)), depots), depots])
    stops = len(places) - len(depots)
    distance = _distances(instance, whole, places)
    times = None
    if instance.windows is not None:
        opens, closes = (np.array(instance.windows) * whole.scale)[places].T.astype(np.int32)
        service = (np.array(instance.service) * whole.scale)[places].astype(np.int32)
        times = Times(distance, service, opens, closes)
    return Classic(
        distance=distance,
        demand=np.array(instance.demand, dtype=np.int32)[places[:stops]],
        kinds=tuple(_kind(vehicle, count, whole) for vehicle, count in Counter(instance.vehicles).items()),
        group=_groups(instance, places[:stops]) if instance.groups else None,
        times=times,
    )


def routes_of(instance: Instance, found: Found) -> list[list[int]]:
    """Return the tours as lists of locations; where routes are tied to vehicles, one a vehicle, the last not idle."""
    places = np.setdiff1d(np.arange(len(instance.demand)), np.array(instance.depots))
    tours = [(kind, [int(places[stop]) for stop in stops]) for kind, stops in found.tours]
    if not instance.by_vehicle:
        return [stops for _, stops in tours]
    kinds = list(Counter(instance.vehicles))
    free = {kind: [at for at, one in enumerate(instance.vehicles) if one == kinds[kind]] for kind, _ in tours}
    routes: list[list[int]] = [[] for _ in instance.vehicles]
    for kind, stops in tours:
        routes[free[kind].pop(0)] = stops
    while routes and not routes[-1]:
        routes.pop()
    return routes


def _kind(vehicle: Vehicle, count: int, way: Convention) -> Kind:
    return Kind(
        capacity=vehicle.capacity,
        depot=vehicle.depot,
        count=count,
        fixed=vehicle.fixed * way.scale,
        unit=vehicle.unit,
        longest=None if vehicle.longest is None else int(vehicle.longest * way.scale),
    )


def _distances(instance: Instance, way: Convention, places: NDArray[np.int64]) -> NDArray[np.int32]:
    if instance.matrix:
        apart = np.array(instance.matrix, dtype=np.float64)[np.ix_(places, places)]
    else:
        x, y = np.array(instance.coords, dtype=np.float64)[places].T
        apart = np.sqrt((x[:, None] - x) ** 2 + (y[:, None] - y) ** 2)
    whole = np.floor if way.whole is not None and way.whole(0.5) == 0 else lambda value: np.floor(value + 0.5)
    return whole(way.scale * apart).astype(np.int32)


def _groups(instance: Instance, stops: NDArray[np.int64]) -> NDArray[np.int32]:
    """Return the group of each stop; a stop in none is a group of its own."""
    group = np.full(len(instance.demand), -1)
    for number, members in enumerate(instance.groups):
        group[list(members)] = number
    alone = stops[group[stops] < 0]
    group[alone] = len(instance.groups) + np.arange(len(alone))
    return group[stops].astype(np.int32)
