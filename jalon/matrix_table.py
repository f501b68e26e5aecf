"""A table between the points of a file: filled block by block, and what there is to say about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.errors import RoutingDataError
from data.hours import with_offset
from data.model.city import City
from data.model.streets import RoadClass
from data.sources.points import Points
from jalon.terminal import StepBars
from routing.matrix.cost import INF
from routing.moment import DayRoads
from routing.roads import locate_on, snap_to
from routing.slice_spans import elapsed_s
from routing.slices import FAR_S, Profile
from routing.snap import Snapped
from routing.table_blocks import table_blocks
from routing.table_file import Ids, Write
from routing.unreached import Unreached

FAR_M = 100
"""Points farther than that from their street are named."""


@dataclass(frozen=True, eq=False)
class Asked:
    """Points to measure between, snapped, and the profile to do it in.

    Attributes
    ----------
    every : Points
        Sources, then targets where they have a file of their own.
    rows, columns : intp
        The sources and the targets among them.
    """

    every: Points
    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    snapped: Snapped
    day: DayRoads
    profile: Profile

    def ids(self, distances: bool) -> Ids:
        """Return whom the rows and columns belong to."""
        return Ids([self.every.ids[row] for row in self.rows], [self.every.ids[row] for row in self.columns], distances)


def ask(sources: Points, targets: Points | None, day: DayRoads, profile: Profile) -> Asked:
    """Return the points on the streets of a profile.

    Raises
    ------
    RoutingDataError
        ``far_from_streets`` or ``no_streets``; a point is named by its file and line.
    """
    every, rows = sources, np.arange(len(sources.ids))
    columns = rows
    if targets is not None:
        every = Points(
            sources.ids + targets.ids,
            np.concatenate([sources.lat, targets.lat]),
            np.concatenate([sources.lon, targets.lon]),
            sources.where + targets.where,
        )
        columns = np.arange(len(rows), len(every.ids))
    try:
        snapped = snap_to(day.ground, profile.category, every.lat, every.lon)
    except RoutingDataError as error:
        if error.where.startswith("#/"):
            error.where = every.where[int(error.where.removeprefix("#/"))]
        raise
    return Asked(every, rows, columns, snapped, day, profile)


def fill(asked: Asked, distances: bool, write: Write) -> Unreached:
    """Hand the table's rows to ``write``, some at a time, and return why some pairs have no way."""
    roads, every = asked.day.roads(asked.profile), asked.every
    points = locate_on(roads, asked.snapped, every.lat, every.lon)
    unreached = Unreached(asked.day, asked.profile, asked.snapped, every.lat, every.lon)
    with StepBars() as bars:
        for block in table_blocks(roads, points, asked.rows, asked.columns, distances):
            write(block.duration_s, block.distance_m)
            unreached.count(block.duration_s >= INF, block.rows, asked.columns)
            bars("measuring", (int(block.rows[-1]) + 1) / len(asked.rows))
    return unreached


def table_figures(city: City, asked: Asked, unreached: Unreached) -> dict[str, Any]:
    """Return the counts of a filled table: pairs without a way by cause, and how far points lie from their streets."""
    snap_m = asked.snapped.distance_m
    far = np.flatnonzero(snap_m > FAR_M).tolist()
    found = unreached.pairs.most_common()
    return {
        "city": city.name,
        "points": len(asked.rows),
        "targets": len(asked.columns),
        "unreachable": unreached.pairs.total(),
        "reasons": [
            {
                "reason": cause.reason.value,
                "zone_id": city.zones[cause.zone].id if cause.zone >= 0 else None,
                "pairs": n,
            }
            for cause, n in found
        ],
        "snap": {
            "median_m": float(np.median(snap_m)),
            "max_m": int(snap_m.max()),
            "far": [{"id": asked.every.ids[row], "snap_m": int(snap_m[row])} for row in far],
        },
    }


def profile_figures(city: City, day: DayRoads, profile: Profile, at: datetime) -> dict[str, Any]:
    """Return what the profile at an instant stands for: what is closed, how fast traffic is, and from when to when."""
    slices = day.slices
    now = int(np.searchsorted(slices.end_s, elapsed_s(at, day.epoch_at), side="right"))
    start_s, end_s = int(slices.end_s[now - 1]) if now else 0, int(slices.end_s[now])
    speed = slices.speeds[profile.speed]
    return {
        "closed_zones": [city.zones[zone].id for zone in sorted(profile.closed)],
        "closed_street_hours": [city.street_hours[index] for index in sorted(profile.hours)],
        "traffic_closures": len(profile.blocked),
        "traffic_slowdowns": len(speed.reports),
        "speed_factors": {road.name.lower(): round(speed.factor[road], 4) for road in RoadClass},
        "slice_from": _instant(day.epoch_at, start_s) if start_s else None,
        "slice_until": _instant(day.epoch_at, end_s) if end_s < FAR_S else None,
    }


def _instant(epoch_at: datetime, elapsed: int) -> str:
    """Return the instant really so many seconds after ``epoch_at``, with the offset its clock then has."""
    return (with_offset(epoch_at) + timedelta(seconds=elapsed)).astimezone(epoch_at.tzinfo).isoformat()
