"""The loop: ruin, exchange tails, recreate, at times change a vehicle; keep it or undo it by the annealing rule."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from data.jit import kernel, part
from routing.solver.chance import uniform
from routing.solver.links import COST, OUT, copy_board, mark, undo
from routing.solver.recreate import recreate, weighed
from routing.solver.ruin import ruin
from routing.solver.rules import Rules
from routing.solver.swaps import change_vehicle
from routing.solver.tails import exchange_tails
from routing.solver.work import Work

if TYPE_CHECKING:
    from routing.solver.tours import Tours

TAILS = 0.2
"""Share of the iterations that exchange tails after the ruin."""
CHANGES = 0.01
"""Share of the iterations that let another vehicle drive a whole tour instead."""


@kernel
def anneal(
    rules: Rules, tours: Tours, best: Tours, work: Work, temperature: float, bonus: int, iterations: int
) -> None:
    """Run iterations at one temperature; ``best`` is overwritten with every plan that costs less.

    ``bonus`` is what a tour more is worth in acceptance; the best plan is known by its true cost.
    """
    for _ in range(iterations):
        # the threshold is drawn first, so that the recreation can stop as soon as it is beyond it
        threshold = weighed(tours, bonus) + int(-temperature * math.log(1.0 - uniform(work.state)))
        mark(tours)
        if uniform(work.state) < CHANGES:
            accepted = change_vehicle(rules, tours, work) and weighed(tours, bonus) < threshold
        else:
            accepted = ruin(rules, tours, work)
            if accepted and len(rules.pickup) == 0 and uniform(work.state) < TAILS:
                accepted = exchange_tails(rules, tours, work)
            accepted = accepted and recreate(rules, tours, work, bonus, threshold)
        if not accepted:
            undo(rules, tours)
        elif tours.tally[COST] + tours.tally[OUT] < best.tally[COST] + best.tally[OUT]:
            keep(tours, best)


@part
def keep(tours: Tours, best: Tours) -> None:
    """Copy a plan."""
    for node in range(len(tours.nodes)):
        best.nodes[node] = tours.nodes[node]
    for node in range(len(tours.boards)):
        copy_board(best.boards, node, tours.boards, node)
    for vehicle in range(len(tours.fleet)):
        best.fleet[vehicle] = tours.fleet[vehicle]
        for dim in range(tours.aboard.shape[1]):
            best.aboard[vehicle, dim] = tours.aboard[vehicle, dim]
        for kind in range(tours.carried.shape[1]):
            best.carried[vehicle, kind] = tours.carried[vehicle, kind]
    for row in range(len(tours.used)):
        best.used[row] = tours.used[row]
    for slot in range(len(tours.tally)):
        best.tally[slot] = tours.tally[slot]
