"""Instances with time-dependent travel, drawn and written in the format of the MAMUT family."""

from __future__ import annotations

import gzip
import hashlib
import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np

STEP, SLICES = 60, 20
HORIZON = STEP * SLICES


def curve(travel: list[int]) -> tuple[list[float], list[float]]:
    """Return the lower envelope of arrivals where a slice's travel time holds for whoever leaves in it."""
    xs: list[float] = []
    ys: list[float] = []
    late = HORIZON + travel[-1]
    for k in reversed(range(SLICES)):
        start, end = STEP * k, STEP * (k + 1)
        kink = min(max(late - travel[k], start), end)
        points = [
            (start, min(start + travel[k], late)),
            (kink, min(kink + travel[k], late)),
            (end, min(end + travel[k], late)),
        ]
        points = [point for at, point in enumerate(points) if point not in points[:at]]
        xs[:0] = [float(x) for x, _ in points]
        ys[:0] = [float(y) for _, y in points]
        late = min(start + travel[k], late)
    kept = [at for at in range(len(xs)) if at == 0 or (xs[at], ys[at]) != (xs[at - 1], ys[at - 1])]
    return [xs[at] for at in kept], [ys[at] for at in kept]


def drawn(folder: Path, name: str, stops: int, seed: int, vehicles: int | None = None) -> Path:
    """Write an instance of some stops, windows wide enough to serve each alone; return its file."""
    rng = np.random.default_rng(seed)
    places = stops + 1
    base = rng.integers(20, 90, size=(places, places))
    arcs: list[Any] = []
    for start, end in itertools.permutations(range(places), 2):
        travel = (base[start, end] + rng.integers(0, 60, size=SLICES)).tolist()
        arcs.append([start, end, *curve(travel)])
    opens = rng.integers(0, 500, size=places)
    windows = [[0, HORIZON], *([int(at), int(at) + int(rng.integers(200, 500))] for at in opens[1:])]
    document = {
        "instance_name": name,
        "num_customers": stops,
        "num_vehicles": vehicles or stops,
        "vehicle_capacity": 20,
        "demands": [0, *rng.integers(1, 9, size=stops).tolist()],
        "service_times": [0, *rng.integers(0, 30, size=stops).tolist()],
        "time_windows": windows,
        "depot": 0,
        "horizon": [0.0, float(HORIZON)],
        "metadata": {"notes": "drawn"},
    }
    return written(folder, name, document, arcs)


def written(folder: Path, name: str, document: dict[str, Any], arcs: list[Any]) -> Path:
    """Write an instance and its functions; return the instance's file."""
    raw = json.dumps({"format": "mamut-td-atf", "horizon": document["horizon"], "arcs": arcs}).encode()
    (folder / f"{name}.atf.json.gz").write_bytes(gzip.compress(raw))
    sums = {"model": "atf-ndcpwlf", "atf_path": f"{name}.atf.json.gz", "atf_sha256": hashlib.sha256(raw).hexdigest()}
    path = folder / f"{name}.vrp.json"
    path.write_text(json.dumps({**document, "td": sums}))
    return path


def best_known(path: Path, routes: list[list[int]], cost: float) -> None:
    """Write a best known solution beside an instance."""
    beside = path.with_name(path.name.replace(".vrp.json", ".bks.Duration.json"))
    beside.write_text(json.dumps({"routes": routes, "cost": cost, "objective_function": "Duration"}))
