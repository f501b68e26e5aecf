"""A load generator that costs little beside what it measures: raw HTTP/1.1 on kept-alive connections.

It runs on the same machine as the server, in a process of its own. Latencies of an offered rate count from when a
request was due, so that a server that falls behind can't hide it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import uvloop
from numpy.typing import NDArray

from data import clock

Make = Callable[[int], bytes]
"""The bytes of the n-th request."""


class Figures(NamedTuple):
    """What was seen: latencies in seconds, how long it took, replies by status, the last reply's body."""

    latencies_s: NDArray[np.float64]
    seconds: float
    statuses: dict[int, int]
    last: bytes

    @property
    def per_s(self) -> float:
        """Replies a second."""
        return len(self.latencies_s) / self.seconds

    def ms(self, quantile: float) -> float:
        """Return a quantile of the latencies in milliseconds."""
        return round(1000 * float(np.quantile(self.latencies_s, quantile)), 2)


class Connection(asyncio.Protocol):
    """One connection with at most one request on its way."""

    def __init__(self, answered: Callable[[Connection, int, bytes], None]) -> None:
        self.answered = answered
        self.received = b""
        self.due_s = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what to write to."""
        self.transport: asyncio.WriteTransport = transport  # type: ignore[assignment]

    def send(self, raw: bytes, due_s: float) -> None:
        """Send a request that was due at an instant."""
        self.due_s = due_s
        self.transport.write(raw)

    def data_received(self, data: bytes) -> None:
        """Take a reply once it is whole; every reply has a Content-Length."""
        self.received += data
        head = self.received.find(b"\r\n\r\n")
        if head < 0:
            return
        at = self.received.find(b"content-length: ", 0, head)
        size = int(self.received[at + 16 : self.received.find(b"\r", at)])
        if len(self.received) >= head + 4 + size:
            body, status = self.received[head + 4 :], int(self.received[9:12])
            self.received = b""
            self.answered(self, status, body)


def post(path: str, body: bytes, headers: Sequence[str] = (), method: str = "POST") -> bytes:
    """Return the bytes of a request."""
    lines = [f"{method} {path} HTTP/1.1", "host: localhost", "content-type: application/json", *headers]
    return "\r\n".join([*lines, f"content-length: {len(body)}", "", ""]).encode() + body


def closed(port: int, make: Make, connections: int, seconds: float) -> Figures:
    """Return figures of so many clients, each of which sends its next request after a reply."""
    return uvloop.run(_closed(port, make, connections, seconds))


def offered(port: int, make: Make, rate: float, seconds: float, connections: int = 64) -> Figures:
    """Return figures of a rate that doesn't wait for replies; where all connections are busy, requests queue here."""
    return uvloop.run(_offered(port, make, rate, seconds, connections))


class _Run:
    """What a run collects."""

    def __init__(self) -> None:
        self.latencies_s: list[float] = []
        self.statuses: dict[int, int] = {}
        self.last = b""
        self.done = asyncio.Event()

    def note(self, one: Connection, status: int, body: bytes) -> None:
        self.latencies_s.append(clock.elapsed_s() - one.due_s)
        self.statuses[status] = self.statuses.get(status, 0) + 1
        self.last = body

    def figures(self, began_s: float) -> Figures:
        return Figures(np.array(self.latencies_s), clock.elapsed_s() - began_s, self.statuses, self.last)


async def _open(port: int, count: int, answered: Callable[[Connection, int, bytes], None]) -> list[Connection]:
    loop = asyncio.get_running_loop()
    pairs = [await loop.create_connection(lambda: Connection(answered), "127.0.0.1", port) for _ in range(count)]
    return [one for _, one in pairs]


async def _closed(port: int, make: Make, connections: int, seconds: float) -> Figures:
    run, sent, left = _Run(), iter(range(1 << 60)), connections

    def answered(one: Connection, status: int, body: bytes) -> None:
        nonlocal left
        run.note(one, status, body)
        now_s = clock.elapsed_s()
        if now_s < ends_s:
            one.send(make(next(sent)), now_s)
            return
        left -= 1
        if not left:
            run.done.set()

    opened = await _open(port, connections, answered)
    began_s = clock.elapsed_s()
    ends_s = began_s + seconds
    for one in opened:
        one.send(make(next(sent)), clock.elapsed_s())
    await run.done.wait()
    figures = run.figures(began_s)
    for one in opened:
        one.transport.close()
    return figures


async def _offered(port: int, make: Make, rate: float, seconds: float, connections: int) -> Figures:
    run, total = _Run(), int(rate * seconds)
    waiting: deque[tuple[bytes, float]] = deque()

    def answered(one: Connection, status: int, body: bytes) -> None:
        run.note(one, status, body)
        if waiting:
            one.send(*waiting.popleft())
        else:
            free.append(one)
        if len(run.latencies_s) == total:
            run.done.set()

    opened = await _open(port, connections, answered)
    free = deque(opened)  # in turn, so that none idles until the server hangs up
    began_s = clock.elapsed_s()
    for number in range(total):
        due_s = began_s + number / rate
        while (early_s := due_s - clock.elapsed_s()) > 0:
            await asyncio.sleep(early_s)
        if free:
            free.popleft().send(make(number), due_s)
        else:
            waiting.append((make(number), due_s))
    await run.done.wait()
    figures = run.figures(began_s)
    for one in opened:
        one.transport.close()
    return figures
