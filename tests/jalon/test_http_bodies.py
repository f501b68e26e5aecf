"""Bodies: counted as they come, unpacked within bounds, of a known type, in time."""

from __future__ import annotations

import gzip
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from fastapi import FastAPI, Request
from starlette.responses import Response, StreamingResponse
from starlette.testclient import TestClient

from tests.jalon.http_server import LOCAL, Told, app, problem, serving

JSON = {"content-type": "application/json"}
MOST = 4096


@pytest.fixture
def echo(tmp_path: Path) -> FastAPI:
    """Return a server with routes that tell what came, that take long, and that reply slowly."""
    served = app(tmp_path, body_max_bytes=MOST, body_timeout_s=0.5, reply_timeout_s=0.5)

    @served.post("/v1/echo")
    async def echo(request: Request) -> Response:
        body = await request.body()
        assert body == request.state.body
        return Response(body, media_type="application/octet-stream")

    @served.get("/v1/slow")
    async def slow() -> Response:
        await anyio.sleep(30)
        return Response()

    @served.get("/v1/stream")
    async def stream() -> Response:
        async def parts() -> Any:
            for _ in range(3):
                await anyio.sleep(0.4)
                yield b"x"

        return StreamingResponse(parts())

    return served


@pytest.fixture
def client(echo: FastAPI) -> Iterator[TestClient]:
    with TestClient(echo, base_url=LOCAL, raise_server_exceptions=False) as one:
        yield one


def test_a_body_comes_whole(client: TestClient) -> None:
    for size in (0, 1, MOST):
        assert client.post("/v1/echo", content=b"x" * size, headers=JSON).content == b"x" * size
    assert client.post("/v1/echo").content == b""


def test_too_large_whatever_it_announces(client: TestClient) -> None:
    big = b"x" * (MOST + 1)
    told = problem(client.post("/v1/echo", content=big, headers=JSON), 413, "body_too_large")
    assert str(MOST) in told["detail"] and told["action"]
    pieces = (b"x" * 100 for _ in range(1000))
    problem(client.post("/v1/echo", content=pieces, headers=JSON), 413, "body_too_large")
    lies = {**JSON, "content-length": "7"}
    problem(client.post("/v1/echo", content=big, headers=lies), 413, "body_too_large")


@pytest.mark.parametrize("members", [1, 3])
def test_gzip(client: TestClient, members: int) -> None:
    packed = gzip.compress(b"a" * 1000) * members
    reply = client.post("/v1/echo", content=packed, headers={**JSON, "content-encoding": "gzip"})
    assert reply.content == b"a" * 1000 * members


@pytest.mark.parametrize("size", [MOST + 1, 3_000_000])
def test_a_bomb_is_defused(client: TestClient, size: int) -> None:
    packed = gzip.compress(bytes(size))
    assert len(packed) < MOST
    reply = client.post("/v1/echo", content=packed, headers={**JSON, "content-encoding": "gzip"})
    problem(reply, 413, "body_too_large")


def test_what_only_calls_itself_gzip(client: TestClient) -> None:
    packing = {**JSON, "content-encoding": "gzip"}
    packed = gzip.compress(json.dumps(list(range(700))).encode())
    for bad in (b"{}", packed[:-1], packed[:20], packed + b"tail", bytes(3000)):
        problem(client.post("/v1/echo", content=bad, headers=packing), 400, "invalid_gzip")
    refused = client.post("/v1/echo", content=packed, headers={**JSON, "content-encoding": "br"})
    problem(refused, 415, "unknown_encoding")
    assert refused.headers["accept-encoding"] == "gzip"
    assert client.post("/v1/echo", content=b"{}", headers={**JSON, "content-encoding": "identity"}).content == b"{}"


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "", "multipart/form-data; x=y"])
def test_a_page_elsewhere_cannot_send_what_browsers_send_unasked(client: TestClient, kind: str) -> None:
    refused = client.post("/v1/echo", content=b"{}", headers={"content-type": kind} if kind else {})
    problem(refused, 415, "unknown_media_type")
    assert "application/json" in refused.headers["accept"]


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "APPLICATION/JSON", "application/geo+json"])
def test_json_by_any_name(client: TestClient, kind: str) -> None:
    assert client.post("/v1/echo", content=b"{}", headers={"content-type": kind}).content == b"{}"


def test_a_reply_that_never_begins(client: TestClient) -> None:
    reply = client.get("/v1/slow")
    problem(reply, 503)
    assert "no answer within 0.5 s" in reply.json()["detail"] and reply.headers["retry-after"]
    assert client.get("/v1/stream").content == b"xxx"  # one that has begun may take its time


def test_a_body_that_never_comes(echo: FastAPI) -> None:
    head = b"POST /v1/echo HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{"
    with serving(echo) as address, socket.create_connection(address) as caller:
        caller.sendall(head)
        reply = b"".join(iter(lambda: caller.recv(4096), b""))  # it closes the connection
    assert reply.startswith(b"HTTP/1.1 408 ") and b"body_timeout" in reply


def test_a_caller_that_leaves(tmp_path: Path) -> None:
    log = Told()
    with serving(app(tmp_path, log)) as address:
        with socket.create_connection(address) as caller:
            caller.sendall(b"POST /v1/keys HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\n{")
        while not log.lines:
            pass
    assert [line.get("status") for line in log.lines] == [499]


def test_a_length_that_is_none(tmp_path: Path) -> None:
    for length in (b"-1", b"1e3", b"99999999999999999999999999"):
        with serving(app(tmp_path)) as address, socket.create_connection(address) as caller:
            caller.sendall(b"POST /v1/keys HTTP/1.1\r\nhost: localhost\r\ncontent-length: " + length + b"\r\n\r\n{}")
            assert caller.recv(4096).startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 413 "))


def test_too_many_at_once(tmp_path: Path) -> None:
    served = app(tmp_path, requests_max=1)
    with TestClient(served, base_url=LOCAL) as one:
        assert one.get("/v1/keys").status_code == 200
        served.state.server.metrics.at_work += 1  # another one is at work
        told = problem(one.get("/v1/keys"), 503)
        assert told["type"].endswith("#temporary-reduced-capacity") and "at work" in told["detail"]
        assert one.get("/livez").status_code == 200


def test_no_text_holds_a_nul(client: TestClient) -> None:
    """PostgreSQL would refuse it long after a handler has taken it."""
    problem(client.post("/v1/echo", content=json.dumps({"id": "a\0"}), headers=JSON), 422, "nul_character")
    problem(client.get("/v1/slow%00"), 400, "nul_character")
