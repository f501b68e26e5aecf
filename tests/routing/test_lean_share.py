"""Threads on one plan: shares are the plan, what they find is one too, and the same seed finds the same."""

from __future__ import annotations

import numpy as np
import pytest

from routing.solver.lean import search as driver
from routing.solver.lean import share as sharing
from routing.solver.lean.classic import Classic
from routing.solver.lean.layout import chain
from routing.solver.lean.partition import Tour
from routing.solver.lean.run import Budget, Run
from routing.solver.lean.search import search
from routing.solver.lean.share import can_share, drawn_shares, part_of, share_of
from routing.solver.lean.state import PRESENT
from routing.solver.stop import Stop
from tests.lean_naive import audit, drawn, tour_cost, with_every_rule

RULES = ("capacity", "windows", "asymmetric")


@pytest.fixture(autouse=True)
def _small_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing, "LEAST_STOPS", 10)
    monkeypatch.setattr(sharing, "LEAST_TOURS", 0)
    for module in (driver, sharing):
        monkeypatch.setattr(module, "lean_of", with_every_rule)


def begun(classic: Classic) -> Run:
    """Return a search with its first plan."""
    order = chain(classic.distance, classic.stops)
    run = Run(with_every_rule(classic, order), order, Budget(Stop(600), 1000), 1)
    run.complete()
    assert run.is_complete
    return run


def cost_of(classic: Classic, tours: tuple[Tour, ...]) -> int:
    """Return what tours cost by the plain count, ``NEVER`` among it where one can't be driven."""
    return sum(tour_cost(classic, stops, classic.kinds[kind]) for kind, stops in tours)


@pytest.mark.parametrize("count", [2, 3])
def test_every_tour_is_in_one_share_and_shares_are_about_alike(count: int) -> None:
    rng = np.random.default_rng(1)
    classic = drawn("capacity", 60, 1)
    for _ in range(50):
        ends = np.sort(rng.choice(np.arange(1, 60), 11, replace=False))
        tours = tuple((0, tuple(stops.tolist())) for stops in np.split(rng.permutation(60), ends))
        shares = drawn_shares(classic, tours, count, rng)
        assert sorted(tour for share in shares for tour in share) == sorted(tours)
        longest = max(len(stops) for _, stops in tours)
        for share in shares:
            assert abs(sum(len(stops) for _, stops in share) - 60 / count) <= longest


@pytest.mark.parametrize("rules", RULES)
def test_a_share_is_laid_out_as_it_was(rules: str) -> None:
    classic = drawn(rules, 40, 2)
    leader = begun(classic)
    tours = leader.tours()
    for share in drawn_shares(classic, tours, 2, np.random.default_rng(3)):
        run = share_of(classic, share, leader, 2, 5)
        assert sorted(run.tours()) == sorted(run.present()) == sorted(share)
        assert audit(run.lean, run.plan, run.work) == run.work.cost[PRESENT] == cost_of(classic, share)
    leader.adopt(tours, cost_of(classic, tours))
    assert leader.tours() == tours
    assert audit(leader.lean, leader.plan, leader.work) == cost_of(classic, tours)


@pytest.mark.parametrize("rules", RULES)
def test_shares_make_a_better_plan_and_the_same_twice(rules: str) -> None:
    classic = drawn(rules, 40, 4)
    assert can_share(classic, 2) and can_share(classic, 4) and not can_share(classic, 5)
    first, again = (search(classic, Stop(600), 7, threads=2, iterations=20_000) for _ in range(2))
    assert (first.tours, first.cost, first.iterations) == (again.tours, again.cost, again.iterations)
    assert first.absent == 0
    assert sorted(stop for _, stops in first.tours for stop in stops) == list(range(40))
    begin = begun(classic)
    assert first.cost == cost_of(classic, first.tours) < cost_of(classic, begin.tours())


def test_a_share_is_the_problem_of_its_stops() -> None:
    classic = drawn("asymmetric", 12, 1)
    stops = np.array([2, 3, 7, 11])
    part = part_of(classic, stops, 3)
    for order in ((0, 1, 2, 3), (3, 1), (2,)):
        whole = tuple(int(stops[at]) for at in order)
        assert tour_cost(part, order, part.kinds[0]) == tour_cost(classic, whole, classic.kinds[0])


@pytest.mark.parametrize("rules", ["groups", "fleet", "depots"])
def test_other_problems_are_searched_side_by_side(rules: str) -> None:
    assert not can_share(drawn(rules, 100, 1), 2)
