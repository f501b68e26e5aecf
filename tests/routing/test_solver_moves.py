"""Every operator of the plan search: what it keeps of costs is what working them out from scratch says; undo undoes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from routing.problem import Tables
from routing.solver.engine import construct
from routing.solver.links import COST, OUT, mark, undo
from routing.solver.recreate import recreate
from routing.solver.ruin import ruin
from routing.solver.rules import INFEASIBLE, Rules, lowest_legs, rules_of
from routing.solver.schedule import sum_up
from routing.solver.swaps import change_vehicle
from routing.solver.tails import exchange_tails
from routing.solver.tours import Tours, copy_tours
from routing.solver.work import Work, work_of
from tests.drawn_problems import Features, draw_problem
from tests.solver_checks import check_kept, check_state, same

SOAK = 100_000


def drawn(seed: int) -> Features:
    """Return features of a problem by its number: every rule on its own and together with others."""
    return Features(
        orders=4 + seed % 9,
        vehicles=1 + seed % 4,
        options=1 + seed % 3,
        metric=seed % 3 > 0,
        slices=1 + (seed // 2) % 3,
        speeds=1 + (seed // 3) % 2,
        windows=(seed // 4) % 3,
        breaks=(seed // 5) % 3,
        setup=seed % 2 == 0,
        release=seed % 5 == 0,
        open_end=seed % 7 == 0,
        pickups=seed % 4 == 1,
        shared=seed % 3 == 1,
        loads=seed % 6 > 0,
        picky=seed % 5 == 1,
        cheap_to_skip=seed % 4 == 2,
        pairs=seed % 5 == 2,
        kinds=seed % 6 == 2,
        trips=int(seed % 4 == 3),
        late=seed % 3 == 2,
        even=seed % 5 == 3,
        spread=seed % 5 == 4,
    )


def twins(tables: Tables) -> Tables:
    """Return tables in which all vehicles are the same, so that they may exchange tails."""
    for column in (tables.veh_class, tables.veh_start, tables.veh_end, tables.veh_open_s, tables.veh_close_s,
                   tables.veh_cap, tables.veh_cost, tables.allowed):  # fmt: skip
        column[:] = column[:1]
    vehicles, own = len(tables.veh_class), slice(0, int(tables.brk_ptr[1]))
    columns = {name: np.tile(getattr(tables, name)[own], vehicles)
               for name in ("brk_open", "brk_close", "brk_duration", "brk_due")}  # fmt: skip
    return tables._replace(brk_ptr=np.arange(vehicles + 1) * own.stop, **columns)


class Moves:
    """Moves on one problem, each checked and then kept or undone.

    A move that is not accepted leaves the tours half changed: only that undoing it brings all back is checked then.
    """

    def __init__(self, seed: int, wanted: Features, alike: bool) -> None:
        problem = draw_problem(seed, wanted)
        self.tables = twins(problem.tables) if alike else problem.tables
        problem = replace(problem, tables=self.tables)
        self.rules: Rules = rules_of(self.tables, lowest_legs(self.tables))
        self.work: Work = work_of(self.rules, seed)
        self.tours: Tours = construct(problem)
        sum_up(self.rules, self.tours)
        self.exchanged = self.changed = 0

    def move(self, number: int, exact: bool) -> None:
        """Change a vehicle and undo that; ruin, exchange tails and recreate; undo two of three; check everything."""
        rules, tours, work = self.rules, self.tours, self.work
        before, cost = copy_tours(tours), int(tours.tally[COST] + tours.tally[OUT])
        mark(tours)
        if change_vehicle(rules, tours, work):
            self.check(exact)
            self.changed += 1
        undo(rules, tours)
        assert same(tours, before)
        mark(tours)
        feasible = bool(ruin(rules, tours, work))
        if feasible:
            self.check(exact)
            if len(rules.pickup) == 0:  # as the search does
                links_before = tours.nodes["vehicle"].copy()
                feasible = bool(exchange_tails(rules, tours, work))
                self.exchanged += int((tours.nodes["vehicle"] != links_before).any())
        if feasible:
            self.check(exact)
            feasible = bool(recreate(rules, tours, work, 0, INFEASIBLE // 2))
        if feasible:
            self.check(exact)
        if not feasible or number % 3:
            undo(rules, tours)
            assert same(tours, before)
            assert int(tours.tally[COST] + tours.tally[OUT]) == cost
            self.check(exact=False)

    def check(self, exact: bool) -> None:
        """Check what is kept, and now and then everything against a plain simulation."""
        check_kept(self.tables, self.tours)
        if exact:
            check_state(self.tables, self.tours)

    def exchange(self, exact: bool) -> None:
        """Exchange tails after a ruin, checking that, and undo it."""
        mark(self.tours)
        if ruin(self.rules, self.tours, self.work):
            was = self.tours.nodes["vehicle"].copy()
            if exchange_tails(self.rules, self.tours, self.work) and (self.tours.nodes["vehicle"] != was).any():
                self.check(exact)
                self.exchanged += 1
        undo(self.rules, self.tours)

    def change(self, exact: bool) -> None:
        """Change a vehicle, checking that, and undo it."""
        mark(self.tours)
        if change_vehicle(self.rules, self.tours, self.work):
            self.check(exact)
            self.changed += 1
        undo(self.rules, self.tours)


@pytest.mark.parametrize("seed", range(30))
def test_every_move_is_exact_and_undone_whole(seed: int) -> None:
    moves = Moves(seed, drawn(seed), alike=seed % 2 == 1)
    for number in range(12):
        moves.move(number, exact=number % 4 == 0)


def test_vehicles_are_changed() -> None:
    moves = [
        Moves(seed, Features(orders=6, vehicles=4, breaks=seed % 3, metric=True), alike=False) for seed in range(8)
    ]
    for each in moves:
        for _ in range(20):
            each.move(1, exact=True)
    assert sum(each.changed for each in moves) > 5, [each.changed for each in moves]


def test_tails_are_exchanged() -> None:
    """Between twins, some of them with breaks on either tail."""
    wanted = [Features(orders=12, vehicles=5, windows=2, metric=True, breaks=seed % 3) for seed in range(6)]
    moves = [Moves(seed, each, alike=True) for seed, each in enumerate(wanted)]
    for each in moves:
        for number in range(40):
            each.move(number, exact=True)
    assert sum(each.exchanged for each in moves) > 5


@pytest.mark.soak
def test_a_hundred_thousand_moves_are_exact() -> None:
    """Ruins and recreations: on a problem of its own for each hundred of them."""
    for seed in range(SOAK // 100):
        moves = Moves(seed, drawn(seed), alike=seed % 2 == 1)
        for number in range(100):
            moves.move(number, exact=number % 20 == 0)
    print(f"{SOAK} ruins and recreations on {SOAK // 100} problems")


@pytest.mark.soak
def test_a_hundred_thousand_exchanges_of_tails_are_exact() -> None:
    done = seed = 0
    while done < SOAK:
        kept = {"options": 1 + seed % 2, "windows": seed % 3, "slices": 1 + seed % 3, "breaks": seed // 2 % 3}
        rules = {"late": seed % 2 == 0, "even": seed % 5 == 2, "spread": seed % 5 == 1, "setup": seed % 7 < 3}
        moves = Moves(seed, Features(orders=8, vehicles=3 + seed % 4, metric=True, **kept, **rules), alike=True)
        for number in range(200):
            moves.exchange(exact=number % 20 == 0)
            if number % 10 == 0:
                moves.move(number, exact=False)
        done, seed = done + moves.exchanged, seed + 1
    print(f"{done} exchanges of tails on {seed} problems")


@pytest.mark.soak
def test_a_hundred_thousand_changes_of_vehicle_are_exact() -> None:
    done = seed = 0
    while done < SOAK:
        moves = Moves(seed, replace(drawn(seed), orders=6, vehicles=4), alike=False)
        for number in range(200):
            moves.change(exact=number % 20 == 0)
            if number % 10 == 0:
                moves.move(number, exact=False)
        done, seed = done + moves.changed, seed + 1
    print(f"{done} changes of vehicle on {seed} problems")
