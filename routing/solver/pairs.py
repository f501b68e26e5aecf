"""Pairs: parcels collected at one stop and handed over at a later one of the same tour, both or neither.

An order i is the hand-over of a pair if ``rules.partner[i] > i``, its collection if ``0 <= rules.partner[i] < i``.
The load in between needs no bookkeeping of its own: with the collection alone on the tour, the hand-over may follow
as long as the largest load up to there fits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from data.jit import inner, part
from routing.solver.limits import drive_holds
from routing.solver.links import is_sealed, link, succ, unlink
from routing.solver.positions import Position, first_free, least_cost, load_fits, opening_cost, position_cost
from routing.solver.rules import INFEASIBLE, Rules, is_reload
from routing.solver.schedule import backward, boxes_free, departure_s, forward, loads, may_take, schedule_tour
from routing.solver.work import REMOVED, Work

if TYPE_CHECKING:
    from routing.solver.tours import Tours


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
def is_collection(rules: Rules, order: int) -> bool:
    """Return whether an order is the collecting half of a pair."""
    return 0 <= rules.orders[order].partner < order


@part
def best_pair(
    rules: Rules, tours: Tours, order: int, limit: int, barred: NDArray[np.uint8], tries: int
) -> PairPosition:
    """Return the cheapest feasible position of a pair below ``limit`` over all vehicles but the ``barred`` ones.

    Per tour, at most ``tries`` places to collect at are looked into.
    """
    best = PairPosition(limit, -1, -1, -1, 0, -1, -1, 0)
    for vehicle in range(len(rules.vehicles)):
        if not barred[vehicle] and may_take(rules, tours, vehicle, order):
            best = pair_in_tour(rules, tours, vehicle, order, best, tries)
    return best


@inner
def pair_in_tour(rules: Rules, tours: Tours, vehicle: int, order: int, best: PairPosition, tries: int) -> PairPosition:
    """Return the cheaper of ``best`` and the pair's cheapest position in one tour."""
    partner = 0 + rules.orders[order].partner
    for collection in range(0 + rules.orders[partner].first, rules.orders[partner].last):
        if not boxes_free(rules, tours, collection):
            continue
        extra = opening_cost(rules, tours, vehicle) + rules.options[collection].cost
        last = Position(-INFEASIBLE, collection, -1, -1, vehicle)
        for _ in range(tries):
            last = next_cheapest(rules, tours, vehicle, collection, last)
            if last.cost >= INFEASIBLE or last.cost + extra >= best.cost:
                break
            best = hand_over_after(rules, tours, vehicle, order, last, last.cost + extra, best)
    return best


@inner
def next_cheapest(rules: Rules, tours: Tours, vehicle: int, option: int, last: Position) -> Position:
    """Return the cheapest place to collect at that costs more than ``last``, or as much and comes later."""
    best = Position(INFEASIBLE, option, -1, 0, vehicle)
    cls, end = 0 + rules.vehicles[vehicle].cls, len(rules.orders) + 2 * vehicle + 1
    if rules.visits[cls, option].first == rules.visits[cls, option].last:
        return best
    passed = last.after < 0
    after = first_free(rules, tours, vehicle)
    while after != end:
        for kept in range(tours.nodes[after].breaks + 1):
            cost = position_cost(rules, tours, vehicle, option, after, kept)
            if last.cost < cost < best.cost or (passed and last.cost == cost < best.cost):
                best = Position(cost, option, after, kept, vehicle)
            passed = passed or (after == last.after and kept == last.kept_breaks)
        after = succ(tours, after)
    return best


@part
def hand_over_after(
    rules: Rules, tours: Tours, vehicle: int, order: int, collect: Position, spent: int, best: PairPosition
) -> PairPosition:
    """Return the cheaper of ``best`` and the pair with its collection there, which costs ``spent``.

    The tour is left as it was.
    """
    cls, end = 0 + rules.vehicles[vehicle].cls, len(rules.orders) + 2 * vehicle + 1
    link(rules, tours, collect.option, collect.after, collect.kept_breaks, vehicle)
    start = end - 1
    timed = forward(rules, tours, vehicle, departure_s(rules, tours, vehicle), start, end)
    loads(rules, tours, vehicle)
    drive_holds(rules, tours, vehicle)
    if timed and backward(rules, tours, vehicle, 0 + rules.vehicles[vehicle].closes, end, start):
        for option in range(0 + rules.orders[order].first, rules.orders[order].last):
            if rules.visits[cls, option].first == rules.visits[cls, option].last:
                continue
            if not boxes_free(rules, tours, option):
                continue
            extra = spent + rules.options[option].cost
            after = 0 + rules.orders[order].partner
            while after != end and not is_reload(rules, after) and load_fits(rules, tours, vehicle, order, after):
                if least_cost(rules, tours, vehicle, option, after) + extra < best.cost:
                    for kept in range(tours.nodes[after].breaks + 1):
                        cost = position_cost(rules, tours, vehicle, option, after, kept)
                        if cost < INFEASIBLE and cost + extra < best.cost:
                            best = PairPosition(
                                cost + extra, vehicle, collect.option, collect.after, collect.kept_breaks,
                                option, after, kept,
                            )  # fmt: skip
                after = succ(tours, after)
    unlink(rules, tours, 0 + rules.orders[order].partner)
    schedule_tour(rules, tours, vehicle)
    return best


@part
def put_pair(rules: Rules, tours: Tours, order: int, position: PairPosition) -> bool:
    """Put both halves of a pair in and schedule exactly; undo it and return False if that is infeasible."""
    link(rules, tours, position.collection, position.collect_after, position.collect_kept, position.vehicle)
    link(rules, tours, position.option, position.after, position.kept, position.vehicle)
    if schedule_tour(rules, tours, position.vehicle):
        return True
    unlink(rules, tours, order)
    unlink(rules, tours, 0 + rules.orders[order].partner)
    schedule_tour(rules, tours, position.vehicle)
    return False


@part
def drop_halves(rules: Rules, tours: Tours, work: Work) -> bool:
    """Take the other halves of what came off their tours too; return whether all could come off.

    A pair is then listed once, by its hand-over. The hand-over of a collection that is sealed has to stay.
    """
    count, work.tally[REMOVED] = work.tally[REMOVED], 0
    for index in range(count):
        order = 0 + work.removed[index]
        partner = 0 + rules.orders[order].partner
        if partner >= 0:
            if tours.nodes[partner].vehicle >= 0:
                if is_sealed(tours, partner):
                    return False
                unlink(rules, tours, partner)
            order = min(order, partner)
            if listed(work, order):
                continue
        work.removed[work.tally[REMOVED]] = order
        work.tally[REMOVED] += 1
    return True


@inner
def listed(work: Work, order: int) -> bool:
    """Return whether an order is among what is to go in."""
    for index in range(work.tally[REMOVED]):
        if work.removed[index] == order:
            return True
    return False
