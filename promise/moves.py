"""How a promise moves: to the first later day of its option that has room, and what its customer may choose instead.

The new place is held before the old one is given up, and the customer is told, by one commit.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

import msgspec

from data.errors import JalonError
from data.model.promise import Cart, DeliveryOption, Quality, QuoteRequest
from data.model.reservation import Key, Owner, Reservation
from data.store import orders, outbox, watches
from data.store.database import Transaction
from data.store.outbox import Notice
from data.store.watches import Watch, WatchState
from promise.desk import Desk
from promise.desk_plan import Planner
from promise.desk_quotes import View
from promise.desk_values import Terms
from promise.ledger import Replies
from promise.notify import Cause, Choice, choice, moved
from promise.reserve import Publish, Request
from promise.ticket import Offer, Ticket

CHOICE_GOOD_FOR_S = 24 * 3600
TRIES = 6
BEYOND_DAYS = 14
"""Days after the horizon that are looked at where nothing has room before."""


class Promised(NamedTuple):
    """A promise as it stands; ``on_road``: its goods have left their hub."""

    key: Key
    place: Reservation
    terms: Terms
    on_road: bool = False

    @property
    def owner(self) -> Owner:
        """Whose it is."""
        return Owner(self.key.tenant, self.key.shipper)


class Mover:
    """Moves promises that a desk has given."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._now = desk, desk.now
        self._kinds = {option.id: option.kind for option in desk.state.options}
        self._regions = {area.id: area for area in desk.state.areas}

    def move(self, one: Promised, cause: Cause, before: tuple[Notice, ...] = ()) -> Terms | None:
        """Move a promise; return its new terms, ``None`` where no day was to be had.

        Parameters
        ----------
        before : tuple of Notice
            Told by the same commit, ahead of the move.
        """
        after_day = one.terms.date
        for _ in range(TRIES):
            ticket = self._ticket(one, after_day)
            if ticket is None:
                return None
            after = self._hold(one, ticket, cause, before)
            if after is not None:
                return after
            after_day = date.fromordinal(ticket.offer(one.terms.option_id).day)  # filled up meanwhile
        return None

    def _hold(self, one: Promised, ticket: Ticket, cause: Cause, before: tuple[Notice, ...]) -> Terms | None:
        desk, now = self._desk, self._now()
        now_s = int(now.timestamp())
        view = desk.quotes.view(one.key.tenant)
        planner = Planner(view.snapshot, desk.quotes.names, view.room, one.owner, now_s, desk.hold_s)
        planned = planner.move(one.key.id, one.terms.option_id, ticket)
        if planned.places:
            publish = tuple(Publish(capacity=place, if_absent=True) for place in planned.places)
            desk.ledger.submit(Request(owner=Owner(one.key.tenant), commands=publish, now_s=now_s))
        after = msgspec.json.decode(planned.command.terms, type=Terms).replace(price_cents=one.terms.price_cents)
        command = planned.command.replace(terms=msgspec.json.encode(after).decode())
        told = self._notice(one, after, ticket, cause, now.date())

        def settle(t: Transaction, replies: Replies) -> bool:
            if replies[0].refusal is not None:
                return False
            watch = Watch(id=one.key.id, day=after.date, cause=cause, state=WatchState.MOVED, at_s=now_s)
            watches.put(t, {one.key: watch})
            _keep_date(t, one, after.date, now_s)
            outbox.add(t, (*before, told), now_s)
            return True

        request = Request(owner=one.owner, commands=(command,), now_s=now_s)
        return after if desk.ledger.submit_with(request, settle).result() else None

    def _notice(self, one: Promised, after: Terms, ticket: Ticket, cause: Cause, today: date) -> Notice:
        choices = tuple(self._choices(ticket, one.terms.option_id, after.date, today))
        quote_id = self._desk.quotes.signed(ticket) if choices else ""
        kind = self._kinds[after.option_id]
        return moved(one.owner, one.key.id, one.terms, after, kind, cause, choices, today, quote_id)

    def _choices(self, ticket: Ticket, own: str, day: date, today: date) -> Iterator[Choice]:
        """Yield the other options that are there no later than the new date."""
        for offer in ticket.offers:
            if offer.option_id != own and offer.day <= day.toordinal():
                yield choice(offer.option_id, self._kinds[offer.option_id], date.fromordinal(offer.day), today)

    def _ticket(self, one: Promised, after_day: date) -> Ticket | None:
        """Return what may be had: of its own option the first day after one, of the others the first day at all."""
        today, terms = self._now().date(), one.terms
        earliest = self._quoted(one)
        view = self._desk.quotes.view(one.key.tenant)
        offers = []
        for option in self._desk.state.options:
            own = option.id == terms.option_id
            if option.id not in earliest and not (own or one.on_road):
                continue
            if option.carrier and not own and one.on_road:
                continue  # it has left another way
            first = earliest.get(option.id, Offer(option.id, 0, None, Quality.TABLE, terms.hub_id))
            begin = max(date.fromordinal(first.day) if first.day else today, today + timedelta(days=1))
            if own:
                begin = max(begin, after_day + timedelta(days=1))
            day = self._open_day(one, option, begin, view)
            if day is not None:
                same = day.toordinal() == first.day
                confidence, quality = (first.confidence, first.quality) if same else (None, Quality.TABLE)
                offers.append(Offer(option.id, day.toordinal(), confidence, quality, first.hub_id or terms.hub_id))
        if all(offer.option_id != terms.option_id for offer in offers):
            return None
        expires_s = int(self._now().timestamp()) + CHOICE_GOOD_FOR_S
        place = one.place
        return Ticket(
            *one.owner, expires_s, terms.area_id, place.parcels, place.dm3, "", terms.hub_id, (), tuple(offers)
        )

    def _quoted(self, one: Promised) -> dict[str, Offer]:
        """Return what a quote says today; nothing for goods that have left their hub, which only need a tour."""
        area = self._regions.get(one.terms.area_id)
        if one.on_road or area is None or not area.postcodes:
            return {}
        hubs = (one.terms.hub_id,) if one.terms.hub_id else ()
        cart = Cart(parcels=one.place.parcels, volume_dm3=one.place.dm3, hub_ids=hubs)
        request = QuoteRequest(cart=cart, postcode=area.postcodes[0])
        try:
            view = self._desk.quotes.view(one.key.tenant)
            _, ticket = self._desk.quotes.unsigned(one.owner, request, view, self._now())
        except JalonError:
            return {}
        return {offer.option_id: offer for offer in ticket.offers}

    def _open_day(self, one: Promised, option: DeliveryOption, begin: date, view: View) -> date | None:
        """Return the first day from one on that an option delivers on and has room."""
        names, area = self._desk.quotes.names, self._regions.get(one.terms.area_id)
        calendar = option.calendar.at(area.region if area else "")
        cell, hub = names.cell(one.terms.area_id, option.id), names.hubs.get(one.terms.hub_id)
        for ahead in range(self._desk.state.horizon_days + BEYOND_DAYS):
            day = begin + timedelta(days=ahead)
            if not calendar.is_open(day):
                continue
            if cell is None or hub is None:
                return day
            number = day.toordinal() - view.room.first_day
            if view.room.free((hub,), cell, number, one.place.parcels, one.place.dm3):
                return day
        return None


def _keep_date(t: Transaction, one: Promised, day: date, now_s: int) -> None:
    """Let the order be planned for its new date."""
    stored = orders.load(t, one.owner, (one.key.id,))
    changed = {name: each.replace(order=each.order.replace(promised_on=day)) for name, each in stored.items()}
    orders.put(t, one.owner, changed, now_s)
