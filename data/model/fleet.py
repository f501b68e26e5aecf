"""What a hub's vans carry in a day, until a plan says so of the real tours."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from data.model.base import Count, Id, Value


class TourGroup(Value):
    """Areas that share vans.

    Attributes
    ----------
    areas : tuple of str
        Area ids; an area is in one group of a hub.
    vans : int
        That leave the hub for them on a day.
    """

    id: Id
    areas: Annotated[tuple[Id, ...], Meta(min_length=1)]
    vans: Count


class FleetSettings(Value):
    """A hub's vans.

    Attributes
    ----------
    parcels_per_van, dm3_per_van : int
        What one brings out in a day, all its trips together; ``None``: volume is no limit.
    """

    hub_id: Id
    groups: Annotated[tuple[TourGroup, ...], Meta(min_length=1)]
    parcels_per_van: Count
    dm3_per_van: Count | None = None

    def __post_init__(self) -> None:
        if len({group.id for group in self.groups}) < len(self.groups):
            raise ValueError("two tour groups of a hub share an id")
        areas = [area for group in self.groups for area in group.areas]
        if len(set(areas)) < len(areas):
            twice = next(area for area in areas if areas.count(area) > 1)
            raise ValueError(f"area `{twice}` is in two tour groups of a hub")
