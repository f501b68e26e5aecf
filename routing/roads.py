"""One profile's streets, customized, and points on them: what tables and legs are found on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from data.model.vehicle import Category
from routing.doors import Doors, DoorSeeds, Links, direct, doors, links, open_links, ranges, source_seeds, target_seeds
from routing.ground import Ground
from routing.matrix.arrays import F64, I32, own_i32
from routing.matrix.cost import INF
from routing.matrix.customize import Metric, customize
from routing.matrix.sweep import Seeds
from routing.matrix.table import many_to_many
from routing.snap import Snapped, snap
from routing.streets import standing_ms


@dataclass(frozen=True, eq=False)
class Roads:
    """The streets as one profile finds them.

    Attributes
    ----------
    ground : Ground
    category : Category
    weights_ms : int32 [m]
        Along each arc, :data:`~routing.matrix.cost.INF` where it is closed.
    turn_ms : int32 [t]
        Of each turn.
    metric : Metric
    """

    ground: Ground
    category: Category
    weights_ms: I32
    turn_ms: I32
    metric: Metric


class Located(NamedTuple):
    """L points on the roads of one profile: how they enter and leave the turn graph."""

    snapped: Snapped
    doors: Doors
    sources: DoorSeeds
    targets: DoorSeeds
    links: Links


def roads_of(ground: Ground, category: Category, weights_ms: I32 | None = None) -> Roads:
    """Return the customized roads of a category, at free flow with nothing closed where no weights [m] are given."""
    open_streets = ground.open_to(category)
    weights = open_streets.weights_ms if weights_ms is None else weights_ms
    arc = ground.turns.arc[ground.turns.tail]
    closed = (
        (open_streets.turn_ms >= INF) | (weights[arc] >= INF) | (weights[ground.turns.arc[ground.turns.head]] >= INF)
    )
    time_ms = np.where(closed, np.int32(INF), weights[arc] + open_streets.turn_ms)
    metric = customize(ground.topology, ground.edge, time_ms, ground.streets.length_dm[arc])
    return Roads(ground, category, weights, open_streets.turn_ms, metric)


def snap_to(ground: Ground, category: Category, lat: F64, lon: F64) -> Snapped:
    """Return the points on the category's streets, whatever is closed at the time; see :func:`routing.snap.snap`."""
    return snap(ground.streets, ground.shapes, ground.index, ground.open_to(category).usable, lat, lon)


def locate_on(roads: Roads, snapped: Snapped, lat: F64, lon: F64) -> Located:
    """Return snapped points on the roads; ``lat`` and ``lon`` are theirs before they were snapped."""
    ground = roads.ground
    closed = roads.weights_ms >= INF
    lost_ms = standing_ms(ground.streets, roads.category)
    found = doors(ground.streets, ground.shapes, snapped, roads.weights_ms, lost_ms)
    return Located(
        snapped,
        found,
        source_seeds(ground.turns, roads.turn_ms, found, closed),
        target_seeds(ground.turns, found, closed),
        open_links(links(found, lat, lon), closed),
    )


def fill_table(
    roads: Roads,
    points: Located,
    duration_s: I32,
    distance_m: I32 | None,
    rows: NDArray[np.intp] | None = None,
    columns: NDArray[np.intp] | None = None,
) -> None:
    """Fill the table from points ``rows`` to points ``columns`` (distinct; all where not given).

    Parameters
    ----------
    duration_s, distance_m : int32 [rows, columns]
        Outputs, rounded half up; :data:`~routing.matrix.cost.INF` in both where there is no way. Without
        ``distance_m`` durations alone are found, in about two thirds of the time.
    """
    count = len(points.snapped.arc)
    sources = points.sources.seeds if rows is None else _taken(points.sources.seeds, rows)
    targets = points.targets.seeds if columns is None else _taken(points.targets.seeds, columns)
    pairs = points.links
    if rows is not None or columns is not None:
        pairs = _links_between(pairs, count, rows, columns)
    width = count if columns is None else len(columns)
    many_to_many(roads.metric, sources, targets, direct(pairs, width), duration_s, distance_m, rounded=True)


def _taken(seeds: Seeds, points: NDArray[np.intp]) -> Seeds:
    """Return the seeds of some points only."""
    row, index = ranges(seeds.ptr[points], seeds.ptr[points + 1])
    ptr = np.searchsorted(row, np.arange(len(points) + 1))
    return Seeds(own_i32(ptr), own_i32(seeds.node[index]), seeds.cost[index])


def _links_between(pairs: Links, points: int, rows: NDArray[np.intp] | None, columns: NDArray[np.intp] | None) -> Links:
    """Return the links from some points to some, numbered by row and column."""
    row_of, column_of = _numbers(points, rows), _numbers(points, columns)
    source, target = row_of[pairs.source], column_of[pairs.target]
    kept = np.flatnonzero((source >= 0) & (target >= 0))
    kept = kept[np.argsort(target[kept], kind="stable")]
    return Links(own_i32(source[kept]), own_i32(target[kept]), pairs.arc[kept], pairs.cost[kept])


def _numbers(points: int, chosen: NDArray[np.intp] | None) -> I32:
    """Return the place of each point among the chosen ones, -1 where it is not."""
    if chosen is None:
        return np.arange(points, dtype=np.int32)
    number = np.full(points, -1, dtype=np.int32)
    number[chosen] = np.arange(len(chosen), dtype=np.int32)
    return number
