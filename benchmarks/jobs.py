"""What jobs promise: the server answers while every worker solves, cancelling is quick, a killed server is back soon.

``python -m benchmarks.jobs [--orders 400] [--seconds 20] [--cancels 20] [--restarts 3]`` prints each figure with its n;
``--large 20000`` times nothing but cancels of a day that large, of ten hubs, once there is a plan of the whole.
The server is ``jalon serve`` in a process of its own, with a worker for each processor, on the invented city.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import httpx
import numpy as np

from benchmarks.large import day_of
from data import codec
from data.cityfile import write_city
from data.model.city import City
from data.model.request import PlanRequest
from data.synthetic.city import synthetic_city
from data.synthetic.orders import normal_day
from routing.travel import prepare_city

PACE_S = 0.01
DAY = date(2026, 11, 24)
LONG_S = 600
HUBS = 10
START = "from jalon.cli import main; main()"


def main() -> None:
    """Measure."""
    words = argparse.ArgumentParser(description=__doc__)
    for name, usual in (("orders", 400), ("seconds", 20), ("cancels", 20), ("restarts", 3), ("large", 0)):
        words.add_argument(f"--{name}", type=int, default=usual)
    given = words.parse_args()
    cores = len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as folder:
        if given.large:
            city, body = _prepared(Path(folder), lambda city: day_of(city, given.large, HUBS, 1))
            with _serving(city) as (client, _):
                took_ms = [_cancel_ms(client, body) for _ in range(given.cancels)]
            _tell("cancel_large_ms", took_ms, orders=given.large, hubs=HUBS)
            return
        city, body = _prepared(Path(folder), lambda city: normal_day(city, DAY, given.orders, 1))
        with _serving(city) as (client, _):
            begun = [_begun(client, body) for _ in range(cores)]
            took_ms = _livez_ms(client, given.seconds)
            for job in begun:
                client.delete(f"/v1/jobs/{job}").raise_for_status()
            cancel_ms = [_cancel_ms(client, body) for _ in range(given.cancels)]
        _tell("livez_while_all_solve_ms", took_ms, workers=cores, orders=given.orders)
        _tell("cancel_ms", cancel_ms, orders=given.orders)
        _tell("restart_s", [_restart_s(city, body, cores) for _ in range(given.restarts)], jobs=cores)


def _prepared(folder: Path, day: Callable[[City], PlanRequest]) -> tuple[Path, bytes]:
    city = prepare_city(synthetic_city(1))
    path = folder / "synthetic.city"
    write_city(city, path)
    return path, codec.encode(day(city))


@contextmanager
def _serving(city: Path) -> Iterator[tuple[httpx.Client, subprocess.Popen[str]]]:
    """Yield a client of a server that is ready, and its process."""
    variables = {**os.environ, "JALON_DATABASE_URL": f"sqlite:///{city.parent}/jobs.db"}
    command = [sys.executable, "-c", START, "serve", "--port", "0", "--json", "--city", str(city)]
    with subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as one:
        assert one.stdout is not None
        try:
            lines = [one.stdout.readline()]
            while lines[-1].rstrip() not in ("}", ""):
                lines.append(one.stdout.readline())
            with httpx.Client(base_url=json.loads("".join(lines))["url"], timeout=60) as client:
                while client.get("/readyz").status_code != 200:
                    time.sleep(0.05)
                yield client, one
        finally:
            one.terminate()


def _begun(client: httpx.Client, body: bytes) -> str:
    """Return a job that has a best so far and goes on for long."""
    headers = {"content-type": "application/json", "prefer": "respond-async"}
    reply = client.post(f"/v1/plans?budget_s={LONG_S}", content=body, headers=headers)
    assert reply.status_code == 202, reply.text
    job = str(reply.json()["id"])
    with client.stream("GET", f"/v1/jobs/{job}/events") as events:
        for line in events.iter_lines():
            if line == "event: improved":
                return job
    raise AssertionError(client.get(f"/v1/jobs/{job}").text)


def _livez_ms(client: httpx.Client, seconds: float) -> list[float]:
    ends_s = time.perf_counter() + seconds
    took = []
    while (begin_s := time.perf_counter()) < ends_s:
        assert client.get("/livez").status_code == 200
        took.append(1000 * (time.perf_counter() - begin_s))
        time.sleep(PACE_S)
    return took


def _cancel_ms(client: httpx.Client, body: bytes) -> float:
    job = _begun(client, body)
    begin_s = time.perf_counter()
    reply = client.delete(f"/v1/jobs/{job}").json()
    took_ms = 1000 * (time.perf_counter() - begin_s)
    assert reply["status"] == "cancelled" and reply["plan_id"], reply
    return took_ms


def _restart_s(city: Path, body: bytes, jobs: int) -> float:
    """Return the seconds from a server's start, after ``kill -9``, until all it had begun runs again."""
    with _serving(city) as (client, process):
        begun = [_begun(client, body) for _ in range(jobs)]
        process.send_signal(signal.SIGKILL)
        process.wait()
    begin_s = time.perf_counter()
    with _serving(city) as (client, _):
        waiting = set(begun)
        while waiting:
            found = {one["id"]: one for one in client.get("/v1/jobs").json()["items"]}
            waiting = {job for job in waiting if found[job]["status"] != "running" or found[job]["attempts"] < 2}
            time.sleep(0.02)
        took_s = time.perf_counter() - begin_s
        for job in begun:
            assert client.delete(f"/v1/jobs/{job}").json()["plan_id"]
    return took_s


def _tell(name: str, took: list[float], **more: int) -> None:
    p50, p99 = np.percentile(took, [50, 99]).round(2).tolist()
    print(json.dumps({"figure": name, "n": len(took), "p50": p50, "p99": p99, "max": round(max(took), 2), **more}))


if __name__ == "__main__":
    main()
