"""The state of a search: linked tours with their timing and loads. What other rooms do with tours goes through here.

Node numbers: ``0..N-1`` orders, ``N + 2v`` the start and ``N + 2v + 1`` the end of vehicle v. Everything a look at a
node needs is one record, a cache line long. The kernels are in :mod:`routing.solver.links` and
:mod:`routing.solver.schedule`; the functions here take a problem's tables.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from routing.problem import NO_LOCATION, Tables
from routing.solver import links, reloads, schedule
from routing.solver.rules import Records, collects, rules_of

I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
UNASSIGNED = -1

NODE = np.dtype(
    [
        ("succ", np.int32),
        ("pred", np.int32),
        ("vehicle", np.int32),
        ("option", np.int32),
        ("place", np.int32),
        ("start_s", np.int32),
        ("end_s", np.int32),
        ("latest_s", np.int32),  # the latest its service (breaks not counted) may end for the rest to stay feasible
        ("profile", np.int32),  # of the leg into the node, as the next two
        ("depart_s", np.int32),
        ("travel_s", np.int32),
        ("first_break", np.int32),  # the next break to take right after it
        ("breaks", np.int16),  # how many are taken right after it
        ("shut", np.int16),  # it lies in a sealed head: nothing may come right after it
        ("marked", np.int32),  # when it was last logged
        ("leg", np.int64),  # cost of driving there
    ]
)
TOUR = np.dtype(
    [
        ("stops", np.int32),
        ("sealed", np.int32),
        ("frozen_s", np.int32),
        ("marked", np.int32),
        ("points", np.int32),  # where its orders are, as the next three: sums, where compactness has a price
        ("east", np.int64),
        ("north", np.int64),
        ("squares", np.int64),
        ("work_s", np.int64),  # driving and serving
        ("drive_s", np.int64),  # driving, as the next where that has a limit
        ("drive_m", np.int64),
        ("running", np.int64),  # cost of its legs, services, options and lateness
        ("cost", np.int64),  # what it counts in the total
    ]
)


class Tours(NamedTuple):
    """Mutable state; M = N + 2V nodes, D load dimensions; what was before the last mark, and where it may be undone.

    ``sealed`` nodes at the head of a tour may neither move nor let anything in between; ``frozen_s`` is a departure
    that may not move, or -1. ``boards[i, 0]`` is the largest load from the start up to and including i,
    ``boards[i, 1]`` the largest from right after i to the end, both of i's trip; it has no rows where nothing is
    collected and no vehicle loaded again.
    """

    nodes: Records  # NODE [M]
    boards: I64  # [M, 2, D]
    fleet: Records  # TOUR [V]
    aboard: I64  # [V, D] what a tour takes out from the hub
    carried: I64  # [V, G] orders of each kind
    used: I64  # [Q]
    tally: I64  # by the slots below
    logged: I32  # which nodes the log holds
    node_was: Records  # NODE [M]
    board_was: I64
    tour_logged: I32
    tour_was: Records  # TOUR [V]

    @property
    def orders(self) -> int:
        """Number of orders."""
        return len(self.nodes) - 2 * len(self.fleet)

    @property
    def succ(self) -> I32:
        """[M] the node after each."""
        return self._column("succ")

    @property
    def pred(self) -> I32:
        """[M] the node before each."""
        return self._column("pred")

    @property
    def vehicle(self) -> I32:
        """[N] who serves each order, or -1."""
        return self._column("vehicle")[: self.orders]

    @property
    def option(self) -> I32:
        """[N] the option by which each order is served, or -1."""
        return self._column("option")[: self.orders]

    @property
    def location(self) -> I32:
        """[M] place."""
        return self._column("place")

    @property
    def start_s(self) -> I32:
        """[M] begin of service."""
        return self._column("start_s")

    @property
    def end_s(self) -> I32:
        """[M] end of service; at a start, the departure."""
        return self._column("end_s")

    @property
    def latest_end_s(self) -> I32:
        """[M] the latest the service, its breaks not counted, may end so that the rest of the tour stays feasible."""
        return self._column("latest_s")

    @property
    def leg_profile(self) -> I32:
        """[M] travel profile of the leg into each node, or -1."""
        return self._column("profile")

    @property
    def depart_s(self) -> I32:
        """[M] when the leg into each node begins."""
        return self._column("depart_s")

    @property
    def travel_s(self) -> I32:
        """[M] how long it takes."""
        return self._column("travel_s")

    @property
    def breaks_after(self) -> I32:
        """[M] breaks taken right after each node."""
        return self._column("breaks")

    @property
    def break_index(self) -> I32:
        """[M] the next break to take there."""
        return self._column("first_break")

    @property
    def size(self) -> I32:
        """[V] orders on each tour."""
        return self._row("stops")

    @property
    def sealed(self) -> I32:
        """[V] nodes in its sealed head."""
        return self._row("sealed")

    @property
    def frozen_start_s(self) -> I32:
        """[V] departure that may not move, or -1."""
        return self._row("frozen_s")

    def _column(self, name: str) -> I32:
        column: I32 = self.nodes[name]
        return column

    def _row(self, name: str) -> I32:
        row: I32 = self.fleet[name]
        return row


def empty_tours(tables: Tables) -> Tours:
    """Return the state in which no order is served."""
    orders, vehicles, dims = len(tables.release_s), len(tables.veh_class), tables.load.shape[1]
    count = orders + 2 * vehicles
    boards = np.zeros((count if collects(tables) else 0, 2, dims), dtype=np.int64)
    nodes, fleet = np.zeros(count, dtype=NODE), np.zeros(vehicles, dtype=TOUR)
    for name in ("succ", "pred", "vehicle", "option", "profile", "marked"):
        nodes[name] = -1
    nodes["place"] = NO_LOCATION
    fleet["frozen_s"] = fleet["marked"] = -1
    tours = Tours(
        nodes=nodes,
        boards=boards,
        fleet=fleet,
        aboard=np.zeros((vehicles, dims), dtype=np.int64),
        carried=np.zeros((vehicles, tables.apart.shape[0]), dtype=np.int64),
        used=np.zeros(len(tables.res_cap), dtype=np.int64),
        tally=np.zeros(links.SLOTS, dtype=np.int64),
        logged=np.zeros(count, dtype=np.int32),
        node_was=nodes.copy(),
        board_was=boards.copy(),
        tour_logged=np.zeros(vehicles, dtype=np.int32),
        tour_was=fleet.copy(),
    )
    schedule.open_tours(rules_of(tables), tours)
    return tours


def copy_tours(tours: Tours) -> Tours:
    """Return an independent copy."""
    return Tours._make(field.copy() for field in tours)


def schedule_tour(tables: Tables, tours: Tours, vehicle: int) -> bool:
    """Time one tour anew, exactly; return whether it is feasible (its numbers are only valid if so)."""
    return bool(schedule.schedule_tour(rules_of(tables), tours, vehicle))


def forward(tables: Tables, tours: Tours, vehicle: int, departure: int) -> bool:
    """Set start, end, leg and break index of every node for a departure; return False where a rule breaks."""
    start = tours.orders + 2 * vehicle
    return bool(schedule.forward(rules_of(tables), tours, vehicle, departure, start, start + 1))


def backward(tables: Tables, tours: Tours, vehicle: int, close_s: int) -> bool:
    """Set ``latest_end_s`` of every node so that the tour is over by ``close_s``; return whether it can be."""
    start = tours.orders + 2 * vehicle
    return bool(schedule.backward(rules_of(tables), tours, vehicle, close_s, start + 1, start))


def drop_idle_reloads(tables: Tables, tours: Tours, vehicle: int) -> None:
    """Take off each loading of a vehicle that has come to no use, and time the tour anew."""
    if tables.extras is not None:
        reloads.drop_idle_reloads(rules_of(tables), tours, vehicle)
        schedule_tour(tables, tours, vehicle)


def resources_free(tables: Tables, tours: Tours, option: int) -> bool:
    """Return whether the boxes and relay places of an option are still free."""
    takes = slice(tables.res_ptr[option], tables.res_ptr[option + 1])
    rows = tables.res_row[takes]
    return bool((tours.used[rows] + tables.res_amount[takes] <= tables.res_cap[rows]).all())


def tour_cost(tables: Tables, tours: Tours, vehicle: int) -> int:
    """Return what a tour costs, driving and standing included, waiting left out; 0 if it is empty."""
    return int(schedule.tour_cost(rules_of(tables), tours, vehicle))


def total_cost(tables: Tables, tours: Tours) -> int:
    """Return the objective: tours, plus the penalty of every order that no tour serves."""
    return int(schedule.tours_cost(rules_of(tables), tours)) + int(tables.penalty[tours.vehicle < 0].sum())


def merit(tables: Tables, tours: Tours) -> tuple[int, int]:
    """Return what is left out, weighed by promise and priority, then the cost: less is better, in this order.

    An order whose promise another day still keeps weighs little: leaving two of those to save one promise is better.
    """
    return int(tables.penalty[tours.vehicle < 0].sum()), total_cost(tables, tours)
