"""Links between nodes, the counts that follow from them, and the log by which an iteration is undone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.jit import inner, part
from routing.solver.prices import late_cost, note_point
from routing.solver.rules import I64, Rules

if TYPE_CHECKING:
    from routing.solver.tours import Tours

(LOGGED, TOURS_LOGGED, ROUND, COST, OUT, OPEN, COST_WAS, OUT_WAS, OPEN_WAS, SLOTS) = range(10)
"""Slots of ``Tours.tally``: what the log holds, the mark's number; cost of the tours, penalty of the orders on no
tour, tours with orders, and these three at the mark. Costs are kept from :func:`routing.solver.schedule.sum_up` on."""


@inner
def succ(tours: Tours, node: int) -> int:
    """Return the node after a node. A sum has 64 bits whatever the field has: kernels are compiled for one width."""
    return 0 + tours.nodes[node].succ


@inner
def pred(tours: Tours, node: int) -> int:
    """Return the node before a node."""
    return 0 + tours.nodes[node].pred


@inner
def server(tours: Tours, node: int) -> int:
    """Return the vehicle whose tour a node is on, or -1."""
    return 0 + tours.nodes[node].vehicle


@inner
def mark(tours: Tours) -> None:
    """Begin an empty log: :func:`undo` comes back here."""
    tours.tally[ROUND] += 1
    tours.tally[LOGGED] = tours.tally[TOURS_LOGGED] = 0
    tours.tally[COST_WAS], tours.tally[OUT_WAS] = tours.tally[COST], tours.tally[OUT]
    tours.tally[OPEN_WAS] = tours.tally[OPEN]


@inner
def log_node(tours: Tours, node: int) -> None:
    """Keep a node as it was at the mark; call before every change."""
    if tours.nodes[node].marked != tours.tally[ROUND]:
        at = tours.tally[LOGGED]
        tours.logged[at] = node
        tours.node_was[at] = tours.nodes[node]
        if len(tours.boards) > 0:
            copy_board(tours.board_was, at, tours.boards, node)
        tours.tally[LOGGED] = at + 1
        tours.nodes[node].marked = tours.tally[ROUND]


@part
def copy_board(target: I64, at: int, source: I64, row: int) -> None:
    """Copy the load maxima of a node."""
    for side in range(2):
        for dim in range(source.shape[2]):
            target[at, side, dim] = source[row, side, dim]


@inner
def log_tour(tours: Tours, vehicle: int) -> None:
    """Keep a tour's own record as it was at the mark; call before every change."""
    if tours.fleet[vehicle].marked != tours.tally[ROUND]:
        at = tours.tally[TOURS_LOGGED]
        tours.tour_logged[at] = vehicle
        tours.tour_was[at] = tours.fleet[vehicle]
        tours.tally[TOURS_LOGGED] = at + 1
        tours.fleet[vehicle].marked = tours.tally[ROUND]


@part
def undo(rules: Rules, tours: Tours) -> None:
    """Put everything back as it was at the mark."""
    for at in range(tours.tally[LOGGED]):
        node = 0 + tours.logged[at]
        if node < len(rules.orders):
            now, was = tours.nodes[node], tours.node_was[at]
            if now.vehicle != was.vehicle or now.option != was.option:
                if now.vehicle >= 0:
                    count(rules, tours, 0 + now.vehicle, 0 + now.option, -1)
                if was.vehicle >= 0:
                    count(rules, tours, 0 + was.vehicle, 0 + was.option, 1)
        tours.nodes[node] = tours.node_was[at]
        if len(tours.boards) > 0:
            copy_board(tours.boards, node, tours.board_was, at)
    for at in range(tours.tally[TOURS_LOGGED]):
        tours.fleet[tours.tour_logged[at]] = tours.tour_was[at]
    tours.tally[COST], tours.tally[OUT] = tours.tally[COST_WAS], tours.tally[OUT_WAS]
    tours.tally[OPEN] = tours.tally[OPEN_WAS]
    tours.tally[LOGGED] = tours.tally[TOURS_LOGGED] = 0


@inner
def count(rules: Rules, tours: Tours, vehicle: int, option: int, sign: int) -> None:
    """Count an order of a tour in (sign 1) or out (sign -1): its load, kinds, and the boxes and relay places taken."""
    order = rules.options[option].order
    for dim in range(rules.load.shape[1]):
        tours.aboard[vehicle, dim] += sign * rules.load[order, dim]
    for kind in range(rules.apart.shape[0]):
        if rules.kinds[order, kind]:
            tours.carried[vehicle, kind] += sign
    for entry in range(0 + rules.options[option].first, rules.options[option].last):
        tours.used[rules.takes[entry].row] += sign * rules.takes[entry].amount


@part
def link(rules: Rules, tours: Tours, option: int, after: int, kept_breaks: int, vehicle: int) -> None:
    """Put an order after a node, leaving ``kept_breaks`` of that node's breaks before it; timing not updated."""
    order = 0 + rules.options[option].order
    before = succ(tours, after)
    log_node(tours, after)
    log_node(tours, before)
    log_node(tours, order)
    log_tour(tours, vehicle)
    tours.nodes[after].succ = tours.nodes[before].pred = order
    node = tours.nodes[order]
    node.pred, node.succ = after, before
    node.breaks = tours.nodes[after].breaks - kept_breaks
    tours.nodes[after].breaks = kept_breaks
    node.vehicle, node.option, node.place = vehicle, option, rules.options[option].place
    if tours.fleet[vehicle].stops == 0:
        tours.tally[OPEN] += 1
    tours.fleet[vehicle].stops += 1
    tours.fleet[vehicle].running += rules.options[option].cost
    note_point(rules, tours, vehicle, order, 0 + rules.options[option].place, 1)
    count(rules, tours, vehicle, option, 1)
    tours.tally[OUT] -= rules.orders[order].penalty


@part
def unlink(rules: Rules, tours: Tours, order: int) -> None:
    """Take an order off its tour; its breaks stay with the node before it; timing not updated."""
    log_node(tours, order)
    node = tours.nodes[order]
    vehicle, option = server(tours, order), 0 + node.option
    after, before = pred(tours, order), succ(tours, order)
    log_node(tours, after)
    log_node(tours, before)
    log_tour(tours, vehicle)
    tours.nodes[after].succ, tours.nodes[before].pred = before, after
    tours.nodes[after].breaks += node.breaks
    served = rules.vehicles[vehicle].per_s * (node.end_s - node.start_s)
    late = late_cost(rules, order, 0 + node.start_s)
    tours.fleet[vehicle].running -= node.leg + served + rules.options[option].cost + late
    tours.fleet[vehicle].work_s -= node.travel_s + node.end_s - node.start_s
    note_point(rules, tours, vehicle, order, 0 + rules.options[option].place, -1)
    tours.fleet[vehicle].stops -= 1
    if tours.fleet[vehicle].stops == 0:
        tours.tally[OPEN] -= 1
    node.breaks = 0
    node.start_s = node.end_s = node.travel_s = 0
    node.leg = 0
    node.vehicle = node.option = -1
    count(rules, tours, vehicle, option, -1)
    tours.tally[OUT] += rules.orders[order].penalty


@inner
def is_sealed(tours: Tours, node: int) -> bool:
    """Return whether an order on a tour lies in its sealed head."""
    return tours.nodes[tours.nodes[node].pred].shut != 0
