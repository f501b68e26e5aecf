"""Who is told in time that a promise will not be kept, and how often that is right: the simulated world, watched.

Run: ``OPENBLAS_NUM_THREADS=1 python benchmarks/notices.py [--seeds 1 2 ... 10] [--burst 10] [--json]``.
Each seed draws the committed world anew (data/samples/world.json: 3 hubs, 12 areas, 3 options, 8 scored weeks). All
promises are looked at four times a day, with the odds the server's watcher uses; a date less likely than ``--unlikely``
is told to be at risk, and moves. *In time* is before the old day begins. Broken promises whose cause lay before their
day (the parcel missed the last wave that could have made it) must all be told in time; causes of the day itself (no
room on the tour, nobody at home, a truck late that morning) and of the road, where nothing is scanned, count apart.
"""

from __future__ import annotations

import argparse
import json
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from data.clock import cpu_s
from data.synthetic.world import read_world
from promise.simulate_engine import promise_all
from promise.simulate_rules import static_table, warm_days
from promise.simulate_truth import draw_truth
from promise.simulate_watch import LOOKS_S, Lookout, notices
from promise.watch import UNLIKELY

COUNTS = ("orders", "late", "told", "right", "decided_before", "told_of_decided", "day_itself", "on_road")


def lived(seed: int, burst: float, unlikely: float) -> dict[str, Any]:
    """Return what came of the notices of one world."""
    began_s = cpu_s()
    truth = draw_truth(read_world(), seed, burst)
    table = static_table(truth, *warm_days(truth))
    due_day = np.where(truth.placed_day < truth.scored_days.start, truth.placed_day, table)
    lookout = Lookout(truth, unlikely)
    run = promise_all(truth, due_day, lookout.look, LOOKS_S)
    return {"seed": seed, **notices(truth, run.desk, lookout).as_dict(), "cpu_s": round(cpu_s() - began_s, 1)}


def main() -> None:
    """Print a table, or one JSON value."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(1, 11)))
    parser.add_argument("--burst", type=float, default=10.0)
    parser.add_argument("--unlikely", type=float, default=UNLIKELY)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    seeds = [lived(seed, given.burst, given.unlikely) for seed in given.seeds]
    total: dict[str, Any] = {name: sum(one[name] for one in seeds) for name in COUNTS}
    total["right_share"] = round(total["right"] / max(total["told"], 1), 4)
    total["told_share"] = round(total["told_of_decided"] / max(total["decided_before"], 1), 4)
    if given.json:
        print(json.dumps({"burst": given.burst, "unlikely": given.unlikely, "seeds": seeds, "total": total}))
        return
    table = Table(box=None)
    names = ["seed", *COUNTS, "right_share", "told_share", "told_early_h", "new_kept"]
    for name in names:
        table.add_column(name.replace("_", " "), justify="right")
    for one in [*seeds, {"seed": "all", **total}]:
        table.add_row(*(str(one.get(name, "")) for name in names))
    Console(width=160).print(table)


if __name__ == "__main__":
    main()
