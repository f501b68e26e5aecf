"""Recreate: what came off goes back where it is cheapest, looking only at stops nearby."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.jit import inner, part
from routing.problem import LATER_TRIPS
from routing.solver.chance import below, uniform
from routing.solver.insertion import cheapest_as_ready, dear, insert_best, put
from routing.solver.links import COST, OPEN, OUT, pred, server
from routing.solver.pairs import is_collection, listed
from routing.solver.pairs_near import insert_pair_near
from routing.solver.positions import Position, idle_vehicle, least_cost, load_fits, opening_cost, position_cost
from routing.solver.reloads import insert_with_reload
from routing.solver.rules import INFEASIBLE, Rules
from routing.solver.schedule import boxes_free, may_take
from routing.solver.trips import matters
from routing.solver.work import BLINKS, LOOK, NEARBY, REMOVED, STAMP, Work

if TYPE_CHECKING:
    from routing.solver.tours import Tours

FULL_SCAN = 0.05
"""Share of the orders that fit nowhere nearby for which every position is tried."""
WAITING_TRIED = 6
"""Most orders that are on no tour an iteration tries to insert besides those it took off; half are skipped."""


@inner
def weighed(tours: Tours, bonus: int) -> int:
    """Return what a search minimises: tours and what is left out, less a bonus for each tour."""
    return tours.tally[COST] + tours.tally[OUT] - bonus * tours.tally[OPEN]


@part
def recreate(rules: Rules, tours: Tours, work: Work, bonus: int, threshold: int) -> bool:
    """Insert what came off and what waits nearby, in an order drawn anew; return whether it costs below ``threshold``.

    Ends early where it can't be any more: inserting an order hardly ever makes a tour cheaper.
    """
    add_waiting(rules, tours, work)
    sort_removed(rules, work)
    pending = 0
    for index in range(work.tally[REMOVED]):
        pending += rules.orders[work.removed[index]].penalty
    for index in range(work.tally[REMOVED]):
        order = 0 + work.removed[index]
        penalty = rules.orders[order].penalty
        pending -= penalty
        budget = threshold - (weighed(tours, bonus) - pending - penalty)
        if budget <= 0:
            return False
        if not insert_near(rules, tours, work, order, min(penalty, budget), bonus) and penalty >= budget:
            return False
    return weighed(tours, bonus) < threshold


@part
def insert_near(rules: Rules, tours: Tours, work: Work, order: int, limit: int, bonus: int) -> bool:
    """Insert an order beside a stop nearby or into an idle vehicle, for less than ``limit``; return whether it went in.

    Where nothing fits, farther stops and at times every position are tried; not where what fits is too dear.
    """
    if len(rules.pickup) > 0:
        if rules.orders[order].partner >= 0:
            inserted, over = insert_pair_near(rules, tours, work, order, limit)
            if inserted or over or uniform(work.state) >= FULL_SCAN:
                return inserted
            return insert_best(rules, tours, order, limit, work.barred)
    reach = work.near.shape[1]
    nearby, first, over = min(NEARBY, reach), 0 * reach, reach < 0
    best = cheapest_idle(rules, tours, order, bonus, Position(limit, -1, -1, 0, -1))
    while first == 0 or (best.option < 0 and not over and first < reach):
        best, over = near_position(rules, tours, work, order, best, first, reach if first > 0 else nearby)
        first += nearby
    if len(rules.reload_ptr) > 0 and ((dear(tours, best) and not over) or uniform(work.state) < FULL_SCAN):
        bar_far(rules, tours, work, order)
        if insert_with_reload(rules, tours, order, best.cost, work.barred):
            return True
    if best.option < 0 and not over and uniform(work.state) < FULL_SCAN:
        return insert_best(rules, tours, order, limit, work.barred)
    return best.option >= 0 and put(rules, tours, order, best)


@part
def bar_far(rules: Rules, tours: Tours, work: Work, order: int) -> None:
    """Bar the tours without a stop near an order's places, but not those it may only join once they are loaded."""
    for vehicle in range(len(rules.vehicles)):
        work.barred[vehicle] = rules.allowed[vehicle, order] != LATER_TRIPS
    for option in range(0 + rules.orders[order].first, rules.orders[order].last):
        for index in range(min(NEARBY, work.near.shape[1])):
            vehicle = server(tours, 0 + work.near[option, index])
            if vehicle >= 0:
                work.barred[vehicle] = 0


@inner
def near_position(
    rules: Rules, tours: Tours, work: Work, order: int, best: Position, first: int, last: int
) -> tuple[Position, bool]:
    """Return the cheaper of ``best`` and the cheapest position beside the neighbours ``first..last - 1``.

    Return too whether a position was left out for what it costs at least. Tours that would have to leave later are
    looked through as a whole, once, where a position beside a stop nearby might pay.
    """
    work.tally[STAMP] += 1
    marks, release, over = 0, 0 + rules.orders[order].release_s, last < 0
    for option in range(0 + rules.orders[order].first, rules.orders[order].last):
        extra = rules.options[option].cost
        if extra >= best.cost:
            over = True
            continue
        if not boxes_free(rules, tours, option):
            continue
        work.tally[LOOK] += 1
        for index in range(first, last):
            node = 0 + work.near[option, index]
            vehicle = server(tours, node)
            if vehicle < 0:
                continue
            for side in range(2):
                after = pred(tours, node) if side else node
                if work.looked[after] == work.tally[LOOK]:
                    continue
                work.looked[after] = work.tally[LOOK]
                if tours.nodes[after].shut or work.stamp[vehicle] == work.tally[STAMP]:
                    continue
                if least_cost(rules, tours, vehicle, option, after) + extra >= best.cost:
                    over = over or fits(rules, tours, vehicle, order, after)
                    continue
                if not fits(rules, tours, vehicle, order, after):
                    continue
                late = release > tours.nodes[len(rules.orders) + 2 * vehicle].end_s
                if late or matters(rules, tours, vehicle, order):
                    work.stamp[vehicle] = work.tally[STAMP]
                    work.marked[marks] = vehicle
                    marks += 1
                    continue
                if uniform(work.state) < BLINKS:
                    continue
                for kept in range(tours.nodes[after].breaks + 1):
                    cost = position_cost(rules, tours, vehicle, option, after, kept)
                    if cost < INFEASIBLE and cost + extra < best.cost:
                        best = Position(cost + extra, option, after, kept, vehicle)
    for mark in range(marks):
        best = cheapest_as_ready(rules, tours, 0 + work.marked[mark], order, best)
    return best, over


@inner
def fits(rules: Rules, tours: Tours, vehicle: int, order: int, after: int) -> bool:
    """Return whether a vehicle may take an order after a node, times aside."""
    return may_take(rules, tours, vehicle, order) and load_fits(rules, tours, vehicle, order, after)


@inner
def cheapest_idle(rules: Rules, tours: Tours, order: int, bonus: int, best: Position) -> Position:
    """Return the cheaper of ``best`` and the first place in an idle vehicle, one of each kind, for a bonus less."""
    for kind in range(len(rules.alike_ptr) - 1):
        vehicle = idle_vehicle(rules, tours, kind)
        if vehicle < 0 or not may_take(rules, tours, vehicle, order):
            continue
        least, start = INFEASIBLE, len(rules.orders) + 2 * vehicle
        for option in range(0 + rules.orders[order].first, rules.orders[order].last):
            if rules.options[option].cost < least:
                bound = least_cost(rules, tours, vehicle, option, start) + rules.options[option].cost
                least = min(least, bound)
        if opening_cost(rules, tours, vehicle) - bonus + least < best.cost:
            found = cheapest_as_ready(
                rules, tours, vehicle, order, Position(best.cost + bonus, best.option, best.after, 0, -1)
            )
            if found.vehicle >= 0:
                best = Position(found.cost - bonus, found.option, found.after, found.kept_breaks, found.vehicle)
    return best


@inner
def add_waiting(rules: Rules, tours: Tours, work: Work) -> None:
    """Append orders that are on no tour and lie near one that just came off to what is to go in."""
    count = work.tally[REMOVED]
    seed = 0 + work.removed[below(work.state, count)] if count > 0 else below(work.state, len(rules.orders))
    for index in range(work.beside.shape[1]):
        order = 0 + work.beside[seed, index]
        if len(rules.pickup) > 0 and is_collection(rules, order):
            order = 0 + rules.orders[order].partner
        if server(tours, order) >= 0 or work.tally[REMOVED] - count >= WAITING_TRIED or uniform(work.state) < 0.5:
            continue
        if not listed(work, order):
            work.removed[work.tally[REMOVED]] = order
            work.tally[REMOVED] += 1


@inner
def sort_removed(rules: Rules, work: Work) -> None:
    """Sort what is to go in by a rule drawn at random."""
    rule = below(work.state, 10)
    for index in range(work.tally[REMOVED]):
        work.keys[index] = sort_key(rules, work, 0 + work.removed[index], rule)
    for index in range(1, work.tally[REMOVED]):  # insertion sort: a dozen entries
        key, order = work.keys[index], work.removed[index]
        slot = index
        while slot > 0 and work.keys[slot - 1] > key:
            work.keys[slot], work.removed[slot] = work.keys[slot - 1], work.removed[slot - 1]
            slot -= 1
        work.keys[slot], work.removed[slot] = key, order


@inner
def sort_key(rules: Rules, work: Work, order: int, rule: int) -> float:
    """Return what an order is sorted by: chance, what it costs to leave out, distance, or load."""
    if rule < 4:
        return uniform(work.state)
    if rule < 6:
        return -float(rules.orders[order].penalty) * (1.0 + 0.01 * uniform(work.state))
    if rule < 9:
        place = rules.options[rules.orders[order].first].place
        away = float(rules.low[rules.vehicles[0].start, place].out_m)
        return -away if rule < 8 else away
    return -float(rules.load[order, 0])
