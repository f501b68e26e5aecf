"""Low-emission zones (ZFE): which class is banned where and when, and who is exempt."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any

from data.model.base import Count, Id, Value
from data.model.vehicle import Category, Critair


class ZoneKind(StrEnum):
    """An area's rule covers every street in it; a road's rule beats any area's."""

    AREA = "area"
    ROAD = "road"


class ZoneRule(Value):
    """For one category: the *first banned* class (``V4`` bans V4, V5 and NC) and when, in OSM opening_hours."""

    category: Category
    first_banned: Critair
    hours: str


class Zone(Value):
    """One feature of the BNZFE. ``rank`` is its place in the file: among overlapping ones the last wins.

    A category without a rule is not restricted. ``legal_persons_only`` spares private persons' vehicles.
    """

    id: Id
    rank: Count
    kind: ZoneKind
    geometry: dict[str, Any]
    valid_from: date
    valid_to: date | None = None
    rules: tuple[ZoneRule, ...] = ()
    name: str = ""
    decree_url: str = ""
    legal_persons_only: bool = False


class Exemption(Value):
    """A vehicle that may enter a zone between two dates, at most ``yearly_quota`` days a year where given.

    ``used_days`` counts days already used this year.
    """

    vehicle_id: Id
    zone_id: Id
    valid_from: date
    valid_to: date
    yearly_quota: Count | None = None
    used_days: Count = 0

    def holds_on(self, day: date) -> bool:
        """Return whether the exemption may be used on ``day``."""
        left = self.yearly_quota is None or self.used_days < self.yearly_quota
        return left and self.valid_from <= day <= self.valid_to
