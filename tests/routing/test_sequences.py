"""Tours from plain sequences against a simulation that tries every break position."""

from __future__ import annotations

from random import Random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.problem import Tables
from routing.solver.links import unlink
from routing.solver.rules import rules_of
from routing.solver.sequences import append_sequence, place_breaks, tour_breaks, tour_nodes
from routing.solver.tours import Tours, empty_tours, schedule_tour
from tests.drawn_problems import Features, draw_problem, features, numbers, routes_of
from tests.solver_checks import check_state
from tests.solver_naive import Route, drives_too_much, may_carry, paired, simulate, why_not, within_resources
from tests.solver_optimum import with_breaks

SEEDS = st.integers(0, 2**32 - 1)


def drawn_sequence(tables: Tables, seed: int) -> list[int]:
    """Return some options of different orders that vehicle 0 may take together, boxes considered."""
    rng = Random(seed)
    chosen: list[int] = []
    for order in rng.sample(range(len(tables.release_s)), len(tables.release_s)):
        option = rng.randrange(int(tables.opt_ptr[order]), int(tables.opt_ptr[order + 1]))
        if within_resources(tables, [*chosen, option]) and may_carry(tables, Route(0, (option,), ())):
            chosen.append(option)
    return chosen


def feasible(tables: Tables, options: list[int]) -> bool:
    return any(not why_not(tables, route) for route in with_breaks(tables, 0, options))


@given(SEEDS, features(vehicles=1, pairs=False))
@settings(max_examples=150, deadline=None)
def test_a_sequence_that_fits_is_kept_whole_else_what_does_not_fit_comes_back(seed: int, wanted: Features) -> None:
    tables = draw_problem(seed, wanted).tables
    options = drawn_sequence(tables, seed)
    tours = empty_tours(tables)
    dropped = append_sequence(tables, tours, 0, options)
    check_state(tables, tours)
    kept = [option for option in options if option not in dropped]
    assert routes_of(tables, tours)[0].options == tuple(kept)
    assert bool(dropped) == (bool(options) and not feasible(tables, options))
    for option in dropped:
        before = [other for other in kept if options.index(other) < options.index(option)]
        assert not feasible(tables, [*before, option])


@given(SEEDS, features(vehicles=1, pairs=True))
@settings(max_examples=150, deadline=None)
def test_of_a_pair_both_halves_stay_or_neither(seed: int, wanted: Features) -> None:
    tables = draw_problem(seed, wanted).tables
    options = drawn_sequence(tables, seed)
    tours = empty_tours(tables)
    dropped = append_sequence(tables, tours, 0, options)
    check_state(tables, tours)
    kept = tuple(option for option in options if option not in dropped)
    assert routes_of(tables, tours)[0].options == kept
    assert paired(tables, Route(0, kept, ()))


@given(SEEDS, features(vehicles=1, breaks=2), st.data())
@settings(max_examples=150, deadline=None)
def test_pinned_stops_keep_their_times(seed: int, wanted: Features, data: st.DataObject) -> None:
    tables = draw_problem(seed, wanted).tables
    first = empty_tours(tables)
    append_sequence(tables, first, 0, drawn_sequence(tables, seed))
    options = [int(first.option[node]) for node in tour_nodes(tables, first, 0)]
    head = data.draw(st.integers(0, len(options)), label="head")
    pinned = tour_breaks(tables, first, 0)[:head]
    again = empty_tours(tables)
    assert append_sequence(tables, again, 0, options, pinned) == []
    check_state(tables, again)
    nodes = tables.opt_order[options[:head]]
    assert tour_breaks(tables, again, 0)[:head] == pinned
    assert again.start_s[nodes].tolist() == first.start_s[nodes].tolist()


@given(SEEDS, features(vehicles=1, breaks=2))
@settings(max_examples=150, deadline=None)
def test_breaks_are_placed_where_any_position_is_feasible(seed: int, wanted: Features) -> None:
    tables = draw_problem(seed, wanted).tables
    tours = empty_tours(tables)
    append_sequence(tables, tours, 0, drawn_sequence(tables, seed))
    nodes = tour_nodes(tables, tours, 0)
    if nodes:  # a shorter tour is not always feasible
        unlink(rules_of(tables), tours, nodes[0])
    route = routes_of(tables, tours)[0]
    found = bool(place_breaks(rules_of(tables), tours, 0, 0))
    lines = {other: simulate(tables, other) for other in with_breaks(tables, 0, route.options)}
    possible = [other for other, line in lines.items() if not (line.why or drives_too_much(tables, other, line))]
    assert found == bool(possible)
    assert sum(tour_breaks(tables, tours, 0)) == tables.brk_ptr[1]
    if found:
        assert routes_of(tables, tours)[0] in possible


def test_a_break_that_fits_nowhere_is_not_forgotten() -> None:
    """The break's window opens after the shift: the vehicle can't be used, and must not be without its break."""
    tables = draw_problem(1, Features(orders=3, vehicles=1))
    late = tables.tables._replace(
        brk_ptr=numbers([0, 1]),
        brk_open=numbers([900]),
        brk_close=numbers([950]),
        brk_duration=numbers([10]),
        brk_due=numbers([-1]),
    )
    tours = empty_tours(late)
    assert append_sequence(late, tours, 0, []) == []
    assert append_sequence(late, tours, 0, [0, 1]) == [0, 1]
    assert tour_breaks(late, tours, 0) == [1]
    assert not schedule_tour(late, tours, 0)


def test_a_tour_that_is_over_by_then_does_without_a_break() -> None:
    tables = draw_problem(1, Features(orders=3, vehicles=1))
    late = tables.tables._replace(
        brk_ptr=numbers([0, 1]), brk_open=numbers([900]), brk_close=numbers([950]), brk_duration=numbers([10]),
        brk_due=numbers([900]),
    )  # fmt: skip
    plain, rested = empty_tours(tables.tables), empty_tours(late)
    assert append_sequence(tables.tables, plain, 0, [0, 1]) == append_sequence(late, rested, 0, [0, 1]) == []
    assert (plain.start_s == rested.start_s).all()


def test_boxes_of_a_dropped_option_are_given_back() -> None:
    problem = draw_problem(5, Features(orders=4, vehicles=1, shared=True))
    tables = problem.tables._replace(veh_close_s=numbers([1]), veh_open_s=numbers([0]))
    tours: Tours = empty_tours(tables)
    options = drawn_sequence(tables, 5)
    append_sequence(tables, tours, 0, options)
    check_state(tables, tours)
    assert (tours.used == 0).all() or tours.size[0] > 0
    assert np.count_nonzero(tours.vehicle >= 0) == tours.size[0]
