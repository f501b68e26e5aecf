"""The lean search: its optimum by brute force, its records by audit, the same routes for the same seed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from routing.solver.lean import anneal as loop
from routing.solver.lean import complete as completion
from routing.solver.lean import search as driver
from routing.solver.lean.classic import Classic
from routing.solver.lean.kinds import fit_kinds, shuffle_kind
from routing.solver.lean.layout import chain, empty_plan, fresh_work, lean_of
from routing.solver.lean.log import begin, undo
from routing.solver.lean.recreate import call_absent, note_left, recreate
from routing.solver.lean.ruin import ruin
from routing.solver.lean.search import search
from routing.solver.lean.state import ABSENT, FAR, PRESENT, USED, Lean, Plan, Work
from routing.solver.lean.tails import exchange_tails
from routing.solver.stop import Stop
from tests.lean_naive import NEVER, RULES, audit, drawn, optimum, tour_cost, tours_of_plan, with_every_rule

Move = Callable[[Lean, Plan, Work], int]
Layout = Callable[[Classic, NDArray[np.int64]], Lean]


@pytest.fixture(params=["every rule", pytest.param("its own rules", marks=pytest.mark.soak)])
def layout(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Layout:
    """Return what makes the kernels' problem, in :func:`search` too."""
    made = with_every_rule if request.param == "every rule" else lean_of
    monkeypatch.setattr(driver, "lean_of", made)
    return made


def begun(layout: Layout, rules: str, stops: int, seed: int) -> tuple[Lean, Plan, Work]:
    """Return a search with its first plan."""
    classic = drawn(rules, stops, seed)
    lean = layout(classic, chain(classic.distance, classic.stops))
    plan = empty_plan(lean)
    work = fresh_work(lean, plan, seed)
    completion.build(lean, plan, work)
    return lean, plan, work


@pytest.mark.parametrize("rules", RULES)
def test_finds_the_optimum(layout: Layout, rules: str) -> None:
    for seed in range(6):
        classic = drawn(rules, 6, seed)
        best = optimum(classic)
        found = search(classic, Stop(600), seed, iterations=3000)
        if best == NEVER:
            assert found.absent > 0
            continue
        assert found.absent == 0
        assert found.cost == sum(tour_cost(classic, stops, classic.kinds[kind]) for kind, stops in found.tours)
        assert found.cost == best, (rules, seed)


@pytest.mark.parametrize("rules", RULES)
def test_same_seed_same_tours(layout: Layout, rules: str) -> None:
    classic = drawn(rules, 30, 1)
    first, again = (search(classic, Stop(600), 5, iterations=2000) for _ in range(2))
    assert (first.tours, first.cost, first.iterations) == (again.tours, again.cost, again.iterations)


@pytest.mark.parametrize("rules", RULES)
def test_records_follow_from_the_links(layout: Layout, rules: str) -> None:
    lean, plan, work = begun(layout, rules, 40, 3)
    assert audit(lean, plan, work) == work.cost[PRESENT]
    completion.complete(lean, plan, work, 20.0, 3000)
    assert work.tally[ABSENT] == 0
    best = empty_plan(lean)
    work.cost[:] = audit(lean, plan, work)
    for temperature, markup in ((100.0, 50), (10.0, 20), (10.0, -1), (1.0, 5)):
        for _ in range(10):
            loop.anneal(lean, plan, best, work, temperature, int(3 * temperature), markup, 100)
            assert audit(lean, plan, work) == work.cost[PRESENT]
    completion.close_tour(lean, plan, work)
    assert audit(lean, plan, work) == work.cost[PRESENT] and work.tally[ABSENT] > 0


def shake(layout: Layout, move: Move, rules: str, seed: int, count: int) -> int:
    """Ruin, move, audit against what the move said, recreate; return how often the move did something."""
    lean, plan, work = begun(layout, rules, 24, seed)
    moved = 0
    for _ in range(count):
        begin(lean, plan, work)
        used, before = int(work.tally[USED]), tours_of_plan(lean, plan)
        start = audit(lean, plan, work) if not moved % 7 else int(work.cost[PRESENT])
        saved = ruin(lean, plan, work)
        if saved != FAR:
            change = move(lean, plan, work)
            change -= call_absent(lean, work)
            back = recreate(lean, plan, work, 0, 0, FAR - 1)
            note_left(work)
            cost = audit(lean, plan, work)
            assert cost == start - saved + change + back
            moved += change != 0
            work.cost[PRESENT] = cost
        else:
            undo(lean, plan, work, used)
            assert tours_of_plan(lean, plan) == before
    return moved


MOVES = {"ruin": (lambda lean, plan, work: 0), "tails": exchange_tails, "kinds": shuffle_kind, "fit": fit_kinds}
CASES = [(move, rules) for move in ("ruin", "tails") for rules in RULES]
CASES += [(move, rules) for move in ("kinds", "fit") for rules in ("fleet", "depots")]


@pytest.mark.parametrize(("move", "rules"), CASES)
def test_a_move_costs_what_it_says(layout: Layout, move: str, rules: str) -> None:
    moved = shake(layout, MOVES[move], rules, 4, 150)
    assert moved or move in ("ruin", "fit") or rules == "groups"


@pytest.mark.soak
@pytest.mark.parametrize(("move", "rules"), CASES)
def test_a_hundred_thousand_moves_cost_what_they_say(layout: Layout, move: str, rules: str) -> None:
    for seed in range(10):
        shake(layout, MOVES[move], rules, seed, 10_000)


def test_undo_is_complete(layout: Layout) -> None:
    for rules in RULES:
        lean, plan, work = begun(layout, rules, 40, 2)
        kept = [array.copy() for array in plan]
        used = int(work.tally[USED])
        begin(lean, plan, work)
        if loop.ruin_and_shake(lean, plan, work) != FAR:
            recreate(lean, plan, work, 0, 0, FAR - 1)
        undo(lean, plan, work, used)
        for array, was in zip(plan, kept):
            np.testing.assert_array_equal(array, was)


def test_one_stop_and_nothing_to_improve(layout: Layout) -> None:
    for rules in RULES:
        found = search(drawn(rules, 1, 1), Stop(600), 1, iterations=300)
        assert [stops for _, stops in found.tours] == [(0,)]


def test_a_fleet_too_small_leaves_stops_and_says_so(layout: Layout) -> None:
    classic = drawn("fleet", 30, 1)
    whole = drawn("fleet", 30, 1)
    classic = replace(whole, kinds=whole.kinds[:1])
    found = search(classic, Stop(600), 1, iterations=600)
    served = sum(len(stops) for _, stops in found.tours)
    assert found.absent == 30 - served > 0
