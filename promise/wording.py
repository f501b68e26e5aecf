"""What a buyer reads, in French and in English, and what the house notes beside it."""

from __future__ import annotations

from collections.abc import Sequence
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


def at_risk_fr(kind: PlaceKind, day: date, today: date) -> str:
    """Return what a customer reads when a date may not be kept."""
    return f"Nous risquons de ne pas tenir la date promise ({promise_fr(kind, day, today)}). Nous la suivons de près."


def at_risk_en(kind: PlaceKind, day: date, today: date) -> str:
    """Return what a customer reads when a date may not be kept."""
    return f"We may not keep the date we promised ({promise_en(kind, day, today)}). We are watching it closely."


def moved_fr(kind: PlaceKind, before: date, after: date, choices: Sequence[str], today: date) -> str:
    """Return what a customer reads when a promise has moved, and what else may be had."""
    told = f"Votre colis sera {promise_fr(kind, after, today)}, au lieu de {date_fr(before, today)}."
    return f"{told} Vous pouvez aussi choisir : {' ; '.join(choices)}." if choices else told


def moved_en(kind: PlaceKind, before: date, after: date, choices: Sequence[str], today: date) -> str:
    """Return what a customer reads when a promise has moved, and what else may be had."""
    told = f"Your parcel will be {promise_en(kind, after, today)} instead of {date_en(before, today)}."
    return f"{told} You may also choose: {'; '.join(choices)}." if choices else told


def moment_fr(at: datetime) -> str:
    """Return ``mar. 18 h`` or ``mar. 18 h 30``, local time."""
    local = at.astimezone(PARIS)
    minutes = f" {local.minute:02d}" if local.minute else ""
    return f"{DAYS_FR[local.weekday()][:3]}. {local.hour} h{minutes}"


def moment_en(at: datetime) -> str:
    """Return ``Tue 18:30``, local time."""
    local = at.astimezone(PARIS)
    return f"{DAYS_EN[local.weekday()][:3]} {local:%H:%M}"


def ordered_by_fr(until: datetime, now: datetime, promise: str) -> str:
    """Return ``commandé aujourd'hui avant 17 h, livré jeudi 26 novembre``, or before which day's hour."""
    day, hour = moment_fr(until).split(" ", 1)
    today = until.astimezone(PARIS).date() == now.astimezone(PARIS).date()
    before = "aujourd'hui avant" if today else f"avant {day}"
    return f"commandé {before} {hour}, {promise}"


def ordered_by_en(until: datetime, now: datetime, promise: str) -> str:
    """Return ``ordered today before 17:00, delivered Thursday 26 November``, or before which day's hour."""
    day, hour = moment_en(until).split(" ", 1)
    today = until.astimezone(PARIS).date() == now.astimezone(PARIS).date()
    before = "today before" if today else f"before {day}"
    return f"ordered {before} {hour}, {promise}"


def hub_load(hub_id: str, ratio: float, until_s: int | None) -> str:
    """Return ``hub A at 143 % until Tue 23:00``: its work over what it gets done, and when it has caught up."""
    said = f"hub {hub_id} at {ratio * 100:.0f} %"
    if until_s is None:
        return f"{said}, no end in sight" if ratio > 1 else said
    return f"{said} until {moment_en(datetime.fromtimestamp(until_s, PARIS))}"
