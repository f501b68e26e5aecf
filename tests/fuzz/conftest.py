"""A real server with its promise room open, and what must hold of everything it answers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from data.cityfile import read_city
from data.synthetic.ban import doors, write_ban
from tests.conftest import ROOT
from tests.jalon import town
from tests.jalon.http_server import Process, key

GROWTH_MAX_KIB = 50 * 1024
SAMPLE = ROOT / "data" / "samples" / "promise.json"


class Target:
    """The server under fire, and how much it has answered."""

    def __init__(self, folder: Path) -> None:
        sizes = {"JALON_RATE_LIMIT": "1000000000", "JALON_LOG_ONE_IN": "1000000"}
        city = city_of_the_examples(folder)
        ban = folder / "ban.csv"
        write_ban(doors(read_city(city)), ban)
        sizes |= {"JALON_SOLVE_MAX_S": "0.1", "JALON_WORKERS": "1", "JALON_BAN": str(ban)}
        self.server = Process(folder, "--promise", str(SAMPLE), "--city", str(city), **sizes)
        self.client = httpx.Client(base_url=self.server.told["url"], timeout=60)
        self.client.headers.update(key(self.client, "admin"))
        self.answers: dict[int, int] = {}
        while self.client.get("/readyz").status_code != 200:
            time.sleep(0.2)
        self.document: dict[str, Any] = self.client.get("/openapi.json").json()

    def check(self, reply: Any) -> None:
        """Hold a reply against the two rules: no defect, and every error a problem document."""
        status = reply.status_code
        self.answers[status] = self.answers.get(status, 0) + 1
        assert status < 500, f"{status}: {reply.text[:500]}"
        if status >= 400 and reply.request.method != "HEAD":
            kind = reply.headers["content-type"]  # of a list, where Schemathesis asked
            assert kind in ("application/problem+json", ["application/problem+json"]), reply.text[:500]
            told = reply.json()
            assert told["status"] == status and told["type"] and told["title"] and told["detail"], told
            assert "Traceback" not in reply.text and "/site-packages/" not in reply.text

    def operations(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Yield method, path and description of every operation."""
        for path, methods in self.document["paths"].items():
            for method, operation in methods.items():
                yield method.upper(), path, operation


def city_of_the_examples(folder: Path) -> Path:
    """Build the town that the examples of the solver's routes are in."""
    path = folder / "town.city"
    assert town.run("city", "build", town.town_pbf(folder / "town.osm.pbf"), "-o", path) == 0
    return path


@pytest.fixture(scope="session")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """Yield the server; when all is over it must not have logged a defect."""
    one = Target(tmp_path_factory.mktemp("fuzz"))
    yield one
    one.client.close()
    assert one.server.stop() == 0
    lines = one.server.lines()
    assert not [line for line in lines if line["event"] == "defect"]
    assert not [line for line in lines if line["event"] == "library" and line["level"] == "error"]


@pytest.fixture
def no_growth(target: Target) -> Iterator[Callable[[], None]]:
    """Yield what marks the server's memory as warm; from there on it may grow by 50 MiB."""
    begun = {"kib": target.server.rss_kib()}
    yield lambda: begun.update(kib=target.server.rss_kib())
    grown = target.server.rss_kib() - begun["kib"]
    print(f"answers {dict(sorted(target.answers.items()))}, memory {grown / 1024:+.1f} MiB")
    assert grown < GROWTH_MAX_KIB
