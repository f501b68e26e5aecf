"""Quotes as a checkout gets them: one snapshot, what is left by now, and an id that proves what was said."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from data.clock import PARIS
from data.errors import InputError, UnavailableError
from data.hours import with_offset
from data.model.promise import QuoteRequest
from data.model.reservation import Owner
from promise.desk_balances import Balances
from promise.desk_values import Quoted
from promise.left import Names, RoomNow
from promise.quote import quote
from promise.snapshot import Snapshot
from promise.stock_left import NOW_S
from promise.ticket import Line, Ticket, offer_of, read, sign


class View(NamedTuple):
    """What one request looks at: a snapshot, and the room of its carrier under it."""

    snapshot: Snapshot
    room: RoomNow


class Quotes:
    """The newest snapshot and what may be asked of it.

    Attributes
    ----------
    snapshot : Snapshot, optional
        ``None`` until there is one. Whoever quotes reads it once.
    given : int
        Quotes given so far.
    """

    def __init__(
        self, balances: Balances, names: Names, secret: bytes, ttl_s: int, now: Callable[[], datetime]
    ) -> None:
        self.snapshot: Snapshot | None = None
        self.given = 0
        self.names, self.now = names, now
        self._balances, self._secret, self.ttl_s = balances, secret, ttl_s

    def view(self, tenant: str) -> View:
        """Return what a request of a carrier looks at.

        Raises
        ------
        UnavailableError
            ``not_ready``.
        """
        snapshot = self.snapshot
        if snapshot is None:
            raise UnavailableError(
                "not_ready", "the first snapshot is being built", action="try again in a few seconds"
            )
        return View(snapshot, RoomNow(self._balances.of(tenant), snapshot.first_day))

    def quote(self, owner: Owner, request: QuoteRequest) -> Quoted:
        """Return the dated options for a cart.

        Raises
        ------
        InputError, UnavailableError
        """
        quoted, ticket = self.unsigned(owner, request, self.view(owner.tenant), self.now())
        return Quoted(
            quote_id=self.signed(ticket),
            expires_at=quoted.expires_at,
            time_zone=quoted.time_zone,
            options=quoted.options,
            short=quoted.short,
        )

    def unsigned(
        self, owner: Owner, request: QuoteRequest, view: View, now: datetime, keep_s: int = 0
    ) -> tuple[Quoted, Ticket]:
        """Return a quote that lacks its id, and what the id is made of.

        Parameters
        ----------
        keep_s : int
            For so long a shop shows it without asking again: its dates are those of an order placed at the end of that.
        """
        cart, placed_s, hub_id = request.cart, NOW_S, ""
        short: tuple[str, ...] = ()
        if cart.lines:
            among = cart.hub_ids or tuple(self.names.hubs)
            supply = self._balances.stock.supply(owner, cart.lines, cart.channel, among)
            placed_s, short = supply.ready_s, supply.short
            if supply.hub_ids:
                hub_id = supply.hub_ids[0]
                request = request.replace(cart=cart.replace(hub_ids=supply.hub_ids))
        if keep_s:
            placed_s = max(placed_s, int(now.timestamp()) + keep_s)
        promises = (
            () if short else quote(view.snapshot, request, now, self.ttl_s, view.room, placed_s, not owner.shipper)
        )
        expires_s = int(now.timestamp()) + self.ttl_s
        expires_at = promises[0].expires_at if promises else with_offset(datetime.fromtimestamp(expires_s, PARIS))
        self.given += 1
        return (
            Quoted(quote_id="", expires_at=expires_at, time_zone=PARIS.key, options=promises, short=short),
            Ticket(
                owner.tenant,
                owner.shipper,
                expires_s,
                promises[0].area_id if promises else "",
                cart.parcels,
                cart.volume_dm3,
                cart.channel,
                hub_id,
                tuple([Line(line.sku, line.quantity) for line in cart.lines]),
                tuple([offer_of(promise) for promise in promises]),
            ),
        )

    def signed(self, ticket: Ticket) -> str:
        """Return the quote id of a ticket."""
        return sign(ticket, self._secret)

    def ticket(self, owner: Owner, quote_id: str) -> Ticket:
        """Return what a quote said.

        Raises
        ------
        InputError
            ``unknown_quote``: not ours, or given to somebody else.
        """
        ticket = read(quote_id, self._secret)
        if (ticket.tenant, ticket.shipper) != owner:
            raise InputError("unknown_quote", "this is no quote of yours", "#/quote_id", "quote with your own key")
        return ticket
