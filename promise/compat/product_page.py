"""The route of a product's page: what it says of its delivery to one postcode."""

from __future__ import annotations

import re
from datetime import datetime

import msgspec
from fastapi import APIRouter, Request, Response

from data.errors import InputError
from data.model.caller import Scope
from data.model.promise import Cart, CartLine, QuoteRequest
from promise.desk import Desk
from promise.product_page import ProductPage, product_page
from promise.schemas import Node, described

POSTCODE = re.compile("[0-9]{5}")
SKU_MOST = 128
PARAMETERS: list[Node] = [
    {"name": "sku", "in": "query", "required": True, "schema": {"type": "string"}, "example": "mug"},
    {
        "name": "postcode",
        "in": "query",
        "required": True,
        "schema": {"type": "string", "pattern": "^[0-9]{5}$"},
        "example": "44000",
    },
]
DETAILS: Node = {
    "@type": "OfferShippingDetails",
    "shippingRate": {"@type": "MonetaryAmount", "value": "5.90", "currency": "EUR"},
    "shippingDestination": {"@type": "DefinedRegion", "addressCountry": "FR", "postalCode": "44000"},
    "deliveryTime": {
        "@type": "ShippingDeliveryTime",
        "handlingTime": {"@type": "QuantitativeValue", "minValue": 0, "maxValue": 0, "unitCode": "DAY"},
        "transitTime": {"@type": "QuantitativeValue", "minValue": 2, "maxValue": 2, "unitCode": "DAY"},
        "businessDays": {
            "@type": "OpeningHoursSpecification",
            "dayOfWeek": ["https://schema.org/Monday", "https://schema.org/Tuesday"],
        },
        "cutoffTime": "17:00+01:00",
    },
}
PAGE: Node = {
    "sku": "mug",
    "postcode": "44000",
    "expires_at": "2026-11-24T10:05:00+01:00",
    "options": [
        {
            "option_id": "home",
            "date": "2026-11-26",
            "order_by_at": "2026-11-24T17:00:00+01:00",
            "price_cents": 590,
            "text_fr": "commandé aujourd'hui avant 17 h, livré jeudi 26 novembre",
            "text_en": "ordered today before 17:00, delivered Thursday 26 November",
        }
    ],
    "json_ld": {
        "@context": "https://schema.org",
        "@type": "Offer",
        "itemOffered": {"@type": "Product", "sku": "mug"},
        "availability": "https://schema.org/InStock",
        "shippingDetails": [DETAILS],
    },
}


def router(desk: Desk) -> APIRouter:
    """Return the route."""
    routes = APIRouter(tags=["promises"])

    @routes.get(
        "/v1/product-page/shipping",
        operation_id="getProductPageShipping",
        openapi_extra=described(Scope.PROMISE_READ, ProductPage, PAGE) | {"parameters": PARAMETERS},
    )
    async def shipping(request: Request) -> Response:
        """What a product's page says of its delivery to a postcode, with the JSON-LD that search engines read."""
        caller = request.state.caller
        caller.require(Scope.PROMISE_READ)
        sku, postcode = request.query_params.get("sku", ""), request.query_params.get("postcode", "")
        _check(sku, postcode)
        now = desk.now()
        lines = (CartLine(sku=sku),) if desk.balances.stock.holders(caller.owner, sku) else ()
        view = desk.quotes.view(caller.tenant)
        asked = QuoteRequest(postcode=postcode, cart=Cart(lines=lines))
        quoted, _ = desk.quotes.unsigned(caller.owner, asked, view, now)
        options = {option.id: option for option in view.snapshot.grid.options}
        schedules = {hub.schedule.hub_id: hub.schedule for hub in view.snapshot.hubs}
        page = product_page(sku, postcode, quoted, options, schedules, now)
        return Response(msgspec.json.encode(page), media_type="application/json", headers=_cached(page, now))

    return routes


def _check(sku: str, postcode: str) -> None:
    if not 0 < len(sku) <= SKU_MOST:
        raise InputError("invalid_value", f"sku has {len(sku)} characters, 1 to {SKU_MOST} expected", "?sku")
    if not POSTCODE.fullmatch(postcode):
        raise InputError("invalid_value", f"`{postcode[:20]}` is no postcode", "?postcode", "five digits, as in 44000")


def _cached(page: ProductPage, now: datetime) -> dict[str, str]:
    """Return how long a browser, or the shop, may keep it: until a date may change; what is private stays theirs."""
    seconds = max(0, int((page.expires_at - now).total_seconds()))
    return {"cache-control": f"private, max-age={seconds}", "vary": "Authorization, X-API-Key"}
