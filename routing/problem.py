"""The flat-array problem: the only bridge between the model and the kernels.

Sizes: N orders, K options (an order's options are contiguous), V vehicles, L locations, C access classes,
P travel profiles, D load dimensions, Q shared resources (boxes, relay caps). Times are seconds on the day axis
(since the local midnight of the planned day), costs are in :data:`COST_PER_CENT` units so that metres and seconds
priced per kilometre and per hour stay integers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

COST_PER_CENT = 3_600_000
"""Cost units in one cent: a metre costs ``per_km_cents * 3600``, a second ``per_hour_cents * 1000``."""

INF_TRAVEL_S = 10**9
"""What a table holds for an unreachable pair; never added to anything by a kernel."""

FAR_FUTURE_S = 10**9
NO_LOCATION = -1

LATER_TRIPS, FIRST_TRIP = 2, 3
"""Values of ``Tables.allowed`` besides 0 and 1: only after the vehicle was loaded again, or only before."""
EVEN_UNIT = 18
"""A cent per squared hour is ``5 / EVEN_UNIT`` of a cost unit per squared second."""
SPREAD_UNIT = 5
"""A cent per squared kilometre is ``18 / SPREAD_UNIT`` of a cost unit per squared metre."""

I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
U8 = NDArray[np.uint8]


class Extras(NamedTuple):
    """Rules that few problems have, all or none of them: kernels are compiled once with and once without.

    Kernels hand it on as an argument of its own; where that is None, Numba leaves out what never runs.

    A service of order i that starts after ``late[i, 0]`` costs ``late[i, 1]`` a second. Orders ``reload_ptr[v]`` to
    ``reload_ptr[v + 1] - 1``, behind all others, stand for vehicle v being loaded again at its hub: as many as it may
    be, ``allowed`` nowhere, since only what knows of trips puts them on a tour; for other orders ``allowed`` may then
    be :data:`LATER_TRIPS` or :data:`FIRST_TRIP`. ``even_price`` is what the squared seconds of driving and serving of
    a tour cost, in :data:`EVEN_UNIT` parts of a cost unit, ``spread_price`` what the squared metres between the points
    ``spot_m`` of its orders and their centre cost, in :data:`SPREAD_UNIT` parts. A tour of vehicle v drives for
    ``most[v, 0]`` seconds and ``most[v, 1]`` metres at most, a leg being ``length_m`` long; both None where no vehicle
    has such a limit.
    """

    late: I64  # [N, 2]
    reload_ptr: I64  # [V + 1]
    even_price: int
    spread_price: int
    spot_m: I64  # [L, 2] east, north
    most: I64 | None = None  # [V, 2]
    length_m: I32 | None = None  # [P, L, L]


class Tables(NamedTuple):
    """Constant inputs of every kernel; all arrays C-contiguous.

    Windows of option k for class c are ``pool[win_first[c, k]:win_last[c, k]]``, sorted; a service may start from
    ``win_open`` to ``win_close`` if the vehicle arrives at ``win_arrive`` or later (a vehicle may not wait inside a
    zone while that is closed to it). The slices of class c are ``slice_ptr[c]`` to ``slice_ptr[c + 1] - 1``, see
    :class:`routing.slices.Slices`. ``closed_loc[p, l]`` says that location l lies in a zone closed in profile p.
    ``partner[i]`` is the other half of order i where its parcels are collected on the way, else -1: the hand-over has
    the lower number, its collection (``pickup`` above, there below 0; no penalty of its own) is earlier on its tour.
    ``kinds[i, g]`` says that order i is of kind g, ``apart[g, h]`` (symmetric) that kinds g and h may not be on one
    tour; only kinds that must be kept apart from some other are listed.
    Break b need not be taken on a tour that is over by ``brk_due[b]``; those after the start may lie before the
    departure, from ``veh_open_s`` on.
    ``veh_end[v]`` is :data:`NO_LOCATION` for a tour that may end anywhere. ``load`` goes out from the hub,
    ``pickup`` comes back to it. ``veh_cost[v]`` holds fixed, per metre and per second, in cost units.

    ``extras`` are rules that few problems have; None where a problem has none of them.
    """

    duration_s: I32  # [P, L, L]
    distance_m: I32  # [P, L, L]
    slice_ptr: I64  # [C + 1]
    slice_end_s: I64
    slice_profile: I64
    slice_safe: I64
    slice_stretch: I64
    closed_loc: U8  # [P, L]
    opt_ptr: I64  # [N + 1]
    opt_order: I64  # [K]
    opt_loc: I64  # [K]
    opt_service_s: I64  # [K]
    opt_setup_s: I64  # [K]
    opt_cost: I64  # [K]
    win_first: I64  # [C, K]
    win_last: I64  # [C, K]
    win_open: I64
    win_close: I64
    win_arrive: I64
    res_ptr: I64  # [K + 1]
    res_row: I64
    res_amount: I64
    res_cap: I64  # [Q]
    load: I64  # [N, D]
    pickup: I64  # [N, D]
    penalty: I64  # [N]
    release_s: I64  # [N]
    partner: I64  # [N]
    kinds: U8  # [N, G]
    apart: U8  # [G, G]
    veh_class: I64  # [V]
    veh_start: I64  # [V]
    veh_end: I64  # [V]
    veh_open_s: I64  # [V]
    veh_close_s: I64  # [V]
    veh_cap: I64  # [V, D]
    veh_cost: I64  # [V, 3]
    brk_ptr: I64  # [V + 1]
    brk_open: I64
    brk_close: I64
    brk_duration: I64
    brk_due: I64
    allowed: U8  # [V, N]
    extras: Extras | None = None


@dataclass(frozen=True)
class Problem:
    """Tables plus the names behind their indices.

    Attributes
    ----------
    epoch_at : aware datetime
        Zero of the day axis.
    location_names : list of str
        For messages: hub id, place id or vehicle position.
    """

    tables: Tables
    epoch_at: datetime
    order_ids: tuple[str, ...]
    vehicle_ids: tuple[str, ...]
    location_names: tuple[str, ...]

    @property
    def orders(self) -> int:
        """Number of orders N."""
        return len(self.order_ids)

    @property
    def vehicles(self) -> int:
        """Number of vehicles V."""
        return len(self.vehicle_ids)


def no_extras(tables: Tables) -> Extras:
    """Return extras that ask for nothing."""
    rows = len(tables.release_s)
    late = np.zeros((rows, 2), dtype=np.int64)
    late[:, 0] = FAR_FUTURE_S
    return Extras(
        late=late,
        reload_ptr=np.full(len(tables.veh_class) + 1, rows, dtype=np.int64),
        even_price=0,
        spread_price=0,
        spot_m=np.zeros((tables.duration_s.shape[1], 2), dtype=np.int64),
    )
