"""TikTok Shop: its notices come in (contract: signature, types, no order of their own), and each makes an order due.

Nothing else is done while TikTok waits: :mod:`promise.compat.tiktok_pull` asks for the order as it is now.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from datetime import datetime

from fastapi import APIRouter, Request, Response

from data import codec
from data.clock import PARIS
from data.errors import UnauthenticatedError
from data.model.contact import Contact
from data.model.place import PlaceKind
from data.model.promise import Cart, CartLine, DeliveryOption
from data.store import channels, outbox
from data.store.channels import NEVER_S, Handover
from data.store.database import Transaction
from promise.compat.channel import Channel, signed_by
from promise.compat.inbox import ALARM, Inbox, notice_of
from promise.compat.tiktok_values import (
    COLLECTION,
    DEAUTHORISED,
    EXPIRING,
    ORDER_STATUS,
    RECIPIENT,
    Detail,
    Notice,
    signature,
)
from promise.intake.values import NewOrder

WEBHOOK = "/webhooks/tiktok"
AUTHORISATION = {DEAUTHORISED: "deauthorised", EXPIRING: "authorisation_expires"}


class TikTok:
    """Shops on TikTok; ``wake`` is called with a channel's name when it has something to fetch."""

    def __init__(self, inbox: Inbox, shops: Sequence[Channel], wake: Callable[[str], None]) -> None:
        self._inbox, self._shops, self._wake = inbox, shops, wake

    def router(self) -> APIRouter:
        """Return the route."""
        routes = APIRouter()

        @routes.post(WEBHOOK, include_in_schema=False)
        async def webhook(request: Request) -> Response:
            given = request.state.headers.get(b"authorization", b"")
            body = request.state.body
            if not given:
                raise UnauthenticatedError("no_signature", "there is no Authorization", action="sign the raw body")
            shop = signed_by((one, given, signature(one.settings.app_key, one.secret, body)) for one in self._shops)
            notice = codec.decode(body, Notice, "body")
            mine = next((one for one in self._shops if one.secret == shop.secret and one.is_of(notice.shop_id)), None)
            if mine is not None:
                await asyncio.wrap_future(self._inbox.desk.ledger.write(lambda t: self._keep(t, mine, notice)))
                self._wake(mine.name)
            return Response(b"{}", media_type="application/json")

        return routes

    def _keep(self, t: Transaction, shop: Channel, notice: Notice) -> None:
        """Keep what a notice makes due, once."""
        now_s, owner = self._inbox.now_s, shop.owner
        if not channels.note(t, owner, shop.name, notice.tts_notification_id, now_s):
            return
        if notice.type in (ORDER_STATUS, RECIPIENT) and notice.data.order_id:
            channels.want(t, owner, shop.name, notice.data.order_id, now_s)
        elif notice.type in AUTHORISATION:
            outbox.add(t, [notice_of(shop, ALARM, shop.name, code=AUTHORISATION[notice.type])], now_s)


def order_of(shop: Channel, detail: Detail, options: Sequence[DeliveryOption]) -> NewOrder:
    """Return an order in our words; each of its packages is a parcel."""
    skus: dict[str, int] = {}
    for line in detail.line_items or ():
        if line.seller_sku:
            skus[line.seller_sku[:128]] = skus.get(line.seller_sku[:128], 0) + 1
    lines = tuple(CartLine(sku=sku, quantity=count) for sku, count in list(skus.items())[:200])
    created_s = detail.create_time
    return NewOrder(
        id=detail.id,
        to=contact_of(detail),
        option_id=_option(shop, detail, options),
        cart=Cart(parcels=max(1, len(detail.package_ids)), volume_dm3=shop.settings.parcel_dm3, lines=lines),
        created_at=datetime.fromtimestamp(created_s, PARIS) if created_s and 0 < created_s < NEVER_S else None,
    )


def contact_of(detail: Detail) -> Contact:
    """Return who an order is for."""
    to = detail.recipient_address
    if to is None:
        return Contact()
    streets = " ".join(filter(None, (to.address_line1, to.address_line2))) or to.address_detail or to.full_address
    districts = [one.address_name for one in to.district_info or () if one.address_name]
    return Contact(
        customer_id=(detail.user_id or "")[:128],
        name=(to.name or "")[:512],
        phone=(to.phone_number or "")[:512],
        address=(streets or "")[:512],
        postcode=(to.postal_code or "")[:512],
        city=districts[-1][:512] if districts else "",
        note=(detail.buyer_message or "")[:4096],
    )


def handover_of(shop: Channel, detail: Detail) -> Handover:
    """Return what TikTok has to be told of an order, and when at the latest."""
    ship_by_s = detail.rts_sla_time if detail.rts_sla_time and 0 < detail.rts_sla_time < NEVER_S else NEVER_S
    return Handover(
        channel=shop.name,
        order_id=detail.id,
        packages=json.dumps(detail.package_ids),
        ship_by_s=ship_by_s,
        due_s=max(0, ship_by_s - shop.settings.tell_before_s) if ship_by_s < NEVER_S else NEVER_S,
    )


def tracking_of(order_id: str, number: int, packages: int) -> str:
    """Return our number of a package: its parcel's, see :func:`promise.intake.build.parcels_of`."""
    return order_id if packages == 1 else f"{order_id}-{number + 1}"


def _option(shop: Channel, detail: Detail, options: Sequence[DeliveryOption]) -> str:
    wanted = shop.settings.options or tuple(one.id for one in options)
    is_home = detail.delivery_type != COLLECTION
    for one in options:
        if one.id in wanted and (one.kind is PlaceKind.HOME) is is_home:
            return one.id
    return wanted[0]
