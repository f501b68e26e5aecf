"""TikTok Shop as its contract says: an API of orders with limits, and a sender of notices, over real HTTP."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from promise.compat.tiktok_client import sign
from promise.compat.tiktok_values import signature

Json = dict[str, Any]
KEY, SECRET, TOKEN, SHOP = "app-key", "app-secret-of-the-shop", "token-1", "7495"
STREETS = ("12 rue de la Paix", "3 rue du Nord")


class FakeTikTok:
    """Orders by id, answered 50 at a time; every so often it says 429.

    Attributes
    ----------
    busy_every : int
        Of so many calls one is answered 429; 0: none.
    shipped : dict
        What was told, by package: (tracking number, carrier, how often).
    """

    def __init__(self, busy_every: int = 0, retry_after: str = "1", seed: int = 1) -> None:
        self.orders: dict[str, Json] = {}
        self.busy_every, self.retry_after, self.down = busy_every, retry_after, False
        self.calls: list[list[str]] = []
        self.refused = self.busy = self.unsigned = 0
        self.shipped: dict[str, tuple[str, str, int]] = {}
        self._door, self._random, self._count = threading.Lock(), random.Random(seed), 0

    def put(self, order_id: str, status: str = "AWAITING_SHIPMENT", **more: Any) -> Json:
        """Set what an order is now."""
        held = status in ("UNPAID", "ON_HOLD")
        order = {
            "id": order_id,
            "status": status,
            "is_on_hold_order": status == "ON_HOLD",
            "fulfillment_type": "FULFILLMENT_BY_SELLER",
            "delivery_type": "HOME_DELIVERY",
            "create_time": 1_795_510_800,
            "rts_sla_time": 1_795_700_000,
            "line_items": [{"id": f"{order_id}1", "seller_sku": "mug", "package_id": f"P{order_id}"}],
            "packages": [{"id": f"P{order_id}"}],
            "unknown_key": {"of": "a newer version"},
        }
        if not held:
            order["recipient_address"] = {
                "name": "Camille Martin",
                "phone_number": "(+33)600000000",
                "address_line1": STREETS[0],
                "postal_code": "44000",
                "district_info": [{"address_name": "France"}, {"address_name": "Nantes"}],
            }
        self.orders[order_id] = order | more
        return self.orders[order_id]

    def answer(self, method: str, target: str, headers: Any, body: bytes) -> tuple[int, dict[str, str], Json]:
        """Return the reply to a call."""
        parts = urlsplit(target)
        params = dict(parse_qsl(parts.query))
        with self._door:
            self._count += 1
            if self.down:
                return 500, {}, {}
            if params.get("sign") != sign(SECRET.encode(), parts.path, params, body):
                self.unsigned += 1
                return 401, {}, {"code": 36009004, "message": "sign is wrong"}
            if headers.get("x-tts-access-token") != TOKEN:
                return 401, {}, {"code": 105002, "message": "token is wrong"}
            if self.busy_every and self._count % self.busy_every == 0:
                self.busy += 1
                return 429, {"Retry-After": self.retry_after}, {"code": 36009036, "message": "too many requests"}
            if method == "GET" and parts.path == "/order/202309/orders":
                return self._details(params.get("ids", "").split(","))
            if method == "POST" and parts.path.startswith("/fulfillment/202309/packages/"):
                return self._ship(parts.path.split("/")[4], json.loads(body)["self_shipment"])
        return 404, {}, {"code": 404, "message": "no such path"}

    def _details(self, ids: list[str]) -> tuple[int, dict[str, str], Json]:
        self.calls.append(ids)
        if len(ids) > 50:
            self.refused += 1
            return 200, {}, {"code": 36009001, "message": "at most 50 ids"}
        found = [self.orders[one] for one in ids if one in self.orders]
        self._random.shuffle(found)
        return 200, {}, {"code": 0, "message": "Success", "data": {"orders": found}}

    def _ship(self, package: str, told: Json) -> tuple[int, dict[str, str], Json]:
        _, _, times = self.shipped.get(package, ("", "", 0))
        self.shipped[package] = told["tracking_number"], told["shipping_provider_id"], times + 1
        return 200, {}, {"code": 0, "message": "Success"}


def notice(order_id: str, number: str, status: str = "AWAITING_SHIPMENT", kind: int = 1, **more: Any) -> bytes:
    """Return a notice's raw body."""
    data = {"order_id": order_id, "order_status": status, "is_on_hold_order": False, "update_time": 1_795_510_900}
    body = {"type": kind, "tts_notification_id": number, "shop_id": SHOP, "timestamp": 1_795_510_901, "data": data}
    return json.dumps(body | more).encode()


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    """Return the headers a notice comes with."""
    told = signature(KEY, secret.encode(), body).decode()
    return {"authorization": told, "content-type": "application/json"}


@contextmanager
def listening(fake: FakeTikTok) -> Iterator[str]:
    """Yield the URL of a fake that listens."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            status, headers, told = fake.answer(self.command, self.path, self.headers, body)
            raw = json.dumps(told).encode()
            self.send_response(status)
            for name, value in {**headers, "content-type": "application/json", "content-length": len(raw)}.items():
                self.send_header(name, str(value))
            self.end_headers()
            self.wfile.write(raw)

        do_GET = do_POST = _any  # noqa: N815

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
