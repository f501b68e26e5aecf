"""Where a search puts a pair: its collection beside stops near it, its hand-over beside stops near that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.jit import inner, part
from routing.solver.chance import uniform
from routing.solver.links import link, pred, server, succ, unlink
from routing.solver.pairs import PairPosition, hand_over_after, pair_in_tour, put_pair
from routing.solver.positions import Position, idle_vehicle, least_cost, load_fits, position_cost
from routing.solver.rules import INFEASIBLE, Rules
from routing.solver.schedule import boxes_free, may_take, reschedule, schedule_tour
from routing.solver.trips import several_trips
from routing.solver.work import BLINKS, LISTED, NEARBY, Work

if TYPE_CHECKING:
    from routing.solver.tours import Tours


@part
def insert_pair_near(rules: Rules, tours: Tours, work: Work, order: int, limit: int) -> tuple[bool, bool]:
    """Insert a pair into a tour with a stop near its collection, or into an idle vehicle, for less than ``limit``.

    Return whether it went in, and whether any place to collect was left out for what it costs.
    """
    best = PairPosition(limit, -1, -1, -1, 0, -1, -1, 0)
    for kind in range(len(rules.alike_ptr) - 1):
        vehicle = idle_vehicle(rules, tours, kind)
        if vehicle >= 0 and may_take(rules, tours, vehicle, order):
            best = pair_in_tour(rules, tours, vehicle, order, best, len(work.tried))
    over = list_collections(rules, tours, work, order, best.cost)
    for index in range(work.tally[LISTED]):
        spent, vehicle = work.tried[index, 0], work.tried[index, 4]
        if spent >= best.cost:
            break
        collect = Position(spent, work.tried[index, 1], work.tried[index, 2], work.tried[index, 3], vehicle)
        if several_trips(rules, tours, vehicle):
            best = hand_over_after(rules, tours, vehicle, order, collect, spent, best)
        else:
            best = hand_over_near(rules, tours, work, order, collect, best)
    return best.vehicle >= 0 and put_pair(rules, tours, order, best), over


@inner
def list_collections(rules: Rules, tours: Tours, work: Work, order: int, limit: int) -> bool:
    """List the cheapest places to collect beside stops nearby, each for less than ``limit``, in ``work.tried``.

    Return whether any was left out for its cost.
    """
    partner, over = 0 + rules.orders[order].partner, limit < 0
    work.tally[LISTED] = 0
    for option in range(0 + rules.orders[partner].first, rules.orders[partner].last):
        if not boxes_free(rules, tours, option):
            continue
        extra = rules.options[option].cost
        for index in range(min(NEARBY, work.near.shape[1])):
            node = 0 + work.near[option, index]
            vehicle = server(tours, node)
            if vehicle < 0 or not may_take(rules, tours, vehicle, order):
                continue
            for side in range(2):
                after = pred(tours, node) if side else node
                if tours.nodes[after].shut or uniform(work.state) < BLINKS:
                    continue
                if least_cost(rules, tours, vehicle, option, after) + extra >= limit:
                    over = True
                    continue
                for kept in range(tours.nodes[after].breaks + 1):
                    cost = position_cost(rules, tours, vehicle, option, after, kept)
                    if cost < INFEASIBLE and cost + extra < limit:
                        note_collection(work, Position(cost + extra, option, after, kept, vehicle))
    return over


@inner
def note_collection(work: Work, position: Position) -> None:
    """Put a place to collect into the sorted list of the cheapest, once."""
    slot = work.tally[LISTED]
    for index in range(slot):
        if work.tried[index, 2] == position.after and work.tried[index, 1] == position.option:
            if work.tried[index, 3] == position.kept_breaks:
                return
    if slot == len(work.tried):
        slot -= 1
        if work.tried[slot, 0] <= position.cost:
            return
    else:
        work.tally[LISTED] += 1
    while slot > 0 and work.tried[slot - 1, 0] > position.cost:
        for column in range(5):
            work.tried[slot, column] = work.tried[slot - 1, column]
        slot -= 1
    work.tried[slot, 0], work.tried[slot, 1], work.tried[slot, 2] = position.cost, position.option, position.after
    work.tried[slot, 3], work.tried[slot, 4] = position.kept_breaks, position.vehicle


@part
def hand_over_near(
    rules: Rules, tours: Tours, work: Work, order: int, collect: Position, best: PairPosition
) -> PairPosition:
    """Return the cheaper of ``best`` and the pair with its collection there, handed over right then or beside a stop.

    The tour is left as it was.
    """
    vehicle, partner = 0 + collect.vehicle, 0 + rules.orders[order].partner
    before = succ(tours, collect.after)
    link(rules, tours, collect.option, collect.after, collect.kept_breaks, vehicle)
    timed = reschedule(rules, tours, vehicle, collect.after, before)
    if timed:
        for option in range(0 + rules.orders[order].first, rules.orders[order].last):
            if not boxes_free(rules, tours, option):
                continue
            best = cheaper_hand_over(rules, tours, order, collect, option, partner, best)
            for index in range(min(NEARBY, work.near.shape[1])):
                node = 0 + work.near[option, index]
                if server(tours, node) != vehicle or tours.nodes[node].start_s <= tours.nodes[partner].start_s:
                    continue
                best = cheaper_hand_over(rules, tours, order, collect, option, node, best)
                if pred(tours, node) != partner and tours.nodes[node].pred < len(rules.orders):
                    best = cheaper_hand_over(rules, tours, order, collect, option, pred(tours, node), best)
    unlink(rules, tours, partner)
    if timed:
        reschedule(rules, tours, vehicle, collect.after, before)
    else:
        schedule_tour(rules, tours, vehicle)
    return best


@inner
def cheaper_hand_over(
    rules: Rules, tours: Tours, order: int, collect: Position, option: int, after: int, best: PairPosition
) -> PairPosition:
    """Return the cheaper of ``best`` and a hand-over right after a node behind the collection."""
    vehicle, extra = 0 + collect.vehicle, collect.cost + rules.options[option].cost
    if least_cost(rules, tours, vehicle, option, after) + extra >= best.cost:
        return best
    if not load_fits(rules, tours, vehicle, order, after):
        return best
    for kept in range(tours.nodes[after].breaks + 1):
        cost = position_cost(rules, tours, vehicle, option, after, kept)
        if cost < INFEASIBLE and cost + extra < best.cost:
            best = PairPosition(
                cost + extra, vehicle, collect.option, collect.after, collect.kept_breaks, option, after, kept
            )
    return best
