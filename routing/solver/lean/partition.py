"""Set partitioning: the best plan that can be put together of tours seen before, by OR-Tools' MIP."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import numpy as np
from ortools.linear_solver import pywraplp

from routing.solver.lean.classic import Classic

Tour = tuple[int, tuple[int, ...]]
"""Kind of vehicle, and the stops in order."""
MOST_TOURS = 20_000
"""Tours the pool keeps, the latest: what a search finds when it is cold is what fits together."""


class Pool:
    """Tours seen by searches, each once per kind and set of stops, the cheapest order of it."""

    def __init__(self, classic: Classic) -> None:
        self.classic = classic
        self.cost: dict[tuple[int, frozenset[int]], tuple[int, Tour]] = {}

    def add(self, tours: Iterable[Tour]) -> None:
        """Add the tours of a plan."""
        for tour in tours:
            key = (tour[0], frozenset(tour[1]))
            cost = tour_cost(self.classic, tour)
            known = self.cost.pop(key, None)
            self.cost[key] = (cost, tour) if known is None or cost < known[0] else known
        while len(self.cost) > MOST_TOURS:
            del self.cost[next(iter(self.cost))]


def tour_cost(classic: Classic, tour: Tour) -> int:
    """Return what a tour costs, its vehicle included."""
    kind = classic.kinds[tour[0]]
    places = [classic.stops + kind.depot, *tour[1], classic.stops + kind.depot]
    return int(classic.distance[places[:-1], places[1:]].sum()) * kind.unit + kind.fixed


def tours_cost(classic: Classic, tours: Iterable[Tour]) -> int:
    """Return what tours cost together."""
    return sum(tour_cost(classic, tour) for tour in tours)


def partition(
    classic: Classic, pool: Pool, best: tuple[Tour, ...], seconds: float, nodes: int | None = None
) -> tuple[Tour, ...]:
    """Return the cheapest complete plan of tours in the pool that is found in time, ``best`` where none is better.

    Parameters
    ----------
    best : tuple of Tour
        A complete plan whose tours are in the pool; the solver starts from it.
    seconds : float
    nodes : int, optional
        Most nodes of the MIP's search tree.
    """
    solver = pywraplp.Solver.CreateSolver("SCIP")
    group = np.arange(classic.stops) if classic.group is None else classic.group
    rows: dict[int, list[pywraplp.Variable]] = defaultdict(list)
    fleet: dict[int, list[pywraplp.Variable]] = defaultdict(list)
    chosen = {(kind, frozenset(stops)) for kind, stops in best}
    columns, hint = [], []
    objective = solver.Objective()
    for key, (cost, tour) in pool.cost.items():
        column = solver.BoolVar("")
        columns.append((column, tour))
        hint.append(float(key in chosen))
        objective.SetCoefficient(column, cost)
        fleet[tour[0]].append(column)
        for stop in tour[1]:
            rows[int(group[stop])].append(column)
    objective.SetMinimization()
    for members in rows.values():
        row = solver.Constraint(1, 1)
        for column in members:
            row.SetCoefficient(column, 1)
    for kind, members in fleet.items():
        row = solver.Constraint(0, classic.kinds[kind].count)
        for column in members:
            row.SetCoefficient(column, 1)
    solver.SetHint([column for column, _ in columns], hint)
    if nodes is not None:
        solver.SetSolverSpecificParametersAsString(f"limits/nodes = {nodes}")
    solver.SetTimeLimit(int(1000 * seconds))
    if solver.Solve() not in (pywraplp.Solver.OPTIMAL, pywraplp.Solver.FEASIBLE):
        return best
    found = tuple(tour for column, tour in columns if column.solution_value() > 0.5)
    total = sum(tour_cost(classic, tour) for tour in found)
    return found if total < sum(tour_cost(classic, tour) for tour in best) else best
