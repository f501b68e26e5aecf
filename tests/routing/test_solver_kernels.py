"""The kernels against a plain simulation: time, loads, resources, costs after any sequence of changes."""

from __future__ import annotations

from random import Random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.problem import INF_TRAVEL_S, NO_LOCATION, Tables
from routing.solver.links import link, unlink
from routing.solver.pairs import is_collection
from routing.solver.positions import load_fits, position_cost
from routing.solver.rules import INFEASIBLE, rules_of
from routing.solver.sequences import tour_nodes
from routing.solver.timing import NEVER, arrival, latest_departure
from routing.solver.tours import Tours, copy_tours, empty_tours, resources_free, schedule_tour, total_cost
from tests.drawn_problems import Features, draw_problem, features, routes_of
from tests.solver_checks import check_state, insert_best
from tests.solver_naive import Route, Timeline, drive, drives_too_much, fits, late_cost, route_cost, simulate, why_not
from tests.solver_optimum import insertions

SEEDS = st.integers(0, 2**32 - 1)
ZONE_WAITS = {"stands in a closed zone", "there before the zone opens", "no way"}
"""What the quick test may miss: that the vehicle would have to wait where a zone is closed."""


@given(SEEDS, features())
@settings(max_examples=250, deadline=None)
def test_any_sequence_of_changes_leaves_a_state_that_is_right(seed: int, wanted: Features) -> None:
    tables = draw_problem(seed, wanted).tables
    tours = empty_tours(tables)
    rng = Random(seed)
    check_state(tables, tours)
    for _ in range(wanted.orders * 2):
        order = rng.randrange(wanted.orders)
        if is_collection(rules_of(tables), order):
            assert not insert_best(tables, tours, order)
        elif tours.vehicle[order] < 0:
            before = int(total_cost(tables, tours))
            inserted = insert_best(tables, tours, order)
            assert inserted == (tours.vehicle[order] >= 0)
            assert inserted or total_cost(tables, tours) == before
        else:
            remove(tables, tours, order)
        check_state(tables, tours)


def remove(tables: Tables, tours: Tours, order: int) -> None:
    """Take an order off; put it back where the tour can't do without (a detour that is a short cut)."""
    vehicle, halves = int(tours.vehicle[order]), [order]
    if tables.partner[order] >= 0:
        halves.append(int(tables.partner[order]))
    undo = []
    for half in halves:
        after = int(tours.pred[half])
        undo.append((int(tours.option[half]), after, int(tours.breaks_after[after])))
        unlink(rules_of(tables), tours, half)
    route = routes_of(tables, tours)[vehicle]
    feasible = bool(schedule_tour(tables, tours, vehicle))
    assert feasible == (why_not(tables, route) == "")
    if not feasible:
        for option, after, kept in reversed(undo):
            link(rules_of(tables), tours, option, after, kept, vehicle)
        assert schedule_tour(tables, tours, vehicle)


def usable(tables: Tables, tours: Tours, order: int, vehicle: int) -> bool:
    """Return whether the O(1) test may be asked: the tour is feasible and would not have to leave later."""
    start = len(tables.release_s) + 2 * vehicle
    return (
        why_not(tables, routes_of(tables, tours)[vehicle]) == ""
        and bool(tables.allowed[vehicle, order])
        and tables.release_s[order] <= tours.end_s[start]
    )


@given(SEEDS, features(orders=4))
@settings(max_examples=150, deadline=None)
def test_the_quick_test_of_a_position_is_the_exact_pass(seed: int, wanted: Features) -> None:
    tables = draw_problem(seed, wanted).tables
    tours = empty_tours(tables)
    for order in range(2):
        insert_best(tables, tours, order)
    for order in np.flatnonzero((tours.vehicle < 0) & (tables.partner < 0)).tolist():
        for vehicle in range(wanted.vehicles):
            if usable(tables, tours, order, vehicle):
                for option in range(tables.opt_ptr[order], tables.opt_ptr[order + 1]):
                    compare_positions(tables, tours, vehicle, option)


def compare_positions(tables: Tables, tours: Tours, vehicle: int, option: int) -> None:
    order, rules = int(tables.opt_order[option]), rules_of(tables)
    nodes = tour_nodes(tables, tours, vehicle)
    old = routes_of(tables, tours)[vehicle]
    for place, after in enumerate([len(tables.release_s) + 2 * vehicle, *nodes]):
        for kept in range(old.breaks[place] + 1):
            quick = int(position_cost(rules, tours, vehicle, option, after, kept))
            breaks = (*old.breaks[:place], kept, old.breaks[place] - kept, *old.breaks[place + 1 :])
            new = Route(vehicle, (*old.options[:place], option, *old.options[place:]), breaks)
            assert load_fits(rules, tours, vehicle, order, after) == fits(tables, new)
            line = simulate(tables, new)
            limited = tables.extras is not None and tables.extras.most is not None
            holds = line.why == "" and not drives_too_much(tables, new, line)
            if line.why or not limited or same_other_legs(tables, old, new, place):
                assert (quick < INFEASIBLE) == holds or (quick < INFEASIBLE and line.why in ZONE_WAITS)
            trial = copy_tours(tours)
            link(rules, trial, option, after, kept, vehicle)
            assert schedule_tour(tables, trial, vehicle) == (why_not(tables, new) == "")
            if holds and same_other_legs(tables, old, new, place):
                extra = int(tables.opt_cost[option]) + (0 if old.options else opening(tables, old))
                was = simulate(tables, old)
                others = late_cost(tables, new, line) - late_cost(tables, old, was)
                others -= late_alone(tables, order, line, place)
                assert quick + extra == route_cost(tables, new, line) - route_cost(tables, old, was) - others


def late_alone(tables: Tables, order: int, line: Timeline, place: int) -> int:
    """Return what one order costs for being late."""
    if tables.extras is None:
        return 0
    due, price = tables.extras.late[order].tolist()
    return int(price * max(0, line.starts[place] - due))


def opening(tables: Tables, idle: Route) -> int:
    """Return what a vehicle adds that comes into use: its price, and the way home that an idle one doesn't drive."""
    fixed, per_m, per_s = tables.veh_cost[idle.vehicle].tolist()
    source, target = int(tables.veh_start[idle.vehicle]), int(tables.veh_end[idle.vehicle])
    if target == NO_LOCATION:
        return fixed
    (home,) = simulate(tables, idle).drives
    return fixed + per_m * int(tables.distance_m[home.profile, source, target]) + per_s * (home.arrive - home.depart)


def same_other_legs(tables: Tables, old: Route, new: Route, place: int) -> bool:
    """Return whether the legs that the position doesn't touch stay on their streets and take as long."""
    was, now = (
        [(leg.profile, leg.arrive - leg.depart) for leg in simulate(tables, route).drives] for route in (old, new)
    )
    return was[:place] == now[:place] and was[place + 1 :] == now[place + 2 :]


@given(SEEDS, features(orders=4, slices=1, speeds=1, metric=True, late=False, even=False, spread=False, trips=0))
@settings(max_examples=60, deadline=None)
def test_an_order_goes_where_it_is_cheapest(seed: int, wanted: Features) -> None:
    tables = draw_problem(seed, wanted).tables
    tours = empty_tours(tables)
    for order in range(wanted.orders):
        if is_collection(rules_of(tables), order):
            continue
        before = int(total_cost(tables, tours))
        dearer = cheapest_by_hand(tables, routes_of(tables, tours), order) - int(tables.penalty[order])
        inserted = bool(insert_best(tables, tours, order))
        assert inserted == (dearer < 0)
        assert int(total_cost(tables, tours)) == before + min(dearer, 0)


def cheapest_by_hand(tables: Tables, routes: list[Route], order: int) -> int:
    """Return the least that putting an order at any position of the tours adds to their cost."""
    costs = [INFEASIBLE]
    for longer in insertions(tables, routes, order, move_breaks=False):
        old = routes[longer.vehicle]
        if not why_not(tables, old):
            was = route_cost(tables, old, simulate(tables, old))
            costs.append(route_cost(tables, longer, simulate(tables, longer)) - was)
    return min(costs)


@given(SEEDS, st.integers(1, 3), st.integers(1, 3), st.integers(0, 500), st.booleans())
@settings(max_examples=300, deadline=None)
def test_arrival_is_first_in_first_out_and_latest_departure_its_inverse(
    seed: int, slices: int, speeds: int, moment: int, metric: bool
) -> None:
    tables = draw_problem(seed, Features(slices=slices, speeds=speeds, metric=metric)).tables
    source, target = Random(seed).sample(range(5), 2)
    cuts = [int(end) for end in tables.slice_end_s if end < 10**9]
    legs = [int(seconds) for seconds in tables.duration_s[:, source, target] if seconds < INF_TRAVEL_S]
    for cls in (0, 1):
        for instant in (moment, *cuts, *(cut + leg for cut in cuts for leg in legs)):
            compare_leg(tables, cls, source, target, instant)


def compare_leg(tables: Tables, cls: int, source: int, target: int, moment: int) -> None:
    """Assert what kernels say of leaving at a moment, and of arriving by it."""
    found, rules = drive(tables, cls, source, target, moment), rules_of(tables)
    arrive, profile, depart = arrival(rules, cls, source, target, moment)
    if found is None:
        assert arrive >= NEVER
    else:
        assert (arrive, profile, depart) == (found.arrive, found.profile, found.depart)
    if tables.closed_loc[1, source] and cls == 0:
        return  # who stands in a zone that closes can't wait for it to open
    later = [int(arrival(rules, cls, source, target, moment + more)[0]) for more in range(0, 60, 7)]
    assert later == sorted(later)
    latest = int(latest_departure(rules, cls, source, target, moment))
    if latest <= -NEVER:
        assert arrival(rules, cls, source, target, -1000)[0] > moment
    else:
        assert arrival(rules, cls, source, target, latest)[0] <= moment
        assert arrival(rules, cls, source, target, latest + 1)[0] > moment


def test_a_full_resource_is_not_free() -> None:
    problem = draw_problem(3, Features(shared=True, options=2, orders=6))
    tables, tours = problem.tables, empty_tours(problem.tables)
    tours.used[:] = tables.res_cap
    for option in range(len(tables.opt_loc)):
        takes_some = tables.res_ptr[option] < tables.res_ptr[option + 1]
        assert resources_free(tables, tours, option) == (not takes_some)
