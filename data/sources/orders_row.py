"""One order of a CSV file: its columns, and how its rows become an order with its home place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from data.errors import near_miss
from data.hours import with_offset
from data.model.base import Window
from data.model.order import Order, PlaceOption
from data.model.parcel import Dimensions, Parcel, ParcelState
from data.model.place import Place, PlaceKind
from data.sources.coordinates import trouble
from data.sources.relays import parse_dimensions_cm
from data.sources.table import Row
from data.units import dm3, grams

_NAMES: dict[str, tuple[str, ...]] = {
    "order": (
        "order",
        "commande",
        "order_no",
        "orderno",
        "order_id",
        "id",
        "numero_commande",
        "n_commande",
        "reference",
    ),
    "parcel": ("parcel", "parcel_id", "colis", "numero_colis"),
    "parcels": ("parcels", "nb_colis", "nombre_colis"),
    "name": ("name", "nom", "client", "destinataire"),
    "address": ("address", "adresse", "location"),
    "postcode": ("postcode", "code_postal", "postal_code", "cp", "zip"),
    "city": ("city", "ville", "commune", "localite"),
    "lat": ("lat", "latitude"),
    "lon": ("lon", "lng", "longitude"),
    "slot_start": ("slot_start", "creneau_debut", "time_window_start", "timewindowstart", "window_start"),
    "slot_end": ("slot_end", "creneau_fin", "time_window_end", "timewindowend", "window_end"),
    "weight_kg": ("weight_kg", "poids_kg", "weight", "poids"),
    "volume_l": ("volume_l", "volume", "volume_litres"),
    "dims_cm": ("dims_cm", "dimensions_cm", "dimensions"),
    "ready_at": ("ready_at", "pret_a", "disponible_a"),
    "state": ("state", "etat"),
    "parcel_hub": ("parcel_hub", "hub_colis"),
    "priority": ("priority", "priorite"),
    "promised_on": ("promised_on", "promis_le", "date_promise"),
    "promised_by": ("promised_by", "promis_avant", "livre_avant", "au_plus_tard"),
    "late_eur_per_hour": ("late_eur_per_hour", "retard_eur_par_heure", "retard_eur_h"),
    "hub": ("hub", "hub_id"),
    "relays": ("relays", "relais", "points_relais"),
    "skills": ("skills", "competences"),
    "shipper": ("shipper", "expediteur", "marchand"),
    "created_at": ("created_at", "cree_le"),
    "place": ("place", "place_id", "lieu"),
    "setup_s": ("setup_s",),
    "service_s": ("service_s",),
}
_UNUSED = (
    *("telephone", "tel", "phone", "mobile", "portable", "email", "mail", "courriel"),  # known, and never stored
    *("notes", "commentaire", "commentaires", "instructions", "pays", "country", "type"),
)
COLUMNS = {name: column for column, names in _NAMES.items() for name in names} | dict.fromkeys(_UNUSED, "")
PARCEL_COLUMNS = {"parcel", "parcels", "weight_kg", "volume_l", "dims_cm", "ready_at", "state", "parcel_hub"}

_DEFAULT_SIZE = Dimensions(length_mm=300, width_mm=200, height_mm=100)
_DEFAULT_VOLUME_L = 6.0
_CLOCK = re.compile(r"(\d{1,2})(?:[:hH](\d{2})?(?::(\d{2}))?)")
_FRENCH_DAY = re.compile(r"^(\d{1,2})/(\d{1,2})/(\d{4})")


@dataclass(frozen=True)
class Defaults:
    """What holds for rows that don't say: the hub, the planned day and its clock."""

    hub_id: str
    day: date
    zone: ZoneInfo


def build_order(rows: list[Row], defaults: Defaults) -> tuple[Order | None, Place | None]:
    """Return one order and the home place it brings; problems are noted and give ``None``.

    Several rows are the parcels of one order, each with its own ``parcel`` id; what they say about the order itself
    must be the same or left empty after the first. A parcel without volume takes that of its dimensions, or 6 l; one
    without dimensions has 3:2:1 sides of its volume (30x20x10 cm for 6 l).
    """
    first = rows[0]
    before = len(first.problems.found)
    for row in rows[1:]:
        _check_same(first, row)
    order_id = first.text("order")
    parcels = [parcel for row in rows for parcel in _parcels(row, order_id, defaults)]
    home = _home(first, order_id)
    slot = _slot(first, defaults)
    options = _options(first, home, slot)
    priority = first.whole("priority", high=100)
    promised_on = _day(first, "promised_on") or defaults.day
    created_at, promised_by = _instant(first, "created_at", defaults), _instant(first, "promised_by", defaults)
    late_price = first.number("late_eur_per_hour", 0, 10_000)
    if len(first.problems.found) > before:
        return None, None
    order = Order(
        id=order_id,
        hub_id=first.text("hub") or defaults.hub_id,
        parcels=tuple(parcels),
        options=options,
        promised_on=promised_on,
        promised_by=promised_by,
        late_cents_per_hour=round(100 * (late_price or 0.0)),
        priority=priority or 0,
        skills=_list(first.text("skills")),
        shipper=first.text("shipper"),
        created_at=created_at,
    )
    return order, home


def _check_same(first: Row, row: Row) -> None:
    if not row.text("parcel") or not first.text("parcel"):
        hint = "one row per order; for several parcels give each row its `parcel` id"
        row.wrong("duplicate_id", f"order `{row.text('order')}` is already at {first.where}", hint)
        return
    for column, cell in row.cells.items():
        if cell and column not in PARCEL_COLUMNS and cell != first.text(column):
            row.wrong("conflicting_rows", f"{column} differs from {first.where} for order `{row.text('order')}`")


def _parcels(row: Row, order_id: str, defaults: Defaults) -> list[Parcel]:
    kilograms, litres = row.number("weight_kg", 0, 100_000), row.number("volume_l", 0, 100_000)
    if not row.text("weight_kg"):
        row.wrong("missing_value", "the parcel has no weight", "fill in the weight in kg")
    count = row.whole("parcels", 1, 1000) or 1
    size = parse_dimensions_cm(row.text("dims_cm"))
    if row.text("dims_cm") and size is None:
        row.wrong("invalid_value", f"dims_cm is `{row.text('dims_cm')}`", "write it like 30x20x10")
    state = row.text("state") or ParcelState.AT_HUB
    if state not in set(ParcelState):
        hint = near_miss(state, ParcelState) or f"one of {', '.join(ParcelState)}"
        row.wrong("invalid_value", f"unknown state `{state}`", hint)
        state = ParcelState.AT_HUB
    ready_at = _instant(row, "ready_at", defaults)
    each = _volume_l(litres, size) / count
    return [
        Parcel(
            id=row.text("parcel") or f"{order_id}-{number + 1}",
            load_g=-(-grams(kilograms or 0.0) // count),
            volume_dm3=dm3(each),
            size_mm=size or _scaled(each),
            state=ParcelState(state),
            hub_id=row.text("parcel_hub"),
            ready_at=ready_at,
        )
        for number in range(count)
    ]


def _volume_l(litres: float | None, size: Dimensions | None) -> float:
    if litres is not None:
        return litres
    return size.length_mm * size.width_mm * size.height_mm / 1e6 if size else _DEFAULT_VOLUME_L


def _scaled(litres: float) -> Dimensions:
    scale = (litres / _DEFAULT_VOLUME_L) ** (1 / 3)
    sides = (_DEFAULT_SIZE.length_mm, _DEFAULT_SIZE.width_mm, _DEFAULT_SIZE.height_mm)
    length, width, height = (max(1, round(side * scale)) for side in sides)
    return Dimensions(length_mm=length, width_mm=width, height_mm=height)


def _home(row: Row, order_id: str) -> Place | None:
    lat, lon = row.number("lat"), row.number("lon")
    if not row.text("lat") and not row.text("lon"):
        if row.text("address"):
            row.wrong(
                "missing_coordinates",
                f"order `{order_id}` has an address without coordinates",
                "geocoding comes later: add latitude and longitude",
            )
        elif not row.text("relays"):
            row.wrong("missing_coordinates", f"order `{order_id}` has neither coordinates nor relay points")
        return None
    if not row.text("lat") or not row.text("lon"):
        row.wrong("missing_coordinates", "only one of latitude and longitude is given")
    if lat is None or lon is None:
        return None
    if wrong := trouble(lat, lon):
        row.wrong("invalid_coordinates", wrong)
        return None
    times: dict[str, Any] = {name: row.whole(name, high=86_400) for name in ("setup_s", "service_s")}
    return Place(
        id=row.text("place") or f"home-{order_id}",
        kind=PlaceKind.HOME,
        lat=lat,
        lon=lon,
        name=row.text("name"),
        address=", ".join(part for part in (row.text("address"), row.text("city")) if part),
        postcode=row.text("postcode"),
        **{name: seconds for name, seconds in times.items() if seconds is not None},
    )


def _options(row: Row, home: Place | None, slot: tuple[Window, ...]) -> tuple[PlaceOption, ...]:
    """Return the home with the slot, then the relay points, ``id`` or ``id=cents`` of compensation."""
    options = [PlaceOption(place_id=home.id, windows=slot)] if home else []
    for item in _list(row.text("relays")):
        place_id, equals, cents = item.partition("=")
        if equals and not cents.isdecimal():
            row.wrong("invalid_value", f"relays has `{item}`", "write RELAY or RELAY=CENTS")
            continue
        windows = () if home else slot
        options.append(PlaceOption(place_id=place_id, windows=windows, cost_cents=int(cents or 0)))
    if len({option.place_id for option in options}) < len(options):
        row.wrong("duplicate_id", "a place is given twice as an option")
    return tuple(options)


def _slot(row: Row, defaults: Defaults) -> tuple[Window, ...]:
    """Return the slot; where only one end is given, the other is that day's midnight."""
    start, end = _instant(row, "slot_start", defaults), _instant(row, "slot_end", defaults)
    given = start or end
    if given is None:
        return ()
    local = given.astimezone(defaults.zone).date()
    start = start or _midnight(local, defaults.zone)
    end = end or _midnight(local + timedelta(days=1), defaults.zone)
    if end < start:
        row.wrong(
            "invalid_slot", f"the slot closes ({row.text('slot_end')}) before it opens ({row.text('slot_start')})"
        )
        return ()
    return (Window(start_at=start, end_at=end),)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return with_offset(datetime.combine(day, time(), zone))


def _instant(row: Row, column: str, defaults: Defaults) -> datetime | None:
    """Return ``14:30`` (also ``14h30``) on the planned day, or a full date and time, local where without offset."""
    text = row.text(column)
    if not text:
        return None
    try:
        return with_offset(_parse_instant(text, defaults))
    except (ValueError, OverflowError):
        row.wrong("invalid_time", f"{column} is `{text}`", "write 14:30, or 2026-11-24T14:30, or 24/11/2026 14:30")
        return None


def _parse_instant(text: str, defaults: Defaults) -> datetime:
    clock = _CLOCK.fullmatch(text)
    if clock:
        hour, minute, second = (int(part or 0) for part in clock.groups())
        if (hour, minute, second) == (24, 0, 0):
            return datetime.combine(defaults.day + timedelta(days=1), time(), defaults.zone)
        return datetime.combine(defaults.day, time(hour, minute, second), defaults.zone)
    moment = datetime.fromisoformat(_FRENCH_DAY.sub(_iso_day, text))
    if len(text) <= 10:
        raise ValueError("a day without a time")
    local = moment.replace(tzinfo=defaults.zone) if moment.tzinfo is None else moment
    return local.astimezone(UTC).astimezone(local.tzinfo)  # a wall time that the clocks skip moves forward


def _day(row: Row, column: str) -> date | None:
    text = row.text(column)
    try:
        return date.fromisoformat(_FRENCH_DAY.sub(_iso_day, text)) if text else None
    except ValueError:
        row.wrong("invalid_date", f"{column} is `{text}`", "write 2026-11-24 or 24/11/2026")
        return None


def _iso_day(match: re.Match[str]) -> str:
    return f"{match[3]}-{int(match[2]):02}-{int(match[1]):02}"


def _list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in re.split(r"[;|]", text) if part.strip())
