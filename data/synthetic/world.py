"""A world to try promises in: hubs, areas, options and lives with what is true of them, read from a file of parameters.

What Jalon is told is nominal (:class:`data.model.schedule.HubSchedule`, the calendar of announced lives, published room
in tours); what happens follows the ``truth`` next to it. ``data/samples/world.json`` is the committed one; nothing in
it was measured anywhere: the sizes are those of a small shipper, chosen so that a tenfold burst takes days to clear.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

from msgspec import Meta

from data import codec
from data.model.base import Count, Id, Value
from data.model.live import Share
from data.model.promise import Area, DeliveryOption
from data.model.schedule import HubSchedule

WORLD_PATH = Path(__file__).resolve().parent.parent / "samples" / "world.json"

HISTORY_DAYS = 28
Positive = Annotated[float, Meta(gt=0)]
Spread = Annotated[float, Meta(ge=0, le=2, description="Standard deviation of a logarithm")]


class HubTruth(Value):
    """What a hub's schedule does not say.

    Attributes
    ----------
    rate : float
        True over nominal capacity, on average.
    sigma : float
        How much it varies by day and kind of work.
    absent_odds, absent_loss : float
        How often staff is missing from a kind of work for a day, and the share of the capacity that is lost then.
    breakdowns_per_day, breakdown_s : float, int
        The sorting stands still so often, for so long on average.
    """

    rate: Positive
    sigma: Spread
    absent_odds: Share
    absent_loss: Share
    breakdowns_per_day: Annotated[float, Meta(ge=0)]
    breakdown_s: Count


class WorldHub(Value):
    """A hub: its orders on an average ordinary day, its timetable, and the truth about it."""

    daily_orders: Positive
    schedule: HubSchedule
    truth: HubTruth


class WorldArea(Value):
    """An area: what share of each hub's orders goes there, and days on the road from each hub."""

    area: Area
    hub_shares: tuple[Share, ...]
    road_days: tuple[Count, ...]


class WorldOption(Value):
    """An option: how many choose it, what tours carry, and how often a delivery fails.

    Attributes
    ----------
    room : float
        Parcels that an area's tours can carry on a delivery day, over its ordinary orders per delivery day.
    room_min : int
        At least so many.
    lost_odds, lost_share : float
        On a day with a driver missing, this share of the room is lost.
    failed : float
        Nobody at home, locker full: tried again on the next delivery day.
    """

    option: DeliveryOption
    share: Share
    room: Positive
    room_min: Count
    lost_odds: Share
    lost_share: Share
    failed: Share


class Roads(Value):
    """Linehaul: odds that a wave's truck is a day late (a bad day hits every wave), and that a parcel goes astray."""

    bad_day_odds: Share
    late_odds: Share
    late_odds_bad_day: Share
    astray: Share


class Demand(Value):
    """The flow of orders: shares by weekday (Monday first) and by hour, and how far a day or a live strays from them.

    A live brings its orders in rushes at ``drops`` moments; replays bring ``tail_share`` more, over ``tail_s`` on
    average.
    """

    weekdays: tuple[Positive, ...]
    hours: tuple[Positive, ...]
    day_sigma: Spread
    live_sigma: Spread
    drops: Annotated[int, Meta(ge=1)]
    tail_share: Share
    tail_s: Count


class WorldLive(Value):
    """A live on the ``day``-th day of the world.

    ``factor`` is the orders during it over the ordinary ones at the same hours; 0 is a big one, its factor given for a
    run. ``area_tilt`` multiplies the areas' shares. One that is not ``announced`` stands on no calendar.
    """

    id: Id
    day: Count
    hour: Annotated[int, Meta(ge=0, le=23)]
    duration_s: Count
    creator: Id
    factor: Annotated[float, Meta(ge=0)] = 0.0
    announced: bool = True
    area_tilt: tuple[Positive, ...]


class World(Value):
    """Everything that is true, but for the draws.

    ``warm_days`` are lived through before promises count, on the last ``shakedown_days`` of them promises are made, to
    learn from; after the last scored order, ``cool_days`` let the rest be
    delivered. ``nominal`` is the share on time that promises aim at.
    """

    first_day: date
    warm_days: Count
    shakedown_days: Count
    scored_days: Count
    cool_days: Count
    nominal: Share
    hubs: tuple[WorldHub, ...]
    areas: tuple[WorldArea, ...]
    options: tuple[WorldOption, ...]
    roads: Roads
    demand: Demand
    lives: tuple[WorldLive, ...] = ()

    @property
    def days(self) -> int:
        """How many days the world lives through."""
        return self.warm_days + self.scored_days + self.cool_days

    def __post_init__(self) -> None:
        if self.warm_days - self.shakedown_days < HISTORY_DAYS:
            raise ValueError(f"a world needs {HISTORY_DAYS} days of warm-up before its shakedown, to learn demand from")
        if len(self.demand.weekdays) != 7 or len(self.demand.hours) != 24:
            raise ValueError("demand has 7 weekdays and 24 hours")
        waves = [wave for hub in self.hubs for wave in hub.schedule.waves]
        if any(wave.areas or wave.carrier or wave.parcels_max is not None for wave in waves):
            raise ValueError("the waves of a world take all that is ready, for every area")
        for area in self.areas:
            if not len(area.hub_shares) == len(area.road_days) == len(self.hubs):
                raise ValueError(f"area `{area.area.id}` needs one share and one number of days for each hub")
        if any(len(live.area_tilt) != len(self.areas) or live.day >= self.days for live in self.lives):
            raise ValueError("a live needs a tilt for each area, and a day of this world")


def read_world(path: Path = WORLD_PATH) -> World:
    """Return the world of a file, the committed one without; errors as in :func:`data.codec.read`."""
    return codec.read(path, World)
