"""Doors: how points on streets enter and leave the graph, and the pairs that need no junction between them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from data.model.streets import StreetNetwork
from routing.matrix.arrays import F64, I32, I64, Bool, own_i32
from routing.matrix.cost import INF_COST, pack
from routing.matrix.table import Direct, Seeds
from routing.snap import NO_ARC, Shapes, Snapped


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


class Links(NamedTuple):
    """Pairs of points on one street, k entries sorted by (target, source, cost): drive only along ``arc``.

    ``arc`` is :data:`NO_ARC` for one and the same point, which is always reached, at no cost.
    """

    source: I32
    target: I32
    arc: I32
    cost: I64


def doors(streets: StreetNetwork, shapes: Shapes, snapped: Snapped, weights_ms: I32) -> Doors:
    """Return the doors of ``snapped`` points; ``weights_ms`` [m] is the category's with nothing closed."""
    arc = np.column_stack([snapped.arc, snapped.twin])
    pieces = np.diff(shapes.first)[snapped.arc] - 1
    piece = np.column_stack([snapped.piece, pieces - 1 - snapped.piece]).astype(np.int32)
    before_ms, rest_ms = _split(weights_ms[arc], snapped.share)
    before_dm, rest_dm = _split(streets.length_dm[arc], snapped.share)
    return Doors(arc, piece, before_ms, before_dm, rest_ms, rest_dm)


def _split(whole: I32, share: F64) -> tuple[I32, I32]:
    """Return the parts of [L, 2] wholes before and after the point; the second column runs the other way."""
    first = np.floor(whole * share[:, None] + 0.5).astype(np.int32)
    second = whole - first
    before = np.column_stack([first[:, 0], second[:, 1]])
    return before, whole - before


def source_seeds(streets: StreetNetwork, found: Doors, closed: Bool) -> Seeds:
    """Return where each point enters the graph: the heads of its open arcs. Point i's seeds are 2 i and 2 i + 1."""
    return _seeds(streets.head, found.arc, found.rest_ms, found.rest_dm, closed)


def target_seeds(streets: StreetNetwork, found: Doors, closed: Bool) -> Seeds:
    """Return where each point is entered from the graph: the tails of its open arcs."""
    return _seeds(streets.tail, found.arc, found.before_ms, found.before_dm, closed)


def _seeds(node_of: I32, arc: I32, time_ms: I32, distance_dm: I32, closed: Bool) -> Seeds:
    shut = (arc == NO_ARC) | closed[arc]
    cost = np.where(shut, INF_COST, pack(time_ms, distance_dm))
    # A missing direction keeps the node of its twin, at infinite cost: two seeds a point, whatever the street.
    node = node_of[np.where(arc == NO_ARC, arc[:, :1], arc)]
    ptr = np.arange(0, 2 * len(arc) + 1, 2, dtype=np.int32)
    return Seeds(ptr, node.ravel().astype(np.int32), cost.ravel())


def links(found: Doors, same_point: NDArray[np.intp]) -> Links:
    """Return every pair of points on one street that is driven along it, and every point with itself.

    Parameters
    ----------
    found : Doors
    same_point : int [L]
        Equal numbers for points at the same coordinates.
    """
    rows = [_same(same_point)]
    for members in _groups(found.arc[:, 0]):
        source, target = (grid.ravel() for grid in np.meshgrid(members, members, indexing="ij"))
        for way in (0, 1):
            ms = found.before_ms[target, way] - found.before_ms[source, way]
            dm = found.before_dm[target, way] - found.before_dm[source, way]
            ahead = (ms >= 0) & (dm >= 0) & (found.piece[target, way] >= found.piece[source, way])
            ahead &= found.arc[source, way] != NO_ARC
            rows.append((source[ahead], target[ahead], found.arc[source, way][ahead], pack(ms, dm)[ahead]))
    source, target, arc, cost = (np.concatenate(column) for column in zip(*rows))
    order = np.lexsort((arc, cost, source, target))
    return Links(own_i32(source[order]), own_i32(target[order]), own_i32(arc[order]), cost[order])


def _same(same_point: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp], I64]:
    points = np.arange(len(same_point))
    pairs = [(points, points)]
    for members in _groups(same_point):
        first, second = (grid.ravel() for grid in np.meshgrid(members, members, indexing="ij"))
        pairs.append((first[first != second], second[first != second]))
    source, target = (np.concatenate(column) for column in zip(*pairs))
    return source, target, np.full(len(source), NO_ARC), np.zeros(len(source), dtype=np.int64)


def _groups(label: NDArray[np.integer]) -> list[NDArray[np.intp]]:
    """Return the indices of each label that occurs at least twice."""
    order = np.argsort(label, kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(label[order])) + 1)
    return [part for part in parts if len(part) > 1]


def open_links(all_links: Links, closed: Bool) -> Links:
    """Return the cheapest link of each pair whose arc is open."""
    kept = np.flatnonzero((all_links.arc == NO_ARC) | ~closed[all_links.arc])
    source, target = all_links.source[kept], all_links.target[kept]
    first = np.ones(len(kept), dtype=bool)
    first[1:] = (source[1:] != source[:-1]) | (target[1:] != target[:-1])
    kept = kept[first]
    return Links(all_links.source[kept], all_links.target[kept], all_links.arc[kept], all_links.cost[kept])


def direct(open_pairs: Links, points: int) -> Direct:
    """Return open links in the form the many-to-many table takes."""
    ptr = np.searchsorted(open_pairs.target, np.arange(points + 1)).astype(np.int32)
    return Direct(ptr, open_pairs.source, open_pairs.cost)


def find_links(open_pairs: Links, points: int, source: I32, target: I32) -> NDArray[np.intp]:
    """Return the index of each requested pair among ``open_pairs``, -1 where it has no link."""
    key = open_pairs.target.astype(np.int64) * points + open_pairs.source
    wanted = target.astype(np.int64) * points + source
    at = np.minimum(np.searchsorted(key, wanted), len(key) - 1)
    return np.where(key[at] == wanted, at, -1)
