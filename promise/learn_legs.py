"""The house's delay tables as its own scans have taught them: from leaving the hub to the delivery, lane by lane.

Scans are played day by day to :class:`promise.stages.Stages`, parcels under way counted as at risk. A lane (hub, area,
option) that was driven often enough gets the curve learnt; the others keep what the house was told.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from urllib.parse import unquote

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from data.clock import PARIS
from data.model.base import Count, Value
from data.model.promise_state import PromiseState, StageCurve
from promise.stages import Stages

I64 = NDArray[np.int64]

HISTORY_DAYS = 28
LEAST_PARCELS = 60
"""A lane with fewer in that time keeps the curve it was told."""
DIGITS = 4


class Lane(Value):
    """Parcels that left on a day and came on another (ordinals; 0: not yet); ``name`` is hub/area/option."""

    name: str
    left_day: Count
    came_day: Count
    parcels: Annotated[int, Meta(ge=1)]


def lanes(legs: Sequence[tuple[str, int, int]]) -> tuple[Lane, ...]:
    """Return scans (capacity, left and came in Unix seconds) counted by lane and days."""
    counted: dict[tuple[str, int, int], int] = {}
    for capacity_id, left_s, came_s in legs:
        hub, _, *where = capacity_id.split("/")
        if len(where) >= 2:
            key = "/".join((hub, *where[:2])), _day(left_s), _day(came_s) if came_s else 0
            counted[key] = counted.get(key, 0) + 1
    return tuple(
        Lane(name=name, left_day=left, came_day=came, parcels=count)
        for (name, left, came), count in sorted(counted.items())
    )


def learned(state: PromiseState, driven: Sequence[Lane], today: int) -> tuple[StageCurve, ...]:
    """Return the curves of the lanes that were driven often enough, by what is known on a morning.

    Parameters
    ----------
    today : int
        Ordinal day; what happened on it doesn't count yet.
    """
    hubs = {load.schedule.hub_id: number for number, load in enumerate(state.hubs)}
    areas = {area.id: number for number, area in enumerate(state.areas)}
    options = {option.id: number for number, option in enumerate(state.options)}
    known = []
    for lane in driven:
        names = [unquote(part) for part in lane.name.split("/")]
        if names[0] in hubs and names[1] in areas and names[2] in options and lane.left_day < today:
            place = hubs[names[0]], areas[names[1]], options[names[2]]
            known += [(*place, lane.left_day, lane.came_day)] * lane.parcels
    if not known:
        return ()
    table = np.array(known, dtype=np.int64)
    first = int(table[:, 3].min())
    stages = Stages(len(hubs), len(areas), len(options), state.costs.floor)
    for day in range(first, today):
        _play(stages, state, table, first, day)
    return tuple(_curves(state, table, stages))


def _play(stages: Stages, state: PromiseState, table: I64, first: int, day: int) -> None:
    """Let the stages hear a day."""
    for number, option in enumerate(state.options):
        opened = option.calendar.open_mask(first, day - first + 1)
        step, mine = int(opened.sum()), table[:, 2] == number
        left = np.flatnonzero(mine & (table[:, 3] == day))
        stages.hear_left(number, step, left, table[left, 0], table[left, 1])
        if opened[-1]:
            came = np.flatnonzero(mine & (table[:, 4] == day))
            stages.hear_delivered(number, step, came, np.zeros(0, dtype=np.int64))


def _curves(state: PromiseState, table: I64, stages: Stages) -> list[StageCurve]:
    cdf = stages.transit_cdf()
    places, counts = np.unique(table[:, :3], axis=0, return_counts=True)
    found = []
    for (hub, area, option), count in zip(places.tolist(), counts.tolist(), strict=True):
        if count >= LEAST_PARCELS:
            curve = np.maximum.accumulate(np.round(cdf[hub, area, option], DIGITS).clip(0, 1))
            found.append(
                StageCurve(
                    option=state.options[option].id,
                    areas=(state.areas[area].id,),
                    hubs=(state.hubs[hub].schedule.hub_id,),
                    within=tuple(curve.tolist()),
                )
            )
    return found


def _day(at_s: int) -> int:
    return datetime.fromtimestamp(at_s, PARIS).toordinal()
