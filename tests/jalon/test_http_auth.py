"""Who comes in: everybody on this machine until there is a key, then nobody without one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from data.errors import InputError
from data.store import api_keys
from data.store.database import Database
from jalon.http.auth import PUBLIC, is_loopback
from tests.jalon.http_server import client, key, problem

SAMPLE = Path(__file__).resolve().parents[2] / "data" / "samples" / "promise.json"


def operations(document: dict[str, Any]) -> list[tuple[str, str, list[str]]]:
    """Return method, path and scopes of every operation that needs a key."""
    return [
        (method.upper(), re.sub(r"\{[^}]*\}", "x", path), operation["security"][0]["key"])
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if operation["security"]
    ]


def test_on_this_machine_everybody_is_the_carrier_until_there_is_a_key(tmp_path: Path) -> None:
    with client(tmp_path) as one:
        assert one.get("/v1/keys").json() == []
        mine = key(one, "admin", label="mine")
        problem(one.get("/v1/keys"), 401, "unauthenticated")
        (seen,) = one.get("/v1/keys", headers=mine).json()
        assert (seen["label"], seen["tenant"], seen["secret"]) == ("mine", "default", None)
        assert one.delete(f"/v1/keys/{seen['id']}", headers=mine).status_code == 204
        problem(one.get("/v1/keys", headers=mine), 401)
        problem(one.get("/v1/keys"), 401)  # the last key is gone, and the door stays shut
    with pytest.raises(InputError, match="API key"), client(tmp_path):
        pass


def test_a_secret_is_in_no_file(tmp_path: Path) -> None:
    with client(tmp_path) as one:
        secret = key(one, "admin")["authorization"].removeprefix("Bearer ")
        held = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert secret[:12].encode() in held
    assert secret[12:].encode() not in held


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8080", "10.0.0.7", "", "[::2]:80"])
def test_without_keys_it_answers_to_local_names_only(tmp_path: Path, host: str) -> None:
    with client(tmp_path) as one:
        problem(one.get("/v1/keys", headers={"host": host}), 421, "misdirected_request")
        for name in ("localhost:9", "127.0.0.1", "[::1]:9", "LOCALHOST"):
            assert one.get("/v1/keys", headers={"host": name}).status_code == 200


def test_both_headers_carry_a_key(tmp_path: Path) -> None:
    with client(tmp_path) as one:
        secret = key(one, "admin")["authorization"].removeprefix("Bearer ")
        for good in ({"authorization": f"bearer {secret}"}, {"x-api-key": secret}):
            assert one.get("/v1/keys", headers=good).status_code == 200
            assert one.get("/v1/keys", headers={**good, "host": "api.example"}).status_code == 200
        for bad in (f"Basic {secret}", "Bearer", f"Bearer {secret}x", f"Bearer {secret[:-1]}", "Bearer é"):
            reply = one.get("/v1/keys", headers={"authorization": bad.encode()})
            problem(reply, 401, "unauthenticated")
            assert reply.headers["www-authenticate"].startswith("Bearer")


def test_every_operation_needs_a_key_and_its_scope(tmp_path: Path) -> None:
    with client(tmp_path, promise=SAMPLE) as one:
        document = one.get("/openapi.json").json()
        found = operations(document)
        assert len(found) > 12
        assert document["paths"].keys() - PUBLIC >= {"/metrics", "/v1/promises/quote"}
        admin = key(one, "admin")
        for method, path, needed in found:
            scope = "plan:read" if "plan:read" not in needed else "ops:read"  # one that it doesn't need
            body = {"content": b"{}", "headers": {"content-type": "application/json"}} if method != "GET" else {}
            problem(one.request(method, path, **body), 401, "unauthenticated")
            weak = key(one, scope, by=admin)
            body["headers"] = body.get("headers", {}) | weak
            problem(one.request(method, path, **body), 403, "missing_scope")


def test_a_shippers_key_makes_keys_for_that_shipper_only(tmp_path: Path) -> None:
    with client(tmp_path) as one:
        carrier = key(one, "admin")
        shipper = key(one, "admin", shipper="nord", by=carrier)
        told = problem(one.post("/v1/keys", json={"scopes": ["admin"]}, headers=shipper), 403)
        assert "other_shipper" in told["errors"][0]["code"]
        key(one, "promise:read", shipper="nord", by=shipper)
        assert {seen["shipper"] for seen in one.get("/v1/keys", headers=shipper).json()} == {"nord"}
        everything = one.get("/v1/keys", headers=carrier).json()
        theirs = next(seen for seen in everything if not seen["shipper"])
        problem(one.delete(f"/v1/keys/{theirs['id']}", headers=shipper), 404, "unknown_key")


def test_an_expired_key_opens_nothing(tmp_path: Path) -> None:
    with client(tmp_path) as one:
        admin = key(one, "admin")
        problem(one.get("/v1/keys", headers=key(one, "admin", expires_s=1000, by=admin)), 401)
        assert one.get("/v1/keys", headers=key(one, "admin", expires_s=9_000_000_000, by=admin)).status_code == 200


def test_a_scope_of_a_newer_version_opens_nothing(tmp_path: Path) -> None:
    with client(tmp_path) as one:
        secret = key(one, "admin")["authorization"].removeprefix("Bearer ")
    with Database(f"sqlite:///{tmp_path}/server.db") as store, store.write() as transaction:
        old = api_keys.read_all(transaction)[0]
        digest = "0" * 64
        api_keys.add(transaction, old.replace(id="jal_new", digest=digest, scopes=("fly:drones",)))
    with client(tmp_path) as one:
        ring = one.app.state.server.door.keyring
        assert ring._known[digest].caller.scopes == frozenset()
        assert one.get("/v1/keys", headers={"x-api-key": secret}).status_code == 200


def test_beyond_this_machine_a_key_must_exist(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="beyond this machine"), client(tmp_path, host="0.0.0.0"):
        pass
    with client(tmp_path, host="0.0.0.0", auth="off") as one:  # said in so many words
        assert one.get("/v1/keys", headers={"host": "shop.example"}).status_code == 200
        key(one, "admin")
        assert one.get("/v1/keys").status_code == 200
    with client(tmp_path, host="0.0.0.0") as one:
        problem(one.get("/v1/keys"), 401)


@pytest.mark.parametrize(
    ("host", "local"),
    [("localhost", True), ("127.9.9.9", True), ("::1", True), ("[::1]", True), ("0.0.0.0", False), ("::", False)],
)
def test_what_is_this_machine(host: str, local: bool) -> None:
    assert is_loopback(host) is local


def test_a_key_has_a_share_of_requests(tmp_path: Path) -> None:
    with client(tmp_path, rate_limit=3, rate_window_s=3600) as one:
        mine, other = (lambda admin: (admin, key(one, "admin", by=admin)))(key(one, "admin"))
        for left in (1, 0):
            reply = one.get("/v1/keys", headers=mine)
            assert reply.status_code == 200
            assert reply.headers["ratelimit-policy"] == '"default";q=3;w=3600'
            assert re.fullmatch(rf'"default";r={left};t=\d+', reply.headers["ratelimit"])
        refused = one.get("/v1/keys", headers=mine)
        told = problem(refused, 429)
        assert told["type"] == "https://iana.org/assignments/http-problem-types#quota-exceeded"
        assert told["violated-policies"] == ["default"]
        assert 0 < int(refused.headers["retry-after"]) <= 3600
        assert one.get("/v1/keys", headers=other).status_code == 200
        assert one.get("/livez", headers=mine).status_code == 200


def test_a_page_of_an_allowed_origin_may_call(tmp_path: Path) -> None:
    asks = {"origin": "https://shop.example", "access-control-request-method": "POST"}
    with client(tmp_path, cors_origins=("https://shop.example",)) as one:
        assert one.options("/v1/keys", headers=asks).headers["access-control-allow-origin"] == "https://shop.example"
        assert one.options("/v1/keys", headers={**asks, "origin": "https://evil.example"}).status_code == 400
        reply = one.get("/v1/keys", headers={"origin": "https://shop.example"})
        assert "RateLimit" in reply.headers["access-control-expose-headers"]
    with client(tmp_path) as one:
        assert "access-control-allow-origin" not in one.options("/v1/keys", headers=asks).headers
