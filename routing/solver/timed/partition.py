"""Set partitioning: the shortest plan that can be put together of tours seen before, by OR-Tools' LP and MIP."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from ortools.linear_solver import pywraplp

from routing.solver.timed.state import FAR, Pool

MOST_COLUMNS = 4000
"""Tours the MIP chooses from: those the LP prices lowest."""

Tour = tuple[int, ...]


def partition(
    pool: Pool, stops: int, fleet: int, best: int, seconds: float, nodes: int | None = None
) -> tuple[Tour, ...] | None:
    """Return the shortest plan of tours in the pool that is found in time; None where none is shorter than ``best``.

    An LP over all tours prices the stops. No plan shorter than ``best`` has a tour whose reduced cost is more than
    what ``best`` is above the LP: the rest is left to the MIP.
    """
    slots = np.flatnonzero(pool.tour[:, 0] < FAR)
    durations = pool.tour[slots, 0].astype(np.int64)
    members = np.zeros((len(slots), stops), dtype=bool)
    for row, slot in enumerate(slots):
        members[row, pool.seq[slot, : pool.tour[slot, 1]] - 1] = True
    bound, prices, per_tour = _priced(durations, members, fleet, seconds / 2)
    if bound is None or bound > best - 1 + 1e-6:
        return None
    reduced = durations - members @ prices - per_tour
    kept = np.flatnonzero(reduced < best - bound)
    kept = kept[np.argsort(reduced[kept], kind="stable")][:MOST_COLUMNS]
    chosen = _chosen(durations[kept], members[kept], fleet, best, seconds / 2, nodes)
    return None if chosen is None else tuple(tuple(map(int, _stops(pool, slots[kept[at]]))) for at in chosen)


def _stops(pool: Pool, slot: int) -> NDArray[np.int32]:
    return pool.seq[slot, : pool.tour[slot, 1]]


def _model(
    name: str, durations: NDArray[np.int64], members: NDArray[np.bool_], fleet: int
) -> tuple[pywraplp.Solver, list[pywraplp.Variable], list[pywraplp.Constraint]]:
    """Return a solver with a column a tour, a row a stop, and last a row for the fleet."""
    solver = pywraplp.Solver.CreateSolver(name)
    rows = [solver.Constraint(1, 1) for _ in range(members.shape[1])]
    rows.append(solver.Constraint(0, fleet))
    columns, objective = [], solver.Objective()
    for duration, row in zip(durations.tolist(), members):
        column = solver.BoolVar("") if name == "SCIP" else solver.NumVar(0, solver.infinity(), "")
        objective.SetCoefficient(column, duration)
        rows[-1].SetCoefficient(column, 1)
        for stop in np.flatnonzero(row).tolist():
            rows[stop].SetCoefficient(column, 1)
        columns.append(column)
    objective.SetMinimization()
    return solver, columns, rows


def _priced(
    durations: NDArray[np.int64], members: NDArray[np.bool_], fleet: int, seconds: float
) -> tuple[float | None, NDArray[np.float64], float]:
    """Return the LP's bound, None where there is none in time, and its prices of the stops and of a tour."""
    solver, _, rows = _model("GLOP", durations, members, fleet)
    solver.SetTimeLimit(max(1, int(1000 * seconds)))
    if solver.Solve() != pywraplp.Solver.OPTIMAL:
        return None, np.zeros(0), 0.0
    prices = np.array([row.dual_value() for row in rows])
    return solver.Objective().Value(), prices[:-1], float(prices[-1])


def _chosen(
    durations: NDArray[np.int64],
    members: NDArray[np.bool_],
    fleet: int,
    best: int,
    seconds: float,
    nodes: int | None,
) -> list[int] | None:
    """Return the columns of the shortest partition found, None where none is shorter than ``best``."""
    solver, columns, _ = _model("SCIP", durations, members, fleet)
    solver.Add(solver.Sum([int(d) * column for d, column in zip(durations, columns)]) <= best - 1)
    if nodes is not None:
        solver.SetSolverSpecificParametersAsString(f"limits/nodes = {nodes}")
    solver.SetTimeLimit(max(1, int(1000 * seconds)))
    if solver.Solve() not in (pywraplp.Solver.OPTIMAL, pywraplp.Solver.FEASIBLE):
        return None
    return [at for at, column in enumerate(columns) if column.solution_value() > 0.5]
