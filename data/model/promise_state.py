"""All that dates depend on at one moment, as one JSON file: hubs and their load, options, areas, stage tables, room."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from data.model.base import Count, Id, Instant, Value
from data.model.live import Share
from data.model.promise import Area, DeliveryOption, Pool
from data.model.schedule import HubSchedule


class Inflow(Value):
    """Parcels expected to come in evenly between two instants; ``spread`` is the standard deviation of the logarithm
    of how many there really are.
    """

    begin_at: Instant
    end_at: Instant
    parcels: Annotated[float, Meta(ge=0)]
    spread: Annotated[float, Meta(ge=0, le=2)] = 0.2

    def __post_init__(self) -> None:
        if self.end_at <= self.begin_at:
            raise ValueError("the inflow ends before it begins")


class HubLoad(Value):
    """A hub: its timetable, what waits in it and what is expected.

    Attributes
    ----------
    backlog : tuple of int
        Parcels waiting, by class of priority, the first goes first.
    class_shares : tuple of float
        Which part of the inflow each class is; as many as in ``backlog``.
    pace : float
        What it really gets through over what its timetable says.
    """

    schedule: HubSchedule
    backlog: Annotated[tuple[Count, ...], Meta(min_length=1, max_length=9)] = (0,)
    class_shares: tuple[Share, ...] = (1.0,)
    inflow: tuple[Inflow, ...] = ()
    pace: Annotated[float, Meta(gt=0, le=5)] = 1.0

    def __post_init__(self) -> None:
        if len(self.class_shares) != len(self.backlog):
            raise ValueError(f"{len(self.backlog)} classes wait, {len(self.class_shares)} have a share")
        if abs(sum(self.class_shares) - 1) > 1e-6:
            raise ValueError(f"the class_shares sum to {sum(self.class_shares):.6g}, not to 1")


class StageCurve(Value):
    """From hub to hand-over: ``within[k]`` is the share that takes at most k of the option's delivery days.

    One that names areas is what is known of them; one without is the table for all others. ``hubs`` empty is all.
    """

    option: Id
    within: Annotated[tuple[Share, ...], Meta(min_length=1, max_length=61)]
    areas: tuple[Id, ...] = ()
    hubs: tuple[Id, ...] = ()

    def __post_init__(self) -> None:
        if any(later < sooner for sooner, later in zip(self.within, self.within[1:], strict=False)):
            raise ValueError("`within` must not fall: more days hold at least as many parcels")


class Costs(Value):
    """What a date costs: a day later sells less, a broken promise costs more; no order is promised below ``floor``."""

    day_cents: Annotated[int, Meta(ge=1)] = 20
    broken_cents: Annotated[int, Meta(ge=1)] = 1000
    floor: Share = 0.92


class PromiseState(Value, omit_defaults=False):
    """The input of ``jalon promise quote``: what holds ``at`` one moment. ``format`` is its version."""

    format: Literal["jalon.promise/1"] = "jalon.promise/1"
    at: Instant
    hubs: Annotated[tuple[HubLoad, ...], Meta(min_length=1)]
    options: Annotated[tuple[DeliveryOption, ...], Meta(min_length=1)]
    areas: tuple[Area, ...] = ()
    curves: tuple[StageCurve, ...] = ()
    pools: tuple[Pool, ...] = ()
    costs: Costs = Costs()
    horizon_days: Annotated[int, Meta(ge=1, le=30)] = 10
    valid_s: Annotated[int, Meta(ge=1, le=21_600)] = 900
    ttl_s: Annotated[int, Meta(ge=0, le=86_400)] = 300
