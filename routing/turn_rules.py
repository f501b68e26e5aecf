"""Turn restrictions over via ways: copies of arcs that remember which restrictions have begun.

Whether a turn is forbidden may depend on the arcs driven before. A *copy* of an arc is a state that remembers, for
each restriction over via ways, how many of its arcs have just been driven in order; that makes the restriction one on
the turn out of a copy. Only copies that a vehicle can get into are made.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from data.model.streets import ACCESS_BIT, StreetNetwork
from routing.matrix.arrays import I32

Bits = NDArray[np.uint8]

ALL = sum(ACCESS_BIT.values())

Begun = frozenset[tuple[int, int]]
"""``(restriction, arcs driven)`` of each restriction under way, two arcs driven at least."""

Turn = tuple[int, int]
"""What a turn leads to, and who is banned from it."""


class Rule(NamedTuple):
    """One restriction: whom it concerns, as an or of ``ACCESS_BIT``."""

    arcs: tuple[int, ...]
    only: bool
    concerned: int

    def bans(self, driven: int, into: int) -> int:
        """Return who may not turn ``into`` an arc once the first ``driven`` arcs have been driven in order."""
        forbidden = driven == len(self.arcs) - 1 and (self.arcs[-1] == into) != self.only
        return self.concerned if forbidden else 0


class Copies(NamedTuple):
    """What via ways add to the turns between arcs; states from ``len(arc of the network)`` on are copies.

    Attributes
    ----------
    arc : list of int
        The arc of each copy.
    redirected : dict of (arc, arc) to int
        The copy that a turn between two arcs leads into, in place of the plain arc.
    turns : list of list of (state, banned)
        The turns out of each copy.
    """

    arc: list[int]
    redirected: dict[Turn, int]
    turns: list[list[Turn]]


def rules(streets: StreetNetwork) -> list[Rule]:
    """Return the network's turn restrictions."""
    ptr, arcs = streets.restriction_ptr.tolist(), streets.restriction_arcs.tolist()
    flags = zip(streets.restriction_only.tolist(), streets.restriction_except.tolist(), strict=True)
    return [Rule(tuple(arcs[ptr[k] : ptr[k + 1]]), only, ALL & ~exempt) for k, (only, exempt) in enumerate(flags)]


def via_way_copies(via_way: list[Rule], access: list[int], ptr: I32, head: I32, banned: Bits) -> Copies:
    """Return the copies that restrictions over via ways need.

    Parameters
    ----------
    via_way : list of Rule
        Those of three arcs or more.
    access : list of int
        Of each arc.
    ptr : int32 [m + 1]
        Arc a's turns are ``ptr[a]`` to ``ptr[a + 1] - 1``, all other restrictions applied.
    head : int32 [t]
        The arc turned into.
    banned : uint8 [t]
    """
    return _Automaton(via_way, access, ptr, head, banned).copies()


class _Automaton:
    def __init__(self, via_way: list[Rule], access: list[int], ptr: I32, head: I32, banned: Bits) -> None:
        self._rules = via_way
        self._access = access
        self._ptr, self._head, self._banned = ptr, head, banned
        self._starting: dict[int, list[int]] = defaultdict(list)
        for k, rule in enumerate(via_way):
            self._starting[rule.arcs[0]].append(k)
        self._state: dict[tuple[int, Begun], int] = {}
        self._queue: list[tuple[int, Begun]] = []

    def copies(self) -> Copies:
        redirected: dict[Turn, int] = {}
        for arc in sorted(self._starting):
            for into, state, _ in self._turns(arc, frozenset()):
                if state != into:
                    redirected[arc, into] = state
        turns: list[list[Turn]] = []
        for arc, begun in self._queue:  # grows while we walk it
            turns.append([(state, bans) for _, state, bans in self._turns(arc, begun)])
        return Copies([arc for arc, _ in self._queue], redirected, turns)

    def _turns(self, arc: int, begun: Begun) -> Iterator[tuple[int, int, int]]:
        """Yield ``(arc turned into, state, banned)`` of the turns out of ``arc`` that somebody may make."""
        under_way = [*sorted(begun), *((k, 1) for k in self._starting.get(arc, ()))]
        mine = slice(self._ptr[arc], self._ptr[arc + 1])
        for into, banned in zip(self._head[mine].tolist(), self._banned[mine].tolist()):
            for k, driven in under_way:
                banned |= self._rules[k].bans(driven, into)
            if self._access[arc] & self._access[into] & ~banned:
                yield into, self._state_of(into, self._grown(under_way, into)), banned

    def _grown(self, under_way: list[tuple[int, int]], into: int) -> Begun:
        return frozenset(
            (k, driven + 1)
            for k, driven in under_way
            if driven + 1 < len(self._rules[k].arcs) and self._rules[k].arcs[driven] == into
        )

    def _state_of(self, arc: int, begun: Begun) -> int:
        if not begun:
            return arc
        if (arc, begun) not in self._state:
            self._state[arc, begun] = len(self._access) + len(self._queue)
            self._queue.append((arc, begun))
        return self._state[arc, begun]
