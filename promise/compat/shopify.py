"""Shopify: rates for its checkout, orders from its webhooks (contract: CarrierService and webhook HMAC).

A rate's ``service_code`` carries its date and its quote: the shop keeps rates for minutes, then only sends the order.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any

import msgspec
from fastapi import APIRouter, Request, Response

from data import codec
from data.clock import PARIS
from data.errors import InputError, UnauthenticatedError
from data.model.caller import Scope
from data.model.contact import Contact
from data.model.place import PlaceKind
from data.model.promise import Cart, CartLine, DeliveryOption, Promise, Quality, QuoteRequest
from promise.compat.channel import Channel, signed_by
from promise.compat.inbox import Inbox
from promise.compat.shopify_values import (
    ANSWER,
    EXAMPLE,
    Customer,
    Item,
    Rate,
    RateRequest,
    Redaction,
    ShopOrder,
    Theirs,
)
from promise.desk_quotes import View
from promise.desk_values import Quoted
from promise.intake.values import NewOrder
from promise.schemas import described
from promise.shown import Cache
from promise.ticket import Ticket

RATES, WEBHOOKS = "/compat/shopify/rates", "/webhooks/shopify"
MARK = "jalon"
BEGINS, ENDS = time(8), time(20)
"""Of a day that is told as two instants: both are on it in Paris and in UTC, so nobody shows the day before."""
PARTS = (1.0, 0.5, 0.25, 0.0)
"""Of the orders a rate will likely bring, that there must be room for: the most that there is."""
_encode = msgspec.json.Encoder().encode


class Shopify:
    """Shops on Shopify.

    Parameters
    ----------
    fallback : Channel
        Whom a caller with an API key, and without a shop of its own here, is quoted like.
    """

    def __init__(self, inbox: Inbox, channels: Sequence[Channel], fallback: Channel) -> None:
        self._inbox, self._channels, self._fallback = inbox, channels, fallback
        self._desk = inbox.desk.desk
        self._options = {one.id: one for one in self._desk.state.options}

    def router(self) -> APIRouter:
        """Return the routes."""
        routes = APIRouter()

        @routes.post(
            RATES,
            operation_id="shopifyRates",
            tags=["compat"],
            openapi_extra=described(Scope.PROMISE_READ, dict[str, Any], ANSWER, takes=dict[str, Any], asked=EXAMPLE),
        )
        async def rates(request: Request) -> Response:
            """Shopify's CarrierService: a rate per option, its date and its quote in `service_code`."""
            channel = self._caller(request)
            asked = codec.decode(request.state.body, RateRequest, "body")
            return Response(_encode({"rates": self.rates(channel, asked.rate)}), media_type="application/json")

        @routes.post(WEBHOOKS, include_in_schema=False)
        async def webhook(request: Request) -> Response:
            channel = self._signed(request.state.headers, request.state.body)
            topic = request.state.headers.get(b"x-shopify-topic", b"").decode("latin-1")
            if not topic:
                raise InputError("no_topic", "there is no X-Shopify-Topic", action="send the topic of the webhook")
            await asyncio.to_thread(self.hear, channel, topic, request.state.body)
            return Response(b"{}", media_type="application/json")

        return routes

    def rates(self, channel: Channel, rate: Rate) -> list[dict[str, str]]:
        """Return a rate per option; nothing where we don't go, or nothing has to."""
        items = [one for one in rate.items if one.requires_shipping is not False and one.quantity]
        postcode = rate.destination.postcode
        if not items or not postcode or (rate.currency or "EUR").upper() != "EUR":
            return []
        options = self._offered(channel)
        request = QuoteRequest(cart=_cart(channel, items), postcode=postcode, options=tuple(options))
        quotes, keep_s = self._desk.quotes, channel.settings.cache_s
        now, view = quotes.now(), quotes.view(channel.tenant)
        quoted, ticket = self._quoted(channel, request, view, now)
        planner = self._inbox.desk.clerk.planner(channel.owner, view)
        chains = {one.option_id: planner.chain(ticket, one.option_id) for one in ticket.offers}
        cache = Cache(channel.name, keep_s, channel.settings.conversion)
        self._desk.shown.show(ticket, chains, cache, int(now.timestamp()))
        codes = {
            offer.option_id: quotes.signed(msgspec.structs.replace(ticket, offers=(offer,))) for offer in ticket.offers
        }
        is_english = (rate.locale or "fr").lower().startswith("en")
        return [_rate(options[one.option_id], one, codes[one.option_id], is_english) for one in quoted.options]

    def _quoted(self, channel: Channel, request: QuoteRequest, view: View, now: datetime) -> tuple[Quoted, Ticket]:
        """Return a quote with room for all who will likely order by it, or for part of them where no day has it."""
        quotes, keep_s, now_s = self._desk.quotes, channel.settings.cache_s, int(now.timestamp())
        for part in PARTS:
            room = self._desk.shown.room_for(view.room, channel.tenant, channel.name, now_s, part)
            found = quotes.unsigned(channel.owner, request, View(view.snapshot, room), now, keep_s)
            if all(one.quality is not Quality.FALLBACK for one in found[0].options):
                break
        return found

    def hear(self, channel: Channel, topic: str, body: bytes) -> None:
        """Do what a webhook tells; topics of no concern to us are taken and left."""
        if topic in ("orders/create", "orders/cancelled"):
            order = codec.decode(body, ShopOrder, "body")
            if topic == "orders/cancelled" or order.cancelled_at:
                self._inbox.cancel(channel, str(order.id))
            elif (new := self._order(channel, order)) is not None:
                self._inbox.take(channel, new)
        elif topic == "customers/redact":
            redaction = codec.decode(body, Redaction, "body")
            ids = [str(one) for one in redaction.orders_to_redact or ()]
            self._inbox.erase(channel.owner, _customer(redaction.customer), ids)
        elif topic == "shop/redact":
            codec.decode(body, Theirs, "body")
            self._inbox.erase_channel(channel)
        elif topic == "customers/data_request":
            asked = codec.decode(body, Redaction, "body")
            ids = [str(one) for one in asked.orders_requested or ()]
            who = _customer(asked.customer)
            self._inbox.tell(channel, "customer.data_request", who, customer_id=who, order_ids=ids[:500])

    def _offered(self, channel: Channel) -> dict[str, DeliveryOption]:
        names = channel.settings.options
        return {
            name: one for name, one in self._options.items() if (name in names if names else one.kind is PlaceKind.HOME)
        }

    def _order(self, channel: Channel, order: ShopOrder) -> NewOrder | None:
        """Return an order in our words; ``None`` where it is a test, or nothing of it is sent."""
        items = [one for one in order.line_items or () if one.requires_shipping is not False and one.quantity]
        address = order.shipping_address
        if order.test or address is None or not items:
            return None
        shown_on, quote_id, option_id = code_of([one.code or "" for one in order.shipping_lines or ()])
        streets = (address.address1, address.address2, address.address3)
        to = Contact(
            customer_id=_customer(order.customer),
            name=_cut(address.name),
            phone=_cut(address.phone or order.phone),
            email=_cut(order.email),
            address=_cut(" ".join(filter(None, streets))),
            postcode=_cut(address.postcode or address.zip),
            city=_cut(address.city),
            note=(order.note or "")[:4096],
        )
        if option_id not in self._options:
            option_id, quote_id = next(iter(self._offered(channel)), ""), None
        if quote_id is not None and not self._is_ours(channel, quote_id):
            quote_id = None  # signed with a secret that we have changed since: the date beside it is owed all the same
        return NewOrder(
            id=str(order.id),
            to=to,
            option_id=option_id,
            quote_id=quote_id,
            shown_on=None if quote_id is not None else shown_on,
            cart=_cart(channel, items, lines=True),
            created_at=_instant(order.created_at),
        )

    def _is_ours(self, channel: Channel, quote_id: str) -> bool:
        try:
            self._desk.quotes.ticket(channel.owner, quote_id)
        except InputError:
            return False
        return True

    def _caller(self, request: Request) -> Channel:
        """Return who asks for rates: a shop by its signature, or whoever has a key."""
        headers = request.state.headers
        if b"x-shopify-hmac-sha256" in headers:
            return self._signed(headers, request.state.body)
        caller = request.state.caller
        caller.require(Scope.PROMISE_READ)
        shop = headers.get(b"x-shopify-shop-domain", b"").decode("latin-1")
        mine = [one for one in self._channels if one.owner == caller.owner and one.is_of(shop)]
        if mine:
            return mine[0]
        settings = self._fallback.settings.model_copy(update={"shipper": caller.owner.shipper})
        return Channel(self._fallback.name, caller.tenant, settings)

    def _signed(self, headers: dict[bytes, bytes], body: bytes) -> Channel:
        shop = headers.get(b"x-shopify-shop-domain", b"").decode("latin-1")
        given = headers.get(b"x-shopify-hmac-sha256", b"")
        if not given:
            raise UnauthenticatedError("no_signature", "there is no X-Shopify-Hmac-Sha256", action="sign the raw body")
        return signed_by((one, given, signature(one.secret, body)) for one in self._channels if one.is_of(shop))


def signature(secret: bytes, body: bytes) -> bytes:
    """Return what Shopify sends as ``X-Shopify-Hmac-Sha256``."""
    return base64.b64encode(hmac.digest(secret, body, "sha256"))


def code_of(codes: Sequence[str]) -> tuple[date | None, str | None, str]:
    """Return date, quote and option of the first ``service_code`` that is one of ours."""
    for code in codes:
        mark, _, rest = code.partition(":")
        parts = rest.split(":", 2)
        if mark == MARK and len(parts) == 3:
            try:
                return date.fromisoformat(parts[0]), parts[1], parts[2]
            except ValueError:
                continue
    return None, None, ""


def _rate(option: DeliveryOption, promise: Promise, quote_id: str, is_english: bool) -> dict[str, str]:
    text = promise.text_en if is_english else promise.text_fr
    name = (option.name_en if is_english else option.name_fr) or text
    return {
        "service_name": name,
        "service_code": f"{MARK}:{promise.date.isoformat()}:{quote_id}:{promise.option_id}",
        "total_price": str(promise.price_cents),
        "currency": "EUR",
        "description": text,
        "min_delivery_date": _moment(promise.date, BEGINS),
        "max_delivery_date": _moment(promise.date, ENDS),
    }


def _moment(day: date, at: time) -> str:
    return datetime.combine(day, at, PARIS).strftime("%Y-%m-%d %H:%M:%S %z")


def _cart(channel: Channel, items: Sequence[Item], lines: bool = False) -> Cart:
    """Return what is sent: one parcel; products only where they are counted, once the order is placed."""
    sold = tuple(CartLine(sku=one.sku[:128], quantity=min(one.quantity, 1_000_000)) for one in items if one.sku)
    grams = sum((one.grams or 0) * one.quantity for one in items)
    return Cart(
        load_g=min(grams, 2_000_000_000), volume_dm3=channel.settings.parcel_dm3, lines=sold[:200] if lines else ()
    )


def _customer(customer: Customer | None) -> str:
    return str(customer.id) if customer and customer.id is not None else ""


def _cut(text: str | None) -> str:
    return (text or "")[:512]


def _instant(text: str | None) -> datetime | None:
    try:
        at = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return at if at is None or at.tzinfo else None
