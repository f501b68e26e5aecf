"""What is told of a world's lives: announced on a calendar, then viewers, additions to cart and orders as they come."""

from __future__ import annotations

from datetime import datetime

import numpy as np

from data.clock import PARIS
from data.model.live import Live, Signal
from data.model.schedule import STEP_S
from data.synthetic.world import World
from data.synthetic.world_orders import I64, LIVES, Draws, WorldOrders, expected_excess, live_window_s

CONVERSION = 0.05
VIEWERS_PER_ORDER, CARTS_PER_ORDER = 60.0, 2.2
READING_SIGMA, LIVE_SIGMA = 0.25, 0.2
SIGNALS_ROW = 500
"""Signals have streams of chances beside those of the lives' orders."""


def announcement(world: World, row: int, burst: float) -> Live:
    """Return a live as its calendar tells it: the reach its creator expects, and where its viewers are."""
    live = world.lives[row]
    start_s, end_s = live_window_s(world, live)
    tilted = [
        tilt * sum(share * hub.daily_orders for share, hub in zip(area.hub_shares, world.hubs, strict=True))
        for tilt, area in zip(live.area_tilt, world.areas, strict=True)
    ]
    shares = np.array(tilted) / np.sum(tilted)
    return Live(
        id=live.id,
        start_at=datetime.fromtimestamp(start_s, PARIS),
        end_at=datetime.fromtimestamp(end_s, PARIS),
        creators=(live.creator,),
        reach=round(float(expected_excess(world, live, burst).sum()) / CONVERSION),
        area_shares={area.area.id: float(share) for area, share in zip(world.areas, shares, strict=True)},
    )


def signals(world: World, draws: Draws, orders: WorldOrders, row: int, tail_s: int) -> tuple[Signal, ...]:
    """Return what is seen of a live every five minutes, up to ``tail_s`` after its end; viewers while it runs."""
    live = world.lives[row]
    start_s, end_s = live_window_s(world, live)
    rng = draws.of(world.first_day.toordinal() + live.day, LIVES, SIGNALS_ROW + row)
    edges_s = np.arange(start_s, end_s + tail_s + 1, STEP_S)
    sold: I64 = np.histogram(orders.placed_s[orders.live == row], edges_s)[0]
    level = rng.lognormal(0.0, LIVE_SIGMA, 2)
    carts = rng.poisson(sold * CARTS_PER_ORDER * level[0])
    noise = rng.lognormal(0.0, READING_SIGMA, len(sold))
    viewers = np.where(edges_s[1:] <= end_s, (sold + 0.5) * VIEWERS_PER_ORDER * level[1] * noise, 0.0)
    return tuple(
        Signal(
            live_id=live.id,
            at=datetime.fromtimestamp(at_s, PARIS),
            interval_s=STEP_S,
            viewers=round(seen),
            add_to_cart=put,
            orders=bought,
        )
        for at_s, seen, put, bought in zip(edges_s[1:].tolist(), viewers.tolist(), carts.tolist(), sold.tolist())
    )
