"""What Shopify sends: rate requests, orders, requests about people's data; it adds keys whenever it likes."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from data.model.base import Value
from promise.intake.build import POSTCODE
from promise.schemas import Node

Text = str | None
Whole = Annotated[int, Meta(ge=0, le=1_000_000_000)]


class Theirs(Value, forbid_unknown_fields=False):
    """What Shopify sends: it adds keys whenever it likes."""


class Address(Theirs):
    """Where something comes from or goes to; rates say ``country`` and ``postal_code``, orders other words."""

    country: Text = None
    country_code: Text = None
    postal_code: Text = None
    zip: Text = None
    city: Text = None
    name: Text = None
    address1: Text = None
    address2: Text = None
    address3: Text = None
    phone: Text = None

    @property
    def postcode(self) -> str:
        """The French postcode, empty beyond France."""
        code = (self.postal_code or self.zip or "").replace(" ", "")
        home = (self.country_code or self.country or "").upper() in ("FR", "FRA", "FRANCE")
        return code if home and POSTCODE.fullmatch(code) else ""


class Item(Theirs):
    """A line of a cart."""

    quantity: Whole = 1
    grams: Whole | None = 0
    sku: Text = None
    requires_shipping: bool | None = True


class Rate(Theirs):
    """What is asked."""

    destination: Address
    items: tuple[Item, ...]
    origin: Address | None = None
    currency: Text = None
    locale: Text = None


class RateRequest(Theirs):
    """The body of a rate request."""

    rate: Rate


class ShippingLine(Theirs):
    """The rate an order was placed with."""

    code: Text = None


class Customer(Theirs):
    """Who a shop says a customer is."""

    id: int | None = None


class ShopOrder(Theirs):
    """An order, as ``orders/create`` and ``orders/cancelled`` send it."""

    id: Annotated[int, Meta(ge=1)]
    email: Text = None
    phone: Text = None
    note: Text = None
    created_at: Text = None
    cancelled_at: Text = None
    test: bool | None = False
    customer: Customer | None = None
    shipping_address: Address | None = None
    shipping_lines: tuple[ShippingLine, ...] | None = ()
    line_items: tuple[Item, ...] | None = ()


class Redaction(Theirs):
    """A request about a customer's data."""

    customer: Customer | None = None
    orders_to_redact: tuple[int, ...] | None = ()
    orders_requested: tuple[int, ...] | None = ()


EXAMPLE: Node = {
    "rate": {
        "destination": {"country": "FR", "postal_code": "44000", "city": "Nantes"},
        "items": [{"name": "mug", "sku": "mug", "quantity": 1, "grams": 400, "requires_shipping": True}],
        "currency": "EUR",
        "locale": "fr",
    }
}
ANSWER: Node = {
    "rates": [
        {
            "service_name": "À domicile, jeudi 26 novembre",
            "service_code": "jalon:2026-11-26:Y2hlY2tlZA:home",
            "total_price": "590",
            "currency": "EUR",
            "description": "livré jeudi 26 novembre",
            "min_delivery_date": "2026-11-26 08:00:00 +0100",
            "max_delivery_date": "2026-11-26 20:00:00 +0100",
        }
    ]
}
