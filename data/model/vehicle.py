"""Vehicles: class, what they carry, when they work, what they cost."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from data.model.base import Count, Id, Instant, Seconds, Value, Window
from data.model.break_rules import BreakRule, rests
from data.model.parcel import Dimensions


class Category(StrEnum):
    """Vehicle category as French low-emission rules name it, plus the cargo bike, which no rule bans."""

    VP = "vp"
    VUL = "vul"
    PL = "pl"
    TWO_WHEELER = "2rm"
    CARGO_BIKE = "cargo_bike"


class Critair(StrEnum):
    """Crit'Air sticker, cleanest first; ``NC`` is no sticker."""

    EL = "EL"
    V1 = "V1"
    V2 = "V2"
    V3 = "V3"
    V4 = "V4"
    V5 = "V5"
    NC = "NC"

    @property
    def rank(self) -> int:
        """0 for the cleanest (EL) up to 6 (NC)."""
        return list(Critair).index(self)


class Energy(StrEnum):
    """What drives the vehicle."""

    DIESEL = "diesel"
    PETROL = "petrol"
    E10 = "e10"
    E85 = "e85"
    ELECTRIC = "electric"
    HUMAN = "human"


class Role(StrEnum):
    """Own vehicles are planned; reserve ones too, at their price; hired ones are only proposed until hired."""

    OWN = "own"
    RESERVE = "reserve"
    HIRED = "hired"


class Break(Value):
    """A driver's break: starts inside ``window``, lasts ``duration_s``, taken between two stops or before leaving.

    A tour that is over by ``due_at`` does without it; by default that is when the window opens.
    """

    id: Id
    window: Window
    duration_s: Seconds
    due_at: Instant | None = None


class VehicleCosts(Value):
    """What using the vehicle for a day costs. An hour is counted from departure to return."""

    fixed_cents: Count = 0
    per_km_cents: Count = 0
    per_hour_cents: Count = 0


class Vehicle(Value):
    """A vehicle with its driver for one day; it leaves ``hub_id`` and returns there inside ``shift``.

    Without ``returns`` its day is over where the last stop is. Up to ``max_trips`` times it leaves its hub loaded: in
    between it comes back, unloads what it took in on its way, and is loaded anew, which takes ``reload_s`` or, without,
    as long as the hub's ``loading_s``.
    Beside its ``breaks``, its driver rests by ``break_rule``; a plan shows the breaks that asks for among the others.
    ``refused_kinds`` are the kinds of parcels it never carries.
    ``use_per_100km_milli`` is what it burns: millilitres or, for electric vehicles, watt-hours per 100 km.
    """

    id: Id
    hub_id: Id
    category: Category
    critair: Critair = Critair.NC
    energy: Energy = Energy.DIESEL
    capacity_parcels: Count
    capacity_g: Count
    capacity_dm3: Count
    shift: Window
    returns: bool = True
    max_trips: Annotated[int, Meta(ge=1, le=20)] = 1
    reload_s: Seconds | None = None
    breaks: tuple[Break, ...] = ()
    break_rule: BreakRule = BreakRule.NONE
    costs: VehicleCosts = VehicleCosts()
    skills: tuple[str, ...] = ()
    refused_kinds: tuple[Id, ...] = ()
    role: Role = Role.OWN
    max_mm: Dimensions | None = None
    use_per_100km_milli: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    name: str = ""

    def rested(self) -> Vehicle:
        """Return the vehicle with what its rule asks of its shift among its breaks."""
        asked = tuple(
            Break(
                id=f"{self.break_rule}-{number}",
                window=rest.window,
                duration_s=int(rest.length.total_seconds()),
                due_at=rest.due_at,
            )
            for number, rest in enumerate(rests(self.break_rule, self.shift), start=1)
        )
        return self.replace(breaks=(*self.breaks, *asked), break_rule=BreakRule.NONE)
