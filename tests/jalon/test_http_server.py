"""``jalon serve`` as a process: what it says, who may share its store, and how it ends."""

from __future__ import annotations

import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.jalon import town
from tests.jalon.http_server import Process, problem


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """Yield a server that nobody needs a key for."""
    with Process(tmp_path_factory.mktemp("server")) as one:
        yield one


def test_it_says_loudly_that_everybody_comes_in(server: Process) -> None:
    assert server.told["auth"] is False and server.told["pid"] == server.process.pid
    assert httpx.get(server.told["url"] + "/readyz").json() == {"status": "ready", "parts": ["store", "workers"]}
    serving, warning = server.lines()[:2]
    assert serving["event"] == "serving" and serving["url"] == server.told["url"]
    assert warning["level"] == "warning" and "everybody on this machine" in warning["message"]


def test_a_room_that_is_not_open_says_what_to_do(server: Process) -> None:
    for path, code, option in (("plans", "no_city", "--city"), ("promises/quote", "promise_not", "--promise")):
        reply = httpx.post(f"{server.told['url']}/v1/{path}", json={})
        told = problem(reply, 503)
        assert told["errors"][0]["code"].startswith(code) and option in told["action"]


def test_its_store_is_its_own(server: Process, capsys: pytest.CaptureFixture[str]) -> None:
    for command in (("db", "upgrade"), ("keys", "add", "--scope", "admin"), ("keys", "revoke", "jal_1")):
        assert town.run(*command, "--database", server.url, "--json") == 3
        error = town.checked_against("error", capsys.readouterr().out)["error"]
        assert error["code"] == "store_in_use" and "server" in error["action"]
    assert "/v1/keys" in error["action"]
    assert town.run("keys", "list", "--database", server.url, "--json") == 0  # reading is free
    assert town.checked_against("keys-list", capsys.readouterr().out) == {"keys": []}


def test_what_no_parser_reads_is_refused(server: Process) -> None:
    host, port = server.told["url"].removeprefix("http://").split(":")
    for raw in (b"\x16\x03\x01\x02\x00", b"GET /livez HTTP/9.9\r\n\r\n", b"GET\r\n\r\n", b"GET /\xff HTTP/1.1\r\n\r\n"):
        with socket.create_connection((host, int(port)), timeout=10) as caller:
            caller.sendall(raw)
            reply = caller.recv(4096)
            assert reply.startswith(b"HTTP/1.1 4") and b"application/problem+json" in reply
    assert httpx.get(server.told["url"] + "/livez").json() == {"status": "alive"}


def test_a_taken_port_is_told(server: Process, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    port = server.told["url"].rpartition(":")[2]
    code = town.run("serve", "--port", port, "--database", f"sqlite:///{tmp_path}/x.db", "--json")
    assert code == 2
    assert town.checked_against("error", capsys.readouterr().out)["error"]["code"] == "no_such_address"


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_well(tmp_path: Path, signum: int) -> None:
    with Process(tmp_path) as server:
        host, port = server.told["url"].removeprefix("http://").split(":")
        head = b"POST /v1/keys HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        half = head + b'content-length: 20\r\n\r\n{"scopes":'
        with socket.create_connection((host, int(port)), timeout=30) as caller:
            caller.sendall(half)
            time.sleep(0.3)
            ending = threading.Thread(target=lambda: codes.append(server.stop(signum)))
            codes: list[int] = []
            ending.start()
            time.sleep(0.5)
            caller.sendall(b'["admin"]}')  # the request was at work when the signal came
            assert caller.recv(4096).startswith(b"HTTP/1.1 201 ")
        ending.join(30)
        assert codes == [0]
    assert [line["event"] for line in server.lines()] == ["serving", "auth_off", "request"]
    assert town.run("db", "upgrade", "--database", server.url) == 0  # the lock is free


def test_settings_are_told_without_their_values(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("JALON_DATABASE_URL", "mysql://me:hunter2@host/x")
    assert town.run("serve", "--port", "0", "--json") == 2
    told = capsys.readouterr()
    assert "unusable_database_url" in told.out and "hunter2" not in told.out + told.err
