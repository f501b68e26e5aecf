"""VROOM documents so small that every plan can be tried: ours is feasible, adds up, and serves the most there is."""

from __future__ import annotations

from typing import Any

import pytest

from routing.compat.vroom import check_vroom, solve_vroom
from routing.solver.search import RuinRecreateEngine
from routing.solver.stop import Stop
from tests.routing.vroom_drawn import Merit, best_merit, draw_document


def merit(answer: dict[str, Any]) -> Merit:
    tasks = sum(step["type"] in ("job", "pickup", "delivery") for route in answer["routes"] for step in route["steps"])
    return answer["summary"]["priority"], tasks, -answer["summary"]["cost"]


@pytest.mark.parametrize("seed", range(40))
def test_insertion_alone_is_feasible_and_never_beats_the_best_there_is(seed: int) -> None:
    document = draw_document(seed, jobs=5, breaks=False)
    answer = solve_vroom(document, None, Stop(0))
    assert check_vroom(document, answer) == []
    assert merit(answer) <= best_merit(document)


@pytest.mark.parametrize("seed", range(200, 224))
def test_shipments_are_served_as_far_as_they_can_be(seed: int) -> None:
    document = draw_document(seed, jobs=6, breaks=False, shipments=1 + seed % 2)
    answer = solve_vroom(document, None, Stop(600), (RuinRecreateEngine(seed=1, iterations=600),))
    assert check_vroom(document, answer) == []
    best = best_merit(document)
    assert merit(answer)[:2] == best[:2]
    assert merit(answer) <= best


@pytest.mark.parametrize("seed", range(100, 130))
def test_with_a_search_as_much_is_served_as_there_is(seed: int) -> None:
    document = draw_document(seed, jobs=5, breaks=seed % 2 == 0)
    answer = solve_vroom(document, None, Stop(600), (RuinRecreateEngine(seed=1, iterations=1000),))
    assert check_vroom(document, answer) == []
    best = best_merit(document)
    if seed % 2:
        assert merit(answer)[:2] == best[:2]
        assert merit(answer) <= best
    else:  # a break taken on the way may save more than the oracle, which takes them where the vehicle stands
        assert merit(answer)[:2] >= best[:2]
