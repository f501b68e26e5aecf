"""What ``jalon live what-if`` is asked about: hubs, areas and lives to come (``jalon.what_if/1``), and what changes."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from msgspec import Meta

import data
from data import codec
from data.errors import InputError
from data.model.base import Count, Id, Instant, Value
from data.model.live import Live, PastLive, Share
from data.model.promise import Area, DeliveryOption
from data.model.schedule import HubSchedule
from data.sources.table import Problems
from promise.pace import ASSUMED, Pace

SAMPLE_PATH = Path(data.__file__).parent / "samples" / "what_if.json"

Positive = Annotated[float, Meta(gt=0, le=1_000_000)]
Parcels = Annotated[float, Meta(ge=0, le=1_000_000)]
HOURS, WEEKDAYS = 24, 7


class Fleet(Value):
    """A hub's own vehicles and what their tours were like on average in the plans carried out.

    Attributes
    ----------
    vehicles : int
        One tour a day each.
    parcels_per_vehicle : int
        What one holds.
    stops_per_tour, parcels_per_stop : float
        Means over past tours.
    hire_cents : int
        What one more vehicle costs for a day.
    """

    vehicles: Count
    parcels_per_vehicle: Annotated[int, Meta(ge=1)]
    stops_per_tour: Positive
    parcels_per_stop: Positive = 1.0
    hire_cents: Count = 0


class WhatIfHub(Value):
    """A hub: what is in it by class of priority (the first goes first), and its ordinary parcels by hour of the day."""

    schedule: HubSchedule
    backlog: tuple[Count, ...]
    hourly_parcels: Annotated[tuple[Parcels, ...], Meta(min_length=HOURS, max_length=HOURS)]
    fleet: Fleet
    pace: Pace = ASSUMED


class WhatIfArea(Value):
    """An area, its share of a live's orders where the live does not say, and its transit.

    ``transit`` is the chance that a parcel is delivered at most 0, 1, 2... delivery days after the day its wave left.
    """

    area: Area
    hub_id: Id
    share: Share
    transit: Annotated[tuple[Share, ...], Meta(min_length=1)]


class WhatIf(Value):
    """Where things stand at ``now_at`` and what is expected over the ``days`` after it.

    Attributes
    ----------
    class_shares : tuple of float
        What share of new parcels each class of priority is.
    level : float
        How sure a promised date has to be.
    day_sigma : float
        How much an ordinary day varies (of the logarithm).
    weekday_factors : tuple of float
        Ordinary parcels of each weekday over those of an average one, Monday first.
    past : tuple of PastLive
        Past lives: what the spread of a live's orders is learnt from.
    """

    format: Literal["jalon.what_if/1"] = "jalon.what_if/1"
    now_at: Instant
    days: Annotated[int, Meta(ge=1, le=14)] = 7
    class_shares: Annotated[tuple[Share, ...], Meta(min_length=1, max_length=10)] = (1.0,)
    level: Annotated[float, Meta(gt=0, lt=1)] = 0.92
    day_sigma: Annotated[float, Meta(ge=0, le=1)] = 0.1
    weekday_factors: Annotated[tuple[Positive, ...], Meta(min_length=WEEKDAYS, max_length=WEEKDAYS)] = (1.0,) * 7
    option: DeliveryOption
    hubs: Annotated[tuple[WhatIfHub, ...], Meta(min_length=1)]
    areas: Annotated[tuple[WhatIfArea, ...], Meta(min_length=1)]
    lives: Annotated[tuple[Live, ...], Meta(min_length=1)]
    past: tuple[PastLive, ...] = ()


class Change(Value):
    """What is different; what is left out stays as it is.

    Attributes
    ----------
    live_id : str
        Which live it concerns.
    conversion : float, optional
        Orders per viewer during ``conversion_s`` seconds from the live's start on, instead of the live's own.
    reach : float
        Times as many viewers.
    down_hub_id : str
        This hub stands still for ``down_s`` seconds from the live's start on.
    speed : float
        Share of the usual speed on the road: tours get through that share of their stops, the rest waits for the
        next delivery day.
    """

    live_id: Id
    conversion: Share | None = None
    conversion_s: Annotated[int, Meta(ge=1)] = 1800
    reach: Positive = 1.0
    down_hub_id: str = ""
    down_s: Annotated[int, Meta(ge=1)] = 86_400
    speed: Annotated[float, Meta(gt=0, le=1)] = 1.0


def read_what_if(path: Path) -> WhatIf:
    """Return the input of a file, checked.

    Raises
    ------
    InputError
        As :func:`data.codec.read`; ``duplicate_id``, ``unknown_hub``, ``unknown_area``, ``invalid_shares``,
        ``invalid_transit``, ``invalid_backlog``, ``outside_horizon``.
    """
    given = codec.read(path, WhatIf)
    problems = Problems()
    _check_ids(given, str(path), problems)
    _check_shares(given, str(path), problems)
    _check_lives(given, str(path), problems)
    problems.raise_if_any()
    return given


def _check_ids(given: WhatIf, source: str, problems: Problems) -> None:
    names = {
        "hubs": [hub.schedule.hub_id for hub in given.hubs],
        "areas": [area.area.id for area in given.areas],
        "lives": [live.id for live in given.lives],
    }
    for noun, ids in names.items():
        for row, name in enumerate(ids):
            if name in ids[:row]:
                problems.add("duplicate_id", f"`{name}` is there twice", f"{source}#/{noun}/{row}", "rename one")
    for row, area in enumerate(given.areas):
        if area.hub_id not in names["hubs"]:
            problems.add("unknown_hub", f"there is no hub `{area.hub_id}`", f"{source}#/areas/{row}/hub_id")


def _check_shares(given: WhatIf, source: str, problems: Problems) -> None:
    shares = {"class_shares": given.class_shares, "areas": [area.share for area in given.areas]}
    for noun, parts in shares.items():
        if not np.isclose(sum(parts), 1.0, atol=1e-6):
            problems.add("invalid_shares", f"shares sum to {sum(parts):.6g}, not to 1", f"{source}#/{noun}")
    for row, area in enumerate(given.areas):
        if any(later < sooner for sooner, later in pairwise(area.transit)):
            message = "the chance to be delivered within more days is smaller"
            problems.add("invalid_transit", message, f"{source}#/areas/{row}/transit", "give chances that never fall")
    for row, hub in enumerate(given.hubs):
        if len(hub.backlog) != len(given.class_shares):
            message = f"{len(hub.backlog)} counts for {len(given.class_shares)} classes"
            problems.add("invalid_backlog", message, f"{source}#/hubs/{row}/backlog", "give one count a class")


def _check_lives(given: WhatIf, source: str, problems: Problems) -> None:
    hubs, areas = ({hub.schedule.hub_id for hub in given.hubs}, {area.area.id for area in given.areas})
    for row, live in enumerate(given.lives):
        where = f"{source}#/lives/{row}"
        ahead_s = (live.start_at - given.now_at).total_seconds()
        if not 0 <= ahead_s < given.days * 86_400:
            message = f"it starts {live.start_at.isoformat()}, not within {given.days} days from now on"
            problems.add("outside_horizon", message, f"{where}/start_at", "change now_at or days")
        for area in live.area_shares.keys() - areas:
            problems.add("unknown_area", f"there is no area `{area}`", f"{where}/area_shares")
        for number, group in enumerate(live.sku_groups):
            for hub in (group.stock.keys() | group.buffer.keys()) - hubs:
                problems.add("unknown_hub", f"there is no hub `{hub}`", f"{where}/sku_groups/{number}/stock")


def check_change(change: Change, given: WhatIf) -> Live:
    """Return the live that changes.

    Raises
    ------
    InputError
        ``unknown_live``, ``unknown_hub``, ``missing_conversion``.
    """
    lives = {live.id: live for live in given.lives}
    if change.live_id not in lives:
        names = ", ".join(lives)
        raise InputError("unknown_live", f"there is no live `{change.live_id}`", "--live", f"one of {names}")
    hubs = [hub.schedule.hub_id for hub in given.hubs]
    if change.down_hub_id and change.down_hub_id not in hubs:
        names = ", ".join(hubs)
        raise InputError("unknown_hub", f"there is no hub `{change.down_hub_id}`", "--down", f"one of {names}")
    live = lives[change.live_id]
    if change.conversion is not None and not live.conversion:
        action = "say what conversion is expected in the input's live"
        raise InputError("missing_conversion", f"live `{live.id}` has no conversion to compare with", "--live", action)
    return live
