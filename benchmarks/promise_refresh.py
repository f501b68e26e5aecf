"""What refreshing every promise costs: all hubs' queues, then the tables by hub, area, option and day, on one core.

``python benchmarks/promise_refresh.py [--hubs 20 --areas 500 --options 3 --days 10]`` prints one JSON value: CPU
seconds of the queues (every hub, for orders placed now and at each later epoch), of levels and tables, of both
together, and wall seconds, the least of the repeats each; the tables' size; and what quotes for all options then take.
"""

from __future__ import annotations

import argparse
import json
from datetime import datetime, time

import numpy as np

from data import clock
from data.calendar import EVERY_DAY, OUVRABLES, OUVRES
from data.model.place import PlaceKind
from data.model.promise import Area, CarrierSla, DayCount, DeliveryOption, Pool, QuoteRequest
from data.model.schedule import HubSchedule, Shift, Wave, Workload
from promise.decide import levels
from promise.grid import Grid
from promise.hub import HubState
from promise.quote import quote
from promise.snapshot import Curves, build
from promise.state import hand_over

NOW = datetime(2026, 11, 24, 15, 12, tzinfo=clock.PARIS)
DEPARTMENTS = ("44", "67", "75", "57", "13")
TRANSIT_DAYS, CLASSES, SCENARIOS = 8, 2, 200
VALID_S, REPEATS, QUOTES = 900, 5, 500


def main() -> None:
    """Build a world of the size asked for, and time its refresh."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, usual in (("hubs", 20), ("areas", 500), ("options", 3), ("days", 10)):
        parser.add_argument(f"--{name}", type=int, default=usual)
    size = parser.parse_args()
    rng = clock.rng(1)
    now_s = int(NOW.timestamp())
    grid = Grid(_areas(size.areas), _options(size.options))
    states = [_hub(number, grid) for number in range(size.hubs)]
    parcels = rng.gamma(4.0, 2.0, (SCENARIOS, size.days * 288)).astype(np.float32)
    curves = _curves(size.hubs, grid, rng)
    pools = _pools(grid)
    hand_over(states[0], parcels, now_s, VALID_S, 1)  # compiled
    queues, tables, both, wall = [], [], [], []
    for _ in range(REPEATS):
        began_s, cpu_s = clock.elapsed_s(), clock.cpu_s()
        hubs = [hand_over(state, parcels, now_s, VALID_S, number) for number, state in enumerate(states)]
        queued_s = clock.cpu_s()
        level = levels(curves.model, 0.02, 0.92)
        snapshot = build(now_s, hubs, grid, curves, level, pools, size.days, VALID_S)
        done_s = clock.cpu_s()
        queues.append(queued_s - cpu_s)
        tables.append(done_s - queued_s)
        both.append(done_s - cpu_s)
        wall.append(clock.elapsed_s() - began_s)
    requests = [QuoteRequest(postcode=area.postcodes[0]) for area in grid.areas[:QUOTES]]
    took = []
    for request in requests:
        started_s = clock.elapsed_s()
        quote(snapshot, request, NOW)
        took.append(clock.elapsed_s() - started_s)
    figures = {
        **vars(size),
        "waves": len(hubs[0].departures.waves_s),
        "epochs": snapshot.epochs_s.shape[1],
        "classes": CLASSES,
        "scenarios": SCENARIOS,
        "queues_cpu_s": round(min(queues), 3),
        "tables_cpu_s": round(min(tables), 3),
        "refresh_cpu_s": round(min(both), 3),
        "refresh_wall_s": round(min(wall), 3),
        "ontime_mb": round(snapshot.ontime.nbytes / 1e6, 1),
        "quote_median_ms": round(1000 * float(np.median(took)), 3),
        "quote_p99_ms": round(1000 * float(np.quantile(took, 0.99)), 3),
    }
    print(json.dumps(figures, indent=1))


def _areas(count: int) -> tuple[Area, ...]:
    return tuple(Area(id=f"a{n}", postcodes=(f"{DEPARTMENTS[n % len(DEPARTMENTS)]}{n:03d}",)) for n in range(count))


def _options(count: int) -> tuple[DeliveryOption, ...]:
    """Return our own home delivery, lockers on Saturdays too, a carrier with a quota, and so on in turn."""
    kinds = (
        DeliveryOption(id="home", kind=PlaceKind.HOME, calendar=OUVRABLES),
        DeliveryOption(id="locker", kind=PlaceKind.LOCKER, calendar=EVERY_DAY),
        DeliveryOption(
            id="carrier",
            kind=PlaceKind.HOME,
            calendar=OUVRES,
            carrier="express",
            sla=CarrierSla(transit_days=2, quota_parcels=900, taken=(DayCount(day=NOW.date(), parcels=900),)),
        ),
    )
    return tuple(kinds[n % 3].replace(id=f"{kinds[n % 3].id}-{n}") for n in range(count))


def _hub(number: int, grid: Grid) -> HubState:
    """Return a hub with a wave for each half of the country, one for all, and a carrier's; it is full for days."""
    half = tuple(area.id for area in grid.areas[: len(grid.areas) // 2])
    rest = tuple(area.id for area in grid.areas[len(grid.areas) // 2 :])
    shifts = tuple(
        Shift(workload=work, begins=time(6), ends=time(22), stations=5, parcels_per_hour=25) for work in Workload
    )
    schedule = HubSchedule(
        hub_id=f"h{number}",
        shifts=shifts,
        waves=(
            Wave(id="noon", departs=time(12, number), cutoff_s=5400, areas=half),
            Wave(id="evening", departs=time(19, number), cutoff_s=5400, areas=rest),
            Wave(id="night", departs=time(23, number), cutoff_s=3600),
            Wave(id="express", departs=time(18, number), cutoff_s=3600, carrier="express"),
        ),
    )
    return HubState(schedule, np.array([300, 2000 + 100 * number]), np.array([0.2, 0.8]))


def _curves(hubs: int, grid: Grid, rng: np.random.Generator) -> Curves:
    shape = (hubs, len(grid.areas), len(grid.options), TRANSIT_DAYS + 1)
    model = np.cumsum(rng.dirichlet(np.ones(TRANSIT_DAYS + 1), size=shape[:-1]), axis=-1)
    model[:, ::25] = np.nan  # a few areas too new to have a model
    return Curves(model, np.nanmean(model, axis=1))


def _pools(grid: Grid) -> tuple[Pool, ...]:
    days = [NOW.date().replace(day=day) for day in range(24, 31)]
    return tuple(
        Pool(day=day, parcels=40, reserved=reserved, areas=(area.id,))
        for day in days
        for reserved, area in enumerate(grid.areas[:100])
    )


if __name__ == "__main__":
    main()
