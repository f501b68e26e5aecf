"""Ruin: strings of neighbouring stops come off their tours (Christiaens & Vanden Berghe 2020, SISR)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from data.jit import inner, part
from routing.problem import Tables
from routing.solver.chance import U64, below, uniform
from routing.solver.pairs import drop_halves
from routing.solver.tours import Tours, schedule_tour, unlink

I64 = NDArray[np.int64]

MEAN_REMOVED = 10
LONGEST_STRING = 10
SMALL = 20
"""Up to so many served orders, now and then every tour loses a string of any length."""


def nearest_orders(tables: Tables, count: int = 60) -> I64:
    """Return int64 [N, count]: each order's nearest orders by driving time between their first places, itself first."""
    orders = len(tables.release_s)
    place = tables.opt_loc[tables.opt_ptr[:-1]]
    seconds = tables.duration_s.min(axis=0)[np.ix_(place, place)].astype(np.int64)
    apart = seconds + seconds.T
    np.fill_diagonal(apart, -1)
    return np.argsort(apart, axis=1, kind="stable")[:, : min(count, orders)].astype(np.int64)


@part
def ruin(tables: Tables, tours: Tours, near: I64, state: U64, removed: I64, touched: NDArray[np.uint8]) -> int:
    """Take strings around a random order off their tours; return how many orders came off, listed in ``removed``.

    ``touched[v]`` is set for each tour that lost something. Sealed heads stay; pairs come off as a whole. Returns -1
    where a tour is infeasible without what came off (a vehicle would wait in a zone that closes) or a pair could not:
    the caller then undoes everything.
    """
    orders = len(tables.release_s)
    touched[:] = 0
    tours_in_use, served = 0, 0
    for vehicle in range(len(tables.veh_class)):
        tours_in_use += 1 if tours.size[vehicle] > 0 else 0
        served += tours.size[vehicle]
    if served == 0:
        return 0
    longest = min(LONGEST_STRING, max(1, served // max(1, tours_in_use)))
    strings = 1 + below(state, max(1, (4 * MEAN_REMOVED) // (1 + longest) - 1))
    if served <= SMALL and uniform(state) < 0.2:  # short tours must be able to come off whole, and all at once
        longest, strings = LONGEST_STRING, tours_in_use
    seed = below(state, orders)
    count, cut = 0, 0
    for index in range(near.shape[1]):
        if cut >= strings:
            break
        order = near[seed, index]
        vehicle = tours.vehicle[order]
        if vehicle < 0 or touched[vehicle]:
            continue
        taken = cut_string(tables, tours, order, vehicle, longest, state, removed, count)
        if taken > 0:
            touched[vehicle] = 1
            count += taken
            cut += 1
    count = drop_halves(tables, tours, removed, count, touched)
    for vehicle in range(len(tables.veh_class)):
        if touched[vehicle] and not schedule_tour(tables, tours, vehicle):
            return -1
    return count


@inner
def cut_string(
    tables: Tables, tours: Tours, order: int, vehicle: int, longest: int, state: U64, removed: I64, count: int
) -> int:
    """Take a string of random length around ``order`` off its tour, append it to ``removed``; return its length."""
    start = len(tables.release_s) + 2 * vehicle
    place, node = 0, tours.succ[start]
    while node != order:
        node = tours.succ[node]
        place += 1
    sealed, size = tours.sealed[vehicle], tours.size[vehicle]
    if place < sealed:
        return 0
    length = 1 + below(state, min(longest, size - sealed))
    earliest = max(sealed, place - length + 1)
    latest = min(place, size - length)
    first = earliest + int(uniform(state) * (latest - earliest + 1))
    node = order
    for _ in range(place - first):
        node = tours.pred[node]
    for index in range(length):
        following = tours.succ[node]
        removed[count + index] = node
        unlink(tables, tours, node)
        node = following
    return length
