"""Which junctions a vehicle category can reach from anywhere and leave to anywhere, at any hour."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from data.model.streets import ACCESS_BIT, StreetNetwork
from data.model.vehicle import Category


def largest_core(streets: StreetNetwork, category: Category) -> NDArray[np.bool_]:
    """Return, per junction, whether it lies in the largest strongly connected part always open to ``category``."""
    open_arc = (streets.access & ACCESS_BIT[category]) > 0
    if category is not Category.CARGO_BIKE:
        open_arc &= streets.arc_hours < 0
    arcs = (np.ones(int(open_arc.sum())), (streets.tail[open_arc], streets.head[open_arc]))
    _, label = connected_components(
        coo_array(arcs, shape=(streets.nodes, streets.nodes)), directed=True, connection="strong"
    )
    core: NDArray[np.bool_] = label == np.bincount(label, minlength=1).argmax()
    return core
