"""Which goods end first when a live sells them, and what to move between hubs before it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from data.model.live import SkuGroup
from data.model.schedule import STEP_S

F64 = NDArray[np.float64]


class StockEnd(NamedTuple):
    """When a group of products is sold out.

    Parameters
    ----------
    chance : float
        That it is, within the horizon.
    ends_s : int, optional
        When, at the median over the scenarios; ``None`` where it lasts in half of them.
    short_parcels : float
        Parcels that could have been sold on top, mean.
    """

    group_id: str
    chance: float
    ends_s: int | None
    short_parcels: float


class Transfer(NamedTuple):
    """Stock to move before a live: ``from_hub`` is empty where no hub has any to spare and it has to be bought."""

    group_id: str
    from_hub: str
    to_hub: str
    parcels: int


def stock_ends(groups: Sequence[SkuGroup], parcels: F64, begin_s: int) -> tuple[StockEnd, ...]:
    """Return when each group's stock ends, the first first, those that last longest at the end.

    Parameters
    ----------
    parcels : float64 [S, T]
        Parcels asked for by scenario and step of 300 s from ``begin_s`` on, all groups together, as if stock were
        endless. A group without any stock entry never ends.
    """
    ever = np.cumsum(parcels, axis=1)
    found = []
    for group in groups:
        if not group.stock:
            found.append(StockEnd(group.id, 0.0, None, 0.0))
            continue
        free = max(sum(group.stock.values()) - sum(group.buffer.values()), 0)
        wanted = ever * group.share
        out = wanted[:, -1] > free
        step = np.where(out, (wanted > free).argmax(axis=1), np.inf)
        middle = float(np.sort(step)[(len(step) - 1) // 2])
        ends_s = None if np.isinf(middle) else begin_s + (int(middle) + 1) * STEP_S
        found.append(StockEnd(group.id, float(out.mean()), ends_s, float(np.maximum(wanted[:, -1] - free, 0.0).mean())))
    return tuple(sorted(found, key=lambda end: (np.inf if end.ends_s is None else end.ends_s, -end.chance)))


def buffers(
    groups: Sequence[SkuGroup], parcels: F64, hub_ids: Sequence[str], level: float = 0.9
) -> tuple[Transfer, ...]:
    """Return what to move so that each hub can serve its own areas in ``level`` of the scenarios.

    Parameters
    ----------
    parcels : float64 [S, H]
        Parcels asked for by scenario and hub over the whole live, all groups together.

    Notes
    -----
    What a hub holds back for other channels stays. The hub that lacks most is helped first, by the one that has most
    to spare beyond its own need.
    """
    found = []
    for group in groups:
        if not group.stock:
            continue
        need = np.ceil(np.quantile(parcels * group.share, level, axis=0, method="higher") - 1e-9)
        held = np.array([group.stock.get(hub, 0) - group.buffer.get(hub, 0) for hub in hub_ids])
        spare, lack = np.maximum(held - need, 0).astype(int), np.maximum(need - np.maximum(held, 0), 0).astype(int)
        for to in np.argsort(-lack, kind="stable"):
            while lack[to] > 0:
                giver = int(spare.argmax())
                moved = min(int(lack[to]), int(spare[giver])) or int(lack[to])
                from_hub = hub_ids[giver] if spare[giver] > 0 else ""
                found.append(Transfer(group.id, from_hub, hub_ids[to], moved))
                spare[giver] -= moved if from_hub else 0
                lack[to] -= moved
    return tuple(found)
