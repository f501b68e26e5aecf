"""The map of a solve, and what every engine promises, against plans found by trying everything."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.problem import COST_PER_CENT, Problem, Tables
from routing.solver.engine import Engine, Progress, construct, insertion_sequence, is_better, served, solve
from routing.solver.ortools_model import OrToolsEngine
from routing.solver.search import RuinRecreateEngine
from routing.solver.stop import Stop
from routing.solver.tours import Tours, copy_tours, total_cost
from tests.drawn_problems import Features, draw_problem, features, routes_of
from tests.solver_checks import check_state, same
from tests.solver_optimum import insertions, optimum

SEEDS = st.integers(0, 2**32 - 1)
ENGINES = [pytest.param(RuinRecreateEngine(), id="ruin-recreate"), pytest.param(OrToolsEngine(), id="ortools")]


def merit(tables: Tables, tours: Tours) -> tuple[int, int]:
    """Return what a plan is judged by: the penalty of what it leaves out, then everything it costs."""
    return int(tables.penalty[tours.vehicle < 0].sum()), int(total_cost(tables, tours))


@given(SEEDS, features(orders=3, options=2, vehicles=2))
@settings(max_examples=60, deadline=None)
def test_insertion_is_right_and_never_better_than_the_best_plan(seed: int, wanted: Features) -> None:
    problem = draw_problem(seed, wanted)
    tours = construct(problem)
    check_state(problem.tables, tours)
    best = optimum(problem.tables)
    assert merit(problem.tables, tours) >= best.merit
    assert total_cost(problem.tables, tours) >= best.cost
    assert served(problem.tables, tours) <= best.served


@given(SEEDS, features(metric=True, slices=1, setup=False, cheap_to_skip=False))
@settings(max_examples=100, deadline=None)
def test_insertion_leaves_out_nothing_that_still_fits(seed: int, wanted: Features) -> None:
    """With set-ups shared, short cuts or slices an order may fit only once another is in."""
    problem = draw_problem(seed, wanted)
    tours = construct(problem)
    for order in np.flatnonzero((tours.vehicle < 0) & problem.tables.allowed.any(axis=0)).tolist():
        assert not any(insertions(problem.tables, routes_of(problem.tables, tours), order, move_breaks=False))


@given(SEEDS, features())
@settings(max_examples=60, deadline=None)
def test_a_start_is_kept_and_left_unchanged(seed: int, wanted: Features) -> None:
    problem = draw_problem(seed, wanted)
    start = construct(problem)
    before = copy_tours(start)
    again = construct(problem, start)
    assert same(start, before)
    check_state(problem.tables, again)
    assert ((start.vehicle < 0) | (again.vehicle == start.vehicle)).all()
    assert served(problem.tables, again) >= served(problem.tables, start)
    assert same(construct(problem), start), "the same problem gives the same tours"


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("seed", range(6))
def test_an_engine_gives_right_tours_that_are_no_worse(engine: Engine, seed: int) -> None:
    for number in range(seed * 4, seed * 4 + 4):
        wanted = Features(
            orders=number % 6,
            vehicles=1 + number % 3,
            options=1 + number % 2,
            slices=1 + number % 3,
            windows=number % 3,
            breaks=(number // 2) % 3,
            setup=number % 2 == 0,
            release=number % 3 == 0,
            open_end=number % 4 == 0,
            pickups=number % 4 == 1,
            shared=number % 2 == 1,
            picky=number % 5 == 0,
            metric=number % 4 != 2,
        )
        problem = draw_problem(number, wanted)
        given_tours = construct(problem)
        before = copy_tours(given_tours)
        told: list[Tours] = []
        found = engine.improve(
            problem, given_tours, Stop(0.04), lambda tours, told=told: told.append(copy_tours(tours))
        )
        assert same(given_tours, before), "what an engine is given it leaves unchanged"
        check_state(problem.tables, found)
        for better in told:
            check_state(problem.tables, better)
            assert is_better(problem, better, given_tours)
        assert total_cost(problem.tables, found) <= total_cost(problem.tables, given_tours)


@pytest.mark.parametrize("engine", ENGINES)
def test_an_engine_that_is_asked_to_stop_returns_what_it_was_given(engine: Engine) -> None:
    problem = draw_problem(7, Features(orders=6, vehicles=3, options=2))
    tours = construct(problem)
    stop = Stop(3600.0)
    stop.request()
    assert same(engine.improve(problem, tours, stop, lambda better: None), tours)


@pytest.mark.parametrize("engine", ENGINES)
def test_an_engine_keeps_sealed_heads_and_who_may_take_what(engine: Engine) -> None:
    for seed in range(12):
        problem = draw_problem(seed, Features(orders=6, vehicles=2, metric=True, loads=False, breaks=1))
        start = construct(problem)
        start.sealed[:] = np.minimum(start.size, 2)
        start.frozen_start_s[:] = start.end_s[[6, 8]]
        for order in np.flatnonzero(start.vehicle >= 0).tolist():
            problem.tables.allowed[:, order] = 0
            problem.tables.allowed[start.vehicle[order], order] = 1
        found = engine.improve(problem, start, Stop(0.05), lambda better: None)
        check_state(problem.tables, found)
        assert (found.sealed == start.sealed).all() and (found.frozen_start_s == start.frozen_start_s).all()
        for was, now in zip(routes_of(problem.tables, start), routes_of(problem.tables, found)):
            head = int(start.sealed[was.vehicle])
            assert now.options[:head] == was.options[:head]
            orders = problem.tables.opt_order[list(was.options[:head])]
            assert (found.start_s[orders] == start.start_s[orders]).all()
        stayed = (start.vehicle >= 0) & (found.vehicle >= 0)
        assert (found.vehicle[stayed] == start.vehicle[stayed]).all()


class Worse:
    """An engine that loses everything."""

    name = "worse"

    def improve(self, problem: Problem, tours: Tours, stop: Stop, report: object) -> Tours:
        """Return empty tours."""
        return empty(tours)


def empty(tours: Tours) -> Tours:
    bare = copy_tours(tours)
    bare.vehicle[:] = -1
    bare.size[:] = 0
    return bare


def test_a_solve_tells_its_progress_and_takes_nothing_worse() -> None:
    problem = draw_problem(7, Features(orders=6, vehicles=3, loads=False))
    told: list[Progress] = []
    tours = solve(problem, Stop(5.0), [Worse()], report=lambda progress, _: told.append(progress))
    assert served(problem.tables, tours) == served(problem.tables, construct(problem)) > 0
    assert [progress.engine for progress in told] == ["insertion"]
    assert told[0].served == served(problem.tables, tours)
    assert told[0].cost_cents == total_cost(problem.tables, tours) // COST_PER_CENT


def test_a_solve_without_time_is_the_insertion() -> None:
    problem = draw_problem(8, Features(orders=6, vehicles=3))
    engines = (RuinRecreateEngine(), OrToolsEngine())
    assert same(solve(problem, Stop(0.0), engines), construct(problem))


def test_better_is_less_left_out_then_cheaper() -> None:
    problem = draw_problem(7, Features(orders=6, vehicles=3, loads=False))
    tours = construct(problem)
    assert not is_better(problem, tours, tours)
    assert is_better(problem, tours, empty(tours))
    assert not is_better(problem, empty(tours), tours)


def test_what_costs_most_to_leave_out_is_inserted_first() -> None:
    problem = draw_problem(3, Features(orders=6))
    sequence = insertion_sequence(problem)
    assert sorted(sequence.tolist()) == list(range(6))
    penalties = problem.tables.penalty[sequence]
    assert (np.diff(penalties) <= 0).all()
