"""The timed search: spans against every departure of the day, plans against every plan, same seed, same plan."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import InputError
from routing.solver.stop import Stop
from routing.solver.timed.anneal import anneal
from routing.solver.timed.layout import kernel_problem
from routing.solver.timed.partition import partition
from routing.solver.timed.problem import Timed
from routing.solver.timed.schedule import best_departure, load
from routing.solver.timed.search import Search, search
from routing.solver.timed.spans import across, extend_head, extend_tail, through
from routing.solver.timed.state import BEST, DURATION, FAR, LOAD, PRESENT, SIZE
from routing.solver.timed.tours import freshen_heads, freshen_tails, measure

STEP, SLICES = 20, 12
END = STEP * SLICES


def drawn(stops: int, seed: int, fleet: int | None = None) -> Timed:
    """Return a problem whose travel times jump up and down from slice to slice."""
    rng = np.random.default_rng(seed)
    places = stops + 1
    raw = rng.integers(2, 25, size=(places, places, 1)) + rng.integers(0, 30, size=(places, places, SLICES))
    return Timed(
        travel=enveloped(raw),
        step=STEP,
        service=np.array([0, *rng.integers(0, 9, size=stops)], dtype=np.int32),
        opens=np.array([0, *rng.integers(0, 120, size=stops)], dtype=np.int32),
        closes=np.array([END, *rng.integers(130, END, size=stops)], dtype=np.int32),
        demand=np.array([0, *rng.integers(1, 5, size=stops)], dtype=np.int32),
        capacity=10,
        fleet=fleet or stops,
    )


def enveloped(raw: np.ndarray) -> np.ndarray:
    """Return slices of the greatest arrivals that never fall and are at most those of a travel time per slice."""
    ends = STEP * np.arange(1, SLICES + 1)
    late = ends + raw  # who leaves at the end of a slice
    following = np.full(raw.shape, 2 * END)
    following[..., :-1] = np.minimum.accumulate((late - STEP)[..., :0:-1], axis=-1)[..., ::-1]
    return np.stack([raw, np.minimum(late, following)], axis=-1).astype(np.int32)


def arrival(problem: Timed, start: int, end: int, leave: int) -> int | None:
    """Return when one arrives, by the definition."""
    if leave > END:
        return None
    travel, late = problem.travel[start, end, max(leave - 1, 0) // STEP]
    return int(min(leave + travel, late))


def back(problem: Timed, tour: Sequence[int], leave: int, place: int = 0) -> int | None:
    """Return when a tour is back at the depot that leaves a place at a moment."""
    at: int | None = leave
    for stop in (*tour, 0):
        at = arrival(problem, place, stop, at)
        if at is None or at > problem.closes[stop]:
            return None
        at, place = max(at, int(problem.opens[stop])) + int(problem.service[stop]) if stop else at, stop
    return at


def left(problem: Timed, tour: Sequence[int], leave: int) -> int | None:
    """Return when the last stop of a tour is left."""
    at, place = leave, 0
    for stop in tour:
        at = arrival(problem, place, stop, at)
        if at is None or at > problem.closes[stop]:
            return None
        at, place = max(at, int(problem.opens[stop])) + int(problem.service[stop]), stop
    return at


def shortest(problem: Timed, tour: Sequence[int]) -> int:
    """Return a tour's duration by trying every second of the day."""
    found = [home - leave for leave in range(END + 1) if (home := back(problem, tour, leave)) is not None]
    return min(found, default=FAR)


def plans(stops: tuple[int, ...]) -> Iterator[list[tuple[int, ...]]]:
    """Yield every way to put stops on tours in some order; the first of them is on the first tour."""
    if not stops:
        yield []
        return
    for size in range(len(stops)):
        for others in itertools.combinations(stops[1:], size):
            rest = tuple(stop for stop in stops[1:] if stop not in others)
            for tour in itertools.permutations((stops[0], *others)):
                for plan in plans(rest):
                    yield [tour, *plan]


def optimum(problem: Timed) -> int:
    """Return the least duration of a plan by trying all."""
    known: dict[tuple[int, ...], int] = {}
    best = FAR
    for plan in plans(tuple(range(1, problem.stops + 1))):
        if len(plan) <= problem.fleet and all(problem.demand[list(tour)].sum() <= problem.capacity for tour in plan):
            for tour in plan:
                if tour not in known:
                    known[tour] = shortest(problem, tour)
            best = min(best, sum(known[tour] for tour in plan))
    return best


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 10**6), stops=st.integers(1, 5))
def test_spans_are_every_departure_of_the_day(seed: int, stops: int) -> None:
    problem = drawn(stops, seed)
    timed, plan = kernel_problem(problem), Search(problem, 1).plan
    tour = tuple(int(stop) for stop in np.random.default_rng(seed).permutation(stops) + 1)
    before = 0
    for stop in tour:
        extend_head(timed, plan, before, stop)
        before = stop
    after = 0
    for stop in reversed(tour):
        extend_tail(timed, plan, stop, stop, after)
        after = stop
    for index, stop in enumerate(tour):
        moments = {leave: left(problem, tour[: index + 1], leave) for leave in range(END + 1)}
        check_head(
            plan.head[stop, : plan.heads[stop, 0]], [(m, leave) for leave, m in moments.items() if m is not None]
        )
        homes = [served(problem, tour[index:], reached) for reached in range(END + 1)]
        check_tail(plan.tail[stop, : plan.tails[stop, 0]], homes)
    expected = shortest(problem, tour)
    assert across(timed, plan, 0, tour[0]) == expected
    found, leave = best_departure(timed, plan, np.array(tour, dtype=np.int32))
    assert found == expected
    if found < FAR:
        assert back(problem, tour, leave) == leave + found


def served(problem: Timed, rest: Sequence[int], reached: int) -> int | None:
    """Return when the depot is reached, the first stop of a rest being reached at a moment."""
    stop = rest[0]
    if reached > problem.closes[stop]:
        return None
    return back(problem, rest[1:], max(reached, int(problem.opens[stop])) + int(problem.service[stop]), stop)


def check_head(spans: np.ndarray, moments: list[tuple[int, int]]) -> None:
    """A head's spans tell, for every moment, the last departure from the depot that has left the stop by then."""
    for at in range(END + 60):
        expected = max((leave for moment, leave in moments if moment <= at), default=None)
        begun = [(min(at, last) - elapsed) for first, last, elapsed in spans.tolist() if first <= at]
        assert max(begun, default=None) == expected
    assert all(a[1] < b[0] for a, b in itertools.pairwise(spans.tolist()))


def check_tail(spans: np.ndarray, homes: list[int | None]) -> None:
    """A tail's spans tell, for every moment, when the depot is reached."""
    for reached, expected in enumerate(homes):
        ahead = [max(reached, first) + rest for first, last, rest in spans.tolist() if last >= reached]
        assert (ahead[0] if ahead else None) == expected
    known = [home for home in homes if home is not None]
    assert known == sorted(known)


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 10**6), stops=st.integers(2, 6))
def test_an_insertion_costs_what_the_longer_tour_does(seed: int, stops: int) -> None:
    problem = drawn(stops, seed)
    run = Search(problem, 1)
    tour = tuple(range(1, stops))
    size = np.zeros_like(run.work.best_size)
    seq = np.zeros_like(run.work.best)
    seq[0, : len(tour)], size[0] = tour, len(tour)
    load(run.timed, run.plan, run.memo, run.work, seq, size)
    freshen_heads(run.timed, run.plan, 0)
    freshen_tails(run.timed, run.plan, 0)
    for position in range(len(tour) + 1):
        before, after = (0, *tour)[position], (*tour, 0)[position]
        expected = shortest(problem, (*tour[:position], stops, *tour[position:]))
        assert through(run.timed, run.plan, before, stops, after, FAR) == expected
        assert through(run.timed, run.plan, before, stops, after, expected) == FAR
        assert through(run.timed, run.plan, before, stops, after, min(FAR, expected + 1)) == expected


def test_at_a_step_the_smallest_arrival_counts() -> None:
    problem = drawn(1, 0)
    for leave in range(1, END):
        here, later = arrival(problem, 0, 1, leave), arrival(problem, 0, 1, leave + 1)
        assert here is not None and later is not None and here <= later
        if later > here + 1:
            assert leave % STEP == 0


@pytest.mark.parametrize("seed", range(8))
def test_finds_the_optimum(seed: int) -> None:
    problem = drawn(5, seed, fleet=3 if seed % 2 else None)
    best = optimum(problem)
    if best == FAR:
        with pytest.raises(InputError):
            search(problem, Stop(0.2), seed, iterations=3000)
        return
    found = search(problem, Stop(600), seed, iterations=3000)
    assert found.duration == best
    assert sorted(stop for tour in found.tours for stop in tour) == list(range(1, 6))
    for tour, leave in zip(found.tours, found.departures):
        assert back(problem, tour, leave) == leave + shortest(problem, tour)


def test_same_seed_same_plan() -> None:
    problem = drawn(14, 3)
    first, again = (search(problem, Stop(600), 5, iterations=3000) for _ in range(2))
    assert first == again


def test_records_follow_from_the_tours() -> None:
    problem = drawn(12, 1)
    run = Search(problem, 2)
    run.build(Stop(60))
    for temperature in (50.0, 10.0, 1.0):
        for _ in range(20):
            anneal(run.timed, run.plan, run.memo, run.pool, run.work, temperature, 20)
            tours = [row[:size].tolist() for row, size in zip(run.plan.seq, run.plan.tours[:, SIZE])]
            assert sorted(stop for tour in tours for stop in tour) == list(range(1, 13))
            for number, tour in enumerate(tours):
                assert run.plan.tours[number, LOAD] == problem.demand[tour].sum() <= problem.capacity
                assert run.plan.tours[number, DURATION] == (shortest(problem, tour) if tour else 0)
                assert all(run.plan.tour[stop] == number for stop in tour)
            assert run.work.tally[PRESENT] == run.plan.tours[:, DURATION].sum()
    assert sum(shortest(problem, tour) for tour in run.best()) == run.work.tally[BEST]


def test_partition_puts_the_best_plan_together() -> None:
    problem = drawn(9, 4)
    run = Search(problem, 2)
    run.build(Stop(60))
    anneal(run.timed, run.plan, run.memo, run.pool, run.work, 30.0, 500)
    slots = np.flatnonzero(run.pool.tour[:, 0] < FAR)
    for slot in slots[:: max(1, len(slots) // 50)]:
        duration, size = run.pool.tour[slot]
        assert shortest(problem, run.pool.seq[slot, :size].tolist()) == duration
    tours = partition(run.pool, problem.stops, problem.fleet, FAR, 60.0)
    assert tours is not None
    total = sum(shortest(problem, tour) for tour in tours)
    assert total <= run.work.tally[BEST]
    assert partition(run.pool, problem.stops, problem.fleet, total, 60.0) is None


def test_what_cannot_be_served_is_said() -> None:
    problem = drawn(4, 2)
    problem.closes[3] = problem.opens[3] = 1
    with pytest.raises(InputError, match="stop 3"):
        search(problem, Stop(1), 1)
    many = drawn(4, 2, fleet=1)
    many.demand[1:] = 6
    with pytest.raises(InputError, match="1 tours"):
        search(many, Stop(0.1), 1)


def test_measure_knows_an_empty_tour() -> None:
    run = Search(drawn(3, 1), 1)
    assert measure(run.timed, run.plan, run.memo, 1) == 0
