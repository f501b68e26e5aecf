"""What the promise endpoint does: the whole server in a process, the load from another one on the same machine.

``python -m benchmarks.promise_service [--json] [--quotes 1000000]`` prints one JSON value; a snapshot of 20 hubs x 500
areas x 3 options, random postcodes, carts, options and hubs.

- ``ratio_to_empty_route``: an empty FastAPI POST route's CPU time a request over the quote's, both behind the server's
  layers (auth, limits, metrics), in turns; ``ratio_to_bare_route``: the empty one without any layer, in the same
  process. CPU time of the thread that answers, as others may use this machine; ``*_rps`` is what the wall saw of it.
- ``quote_*_ms``: at 1,000 offered a second, from when a request was due; ``swapping`` is the same with a new snapshot
  every second, whose answers must all be good.
- ``reserve_*_ms``: places reserved durably at 1,000 offered a second, each with an idempotency key, on both stores.
- ``burst_2400_s``: 2,400 orders in one request until all are on disk, the median of 5.
- ``visible_p99_ms``: from the reply to a reservation of the last piece until a quote at another process on the same
  PostgreSQL (at the same process, for SQLite) says that it is sold out.
- ``growth_mb``: of the server's memory over ``--quotes`` quotes.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np

from benchmarks.http_load import Figures, closed, offered, post
from benchmarks.promise_world import OPTIONS, house, postcode
from data import clock, codec
from tests.store import postgres

HUBS, AREAS, CLIENTS, KINDS = 20, 500, 32, 4000
BURST, REPEATS, PROBES = 2400, 5, 100
CONTRACT = Path(__file__).resolve().parents[1] / "tests" / "contracts" / "bench-promise-service.schema.json"
Json = dict[str, Any]


class Server:
    """A server in a process of its own."""

    def __init__(self, url: str, state: Path, refresh_s: float = 30.0) -> None:
        command = [sys.executable, "-m", "benchmarks.promise_server", url, str(state), str(refresh_s)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout
        self.port = int(self.process.stdout.readline())

    def call(self, path: str, body: Any = None, method: str = "POST") -> Any:
        """Return the answer to one request."""
        raw = None if body is None else json.dumps(body).encode()
        address, headers = f"http://127.0.0.1:{self.port}{path}", {"content-type": "application/json"}
        request = urllib.request.Request(address, raw, headers, method=method if raw else "GET")
        with urllib.request.urlopen(request, timeout=60) as reply:
            return json.load(reply)

    def figure(self, name: str) -> float:
        """Return one of the server's own metrics."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=60) as reply:
            lines = reply.read().decode().splitlines()
        return float(next(line for line in lines if line.startswith(name)).rpartition(" ")[2])

    def close(self) -> None:
        """Stop it."""
        self.process.terminate()
        self.process.wait(60)


class Bench:
    """Requests for a server, and what it makes of them."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.rng = clock.rng(1)
        self.numbers = count()
        self.run_id = f"{clock.now().timestamp():.0f}"
        self.asked = [json.dumps(self.request(number)).encode() for number in range(KINDS)]
        self.quotes = [post("/v1/promises/quote", body) for body in self.asked]

    def request(self, number: int) -> Json:
        """Return what a checkout asks: one in four knows its hubs, one in five offers one option only."""
        parcels = 1 + int(self.rng.integers(3))
        request: Json = {"postcode": postcode(int(self.rng.integers(AREAS)))}
        request["cart"] = {"parcels": parcels, "volume_dm3": 12 * parcels}
        if number % 4 == 0:
            request["cart"]["hub_ids"] = [f"h{self.rng.integers(HUBS)}"]
        if number % 5 == 0:
            request["options"] = [OPTIONS[number % len(OPTIONS)].id]
        return request

    def order(self) -> Json:
        """Return an order that comes without a quote."""
        number = next(self.numbers)
        request = {"postcode": postcode(int(self.rng.integers(AREAS))), "cart": {"volume_dm3": 12}}
        return {"id": f"{self.run_id}-{number}", "option_id": OPTIONS[number % 3].id, "request": request}

    def throughput(self, seconds: float) -> Json:
        """Return CPU microseconds a request of three routes in turns, the least of each, and their ratios."""
        paths = {"bare": "/bare", "empty": "/empty", "quote": "/v1/promises/quote"}
        used: dict[str, list[float]] = {name: [] for name in paths}
        rps: dict[str, list[float]] = {name: [] for name in paths}
        for _ in range(REPEATS):
            for name, path in paths.items():
                sent = [post(path, body) for body in self.asked]
                before = self.server.call("/usage")["cpu_s"]
                figures = closed(self.server.port, lambda n, sent=sent: sent[n % KINDS], CLIENTS, seconds)
                after = self.server.call("/usage")["cpu_s"]
                assert set(figures.statuses) == {200}, figures.statuses
                used[name].append(1e6 * (after - before) / len(figures.latencies_s))
                rps[name].append(figures.per_s)
        best = {name: min(some) for name, some in used.items()}
        return {
            "ratio_to_empty_route": round(best["empty"] / best["quote"], 3),
            "ratio_to_bare_route": round(best["bare"] / best["quote"], 3),
            **{f"{name}_cpu_us": round(one, 1) for name, one in best.items()},
            **{f"{name}_rps": round(max(some)) for name, some in rps.items()},
        }

    def quoted(self, rate: int, seconds: float) -> Figures:
        """Return figures of quotes at an offered rate."""
        return offered(self.server.port, lambda n: self.quotes[n % KINDS], rate, seconds)

    def reserved(self, rate: int, seconds: float) -> Json:
        """Return latencies of reservations at an offered rate, and how many shared a commit."""

        def one(_: int) -> bytes:
            order = self.order()
            return post("/v1/promises", json.dumps(order).encode(), (f"idempotency-key: {order['id']}",))

        before = self.server.figure("promise_commits")
        figures = offered(self.server.port, one, rate, seconds)
        assert set(figures.statuses) == {200}, figures.last
        commits = self.server.figure("promise_commits") - before
        return {
            "p50_ms": figures.ms(0.5),
            "p99_ms": figures.ms(0.99),
            "n": len(figures.latencies_s),
            "reservations_per_s": round(figures.per_s),
            "commits_per_s": round(commits / figures.seconds),
        }

    def burst(self) -> float:
        """Return the seconds that 2,400 orders in one request take."""
        raw = post("/v1/promises", json.dumps([self.order() for _ in range(BURST)]).encode())
        figures = offered(self.server.port, lambda _: raw, 1.0, 1.0, connections=1)
        assert json.loads(figures.last)["kept"] == BURST, figures.last[:300]
        return float(figures.latencies_s[0])

    def visible(self, elsewhere: Server) -> float:
        """Return the p99 in ms of how long a quote elsewhere doesn't see that a product is sold out."""
        late_ms = []
        for _ in range(PROBES):
            order = self.order()
            sku = f"last-{order['id']}"
            self.server.call(f"/v1/stock/{sku}", {"shelves": [{"hub_id": "h1", "units": 1}]}, "PUT")
            order["request"]["cart"]["lines"] = [{"sku": sku}]
            while elsewhere is not self.server and not _known(elsewhere, order["request"]):
                pass
            self.server.call("/v1/promises", order)
            began_s = clock.elapsed_s()
            while not elsewhere.call("/v1/promises/quote", order["request"])["short"]:
                pass
            late_ms.append(1000 * (clock.elapsed_s() - began_s))
        return round(float(np.quantile(late_ms, 0.99)), 1)

    def growth(self, quotes: int) -> float:
        """Return the MB that the server's memory grows by over so many quotes."""
        self.quoted(1000, 5.0)
        before, done = self.server.call("/usage")["rss_mb"], 0
        while done < quotes:
            done += len(closed(self.server.port, lambda n: self.quotes[n % KINDS], CLIENTS, 5.0).latencies_s)
        return round(self.server.call("/usage")["rss_mb"] - before, 1)


def _known(server: Server, request: Json) -> bool:
    """Return whether a server knows the stock of what is asked for."""
    try:
        server.call("/v1/promises/quote", request)
    except urllib.error.HTTPError:
        return False
    return True


@contextmanager
def _stores(folder: str) -> Iterator[dict[str, str]]:
    """Yield the URLs of new stores."""
    with ExitStack() as stack:
        urls = {"sqlite": f"sqlite:///{folder}/jalon.db"}
        if programs := postgres.binaries():
            urls["postgresql"] = stack.enter_context(postgres.running(programs)).new_url()
        yield urls


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="the default; there is no other output")
    parser.add_argument("--rate", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--quotes", type=int, default=1_000_000)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, _stores(folder) as urls:
        state = Path(folder) / "house.json"
        state.write_bytes(codec.encode(house(clock.now(), HUBS, AREAS)))
        told: Json = {"cores": os.cpu_count(), "load_average": round(os.getloadavg()[0], 1), "rate": wanted.rate}
        told |= _of_quotes(urls["sqlite"], state, wanted)
        told |= _of_swaps(f"sqlite:///{folder}/swaps.db", state, wanted)
        for name, url in urls.items():
            told |= {f"{name}_{key}": value for key, value in _of_places(name, url, state, wanted).items()}
    worst = max(told[f"{name}_p99_ms"] for name in urls)
    told |= {"reserve_p99_ms": worst, "burst_2400_s": max(told[f"{name}_burst_2400_s"] for name in urls)}
    told |= {key: told[f"sqlite_{key}"] for key in ("commits_per_s", "reservations_per_s")}
    jsonschema.validate(told, json.loads(CONTRACT.read_text()))
    print(json.dumps(told, indent=1))


def _of_quotes(url: str, state: Path, wanted: argparse.Namespace) -> Json:
    server = Server(url, state)
    try:
        bench = Bench(server)
        told = bench.throughput(wanted.seconds / 5)
        figures = bench.quoted(wanted.rate, wanted.seconds)
        told |= {"quote_p50_ms": figures.ms(0.5), "quote_p99_ms": figures.ms(0.99), "quote_n": len(figures.latencies_s)}
        return {**told, "growth_quotes": wanted.quotes, "growth_mb": bench.growth(wanted.quotes)}
    finally:
        server.close()


def _of_swaps(url: str, state: Path, wanted: argparse.Namespace) -> Json:
    server = Server(url, state, refresh_s=1.0)
    try:
        before = server.figure("promise_snapshot_swaps")
        figures = Bench(server).quoted(wanted.rate, wanted.seconds)
        return {
            "swaps": int(server.figure("promise_snapshot_swaps") - before),
            "swapping_quote_p99_ms": figures.ms(0.99),
            "swapping_failed": sum(n for status, n in figures.statuses.items() if status != 200),
        }
    finally:
        server.close()


def _of_places(name: str, url: str, state: Path, wanted: argparse.Namespace) -> Json:
    with ExitStack() as stack:
        server = Server(url, state)
        stack.callback(server.close)
        bench = Bench(server)
        bench.reserved(wanted.rate // 2, 3.0)  # the places of the days ahead are published
        told = bench.reserved(wanted.rate, wanted.seconds)
        told["burst_2400_s"] = round(float(np.median([bench.burst() for _ in range(REPEATS)])), 3)
        elsewhere = server
        if name == "postgresql":
            elsewhere = Server(url, state)
            stack.callback(elsewhere.close)
        return {**told, "visible_p99_ms": bench.visible(elsewhere)}


if __name__ == "__main__":
    main()
