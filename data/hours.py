"""Opening hours in OSM's notation, resolved to instants, with French public holidays and daylight saving time.

The notation says what a clock on the wall shows, so an instant is open when its local wall time is. On the night
clocks go back, an hour of the wall exists twice and both count; on the night they go forward, one never exists.
Holidays are those of the whole of France, as the library carries them: Alsace-Moselle's two more are not known.
``PH off`` is off from midnight to midnight: a night that began before it ends there, one that would begin on it
still has its hours of the next day.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from opening_hours import OpeningHours, State, validate

from data.errors import InputError
from data.model.base import Window

_QUOTED = re.compile(r'"[^"]*"')
_ONLY_A_COMMENT = re.compile(r'(^|;|\|\|)\s*"[^"]*"\s*(;|\|\||$)')
_SUN = re.compile(r"\b(sunrise|sunset|dawn|dusk)\b")
_SCHOOL_HOLIDAYS = re.compile(r"\bSH\b")
_NOT_CERTAIN = re.compile(r"\bunknown\b")
_STRAY_COLON = re.compile(r"(?<=[a-z])\s*:\s*(?=\d)")
_ROUND_THE_CLOCK = re.compile(r"^(Mo-Su\s+)?00:00-24:00$")


def open_windows(hours: str | None, start_at: datetime, end_at: datetime) -> tuple[Window, ...]:
    """Return when ``hours`` are open between two instants.

    Parameters
    ----------
    hours : str or None
        OSM opening_hours; ``None`` means always.
    start_at, end_at : datetime
        The horizon. ``start_at`` must carry a ``ZoneInfo``: its clock is the one the hours speak of.

    Returns
    -------
    tuple of Window
        Merged, in order, clipped to the horizon. Their instants carry a fixed offset, so that comparing and
        subtracting them is right on the days the clocks change (two times of one ``ZoneInfo`` compare as wall times).

    Raises
    ------
    InputError
        ``unreadable_hours``, see :func:`normalise_hours`.
    """
    if not isinstance(start_at.tzinfo, ZoneInfo):
        raise ValueError("start_at must carry a ZoneInfo: the hours are those of its clock")
    return _open_windows(hours, start_at.astimezone(UTC), end_at.astimezone(UTC), start_at.tzinfo)


def normalise_hours(text: str) -> tuple[str, str]:
    """Return hours that :func:`open_windows` can use, and a note where they were read in an obvious way.

    ``Mo-Su : 00:00-00:00`` is 24/7, and the minute that ``00:00-23:59`` leaves out every night is not meant.

    Raises
    ------
    InputError
        ``unreadable_hours``: not OSM's notation, or it depends on what nobody here knows (the sun, school holidays,
        "unknown", a bare comment).
    """
    trimmed = text.strip()
    usable = _STRAY_COLON.sub(" ", trimmed).replace("00:00-00:00", "00:00-24:00").replace("00:00-23:59", "00:00-24:00")
    if usable == trimmed:
        return trimmed, "; ".join(parse_hours(trimmed).warnings)
    if _ROUND_THE_CLOCK.match(usable):
        usable = "24/7"
    parse_hours(usable)
    return usable, f"hours `{trimmed}` read as `{usable}`"


@lru_cache(maxsize=4096)
def parse_hours(text: str) -> OpeningHours:
    """Return the parsed hours, without a time zone: they speak of wall times.

    Raises
    ------
    InputError
        ``unreadable_hours``.
    """
    bare = _QUOTED.sub("", text)
    why = ""
    if not text.strip():
        why = "they are empty"
    elif _SUN.search(bare):
        why = "they follow the sun"
    elif _SCHOOL_HOLIDAYS.search(bare):
        why = "they depend on school holidays (SH)"
    elif _NOT_CERTAIN.search(bare) or _ONLY_A_COMMENT.search(text):
        why = "they leave open when it is open"
    elif not validate(text):
        why = "this is not OSM's notation"
    if why:
        raise InputError(
            "unreadable_hours",
            f"can't tell the hours from `{text}`: {why}",
            action="write them as OSM's opening_hours, such as `Mo-Fr 08:00-20:00; PH off`",
        )
    return OpeningHours(text, country="FR", auto_timezone=False)


def zone_named(name: str) -> ZoneInfo:
    """Return the time zone called ``name``, such as ``Europe/Paris``.

    Raises
    ------
    InputError
        ``unknown_time_zone``.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InputError(
            "unknown_time_zone", f"unknown time zone `{name}`", action="name it like Europe/Paris"
        ) from None


def with_offset(instant: datetime) -> datetime:
    """Return the same instant carrying its numeric offset instead of a ``ZoneInfo``."""
    return instant.replace(tzinfo=timezone(instant.utcoffset() or timedelta()), fold=0)


@lru_cache(maxsize=65_536)
def _open_windows(hours: str | None, start: datetime, end: datetime, zone: ZoneInfo) -> tuple[Window, ...]:
    spans = [(start, end)] if hours is None else _merged(_open_spans(parse_hours(hours), start, end, zone))
    return tuple(
        Window(start_at=with_offset(first.astimezone(zone)), end_at=with_offset(last.astimezone(zone)))
        for first, last in spans
    )


def _open_spans(
    hours: OpeningHours, start: datetime, end: datetime, zone: ZoneInfo
) -> Iterator[tuple[datetime, datetime]]:
    for first, last, offset in _constant_offsets(start, end, zone):
        wall_first = first.replace(tzinfo=None) + offset
        wall_last = last.replace(tzinfo=None) + offset
        for opens, closes, state, _ in hours.intervals(wall_first, wall_last):
            if state == State.OPEN:
                yield (
                    (max(opens, wall_first) - offset).replace(tzinfo=UTC),
                    (min(closes, wall_last) - offset).replace(tzinfo=UTC),
                )


def _merged(spans: Iterator[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    merged: list[tuple[datetime, datetime]] = []
    for first, last in spans:
        if merged and merged[-1][1] >= first:
            merged[-1] = (merged[-1][0], last)
        else:
            merged.append((first, last))
    return merged


@lru_cache(maxsize=64)
def _constant_offsets(
    start: datetime, end: datetime, zone: ZoneInfo
) -> tuple[tuple[datetime, datetime, timedelta], ...]:
    """Cut [start, end) where the clocks change. They change on a full quarter of an hour of UTC."""
    quarter = timedelta(minutes=15)
    pieces = []
    first = start
    offset = _offset(start, zone)
    probe = start.replace(minute=start.minute // 15 * 15, second=0, microsecond=0) + quarter
    while probe < end:
        if _offset(probe, zone) != offset:
            pieces.append((first, probe, offset))
            first, offset = probe, _offset(probe, zone)
        probe += quarter
    if first < end:
        pieces.append((first, end, offset))
    return tuple(pieces)


def _offset(instant: datetime, zone: ZoneInfo) -> timedelta:
    return instant.astimezone(zone).utcoffset() or timedelta()
