"""OR-Tools as a second opinion: what it is given, what is done with its answer, and how good that is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from routing.problem import Problem, Tables
from routing.solver import ortools_groups
from routing.solver.engine import construct
from routing.solver.ortools_model import COST_SCALE, OrToolsEngine, rebuild, split_groups
from routing.solver.stop import Stop
from routing.solver.tours import Tours, copy_tours, empty_tours, total_cost
from routing.warm import tiny_problem
from tests.drawn_problems import Features, draw_problem, numbers, routes_of
from tests.solver_checks import check_state
from tests.solver_optimum import optimum

SEEDS = range(100, 112)
WANTED = Features(orders=4, vehicles=2, options=2, windows=1, breaks=1, shared=True, setup=True, metric=True)


def improved(problem: Problem, start: Tours, seconds: float = 0.05) -> Tours:
    return OrToolsEngine().improve(problem, start, Stop(seconds), lambda better: None)


def priced(problem: Problem) -> Problem:
    """Return the problem at prices that OR-Tools can tell apart: it counts in 1/100 cent."""
    tables = problem.tables
    dearer = {name: getattr(tables, name) * COST_SCALE for name in ("veh_cost", "opt_cost", "penalty")}
    return replace(problem, tables=tables._replace(**dearer))


def worst_start(tables: Tables) -> Tours:
    """Return tours that serve nobody: everything is left to the engine."""
    return empty_tours(tables)


def test_it_finds_most_optima_of_tiny_problems() -> None:
    """A lone insertion misses some of them, so that there is something to find."""
    reached, inserted = 0, 0
    for seed in SEEDS:
        problem = priced(draw_problem(seed, WANTED))
        start = construct(problem)
        best = optimum(problem.tables).cost
        found = int(total_cost(problem.tables, improved(problem, start, 0.25)))
        assert found >= best
        reached += found == best
        inserted += total_cost(problem.tables, start) == best
    assert inserted < len(SEEDS)
    assert reached >= 0.8 * len(SEEDS)


@pytest.mark.parametrize(("due_s", "served"), [(60_000, True), (24_000, False)])
def test_a_tour_that_is_over_before_a_break_is_due_needs_none(due_s: int, served: bool) -> None:
    """The shift has no room for the break: the tour exists only where it may do without."""
    tables = tiny_problem().tables
    tables = tables._replace(
        release_s=numbers([0, 0]),
        veh_close_s=numbers([26_000]),
        brk_open=numbers([25_000]),
        brk_close=numbers([25_500]),
        brk_due=numbers([due_s]),
    )
    found = improved(replace(tiny_problem(), tables=tables), worst_start(tables), 1.0)
    assert ((found.vehicle >= 0) == served).all()


def test_it_serves_from_nothing() -> None:
    served = 0
    for seed in range(200, 206):
        problem = draw_problem(seed, Features(orders=6, vehicles=2, breaks=1, windows=1, metric=True))
        tours = improved(problem, worst_start(problem.tables), 0.05)
        check_state(problem.tables, tours)
        served += int((tours.vehicle >= 0).sum())
    assert served > 0


@pytest.mark.parametrize("seed", range(8))
def test_what_is_not_in_the_answer_is_rebuilt_as_it_was(seed: int) -> None:
    wanted = Features(orders=6, vehicles=3, options=2, breaks=2, slices=3, metric=True, release=True)
    problem = draw_problem(seed, wanted)
    tours = construct(problem)
    tours = construct(problem, tours)
    again = rebuild(problem.tables, tours, {})
    check_state(problem.tables, again)
    for was, now in zip(routes_of(problem.tables, tours), routes_of(problem.tables, again)):
        assert now.options[: len(was.options)] == was.options or set(was.options) <= set(now.options)
    on_tour = tours.vehicle >= 0
    if (again.vehicle == tours.vehicle).all():
        assert (again.start_s[: len(on_tour)][on_tour] == tours.start_s[: len(on_tour)][on_tour]).all()


def test_an_answer_that_breaks_a_sealed_head_is_refused() -> None:
    problem = draw_problem(11, Features(orders=6, vehicles=1, loads=False, metric=True))
    tours = construct(problem)
    route = routes_of(problem.tables, tours)[0]
    assert len(route.options) >= 3
    tours.sealed[0] = 2
    tight = problem.tables._replace(veh_close_s=numbers([1]))
    assert rebuild(tight, tours, {0: list(route.options)}) is tours


def test_independent_vehicles_are_separate_groups() -> None:
    problem = draw_problem(4, Features(orders=6, vehicles=3, slices=1))
    allowed = np.zeros((3, 6), dtype=np.uint8)
    allowed[0, :2] = allowed[1, 2:] = allowed[2, 2:] = 1
    tables = problem.tables._replace(allowed=allowed)
    groups = split_groups(tables, empty_tours(tables))
    assert [(group.vehicles, tables.opt_order[group.options].tolist()) for group in groups] == [
        ([1, 2], [2, 3, 4, 5]),
        ([0], [0, 1]),
    ]


def test_a_tour_that_uses_open_hours_is_left_alone() -> None:
    """OR-Tools only knows the streets that are always open: it can't re-time such a tour."""
    found = 0
    for seed in range(40):
        problem = draw_problem(seed, Features(orders=5, vehicles=2, slices=2, metric=True, loads=False))
        tours = construct(problem)
        tables = problem.tables
        safe = tables.slice_safe[tables.slice_ptr[tables.veh_class]]
        legs = [
            {int(tours.leg_profile[node]) for node in np.flatnonzero(tours.vehicle == vehicle)} for vehicle in (0, 1)
        ]
        fixed = [vehicle for vehicle in (0, 1) if legs[vehicle] - {int(safe[vehicle])}]
        in_groups = {vehicle for group in split_groups(problem.tables, tours) for vehicle in group.vehicles}
        assert not in_groups & set(fixed)
        found += len(fixed)
    assert found


def test_a_large_group_keeps_only_chosen_options(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ortools_groups, "MAX_NODES", 5)
    problem = draw_problem(21, Features(orders=6, vehicles=2, options=3, metric=True, loads=False))
    tours = construct(problem)
    chosen = {option for route in routes_of(problem.tables, tours) for option in route.options}
    for group in split_groups(problem.tables, tours):
        served = [option for option in group.options if tours.vehicle[problem.tables.opt_order[option]] >= 0]
        assert set(served) <= chosen
    found = improved(problem, copy_tours(tours))
    check_state(problem.tables, found)
    assert total_cost(problem.tables, found) <= total_cost(problem.tables, tours)
