"""Doors: how points on streets enter and leave the turn graph, and the pairs that need no junction between them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from data.model.streets import StreetNetwork
from routing.matrix.arrays import F64, I8, I32, I64, Bool, own_i32
from routing.matrix.cost import INF, INF_COST, pack
from routing.matrix.sweep import Seeds
from routing.snap import NO_ARC, Shapes, Snapped
from routing.turns import TurnGraph


class Doors(NamedTuple):
    """L points on their streets in both directions, for one vehicle category.

    Attributes
    ----------
    arc : int32 [L, 2]
        The street's two arcs, :data:`NO_ARC` where a direction doesn't exist.
    piece : int32 [L, 2]
        The straight piece of the arc the point is on, counted from the arc's tail.
    before_ms, before_dm, rest_ms, rest_dm : int32 [L, 2]
        From the arc's tail to the point, and from there to its head; they sum to the arc's weight and length.
    """

    arc: I32
    piece: I32
    before_ms: I32
    before_dm: I32
    rest_ms: I32
    rest_dm: I32


class DoorSeeds(NamedTuple):
    """The seeds of all points, and by which ``way`` (int8, column of :class:`Doors`) each leaves or reaches it."""

    seeds: Seeds
    way: I8


class Links(NamedTuple):
    """Pairs of points on one street, k entries sorted by (target, source, cost): drive only along ``arc``.

    ``arc`` is :data:`NO_ARC` for one and the same point, which is always reached, at no cost.
    """

    source: I32
    target: I32
    arc: I32
    cost: I64


def doors(streets: StreetNetwork, shapes: Shapes, snapped: Snapped, weights_ms: I32, lost_ms: I32) -> Doors:
    """Return the doors of ``snapped`` points.

    Parameters
    ----------
    weights_ms : int32 [m]
        Along each arc.
    lost_ms : int32 [m]
        Of that, what is lost at the arc's end, at lights or gates: behind every point on it.
    """
    arc = np.column_stack([snapped.arc, snapped.reverse])
    pieces = shapes.first[snapped.arc + 1] - shapes.first[snapped.arc] - 1
    piece = np.column_stack([snapped.piece, pieces - 1 - snapped.piece])
    weight_ms = weights_ms[arc]
    before_ms, rest_ms = _split(weight_ms, np.maximum(weight_ms - lost_ms[arc], 0), snapped.share)
    before_dm, rest_dm = _split(streets.length_dm[arc], streets.length_dm[arc], snapped.share)
    return Doors(arc, piece, before_ms, before_dm, rest_ms, rest_dm)


def _split(whole: I32, spread: I32, share: F64) -> tuple[I32, I32]:
    """Return the parts of [L, 2] wholes before and after the point, of which ``spread`` is evenly spread.

    The second column runs the other way.
    """
    first = np.floor(spread * share[:, None] + 0.5).astype(np.int32)
    before = np.column_stack([first[:, 0], spread[:, 1] - first[:, 1]])
    return before, whole - before


def source_seeds(turns: TurnGraph, turn_ms: I32, found: Doors, closed: Bool) -> DoorSeeds:
    """Return where each point enters the graph: by every turn at the end of its street, in both directions.

    Parameters
    ----------
    turns : TurnGraph
    turn_ms : int32 [t]
        The category's, :data:`~routing.matrix.cost.INF` where it may not turn.
    found : Doors
    closed : bool [m]
        Arcs nobody enters or leaves.
    """
    door, arc = _open_doors(found, closed)
    row, turn = ranges(turns.ptr[arc], turns.ptr[arc + 1])
    door, state = door[row], turns.head[turn]
    kept = (turn_ms[turn] < INF) & ~closed[turns.arc[state]]
    door, turn, state = door[kept], turn[kept], state[kept]
    cost = pack(found.rest_ms.ravel()[door] + turn_ms[turn], found.rest_dm.ravel()[door])
    return _door_seeds(len(found.arc), door, state, cost)


def target_seeds(turns: TurnGraph, found: Doors, closed: Bool) -> DoorSeeds:
    """Return where each point is entered from the graph: at the start of its arcs that are not ``closed``."""
    door, arc = _open_doors(found, closed)
    row, copy = ranges(turns.copy_ptr[arc], turns.copy_ptr[arc + 1])
    doors_of_states, state = np.concatenate([door, door[row]]), np.concatenate([arc, turns.copy[copy]])
    order = np.argsort(doors_of_states, kind="stable")
    door, state = doors_of_states[order], state[order]
    return _door_seeds(len(found.arc), door, state, pack(found.before_ms.ravel()[door], found.before_dm.ravel()[door]))


def _open_doors(found: Doors, closed: Bool) -> tuple[I64, I32]:
    """Return the doors one may use, door 2 i + w being the way w of point i, and their arcs."""
    arc = found.arc.ravel()
    door = np.flatnonzero((arc != NO_ARC) & ~closed[arc])
    return door, arc[door]


def _door_seeds(points: int, door: I64, state: I32, cost: I64) -> DoorSeeds:
    ptr = np.searchsorted(door, 2 * np.arange(points + 1))
    return DoorSeeds(Seeds(own_i32(ptr), own_i32(state), cost), (door % 2).astype(np.int8))


def ranges(first: NDArray[np.integer], last: NDArray[np.integer]) -> tuple[I64, I64]:
    """Return all numbers ``first[r]`` to ``last[r] - 1`` of all rows r, and the row of each."""
    count = last - first
    end = np.cumsum(count, dtype=np.int64)
    row = np.repeat(np.arange(len(first)), count)
    return row, np.arange(len(row)) + (first - end + count)[row]


def links(found: Doors, lat: F64, lon: F64) -> Links:
    """Return every pair of points on one street that is driven along it; points at equal coordinates are one point.

    Parameters
    ----------
    found : Doors
    lat, lon : float64 [L]
        The points themselves.
    """
    source, target = _on_one_street(found.arc[:, 0])
    same = (lat[source] == lat[target]) & (lon[source] == lon[target])
    other = np.flatnonzero(~same)
    arc = np.full((len(source), 2), NO_ARC, dtype=np.int32)
    cost = np.where(np.column_stack([same, np.zeros_like(same)]), 0, INF_COST)
    arc[other] = found.arc[target[other]]
    for way in (0, 1):
        cost[other, way] = _cost_ahead(found, source[other], target[other], way)
    swapped = cost[:, 1] < cost[:, 0]
    arc[swapped], cost[swapped] = arc[swapped, ::-1], cost[swapped, ::-1]
    entry = np.flatnonzero(cost.ravel() < INF_COST)
    pair = entry // 2
    return Links(own_i32(source[pair]), own_i32(target[pair]), arc.ravel()[entry], cost.ravel()[entry])


def _on_one_street(street: I32) -> tuple[I64, I64]:
    """Return ``(source, target)`` of all pairs with one number, every point with itself too, by target and source."""
    order = np.argsort(street, kind="stable")
    first = np.flatnonzero(np.diff(street[order], prepend=-1))
    size = np.diff(first, append=len(street))
    start, count = np.empty_like(order), np.empty_like(order)
    start[order], count[order] = np.repeat(first, size), np.repeat(size, size)
    target, place = ranges(start, start + count)
    return order[place], target


def _cost_ahead(found: Doors, source: I64, target: I64, way: int) -> I64:
    """Return what it costs to drive along one way of the street, :data:`INF_COST` where the target lies behind."""
    ms = found.before_ms[target, way] - found.before_ms[source, way]
    dm = found.before_dm[target, way] - found.before_dm[source, way]
    ahead = (ms >= 0) & (dm >= 0) & (found.piece[target, way] >= found.piece[source, way])
    ahead &= found.arc[source, way] != NO_ARC
    return np.where(ahead, pack(ms, dm), INF_COST)


def open_links(all_links: Links, closed: Bool) -> Links:
    """Return the cheapest link of each pair whose arc is open."""
    kept = np.flatnonzero((all_links.arc == NO_ARC) | ~closed[all_links.arc])
    source, target = all_links.source[kept], all_links.target[kept]
    first = np.ones(len(kept), dtype=bool)
    first[1:] = (source[1:] != source[:-1]) | (target[1:] != target[:-1])
    kept = kept[first]
    return Links(all_links.source[kept], all_links.target[kept], all_links.arc[kept], all_links.cost[kept])


def direct(open_pairs: Links, points: int) -> Seeds:
    """Return open links in the form the many-to-many table takes: the sources of each target."""
    ptr = np.searchsorted(open_pairs.target, np.arange(points + 1)).astype(np.int32)
    return Seeds(ptr, open_pairs.source, open_pairs.cost)


def find_links(open_pairs: Links, points: int, source: I32, target: I32) -> NDArray[np.intp]:
    """Return the index of each requested pair among ``open_pairs``, -1 where it has no link."""
    key = open_pairs.target.astype(np.int64) * points + open_pairs.source
    wanted = target.astype(np.int64) * points + source
    at = np.minimum(np.searchsorted(key, wanted), len(key) - 1)
    return np.where(key[at] == wanted, at, -1)
