"""The turn-expanded graph: where one may turn at the end of each arc, and how long the turn takes.

A *state* stands at the start of an arc, about to drive it. State i is arc i for i below the number of arcs; further
states are copies of arcs that remember the beginning of a turn restriction over via ways (see
:mod:`routing.turn_rules`). A *turn* from state a to state b drives a's arc whole and turns into b's.

The figures for how long a turn takes are those of OSRM's profiles ``car.lua`` and ``bicycle.lua`` (``process_turn``),
which were fitted to real drives. Traffic keeps right.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from data.model.streets import ACCESS_BIT, StreetNetwork
from data.model.vehicle import Category
from routing.arc_ends import following, headings, reverse_arcs
from routing.matrix.arrays import F64, I32, Bool
from routing.matrix.cost import INF
from routing.snap import NO_ARC
from routing.turn_rules import Bits, Copies, Rule, rules, via_way_copies

U_TURN_S = 20.0
"""On top of a half turn."""

CAR_TURN_S, CAR_TURN_BIAS = 7.5, 1.075
CAR_ONCOMING_S = 2.0
BIKE_TURN_S, BIKE_TURN_BIAS = 6.0, 1.4


class TurnGraph(NamedTuple):
    """States and turns between m arcs: s states, t turns sorted by tail.

    Attributes
    ----------
    arc : int32 [s]
        The arc each state drives.
    ptr : int32 [s + 1]
        State a's turns are ``ptr[a]`` to ``ptr[a + 1] - 1``.
    tail, head : int32 [t]
        States.
    banned : uint8 [t]
        Or of ``ACCESS_BIT``: who may not make the turn although both arcs are open to it.
    angle_deg : float32 [t]
        Clockwise from straight on: right is positive, left negative, a U-turn 180.
    copy_ptr : int32 [m + 1]
        The further states of arc a are ``copy[copy_ptr[a]:copy_ptr[a + 1]]``.
    copy : int32 [s - m]
    reverse : int32 [m]
        The arc that drives the same street backwards, -1 where there is none.
    """

    arc: I32
    ptr: I32
    tail: I32
    head: I32
    banned: Bits
    angle_deg: NDArray[np.float32]
    copy_ptr: I32
    copy: I32
    reverse: I32


class _ArcTurns(NamedTuple):
    """Turns between arcs, sorted by tail."""

    ptr: I32
    tail: I32
    head: I32
    banned: Bits


def turn_graph(streets: StreetNetwork) -> TurnGraph:
    """Return the turns that at least one vehicle category may make.

    A U-turn is for those who have no other way on: at dead ends.
    """
    reverse = reverse_arcs(streets)
    restrictions = rules(streets)
    plain = _arc_turns(streets, reverse, [rule for rule in restrictions if len(rule.arcs) == 2])
    via_way = [rule for rule in restrictions if len(rule.arcs) > 2]
    copies = via_way_copies(via_way, streets.access.tolist(), plain.ptr, plain.head, plain.banned)
    arc = np.concatenate([np.arange(streets.arcs), np.array(copies.arc, dtype=np.int64)]).astype(np.int32)
    turns = _with_copies(plain, copies)
    order = np.argsort(arc[streets.arcs :], kind="stable")
    return TurnGraph(
        arc=arc,
        ptr=turns.ptr,
        tail=turns.tail,
        head=turns.head,
        banned=turns.banned,
        angle_deg=_angle_deg(streets, reverse, arc[turns.tail], arc[turns.head]),
        copy_ptr=_ptr(arc[streets.arcs :][order], streets.arcs),
        copy=(streets.arcs + order).astype(np.int32),
        reverse=reverse,
    )


def _arc_turns(streets: StreetNetwork, reverse: I32, via_node: list[Rule]) -> _ArcTurns:
    """Return the turns between arcs that somebody may make, restrictions at one junction applied."""
    ptr, tail, head = following(streets)
    banned = np.zeros(len(tail), dtype=np.uint8)
    for rule in via_node:
        start = rule.arcs[0]
        for turn in range(ptr[start], ptr[start + 1]):
            banned[turn] |= rule.bans(1, int(head[turn]))
    common = streets.access[tail] & streets.access[head]
    u_turn = reverse[tail] == head
    banned[u_turn] |= _exits(tail, np.where(u_turn, 0, common & ~banned), streets.arcs)[tail[u_turn]]
    kept = (common & ~banned) != 0
    return _ArcTurns(_ptr(tail[kept], streets.arcs), tail[kept], head[kept], banned[kept])


def _exits(tail: I32, open_to: Bits, arcs: int) -> Bits:
    """Return per arc who has at least one turn at its end."""
    exits = np.zeros(arcs, dtype=np.uint8)
    for bit in ACCESS_BIT.values():
        exits[tail[(open_to & bit) != 0]] |= bit
    return exits


def _with_copies(plain: _ArcTurns, copies: Copies) -> _ArcTurns:
    """Return the turns between states: some lead into copies, and copies have turns of their own."""
    arcs = len(plain.ptr) - 1
    head = plain.head.copy()
    for (arc, into), state in copies.redirected.items():
        mine = slice(plain.ptr[arc], plain.ptr[arc + 1])
        head[mine][plain.head[mine] == into] = state
    more = [(arcs + copy, state, banned) for copy, turns in enumerate(copies.turns) for state, banned in turns]
    tails, heads, bans = np.array(more, dtype=np.int32).reshape(-1, 3).T
    tail = np.concatenate([plain.tail, tails])
    return _ArcTurns(
        ptr=_ptr(tail, arcs + len(copies.arc)),
        tail=tail,
        head=np.concatenate([head, heads]),
        banned=np.concatenate([plain.banned, bans.astype(np.uint8)]),
    )


def _ptr(rows: I32, count: int) -> I32:
    """Return where each of ``count`` numbers starts in sorted ``rows``, and the end."""
    return np.searchsorted(rows, np.arange(count + 1)).astype(np.int32)


def _angle_deg(streets: StreetNetwork, reverse: I32, source: I32, target: I32) -> NDArray[np.float32]:
    leaving, arriving = headings(streets)
    angle = 180.0 - (180.0 - leaving[target] + arriving[source]) % 360.0
    return np.where(reverse[source] == target, 180.0, angle).astype(np.float32)


def turn_ms(streets: StreetNetwork, turns: TurnGraph, category: Category) -> I32:
    """Return the milliseconds each turn takes on top of the arc before it, int32 [t].

    Bends cost nothing: a turn takes time where more than two streets of the category meet, and at dead ends. A left
    turn waits for oncoming traffic, except at roundabouts. Turns that the category may not make take
    :data:`~routing.matrix.cost.INF`.
    """
    bit = ACCESS_BIT[category]
    source, target = turns.arc[turns.tail], turns.arc[turns.head]
    u_turn = turns.reverse[source] == target
    junction = _streets_meeting(streets, turns.reverse, bit)[streets.head[source]] > 2
    angle_deg = turns.angle_deg.astype(np.float64)
    if category is Category.CARGO_BIKE:
        turn_s = _bike_turn_s(angle_deg)
    else:
        crosses = (angle_deg < 0) & ~(streets.roundabout[source] | streets.roundabout[target])
        turn_s = _car_turn_s(angle_deg) + np.where(crosses, _gap_s(angle_deg), 0.0)
    turn_s = np.where(junction | u_turn, turn_s, 0.0) + np.where(u_turn, U_TURN_S, 0.0)
    result = np.floor(turn_s * 1000 + 0.5).astype(np.int32)
    result[(streets.access[source] & streets.access[target] & ~turns.banned & bit) == 0] = INF
    return result


def _car_turn_s(angle_deg: F64) -> F64:
    bias = np.where(angle_deg >= 0, CAR_TURN_BIAS, 1 / CAR_TURN_BIAS)
    return CAR_TURN_S / (1 + np.exp(6.5 * bias - 13 / bias * np.abs(angle_deg) / 180))


def _gap_s(angle_deg: F64) -> F64:
    """Return how long a left turn waits for a gap in the oncoming traffic."""
    return CAR_ONCOMING_S / (1 + np.exp(3.25 - 13 * np.abs(angle_deg) / 180))


def _bike_turn_s(angle_deg: F64) -> F64:
    bias = np.where(angle_deg >= 0, 1 / BIKE_TURN_BIAS, BIKE_TURN_BIAS)
    return (angle_deg / 90) ** 2 * BIKE_TURN_S * bias


def _streets_meeting(streets: StreetNetwork, reverse: I32, bit: int) -> NDArray[np.intp]:
    """Return per junction how many streets meet that the category may drive in at least one direction."""
    back = streets.access[reverse] & np.where(reverse == NO_ARC, 0, bit)
    counted = ((streets.access & bit) | back) != 0
    counted &= (reverse == NO_ARC) | (np.arange(streets.arcs) < reverse)
    ends = np.concatenate([streets.tail[counted], streets.head[counted]])
    return np.bincount(ends, minlength=streets.nodes)


def connected(streets: StreetNetwork, turns: TurnGraph, category: Category) -> Bool:
    """Return the arcs, bool [m], inside the largest strongly connected part of the category's turns, closures aside.

    From any of them one gets to all others and back: only these may a place be snapped to. An arc counts if one of
    its states is inside: the plain state is under no restriction that its copies are free of.
    """
    open_turn = turn_ms(streets, turns, category) < INF
    tail, head = turns.tail[open_turn], turns.head[open_turn]
    states = len(turns.arc)
    graph = csr_array((np.ones(len(tail), dtype=np.int8), (tail, head)), shape=(states, states))
    _, part = connected_components(graph, directed=True, connection="strong")
    circling = np.zeros(states, dtype=bool)
    circling[tail[part[tail] == part[head]]] = True
    inside = np.zeros(streets.arcs, dtype=bool)
    if circling.any():
        inside[turns.arc[circling & (part == np.bincount(part[circling]).argmax())]] = True
    return inside
