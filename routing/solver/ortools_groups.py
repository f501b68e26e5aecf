"""What OR-Tools decides on at once: vehicles and orders that have anything to do with each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from routing.problem import Tables
from routing.solver.sequences import tour_nodes
from routing.solver.tours import Tours

MAX_NODES = 2_200
"""More options than that and only chosen ones (and all of the unserved orders') enter the model."""


@dataclass(frozen=True)
class Group:
    """Vehicles and the options of orders that one model decides on."""

    vehicles: list[int]
    options: list[int]


def split_groups(tables: Tables, tours: Tours) -> list[Group]:
    """Return the independent groups, largest first; tours that use hours a zone is open, or have
    several trips, are left as they are."""
    vehicles, orders = tables.allowed.shape
    fixed = [v for v in range(vehicles) if _uses_open_hours(tables, tours, v) or _has_trips(tables, tours, v)]
    held = {node for vehicle in fixed for node in tour_nodes(tables, tours, vehicle)}
    links = csr_array(tables.allowed)
    size = vehicles + orders
    graph = csr_array((links.data, (links.nonzero()[0], links.nonzero()[1] + vehicles)), shape=(size, size))
    _, label = connected_components(graph, directed=False)
    groups = []
    for part in np.unique(label[:vehicles]):
        own = [vehicle for vehicle in np.flatnonzero(label[:vehicles] == part).tolist() if vehicle not in fixed]
        mine = [order for order in np.flatnonzero(label[vehicles:] == part).tolist() if order not in held]
        if own and mine:
            groups.append(Group(own, _options(tables, tours, mine)))
    return sorted(groups, key=lambda group: -len(group.options))


def _options(tables: Tables, tours: Tours, orders: list[int]) -> list[int]:
    every = [option for order in orders for option in range(tables.opt_ptr[order], tables.opt_ptr[order + 1])]
    if len(every) <= MAX_NODES:
        return every
    return [option for option in every if tours.option[tables.opt_order[option]] in (option, -1)]


def _uses_open_hours(tables: Tables, tours: Tours, vehicle: int) -> bool:
    """Return whether a tour drives where a zone is closed to its class at another time of the day."""
    safe = safe_profiles(tables, vehicle)
    end = len(tables.release_s) + 2 * vehicle + 1
    nodes = [*tour_nodes(tables, tours, vehicle), end]
    return any(tours.leg_profile[node] not in (*safe, -1) for node in nodes) and tours.size[vehicle] > 0


def _has_trips(tables: Tables, tours: Tours, vehicle: int) -> bool:
    """Return whether a vehicle is loaded again: the model knows of one loading only."""
    if tables.extras is None:
        return False
    first, last = tables.extras.reload_ptr[vehicle : vehicle + 2]
    return bool((tours.vehicle[first:last] >= 0).any())


def safe_profiles(tables: Tables, vehicle: int) -> NDArray[np.int64]:
    """Return the profiles of the streets that are always open to a vehicle, one per speed of the day."""
    cls = int(tables.veh_class[vehicle])
    return np.unique(tables.slice_safe[tables.slice_ptr[cls] : tables.slice_ptr[cls + 1]])
