"""A state file becomes a snapshot: checked, its hubs' queues run, its curves laid out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

import h3
import numpy as np
from numpy.typing import NDArray

from data.clock import rng
from data.errors import InputError, near_miss
from data.model.promise_state import HubLoad, PromiseState
from data.model.schedule import STEP_S
from promise.decide import levels
from promise.grid import H3_RESOLUTION, Grid
from promise.hub import HubState, handover_cdfs
from promise.load import run_load
from promise.pace import Pace
from promise.snapshot import Curves, HandOver, Snapshot, build
from promise.wording import hub_load

SCENARIOS = 200
DAY_S = 86_400
ORDER_LATER_S = (3_600, 4 * 3_600, 12 * 3_600)
"""Beside the cut-offs, how long after now an order's chances are looked at anew."""

CUTOFFS_MAX = 4


@dataclass(frozen=True)
class Since:
    """What has happened since hubs were counted, and what is expected beyond their plans.

    Attributes
    ----------
    counted_s, now_s : int
        When the backlogs were counted, and when the snapshot is made (Unix seconds).
    arrived : mapping of hub to (step, parcels)
        Orders taken since then, by steps of 300 s counted from ``counted_s``.
    expected : mapping of hub to float32 [SCENARIOS, T]
        Parcels of lives that are on or to come, by steps from ``counted_s`` on; shorter than the horizon or longer.
    outages : mapping of hub to int
        Hubs that stand still now, each with the Unix second until which that is reckoned with.
    """

    counted_s: int
    now_s: int
    arrived: Mapping[str, Mapping[int, int]] = field(default_factory=dict)
    expected: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    outages: Mapping[str, int] = field(default_factory=dict)

    def stopped(self, hub: HubState) -> HubState:
        """Return a hub as it is, standing still or not."""
        until_s = self.outages.get(hub.schedule.hub_id)
        return hub if until_s is None else replace(hub, outages=((self.now_s, until_s),))

    def add_to(self, parcels: NDArray[np.float32], hub_id: str) -> None:
        """Replace what was planned until now by what really came, and add what is expected."""
        steps = parcels.shape[1]
        past = (self.now_s - self.counted_s) // STEP_S
        parcels[:, :past] = 0
        for step, count in self.arrived.get(hub_id, {}).items():
            parcels[:, min(step, steps - 1)] += count
        if (expected := self.expected.get(hub_id)) is not None:
            parcels[:, past : expected.shape[1]] += expected[:, past:steps]


def snapshot_of(state: PromiseState, seed: int = 1, since: Since | None = None) -> Snapshot:
    """Return the snapshot of a state, at its own moment or at a later one.

    Parameters
    ----------
    since : Since, optional
        What has happened since the state was taken.

    Raises
    ------
    InputError
        ``duplicate_id``, ``unknown_area``, ``unknown_option``, ``unknown_hub``, ``no_wave`` or ``uneven_classes``,
        with a JSON pointer into the state.
    """
    check(state)
    now_s = since.now_s if since else int(state.at.timestamp())
    grid = Grid(state.areas, state.options)
    curves = curves_of(state, grid)
    level = levels(curves.model, state.costs.day_cents / state.costs.broken_cents, state.costs.floor)
    hubs = [_hand_over(load, now_s, state, since, seed + number) for number, load in enumerate(state.hubs)]
    return build(now_s, hubs, grid, curves, level, state.pools, state.horizon_days, state.valid_s)


def hand_over(
    hub: HubState, parcels: NDArray[np.float32], now_s: int, valid_s: int, seed: int, begin_s: int | None = None
) -> HandOver:
    """Run a hub's queue for orders placed now and later, until tomorrow.

    An epoch has the chance of an order placed at its very end: whoever orders earlier in it has no less.

    Parameters
    ----------
    parcels : float32 [S, T]
        What comes in, by scenario and step of 300 s from ``begin_s`` on.
    valid_s : int
        How long the snapshot holds: the first epoch.
    begin_s : int, optional
        When the backlog was counted, if that was before now.
    """
    begin_s = now_s if begin_s is None else begin_s
    cutoffs_s = hub.schedule.departures(now_s, now_s + 2 * DAY_S).cutoffs_s
    ahead = cutoffs_s[(cutoffs_s > now_s) & (cutoffs_s < now_s + DAY_S)]
    edges_s = np.unique([now_s + valid_s, *(now_s + after_s for after_s in ORDER_LATER_S), *ahead[:CUTOFFS_MAX], now_s])
    ends_s = [*(edges_s[1:] - 1).tolist(), int(edges_s[-1])]
    return HandOver(hub.schedule, *handover_cdfs(hub, parcels, begin_s, ends_s, seed), edges_s)


def _hand_over(load: HubLoad, now_s: int, state: PromiseState, since: Since | None, seed: int) -> HandOver:
    hub = HubState(load.schedule, np.array(load.backlog), np.array(load.class_shares), Pace(mean=load.pace))
    begin_s = since.counted_s if since else now_s
    parcels = inflow_of(load, begin_s, (now_s - begin_s + state.horizon_days * DAY_S) // STEP_S, seed)
    if since:
        hub = since.stopped(hub)
        since.add_to(parcels, load.schedule.hub_id)
    found = hand_over(hub, parcels, now_s, state.valid_s, seed, begin_s)
    load_now = run_load(hub, parcels, begin_s, seed, now_s)
    return replace(found, facts=(hub_load(load.schedule.hub_id, load_now.ratio, load_now.until_s),))


def inflow_of(load: HubLoad, begin_s: int, steps: int, seed: int) -> NDArray[np.float32]:
    """Return the parcels that come in, float32 [S, T]; each flow's size varies by scenario, the same whatever it is."""
    draws = rng(seed).standard_normal((SCENARIOS, len(load.inflow)))
    parcels = np.zeros((SCENARIOS, steps))
    for number, flow in enumerate(load.inflow):
        factor = np.exp(flow.spread * draws[:, number] - flow.spread**2 / 2)
        parcels += factor[:, None] * _share_by_step(flow.begin_at, flow.end_at, begin_s, steps) * flow.parcels
    return parcels.astype(np.float32)


def _share_by_step(begin_at: datetime, end_at: datetime, begin_s: int, steps: int) -> NDArray[np.float64]:
    first_s, last_s = begin_at.timestamp(), end_at.timestamp()
    edges = np.clip(begin_s + STEP_S * np.arange(steps + 1.0), first_s, last_s)
    return np.diff(edges) / (last_s - first_s)


def curves_of(state: PromiseState, grid: Grid) -> Curves:
    """Lay the stage curves out by hub, area and option; a later one of the file wins."""
    hub_of = {load.schedule.hub_id: number for number, load in enumerate(state.hubs)}
    area_of = {area.id: row for row, area in enumerate(state.areas)}
    length = max((len(curve.within) for curve in state.curves), default=1)
    model = np.full((len(hub_of), len(area_of), len(grid.options), length), np.nan)
    table = np.full((len(hub_of), len(grid.options), length), np.nan)
    for curve in state.curves:
        within = np.pad(np.array(curve.within), (0, length - len(curve.within)), mode="edge")
        hubs = [hub_of[hub] for hub in curve.hubs or hub_of]
        column = grid.option_index[curve.option]
        if curve.areas:
            model[np.ix_(hubs, [area_of[area] for area in curve.areas], [column])] = within
        else:
            table[np.ix_(hubs, [column])] = within
    return Curves(model, table)


def check(state: PromiseState) -> None:
    """Raise on what a state names but does not hold; errors as for :func:`snapshot_of`."""
    hubs = _unique("hub", [(load.schedule.hub_id, f"#/hubs/{k}/schedule/hub_id") for k, load in enumerate(state.hubs)])
    options = _unique("option", [(option.id, f"#/options/{k}/id") for k, option in enumerate(state.options)])
    areas = _unique("area", [(area.id, f"#/areas/{k}/id") for k, area in enumerate(state.areas)])
    _check_places(state)
    for number, curve in enumerate(state.curves):
        _require("option", [curve.option], options, f"#/curves/{number}/option")
        _require("area", curve.areas, areas, f"#/curves/{number}/areas")
        _require("hub", curve.hubs, hubs, f"#/curves/{number}/hubs")
    for number, pool in enumerate(state.pools):
        _require("area", pool.areas, areas, f"#/pools/{number}/areas")
        _require("option", pool.options, options, f"#/pools/{number}/options")
    for number, load in enumerate(state.hubs):
        if len(load.backlog) != len(state.hubs[0].backlog):
            message = f"{len(load.backlog)} classes wait here, {len(state.hubs[0].backlog)} at the first hub"
            raise InputError("uneven_classes", message, f"#/hubs/{number}/backlog", "give every hub the same classes")
        for place, wave in enumerate(load.schedule.waves):
            _require("area", wave.areas, areas, f"#/hubs/{number}/schedule/waves/{place}/areas")
    carriers = {wave.carrier for load in state.hubs for wave in load.schedule.waves}
    for number, option in enumerate(state.options):
        if option.carrier not in carriers:
            who = f"carrier `{option.carrier}`" if option.carrier else "our own tours"
            action = "add a wave with this carrier to a hub's schedule, or leave the option out"
            raise InputError("no_wave", f"no wave of any hub leaves with {who}", f"#/options/{number}/carrier", action)


def _check_places(state: PromiseState) -> None:
    """Raise where two areas share a postcode or a cell, or a cell is none."""
    for noun, words in (("postcode", "postcodes"), ("cell", "cells")):
        named = [
            (word, f"#/areas/{number}/{words}/{place}")
            for number, area in enumerate(state.areas)
            for place, word in enumerate(getattr(area, words))
        ]
        _unique(noun, named)
    for word, where in named:
        if not h3.is_valid_cell(word) or h3.get_resolution(word) != H3_RESOLUTION:
            message = f"`{word}` is no H3 cell of resolution {H3_RESOLUTION}"
            raise InputError("invalid_cell", message, where, "write it like 88184481a3fffff")


def _unique(noun: str, named: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    """Return where each word stands."""
    known: dict[str, str] = {}
    for word, where in named:
        if word in known:
            raise InputError("duplicate_id", f"{noun} `{word}` is at {known[word]} already", where, "keep one of them")
        known[word] = where
    return known


def _require(noun: str, words: Iterable[str], known: Mapping[str, str], where: str) -> None:
    for word in words:
        if word not in known:
            hint = near_miss(word, known) or f"one of {', '.join(known) or 'none'}"
            raise InputError(f"unknown_{noun}", f"there is no {noun} `{word}`", where, hint)
