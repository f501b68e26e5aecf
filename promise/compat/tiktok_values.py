"""What TikTok Shop sends: notices that name an order, and the order when it is asked for."""

from __future__ import annotations

import hmac
from typing import Annotated

from msgspec import Meta

from data.model.base import Value

Text = str | None
Name = Annotated[str, Meta(min_length=1, max_length=100)]
ORDER_STATUS, RECIPIENT, DEAUTHORISED, EXPIRING = 1, 3, 6, 7
"""Types of notices that we act on."""
OPEN = frozenset({"AWAITING_SHIPMENT", "AWAITING_COLLECTION", "PARTIALLY_SHIPPING"})
WAITING = frozenset({"UNPAID", "ON_HOLD"})
CANCELLED = "CANCELLED"
COLLECTION = "COLLECTION_POINT"


class Theirs(Value, forbid_unknown_fields=False):
    """It adds keys whenever it likes."""


class NoticeData(Theirs):
    """What a notice is about; the rest is asked for."""

    order_id: Name | None = None


class Notice(Theirs):
    """A webhook's body."""

    type: int
    tts_notification_id: Name
    data: NoticeData = NoticeData()
    shop_id: str = ""


class District(Theirs):
    """A part of an address."""

    address_name: Text = None


class Recipient(Theirs):
    """Who an order is for; there is none while it is unpaid or on hold."""

    name: Text = None
    phone_number: Text = None
    full_address: Text = None
    address_detail: Text = None
    address_line1: Text = None
    address_line2: Text = None
    postal_code: Text = None
    district_info: tuple[District, ...] | None = ()


class Line(Theirs):
    """One unit of a product."""

    seller_sku: Text = None
    package_id: Text = None


class Package(Theirs):
    """A package of an order."""

    id: Name


class Detail(Theirs):
    """An order as it is now."""

    id: Name
    status: str = ""
    is_on_hold_order: bool | None = False
    fulfillment_type: Text = None
    delivery_type: Text = None
    recipient_address: Recipient | None = None
    line_items: tuple[Line, ...] | None = ()
    packages: tuple[Package, ...] | None = ()
    rts_sla_time: int | None = None
    create_time: int | None = None
    buyer_message: Text = None
    user_id: Text = None

    @property
    def is_theirs(self) -> bool:
        """Whether TikTok itself sends it ("Fulfilled by TikTok")."""
        return "TIKTOK" in (self.fulfillment_type or "").upper()

    @property
    def is_held(self) -> bool:
        """Whether it must not be touched yet."""
        return bool(self.is_on_hold_order) or self.status in WAITING

    @property
    def package_ids(self) -> tuple[str, ...]:
        """TikTok's names of its packages."""
        ids = [one.id for one in self.packages or ()] or [one.package_id or "" for one in self.line_items or ()]
        return tuple(dict.fromkeys(filter(None, ids)))


class Details(Theirs):
    """The orders of a reply."""

    orders: tuple[Detail, ...] | None = ()


class Reply(Theirs):
    """The envelope of every reply; ``code`` 0 is good."""

    code: int
    message: str = ""
    data: Details | None = None


def signature(app_key: str, secret: bytes, body: bytes) -> bytes:
    """Return what a webhook's ``Authorization`` has to be: lowercase hexadecimal."""
    return hmac.digest(secret, app_key.encode() + body, "sha256").hex().encode()
