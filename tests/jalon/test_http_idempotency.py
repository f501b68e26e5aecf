"""``Idempotency-Key``: quoted or bare, refused where it is none, and never at work twice at a time."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI, Request

from jalon.http.idempotency import fingerprint, key_of
from tests.jalon.http_server import LOCAL, app, problem


@pytest.mark.parametrize(
    ("header", "key"),
    [
        (b'"8e03978e-40d5-43dd-bc93-6894a57f9324"', "8e03978e-40d5-43dd-bc93-6894a57f9324"),
        (b"8e03978e-40d5-43dd-bc93-6894a57f9324", "8e03978e-40d5-43dd-bc93-6894a57f9324"),
        (b' "a b" ', "a b"),
        (rb'"a\"b\\c"', r'a"b\c'),
        (b"order:1/2", "order:1/2"),
        (b'"' + b"x" * 128 + b'"', "x" * 128),
        (b'"' + b"x" * 129 + b'"', None),
        (b"x" * 129, None),
        (b'""', None),
        (b"", None),
        (b'"open', None),
        (b"a b", None),
        (b'"a"b"', None),
        (rb'"a\x"', None),
        (b'"caf\xc3\xa9"', None),
        (b'"a"; p=1', None),
        (b'"tab\there"', None),
    ],
)
def test_a_key_is_read(header: bytes, key: str | None) -> None:
    assert key_of(header) == key


def test_a_fingerprint_tells_requests_apart() -> None:
    asked = ("POST", "/v1/promises", b"", b"{}")
    others = [("PUT", *asked[1:]), ("POST", "/v1/x", b"", b"{}"), ("POST", "/v1/promises", b"a=1", b"{}")]
    told = {fingerprint(*one) for one in (asked, *others, ("POST", "/v1/promises", b"", b"{ }"))}
    assert len(told) == 5 and all(len(one) == 64 for one in told)


@pytest.fixture
def served(tmp_path: Path) -> FastAPI:
    """Return a server with a route that waits for a word and tells its key."""
    one = app(tmp_path)
    one.state.go_on = asyncio.Event()

    @one.post("/v1/work")
    async def work(request: Request) -> list[str]:
        await one.state.go_on.wait()
        return [request.state.idempotency_key, request.state.fingerprint]

    @one.get("/v1/work")
    async def read(request: Request) -> list[str]:
        return [request.state.idempotency_key, request.state.fingerprint]

    return one


def asking(served: FastAPI) -> httpx.AsyncClient:
    """Return a client that may ask several things at once."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(served), base_url=LOCAL)


def test_a_key_at_work_is_refused(served: FastAPI) -> None:
    async def play() -> None:
        async with asking(served) as client:
            mine = {"idempotency-key": '"k1"'}
            first = asyncio.create_task(client.post("/v1/work", headers=mine))
            other = asyncio.create_task(client.post("/v1/work", headers={"idempotency-key": "k2"}))
            await asyncio.sleep(0.05)
            refused = await client.post("/v1/work", headers={"idempotency-key": "k1"})
            problem(refused, 409, "idempotency_key_in_flight")
            assert refused.headers["retry-after"] == "1"
            served.state.go_on.set()
            done, beside = await first, await other
            assert done.json()[0] == "k1" and len(done.json()[1]) == 64
            assert beside.json()[0] == "k2"
            again = await client.post("/v1/work", headers=mine)
            assert again.json() == done.json()  # it is free again; the room knows the key and replays

    asyncio.run(play())


def test_without_a_key_and_for_reading(served: FastAPI) -> None:
    async def play() -> None:
        served.state.go_on.set()
        async with asking(served) as client:
            assert (await client.post("/v1/work")).json() == ["", ""]
            assert (await client.get("/v1/work", headers={"idempotency-key": '"k"'})).json() == ["", ""]
            for bad in ('""', "a b", '"é"'):
                told = await client.post("/v1/work", headers={"idempotency-key": bad.encode()})
                problem(told, 400, "invalid_idempotency_key")

    asyncio.run(play())
