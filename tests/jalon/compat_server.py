"""A live server with the small town open, for clients of other contracts."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from tests.jalon.http_server import Told, app, serving
from tests.jalon.town import position

PLACES = [(1, 1), (3, 2), (6, 7), (8, 3), (5, 4)]
"""Crossings of the town."""


def lon_lat(x: float, y: float) -> list[float]:
    """Return a crossing as these contracts have it."""
    where = position(x, y)
    return [round(where["lon"], 6), round(where["lat"], 6)]


SPOTS = [lon_lat(*place) for place in PLACES]


class Live(NamedTuple):
    """A server's address, and what its log was told."""

    url: str
    log: Told

    def defects(self) -> list[dict[str, Any]]:
        """Return what went wrong inside."""
        return [line for line in self.log.lines if line["event"] == "defect"]


@contextmanager
def live(folder: Path, **more: Any) -> Iterator[Live]:
    """Yield a server once it is ready."""
    log = Told()
    with serving(app(folder, log, **more)) as (host, port):
        url = f"http://{host}:{port}"
        ends_s = time.monotonic() + 30
        while httpx.get(f"{url}/v2/health").status_code != 200 and time.monotonic() < ends_s:
            time.sleep(0.05)
        yield Live(url, log)
