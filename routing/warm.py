"""Compiles every kernel once, so that no user waits for it."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from data.jit import compile_for
from routing.lean_engine import LEAST_ORDERS, Reduced, reduced
from routing.problem import COST_PER_CENT, Problem, Tables
from routing.solver.anneal import anneal
from routing.solver.engine import construct, is_better
from routing.solver.lean.search import warm as warm_lean
from routing.solver.ortools_model import rebuild
from routing.solver.rules import lowest_legs, rules_of
from routing.solver.search import RuinRecreateEngine
from routing.solver.stop import Stop
from routing.solver.tours import Tours, empty_tours
from routing.solver.work import work_of
from routing.travel import warm


def tiny_problem() -> Problem:
    """Return one vehicle with a break and two orders, in the exact types that real problems have."""

    def numbers(*values: int) -> np.ndarray:
        return np.array(values, dtype=np.int64)

    square = np.array([[[0, 60, 90], [60, 0, 30], [90, 30, 0]]], dtype=np.int32)
    tables = Tables(
        duration_s=square,
        distance_m=square * 10,
        slice_ptr=numbers(0, 1),
        slice_end_s=numbers(10**9),
        slice_profile=numbers(0),
        slice_safe=numbers(0),
        slice_stretch=numbers(1),
        closed_loc=np.zeros((1, 3), dtype=np.uint8),
        opt_ptr=numbers(0, 1, 2),
        opt_order=numbers(0, 1),
        opt_loc=numbers(1, 2),
        opt_service_s=numbers(60, 60),
        opt_setup_s=numbers(30, 30),
        opt_cost=numbers(0, 0),
        win_first=np.array([[0, 1]]),
        win_last=np.array([[1, 2]]),
        win_open=numbers(0, 0),
        win_close=numbers(80_000, 80_000),
        win_arrive=numbers(0, 0),
        res_ptr=numbers(0, 1, 1),
        res_row=numbers(0),
        res_amount=numbers(1),
        res_cap=numbers(1),
        load=np.ones((2, 3), dtype=np.int64),
        pickup=np.zeros((2, 3), dtype=np.int64),
        penalty=numbers(10**6 * COST_PER_CENT, 10**6 * COST_PER_CENT),
        release_s=numbers(0, 30_000),
        partner=numbers(-1, -1),
        kinds=np.zeros((2, 0), dtype=np.uint8),
        apart=np.zeros((0, 0), dtype=np.uint8),
        veh_class=numbers(0),
        veh_start=numbers(0),
        veh_end=numbers(0),
        veh_open_s=numbers(25_000),
        veh_close_s=numbers(60_000),
        veh_cap=np.full((1, 3), 10, dtype=np.int64),
        veh_cost=np.ones((1, 3), dtype=np.int64),
        brk_ptr=numbers(0, 1),
        brk_open=numbers(28_000),
        brk_close=numbers(40_000),
        brk_duration=numbers(1800),
        brk_due=numbers(28_000),
        allowed=np.ones((1, 2), dtype=np.uint8),
    )
    return Problem(tables, datetime(2026, 1, 5, tzinfo=UTC), ("a", "b"), ("v",), ("hub", "x", "y"))


def classic_like() -> Reduced:
    """Return a problem as :func:`routing.lean_engine.reduced` does, in the exact types of its tables."""
    rows = np.arange(LEAST_ORDERS, dtype=np.int64)
    tiny = tiny_problem().tables
    square = np.abs(rows[:, None] - rows[None, :]).astype(np.int32)[None] * 60
    tables = tiny._replace(
        duration_s=square, distance_m=square * 10, closed_loc=np.zeros((1, len(rows)), dtype=np.uint8),
        opt_ptr=np.arange(len(rows) + 1), opt_order=rows, opt_loc=rows,
        opt_service_s=rows * 0, opt_setup_s=rows * 0, opt_cost=rows * 0,
        win_first=rows[None] * 0, win_last=rows[None] * 0 + 1, win_arrive=np.array([-(10**9)] * 2),
        res_ptr=np.zeros(len(rows) + 1, dtype=np.int64), load=np.ones((len(rows), 3), dtype=np.int64),
        pickup=np.zeros((len(rows), 3), dtype=np.int64), penalty=rows * 0 + 10**6 * COST_PER_CENT,
        release_s=rows * 0, partner=rows * 0 - 1, kinds=np.zeros((len(rows), 0), dtype=np.uint8),
        veh_cap=np.full((1, 3), len(rows), dtype=np.int64), brk_ptr=np.array([0, 0]),
        allowed=np.ones((1, len(rows)), dtype=np.uint8),
    )  # fmt: skip
    names = tuple(str(row) for row in range(len(rows)))
    problem = Problem(tables, datetime(2026, 1, 5, tzinfo=UTC), names, ("v",), names)
    tours = empty_tours(tables)
    tours.nodes["vehicle"] = 0  # as if all were served, without the plan search's kernels
    found = reduced(problem, tours)
    assert found is not None
    return found


def warm_kernels() -> None:
    """Compile the travel-time and solver kernels into the on-disk cache."""
    problem, rebuilt = tiny_problem(), warm_travel_and_first_plan()
    RuinRecreateEngine(iterations=1).improve(problem, rebuilt, Stop(3600), lambda better: None)
    is_better(problem, rebuilt, rebuilt)


def warm_travel_and_first_plan() -> Tours:
    """Compile what comes before the plan search, and the lean search; return a first plan of the tiny problem."""
    warm()
    warm_lean(classic_like().classic)
    problem = tiny_problem()
    return rebuild(problem.tables, construct(problem), {})


def warm_anneal() -> None:
    """Compile the plan search's inner loop, most of all kernels, from its types alone: no plan need be there yet."""
    tables = tiny_problem().tables
    rules, tours = rules_of(tables, lowest_legs(tables)), empty_tours(tables)
    compile_for(anneal, rules, tours, tours, work_of(rules, 1), 1.0, 0, 1)
