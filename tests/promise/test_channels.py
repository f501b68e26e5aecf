"""Channels over HTTP: what they send is checked, taken once, and told back."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook
from starlette.testclient import TestClient

from data import clock
from data.model.reservation import Owner
from data.model.stored_order import OrderState
from data.store import channels, contacts, orders
from tests import fake_shopify, fake_tiktok
from tests.fake_shopify import Buyer, FakeShopify
from tests.fake_tiktok import FakeTikTok
from tests.jalon.http_server import problem
from tests.promise.channel_server import GENERIC_SECRET, serving, until

SHOP = Owner("default", "maison")
Json = dict[str, Any]


@pytest.fixture(scope="module")
def tiktok() -> FakeTikTok:
    """Return a TikTok that is busy every third time."""
    return FakeTikTok(busy_every=3, retry_after="0.05")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, tiktok: FakeTikTok) -> Iterator[TestClient]:
    """Yield a client of the server."""
    with fake_tiktok.listening(tiktok) as url, serving(tmp_path_factory.mktemp("channels"), url) as client:
        yield client


def desk(client: TestClient) -> Any:
    """Return the store behind a server."""
    return client.app.state.server.ledger._database  # type: ignore[attr-defined]


def state_of(client: TestClient, order_id: str) -> OrderState | None:
    with desk(client).read() as connection:
        found = orders.load(connection, SHOP, (order_id,)).get(order_id)
    return found.state if found else None


def contact_of(client: TestClient, order_id: str) -> Any:
    with desk(client).read() as connection:
        return contacts.load(connection, SHOP, (order_id,)).get(order_id)


# ----------------------------------------------------------------------------------------------------------- Shopify


def test_a_rate_is_the_date_of_the_order_that_follows(shop: TestClient) -> None:
    fake, now_s = FakeShopify(shop), int(clock.now().timestamp())
    (rate,) = fake.rates(Buyer(), now_s)
    assert set(rate) == {
        *("service_name", "service_code", "total_price", "currency", "description"),
        *("min_delivery_date", "max_delivery_date"),
    }
    assert (rate["total_price"], rate["currency"]) == ("590", "EUR")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4}", rate["min_delivery_date"])
    assert len(rate["service_code"]) <= 255
    day = rate["min_delivery_date"][:10]
    assert fake.rates(Buyer(), now_s + 60)[0] is rate and fake.asked == 1
    assert fake.send("orders/create", fake_shopify.order(1001, Buyer(), rate["service_code"])).status_code == 200
    kept = shop.get("/v1/promises/1001")
    assert kept.status_code == 404  # the carrier's own orders are others
    until(lambda: state_of(shop, "1001") is not None)
    with desk(shop).read() as connection:
        stored = orders.load(connection, SHOP, ("1001",))["1001"]
    assert (str(stored.order.promised_on), stored.channel, stored.state) == (day, "maison", OrderState.UNLOCATED)
    assert contact_of(shop, "1001").customer_id == "207119551"


def test_where_we_do_not_go_there_is_no_rate(shop: TestClient) -> None:
    fake = FakeShopify(shop)
    assert fake.rates(Buyer(postcode="SW1A 1AA"), 0) == []
    asked = fake_shopify.rate_request(Buyer())
    for change in ({"destination": {"country": "DE", "postal_code": "10115"}}, {"currency": "USD"}, {"items": []}):
        body = json.dumps({"rate": asked["rate"] | change}).encode()
        reply = shop.post("/compat/shopify/rates", content=body, headers=fake_shopify.headers(body))
        assert reply.json() == {"rates": []}


def test_without_a_signature_a_key_is_needed_and_tells_nothing_of_a_shop(shop: TestClient) -> None:
    reply = shop.post("/compat/shopify/rates", json=fake_shopify.rate_request(Buyer(), locale="en"))
    assert reply.status_code == 200 and "delivered" in reply.json()["rates"][0]["description"]
    assert "facts" not in reply.text and "maison" not in reply.text


def test_a_cancelled_order_is_cancelled_in_whatever_order_that_is_told(shop: TestClient) -> None:
    fake = FakeShopify(shop)
    told = fake_shopify.order(1002, Buyer(), None)
    assert fake.send("orders/create", told).status_code == 200
    assert state_of(shop, "1002") is OrderState.UNLOCATED
    for _ in range(2):
        assert fake.send("orders/cancelled", told).status_code == 200
    assert state_of(shop, "1002") is OrderState.CANCELLED
    early = fake_shopify.order(1003, Buyer(), None)
    assert fake.send("orders/cancelled", early).status_code == 200
    assert fake.send("orders/create", early).status_code == 200
    assert state_of(shop, "1003") is None
    assert fake.send("orders/create", fake_shopify.order(1004, Buyer(), None, test=True)).status_code == 200
    assert state_of(shop, "1004") is None


def test_people_are_erased_where_shopify_asks_for_it(shop: TestClient) -> None:
    fake = FakeShopify(shop)
    for number, customer in ((1010, 1), (1011, 2), (1012, 3)):
        fake.send("orders/create", fake_shopify.order(number, Buyer(), None, customer={"id": customer}))
    assert fake.send("customers/data_request", {"customer": {"id": 1}, "orders_requested": [1010]}).status_code == 200
    assert contact_of(shop, "1010") is not None
    told = {"shop_id": 1, "shop_domain": fake.domain, "customer": {"id": 1}, "orders_to_redact": [1011]}
    assert fake.send("customers/redact", told).status_code == 200
    assert contact_of(shop, "1010") is None and contact_of(shop, "1011") is None
    assert contact_of(shop, "1012") is not None
    assert fake.send("shop/redact", {"shop_id": 1, "shop_domain": fake.domain}).status_code == 200
    assert contact_of(shop, "1012") is None and state_of(shop, "1012") is OrderState.UNLOCATED


@pytest.mark.parametrize("path", ["/webhooks/shopify", "/compat/shopify/rates"])
def test_a_forged_shopify_is_refused(shop: TestClient, path: str) -> None:
    body = json.dumps(fake_shopify.order(1020, Buyer(), None)).encode()
    good = fake_shopify.headers(body, "orders/create")
    raw = base64.b64decode(good["x-shopify-hmac-sha256"])
    tags = [b"", b"x", b"\xff", base64.b64encode(raw[:-1]), raw.hex().encode(), base64.b64encode(raw).swapcase()]
    tags.append(fake_shopify.headers(body, secret="another-secret")["x-shopify-hmac-sha256"].encode())
    tags.append(fake_shopify.headers(body + b" ")["x-shopify-hmac-sha256"].encode())
    for tag in tags:
        problem(shop.post(path, content=body, headers={**good, "x-shopify-hmac-sha256": tag}), 401)  # type: ignore[dict-item]
    problem(shop.post(path, content=body, headers={**good, "x-shopify-shop-domain": "other.myshopify.com"}), 401)
    if path.startswith("/webhooks"):
        del good["x-shopify-hmac-sha256"]
        problem(shop.post(path, content=body, headers=good), 401, "no_signature")
    assert state_of(shop, "1020") is None


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b"[]", 422),
        (b"{}", 422),
        (b'{"id": -1}', 422),
        (b'{"id": 1e400}', 422),
        (b'{"id": NaN}', 400),
        (b'{"id": 7, "line_items": [{"quantity": -1}]}', 422),
        (b'{"id": 7, "shipping_address": 3}', 422),
        (b"[" * 100_000, 400),
    ],
)
def test_a_bad_body_of_shopify_is_told(shop: TestClient, body: bytes, status: int) -> None:
    reply = shop.post("/webhooks/shopify", content=body, headers=fake_shopify.headers(body, "orders/create"))
    assert reply.status_code in (status, 422), reply.text
    problem(reply, reply.status_code)


def test_an_order_nobody_can_take_raises_one_alarm(shop: TestClient) -> None:
    fake = FakeShopify(shop)
    told = fake_shopify.order(1030, Buyer(postcode="SW1A 1AA"), None)
    for _ in range(2):
        assert fake.send("orders/create", told).status_code == 200
    assert state_of(shop, "1030") is None
    assert "channels_alarms 1.0" in shop.get("/metrics").text
    no_topic = json.dumps(told).encode()
    problem(shop.post("/webhooks/shopify", content=no_topic, headers=fake_shopify.headers(no_topic)), 422, "no_topic")


# ------------------------------------------------------------------------------------------------------- TikTok Shop


def tell(client: TestClient, order_id: str, number: str, **more: Any) -> Any:
    """Send a notice."""
    body = fake_tiktok.notice(order_id, number, **more)
    return client.post("/webhooks/tiktok", content=body, headers=fake_tiktok.signed(body))


def test_an_order_of_tiktok_is_fetched_and_taken(shop: TestClient, tiktok: FakeTikTok) -> None:
    tiktok.put("5001")
    for _ in range(3):
        assert tell(shop, "5001", "n1").status_code == 200
    until(lambda: state_of(shop, "5001") is not None)
    assert contact_of(shop, "5001").address == "12 rue de la Paix"
    assert tiktok.unsigned == 0


def test_what_waits_or_is_theirs_is_left_until_it_is_released(shop: TestClient, tiktok: FakeTikTok) -> None:
    tiktok.put("5010", "ON_HOLD")
    tiktok.put("5011", "UNPAID")
    tiktok.put("5012", fulfillment_type="FULFILLMENT_BY_TIKTOK")
    tiktok.put("5013", "CANCELLED")
    for number in ("5010", "5011", "5012", "5013"):
        tell(shop, number, f"a{number}")
    until(lambda: _states(shop) == {"5010": "held", "5011": "held", "5012": "ignored", "5013": "cancelled"})
    assert all(state_of(shop, number) is None for number in ("5010", "5011", "5012", "5013"))
    tiktok.put("5010")
    tell(shop, "5010", "b5010")
    until(lambda: state_of(shop, "5010") is not None)
    tiktok.put("5010", "CANCELLED")
    tell(shop, "5010", "c5010", status="CANCELLED")
    until(lambda: state_of(shop, "5010") is OrderState.CANCELLED)


def _states(client: TestClient) -> dict[str, str]:
    from data.store.tables_channels import channel_orders

    with desk(client).read() as connection:
        found = connection.execute(channel_orders.select()).all()
    return {row.order_id: row.state for row in found if row.order_id in ("5010", "5011", "5012", "5013")}


def test_an_address_that_changes_is_followed(shop: TestClient, tiktok: FakeTikTok) -> None:
    order = tiktok.put("5020")
    tell(shop, "5020", "d1")
    until(lambda: state_of(shop, "5020") is not None)
    order["recipient_address"] = order["recipient_address"] | {"address_line1": "3 rue du Nord", "postal_code": "44300"}
    tell(shop, "5020", "d2", kind=3)
    until(lambda: contact_of(shop, "5020").address == "3 rue du Nord")


def test_the_hand_over_is_told_back_once(shop: TestClient, tiktok: FakeTikTok) -> None:
    far_s = int((clock.now() + timedelta(days=2)).timestamp())
    tiktok.put("5030", rts_sla_time=far_s, packages=[{"id": "PA"}, {"id": "PB"}])
    tell(shop, "5030", "e1")
    until(lambda: state_of(shop, "5030") is not None)
    assert not {"PA", "PB"} & tiktok.shipped.keys()
    with desk(shop).write() as t:
        orders.set_state(t, SHOP, ("5030",), OrderState.LOADED, 1)
    until(lambda: {"PA", "PB"} <= tiktok.shipped.keys())
    assert tiktok.shipped["PA"] == ("5030-1", "7117", 1) and tiktok.shipped["PB"] == ("5030-2", "7117", 1)


def test_before_its_time_is_up_it_is_told_unscanned_with_an_alarm(shop: TestClient, tiktok: FakeTikTok) -> None:
    tiktok.put("5040", rts_sla_time=int(clock.now().timestamp()) + 600)
    tell(shop, "5040", "f1")
    until(lambda: "P5040" in tiktok.shipped)
    until(lambda: _is_noted(shop, "alarm not_scanned 5040"))


def _is_noted(client: TestClient, notice: str) -> bool:
    with desk(client).read() as connection:
        return channels.is_noted(connection, SHOP, "live", notice)


def test_a_forged_tiktok_is_refused(shop: TestClient) -> None:
    body = fake_tiktok.notice("5050", "g1")
    good = fake_tiktok.signed(body)["authorization"]
    for tag in (
        "x",
        good.upper(),
        good[:-1],
        f"Bearer {good}",
        fake_tiktok.signed(body, "wrong-secret")["authorization"],
    ):
        headers = {"authorization": tag, "content-type": "application/json"}
        problem(shop.post("/webhooks/tiktok", content=body, headers=headers), 401, "bad_signature")
    problem(shop.post("/webhooks/tiktok", content=body, headers={"content-type": "application/json"}), 401)
    for raw, status in (
        (b"{", 400),
        (b"[]", 422),
        (b"{}", 422),
        (b'{"type": 1}', 422),
        (b'{"type":1,"tts_notification_id":""}', 422),
    ):
        reply = shop.post("/webhooks/tiktok", content=raw, headers=fake_tiktok.signed(raw))
        problem(reply, status)
    for raw in (fake_tiktok.notice("5050", "g2", shop_id="another"), fake_tiktok.notice("5050", "g3", kind=5)):
        assert shop.post("/webhooks/tiktok", content=raw, headers=fake_tiktok.signed(raw)).status_code == 200


# ------------------------------------------------------------------------------------------------------------ others


def post(client: TestClient, kind: str, data: Json, name: str = "m1", at: datetime | None = None, **more: str) -> Any:
    """Send a signed message of the generic webhook."""
    at = at or datetime.now(UTC)
    body = json.dumps({"type": kind, "timestamp": at.isoformat(), "data": data})
    headers = {
        "webhook-id": name,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(GENERIC_SECRET).sign(name, at, body),
        "content-type": "application/json",
    }
    return client.post("/webhooks/generic/erp", content=body.encode(), headers=headers | more)


TO = {"address": "12 rue de la Paix", "postcode": "44300", "city": "Nantes", "customer_id": "c9"}


def test_a_signed_order_is_taken_changed_cancelled_and_erased(shop: TestClient) -> None:
    assert post(shop, "order.created", {"id": "g1", "to": TO}).status_code == 200
    assert post(shop, "order.created", {"id": "g1", "to": TO}).status_code == 200
    assert state_of(shop, "g1") is OrderState.UNLOCATED
    north = TO | {"address": "3 rue du Nord"}
    assert post(shop, "order.changed", {"id": "g1", "to": north}, "m2").status_code == 200
    assert post(shop, "order.changed", {"id": "g1", "to": TO}, "m3").status_code == 200
    assert post(shop, "order.changed", {"id": "g1", "to": north}, "m2").status_code == 200  # a replay
    assert contact_of(shop, "g1").address == TO["address"]
    assert post(shop, "customer.erased", {"customer_id": "c9"}, "m4").status_code == 200
    assert contact_of(shop, "g1") is None
    assert post(shop, "order.cancelled", {"id": "g1"}, "m5").status_code == 200
    assert state_of(shop, "g1") is OrderState.CANCELLED
    assert post(shop, "order.praised", {}, "m6").status_code == 200


def test_a_forged_or_old_message_is_refused(shop: TestClient) -> None:
    data = {"id": "g2", "to": TO}
    for at in (datetime.now(UTC) - timedelta(minutes=6), datetime.now(UTC) + timedelta(minutes=6)):
        problem(post(shop, "order.created", data, at=at), 401, "bad_signature")
    for more in (
        {"webhook-signature": "v1,AAAA"},
        {"webhook-signature": "nonsense"},
        {"webhook-signature": "v1,a,b"},
        {"webhook-id": "m2"},
        {"webhook-timestamp": "nan"},
        {"webhook-timestamp": ""},
    ):
        problem(post(shop, "order.created", data, **more), 401, "bad_signature")
    reply = shop.post("/webhooks/generic/erp", json={})
    problem(reply, 401, "bad_signature")
    problem(shop.post("/webhooks/generic/nobody", json={}), 404, "unknown_channel")
    assert state_of(shop, "g2") is None
    problem(post(shop, "order.created", {"id": "g2"}), 422)
    problem(post(shop, "order.cancelled", {}), 422)


# -------------------------------------------------------------------------------------------------------- /v1/orders


def test_orders_come_as_json_lines_and_tables(shop: TestClient) -> None:
    one = {"id": "j1", "to": TO, "option_id": "home"}
    assert shop.post("/v1/orders", json=one).json()["accepted"] == 1
    many = shop.post(
        "/v1/orders", json=[one, one | {"id": "j2"}, {"id": 3}, one | {"id": "j4", "option_id": "x"}]
    ).json()
    assert many["accepted"] == 2
    assert [found["new"] for found in many["orders"]] == [False, True, False, False]
    assert [bool(found["problem"]) for found in many["orders"]] == [False, False, True, True]
    lines = "\n".join([json.dumps(one | {"id": "j5"}), "{", "", json.dumps(one | {"id": "j6"})])
    told = shop.post("/v1/orders", content=lines, headers={"content-type": "application/x-ndjson"}).json()
    assert told["accepted"] == 2 and told["orders"][1]["problem"]["pointer"].startswith("body, line 2")
    table = "commande;nom;adresse;code postal;ville\nj7;Zoé;2 quai;44300;Nantes\n"
    told = shop.post("/v1/orders", content=table.encode(), headers={"content-type": "text/csv"}).json()
    assert told["accepted"] == 1 and told["orders"][0]["state"] == "unlocated"
    view = shop.get("/v1/orders/j7").json()
    assert view["promise"]["state"] == "confirmed" and view["tour"] is None
    changed = shop.post("/v1/orders/j7/change", json={"to": TO | {"postcode": "44000"}}).json()
    assert changed["promise"]["area_id"] == "centre"
    assert shop.delete("/v1/orders/j7").json()["state"] == "cancelled"
    assert shop.delete("/v1/orders/j7").json()["state"] == "cancelled"
    problem(shop.get("/v1/orders/none"), 404, "unknown_order")
    problem(shop.delete("/v1/orders/none"), 404, "unknown_order")
    for raw, status in ((b"", 400), (b"{", 400), (b"[", 400), (b"[1", 400), (b"3", 422), (b"[]", 422)):
        problem(shop.post("/v1/orders", content=raw, headers={"content-type": "application/json"}), status)


def test_no_secret_is_told_or_logged(shop: TestClient) -> None:
    text = shop.get("/metrics").text + repr(shop.app.state.server.settings)  # type: ignore[attr-defined]
    for secret in (fake_shopify.SECRET, fake_tiktok.SECRET, fake_tiktok.TOKEN, GENERIC_SECRET):
        assert secret not in text


def test_the_log_holds_no_name_and_no_path_of_a_store(shop: TestClient, tmp_path: Path) -> None:
    lines = shop.app.state.server.log.lines  # type: ignore[attr-defined]
    assert lines and "Martin" not in repr(lines) and "Paix" not in repr(lines)
