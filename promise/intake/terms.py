"""What an order that came in is owed: the date of its quote, however old that is, else the best one there is now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import msgspec

from data.errors import InputError
from data.model.promise import Cart, CartLine, DeliveryOption, Quality
from data.model.reservation import Owner
from promise.desk_balances import Balances
from promise.desk_quotes import Quotes, View
from promise.desk_values import Quoted
from promise.intake.build import request_of
from promise.intake.values import NewOrder
from promise.ticket import Line, Offer, Ticket

PARCELS_MAX, DAYS_MAX = 200, 366


class Owed:
    """Finds tickets for orders."""

    def __init__(self, quotes: Quotes, balances: Balances, options: Sequence[DeliveryOption]) -> None:
        self._quotes, self._balances, self._options = quotes, balances, options

    def option_of(self, order: NewOrder) -> str:
        """Return the option an order is to be handed over by.

        Raises
        ------
        InputError
            ``unknown_option``.
        """
        if not order.option_id:
            return self._options[0].id
        known = [one.id for one in self._options]
        if order.option_id not in known:
            message = f"there is no option `{order.option_id}`"
            raise InputError("unknown_option", message, "#/option_id", f"one of {', '.join(known)}")
        return order.option_id

    def shown(self, owner: Owner, order: NewOrder, view: View, now: datetime) -> Ticket:
        """Return the ticket of what an order's buyer was shown.

        Raises
        ------
        InputError
            ``unknown_quote``, ``option_not_quoted``, ``unknown_option``; ``no_destination``: nothing says where to;
            ``too_many_parcels``; ``date_out_of_range``.
        """
        if order.cart.parcels > PARCELS_MAX:
            message = f"{order.cart.parcels:,} parcels in one order, {PARCELS_MAX:,} is the most"
            raise InputError("too_many_parcels", message, "#/cart/parcels", "send several orders")
        if order.quote_id is not None:
            ticket = self._quotes.ticket(owner, order.quote_id)
            offer = ticket.offer(self.option_of(order))
            return self._with_goods(owner, order, msgspec.structs.replace(ticket, offers=(offer,)))
        ticket = self.best(owner, order, self.option_of(order), view, now)
        if order.shown_on is not None:
            if abs((order.shown_on - now.date()).days) > DAYS_MAX:
                message = f"{order.shown_on} is more than {DAYS_MAX} days away"
                raise InputError("date_out_of_range", message, "#/shown_on", "correct it")
            offer = msgspec.structs.replace(ticket.offers[0], day=order.shown_on.toordinal(), confidence=None)
            ticket = msgspec.structs.replace(ticket, offers=(offer,))
        return ticket

    def best(self, owner: Owner, order: NewOrder, option_id: str, view: View, now: datetime) -> Ticket:
        """Return the ticket of the best date there is for an order now."""
        bare = order.cart.replace(lines=())
        cart = order.cart.replace(lines=self._known(owner, order.cart))
        try:
            request = request_of(order, option_id, bare)
        except ValueError as error:
            action = "send a French postcode, or lat and lon"
            raise InputError("no_destination", str(error), "#/to/postcode", action) from None
        quoted, ticket = self._quotes.unsigned(owner, request.replace(cart=cart), view, now)
        if quoted.short:  # it is paid: the goods are owed all the same
            _, ticket = self._quotes.unsigned(owner, request, view, now)
        return self._with_goods(owner, order, ticket)

    def others(self, owner: Owner, order: NewOrder) -> Quoted:
        """Return a quote of all options: what the customer may choose from instead."""
        request = request_of(order, self._options[0].id, order.cart.replace(lines=()))
        return self._quotes.quote(owner, request.replace(options=()))

    def _known(self, owner: Owner, cart: Cart) -> tuple[CartLine, ...]:
        stock = self._balances.stock
        return tuple(line for line in cart.lines if stock.holders(owner, line.sku))

    def _with_goods(self, owner: Owner, order: NewOrder, ticket: Ticket) -> Ticket:
        """Return a ticket with the goods the order takes from its hub; what that never had is not counted."""
        if ticket.lines or not order.cart.lines:
            return ticket
        hub_id = ticket.offers[0].hub_id or ticket.hub_id
        stock = self._balances.stock
        lines = [Line(one.sku, one.quantity) for one in order.cart.lines if hub_id in stock.holders(owner, one.sku)]
        return msgspec.structs.replace(ticket, lines=tuple(lines), channel=order.cart.channel)


def on_day(ticket: Ticket, day: date) -> Ticket:
    """Return a ticket for another day; nothing tells how sure that is."""
    offer = ticket.offers[0]
    return msgspec.structs.replace(
        ticket, offers=(Offer(offer.option_id, day.toordinal(), None, Quality.SLA, offer.hub_id),)
    )
