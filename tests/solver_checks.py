"""Assertions on a state of the search: whole, and saying what a plain simulation says."""

from __future__ import annotations

from random import Random

import numpy as np

from routing.problem import NO_LOCATION, Tables
from routing.solver import insertion, links, schedule
from routing.solver.rules import lowest_legs, rules_of
from routing.solver.sequences import tour_nodes
from routing.solver.tours import Tours, copy_tours, total_cost, tour_cost
from tests.drawn_problems import routes_of
from tests.solver_naive import Route, loads_on_board, reloads, route_cost, simulate, used, why_not, within_resources


def insert_best(tables: Tables, tours: Tours, order: int) -> bool:
    """Insert an order where it is cheapest, if that costs less than leaving it out; return whether it was."""
    rules, barred = rules_of(tables, lowest_legs(tables)), np.zeros(len(tables.veh_class), dtype=np.uint8)
    schedule.sum_up(rules, tours)
    return bool(insertion.insert_best(rules, tours, order, int(tables.penalty[order]), barred))


def same(one: Tours, other: Tours) -> bool:
    """Return whether two states say the same, their logs apart."""
    logs = {"marked", "shut", "running", "cost", "leg", "work_s", "points", "east", "north", "squares"}
    for mine, theirs in ((one.nodes, other.nodes), (one.fleet, other.fleet)):
        if any((mine[name] != theirs[name]).any() for name in set(mine.dtype.names or ()) - logs):
            return False
    rest = zip((one.boards, one.aboard, one.carried, one.used), (other.boards, other.aboard, other.carried, other.used))
    return all(np.array_equal(mine, theirs) for mine, theirs in rest)


def check_kept(tables: Tables, tours: Tours) -> None:
    """Assert that the costs and totals kept by the search are what they are worked out to be from scratch."""
    fresh = copy_tours(tours)
    schedule.sum_up(rules_of(tables), fresh)
    for name in ("running", "cost", "work_s", "points", "east", "north", "squares"):
        assert tours.fleet[name].tolist() == fresh.fleet[name].tolist()
    on_tours = np.flatnonzero(tours.nodes["vehicle"] >= 0)
    assert tours.nodes["leg"][on_tours].tolist() == fresh.nodes["leg"][on_tours].tolist()
    kept = (links.COST, links.OUT, links.OPEN)
    assert tours.tally[[*kept]].tolist() == fresh.tally[[*kept]].tolist()
    assert int(tours.tally[links.COST] + tours.tally[links.OUT]) == total_cost(tables, tours)


def check_state(tables: Tables, tours: Tours) -> None:
    """Assert that a state is whole and says what a plain simulation says."""
    routes = routes_of(tables, tours)
    chosen = [option for route in routes for option in route.options]
    cost = 0
    for route in routes:
        vehicle = route.vehicle
        nodes = tour_nodes(tables, tours, vehicle)
        assert [int(tours.vehicle[node]) for node in nodes] == [vehicle] * len(nodes)
        assert sum(route.breaks) == tables.brk_ptr[vehicle + 1] - tables.brk_ptr[vehicle]
        assert tours.size[vehicle] == len(nodes)
        if nodes:
            check_tour(tables, tours, route, nodes)
            line = simulate(tables, route, int(tours.frozen_start_s[vehicle]))
            assert tour_cost(tables, tours, vehicle) == route_cost(tables, route, line)
            cost += route_cost(tables, route, line)
    assert sorted(np.flatnonzero(tours.vehicle >= 0).tolist()) == sorted(tables.opt_order[chosen].tolist())
    assert all(tours.option[tables.opt_order[option]] == option for option in chosen)
    assert within_resources(tables, chosen)
    assert {row: int(n) for row, n in enumerate(tours.used) if n} == {row: n for row, n in used(tables, chosen).items()}
    assert total_cost(tables, tours) == cost + int(tables.penalty[tours.vehicle < 0].sum())


def check_tour(tables: Tables, tours: Tours, route: Route, nodes: list[int]) -> None:
    """Assert one tour's times, legs and loads; ``latest_end_s`` by trying later and later."""
    start = len(tables.release_s) + 2 * route.vehicle
    frozen = int(tours.frozen_start_s[route.vehicle])
    assert why_not(tables, route, frozen) == ""
    line = simulate(tables, route, frozen)
    assert int(tours.end_s[start]) == line.departure
    assert tours.start_s[nodes].tolist() == list(line.starts)
    assert tours.end_s[nodes].tolist() == list(line.ends)
    assert int(tours.start_s[start + 1]) == line.back
    targets = nodes if tables.veh_end[route.vehicle] == NO_LOCATION else [*nodes, start + 1]
    assert tours.depart_s[targets].tolist() == [leg.depart for leg in line.drives]
    assert tours.leg_profile[targets].tolist() == [leg.profile for leg in line.drives]
    assert tours.travel_s[targets].tolist() == [leg.arrive - leg.depart for leg in line.drives]
    if tables.extras is not None and tables.extras.most is not None:
        assert int(tours.fleet["drive_s"][route.vehicle]) == sum(leg.arrive - leg.depart for leg in line.drives)
    history = loads_on_board(tables, route)
    orders = [int(tours.option[node]) for node in nodes]
    assert tours.aboard[route.vehicle].tolist() == tables.load[tables.opt_order[orders]].sum(axis=0).tolist()
    again = [place for place, option in enumerate(route.options, start=1) if reloads(tables, option)]
    for place, node in enumerate([start, *nodes] if len(tours.boards) else []):
        head = max([0, *(other for other in again if other <= place)])
        tail = min([len(nodes) + 1, *(other for other in again if other > place)])
        for dim in range(tables.load.shape[1]):
            assert tours.boards[node, 0, dim] == max(board[dim] for board in history[head : place + 1])
            assert tours.boards[node, 1, dim] == max(board[dim] for board in history[place:tail])
    _check_latest_ends(tables, tours, route, nodes)


def _check_latest_ends(tables: Tables, tours: Tours, route: Route, nodes: list[int]) -> None:
    zoned = bool(tables.closed_loc.any()) and tables.veh_class[route.vehicle] == 0
    for place, node in enumerate(nodes, start=1):
        now, latest = int(tours.end_s[node]), int(tours.latest_end_s[node])
        assert latest >= now
        later = [now, *Random(place).sample(range(now, now + 120), 5), latest, latest + 1, latest + 30]
        for end in later:
            feasible = not simulate(tables, route, begin=place, begin_at=end).why
            assert not feasible or end <= latest
            assert feasible or end > latest or zoned
