"""Tours from plain sequences: a warm start, a plan read back, or another engine's answer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from routing.jit import kernel
from routing.problem import Tables
from routing.solver.tours import Tours, link, schedule_tour, unlink


def tour_nodes(tables: Tables, tours: Tours, vehicle: int) -> list[int]:
    """Return the orders of one tour in driving order."""
    orders = len(tables.release_s)
    nodes = []
    node = int(tours.succ[orders + 2 * vehicle])
    while node < orders:
        nodes.append(node)
        node = int(tours.succ[node])
    return nodes


def append_sequence(tables: Tables, tours: Tours, vehicle: int, options: Sequence[int]) -> list[int]:
    """Put options on an empty tour in the given order, breaks where they fit best; return those that do not fit.

    Tries the whole sequence first; where it is infeasible, drops the options without which the rest is feasible.
    """
    wanted = np.array(options, dtype=np.int64)
    kept = fill_tour(tables, tours, vehicle, wanted)
    return [option for option, stays in zip(options, kept.tolist(), strict=True) if not stays]


@kernel
def fill_tour(tables: Tables, tours: Tours, vehicle: int, options: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Link a sequence after the start of an empty tour; return which options stayed."""
    orders = len(tables.release_s)
    kept = np.zeros(len(options), dtype=np.bool_)
    after = orders + 2 * vehicle
    for index in range(len(options)):
        link(tables, tours, options[index], after, tours.breaks_after[after], vehicle)
        after = tables.opt_order[options[index]]
        kept[index] = True
    if place_breaks(tables, tours, vehicle):
        return kept
    for index in range(len(options)):
        unlink(tables, tours, tables.opt_order[options[index]])
        kept[index] = False
    schedule_tour(tables, tours, vehicle)
    after = orders + 2 * vehicle
    for index in range(len(options)):
        order = tables.opt_order[options[index]]
        gather_breaks(tables, tours, vehicle)
        link(tables, tours, options[index], after, 0, vehicle)
        if place_breaks(tables, tours, vehicle):
            after = order
            kept[index] = True
        else:
            unlink(tables, tours, order)
            place_breaks(tables, tours, vehicle)
    return kept


@kernel
def gather_breaks(tables: Tables, tours: Tours, vehicle: int) -> None:
    """Put all breaks of a tour back after its start."""
    orders = len(tables.release_s)
    start = orders + 2 * vehicle
    node = start
    while node != start + 1:
        tours.breaks_after[node] = 0
        node = tours.succ[node]
    tours.breaks_after[start] = tables.brk_ptr[vehicle + 1] - tables.brk_ptr[vehicle]


@kernel
def place_breaks(tables: Tables, tours: Tours, vehicle: int) -> bool:
    """Find break positions that make a tour feasible, latest first; schedule it; return whether any did.

    Breaks keep their order; each is tried after every node from the end of the tour back, so that a long tour takes
    its break when its window is nearly over, which leaves most room before it.
    """
    start = len(tables.release_s) + 2 * vehicle
    count = tables.brk_ptr[vehicle + 1] - tables.brk_ptr[vehicle]
    gather_breaks(tables, tours, vehicle)
    if count == 0:
        return schedule_tour(tables, tours, vehicle)
    tours.breaks_after[start] = 0
    if count == 1:
        return try_break(tables, tours, vehicle, 1)
    second = tours.pred[start + 1]
    while True:
        tours.breaks_after[second] += count - 1
        if try_break(tables, tours, vehicle, 1):
            return True
        tours.breaks_after[second] -= count - 1
        if second == start:
            break
        second = tours.pred[second]
    tours.breaks_after[start] += count
    schedule_tour(tables, tours, vehicle)
    return False


@kernel
def try_break(tables: Tables, tours: Tours, vehicle: int, amount: int) -> bool:
    """Put ``amount`` more breaks after some node so that the tour is feasible; False (none put) if there is none."""
    start = len(tables.release_s) + 2 * vehicle
    node = tours.pred[start + 1]
    while True:
        tours.breaks_after[node] += amount
        if schedule_tour(tables, tours, vehicle):
            return True
        tours.breaks_after[node] -= amount
        if node == start:
            return False
        node = tours.pred[node]
