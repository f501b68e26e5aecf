"""The levels of a hub's day: hub-day, tour group, area's option, each within the one before."""

from __future__ import annotations

from datetime import date

from data.model.reservation import Capacity, level_id


def hub_level(hub_id: str, day: date, parcels: int, dm3: int | None) -> Capacity:
    """Return a hub's day, the outermost level."""
    return Capacity(id=level_id(hub_id, day), day=day, hub_id=hub_id, parcels=parcels, dm3=dm3)


def group_level(hub: Capacity, group_id: str, parcels: int, dm3: int | None) -> Capacity:
    """Return a tour group's level within its hub's day."""
    name = level_id(hub.hub_id, hub.day, f"~{group_id}")
    return hub.replace(id=name, parent_id=hub.id, parcels=parcels, dm3=dm3)


def area_level(group: Capacity, area_id: str, option_id: str, is_open: bool = True) -> Capacity:
    """Return the level of an area's option within its tour group: all of the group's room, or none."""
    return group.replace(
        id=level_id(group.hub_id, group.day, area_id, option_id),
        parent_id=group.id,
        area_id=area_id,
        option_id=option_id,
        parcels=group.parcels if is_open else 0,
    )
