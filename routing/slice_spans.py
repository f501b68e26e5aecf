"""What changes in the course of a day: when zones and streets are closed to a class, and when traffic is how fast."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from enum import Enum
from itertools import pairwise
from typing import NamedTuple

from data.errors import RoutingDataError
from data.hours import open_windows
from data.model.plan import AccessClass
from data.model.streets import RoadClass
from data.model.traffic import Conditions, Report, Traffic
from data.model.vehicle import Category
from data.model.zone import Zone
from routing.access import HORIZON_END

FAR_S = 10**9
"""End of a day's last time slice."""

STREET_HOURS_FOR = frozenset({Category.VP, Category.VUL, Category.PL})
"""Who must keep to the hours of streets that are open for deliveries; bikes and scooters are free."""

MOTOR = frozenset(Category) - {Category.CARGO_BIKE}
"""Who is caught in traffic: a cargo bike rides past it."""

SUNDAY = 6


class Kind(Enum):
    """What can be closed: a zone, streets outside of their hours, streets that a report closes."""

    ZONE = "zone"
    HOURS = "hours"
    REPORT = "report"


class Restriction(NamedTuple):
    """Something that is closed: which of the zones, the street hours or the reports."""

    kind: Kind
    which: int


class Span(NamedTuple):
    """When it is closed, in seconds on the day axis, the end excluded."""

    what: Restriction
    start_s: int
    end_s: int


class Speed(NamedTuple):
    """How fast traffic is: a factor on the free-flow speed per :class:`RoadClass`, weather included, and the indices
    of the reports that slow single streets down."""

    factor: tuple[float, ...]
    reports: tuple[int, ...] = ()


FREE_FLOW = Speed((1.0,) * len(RoadClass))


def elapsed_s(at: datetime, epoch_at: datetime) -> float:
    """Return the seconds really elapsed from ``epoch_at`` to ``at``, across a change of clocks too."""
    return (at.astimezone(UTC) - epoch_at.astimezone(UTC)).total_seconds()


def closed_spans(
    access: AccessClass, zones: Sequence[Zone], epoch_at: datetime, street_hours: Sequence[str], traffic: Traffic
) -> list[Span]:
    """Return what is closed to a class and when, in whole seconds rounded outwards.

    Raises
    ------
    RoutingDataError
        ``unknown_zone``.
    """
    spans = [*_zones(access, zones, epoch_at), *_hours(access.category, epoch_at, street_hours)]
    for index, report in enumerate(traffic.reports):
        if report.closed and access.category in report.categories:
            spans.append(Span(Restriction(Kind.REPORT, index), *_valid_s(report, epoch_at)))
    return [span for span in spans if span.start_s < span.end_s]


def _zones(access: AccessClass, zones: Sequence[Zone], epoch_at: datetime) -> Iterator[Span]:
    known = {zone.id: z for z, zone in enumerate(zones)}
    for closure in access.closures:
        if closure.zone_id not in known:
            message = f"class {access.id} is banned from zone {closure.zone_id}, which the city file doesn't have"
            raise RoutingDataError("unknown_zone", message, action="build the city again with the zones in use")
        for window in closure.closed:
            what = Restriction(Kind.ZONE, known[closure.zone_id])
            yield Span(what, *_outwards(window.start_at, window.end_at, epoch_at))


def _hours(category: Category, epoch_at: datetime, street_hours: Sequence[str]) -> Iterator[Span]:
    """Yield when streets are outside of their hours; what is closed at the end of the day's horizon stays so."""
    if category not in STREET_HOURS_FOR or not street_hours:
        return
    start_at, end_at = _horizon(epoch_at)
    for index, hours in enumerate(street_hours):
        windows = open_windows(hours, start_at, end_at)
        opens = [math.ceil(elapsed_s(window.start_at, epoch_at)) for window in windows]
        closes = [math.floor(elapsed_s(window.end_at, epoch_at)) for window in windows]
        to_the_end = bool(windows) and windows[-1].end_at >= end_at
        for start_s, end_s in zip([0, *closes], [*opens, 0 if to_the_end else FAR_S], strict=True):
            yield Span(Restriction(Kind.HOURS, index), start_s, end_s)


def speed_changes(category: Category, epoch_at: datetime, conditions: Conditions) -> list[tuple[int, Speed]]:
    """Return from when on traffic is how fast for a category, the first from 0 on, sorted."""
    plain = Speed((conditions.weather,) * len(RoadClass))
    if category not in MOTOR:
        return [(0, plain)]
    hours = _by_hour(epoch_at, conditions) if conditions.curves else [(0, plain)]
    slow = {
        index: _valid_s(report, epoch_at)
        for index, report in enumerate(conditions.traffic.reports)
        if not report.closed and category in report.categories
    }
    cuts = sorted({0, *(since for since, _ in hours), *(edge for span in slow.values() for edge in span)} - {FAR_S})
    return [
        (cut, Speed([speed.factor for since, speed in hours if since <= cut][-1],
                    tuple(index for index, (start, end) in slow.items() if start <= cut < end)))
        for cut in cuts
    ]  # fmt: skip


def _by_hour(epoch_at: datetime, conditions: Conditions) -> list[tuple[int, Speed]]:
    """Return the curve's speeds from each hour of the local clock on; on the day clocks change it has 23 or 25."""
    assert conditions.curves is not None
    start_at, end_at = _horizon(epoch_at)
    hours = math.ceil(elapsed_s(end_at, epoch_at) / 3600)
    first, last = 0, hours - 1
    if conditions.work is not None:
        opens_s, closes_s = (elapsed_s(at, epoch_at) for at in conditions.work)
        first, last = (min(max(int(at // 3600), 0), hours - 1) for at in (opens_s, math.ceil(closes_s) - 1))
    holidays = [(window.start_at, window.end_at) for window in open_windows("PH", start_at, end_at)]
    found: list[tuple[int, Speed]] = []
    for hour in range(first, last + 1):
        at = (epoch_at.astimezone(UTC) + timedelta(hours=hour)).astimezone(epoch_at.tzinfo)
        day = SUNDAY if any(since <= at < until for since, until in holidays) else at.weekday()
        factor = conditions.curves.factor[:, day, at.hour] * conditions.weather
        found.append((0 if hour == first else hour * 3600, Speed(tuple(factor.tolist()))))
    return [found[0], *(now for before, now in pairwise(found) if now[1] != before[1])]


def _valid_s(report: Report, epoch_at: datetime) -> tuple[int, int]:
    start_s = 0 if report.start_at is None else max(0, math.floor(elapsed_s(report.start_at, epoch_at)))
    end_s = FAR_S if report.end_at is None else min(FAR_S, math.ceil(elapsed_s(report.end_at, epoch_at)))
    return start_s, max(start_s, end_s)


def _outwards(start_at: datetime, end_at: datetime, epoch_at: datetime) -> tuple[int, int]:
    start_s = max(0, math.floor(elapsed_s(start_at, epoch_at)))
    return start_s, min(FAR_S, math.ceil(elapsed_s(end_at, epoch_at)))


def _horizon(epoch_at: datetime) -> tuple[datetime, datetime]:
    """Return the day's first instant and the end of what is planned on it; ``epoch_at`` carries a ``ZoneInfo``."""
    return epoch_at, datetime.combine(epoch_at.date() + timedelta(days=1), HORIZON_END, epoch_at.tzinfo)
