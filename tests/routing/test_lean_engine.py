"""The lean search on problems of the plan search: which it takes, and that what it gives back is what it says."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from routing.lean_engine import LEAST_ORDERS, LeanEngine, Reduced, as_tours, reduced
from routing.problem import FAR_FUTURE_S, NO_LOCATION, Problem, Tables
from routing.solver.engine import construct, improve
from routing.solver.lean.search import tours_cost
from routing.solver.search import RuinRecreateEngine
from routing.solver.sequences import tour_nodes
from routing.solver.stop import Stop
from routing.solver.tours import Tours, total_cost
from tests.solver_checks import check_state

ORDERS, VEHICLES = 24, 6


def drawn(seed: int) -> Problem:
    """Return a classic problem; some vehicles stand elsewhere, leave later, have less room or never come back."""
    rng = np.random.default_rng(seed)
    spots = rng.integers(0, 300, (ORDERS + 4, 2))
    metres = np.hypot(*(spots[:, None] - spots[None]).transpose(2, 0, 1)).astype(np.int32) * 10
    seconds = metres // 5 + rng.integers(0, 9, metres.shape).astype(np.int32)
    rows, none = np.arange(ORDERS), np.zeros(0, dtype=np.int64)
    opens = rng.integers(0, 4000, ORDERS)
    starts = np.array([ORDERS, ORDERS, ORDERS, ORDERS, ORDERS + 1, ORDERS + 2])
    tables = Tables(
        duration_s=seconds[None].copy(), distance_m=metres[None].copy(), slice_ptr=np.array([0, 1]),
        slice_end_s=np.array([FAR_FUTURE_S]), slice_profile=np.array([0]), slice_safe=np.array([0]),
        slice_stretch=np.array([1]), closed_loc=np.zeros((1, ORDERS + 4), dtype=np.uint8),
        opt_ptr=np.arange(ORDERS + 1), opt_order=rows, opt_loc=rows, opt_service_s=rng.integers(0, 60, ORDERS),
        opt_setup_s=rows * 0, opt_cost=rows * 0, win_first=rows[None].copy(), win_last=rows[None] + 1,
        win_open=opens, win_close=opens + rng.integers(1500, 6000, ORDERS),
        win_arrive=np.full(ORDERS, -FAR_FUTURE_S), res_ptr=np.zeros(ORDERS + 1, dtype=np.int64), res_row=none,
        res_amount=none, res_cap=none, load=rng.integers(1, 9, (ORDERS, 1)), pickup=np.zeros((ORDERS, 1), np.int64),
        penalty=np.full(ORDERS, 10**9), release_s=rows * 0 - FAR_FUTURE_S, partner=rows * 0 - 1,
        kinds=np.zeros((ORDERS, 0), dtype=np.uint8), apart=np.zeros((0, 0), dtype=np.uint8),
        veh_class=np.zeros(VEHICLES, dtype=np.int64), veh_start=starts,
        veh_end=np.array([ORDERS] * 4 + [ORDERS, rng.choice([ORDERS, NO_LOCATION])]),
        veh_open_s=np.array([0, 0, 0, 0, 300, 700]), veh_close_s=np.full(VEHICLES, 20_000),
        veh_cap=np.array([[40], [40], [40], [40], [25], [15]]),
        veh_cost=np.array([[900, 1, 2]] * 4 + [[-400, 1, 2], [0, 1, 2]]), brk_ptr=np.zeros(VEHICLES + 1, np.int64),
        brk_open=none, brk_close=none, brk_duration=none, brk_due=none,
        allowed=np.ones((VEHICLES, ORDERS), dtype=np.uint8),
    )  # fmt: skip
    names = tuple(str(n) for n in range(ORDERS + 4))
    return Problem(tables, datetime(2026, 1, 5, tzinfo=UTC), names[:ORDERS], names[:VEHICLES], names)


def told(problem: Problem, small: Reduced, tours: Tours) -> list[tuple[int, tuple[int, ...]]]:
    """Return tours as the lean search tells them."""
    kind = {column: k for k, columns in enumerate(small.columns) for column in columns}
    nodes = {column: tuple(tour_nodes(problem.tables, tours, column)) for column in range(problem.vehicles)}
    return [(kind[column], stops) for column, stops in nodes.items() if stops]


@pytest.mark.parametrize("seed", range(8))
def test_costs_are_the_same_and_nothing_gets_worse(seed: int) -> None:
    problem = drawn(seed)
    first = construct(problem)
    small = reduced(problem, first)
    assert small is not None and small.classic.stops == ORDERS >= LEAST_ORDERS
    best = improve(problem, first, Stop(600), (LeanEngine(seed=seed, iterations=1500),))
    service = int(problem.tables.opt_service_s.sum()) * 2
    for tours in (first, best):
        check_state(problem.tables, tours)
        plan = tuple(told(problem, small, tours))
        assert tours_cost(small.classic, plan) + service == total_cost(problem.tables, tours)
        again = as_tours(problem, small, plan)
        assert again is not None and total_cost(problem.tables, again) == total_cost(problem.tables, tours)
    other = improve(problem, first, Stop(600), (RuinRecreateEngine(seed=seed, iterations=1500),))
    assert total_cost(problem.tables, best) <= 1.02 * total_cost(problem.tables, other)
    again = improve(problem, first, Stop(600), (LeanEngine(seed=seed, iterations=1500),))
    assert told(problem, small, again) == told(problem, small, best), "the same seed gives the same plan"


def test_better_plans_are_told_on_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("routing.lean_engine.REPORT_S", 0.0)
    problem = drawn(3)
    seen: list[int] = []
    best = LeanEngine(iterations=3000).improve(
        problem, construct(problem), Stop(600), lambda tours: seen.append(total_cost(problem.tables, tours))
    )
    assert len(seen) > 1 and seen[:-1] == sorted(set(seen[:-1]), reverse=True)
    assert seen[-1] == total_cost(problem.tables, best) <= seen[-2]


@pytest.mark.parametrize(
    "rule",
    [
        {"opt_setup_s": np.arange(ORDERS)},
        {"opt_cost": np.arange(ORDERS)},
        {"release_s": np.arange(ORDERS) * 100},
        {"partner": np.arange(ORDERS), "pickup": np.ones((ORDERS, 1), dtype=np.int64)},
        {"allowed": np.arange(VEHICLES * ORDERS, dtype=np.uint8).reshape(VEHICLES, ORDERS) % 2},
        {"veh_cost": np.arange(VEHICLES * 3).reshape(VEHICLES, 3)},
        {"brk_ptr": np.arange(VEHICLES + 1)},
        {"win_arrive": np.full(ORDERS, 500)},
        {"win_last": np.arange(ORDERS)[None] + 2},
        {"slice_ptr": np.array([0, 2])},
        {"kinds": np.zeros((ORDERS, 2), dtype=np.uint8)},
    ],
)
def test_a_rule_more_is_left_to_the_plan_search(rule: dict[str, np.ndarray]) -> None:
    problem = drawn(1)
    first = construct(problem)
    ruled = Problem(problem.tables._replace(**rule), problem.epoch_at, problem.order_ids, problem.vehicle_ids,
                    problem.location_names)  # fmt: skip
    assert reduced(problem, first) is not None and reduced(ruled, first) is None
    assert LeanEngine().improve(ruled, first, Stop(60), lambda tours: None) is first


def test_what_is_sealed_or_left_out_is_left_to_the_plan_search() -> None:
    problem = drawn(2)
    first = construct(problem)
    sealed = construct(problem)
    sealed.fleet["sealed"][0] = 1
    assert reduced(problem, sealed) is None
    tight = Problem(problem.tables._replace(veh_cap=problem.tables.veh_cap // 8), problem.epoch_at, problem.order_ids,
                    problem.vehicle_ids, problem.location_names)  # fmt: skip
    assert reduced(tight, construct(tight)) is None
    two = problem.tables._replace(
        load=np.repeat(problem.tables.load, 2, 1),
        veh_cap=np.repeat(problem.tables.veh_cap, 2, 1),
        pickup=np.zeros((ORDERS, 2), dtype=np.int64),
    )
    both = Problem(two, problem.epoch_at, problem.order_ids, problem.vehicle_ids, problem.location_names)
    assert reduced(both, first) is None, "two capacities that may both bind"
