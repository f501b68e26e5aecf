"""Compile every kernel of the matrix once, on a graph of four nodes."""

from __future__ import annotations

import numpy as np

from routing.matrix.customize import customize
from routing.matrix.nearest import grid_of, nearest
from routing.matrix.order import arc_order
from routing.matrix.path import shortest_paths
from routing.matrix.sweep import Seeds
from routing.matrix.table import many_to_many, no_direct
from routing.matrix.topology import build_topology, locate


def warm() -> None:
    """Compile the kernels, or load them from the cache; after it no table and no path waits for the compiler."""
    nodes = 4
    tail = np.arange(nodes, dtype=np.int32)
    head = np.roll(tail, 1)
    place = np.arange(nodes, dtype=np.float64)
    topology = build_topology(arc_order(nodes, tail, head, place, place), tail, head)
    metric = customize(topology, locate(topology, tail, head), np.ones_like(tail), np.ones_like(tail))
    everywhere = Seeds(np.arange(nodes + 1, dtype=np.int32), tail, np.zeros(nodes, dtype=np.int64))
    time, distance = np.empty((nodes, nodes), dtype=np.int32), np.empty((nodes, nodes), dtype=np.int32)
    many_to_many(metric, everywhere, everywhere, no_direct(nodes), time, None, rounded=True)
    many_to_many(metric, everywhere, everywhere, no_direct(nodes), time, distance, rounded=True)
    shortest_paths(metric, everywhere, everywhere, tail, head)
    grid = grid_of(np.array([0, 2], dtype=np.int32), place[:2], place[:2], np.array([-1], dtype=np.int32))
    nearest(grid, np.ones(1, dtype=np.bool_), place, place, np.inf)
