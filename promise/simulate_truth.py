"""What happens in a simulated world up to the depots, whatever is promised: orders, hubs, trucks.

Only the tours look at promised days (what is due goes first), so they are driven once for each rule of promising.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.synthetic.world import World
from data.synthetic.world_hub import HubDays, draw_hub, leaves_s
from data.synthetic.world_orders import F64, I64, Draws, WorldOrders, draw_orders, live_window_s, midnight_s
from data.synthetic.world_roads import depot_days, local_days

A_DAY_S = 86_400


@dataclass(frozen=True)
class Truth:
    """One drawn world.

    Parameters
    ----------
    placed_day : int64 [N]
        The local day (ordinal) of each order.
    hubs : tuple of HubDays
    rows : tuple of int64 [n]
        Each hub's orders, in the order they came in.
    done_s : tuple of float64 [kinds, n]
        When each work on them was done.
    left_s : float64 [N]
        When each parcel left its hub, infinite if not in this world.
    depot_day : int64 [N]
        From which day on each can go on a tour.
    """

    world: World
    draws: Draws
    burst: float
    orders: WorldOrders
    placed_day: I64
    hubs: tuple[HubDays, ...]
    rows: tuple[I64, ...]
    done_s: tuple[F64, ...]
    left_s: F64
    depot_day: I64

    @property
    def first_day(self) -> int:
        """The world's first day (ordinal)."""
        return self.world.first_day.toordinal()

    @property
    def scored_days(self) -> range:
        """The days (ordinals) whose orders count."""
        first = self.first_day + self.world.warm_days
        return range(first, first + self.world.scored_days)

    def scored(self) -> I64:
        """Return the rows of the orders that count."""
        days = self.scored_days
        return np.flatnonzero((self.placed_day >= days.start) & (self.placed_day < days.stop))

    def in_burst(self) -> NDArray[np.bool_]:
        """Return which orders came in during a big live or the day after its start, [N]."""
        inside = np.zeros(len(self.orders), dtype=bool)
        for live in self.world.lives:
            if not live.factor:
                start_s, _ = live_window_s(self.world, live)
                inside |= (self.orders.placed_s >= start_s) & (self.orders.placed_s < start_s + A_DAY_S)
        return inside


def draw_truth(world: World, seed: int, burst: float, other_from_day: int | None = None) -> Truth:
    """Return what happens in a world.

    Parameters
    ----------
    burst : float
        Orders during a big live over those of an ordinary day at the same hours.
    other_from_day : int, optional
        From this day (ordinal) on, another future is drawn.
    """
    draws = Draws(seed) if other_from_day is None else Draws(seed, other_from_day)
    orders = draw_orders(world, draws, burst)
    first = world.first_day.toordinal()
    begin_s, end_s = midnight_s(first), midnight_s(first + world.days)
    left_s = np.full(len(orders), np.inf)
    hubs, rows, done = [], [], []
    for row, hub in enumerate(world.hubs):
        mine = np.flatnonzero(orders.hub == row)
        hubs.append(draw_hub(world, draws, row))
        rows.append(mine)
        done.append(hubs[-1].done_s(orders.placed_s[mine].astype(np.float64)))
        left_s[mine] = leaves_s(hub.schedule, done[-1][-1], begin_s, end_s)
    return Truth(
        world,
        draws,
        burst,
        orders,
        local_days(orders.placed_s.astype(np.float64)),
        tuple(hubs),
        tuple(rows),
        tuple(done),
        left_s,
        depot_days(world, draws, orders, left_s),
    )
