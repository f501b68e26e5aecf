"""A world small enough to live through in seconds: two hubs, three areas, two options, a few scored days."""

from __future__ import annotations

from data.synthetic.world import World, read_world

WARM_DAYS = 31


def tiny(scored_days: int = 5, orders_per_day: float = 35.0) -> World:
    """Return the committed world cut down, with one ordinary live and one big one in the scored days."""
    world = read_world()
    hubs = tuple(hub.replace(daily_orders=orders_per_day) for hub in world.hubs[1:])
    areas = tuple(
        area.replace(hub_shares=area.hub_shares[1:], road_days=area.road_days[1:])
        for area in (world.areas[4], world.areas[8], world.areas[11])
    )
    lives = tuple(
        live.replace(area_tilt=live.area_tilt[:3]) for live in world.lives if live.day < WARM_DAYS
    )  # fmt: skip
    big = next(live for live in world.lives if not live.factor)
    lives += (big.replace(day=WARM_DAYS + 1, area_tilt=big.area_tilt[:3]),)
    return world.replace(
        hubs=hubs,
        areas=areas,
        options=world.options[::2],
        lives=lives,
        warm_days=WARM_DAYS,
        shakedown_days=3,
        scored_days=scored_days,
        cool_days=12,
    )
