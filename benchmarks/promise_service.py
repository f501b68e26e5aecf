"""What the promise endpoint does: the whole server in a process, the load from another one on the same machine.

``python -m benchmarks.promise_service [--json] [--only PHASE ...]`` prints one JSON value, and on stderr how far it is;
a snapshot of 20 hubs x 500 areas x 3 options, random postcodes, carts, options and hubs. It takes two minutes;
``--quotes 1000000`` looks at the server's memory instead, which takes ten.

``quotes``
    ``ratio_to_empty_route``: an empty FastAPI POST route's CPU time a request over the quote's, both behind the
    server's layers (auth, limits, metrics), in turns; ``ratio_to_bare_route``: the empty one without any layer, in the
    same process. CPU time of the thread that answers, as others may use this machine; ``*_rps`` is what the wall saw of
    it. ``quote_*_ms``: at 1,000 offered a second, from when a request was due.
``swaps``
    The same with a new snapshot every second, whose answers must all be good.
``sqlite``, ``postgresql``
    ``*_ms``: places reserved durably at 1,000 offered a second, each with an idempotency key; ``*_cpu_us``: of all the
    server's threads for one of them. ``*_burst_2400_s``: 2,400 orders in one request until all are on disk, the median
    of 5. ``*_visible_p99_ms``: from the reply to a reservation of the last piece until a quote at another process on
    the same PostgreSQL (at the same process, for SQLite) says that it is sold out.
``memory``
    ``growth_mb``: of the server's memory over ``--quotes`` quotes.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import jsonschema
import numpy as np

from benchmarks.promise_load import AREAS, HUBS, REPEATS, Bench, Json, Server, said
from benchmarks.promise_world import house
from data import clock, codec
from tests.store import postgres

PHASES = ("quotes", "swaps", "sqlite", "postgresql")
CONTRACT = Path(__file__).resolve().parents[1] / "tests" / "contracts" / "bench-promise-service.schema.json"


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="the default; there is no other output")
    parser.add_argument("--only", nargs="+", choices=PHASES, default=PHASES, metavar="PHASE", help=", ".join(PHASES))
    parser.add_argument("--quotes", type=int, default=0, help="measure the memory over so many instead")
    parser.add_argument("--rate", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=10.0)
    wanted = parser.parse_args()
    phases = ["memory"] if wanted.quotes else [one for one in PHASES if one in wanted.only]
    told: Json = {"cores": os.cpu_count(), "load_average": round(os.getloadavg()[0], 1), "rate": wanted.rate}
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "house.json"
        state.write_bytes(codec.encode(house(clock.now(), HUBS, AREAS)))
        done = []
        for phase in phases:
            with _store(phase, folder) as url:
                if url is None:
                    said(f"{phase}: left out, its programs are absent")
                    continue
                said(f"{phase}: a server is started")
                told |= _measured(phase, url, state, wanted)
                done.append(phase)
    told |= {"phases": done, **_worst(told, [one for one in done if one in PHASES[2:]])}
    said("done")
    jsonschema.validate(told, json.loads(CONTRACT.read_text()))
    print(json.dumps(told, indent=1))


@contextmanager
def _store(phase: str, folder: str) -> Iterator[str | None]:
    """Yield the URL of a new store; ``None``: PostgreSQL's programs are absent."""
    if phase != "postgresql":
        yield f"sqlite:///{folder}/{phase}.db"
    elif programs := postgres.binaries():
        with postgres.running(programs) as server:
            yield server.new_url()
    else:
        yield None


def _measured(phase: str, url: str, state: Path, wanted: argparse.Namespace) -> Json:
    with ExitStack() as stack:
        server = Server(url, state, refresh_s=1.0 if phase == "swaps" else 30.0)
        stack.callback(server.close)
        bench = Bench(server)
        if phase == "memory":
            return bench.growth(wanted.quotes)
        if phase == "quotes":
            return _of_quotes(bench, wanted)
        if phase == "swaps":
            return _of_swaps(bench, wanted)
        elsewhere = server
        if phase == "postgresql":
            elsewhere = Server(url, state)
            stack.callback(elsewhere.close)
        return {f"{phase}_{key}": value for key, value in _of_places(bench, elsewhere, wanted).items()}


def _of_quotes(bench: Bench, wanted: argparse.Namespace) -> Json:
    told = bench.throughput(wanted.seconds / 10)
    said(f"quotes: at {wanted.rate} a second")
    figures = bench.quoted(wanted.rate, wanted.seconds)
    quantiles = {"quote_p50_ms": figures.ms(0.5), "quote_p99_ms": figures.ms(0.99)}
    return {**told, **quantiles, "quote_n": len(figures.latencies_s)}


def _of_swaps(bench: Bench, wanted: argparse.Namespace) -> Json:
    before = bench.server.figure("promise_snapshot_swaps")
    figures = bench.quoted(wanted.rate, wanted.seconds)
    return {
        "swaps": int(bench.server.figure("promise_snapshot_swaps") - before),
        "swapping_quote_p99_ms": figures.ms(0.99),
        "swapping_failed": sum(n for status, n in figures.statuses.items() if status != 200),
    }


def _of_places(bench: Bench, elsewhere: Server, wanted: argparse.Namespace) -> Json:
    bench.reserved(wanted.rate // 2, 3.0)  # the places of the days ahead are published
    said(f"places: {wanted.rate} a second")
    told = bench.reserved(wanted.rate, wanted.seconds)
    said("places: in bulk")
    told["burst_2400_s"] = round(float(np.median([bench.burst() for _ in range(REPEATS)])), 3)
    said("places: seen in quotes")
    return {**told, "visible_p99_ms": bench.visible(elsewhere)}


def _worst(told: Json, stores: Sequence[str]) -> Json:
    """Return what holds on every store that was measured; rates are SQLite's."""
    found: Json = {}
    if stores:
        found["reserve_p99_ms"] = max(told[f"{name}_p99_ms"] for name in stores)
        found["burst_2400_s"] = max(told[f"{name}_burst_2400_s"] for name in stores)
    if "sqlite" in stores:
        found |= {key: told[f"sqlite_{key}"] for key in ("commits_per_s", "reservations_per_s")}
    return found


if __name__ == "__main__":
    main()
