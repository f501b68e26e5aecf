"""Pairs: parcels collected at one stop and handed over at a later one of the same tour, both or neither.

An order i is the hand-over of a pair if ``tables.partner[i] > i``, its collection if ``0 <= tables.partner[i] < i``.
The load in between needs no bookkeeping of its own: with the collection alone on the tour, the hand-over may follow
as long as the largest load up to there fits.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from data.jit import inner, part
from routing.problem import Tables
from routing.solver.positions import (
    INFEASIBLE,
    Position,
    first_free,
    least_detour,
    load_fits,
    opening_cost,
    position_cost,
)
from routing.solver.tours import (
    Tours,
    backward,
    departure_s,
    forward,
    link,
    loads,
    may_take,
    resources_free,
    schedule_tour,
    unlink,
)

TRIED_NEAR = 4
"""Places in a tour at which a search tries to collect, the cheapest first; construction tries them all."""


class PairPosition(NamedTuple):
    """Where both halves of a pair may go: ``after`` may be the collection itself."""

    cost: int
    vehicle: int
    collection: int
    collect_after: int
    collect_kept: int
    option: int
    after: int
    kept: int


@inner
def is_collection(tables: Tables, order: int) -> bool:
    """Return whether an order is the collecting half of a pair."""
    return 0 <= tables.partner[order] < order


@part
def best_pair(tables: Tables, tours: Tours, order: int, barred: NDArray[np.uint8], tries: int) -> PairPosition:
    """Return the cheapest feasible position of a pair over all vehicles but the ``barred`` ones.

    Per tour, at most ``tries`` places to collect at are looked into.
    """
    best = PairPosition(INFEASIBLE, -1, -1, -1, 0, -1, -1, 0)
    for vehicle in range(len(tables.veh_class)):
        if not barred[vehicle] and may_take(tables, tours, vehicle, order):
            best = pair_in_tour(tables, tours, vehicle, order, best, tries)
    return best


@inner
def pair_in_tour(
    tables: Tables, tours: Tours, vehicle: int, order: int, best: PairPosition, tries: int
) -> PairPosition:
    """Return the cheaper of ``best`` and the pair's cheapest position in one tour."""
    partner = tables.partner[order]
    for collection in range(tables.opt_ptr[partner], tables.opt_ptr[partner + 1]):
        if not resources_free(tables, tours, collection):
            continue
        extra = opening_cost(tables, tours, vehicle) + tables.opt_cost[collection]
        last = Position(-INFEASIBLE, collection, -1, -1, vehicle)
        for _ in range(tries):
            last = next_cheapest(tables, tours, vehicle, collection, last)
            if last.cost >= INFEASIBLE or last.cost + extra >= best.cost:
                break
            best = hand_over_after(tables, tours, vehicle, order, last, last.cost + extra, best)
    return best


@inner
def next_cheapest(tables: Tables, tours: Tours, vehicle: int, option: int, last: Position) -> Position:
    """Return the cheapest place to collect at that costs more than ``last``, or as much and comes later."""
    best = Position(INFEASIBLE, option, -1, 0, vehicle)
    cls, end = tables.veh_class[vehicle], len(tables.release_s) + 2 * vehicle + 1
    if tables.win_first[cls, option] == tables.win_last[cls, option]:
        return best
    passed = last.after < 0
    after = first_free(tables, tours, vehicle)
    while after != end:
        for kept in range(tours.breaks_after[after] + 1):
            cost = position_cost(tables, tours, vehicle, option, after, kept)
            if last.cost < cost < best.cost or (passed and last.cost == cost < best.cost):
                best = Position(cost, option, after, kept, vehicle)
            passed = passed or (after == last.after and kept == last.kept_breaks)
        after = tours.succ[after]
    return best


@part
def hand_over_after(
    tables: Tables, tours: Tours, vehicle: int, order: int, collect: Position, spent: int, best: PairPosition
) -> PairPosition:
    """Return the cheaper of ``best`` and the pair with its collection there, which costs ``spent``.

    The tour is left as it was.
    """
    cls, end = tables.veh_class[vehicle], len(tables.release_s) + 2 * vehicle + 1
    link(tables, tours, collect.option, collect.after, collect.kept_breaks, vehicle)
    timed = forward(tables, tours, vehicle, departure_s(tables, tours, vehicle))
    loads(tables, tours, vehicle)
    if timed and backward(tables, tours, vehicle, tables.veh_close_s[vehicle]):
        for option in range(tables.opt_ptr[order], tables.opt_ptr[order + 1]):
            if tables.win_first[cls, option] == tables.win_last[cls, option]:
                continue
            if not resources_free(tables, tours, option):
                continue
            extra = spent + tables.opt_cost[option]
            after = tables.partner[order]
            while after != end and load_fits(tables, tours, vehicle, order, after):
                if least_detour(tables, tours, vehicle, after, tables.opt_loc[option]) + extra < best.cost:
                    for kept in range(tours.breaks_after[after] + 1):
                        cost = position_cost(tables, tours, vehicle, option, after, kept)
                        if cost < INFEASIBLE and cost + extra < best.cost:
                            best = PairPosition(
                                cost + extra, vehicle, collect.option, collect.after, collect.kept_breaks,
                                option, after, kept,
                            )  # fmt: skip
                after = tours.succ[after]
    unlink(tables, tours, tables.partner[order])
    schedule_tour(tables, tours, vehicle)
    return best


@part
def put_pair(tables: Tables, tours: Tours, order: int, position: PairPosition) -> bool:
    """Put both halves of a pair in and schedule exactly; undo it and return False if that is infeasible."""
    link(tables, tours, position.collection, position.collect_after, position.collect_kept, position.vehicle)
    link(tables, tours, position.option, position.after, position.kept, position.vehicle)
    if schedule_tour(tables, tours, position.vehicle):
        return True
    unlink(tables, tours, order)
    unlink(tables, tours, tables.partner[order])
    schedule_tour(tables, tours, position.vehicle)
    return False


@part
def drop_halves(
    tables: Tables, tours: Tours, removed: NDArray[np.int64], count: int, touched: NDArray[np.uint8]
) -> int:
    """Take the other halves of what came off their tours too; return how many orders ``removed`` then lists.

    A pair is listed once, by its hand-over. Returns -1 where a collection is sealed, whose hand-over has to stay.
    """
    kept = 0
    for index in range(count):
        order = removed[index]
        partner = tables.partner[order]
        if partner >= 0:
            vehicle = tours.vehicle[partner]
            if vehicle >= 0:
                if in_sealed_head(tables, tours, vehicle, partner):
                    return -1
                unlink(tables, tours, partner)
                touched[vehicle] = 1
            order = min(order, partner)
            if listed(removed, kept, order):
                continue
        removed[kept] = order
        kept += 1
    return kept


@inner
def listed(removed: NDArray[np.int64], count: int, order: int) -> bool:
    """Return whether an order is among the first entries of a list."""
    for index in range(count):
        if removed[index] == order:
            return True
    return False


@inner
def in_sealed_head(tables: Tables, tours: Tours, vehicle: int, order: int) -> bool:
    """Return whether an order lies in the sealed head of its tour."""
    node = len(tables.release_s) + 2 * vehicle
    for _ in range(tours.sealed[vehicle]):
        node = tours.succ[node]
        if node == order:
            return True
    return False
