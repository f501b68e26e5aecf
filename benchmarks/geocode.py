"""Noisy addresses of the invented city found in its own register: how near, how surely, how fast.

``python -m benchmarks.geocode [--json] [--count 5000] [--seed 5]`` prints a table, or one JSON value. One thread.

- An address is *near* within 50 m of its door. One without a number has no door to be near to: it counts as near
  within 50 m of a door of its own street, and ``strict_near`` is what is left when it is measured to the door meant.
- ``flagged``: called doubtful, not to be driven to unseen. ``far_unflagged``: beyond 500 m and not flagged; a point
  that is not given at all is flagged and counts as far, not as near.
- ``sure``: neither flagged nor farther than 50 m. The register lacks the doors of ``number_unregistered``.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmarks.geocode_noise import Written, write_down
from data import clock
from data.model.address import Located
from data.sources.ban import read_ban
from data.sources.geocode_ban import BanGeocoder
from data.sources.geocode_number import metres
from data.synthetic.ban import Door, doors, write_ban
from data.synthetic.city import synthetic_city

NEAR_M, FAR_M = 50.0, 500.0
HELD_OUT_SHARE = 0.05
Json = dict[str, Any]


def run(found: list[Door], count: int, seed: int) -> Json:
    """Return what becomes of ``count`` addresses of a city's doors."""
    rng = clock.rng(seed)
    out = rng.random(len(found)) < HELD_OUT_SHARE
    kept = [door for door, gone in zip(found, out, strict=True) if not gone]
    with TemporaryDirectory() as folder:
        file = Path(folder) / "ban.csv"
        write_ban(kept, file)
        began_s = clock.elapsed_s()
        geocoder = BanGeocoder(read_ban(file))
        load_s = clock.elapsed_s() - began_s
    asked = write_down(rng, kept, [door for door, gone in zip(found, out, strict=True) if gone], count)
    began_s = clock.elapsed_s()
    located = geocoder.locate([one.address for one in asked])
    seconds = clock.elapsed_s() - began_s
    by_street = defaultdict(list)
    for door in found:
        by_street[door.commune, door.street].append(door)
    rows: dict[str, list[Json]] = defaultdict(list)
    for one, answer in zip(asked, located, strict=True):
        rows[one.kind].append(_measured(one, answer, by_street[one.door.commune, one.door.street]))
    every = [row for of_kind in rows.values() for row in of_kind]
    return {
        "addresses": count,
        "seed": seed,
        "register": {"doors": len(kept), "streets": len(by_street), "load_s": round(load_s, 2)},
        "seconds": round(seconds, 2),
        "per_s": round(count / seconds),
        "all": _figures(every),
        "kinds": {kind: _figures(of_kind) for kind, of_kind in sorted(rows.items())},
    }


def _measured(asked: Written, answer: Located, street: list[Door]) -> Json:
    if answer.lat is None or answer.lon is None:
        return {"m": np.inf, "strict_m": np.inf, "flagged": answer.doubtful}
    strict_m = metres(answer.lat, answer.lon, asked.door.lat, asked.door.lon)
    m = strict_m
    if asked.kind == "no_number":
        m = min(metres(answer.lat, answer.lon, door.lat, door.lon) for door in street)
    return {"m": m, "strict_m": strict_m, "flagged": answer.doubtful}


def _figures(rows: list[Json]) -> Json:
    m, strict_m = (np.array([row[name] for row in rows]) for name in ("m", "strict_m"))
    flagged = np.array([row["flagged"] for row in rows])
    return {
        "n": len(rows),
        "near": round(float((m <= NEAR_M).mean()), 4),
        "strict_near": round(float((strict_m <= NEAR_M).mean()), 4),
        "sure": round(float(((strict_m <= NEAR_M) & ~flagged).mean()), 4),
        "flagged": round(float(flagged.mean()), 4),
        "unflagged_beyond_50m": int(((strict_m > NEAR_M) & ~flagged).sum()),
        "far_unflagged": int(((strict_m > FAR_M) & ~flagged).sum()),
    }


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    figures = run(doors(synthetic_city()), given.count, given.seed)
    if given.json:
        print(json.dumps(figures))
        return
    register = figures["register"]
    print(
        f"{figures['addresses']} addresses, seed {figures['seed']}: {figures['per_s']} a second on one core;", end=" "
    )
    print(f"{register['doors']} doors in {register['streets']} streets, read in {register['load_s']} s")
    print(f"{'noise':>20} {'n':>5} {'near':>7} {'strict':>7} {'sure':>7} {'flagged':>8} {'>50 m':>6} {'>500 m':>6}")
    for kind, row in [*figures["kinds"].items(), ("all", figures["all"])]:
        shares = f"{row['near']:>7.1%} {row['strict_near']:>7.1%} {row['sure']:>7.1%} {row['flagged']:>8.1%}"
        print(f"{kind:>20} {row['n']:>5} {shares} {row['unflagged_beyond_50m']:>6} {row['far_unflagged']:>6}")
    print("near: within 50 m (without a number: of its street); >50 m, >500 m: how many beyond without being flagged")


if __name__ == "__main__":
    main()
