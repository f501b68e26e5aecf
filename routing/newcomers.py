"""Travel between the points of a table and new ones, both ways, in milliseconds: what a quote for a new order needs.

What lies above the known points is swept once, when the table is opened; new points are then lanes of one vector. The
way *to* a new point is found from it, on the hierarchy turned round: its upward and downward edges change places.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from data.model.vehicle import Category
from routing.doors import Links, direct, links, open_links
from routing.matrix.arrays import F64, I32, own_f64, own_i32
from routing.matrix.cost import INF, INF_COST
from routing.matrix.customize import Kept
from routing.matrix.reach import nothing_reached
from routing.matrix.sweep import LANES, Edges, Seeds, Sweep, spread, sweep_of
from routing.matrix.write import write_costs
from routing.roads import Located, Roads, locate_on, snap_to
from routing.snap import Snapped
from routing.travel import TravelTimes


class Reach(NamedTuple):
    """Seconds and metres between K new points and the L known ones, per profile, as the tables would hold them.

    Attributes
    ----------
    out_s, out_m : int32 [P, K, L]
        From the new points.
    in_s, in_m : int32 [P, K, L]
        To the new points.
    """

    out_s: I32
    out_m: I32
    in_s: I32
    in_m: I32


class _Side(NamedTuple):
    """One direction of one profile: the edges up from new points, and all that lies above the known ones."""

    up: Edges
    sweep: Sweep


class Newcomers:
    """Finds what new points add to a table.

    Parameters
    ----------
    travel : TravelTimes
        With the streets behind it.
    """

    def __init__(self, travel: TravelTimes) -> None:
        self.finder = travel.streets()
        self.known = len(travel.snap_m)
        self._sides = [_sides(*pair) for pair in zip(self.finder.roads, self.finder.points, strict=True)]
        self._reached = nothing_reached(len(self.finder.roads[0].metric.topology.rank))

    def reach(self, lat: F64, lon: F64) -> Reach:
        """Return the travel between the known points and K <= 128 new ones.

        Raises
        ------
        RoutingDataError
            ``far_from_streets``, ``not_a_coordinate``: ``where`` is the point's number.
        """
        lat, lon = own_f64(lat), own_f64(lon)
        assert len(lat) <= LANES, "one batch of lanes"
        shape = (len(self._sides), len(lat), self.known)
        found = Reach(*(np.full(shape, INF, dtype=np.int32) for _ in Reach._fields))
        snapped: dict[Category, Snapped] = {}
        for p, roads in enumerate(self.finder.roads):
            if roads.category not in snapped:
                snapped[roads.category] = snap_to(roads.ground, roads.category, lat, lon)
            new = locate_on(roads, snapped[roads.category], lat, lon)
            pairs = self._links(p, roads, new, lat, lon)
            away, here = self._sides[p]
            self._spread(
                away, new.sources.seeds, roads, _between(pairs, self.known, out=True), found.out_s[p], found.out_m[p]
            )
            self._spread(
                here, new.targets.seeds, roads, _between(pairs, self.known, out=False), found.in_s[p], found.in_m[p]
            )
        return found

    def _links(self, p: int, roads: Roads, new: Located, lat: F64, lon: F64) -> Links:
        """Return the pairs of known and new points that share a street."""
        known = self.finder.points[p]
        both = type(new.doors)(*(np.concatenate(pair) for pair in zip(known.doors, new.doors, strict=True)))
        every_lat, every_lon = np.concatenate([self.finder.lat, lat]), np.concatenate([self.finder.lon, lon])
        return open_links(links(both, every_lat, every_lon), roads.weights_ms >= INF)

    def _spread(self, side: _Side, seeds: Seeds, roads: Roads, ways: Seeds, time_s: I32, metres: I32) -> None:
        enter = seeds._replace(node=roads.metric.topology.rank[seeds.node])
        near = np.empty((side.sweep.rows, LANES), dtype=np.int64)
        best = np.empty((self.known, LANES), dtype=np.int64)
        batch = np.arange(len(time_s), dtype=np.int32)
        spread(side.up, side.sweep, enter, np.int64(INF_COST), batch, self._reached, near, best)
        write_costs(best, batch, ways, time_s, metres, True)


def _sides(roads: Roads, points: Located) -> tuple[_Side, _Side]:
    """Return how new points reach the known ones, and how they are reached from them."""
    rank = roads.metric.topology.rank
    up, down = _edges(roads.metric.up), _edges(roads.metric.down)
    targets, sources = (seeds._replace(node=rank[seeds.node]) for seeds in (points.targets.seeds, points.sources.seeds))
    return _Side(up, sweep_of(down, targets)), _Side(down, sweep_of(up, sources))


def _edges(kept: Kept) -> Edges:
    return Edges(kept.ptr, kept.end, kept.cost)


def _between(pairs: Links, known: int, out: bool) -> Seeds:
    """Return the links from new points to known ones (``out``) or back, by known point; ``node`` is the new one."""
    here, there = (pairs.target, pairs.source) if out else (pairs.source, pairs.target)
    kept = np.flatnonzero((here < known) & (there >= known))
    kept = kept[np.argsort(here[kept], kind="stable")]
    ways = Links(own_i32(there[kept] - known), own_i32(here[kept]), pairs.arc[kept], pairs.cost[kept])
    return direct(ways, known)
