"""Days on which something happens: open weekdays, French public holidays, extra days either way; J+N by them.

*Jours ouvrés* are Monday to Friday, *jours ouvrables* Monday to Saturday, both without public holidays (Code du
travail L3133-1, and L3134-13 for Alsace-Moselle, which also keeps Good Friday and 26 December). J+N counts the open
days after day J: ordered on a Monday, J+2 is Wednesday, or Thursday where Tuesday is a holiday.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from typing import Annotated, Any

import holidays
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from data.model.base import Value

Weekday = Annotated[int, Meta(ge=1, le=7, description="ISO weekday, 1 is Monday")]

FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2100, 12, 31)
"""The days a calendar speaks of; beyond them the library knows no holidays."""

ALSACE, MOSELLE = "6AE", "57"
REGIONS = ("", *holidays.country_holidays("FR").subdivisions)
"""What ``Calendar.region`` may be: the ``holidays`` library's French subdivisions, or nothing."""

OVERSEAS = {"971": "971", "972": "972", "973": "973", "974": "974", "976": "976", "977": "BL", "978": "MF"}
OVERSEAS |= {"975": "PM", "986": "WF", "987": "PF", "988": "NC"}


class Calendar(Value):
    """On which days an option delivers, a hub works, or a carrier collects.

    Attributes
    ----------
    weekdays : tuple of int
        ISO weekdays it is open, 1 is Monday; at least one.
    on_holidays : bool
        Whether it is open on public holidays that fall on these weekdays.
    region : str
        Whose holidays: one of :data:`REGIONS`, e.g. ``57`` (Moselle) or ``6AE`` (Alsace); empty is the whole of
        France.
    closed, extra : tuple of date
        Closed, or open, on these days whatever the rest says; ``closed`` wins.
    """

    weekdays: tuple[Weekday, ...] = (1, 2, 3, 4, 5)
    on_holidays: bool = False
    region: str = ""
    closed: tuple[date, ...] = ()
    extra: tuple[date, ...] = ()

    def __post_init__(self) -> None:
        if not self.weekdays:
            raise ValueError("a calendar needs at least one open weekday")
        if len(set(self.weekdays)) < len(self.weekdays):
            raise ValueError("a weekday is named twice")
        if self.region not in REGIONS:
            raise ValueError(f"unknown region `{self.region}`, one of {', '.join(REGIONS[1:])}, or empty")

    def is_open(self, day: date) -> bool:
        """Return whether ``day`` is an open one."""
        if day in self.closed:
            return False
        if day in self.extra:
            return True
        return day.isoweekday() in self.weekdays and (self.on_holidays or not is_holiday(day, self.region))

    def next_open(self, day: date) -> date:
        """Return ``day`` if it is open, else the first open day after it.

        Raises
        ------
        ValueError
            There is none up to :data:`LAST_DAY`.
        """
        while not self.is_open(day):
            if day >= LAST_DAY:
                raise ValueError(f"no open day up to {LAST_DAY}")
            day += timedelta(days=1)
        return day

    def plus(self, day: date, count: int) -> date:
        """Return the ``count``-th open day after ``day``; with 0, ``day`` itself or the first open day after it."""
        found = self.next_open(day) if count <= 0 else day
        for _ in range(count):
            found = self.next_open(found + timedelta(days=1))
        return found

    def j(self, from_day: date, to_day: date) -> int:
        """Return the N of J+N: how many open days there are after ``from_day``, up to and with ``to_day``."""
        if to_day <= from_day:
            return 0
        return int(self.open_mask(from_day.toordinal() + 1, (to_day - from_day).days).sum())

    def open_mask(self, first_day: int, count: int) -> NDArray[np.bool_]:
        """Return which of ``count`` days are open, the first of which is ``date.fromordinal(first_day)``.

        Returns
        -------
        bool [count]
        """
        return np.array([self.is_open(date.fromordinal(day)) for day in range(first_day, first_day + count)], bool)

    def at(self, region: str) -> Calendar:
        """Return the same calendar with the holidays of ``region``; where that is empty, with its own."""
        return self if region in ("", self.region) else self.replace(region=region)


OUVRES = Calendar()
OUVRABLES = Calendar(weekdays=(1, 2, 3, 4, 5, 6))
EVERY_DAY = Calendar(weekdays=(1, 2, 3, 4, 5, 6, 7), on_holidays=True)


def is_holiday(day: date, region: str = "") -> bool:
    """Return whether ``day`` is a public holiday in France or, with ``region``, in that part of it."""
    return day in _holidays(region)


def region_of(postcode: str) -> str:
    """Return the region whose holidays hold at a French postcode, empty where they are those of the whole country.

    Moselle is 57, Alsace 67 and 68; overseas the first three digits tell.
    """
    if postcode[:2] == "57":
        return MOSELLE
    if postcode[:2] in ("67", "68"):
        return ALSACE
    return OVERSEAS.get(postcode[:3], "")


@lru_cache(maxsize=32)
def _holidays(region: str) -> Any:
    """Return the library's calendar; it grows by the year as days are asked for."""
    return holidays.country_holidays("FR", subdiv=region or None)
