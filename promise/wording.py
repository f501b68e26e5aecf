"""What a buyer reads, in French and in English, and what the house notes beside it."""

from __future__ import annotations

from datetime import date, datetime

from data.clock import PARIS
from data.model.place import PlaceKind

DAYS_FR = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
DAYS_EN = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS_FR = (
    "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
    "décembre",
)  # fmt: skip
MONTHS_EN = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
HANDED_OVER_FR = {
    PlaceKind.HOME: "livré",
    PlaceKind.RELAY: "disponible en point relais",
    PlaceKind.LOCKER: "disponible en consigne",
    PlaceKind.POST_OFFICE: "disponible au bureau de poste",
}
HANDED_OVER_EN = {
    PlaceKind.HOME: "delivered",
    PlaceKind.RELAY: "at the pick-up point on",
    PlaceKind.LOCKER: "in the locker on",
    PlaceKind.POST_OFFICE: "at the post office on",
}


def date_fr(day: date, today: date) -> str:
    """Return ``mardi 24 novembre``; the first is ``1er``, the year is named where it is not today's."""
    number = "1er" if day.day == 1 else str(day.day)
    year = f" {day.year}" if day.year != today.year else ""
    return f"{DAYS_FR[day.weekday()]} {number} {MONTHS_FR[day.month - 1]}{year}"


def date_en(day: date, today: date) -> str:
    """Return ``Tuesday 24 November``; the year is named where it is not today's."""
    year = f" {day.year}" if day.year != today.year else ""
    return f"{DAYS_EN[day.weekday()]} {day.day} {MONTHS_EN[day.month - 1]}{year}"


def promise_fr(kind: PlaceKind, day: date, today: date) -> str:
    """Return ``livré mardi 24 novembre``, or where else it is then."""
    return f"{HANDED_OVER_FR[kind]} {date_fr(day, today)}"


def promise_en(kind: PlaceKind, day: date, today: date) -> str:
    """Return ``delivered Tuesday 24 November``, or where else it is then."""
    return f"{HANDED_OVER_EN[kind]} {date_en(day, today)}"


def moment_fr(at: datetime) -> str:
    """Return ``mar. 18 h`` or ``mar. 18 h 30``, local time."""
    local = at.astimezone(PARIS)
    minutes = f" {local.minute:02d}" if local.minute else ""
    return f"{DAYS_FR[local.weekday()][:3]}. {local.hour} h{minutes}"


def moment_en(at: datetime) -> str:
    """Return ``Tue 18:30``, local time."""
    local = at.astimezone(PARIS)
    return f"{DAYS_EN[local.weekday()][:3]} {local:%H:%M}"


def hub_load(hub_id: str, ratio: float, until_s: int | None) -> str:
    """Return ``hub A at 143 % until Tue 23:00``: its work over what it gets done, and when it has caught up."""
    said = f"hub {hub_id} at {ratio * 100:.0f} %"
    if until_s is None:
        return f"{said}, no end in sight" if ratio > 1 else said
    return f"{said} until {moment_en(datetime.fromtimestamp(until_s, PARIS))}"
