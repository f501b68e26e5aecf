"""What it counts that parcels which stay on their vehicle are loaded in another order than told.

Vans are sorted and loaded last stop first. The search does not know of the sequence told; tours it has changed are
taken back towards it here, one order at a time, where that costs less driving than it saves.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from data.model.change import ChangePrices, Told
from routing.instance import Instance
from routing.problem import COST_PER_CENT, Tables
from routing.solver.rules import Rules, rules_of
from routing.solver.sequences import clear_tour, fill_tour, lone_halves, tour_breaks, tour_nodes
from routing.solver.tours import Tours, copy_tours, merit, tour_cost


def restowed(places: Sequence[int]) -> int:
    """Return how few must be taken out so that the others rise: all but the longest rising subsequence."""
    return len(places) - len(rising(places))


def rising(places: Sequence[int]) -> list[int]:
    """Return the indices of a longest rising subsequence (patience sorting: Fredman 1975)."""
    tails: list[int] = []
    at: list[int] = []
    before: list[int] = []
    for index, place in enumerate(places):
        pile = bisect_left(tails, place)
        before.append(at[pile - 1] if pile else -1)
        tails[pile:], at[pile:] = [place, *tails[pile + 1 :]], [index, *at[pile + 1 :]]
    found, index = [], at[-1] if at else -1
    while index >= 0:
        found.append(index)
        index = before[index]
    return found[::-1]


@dataclass(frozen=True)
class LoadingOrder:
    """The sequence told of each vehicle, and what leaving it counts.

    Attributes
    ----------
    place : dict of (vehicle row, order row) to int
        Where in its vehicle's sequence an order was told to be.
    price : int
        Cost units per order that is loaded out of sequence; with 0 nothing is told apart.
    """

    tables: Tables
    place: dict[tuple[int, int], int]
    price: int

    @classmethod
    def told(cls, instance: Instance, told: Sequence[Told], prices: ChangePrices) -> LoadingOrder:
        """Return the sequences of a plan that is to be changed."""
        rows = {order.id: row for row, order in enumerate(instance.orders)}
        columns = {vehicle.id: column for column, vehicle in enumerate(instance.vehicles)}
        place = {(columns[each.vehicle_id], rows[each.order_id]): each.place for each in told if not each.forced}
        return cls(instance.problem.tables, place, prices.loading_cents * COST_PER_CENT)

    def merit(self, tours: Tours) -> tuple[int, int]:
        """Return :func:`routing.solver.tours.merit` with what loading differently counts: less is better."""
        left_out, cost = merit(self.tables, tours)
        if self.price == 0:
            return left_out, cost
        return left_out, cost + sum(self._price(tours, column) for column in range(len(self.tables.veh_class)))

    def kept(self, tours: Tours) -> Tours:
        """Return tours in which sequences are as told where that is cheaper, all told; ``tours`` stay as they are."""
        if self.price == 0:
            return tours
        rules = rules_of(self.tables)
        for column in range(len(self.tables.veh_class)):
            while (better := self._better(rules, tours, column)) is not None:
                tours = better
        return tours

    def _price(self, tours: Tours, column: int) -> int:
        nodes = tour_nodes(self.tables, tours, column)
        return self.price * restowed([self.place[column, node] for node in nodes if (column, node) in self.place])

    def _better(self, rules: Rules, tours: Tours, column: int) -> Tours | None:
        """Return the best of a few tours nearer to the sequence told of one vehicle; None where none pays."""
        if self._price(tours, column) == 0:
            return None
        best, least = None, tour_cost(self.tables, tours, column) + self._price(tours, column)
        for sequence in self._nearer(tour_nodes(self.tables, tours, column), column):
            trial = _resequenced(self.tables, rules, tours, column, sequence)
            if trial is None:
                continue
            cost = tour_cost(self.tables, trial, column) + self._price(trial, column)
            if cost < least:
                best, least = trial, cost
        return best

    def _nearer(self, nodes: list[int], column: int) -> Iterator[list[int]]:
        """Yield sequences of a tour: as told altogether, then with one order each back behind the one told before."""
        told = [node for node in nodes if (column, node) in self.place]
        by_place = sorted(told, key=lambda node: self.place[column, node])
        in_turn = iter(by_place)
        yield [next(in_turn) if (column, node) in self.place else node for node in nodes]
        kept = {told[index] for index in rising([self.place[column, node] for node in told])}
        for node in told:
            if node in kept:
                continue
            ahead = [each for each in by_place[: by_place.index(node)] if each in kept]
            rest = [each for each in nodes if each != node]
            at = rest.index(ahead[-1]) + 1 if ahead else rest.index(next(each for each in by_place if each in kept))
            yield [*rest[:at], node, *rest[at:]]


def _resequenced(tables: Tables, rules: Rules, tours: Tours, column: int, nodes: Sequence[int]) -> Tours | None:
    """Return the tours with one in another sequence, ``None`` where that is not feasible or its sealed head moves."""
    sealed = int(tours.sealed[column])
    if tour_nodes(tables, tours, column)[:sealed] != list(nodes[:sealed]):
        return None
    trial = copy_tours(tours)
    pinned = np.array(tour_breaks(tables, tours, column)[:sealed], dtype=np.int64)
    options = np.array([int(tours.option[node]) for node in nodes], dtype=np.int64)
    clear_tour(rules, trial, column)
    kept = fill_tour(rules, trial, column, options, pinned)
    return trial if kept.all() and not lone_halves(tables, trial, column) else None
