"""Expected orders per five minutes by hub, area, channel and SKU group, with their uncertainty, as scenarios.

A forecast adds up streams: the baseline of each hub or channel (:mod:`promise.baseline`), each announced live
(:mod:`promise.nowcast`) and each burst on its way (:mod:`promise.surge`). A stream has scenarios of its expected
orders and one share for each hub, area, channel and group; what falls into a step is Poisson around their sum.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from data.clock import rng as seeded
from data.errors import InputError
from data.model.live import Channel, Live
from data.model.schedule import STEP_S
from promise.baseline import Baseline, Level
from promise.cox import Floats
from promise.nowcast import Nowcast
from promise.stock import PARCELS_PER_ORDER

By = Literal["hub", "area", "channel", "group"]
CHANNELS = tuple(Channel)


@dataclass(frozen=True)
class Market:
    """Where orders may come from and go to.

    Attributes
    ----------
    hub_ids, area_ids, group_ids : tuple of str
        The axes of every share; ``group_ids`` may hold the empty id, for orders of no group known.
    area_shares : float64 [A]
        Where ordinary orders go.
    hub_of_area : float64 [A, H]
        Which hub serves an area's orders; rows sum to 1.
    channel_shares : float64 [len(CHANNELS)]
        Through which channel ordinary orders come.
    group_shares : float64 [G]
        What ordinary orders are for.
    """

    hub_ids: tuple[str, ...]
    area_ids: tuple[str, ...]
    group_ids: tuple[str, ...]
    area_shares: Floats
    hub_of_area: Floats
    channel_shares: Floats
    group_shares: Floats

    def __post_init__(self) -> None:
        shapes = {
            "area_shares": ((len(self.area_ids),), self.area_shares),
            "hub_of_area": ((len(self.area_ids), len(self.hub_ids)), self.hub_of_area),
            "channel_shares": ((len(CHANNELS),), self.channel_shares),
            "group_shares": ((len(self.group_ids),), self.group_shares),
        }
        for name, (shape, shares) in shapes.items():
            if shares.shape != shape or (shares < 0).any() or not np.allclose(shares.sum(axis=-1), 1, atol=1e-6):
                problem = f"{name} must be {shape}, not negative, and sum to 1"
                raise InputError("invalid_shares", problem, name, "divide counts by their sum")


@dataclass(frozen=True)
class Stream:
    """Orders of one cause: ``orders`` float64 [S, T] expected, and the shares that split them."""

    orders: Floats
    hub: Floats
    area: Floats
    channel: Floats
    group: Floats


@dataclass(frozen=True)
class Forecast:
    """Scenarios of what comes.

    Attributes
    ----------
    begin_s : int
        Unix second the first step begins; a multiple of ``STEP_S``.
    parcels : float32 [S, T, H]
        Drawn parcels of each step and hub.
    streams : tuple of Stream
        What they were drawn from.
    """

    market: Market
    begin_s: int
    parcels: NDArray[np.float32]
    streams: tuple[Stream, ...]
    seed: int

    @property
    def hub_ids(self) -> tuple[str, ...]:
        """The hubs, in the order of the last axis of ``parcels``."""
        return self.market.hub_ids

    def expected(self, by: By) -> Floats:
        """Return the mean orders of each step, float64 [T, n]; n in the order of the market's ids."""
        found: Floats = sum(
            (np.outer(one.orders.mean(axis=0), getattr(one, by)) for one in self.streams), np.zeros((1, 1))
        )
        return found

    def orders(self, by: By, first: int = 0, last: int | None = None) -> Floats:
        """Return drawn orders of the steps from ``first`` up to ``last`` together, float64 [S, n]."""
        expected = sum(
            (np.outer(one.orders[:, first:last].sum(axis=1), getattr(one, by)) for one in self.streams),
            np.zeros((1, 1)),
        )
        return seeded(self.seed + 1).poisson(expected).astype(np.float64)

    def quantiles(self, by: By, levels: Sequence[float], first: int = 0, last: int | None = None) -> Floats:
        """Return quantiles of the orders of some steps together, float64 [len(levels), n]."""
        found: Floats = np.quantile(self.orders(by, first, last), levels, axis=0)
        return found


def forecast(market: Market, begin_s: int, streams: Sequence[Stream], seed: int) -> Forecast:
    """Return the forecast of all streams together; the same seed draws the same parcels.

    Raises
    ------
    InputError
        ``not_aligned`` or ``no_streams``.
    """
    if begin_s % STEP_S:
        raise InputError("not_aligned", f"{begin_s} s is no multiple of {STEP_S} s", "begin_s", "round it down")
    if not streams:
        raise InputError("no_streams", "a forecast needs at least one stream", "streams", "give a baseline")
    expected = sum(one.orders[:, :, None] * one.hub for one in streams)
    rng = seeded(seed)
    orders = rng.poisson(expected)
    parcels = (orders + rng.poisson((PARCELS_PER_ORDER - 1) * orders)).astype(np.float32)
    return Forecast(market, begin_s, parcels, tuple(streams), seed)


def ordinary(
    market: Market,
    baseline: Baseline,
    level: Level,
    begin_s: int,
    steps: int,
    *,
    scenarios: int,
    seed: int,
    hub_id: str | None = None,
    weather: Floats | None = None,
) -> Stream:
    """Return the stream of ordinary orders, of all hubs or of one."""
    orders = baseline.scenarios(level, begin_s, steps, scenarios, seeded(seed), weather)
    area = _areas(market, market.area_shares, hub_id)
    return Stream(orders, _hubs(market, area, hub_id), area, market.channel_shares, market.group_shares)


def announced(
    market: Market, live: Live, nowcast: Nowcast, begin_s: int, steps: int, *, scenarios: int, seed: int
) -> tuple[Stream, ...]:
    """Return the streams of a live, one for each of its groups, cut where its stock ends.

    Raises
    ------
    InputError
        ``unknown_area`` or ``unknown_group``: the market doesn't know what the live announces.
    """
    area = _shares(live.area_shares, market.area_ids, "unknown_area", live) if live.area_shares else market.area_shares
    channel = (np.array(CHANNELS) == live.channel).astype(np.float64)
    return tuple(
        Stream(
            _on_grid(sold, nowcast.begin_s, begin_s, steps),
            _hubs(market, area, None),
            area,
            channel,
            _shares({group_id: 1.0}, market.group_ids, "unknown_group", live) if group_id else market.group_shares,
        )
        for group_id, sold in zip(nowcast.shelf.group_ids, nowcast.to_come(scenarios, seeded(seed)))
    )


def unannounced(
    market: Market, nowcast: Nowcast, begin_s: int, steps: int, *, scenarios: int, seed: int, hub_id: str | None = None
) -> Stream:
    """Return the stream of a burst nobody announced, of all hubs or seen at one: social, split as usual."""
    area = _areas(market, market.area_shares, hub_id)
    channel = (np.array(CHANNELS) == Channel.SOCIAL).astype(np.float64)
    orders = _on_grid(nowcast.to_come(scenarios, seeded(seed)).sum(axis=0), nowcast.begin_s, begin_s, steps)
    return Stream(orders, _hubs(market, area, hub_id), area, channel, market.group_shares)


def _on_grid(orders: Floats, own_begin_s: int, begin_s: int, steps: int) -> Floats:
    """Return ``[S, N]`` orders of steps from ``own_begin_s`` as ``[S, steps]`` of steps from ``begin_s``."""
    shift = (own_begin_s - begin_s) // STEP_S
    found = np.zeros((len(orders), steps))
    first, last = max(shift, 0), min(shift + orders.shape[1], steps)
    if first < last:
        found[:, first:last] = orders[:, first - shift : last - shift]
    return found


def _areas(market: Market, area: Floats, hub_id: str | None) -> Floats:
    """Return the area shares of the orders that one hub serves, or of all."""
    if hub_id is None:
        return area
    if hub_id not in market.hub_ids:
        raise InputError("unknown_hub", f"the market has no hub `{hub_id}`", "hub_id", "add it to the market")
    served: Floats = area * market.hub_of_area[:, market.hub_ids.index(hub_id)]
    return served / served.sum() if served.sum() > 0 else area


def _hubs(market: Market, area: Floats, hub_id: str | None) -> Floats:
    if hub_id is None:
        return area @ market.hub_of_area
    return (np.array(market.hub_ids) == hub_id).astype(np.float64)


def _shares(named: Mapping[str, float], ids: tuple[str, ...], code: str, live: Live) -> Floats:
    """Return shares by id as an array over ``ids``."""
    for name in named:
        if name not in ids:
            raise InputError(code, f"live `{live.id}` names `{name}`", "", "add it to the market, or correct the live")
    return np.array([named.get(name, 0.0) for name in ids])
