"""Plans put together of tours seen: right, never worse, boxes and heads that may not move kept."""

from __future__ import annotations

import numpy as np
import pytest

from routing.solver.engine import construct
from routing.solver.pool import Pool, partition
from routing.solver.rules import rules_of
from routing.solver.schedule import sum_up
from routing.solver.search import RuinRecreateEngine
from routing.solver.stop import Stop
from routing.solver.tours import total_cost
from tests.drawn_problems import Features, draw_problem, routes_of
from tests.solver_checks import check_state

WANTED = Features(orders=7, vehicles=3, options=2, shared=True, breaks=1, windows=1, metric=True)


@pytest.mark.parametrize("seed", range(12))
def test_a_plan_of_tours_seen_is_right_and_never_worse(seed: int) -> None:
    problem = draw_problem(seed, WANTED)
    rules, start = rules_of(problem.tables), construct(problem)
    pool = Pool(problem.tables, rules, start)
    best = start
    for other in range(8):
        found = RuinRecreateEngine(seed=other, iterations=5).improve(problem, start, Stop(60), lambda better: None)
        sum_up(rules, found)
        pool.add(found)
        best = min(best, found, key=lambda tours: total_cost(problem.tables, tours))
    together = partition(pool, best, 5.0, nodes=50)
    check_state(problem.tables, together)
    assert total_cost(problem.tables, together) <= total_cost(problem.tables, best)


def test_the_best_of_tours_seen_is_found() -> None:
    problem = draw_problem(5, Features(orders=9, vehicles=3, windows=1, metric=True))
    tables, rules = problem.tables, rules_of(problem.tables)
    start = construct(problem)
    best = RuinRecreateEngine(iterations=400).improve(problem, start, Stop(60), lambda better: None)
    pool = Pool(tables, rules, best)
    for plan in (start, best):
        sum_up(rules, plan)
        pool.add(plan)
    assert total_cost(tables, best) < total_cost(tables, start)
    assert total_cost(tables, partition(pool, start, 5.0)) <= total_cost(tables, best)


def test_sealed_heads_stay() -> None:
    problem = draw_problem(2, Features(orders=7, vehicles=3, metric=True, loads=False))
    start = construct(problem)
    start.sealed[:] = np.minimum(start.size, 1)
    engine = RuinRecreateEngine(iterations=200, threads=2)
    found = engine.improve(problem, start, Stop(60), lambda better: None)
    check_state(problem.tables, found)
    for was, now in zip(routes_of(problem.tables, start), routes_of(problem.tables, found)):
        assert now.options[: start.sealed[was.vehicle]] == was.options[: start.sealed[was.vehicle]]
