"""Cut ways into pieces at junctions, and open a gap where a barrier stands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.sources.osm_access import ALL
from data.sources.osm_raw import RawStreets
from data.units import EARTH_RADIUS_M

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Pieces:
    """Undirected pieces of ways between two cut points, in the order of the ways; barrier links come last.

    Attributes
    ----------
    node_ref, node_lat, node_lon : int64, float64, float64 [n]
        Cut points: the source's id and degrees. A barrier that somebody can't pass is two nodes at one spot.
    start, end : int64 [s]
        Node indices in the way's direction.
    way : int64 [s]
        Row of the way in the harvest.
    first, last : int64 [s]
        Positions of both ends in ``lat`` and ``lon``; the inner points lie between.
    length_dm : int32 [s]
        At least 1.
    forward_access, backward_access : uint8 [s]
    ref, lat, lon, along_m : int64, float64, float64, float64 [points]
        All points of all ways, and metres along them, which only differences within a way make sense of.
    junction_barriers : int
        Barriers that stand on a junction; which of its streets they close is unknown, so they close none.
    """

    node_ref: Ints
    node_lat: Floats
    node_lon: Floats
    start: Ints
    end: Ints
    way: Ints
    first: Ints
    last: Ints
    length_dm: NDArray[np.int32]
    forward_access: NDArray[np.uint8]
    backward_access: NDArray[np.uint8]
    ref: Ints
    lat: Floats
    lon: Floats
    along_m: Floats
    junction_barriers: int


def cut_ways(raw: RawStreets) -> Pieces:
    """Return the pieces of ``raw``'s ways between junctions, way ends and barriers; no piece is a loop."""
    way_of, ref, lat, lon = _points(raw)
    node_ref, seen_at, node = np.unique(ref, return_index=True, return_inverse=True)
    blocked = _blocked(raw, node_ref)
    first, last = _cut_positions(way_of, node, blocked)
    way = way_of[first]
    ends = np.concatenate([node[first], node[last]])
    doubled, moved, junction_barriers = _open_gaps(ends, blocked)
    # From here on a doubled barrier's second end is a node of its own.
    copies = len(node_ref) + np.arange(len(doubled))
    ends[moved] = copies
    seen_at = np.concatenate([seen_at, seen_at[doubled]])
    passing = (ALL & ~blocked[doubled]).astype(np.uint8)
    moved_piece = moved % len(first)
    spot = np.where(moved < len(first), first[moved_piece], last[moved_piece])
    access = np.array([(one.forward.access, one.backward.access) for one in raw.rules], dtype=np.uint8)
    along_m = np.concatenate([[0.0], np.cumsum(step_lengths_m(lat, lon))])
    length_dm = np.rint((along_m[last] - along_m[first]) * 10)
    return Pieces(
        node_ref=np.concatenate([node_ref, node_ref[doubled]]),
        node_lat=lat[seen_at],
        node_lon=lon[seen_at],
        start=np.concatenate([ends[: len(first)], doubled]),
        end=np.concatenate([ends[len(first) :], copies]),
        way=np.concatenate([way, way[moved_piece]]),
        first=np.concatenate([first, spot]),
        last=np.concatenate([last, spot]),
        length_dm=np.maximum(1, np.concatenate([length_dm, np.zeros(len(doubled))])).astype(np.int32),
        forward_access=np.concatenate([access[way, 0], passing]),
        backward_access=np.concatenate([access[way, 1], passing]),
        ref=ref,
        lat=lat,
        lon=lon,
        along_m=along_m,
        junction_barriers=junction_barriers,
    )


def step_lengths_m(lat: Floats, lon: Floats) -> Floats:
    """Return great-circle metres from each point to the next (haversine), degrees in, one value less out."""
    phi, lam = np.radians(lat), np.radians(lon)
    chord = np.sin(np.diff(phi) / 2) ** 2 + np.cos(phi[:-1]) * np.cos(phi[1:]) * np.sin(np.diff(lam) / 2) ** 2
    return np.asarray(2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.minimum(1.0, chord))))


def _points(raw: RawStreets) -> tuple[Ints, Ints, Floats, Floats]:
    """Return way row, node id, lat, lon of every point, without a node that follows itself."""
    way_of = np.repeat(np.arange(len(raw.way_points)), np.array(raw.way_points, dtype=np.int64))
    ref = np.array(raw.ref, dtype=np.int64)
    kept = np.ones(len(ref), dtype=bool)
    kept[1:] = (ref[1:] != ref[:-1]) | (way_of[1:] != way_of[:-1])
    return way_of[kept], ref[kept], np.array(raw.lat)[kept], np.array(raw.lon)[kept]


def _blocked(raw: RawStreets, node_ref: Ints) -> NDArray[np.uint8]:
    """Return per node, sorted by id, whom a barrier blocks there."""
    blocked = np.zeros(len(node_ref), dtype=np.uint8)
    barriers = np.fromiter(raw.barriers.keys(), np.int64, len(raw.barriers))
    whom = np.fromiter(raw.barriers.values(), np.uint8, len(raw.barriers))
    at = np.minimum(np.searchsorted(node_ref, barriers), len(node_ref) - 1)
    on_street = node_ref[at] == barriers
    blocked[at[on_street]] = whom[on_street]
    return blocked


def _cut_positions(way_of: Ints, node: Ints, blocked: NDArray[np.uint8]) -> tuple[Ints, Ints]:
    """Return the first and last position of every piece."""
    cut = (np.bincount(node)[node] > 1) | (blocked[node] > 0)
    new_way = way_of[1:] != way_of[:-1]
    cut[1:] |= new_way
    cut[:-1] |= new_way
    cut[[0, -1]] = True
    first, last = _neighbours(cut, way_of)
    loops = node[first] == node[last]
    cut[(first[loops] + last[loops]) // 2] = True
    return _neighbours(cut, way_of)


def _neighbours(cut: NDArray[np.bool_], way_of: Ints) -> tuple[Ints, Ints]:
    at = np.flatnonzero(cut)
    same = way_of[at[1:]] == way_of[at[:-1]]
    return at[:-1][same], at[1:][same]


def _open_gaps(ends: Ints, blocked: NDArray[np.uint8]) -> tuple[Ints, Ints, int]:
    """Return the barrier nodes to double, which entry of ``ends`` moves to the double, and barriers on junctions.

    A barrier between two pieces separates them. On a junction of three or more it is a mapping error (OSM wiki,
    Key:barrier) and closes nothing, as in GraphHopper.
    """
    degree = np.bincount(ends, minlength=len(blocked))
    doubled = np.flatnonzero((blocked > 0) & (degree == 2))
    at_double = np.flatnonzero(np.isin(ends, doubled))
    moved = at_double[np.argsort(ends[at_double], kind="stable")][1::2]
    return doubled, moved, int(np.count_nonzero((blocked > 0) & (degree > 2)))
