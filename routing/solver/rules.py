"""What the kernels of the plan search read: the tables packed into one record per order, option, visit and vehicle.

A look then costs a cache line, and a call hands on some twenty arrays instead of fifty. A rule that a problem does not
use is an empty array: a loop over nothing, or a branch that is always the same.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from data.jit import inner
from routing.problem import INF_TRAVEL_S, Tables

I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
U8 = NDArray[np.uint8]
Records = Any
"""A NumPy array of records; mypy does not know their fields."""

INFEASIBLE = 1 << 62
"""More than any cost."""

ORDER = np.dtype(
    [("first", np.int32), ("last", np.int32), ("partner", np.int32), ("release_s", np.int32), ("penalty", np.int64)]
)
OPTION = np.dtype(
    [
        ("order", np.int32),
        ("place", np.int32),
        ("service_s", np.int32),
        ("setup_s", np.int32),
        ("first", np.int32),  # what it takes of shared resources: takes[first:last]
        ("last", np.int32),
        ("cost", np.int64),
    ]
)
VISIT = np.dtype([("first", np.int32), ("last", np.int32)])
"""Windows of an option for a class: ``windows[first:last]``."""
WINDOW = np.dtype([("opens", np.int32), ("closes", np.int32), ("arrive", np.int32)])
TAKE = np.dtype([("row", np.int32), ("amount", np.int32)])
SLICE = np.dtype(
    [("end_s", np.int32), ("profile", np.int32), ("safe", np.int32), ("stretch", np.int32), ("zoned", np.int32)]
)
"""``zoned``: something is closed to the class at some time of the day."""
VEHICLE = np.dtype(
    [
        ("cls", np.int32),
        ("start", np.int32),
        ("end", np.int32),
        ("opens", np.int32),
        ("closes", np.int32),
        ("waits", np.int32),  # some order is ready only after it opens
        ("kind", np.int32),  # the same as other vehicles of its kind in every respect
        ("fixed", np.int64),
        ("per_m", np.int64),
        ("per_s", np.int64),
    ]
)
LOW = np.dtype([("out_m", np.int32), ("out_s", np.int32), ("in_m", np.int32), ("in_s", np.int32)])
"""The shortest that the leg from one place to another, and back, ever is."""


class Rules(NamedTuple):
    """Constants of a search; sizes as in :class:`routing.problem.Tables`, B kinds of identical vehicles.

    ``late``, ``reload_ptr``, ``prices``, ``spot_m``, ``most`` and ``length_m`` are those of
    :class:`routing.problem.Extras`.
    ``low`` is empty where no bounds were worked out, then nothing is pruned. ``pickup`` is empty where vehicles only
    hand over: the largest load is then that at the start. Vehicles of kind b are
    ``alike[alike_ptr[b]:alike_ptr[b + 1]]``.
    """

    duration_s: I32  # [P, L, L]
    distance_m: I32  # [P, L, L]
    low: Records  # LOW [L, L]
    closed_loc: U8  # [P, L]
    slice_ptr: I64  # [C + 1]
    slices: Records  # SLICE
    orders: Records  # ORDER [N]
    options: Records  # OPTION [K]
    visits: Records  # VISIT [C, K]
    windows: Records  # WINDOW
    takes: Records  # TAKE
    res_cap: I64  # [Q]
    load: I64  # [N, D]
    pickup: I64  # [N, D], or empty
    kinds: U8  # [N, G]
    apart: U8  # [G, G]
    vehicles: Records  # VEHICLE [V]
    veh_cap: I64  # [V, D]
    brk_ptr: I64  # [V + 1]
    brk_open: I64
    brk_close: I64
    brk_duration: I64
    brk_due: I64
    allowed: U8  # [V, N]
    alike_ptr: I64  # [B + 1]
    alike: I64  # [V]
    late: I64  # [N, 2], or empty
    reload_ptr: I64  # [V + 1], or empty
    prices: I64  # [2] of long work and of spread, or empty
    spot_m: I64  # [L, 2], or empty
    most: I64  # [V, 2], or empty
    length_m: I32  # [P, L, L], or empty


def rules_of(tables: Tables, low: Records | None = None) -> Rules:
    """Return the rules of a problem.

    A search gives ``low``, as :func:`lowest_legs` makes it; without it, no two vehicles are looked on as identical.
    """
    vehicles = len(tables.veh_class)
    alike_ptr, alike = (np.arange(vehicles + 1), np.arange(vehicles)) if low is None else _identical(tables)
    return Rules(
        duration_s=tables.duration_s,
        distance_m=tables.distance_m,
        low=np.zeros((0, 0), dtype=LOW) if low is None else low,
        closed_loc=tables.closed_loc,
        slice_ptr=tables.slice_ptr,
        slices=_slices(tables),
        orders=_records(
            ORDER,
            first=tables.opt_ptr[:-1],
            last=tables.opt_ptr[1:],
            partner=tables.partner,
            release_s=tables.release_s,
            penalty=tables.penalty,
        ),
        options=_records(
            OPTION,
            order=tables.opt_order,
            place=tables.opt_loc,
            service_s=tables.opt_service_s,
            setup_s=tables.opt_setup_s,
            first=tables.res_ptr[:-1],
            last=tables.res_ptr[1:],
            cost=tables.opt_cost,
        ),
        visits=_records(VISIT, first=tables.win_first, last=tables.win_last),
        windows=_records(WINDOW, opens=tables.win_open, closes=tables.win_close, arrive=tables.win_arrive),
        takes=_records(TAKE, row=tables.res_row, amount=tables.res_amount),
        res_cap=tables.res_cap,
        load=tables.load,
        pickup=tables.pickup if collects(tables) else tables.pickup[:0],
        kinds=tables.kinds,
        apart=tables.apart,
        vehicles=_records(
            VEHICLE,
            kind=_inverse(alike_ptr, alike),
            cls=tables.veh_class,
            start=tables.veh_start,
            end=tables.veh_end,
            opens=tables.veh_open_s,
            closes=tables.veh_close_s,
            waits=tables.veh_open_s < tables.release_s.max(initial=-INF_TRAVEL_S),
            fixed=tables.veh_cost[:, 0],
            per_m=tables.veh_cost[:, 1],
            per_s=tables.veh_cost[:, 2],
        ),
        veh_cap=tables.veh_cap,
        brk_ptr=tables.brk_ptr,
        brk_open=tables.brk_open,
        brk_close=tables.brk_close,
        brk_duration=tables.brk_duration,
        brk_due=tables.brk_due,
        allowed=tables.allowed,
        alike_ptr=alike_ptr,
        alike=alike,
        **_extras(tables),
    )


def collects(tables: Tables) -> bool:
    """Return whether loads have to be looked at all along a tour: something is collected, or a vehicle loaded again."""
    return bool(tables.pickup.any()) or bool((tables.partner >= 0).any()) or len(_extras(tables)["reload_ptr"]) > 0


def _extras(tables: Tables) -> dict[str, Any]:
    """Return what few problems have, empty where this one has not."""
    nothing, pairs = np.zeros(0, dtype=np.int64), np.zeros((0, 2), dtype=np.int64)
    found: dict[str, Any] = {"late": pairs, "reload_ptr": nothing, "prices": nothing, "spot_m": pairs, "most": pairs}
    found["length_m"] = np.zeros((0, 0, 0), dtype=np.int32)
    if tables.extras is None:
        return found
    if tables.extras.late[:, 1].any():
        found["late"] = tables.extras.late
    if tables.extras.reload_ptr[0] < len(tables.release_s):
        found["reload_ptr"] = tables.extras.reload_ptr
    if tables.extras.even_price or tables.extras.spread_price:
        prices = np.array([tables.extras.even_price, tables.extras.spread_price], dtype=np.int64)
        found |= {"prices": prices, "spot_m": tables.extras.spot_m}
    if tables.extras.most is not None:
        found |= {"most": tables.extras.most, "length_m": tables.extras.length_m}
    return found


def lowest_legs(tables: Tables) -> Records:
    """Return LOW [L, L]: the least metres and seconds of each pair of places over all profiles, there and back."""
    seconds, metres = (
        table[0] if len(table) == 1 else table.min(axis=0) for table in (tables.duration_s, tables.distance_m)
    )
    return _records(LOW, out_m=metres, out_s=seconds, in_m=metres.T, in_s=seconds.T)


def _records(layout: np.dtype[Any], **columns: NDArray[Any]) -> Records:
    """Return an array of records from its columns."""
    made = np.empty(next(iter(columns.values())).shape, dtype=layout)
    for name, column in columns.items():
        made[name] = column
    return made


def _slices(tables: Tables) -> Records:
    differs = tables.slice_safe != tables.slice_profile
    closed = np.asarray(tables.closed_loc.any(axis=1))[tables.slice_profile]
    zoned = np.zeros(len(differs), dtype=np.int32)
    for cls in range(len(tables.slice_ptr) - 1):
        own = slice(tables.slice_ptr[cls], tables.slice_ptr[cls + 1])
        zoned[own] = (differs[own] | closed[own]).any()
    return _records(SLICE, end_s=tables.slice_end_s, profile=tables.slice_profile, safe=tables.slice_safe,
                    stretch=tables.slice_stretch, zoned=zoned)  # fmt: skip


def _identical(tables: Tables) -> tuple[I64, I64]:
    """Return the kinds of vehicles that are the same in every respect, as pointers into a list of vehicles."""
    kinds: dict[bytes, list[int]] = {}
    columns = (tables.veh_class, tables.veh_start, tables.veh_end, tables.veh_open_s, tables.veh_close_s)
    for vehicle in range(len(tables.veh_class)):
        own = slice(tables.brk_ptr[vehicle], tables.brk_ptr[vehicle + 1])
        breaks = (tables.brk_open[own], tables.brk_close[own], tables.brk_duration[own], tables.brk_due[own])
        parts = (*(column[vehicle] for column in columns), tables.veh_cap[vehicle], tables.veh_cost[vehicle],
                 tables.allowed[vehicle], *breaks, _reloads(tables, vehicle), _most(tables, vehicle))  # fmt: skip
        kinds.setdefault(b"|".join(part.tobytes() for part in parts), []).append(vehicle)
    members = list(kinds.values())
    ptr = np.cumsum([0, *(len(own) for own in members)], dtype=np.int64)
    return ptr, np.array([vehicle for own in members for vehicle in own], dtype=np.int64)


def _reloads(tables: Tables, vehicle: int) -> I64:
    """Return how long a vehicle takes to be loaded again, each time it may be."""
    if tables.extras is None:
        return np.zeros(0, dtype=np.int64)
    first, last = tables.extras.reload_ptr[vehicle : vehicle + 2]
    return tables.opt_service_s[tables.opt_ptr[first:last]]


def _most(tables: Tables, vehicle: int) -> I64:
    """Return for how long and how far a vehicle may drive."""
    if tables.extras is None or tables.extras.most is None:
        return np.zeros(0, dtype=np.int64)
    return np.asarray(tables.extras.most[vehicle])


def _inverse(ptr: I64, members: I64) -> I64:
    """Return the kind of each vehicle."""
    kind = np.zeros(len(members), dtype=np.int64)
    kind[members] = np.repeat(np.arange(len(ptr) - 1), np.diff(ptr))
    return kind


@inner
def is_reload(rules: Rules, node: int) -> bool:
    """Return whether a node stands for a vehicle being loaded again."""
    return len(rules.reload_ptr) > 0 and rules.reload_ptr[0] <= node < len(rules.orders)
