"""Who is told in time that a promise will not be kept, and how often that is right: the simulated world, watched.

Run: ``OPENBLAS_NUM_THREADS=1 python benchmarks/notices.py [--seeds 1 2 ... 10] [--burst 10] [--json]``.
Each seed draws the committed world anew (data/samples/world.json: 3 hubs, 12 areas, 3 options, 8 scored weeks). All
promises are looked at four times a day; a date less likely to be kept than ``--unlikely`` is told to be at risk, moves
to the first day that is 90 % sure, and is watched on. Notices change nothing in the world: what is *told* is compared
with what then happens.

A promise is *moved* if its parcel comes after its day for a cause known before the day begins: it missed the last wave
that could have made it (by hub), or lay at its depot behind more parcels than the tours as planned carry (by plan). All
of them must be told before the day begins (told share). A notice is right if its date was broken so, wrong if the date
was kept (right share). Causes of the day itself (nobody at home, a tour short of room, a truck late that morning) and
of the road (astray, nothing is scanned there) count apart, of broken dates and of notices.
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
from promise.simulate_notices import notices, shares
from promise.simulate_rules import static_table, warm_days
from promise.simulate_truth import draw_truth
from promise.simulate_watch import LOOKS_S, Lookout
from promise.watch import UNLIKELY

COUNTS = ("orders", "late", "by_hub", "by_plan", "by_day", "by_road", "moved", "moved_told")
COUNTS += ("notices", "right", "wrong", "apart", "told_again")


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
    total |= shares(total["moved"], total["moved_told"], total["right"], total["wrong"])
    if given.json:
        print(json.dumps({"burst": given.burst, "unlikely": given.unlikely, "seeds": seeds, "total": total}))
        return
    table = Table(box=None)
    names = ["seed", *COUNTS, "told_share", "right_share", "told_early_h", "new_kept"]
    for name in names:
        table.add_column(name.replace("_", " "), justify="right")
    for one in [*seeds, {"seed": "all", **total}]:
        table.add_row(*(str(one.get(name, "")) for name in names))
    Console(width=200).print(table)


if __name__ == "__main__":
    main()
