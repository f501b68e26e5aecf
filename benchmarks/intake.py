"""What intake promises: the date shown is the date owed through a burst, and no notice is lost, doubled or forged.

``python -m benchmarks.intake [--json] [--orders 2400] [--kills 0] [--seed 1]`` prints one JSON value.

- ``burst``: x10 for an hour at a shop that keeps rates for 15 minutes, each buyer's address part of what is asked;
  ``without`` is the same without leaving room for what was shown before, ``shared`` with one kept rate for all buyers
  of a postcode (wallets that hide the street until they pay).
- ``told``: from an order whose date had to move to its ``promise.moved`` at the shop's receiver, over HTTP, also where
  the server is killed right after its commit.
- ``webhooks``: notices twice, out of order and forged, an API that is busy every fifth time, until all are promised.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from pathlib import Path
from typing import Any

import jsonschema

from benchmarks import intake_burst, intake_told, intake_webhooks

CONTRACT = Path(__file__).resolve().parents[1] / "tests" / "contracts" / "bench-intake.schema.json"
GOAL_SHARE, GOAL_TOLD_S, GOAL_PROMISED_S = 0.995, 60.0, 60.0


def measure(orders: int, kills: int, seed: int) -> dict[str, Any]:
    """Return all figures."""
    with tempfile.TemporaryDirectory(prefix="jalon-intake-") as name:
        folder = Path(name)
        bursts = {
            what: intake_burst.burst(f"sqlite:///{folder}/{what}.db", seed=seed, **how)
            for what, how in (
                ("burst", {}),
                ("without", {"careful": False}),
                ("shared", {"shared": True}),
            )
        }
        webhooks = intake_webhooks.run(_made(folder / "webhooks"), orders, kills, seed)
        heard = intake_told.run(_made(folder / "told"))
    told = {what: {**one._asdict(), "share": one.share} for what, one in bursts.items()}
    return {"cores": os.cpu_count() or 1, "seed": seed, **told, "told": heard._asdict(), "webhooks": webhooks._asdict()}


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def verdicts(figures: dict[str, Any]) -> dict[str, bool]:
    """Return which goals were reached."""
    burst, told, webhooks = figures["burst"], figures["told"], figures["webhooks"]
    return {
        "date_shown": burst["share"] >= GOAL_SHARE,
        "shared_date_shown": figures["shared"]["share"] >= GOAL_SHARE,
        "rest_told": burst["unheard"] == 0 and told["arrived"] == told["moved"] and told["told_max_s"] <= GOAL_TOLD_S,
        "promised": webhooks["promised"] == webhooks["orders"] and webhooks["promised_s"] <= GOAL_PROMISED_S,
        "each_once": webhooks["twice"] == 0,
        "forged_refused": webhooks["forged"] == webhooks["forged_refused"],
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--orders", type=int, default=2400)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    figures = measure(asked.orders, asked.kills, asked.seed)
    figures["goals"] = verdicts(figures)
    jsonschema.validate(figures, json.loads(CONTRACT.read_text()))
    if asked.json:
        print(json.dumps(figures, indent=2))
        return
    for what in ("burst", "without", "shared"):
        one = figures[what]
        print(
            f"{what:8} {one['share']:.2%} of {one['orders']} orders as shown, {one['moved']} moved, "
            f"{one['unheard']} unheard; shown {one['days_shown']:.2f} days ahead, kept {one['days_kept']:.2f}"
        )
    one = figures["told"]
    print(
        f"told     {one['arrived']} of {one['moved']} notices arrived, median {one['told_median_s']:.2f} s, "
        f"longest {one['told_max_s']:.2f} s after their order; {one['kills']} kills, {one['twice']} twice"
    )
    one = figures["webhooks"]
    print(
        f"webhooks {one['promised']} of {one['orders']} promised in {one['promised_s']:.1f} s after "
        f"{one['notices']} notices, {one['twice']} twice, {one['busy']} times busy, "
        f"{one['forged_refused']} of {one['forged']} forged refused"
    )
    print(" ".join(f"{name}={'yes' if good else 'NO'}" for name, good in figures["goals"].items()))


if __name__ == "__main__":
    main()
