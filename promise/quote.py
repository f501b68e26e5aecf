"""A cart, a destination and now: per option, the dated promise. It looks up a snapshot and computes no curve."""

from __future__ import annotations

from datetime import date, datetime, time

import numpy as np

from data.calendar import region_of
from data.clock import PARIS
from data.errors import InputError, near_miss
from data.hours import with_offset
from data.model.base import Window
from data.model.promise import DeliveryOption, Promise, Quality, QuoteRequest, SoldWindow
from data.model.schedule import instant_s
from promise import wording
from promise.choice import Asked, Choice, choose
from promise.snapshot import Snapshot

TTL_S = 300
"""A quote holds five minutes: a checkout's cached rates are no older."""


def quote(snapshot: Snapshot, request: QuoteRequest, now: datetime, ttl_s: int = TTL_S) -> tuple[Promise, ...]:
    """Return one dated promise per option asked for, in the grid's order.

    Parameters
    ----------
    now : aware datetime
        When the order would be placed.
    ttl_s : int
        The quote holds so long, or until the cut-off it depends on if that is sooner.

    Raises
    ------
    InputError
        ``unknown_option`` or ``unknown_hub``, with a JSON pointer into the request.
    """
    columns = snapshot.grid.option_index
    for number, option in enumerate(request.options):
        _require_known("option", option, columns, f"#/options/{number}")
    wanted = sorted(columns[option] for option in request.options or columns)
    asked = _asked(snapshot, request, now)
    return tuple(_dressed(snapshot, asked, column, choose(snapshot, asked, column), ttl_s) for column in wanted)


def _asked(snapshot: Snapshot, request: QuoteRequest, now: datetime) -> Asked:
    hub_of = {hub.schedule.hub_id: number for number, hub in enumerate(snapshot.hubs)}
    for number, hub in enumerate(request.cart.hub_ids):
        _require_known("hub", hub, hub_of, f"#/cart/hub_ids/{number}")
    row = snapshot.grid.row_of(request)
    return Asked(
        now_s=int(now.timestamp()),
        row=row,
        region=region_of(request.postcode or "") if row is None else snapshot.grid.regions[row],
        hubs=np.array(sorted({hub_of[hub] for hub in request.cart.hub_ids or hub_of}), np.int64),
        priority=min(request.priority, snapshot.ontime.shape[2] - 1),
        parcels=request.cart.parcels,
        volume_dm3=request.cart.volume_dm3,
        confidence=request.confidence or 0.0,
    )


def _require_known(noun: str, word: str, known: dict[str, int], where: str) -> None:
    if word not in known:
        hint = near_miss(word, known) or f"one of {', '.join(known)}"
        raise InputError(f"unknown_{noun}", f"there is no {noun} `{word}`", where, hint)


def _dressed(snapshot: Snapshot, asked: Asked, column: int, choice: Choice, ttl_s: int) -> Promise:
    """Return a choice as a buyer and a shop may read it."""
    option, today = snapshot.grid.options[column], asked.today
    order_by_s = choice.order_by_s
    expires_s = asked.now_s + ttl_s if order_by_s is None else min(asked.now_s + ttl_s, order_by_s)
    return Promise(
        option_id=option.id,
        date=choice.day,
        j=option.calendar.at(asked.region).j(today, choice.day),
        confidence=choice.confidence,
        quality=choice.quality,
        hub_id=snapshot.hubs[choice.hub].schedule.hub_id if choice.hub is not None else "",
        area_id=snapshot.grid.row_ids[asked.row] if asked.row is not None else "",
        order_by_at=_instant(order_by_s) if order_by_s is not None else None,
        expires_at=_instant(expires_s),
        windows=_sold(option, choice),
        price_cents=option.price_cents,
        co2e_g=option.co2e_g,
        text_fr=wording.promise_fr(option.kind, choice.day, today),
        text_en=wording.promise_en(option.kind, choice.day, today),
        facts=choice.facts,
    )


def _sold(option: DeliveryOption, choice: Choice) -> tuple[SoldWindow, ...]:
    """Return the windows that may be bought on the promised day; none where the date itself is a guess."""
    if choice.quality is Quality.FALLBACK:
        return ()
    return tuple(
        SoldWindow(window=_window(choice.day, slot.begins, slot.ends), price_cents=slot.price_cents)
        for slot in option.slots
        if choice.day.isoweekday() in slot.weekdays and choice.day not in slot.full_on
    )


def _window(day: date, begins: time, ends: time) -> Window:
    return Window(
        start_at=_instant(instant_s(day, begins, PARIS.key)), end_at=_instant(instant_s(day, ends, PARIS.key))
    )


def _instant(at_s: int) -> datetime:
    return with_offset(datetime.fromtimestamp(at_s, PARIS))
