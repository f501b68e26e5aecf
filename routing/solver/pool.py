"""Set partitioning: the best plan that can be put together of tours seen before, by OR-Tools' MIP.

Every order is served at most once, each kind of vehicle used as often as there are such vehicles, and no more boxes and
relay places taken than there are.
"""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

import numpy as np
from ortools.linear_solver import pywraplp

from routing.problem import COST_PER_CENT, Tables
from routing.solver.links import link
from routing.solver.rules import Rules, rules_of
from routing.solver.schedule import schedule_tour
from routing.solver.sequences import tour_breaks, tour_nodes
from routing.solver.tours import Tours, empty_tours, total_cost

MOST_TOURS = 20_000
"""Tours the pool keeps, the latest: what a search finds when it is cold is what fits together."""


class Seen(NamedTuple):
    """A tour: its cost, the options in order, and how many breaks are taken after its start and each of them."""

    cost: int
    options: tuple[int, ...]
    breaks: tuple[int, ...]


class Pool:
    """Tours seen by searches, each once per kind of vehicle and set of options, the cheapest of it.

    A vehicle whose tour has a sealed head or a frozen departure, or that may be loaded again (by rows of its own), is a
    kind of its own.
    """

    def __init__(self, tables: Tables, rules: Rules, tours: Tours) -> None:
        self.tables = tables
        vehicles = np.arange(len(rules.vehicles))
        self.held = (tours.sealed > 0) | (tours.frozen_start_s >= 0)
        if len(rules.reload_ptr):
            self.held |= np.diff(rules.reload_ptr) > 0
        self.kind = np.where(self.held, len(vehicles) + vehicles, rules.vehicles["kind"])
        self.seen: dict[tuple[int, frozenset[int]], Seen] = {}

    def add(self, tours: Tours) -> None:
        """Add the tours of a plan whose costs are up to date."""
        for vehicle, options in _tours(self.tables, tours):
            key = (int(self.kind[vehicle]), frozenset(options))
            tour = Seen(int(tours.fleet["cost"][vehicle]), options, tuple(tour_breaks(self.tables, tours, vehicle)))
            known = self.seen.pop(key, None)
            self.seen[key] = tour if known is None or tour.cost < known.cost else known
        while len(self.seen) > MOST_TOURS:
            del self.seen[next(iter(self.seen))]

    def merge(self, other: Pool) -> None:
        """Add the tours of another pool."""
        for key, tour in other.seen.items():
            known = self.seen.get(key)
            self.seen[key] = tour if known is None or tour.cost < known.cost else known


def partition(pool: Pool, best: Tours, seconds: float, nodes: int | None = None) -> Tours:
    """Return the cheapest plan of tours in the pool that is found in time, ``best`` where none is better.

    Parameters
    ----------
    best : Tours
        A plan whose tours are in the pool; the solver starts from it.
    seconds : float
    nodes : int, optional
        Most nodes of the MIP's search tree, so that the same pool gives the same plan on any machine.
    """
    chosen = _choose(pool, best, seconds, nodes)
    found = best if chosen is None else _built(pool, best, chosen)
    return found if total_cost(pool.tables, found) < total_cost(pool.tables, best) else best


def _choose(pool: Pool, best: Tours, seconds: float, nodes: int | None) -> list[tuple[int, Seen]] | None:
    """Return kind and tour of the cheapest choice; ``None`` if none was found in time."""
    tables, solver = pool.tables, pywraplp.Solver.CreateSolver("SCIP")
    rows: dict[tuple[str, int], list[tuple[pywraplp.Variable, int]]] = defaultdict(list)
    now = {(int(pool.kind[vehicle]), frozenset(options)) for vehicle, options in _tours(tables, best)}
    columns, objective = [], solver.Objective()
    for key, tour in pool.seen.items():
        column = solver.BoolVar("")
        columns.append((column, key[0], tour))
        orders = tables.opt_order[list(tour.options)]
        objective.SetCoefficient(column, (tour.cost - int(tables.penalty[orders].sum())) / COST_PER_CENT)
        rows["kind", key[0]].append((column, 1))
        for order in orders.tolist():
            rows["order", order].append((column, 1))
        for row, amount in _taken(tables, tour).items():
            rows["resource", row].append((column, amount))
    objective.SetMinimization()
    for (what, index), members in rows.items():
        alike = np.flatnonzero(pool.kind == index)
        most = {"order": 1, "kind": len(alike), "resource": tables.res_cap[index] if what == "resource" else 0}[what]
        must = what == "kind" and bool(best.sealed[alike].any())
        limit = solver.Constraint(1.0 if must else -solver.infinity(), float(most))
        for column, amount in members:
            limit.SetCoefficient(column, amount)
    solver.SetHint([column for column, _, _ in columns], [float(key in now) for key in pool.seen])
    if nodes is not None:
        solver.SetSolverSpecificParametersAsString(f"limits/nodes = {nodes}")
    solver.SetTimeLimit(int(1000 * seconds))
    if solver.Solve() not in (pywraplp.Solver.OPTIMAL, pywraplp.Solver.FEASIBLE):
        return None
    return [(kind, tour) for column, kind, tour in columns if column.solution_value() > 0.5]


def _tours(tables: Tables, tours: Tours) -> list[tuple[int, tuple[int, ...]]]:
    """Return vehicle and options in order of each tour in use."""
    return [
        (vehicle, tuple(int(tours.option[node]) for node in tour_nodes(tables, tours, vehicle)))
        for vehicle in np.flatnonzero(tours.size).tolist()
    ]


def _taken(tables: Tables, tour: Seen) -> dict[int, int]:
    """Return how much of each shared resource a tour takes."""
    taken: dict[int, int] = defaultdict(int)
    for option in tour.options:
        for entry in range(int(tables.res_ptr[option]), int(tables.res_ptr[option + 1])):
            taken[int(tables.res_row[entry])] += int(tables.res_amount[entry])
    return taken


def _built(pool: Pool, best: Tours, chosen: list[tuple[int, Seen]]) -> Tours:
    """Return the plan of chosen tours; what is sealed and frozen is as in ``best``."""
    tours, rules = empty_tours(pool.tables), rules_of(pool.tables)
    tours.sealed[:], tours.frozen_start_s[:] = best.sealed, best.frozen_start_s
    idle = {kind: np.flatnonzero(pool.kind == kind).tolist() for kind in set(pool.kind.tolist())}
    for kind, tour in chosen:
        vehicle = idle[kind].pop()
        after = tours.orders + 2 * vehicle
        for option, kept in zip(tour.options, tour.breaks[:-1], strict=True):
            link(rules, tours, option, after, kept, vehicle)
            after = int(pool.tables.opt_order[option])
        if not schedule_tour(rules, tours, vehicle):
            return best
    return tours
