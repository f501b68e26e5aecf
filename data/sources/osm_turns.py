"""Turn restrictions: from an OSM relation's tags and members to sequences of arcs.

See the OSM wiki, Relation:restriction. Timed restrictions are left out and counted: the network holds all day.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise, permutations

import numpy as np
from numpy.typing import NDArray

from data.model.streets import ACCESS_BIT
from data.model.vehicle import Category
from data.sources.osm_access import ALL, BIKE, MOTOR
from data.sources.osm_cut import Ints, Pieces
from data.sources.osm_raw import RawStreets, TurnRule

TIMED = "they hold at certain hours only"
BROKEN = "members are missing, or a member has an unknown role"
AMBIGUOUS = "ways are not split at the junction, or do not meet there"
INTERRUPTED = "a barrier stands on the junction"
UNKNOWN = "unknown kind of restriction"

_MODES: dict[str, int] = {
    "vehicle": ALL,
    "motor_vehicle": MOTOR,
    "motorcar": ACCESS_BIT[Category.VP] | ACCESS_BIT[Category.VUL],
    "goods": ACCESS_BIT[Category.VUL],
    "hgv": ACCESS_BIT[Category.PL],
    "motorcycle": ACCESS_BIT[Category.TWO_WHEELER],
    "bicycle": BIKE,
}
_KINDS = ("no_", "only_")
# Pre-2012 tagging of what is `restriction:conditional` today.
_TIMED_KEYS = frozenset({"day_on", "day_off", "hour_on", "hour_off"})
_MAX_VIA_WAYS = 4


@dataclass(frozen=True)
class TurnArcs:
    """Turn restrictions as ``StreetNetwork`` stores them."""

    ptr: NDArray[np.int32]
    arcs: NDArray[np.int32]
    only: NDArray[np.bool_]
    exempt: NDArray[np.uint8]


def read_turn(
    relation_id: int, tags: Mapping[str, str], members: list[tuple[str, str, int]]
) -> tuple[list[TurnRule], list[str]]:
    """Return the turn rules of one ``type=restriction`` relation, and why others were left out.

    Parameters
    ----------
    members : list of (role, type, id)
        ``type`` is ``n``, ``w`` or ``r``.
    """
    kinds, reasons = _kinds(tags)
    if not kinds:
        return [], reasons
    known = {("from", "w"), ("to", "w"), ("via", "w"), ("via", "n")}
    starts = [ref for role, kind, ref in members if (role, kind) == ("from", "w")]
    ends = [ref for role, kind, ref in members if (role, kind) == ("to", "w")]
    nodes = [ref for role, kind, ref in members if (role, kind) == ("via", "n")]
    ways = tuple(ref for role, kind, ref in members if (role, kind) == ("via", "w"))
    whole = starts and ends and (bool(ways) != (len(nodes) == 1)) and (len(nodes) <= 1)
    if not whole or len(ways) > _MAX_VIA_WAYS or any(member[:2] not in known for member in members):
        return [], [*reasons, BROKEN]
    # Several ways may only be named where `no_entry` or `no_exit` forbids each pair.
    if len(starts) * len(ends) > 1 and any(only for only, _ in kinds):
        return [], [*reasons, AMBIGUOUS]
    via_node = nodes[0] if nodes else None
    rules = [
        TurnRule(relation_id, start, end, via_node, ways, only, concerned)
        for only, concerned in kinds
        for start in starts
        for end in ends
    ]
    return rules, reasons


def _kinds(tags: Mapping[str, str]) -> tuple[list[tuple[bool, int]], list[str]]:
    """Return ``(only, concerned)`` for each tag that binds one of our vehicles, and why others don't count."""
    kinds: list[tuple[bool, int]] = []
    reasons: list[str] = []
    exempt = 0
    for mode in tags.get("except", "").split(";"):
        exempt |= _MODES.get(mode.strip(), 0)
    for key, value in tags.items():
        name, *rest = key.split(":")
        if name != "restriction":
            continue
        concerned = _MODES.get(rest[0], 0) if rest and rest[0] != "conditional" else ALL & ~exempt
        if not concerned:
            continue
        if (rest and rest[-1] == "conditional") or _TIMED_KEYS & tags.keys():
            reasons.append(TIMED)
        elif value.startswith(_KINDS):
            kinds.append((value.startswith("only_"), concerned))
        else:
            reasons.append(UNKNOWN)
    return kinds, reasons


def resolve_turns(raw: RawStreets, pieces: Pieces, arc_index: Ints, tail: Ints, head: Ints) -> TurnArcs:
    """Return the arc sequences of ``raw.turns``; what can't be placed is counted in ``raw.ignored_turns``.

    Parameters
    ----------
    arc_index : int64 [2, pieces]
        Arc of each piece, forward and backward; -1 where nobody may drive.
    tail, head : int64 [m]
        Ends of each arc.
    """
    found: list[list[int]] = []
    placed: list[TurnRule] = []
    lookup = _PieceLookup(raw, pieces, arc_index)
    for rule in raw.turns:
        ways = (rule.from_way, *rule.via_ways, rule.to_way)
        if not all(way in lookup.pieces for way in ways):
            # Nobody may use one of its streets, or it lies outside the extract: the turn can't be taken anyway.
            continue
        sequence, reason = lookup.sequence(rule)
        if sequence and any(head[a] != tail[b] for a, b in pairwise(sequence)):
            sequence, reason = [], INTERRUPTED
        if sequence:
            found.append(sequence)
            placed.append(rule)
        elif reason:
            raw.ignored_turns[reason] += 1
    return TurnArcs(
        ptr=np.concatenate([[0], np.cumsum([len(one) for one in found], dtype=np.int64)]).astype(np.int32),
        arcs=np.array([arc for one in found for arc in one], dtype=np.int32),
        only=np.array([rule.only for rule in placed], dtype=np.bool_),
        exempt=np.array([ALL & ~rule.concerned for rule in placed], dtype=np.uint8),
    )


class _PieceLookup:
    """Finds the arcs of the few ways that turn rules name."""

    def __init__(self, raw: RawStreets, pieces: Pieces, arc_index: Ints) -> None:
        self._start = pieces.node_ref[pieces.start]
        self._end = pieces.node_ref[pieces.end]
        self._arc = arc_index
        self.pieces: dict[int, list[int]] = {}
        named = {way for rule in raw.turns for way in (rule.from_way, rule.to_way, *rule.via_ways)}
        row_way = np.array(raw.way_id, dtype=np.int64)
        streets = len(pieces.way) - int(np.count_nonzero(self._start == self._end))
        for piece in np.flatnonzero(np.isin(row_way[pieces.way[:streets]], list(named))).tolist():
            self.pieces.setdefault(int(row_way[pieces.way[piece]]), []).append(piece)

    def sequence(self, rule: TurnRule) -> tuple[list[int], str]:
        """Return the rule's arcs from first to last, or an empty list and why (no reason: the turn is impossible)."""
        if rule.via_node is not None:
            candidates = list(self._joined(rule, rule.via_node, [], rule.via_node))
        else:
            candidates = [
                sequence
                for vias in permutations(rule.via_ways)
                for start in self._ends_of(vias[0])
                for stop, via_arcs in self._along(vias, start)
                for sequence in self._joined(rule, start, via_arcs, stop)
            ]
        if len(candidates) == 1:
            return (candidates[0], "") if -1 not in candidates[0] else ([], "")
        return [], AMBIGUOUS

    def _joined(self, rule: TurnRule, start: int, via_arcs: list[int], stop: int) -> Iterator[list[int]]:
        for into in self._touching(rule.from_way, start, at_end=True):
            for out in self._touching(rule.to_way, stop, at_end=False):
                yield [into, *via_arcs, out]

    def _touching(self, way: int, ref: int, at_end: bool) -> list[int]:
        """Return the way's arcs that end (or start) at node ``ref``; -1 stands for one nobody may drive."""
        mine = self.pieces[way]
        forward = [int(self._arc[0, p]) for p in mine if (self._end if at_end else self._start)[p] == ref]
        backward = [int(self._arc[1, p]) for p in mine if (self._start if at_end else self._end)[p] == ref]
        both = forward + backward
        drivable = [arc for arc in both if arc >= 0]
        return drivable or both[:1]

    def _ends_of(self, way: int) -> set[int]:
        mine = self.pieces[way]
        return {int(self._start[mine[0]]), int(self._end[mine[-1]])}

    def _along(self, vias: tuple[int, ...], start: int) -> Iterator[tuple[int, list[int]]]:
        """Yield where one ends, and the arcs driven, going along all of ``vias`` from node ``start``."""
        at, arcs = start, []
        for way in vias:
            mine = self.pieces[way]
            if self._start[mine[0]] == at:
                arcs += [int(self._arc[0, piece]) for piece in mine]
                at = int(self._end[mine[-1]])
            elif self._end[mine[-1]] == at:
                arcs += [int(self._arc[1, piece]) for piece in reversed(mine)]
                at = int(self._start[mine[0]])
            else:
                return
        yield at, arcs
