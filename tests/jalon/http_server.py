"""The server in a test: in this process without a socket, or behind a real one in a thread."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import httpx
import uvicorn
from fastapi import FastAPI
from starlette.testclient import TestClient

from jalon.http.app import create_app
from jalon.settings import Settings
from tests.conftest import ROOT
from tests.jalon import town

LOCAL = "http://127.0.0.1"


class Told:
    """A log that keeps what it is told."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []

    def info(self, event: str, **more: Any) -> None:
        """Keep a line."""
        self.lines.append({"event": event, **more})

    warning = error = info


def settings(folder: Path, **more: Any) -> Settings:
    """Return settings with a store of the test's own; every request is logged."""
    return Settings(**{"database_url": f"sqlite:///{folder}/server.db", "log_one_in": 1, **more})


def app(folder: Path, log: Told | None = None, **more: Any) -> FastAPI:
    """Return the server as an app."""
    return create_app(settings(folder, **more), log or Told())


@contextmanager
def client(folder: Path, log: Told | None = None, **more: Any) -> Iterator[TestClient]:
    """Yield a client of an open server."""
    with TestClient(app(folder, log, **more), base_url=LOCAL, raise_server_exceptions=False) as one:
        yield one


@contextmanager
def serving(served: FastAPI) -> Iterator[tuple[str, int]]:
    """Yield host and port of a server that really listens."""
    door = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(served, loop="uvloop", http="httptools", ws="none", log_config=None, access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([door],), daemon=True)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "it did not start"
            time.sleep(0.01)
        yield door.getsockname()
    finally:
        server.should_exit = True
        thread.join()
        door.close()


class Process:
    """A server in a process of its own."""

    def __init__(self, folder: Path, *arguments: str, **variables: str) -> None:
        self.url = f"sqlite:///{folder}/shop.db"
        self.log = folder / "log"
        environment = {**os.environ, "JALON_DATABASE_URL": self.url, "JALON_LOG_ONE_IN": "1", **variables}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                town.command("serve", "--port", "0", "--json", *arguments),
                cwd=ROOT,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self.process.stdout is not None
        lines: list[str] = []
        while not lines or lines[-1].rstrip() != "}":
            line = self.process.stdout.readline()
            assert line, self.log.read_text()
            lines.append(line)
        self.told: dict[str, Any] = town.checked_against("serve", "".join(lines))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        """End it where nobody has: a test that fails leaves nothing to the next one."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()

    def stop(self, signum: int = signal.SIGTERM) -> int:
        """Tell it to stop and return its exit code."""
        self.process.send_signal(signum)
        code = self.process.wait(30)
        assert self.process.stdout is not None
        assert self.process.stdout.read() == ""
        self.process.stdout.close()
        return code

    def lines(self) -> list[dict[str, Any]]:
        """Return its log, every line of which is JSON."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def rss_kib(self) -> int:
        """Return the memory it holds now."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:")))


def key(client: TestClient | httpx.Client, *scopes: str, **more: Any) -> dict[str, str]:
    """Make a key (with the key that ``more['by']`` holds) and return the header that carries it."""
    by = more.pop("by", {})
    made = client.post("/v1/keys", json={"scopes": list(scopes), **more}, headers=by)
    assert made.status_code == 201, made.text
    return {"authorization": f"Bearer {made.json()['secret']}"}


def problem(reply: Any, status: int, code: str = "") -> dict[str, Any]:
    """Return the problem document a reply is, once it is known to be one."""
    assert reply.status_code == status, reply.text
    assert reply.headers["content-type"] == "application/problem+json"
    told: dict[str, Any] = reply.json()
    assert told["status"] == status and told["type"] and told["title"]
    assert told["instance"] == f"urn:jalon:request:{reply.headers['x-request-id']}"
    assert set(told) <= {"type", "title", "status", "detail", "instance", "action", "errors", "violated-policies"}
    if code:
        assert told["type"].endswith(code) or code in [one["code"] for one in told.get("errors", [])], told
    return told
