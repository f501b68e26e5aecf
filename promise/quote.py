"""A cart, a destination and now: per option, the dated promise. It looks up a snapshot and computes no curve."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time
from functools import lru_cache
from typing import NamedTuple

from data.calendar import region_of
from data.clock import PARIS
from data.errors import InputError, near_miss
from data.hours import with_offset
from data.model.base import Window
from data.model.promise import DeliveryOption, Promise, Quality, QuoteRequest, SoldWindow
from data.model.schedule import instant_s
from promise import wording
from promise.choice import Asked, Choice, choose
from promise.lookup import Room
from promise.snapshot import Snapshot, local_day

TTL_S = 300
"""A quote holds five minutes: a checkout's cached rates are no older."""


def quote(
    snapshot: Snapshot,
    request: QuoteRequest,
    now: datetime,
    ttl_s: int = TTL_S,
    room: Room | None = None,
    placed_s: int = 0,
    facts: bool = True,
) -> tuple[Promise, ...]:
    """Return one dated promise per option asked for, in the grid's order.

    Parameters
    ----------
    now : aware datetime
        When the order would be placed.
    ttl_s : int
        The quote holds so long, also past the cut-off it depends on.
    room : Room, optional
        What is left in the tours by now, else when the snapshot was built.
    placed_s : int
        The hub can't begin before (Unix seconds): the goods are yet to come.
    facts : bool
        Whether to say what dates rest on: how full hubs are is for the carrier only.

    Raises
    ------
    InputError
        ``unknown_option`` or ``unknown_hub``, with a JSON pointer into the request.
    """
    columns = snapshot.grid.option_index
    for number, option in enumerate(request.options):
        _require_known("option", option, columns, f"#/options/{number}")
    wanted: Iterable[int] = range(len(columns))
    if request.options:
        wanted = sorted({columns[option] for option in request.options})
    asked = _asked(snapshot, request, int(now.timestamp()), placed_s, room or snapshot.lookup.room)
    expires_at = _instant(asked.now_s + ttl_s)
    return tuple(
        [_dressed(snapshot, asked, column, choose(snapshot, asked, column), expires_at, facts) for column in wanted]
    )


def _asked(snapshot: Snapshot, request: QuoteRequest, now_s: int, placed_s: int, room: Room) -> Asked:
    cart, hubs = request.cart, snapshot.lookup.every_hub
    for number, hub in enumerate(cart.hub_ids):
        _require_known("hub", hub, snapshot.hub_index, f"#/cart/hub_ids/{number}")
    if cart.hub_ids:
        hubs = tuple(sorted({snapshot.hub_index[hub] for hub in cart.hub_ids}))
    row = snapshot.grid.row_of(request)
    return Asked(
        now_s,
        max(now_s, placed_s),
        row,
        region_of(request.postcode or "") if row is None else snapshot.grid.regions[row],
        hubs,
        min(request.priority, snapshot.ontime.shape[2] - 1),
        cart.parcels,
        cart.volume_dm3,
        request.confidence or 0.0,
        room,
    )


def _require_known(noun: str, word: str, known: dict[str, int], where: str) -> None:
    if word not in known:
        hint = near_miss(word, known) or f"one of {', '.join(known)}"
        raise InputError(f"unknown_{noun}", f"there is no {noun} `{word}`", where, hint)


class Dress(NamedTuple):
    """What a date of an option reads like on one day, to all who ask."""

    date: date
    j: int
    windows: tuple[SoldWindow, ...]
    text_fr: str
    text_en: str


def _dressed(
    snapshot: Snapshot, asked: Asked, column: int, choice: Choice, expires_at: datetime, facts: bool
) -> Promise:
    """Return a choice as a buyer and a shop may read it."""
    option = snapshot.grid.options[column]
    worn = column, asked.region, choice.day, local_day(asked.now_s), choice.quality is Quality.FALLBACK
    dress = snapshot.wardrobe.get(worn)
    if dress is None:
        dress = snapshot.wardrobe[worn] = _dress(option, *worn[1:])
    return Promise(
        option_id=option.id,
        date=dress.date,
        j=dress.j,
        confidence=choice.confidence,
        quality=choice.quality,
        hub_id=snapshot.hubs[choice.hub].schedule.hub_id if choice.hub is not None else "",
        area_id=snapshot.grid.row_ids[asked.row] if asked.row is not None else "",
        order_by_at=_instant(choice.order_by_s) if choice.order_by_s is not None else None,
        expires_at=expires_at,
        windows=dress.windows,
        price_cents=option.price_cents,
        co2e_g=option.co2e_g,
        text_fr=dress.text_fr,
        text_en=dress.text_en,
        facts=choice.facts if facts else (),
    )


def _dress(option: DeliveryOption, region: str, day: int, today: int, guessed: bool) -> Dress:
    then, now = date.fromordinal(day), date.fromordinal(today)
    return Dress(
        then,
        option.calendar.at(region).j(now, then),
        () if guessed else sold_windows(option, then),
        wording.promise_fr(option.kind, then, now),
        wording.promise_en(option.kind, then, now),
    )


def sold_windows(option: DeliveryOption, day: date) -> tuple[SoldWindow, ...]:
    """Return the windows of an option that may be bought on a day."""
    return tuple(
        SoldWindow(window=_window(day, slot.begins, slot.ends), price_cents=slot.price_cents)
        for slot in option.slots
        if day.isoweekday() in slot.weekdays and day not in slot.full_on
    )


def _window(day: date, begins: time, ends: time) -> Window:
    return Window(
        start_at=_instant(instant_s(day, begins, PARIS.key)), end_at=_instant(instant_s(day, ends, PARIS.key))
    )


@lru_cache(4096)
def _instant(at_s: int) -> datetime:
    return with_offset(datetime.fromtimestamp(at_s, PARIS))
