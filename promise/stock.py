"""What is left on the shelf ends a group's sales: demand after that is lost, other groups go on.

The web shop sells what all hubs hold, less what they hold back for other channels, so a group is sold out everywhere
at once. Which group an order was for is not among the signals: orders seen are shared out over the groups still open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from data.model.live import SkuGroup
from promise.cox import Floats

PARCELS_PER_ORDER = 1.14
"""One order in seven has a second parcel (as in data/synthetic/live.py)."""

ALMOST_NONE = 1e-3


@dataclass(frozen=True)
class Shelf:
    """What a live's groups may still sell: ``shares [G]`` of the demand, ``left [G]`` in orders (inf: no limit)."""

    group_ids: tuple[str, ...]
    shares: Floats
    left: Floats

    def after(self, orders: Floats) -> tuple[Shelf, Floats]:
        """Return the shelf after the orders of some steps, and the part of the demand each step could sell.

        The part is float64 [steps], never quite 0: orders that come in spite of an empty shelf are still counted.
        """
        left, part = self.left.copy(), np.ones(len(orders))
        for step, count in enumerate(orders):
            open_ = self.shares * (left > 0)
            part[step] = max(open_.sum(), ALMOST_NONE)
            if open_.any():
                left = np.maximum(left - count * open_ / open_.sum(), 0.0)
        return Shelf(self.group_ids, self.shares, left), part

    def sell(self, demand: Floats) -> Floats:
        """Return what is sold of a demand ``[S, T]``, by group: float64 [G, S, T]."""
        wanted = np.cumsum(demand, axis=1) * self.shares[:, None, None]
        had = np.minimum(wanted, self.left[:, None, None])
        return np.diff(had, axis=2, prepend=0.0)


def shelf(groups: Sequence[SkuGroup]) -> Shelf:
    """Return the shelf before the live; a group without any stock entry has no limit."""
    if not groups:
        return Shelf(("",), np.ones(1), np.full(1, np.inf))
    left = [
        max(sum(group.stock.values()) - sum(group.buffer.values()), 0) / PARCELS_PER_ORDER if group.stock else np.inf
        for group in groups
    ]
    return Shelf(tuple(group.id for group in groups), np.array([group.share for group in groups]), np.array(left))
