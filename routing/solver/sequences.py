"""Tours from plain sequences: a warm start, a plan read back, or another engine's answer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from data.jit import kernel
from routing.problem import Tables
from routing.solver.links import link, unlink
from routing.solver.rules import Rules, rules_of
from routing.solver.schedule import schedule_tour
from routing.solver.tours import Tours


def tour_nodes(tables: Tables, tours: Tours, vehicle: int) -> list[int]:
    """Return the orders of one tour in driving order."""
    orders = len(tables.release_s)
    nodes = []
    node = int(tours.succ[orders + 2 * vehicle])
    while node < orders:
        nodes.append(node)
        node = int(tours.succ[node])
    return nodes


def tour_breaks(tables: Tables, tours: Tours, vehicle: int) -> list[int]:
    """Return how many breaks are taken after the start and after each order of one tour."""
    start = len(tables.release_s) + 2 * vehicle
    return [int(tours.breaks_after[node]) for node in (start, *tour_nodes(tables, tours, vehicle))]


def breaks_needed(tables: Tables, tours: Tours, vehicle: int, first: int, last: int) -> int:
    """Return the end of the breaks, of ``first..last - 1`` behind the last stop, that a scheduled tour takes."""
    back_s = tours.start_s[len(tables.release_s) + 2 * vehicle + 1]
    needed = np.flatnonzero(tables.brk_due[first:last] < back_s)
    return first + int(needed[-1]) + 1 if len(needed) else first


def append_sequence(
    tables: Tables, tours: Tours, vehicle: int, options: Sequence[int], pinned: Sequence[int] = ()
) -> list[int]:
    """Put options on an empty tour in the given order, breaks where they fit best; return those that do not fit.

    Tries the whole sequence first; where it is infeasible, drops the options without which the rest is feasible.
    ``pinned[k]`` breaks are taken after k stops, so that the first ``len(pinned)`` stops keep their times: none of
    these is dropped unless the tour can't even begin like that. Of a pair, both halves stay or neither.
    """
    wanted, fixed = np.array(options, dtype=np.int64), np.array(pinned, dtype=np.int64)
    kept = fill_tour(rules_of(tables), tours, vehicle, wanted, fixed)
    dropped = [option for option, stays in zip(options, kept.tolist(), strict=True) if not stays]
    if lone := lone_halves(tables, tours, vehicle):
        whole = [o for o in options if o not in dropped and int(tables.opt_order[o]) not in lone]
        clear_tour(rules_of(tables), tours, vehicle)
        held = pinned if list(options[: len(pinned)]) == whole[: len(pinned)] else ()
        left = append_sequence(tables, tours, vehicle, whole, held)
        dropped = [option for option in options if option not in whole or option in left]
    return dropped


def lone_halves(tables: Tables, tours: Tours, vehicle: int) -> set[int]:
    """Return the orders of a tour whose other half is not on it, or is on the wrong side of them."""
    place = {order: row for row, order in enumerate(tour_nodes(tables, tours, vehicle))}
    partners = {order: int(tables.partner[order]) for order in place if tables.partner[order] >= 0}
    return {
        order
        for order, partner in partners.items()
        if partner not in place or (place[partner] < place[order]) != (order < partner)
    }


@kernel
def fill_tour(
    rules: Rules, tours: Tours, vehicle: int, options: NDArray[np.int64], pinned: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Link a sequence after the start of an empty tour; return which options stayed."""
    kept = np.zeros(len(options), dtype=np.bool_)
    if chain(rules, tours, vehicle, options, pinned):
        kept[:] = True
        return kept
    clear_tour(rules, tours, vehicle)
    head = len(pinned)
    if head > 0 and not chain(rules, tours, vehicle, options[:head], pinned):
        clear_tour(rules, tours, vehicle)
        return kept
    kept[:head] = True
    after = tours.nodes[len(rules.orders) + 2 * vehicle + 1].pred
    for index in range(head, len(options)):
        order = rules.options[options[index]].order
        link(rules, tours, options[index], after, tours.nodes[after].breaks, vehicle)
        if place_breaks(rules, tours, vehicle, head):
            after = order
            kept[index] = True
        else:
            unlink(rules, tours, order)
            place_breaks(rules, tours, vehicle, head)
    return kept


@kernel
def chain(rules: Rules, tours: Tours, vehicle: int, options: NDArray[np.int64], pinned: NDArray[np.int64]) -> bool:
    """Link a whole sequence after the start of an empty tour, some breaks pinned; return whether it is feasible."""
    after = len(rules.orders) + 2 * vehicle
    for index in range(len(options)):
        kept = pinned[index] if index < len(pinned) else tours.nodes[after].breaks
        link(rules, tours, options[index], after, kept, vehicle)
        after = rules.options[options[index]].order
    return place_breaks(rules, tours, vehicle, len(pinned))


@kernel
def clear_tour(rules: Rules, tours: Tours, vehicle: int) -> None:
    """Take every order off a tour."""
    start = len(rules.orders) + 2 * vehicle
    while tours.nodes[start].succ != start + 1:
        unlink(rules, tours, tours.nodes[start].succ)
    schedule_tour(rules, tours, vehicle)


@kernel
def gather_breaks(rules: Rules, tours: Tours, vehicle: int, pinned: int) -> int:
    """Put all breaks of a tour, but those before its first ``pinned`` stops, right after these; return that node."""
    start = len(rules.orders) + 2 * vehicle
    left = rules.brk_ptr[vehicle + 1] - rules.brk_ptr[vehicle]
    origin = start
    for _ in range(pinned):
        left -= tours.nodes[origin].breaks
        origin = tours.nodes[origin].succ
    node = origin
    while node != start + 1:
        tours.nodes[node].breaks = 0
        node = tours.nodes[node].succ
    tours.nodes[origin].breaks = left
    return origin


@kernel
def place_breaks(rules: Rules, tours: Tours, vehicle: int, pinned: int) -> bool:
    """Find break positions that make a tour feasible, latest first; schedule it; return whether any did.

    Breaks keep their order, and those before the first ``pinned`` stops their place; each is tried after every other
    node from the end of the tour back, so that a long tour takes its break when its window is nearly over, which
    leaves most room before it. Three breaks or more are first placed in driving order, each as late as its window
    allows, then each as soon as it opens; where neither is feasible, all but one are taken together.
    """
    origin = gather_breaks(rules, tours, vehicle, pinned)
    count = tours.nodes[origin].breaks
    if count == 0:
        return schedule_tour(rules, tours, vehicle)
    if count > 2 and (in_driving_order(rules, tours, vehicle, origin, True)
                      or in_driving_order(rules, tours, vehicle, origin, False)):  # fmt: skip
        return True
    gather_breaks(rules, tours, vehicle, pinned)
    tours.nodes[origin].breaks = 0
    node = tours.nodes[len(rules.orders) + 2 * vehicle + 1].pred
    while True:
        tours.nodes[node].breaks += count - 1
        if try_break(rules, tours, vehicle, origin):
            return True
        tours.nodes[node].breaks -= count - 1
        if node == origin or count == 1:
            break
        node = tours.nodes[node].pred
    tours.nodes[origin].breaks = count
    schedule_tour(rules, tours, vehicle)
    return False


@kernel
def in_driving_order(rules: Rules, tours: Tours, vehicle: int, origin: int, late: bool) -> bool:
    """Place the breaks from ``origin`` on one by one, as late as may be or as soon as open; return whether that fits.

    Those not placed yet wait behind the last stop, where they change no other times.
    """
    last = tours.nodes[len(rules.orders) + 2 * vehicle + 1].pred
    left = 0
    node = origin
    while node != tours.nodes[last].succ:
        left += tours.nodes[node].breaks
        tours.nodes[node].breaks = 0
        node = tours.nodes[node].succ
    tours.nodes[last].breaks = left
    schedule_tour(rules, tours, vehicle)
    node = origin
    while node != last and tours.nodes[last].breaks > 0:
        pause = rules.brk_ptr[vehicle + 1] - tours.nodes[last].breaks
        too_late = tours.nodes[tours.nodes[node].succ].end_s > rules.brk_close[pause]
        if too_late or (not late and tours.nodes[node].end_s >= rules.brk_open[pause]):
            tours.nodes[node].breaks += 1
            tours.nodes[last].breaks -= 1
            schedule_tour(rules, tours, vehicle)
        else:
            node = tours.nodes[node].succ
    return schedule_tour(rules, tours, vehicle)


@kernel
def try_break(rules: Rules, tours: Tours, vehicle: int, origin: int) -> bool:
    """Put one more break at or after ``origin`` so that the tour is feasible; False (none put) if there is no place."""
    node = tours.nodes[len(rules.orders) + 2 * vehicle + 1].pred
    while True:
        tours.nodes[node].breaks += 1
        if schedule_tour(rules, tours, vehicle):
            return True
        tours.nodes[node].breaks -= 1
        if node == origin:
            return False
        node = tours.nodes[node].pred
