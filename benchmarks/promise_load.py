"""The load that the promise endpoint is measured with: a server in a process of its own, and requests for it."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.http_load import Figures, closed, offered, post
from benchmarks.promise_world import OPTIONS, postcode
from data import clock

HUBS, AREAS, CLIENTS, KINDS = 20, 500, 32, 4000
BURST, REPEATS, PROBES, GROWTH_STEPS = 2400, 5, 50, 10
Json = dict[str, Any]
_BEGAN_S = clock.elapsed_s()


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
        for turn in range(REPEATS):
            said(f"quotes: turn {turn + 1} of {REPEATS} on three routes")
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

        before, used = self.server.figure("promise_commits"), self.server.call("/usage")["whole_cpu_s"]
        figures = offered(self.server.port, one, rate, seconds)
        assert set(figures.statuses) == {200}, figures.last
        commits = self.server.figure("promise_commits") - before
        used = self.server.call("/usage")["whole_cpu_s"] - used
        return {
            "p50_ms": figures.ms(0.5),
            "p99_ms": figures.ms(0.99),
            "n": len(figures.latencies_s),
            "cpu_us": round(1e6 * used / len(figures.latencies_s)),
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
        orders = [self.order() for _ in range(PROBES)]
        for order in orders:
            sku = f"last-{order['id']}"
            order["request"]["cart"]["lines"] = [{"sku": sku}]
            self.server.call(f"/v1/stock/{sku}", {"shelves": [{"hub_id": "h1", "units": 1}]}, "PUT")
        for order in orders:
            while not _known(elsewhere, order["request"]):
                pass
        late_ms = []
        for order in orders:
            self.server.call("/v1/promises", order)
            began_s = clock.elapsed_s()
            while not elsewhere.call("/v1/promises/quote", order["request"])["short"]:
                pass
            late_ms.append(1000 * (clock.elapsed_s() - began_s))
        return round(float(np.quantile(late_ms, 0.99)), 1)

    def growth(self, quotes: int) -> Json:
        """Return the MB that the server's memory grows by over at least so many quotes, and how many there were."""
        self.quoted(1000, 5.0)
        before_mb, done, due = self.server.call("/usage")["rss_mb"], 0, GROWTH_STEPS * [0.0]
        for step in range(GROWTH_STEPS):
            while done < quotes * (step + 1) / GROWTH_STEPS:
                figures = closed(self.server.port, lambda n: self.quotes[n % KINDS], CLIENTS, 5.0)
                assert set(figures.statuses) == {200}, figures.last
                done += len(figures.latencies_s)
            due[step] = round(self.server.call("/usage")["rss_mb"] - before_mb, 1)
            said(f"{done:,} quotes: {due[step]} MB more than before")
        return {"growth_quotes": done, "growth_mb": due[-1], "growth_mb_by_tenths": due}


def said(text: str) -> None:
    """Tell how far it is."""
    print(f"{clock.elapsed_s() - _BEGAN_S:6.1f} s  {text}", file=sys.stderr, flush=True)


def _known(server: Server, request: Json) -> bool:
    """Return whether a server knows the stock of what is asked for."""
    try:
        server.call("/v1/promises/quote", request)
    except urllib.error.HTTPError:
        return False
    return True
