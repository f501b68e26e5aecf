"""Shopify as its contract says: asks for rates and keeps them for minutes, signs its webhooks, repeats what fails."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any, NamedTuple

import httpx

Json = dict[str, Any]
SECRET, DOMAIN = "shared-secret-of-the-app", "maison.myshopify.com"
CACHE_S = 900


class Buyer(NamedTuple):
    """Who buys, and where they live."""

    name: str = "Camille Martin"
    street: str = "12 rue de la Paix"
    postcode: str = "44000"
    city: str = "Nantes"


def headers(body: bytes, topic: str = "", secret: str = SECRET, domain: str = DOMAIN) -> dict[str, str]:
    """Return what a request of Shopify carries."""
    told = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()
    found = {"content-type": "application/json", "x-shopify-hmac-sha256": told, "x-shopify-shop-domain": domain}
    return {**found, "x-shopify-topic": topic} if topic else found


def rate_request(buyer: Buyer, quantity: int = 1, locale: str = "fr") -> Json:
    """Return what Shopify asks of a carrier service."""
    origin = {"country": "FR", "postal_code": "44800", "province": None, "city": "Saint-Herblain", "name": None}
    destination = {
        **{"country": "FR", "postal_code": buyer.postcode, "province": None, "city": buyer.city, "name": buyer.name},
        **{"address1": buyer.street, "address2": None, "address3": None, "phone": None, "fax": None, "email": None},
        **{"address_type": None, "company_name": None},
    }
    item = {
        **{"name": "Mug", "sku": "mug", "quantity": quantity, "grams": 400, "price": 1900, "vendor": "Maison"},
        **{"requires_shipping": True, "taxable": True, "fulfillment_service": "manual", "properties": None},
        **{"product_id": 48447225880, "variant_id": 258644705304},
    }
    rate = {"origin": origin, "destination": destination, "items": [item], "currency": "EUR", "locale": locale}
    return {"rate": rate}


def order(order_id: int, buyer: Buyer, code: str | None, quantity: int = 1, **more: Any) -> Json:
    """Return an order as its webhooks send it."""
    first, _, last = buyer.name.partition(" ")
    address = {
        **{"first_name": first, "last_name": last, "name": buyer.name, "address1": buyer.street, "address2": ""},
        **{"city": buyer.city, "zip": buyer.postcode, "province": None, "country": "France", "country_code": "FR"},
        **{"phone": None, "company": None, "latitude": 1.0, "longitude": 2.0},
    }
    item = {"id": 1, "sku": "mug", "quantity": quantity, "grams": 400, "requires_shipping": True, "title": "Mug"}
    line = {"code": code, "title": "Livraison", "price": "5.90", "source": "jalon"}
    return {
        "id": order_id,
        "name": f"#{order_id}",
        "email": "camille@example.org",
        "created_at": "2026-11-24T10:00:00+01:00",
        "cancelled_at": None,
        "test": False,
        "note": None,
        "customer": {"id": 207119551, "email": "camille@example.org"},
        "shipping_address": address,
        "shipping_lines": [line] if code is not None else [],
        "line_items": [item],
    } | more


class FakeShopify:
    """A shop whose checkout and webhooks talk to a server.

    Parameters
    ----------
    client : httpx.Client
        Of the server.
    """

    def __init__(self, client: Any, domain: str = DOMAIN, secret: str = SECRET) -> None:
        self._client, self.domain, self.secret = client, domain, secret
        self._kept: dict[bytes, tuple[int, list[Json]]] = {}
        self.asked = 0

    def rates(self, buyer: Buyer, at_s: int, quantity: int = 1, locale: str = "fr") -> list[Json]:
        """Return the rates a buyer sees, the kept ones for as long as Shopify keeps them."""
        body = json.dumps(rate_request(buyer, quantity, locale)).encode()
        since_s, kept = self._kept.get(body, (-CACHE_S, []))
        if at_s - since_s < CACHE_S:
            return kept
        self.asked += 1
        told = headers(body, "", self.secret, self.domain)
        reply: httpx.Response = self._client.post("/compat/shopify/rates", content=body, headers=told)
        assert reply.status_code == 200, reply.text
        assert set(reply.json()) == {"rates"}
        self._kept[body] = at_s, reply.json()["rates"]
        return self._kept[body][1]

    def send(self, topic: str, told: Json) -> httpx.Response:
        """Send a webhook."""
        body = json.dumps(told).encode()
        reply: httpx.Response = self._client.post(
            "/webhooks/shopify", content=body, headers=headers(body, topic, self.secret, self.domain)
        )
        return reply
