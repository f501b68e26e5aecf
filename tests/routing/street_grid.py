"""Small street networks drawn by hand, and what turn restrictions mean, word for word: oracles of the turn tests."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

import numpy as np

from data.model.streets import ACCESS_BIT, RoadClass, StreetNetwork
from data.model.vehicle import Category

EVERYBODY = sum(ACCESS_BIT.values())
METRE_DEG = 1 / 111_195
"""On the equator, where the drawn networks lie, in both directions."""


@dataclass(frozen=True)
class Street:
    """From ``tail`` to ``head`` over ``bends`` (metres east and north); who may drive it there, and back."""

    tail: int
    head: int
    access: int = EVERYBODY
    back: int = EVERYBODY
    bends: tuple[tuple[float, float], ...] = ()
    roundabout: bool = False


@dataclass(frozen=True)
class Restriction:
    """Arcs are named by street and direction: ``(index, False)`` is the street as drawn."""

    arcs: tuple[tuple[int, bool], ...]
    only: bool = False
    exempt: int = 0


@dataclass(frozen=True)
class Drawing:
    """Junctions in metres east and north, streets between them, and turn restrictions."""

    junctions: Sequence[tuple[float, float]]
    streets: Sequence[Street]
    restrictions: Sequence[Restriction] = field(default=())

    @cached_property
    def arcs(self) -> list[tuple[int, bool]]:
        """Return street and direction of each arc."""
        both = [
            (index, back)
            for index, street in enumerate(self.streets)
            for back in (False, True)
            if (street.back if back else street.access)
        ]
        return sorted(both, key=lambda arc: (self.ends(arc), arc))

    def ends(self, arc: tuple[int, bool]) -> tuple[int, int]:
        """Return tail and head of an arc."""
        street = self.streets[arc[0]]
        return (street.head, street.tail) if arc[1] else (street.tail, street.head)

    def access(self, arc: tuple[int, bool]) -> int:
        """Return who may drive it."""
        street = self.streets[arc[0]]
        return street.back if arc[1] else street.access

    def network(self) -> StreetNetwork:
        """Return the network."""
        spots = np.array(self.junctions, dtype=np.float64).reshape(-1, 2) * METRE_DEG
        ends = np.array([self.ends(arc) for arc in self.arcs], dtype=np.int32).reshape(-1, 2)
        count = len(self.arcs)
        bends = [self.streets[street].bends[:: -1 if back else 1] for street, back in self.arcs]
        shape = np.array([point for each in bends for point in each], dtype=np.float64).reshape(-1, 2) * METRE_DEG
        sequences = [[self.arcs.index(arc) for arc in each.arcs] for each in self.restrictions]
        return StreetNetwork(
            node_lat=spots[:, 1].copy(),
            node_lon=spots[:, 0].copy(),
            node_id=np.arange(len(spots)),
            tail=ends[:, 0].copy(),
            head=ends[:, 1].copy(),
            length_dm=np.full(count, 1000, np.int32),
            speed_kmh=np.full(count, 50, np.uint8),
            cruise_kmh=np.full(count, 40, np.float32),
            obstacle_ms=np.zeros(count, np.int32),
            road_class=np.full(count, RoadClass.RESIDENTIAL, np.uint8),
            roundabout=np.array([self.streets[street].roundabout for street, _ in self.arcs], np.bool_),
            access=np.array([self.access(arc) for arc in self.arcs], np.uint8),
            arc_hours=np.full(count, -1, np.int16),
            way_id=np.array([street for street, _ in self.arcs], np.int64),
            shape_ptr=_ptr([len(each) for each in bends]),
            shape_lat=shape[:, 1].copy(),
            shape_lon=shape[:, 0].copy(),
            shape_node_id=np.zeros(len(shape), np.int64),
            restriction_ptr=_ptr([len(each) for each in sequences]),
            restriction_arcs=np.array([arc for each in sequences for arc in each], np.int32),
            restriction_only=np.array([each.only for each in self.restrictions], np.bool_),
            restriction_except=np.array([each.exempt for each in self.restrictions], np.uint8),
        )


def _ptr(counts: list[int]) -> np.ndarray:
    return np.cumsum([0, *counts]).astype(np.int32)


@dataclass(frozen=True)
class Law:
    """Which sequences of a drawing's arcs a category may drive: each restriction held against the whole sequence."""

    drawing: Drawing
    category: Category

    @property
    def bit(self) -> int:
        return ACCESS_BIT[self.category]

    @cached_property
    def restrictions(self) -> list[tuple[tuple[int, ...], bool]]:
        """Return the restrictions that concern the category, as ``(arcs, only)``."""
        named = self.drawing.arcs
        concerned = [each for each in self.drawing.restrictions if not each.exempt & self.bit]
        return [(tuple(named.index(arc) for arc in each.arcs), each.only) for each in concerned]

    def open(self, arc: int) -> bool:
        return bool(self.drawing.access(self.drawing.arcs[arc]) & self.bit)

    def follows(self, arc: int, after: int) -> bool:
        arcs = self.drawing.arcs
        return self.drawing.ends(arcs[after])[1] == self.drawing.ends(arcs[arc])[0]

    def turns_back(self, arc: int, after: int) -> bool:
        (street, back), (before, before_back) = self.drawing.arcs[arc], self.drawing.arcs[after]
        return street == before and back != before_back

    def dead_end(self, arc: int) -> bool:
        """Return whether no junction restriction leaves another way on from ``arc``."""
        at_junction = [each for each in self.restrictions if len(each[0]) == 2]
        others = [to for to in range(len(self.drawing.arcs)) if self.follows(to, arc) and not self.turns_back(to, arc)]
        return not any(self.open(to) and _obeys((arc, to), at_junction) for to in others)

    def legal(self, sequence: tuple[int, ...]) -> bool:
        """Return whether the category may drive the arcs one after another."""
        return (
            all(self.open(arc) for arc in sequence)
            and all(self.follows(there, here) for here, there in pairwise(sequence))
            and all(self.dead_end(here) for here, there in pairwise(sequence) if self.turns_back(there, here))
            and _obeys(sequence, self.restrictions)
        )

    def shortest(self, start: int, weight: Sequence[int]) -> dict[int, int]:
        """Return the least weight of the arcs before each arc that a legal sequence from ``start`` ends with.

        What may follow depends on as many last arcs as the longest restriction has, less one.
        """
        memory = max((len(arcs) for arcs, _ in self.restrictions), default=2) - 1
        seen: set[tuple[int, ...]] = set()
        best: dict[int, int] = {}
        heap = [(0, (start,))] if self.open(start) else []
        while heap:
            cost, sequence = heapq.heappop(heap)
            if sequence[-memory:] in seen:
                continue
            seen.add(sequence[-memory:])
            best.setdefault(sequence[-1], cost)
            for arc in range(len(self.drawing.arcs)):
                if self.follows(arc, sequence[-1]) and self.legal((*sequence, arc)):
                    heapq.heappush(heap, (cost + weight[sequence[-1]], (*sequence, arc)))
        return best


def _obeys(sequence: tuple[int, ...], restrictions: list[tuple[tuple[int, ...], bool]]) -> bool:
    for arcs, only in restrictions:
        start, end = arcs[:-1], arcs[-1]
        for at in range(len(sequence) - len(start)):
            if sequence[at : at + len(start)] == start and (sequence[at + len(start)] == end) != only:
                return False
    return True
