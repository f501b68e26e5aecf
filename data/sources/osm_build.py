"""From a reader's harvest to the street network: pieces become arcs, islands go, turn rules become arc sequences."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from data.errors import RoutingDataError
from data.model.streets import StreetNetwork
from data.sources.osm_cut import Ints, Pieces, cut_ways
from data.sources.osm_obstacles import minor_stop_ms, obstacle_ms
from data.sources.osm_raw import RawStreets, SourceReport
from data.sources.osm_turns import TurnArcs, resolve_turns

# Smaller islands are drives inside a courtyard, pontoons, or streets cut off by the extract's edge.
ISLAND_JUNCTIONS = 10


@dataclass(frozen=True)
class _Arcs:
    """Directed arcs, sorted by tail: the piece each one drives along, and whether against the way's direction."""

    piece: Ints
    reverse: NDArray[np.bool_]
    tail: Ints
    head: Ints


def build_network(raw: RawStreets, dropped_ways: int, source: str) -> tuple[StreetNetwork, SourceReport]:
    """Return the street network of ``raw`` and the report on what was left out.

    Parameters
    ----------
    raw : RawStreets
        What a reader found.
    dropped_ways : int
        How many ``highway`` ways the reader left out because nobody may use them.
    source : str
        File or place name, for messages.

    Raises
    ------
    RoutingDataError
        ``no_streets`` where no vehicle finds a street.
    """
    if not raw.rules:
        raise no_streets(source)
    pieces = cut_ways(raw)
    if not len(pieces.start):
        raise no_streets(source)
    kept_node = _mainland(pieces)
    kept_piece = kept_node[pieces.start]
    arcs = _arcs_of(pieces, kept_node)
    turns = resolve_turns(raw, pieces, _arc_index(pieces, arcs), arcs.tail, arcs.head)
    apart = len(raw.rules) - len(np.unique(pieces.way[kept_piece]))
    street_hours = tuple(sorted({one.hours for rule in raw.rules for one in (rule.forward, rule.backward)} - {""}))
    network = _assemble(raw, pieces, kept_node, arcs, turns, street_hours)
    return network, replace(_report(raw, pieces, dropped_ways, apart), street_hours=street_hours)


def no_streets(source: str) -> RoutingDataError:
    """Return the error for a source without a single usable street."""
    return RoutingDataError(
        "no_streets",
        "no street that a vehicle may use was found",
        source,
        "check that the extract covers a town and holds ways tagged `highway` with their nodes",
    )


def _mainland(pieces: Pieces) -> NDArray[np.bool_]:
    """Return which nodes lie on a connected part worth keeping: the largest, and all of ten junctions or more."""
    count = len(pieces.node_ref)
    passable = (pieces.forward_access | pieces.backward_access) > 0
    start, end = pieces.start[passable], pieces.end[passable]
    links = coo_array((np.ones(len(start)), (start, end)), shape=(count, count))
    _, part = connected_components(links, directed=False)
    size = np.bincount(part)
    worth = size >= min(ISLAND_JUNCTIONS, int(size.max()))
    return np.asarray(worth[part])


def _arcs_of(pieces: Pieces, kept_node: NDArray[np.bool_]) -> _Arcs:
    kept = kept_node[pieces.start]
    forward = np.flatnonzero(kept & (pieces.forward_access > 0))
    backward = np.flatnonzero(kept & (pieces.backward_access > 0))
    index = np.cumsum(kept_node) - 1
    tail = index[np.concatenate([pieces.start[forward], pieces.end[backward]])]
    head = index[np.concatenate([pieces.end[forward], pieces.start[backward]])]
    order = np.lexsort((head, tail))
    reverse = np.repeat([False, True], [len(forward), len(backward)])
    piece = np.concatenate([forward, backward])
    return _Arcs(piece[order], reverse[order], tail[order], head[order])


def _arc_index(pieces: Pieces, arcs: _Arcs) -> NDArray[np.int64]:
    """Return ``[direction, piece]`` -> arc, -1 where there is none."""
    index = np.full((2, len(pieces.start)), -1, dtype=np.int64)
    index[arcs.reverse.astype(np.int64), arcs.piece] = np.arange(len(arcs.piece))
    return index


def _assemble(
    raw: RawStreets, pieces: Pieces, kept_node: NDArray[np.bool_], arcs: _Arcs, turns: TurnArcs, hours: tuple[str, ...]
) -> StreetNetwork:
    piece, reverse = arcs.piece, arcs.reverse
    way, direction = pieces.way[piece], reverse.astype(np.int64)
    node_ref = pieces.node_ref[kept_node]
    cruise_kmh = _per_direction(raw, "cruise_kmh", np.float32)[way, direction]
    minor_ms = minor_stop_ms(raw, node_ref, arcs.tail, arcs.head, cruise_kmh)
    shape_ptr, at = _shapes(pieces, arcs)
    return StreetNetwork(
        node_lat=pieces.node_lat[kept_node],
        node_lon=pieces.node_lon[kept_node],
        node_id=node_ref,
        tail=arcs.tail.astype(np.int32),
        head=arcs.head.astype(np.int32),
        length_dm=pieces.length_dm[piece],
        speed_kmh=_per_direction(raw, "limit_kmh", np.uint8)[way, direction],
        cruise_kmh=cruise_kmh,
        obstacle_ms=(obstacle_ms(raw, pieces)[direction, piece] + minor_ms).astype(np.int32),
        road_class=np.array([rule.road_class for rule in raw.rules], dtype=np.uint8)[way],
        roundabout=np.array([rule.roundabout for rule in raw.rules], dtype=np.bool_)[way],
        access=np.where(reverse, pieces.backward_access[piece], pieces.forward_access[piece]),
        arc_hours=_hours_index(raw, hours)[way, direction],
        way_id=np.array(raw.way_id, dtype=np.int64)[way],
        shape_ptr=shape_ptr,
        shape_lat=pieces.lat[at],
        shape_lon=pieces.lon[at],
        shape_node_id=np.maximum(0, pieces.ref[at]),  # a graph's points have made-up ids below zero
        restriction_ptr=turns.ptr,
        restriction_arcs=turns.arcs,
        restriction_only=turns.only,
        restriction_except=turns.exempt,
    )


def _per_direction(raw: RawStreets, field: str, dtype: type[np.generic]) -> NDArray[Any]:
    """Return a field of every way's two directions, ``[way, direction]``."""
    return np.array([(getattr(rule.forward, field), getattr(rule.backward, field)) for rule in raw.rules], dtype)


def _hours_index(raw: RawStreets, hours: tuple[str, ...]) -> NDArray[np.int16]:
    index = {text: at for at, text in enumerate(("", *hours), start=-1)}
    return np.array([(index[rule.forward.hours], index[rule.backward.hours]) for rule in raw.rules], dtype=np.int16)


def _shapes(pieces: Pieces, arcs: _Arcs) -> tuple[NDArray[np.int32], Ints]:
    """Return ``shape_ptr`` and the point positions of all inner points, each arc's in its own direction."""
    first, last = pieces.first[arcs.piece], pieces.last[arcs.piece]
    inner = np.maximum(0, last - first - 1)
    ptr = np.concatenate([[0], np.cumsum(inner)])
    nth = np.arange(ptr[-1]) - np.repeat(ptr[:-1], inner)
    step = np.where(arcs.reverse, -1, 1)
    at = np.repeat(np.where(arcs.reverse, last, first), inner) + np.repeat(step, inner) * (nth + 1)
    return ptr.astype(np.int32), at


def _report(raw: RawStreets, pieces: Pieces, dropped_ways: int, apart: int) -> SourceReport:
    warnings = list(raw.warnings)
    if apart:
        warnings.append(f"{apart} ways lie on islands of fewer than {ISLAND_JUNCTIONS} junctions and are left out")
    if pieces.junction_barriers:
        warnings.append(
            f"{pieces.junction_barriers} barriers stand on a junction of three or more streets; "
            "which one they close is unknown, so they close none"
        )
    timed = sum(rule.ignores_hours for rule in raw.rules)
    if timed:
        warnings.append(
            f"{timed} ways carry timed rules (`...:conditional`) that no clock can tell, or not the same for all motor "
            "vehicles; these rules are ignored: what holds at all other times holds always"
        )
    for reason, count in sorted(raw.ignored_turns.items()):
        warnings.append(f"{count} turn restrictions ignored: {reason}")
    return SourceReport(dropped_ways + apart, raw.ignored_turns.total(), tuple(warnings))
