"""What changing a plan is priced at, put into a problem's tables: the search then weighs it like any other cost.

An order that may change vehicle has each of its places twice: one that only its own vehicle can use, and one that all
others can, for the price of a move and one of the moves allowed. No kernel knows of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.model.change import ChangePrices
from data.model.parcel import ParcelState
from routing.instance import Instance
from routing.problem import COST_PER_CENT, FAR_FUTURE_S, Tables, no_extras

I64 = NDArray[np.int64]
TIE_CENTS = 1
"""A move counts at least that: among plans that cost the same, the one that moves fewer is better."""
UNLIMITED = FAR_FUTURE_S


@dataclass(frozen=True)
class Planned:
    """An order that is on a tour and may change vehicle: its row and that vehicle's."""

    row: int
    column: int


def priced(instance: Instance, planned: Sequence[Planned], told_s: Mapping[int, int], prices: ChangePrices) -> Instance:
    """Return the instance in which moves and later hours cost what they count.

    Parameters
    ----------
    planned : sequence of Planned
        Orders that may move; all others have no price on it.
    told_s : mapping of int to int
        The second told of every order that is on a tour, loaded or not.
    """
    instance = _with_hours(instance, told_s, prices)
    return instance if prices.max_moves == 0 else _with_moves(instance, planned, prices)


def with_most_moves(instance: Instance, most: int | None) -> Instance:
    """Return a priced instance with another cap on moves, ``None`` for none."""
    tables = instance.problem.tables
    cap = tables.res_cap.copy()
    cap[-1] = UNLIMITED if most is None else most
    return _with(instance, tables._replace(res_cap=cap))


def is_sorted(instance: Instance, row: int) -> bool:
    """Return whether an order's parcels are sorted for their vehicle already."""
    return any(parcel.state in (ParcelState.SORTED, ParcelState.LOADED) for parcel in instance.orders[row].parcels)


def _with(instance: Instance, tables: Tables, **changes: Any) -> Instance:
    return replace(instance, problem=replace(instance.problem, tables=tables), **changes)


def _with_hours(instance: Instance, told_s: Mapping[int, int], prices: ChangePrices) -> Instance:
    """Put a price on minutes after the hour told, but where an order has a price of its own on being late."""
    if not prices.eta_cents_per_minute:
        return instance
    tables = instance.problem.tables
    extras = tables.extras or no_extras(tables)
    late = extras.late.copy()
    for row, second in told_s.items():
        if late[row, 1] == 0:
            late[row] = second, prices.eta_cents_per_minute * (COST_PER_CENT // 60)
    return _with(instance, tables._replace(extras=extras._replace(late=late)))


def _with_moves(instance: Instance, planned: Sequence[Planned], prices: ChangePrices) -> Instance:
    """Give each order that may move its places twice, and each vehicle it may leave a class of its own."""
    tables = _with_own_classes(instance.problem.tables, sorted({each.column for each in planned}))
    home = {each.row: each for each in planned}
    source, moves = _layout(tables, home)
    counts = np.bincount(tables.opt_order[source], minlength=len(tables.release_s))
    first, last = tables.win_first[:, source], tables.win_last[:, source]
    cost = tables.opt_cost[source].copy()
    for k, (option, moved) in enumerate(zip(source.tolist(), moves.tolist(), strict=True)):
        each = home.get(int(tables.opt_order[option]))
        if each is None:
            continue
        own = int(tables.veh_class[each.column])
        others = np.arange(len(first)) != own
        closed = [own] if moved else np.flatnonzero(others)
        first[closed, k] = last[closed, k] = 0
        if moved:
            cents = prices.move_cents + (prices.sorted_cents if is_sorted(instance, each.row) else 0)
            cost[k] += max(cents, TIE_CENTS) * COST_PER_CENT
    tables = tables._replace(
        opt_ptr=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        opt_order=tables.opt_order[source],
        opt_loc=tables.opt_loc[source],
        opt_service_s=tables.opt_service_s[source],
        opt_setup_s=tables.opt_setup_s[source],
        opt_cost=cost,
        win_first=np.ascontiguousarray(first),
        win_last=np.ascontiguousarray(last),
        **_resources(tables, source, moves, prices),
    )
    return _with(
        instance,
        tables,
        option_place=tuple(instance.option_place[k] for k in source.tolist()),
        option_index=tuple(instance.option_index[k] for k in source.tolist()),
    )


def _layout(tables: Tables, home: dict[int, Planned]) -> tuple[I64, NDArray[np.bool_]]:
    """Return for each new option the old one it is made of, and whether it is for moving; stays come first."""
    source: list[int] = []
    moves: list[bool] = []
    for row in range(len(tables.release_s)):
        own = list(range(int(tables.opt_ptr[row]), int(tables.opt_ptr[row + 1])))
        twice = row in home
        source += own * (1 + twice)
        moves += [False] * len(own) + [True] * (len(own) * twice)
    return np.array(source, dtype=np.int64), np.array(moves, dtype=np.bool_)


def _resources(tables: Tables, source: I64, moves: NDArray[np.bool_], prices: ChangePrices) -> dict[str, Any]:
    """Return the shared resources of the new options; the last one is the moves."""
    ptr, row, amount = [0], [], []
    for option, moved in zip(source.tolist(), moves.tolist(), strict=True):
        takes = slice(int(tables.res_ptr[option]), int(tables.res_ptr[option + 1]))
        row += tables.res_row[takes].tolist() + [len(tables.res_cap)] * moved
        amount += tables.res_amount[takes].tolist() + [1] * moved
        ptr.append(len(row))
    most = UNLIMITED if prices.max_moves is None else prices.max_moves
    return {
        "res_ptr": np.array(ptr, dtype=np.int64),
        "res_row": np.array(row, dtype=np.int64),
        "res_amount": np.array(amount, dtype=np.int64),
        "res_cap": np.append(tables.res_cap, most).astype(np.int64),
    }


def _with_own_classes(tables: Tables, columns: Sequence[int]) -> Tables:
    """Return the tables with a class of its own, the same in every respect, for each of some vehicles."""
    old = tables.veh_class[list(columns)]
    classes = np.concatenate([np.arange(len(tables.slice_ptr) - 1), old])
    pieces = [np.arange(tables.slice_ptr[cls], tables.slice_ptr[cls + 1]) for cls in classes.tolist()]
    taken = np.concatenate(pieces)
    veh_class = tables.veh_class.copy()
    veh_class[list(columns)] = len(tables.slice_ptr) - 1 + np.arange(len(columns))
    return tables._replace(
        slice_ptr=np.concatenate([[0], np.cumsum([len(piece) for piece in pieces])]).astype(np.int64),
        slice_end_s=tables.slice_end_s[taken],
        slice_profile=tables.slice_profile[taken],
        slice_safe=tables.slice_safe[taken],
        slice_stretch=_stretches(tables, pieces),
        win_first=tables.win_first[classes],
        win_last=tables.win_last[classes],
        veh_class=veh_class,
    )


def _stretches(tables: Tables, pieces: Sequence[I64]) -> I64:
    """Return where the stretch of each copied slice ends, among the copies."""
    starts = np.cumsum([0, *(len(piece) for piece in pieces)])
    moved = [tables.slice_stretch[piece] - piece[0] + start for piece, start in zip(pieces, starts, strict=False)]
    return np.concatenate(moved)
