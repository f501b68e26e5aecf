"""Do we serve as much as VROOM on what VROOM can express?

Random documents with matrices, windows, capacities, skills, priorities and breaks, a little too much work for the
fleet; VROOM at its highest exploration level and on one thread, ours with the seconds given, or with those that VROOM
took (`--equal`). VROOM looks at priorities first, so they are compared first. With `--features` each document also has,
in turn, shipments, `max_tasks`, `max_travel_time`, a `speed_factor` or costs. Both answers go through the same checker.

    python benchmarks/vroom_served.py [--instances 30] [--jobs 40] [--seconds 2 | --equal] [--no-breaks] [--features]

Needs the `peers` extra (pyvroom). Prints one row per instance with the seconds both took, reading and answering
included, then sums.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from data import clock
from data.clock import rng
from routing.compat.vroom import check_vroom, solve_vroom
from routing.job import Settings, default_engines
from routing.solver.stop import Stop
from routing.warm import warm_kernels

Json = dict[str, Any]

HOUR_S = 3600
SIDE_S = 2400
"""The square the places lie in is 40 minutes wide."""
FEATURES = ("shipments", "max_tasks", "max_travel_time", "speed_factor", "costs")
TASK_KEYS = ("delivery", "pickup", "skills", "priority")
"""What a job has and a half of a shipment has not."""


def draw(seed: int, jobs: int, breaks: bool) -> Json:
    """Return a document whose features depend on the seed: every second one with windows, every third with skills."""
    random = rng(seed)
    places = random.uniform(0, SIDE_S, (jobs + 1, 2))
    places[0] = SIDE_S / 2
    apart = ((places[:, None] - places[None]) ** 2).sum(axis=2) ** 0.5
    durations = (apart * random.uniform(1, 1.2, apart.shape)).astype(int)
    vehicles = max(2, jobs // 10)
    document: Json = {
        "vehicles": [_vehicle(random, row, jobs // vehicles, breaks) for row in range(vehicles)],
        "jobs": [],
        "matrices": {"car": {"durations": durations.tolist(), "distances": (apart * 8).astype(int).tolist()}},
    }
    for row in range(jobs):
        job: Json = {"id": row, "location_index": row + 1, "setup": 60, "service": int(random.integers(120, 600))}
        job["delivery" if random.random() < 0.8 else "pickup"] = [int(random.integers(1, 10))]
        if seed % 2 == 0 and random.random() < 0.7:
            opens = [int(value) for value in random.integers(8, 14, random.integers(1, 3)) * HOUR_S]
            job["time_windows"] = [[value, value + HOUR_S - 1] for value in sorted(set(opens))]
        if seed % 3 == 0 and random.random() < 0.3:
            job["skills"] = [int(random.integers(1, 4))]
        if seed % 5 == 0 and random.random() < 0.3:
            job["priority"] = int(random.integers(1, 101))
        document["jobs"].append(job)
    return document


def feature_of(seed: int) -> str:
    """Return what a seed's document has of :data:`FEATURES`."""
    return FEATURES[seed % len(FEATURES)]


def with_feature(document: Json, seed: int) -> Json:
    """Return a drawn document with one feature more, the one whose turn it is."""
    random, feature = rng(seed), feature_of(seed)
    if feature == "shipments":
        return _with_shipments(document)
    limits: dict[str, Any] = {
        "max_tasks": lambda: int(random.integers(5, 10)),
        "max_travel_time": lambda: int(random.integers(4000, 8000)),
        "speed_factor": lambda: float(random.integers(75, 150)) / 100,
        "costs": lambda: {"fixed": 600 * int(random.integers(0, 5)), "per_hour": 3600, "per_km": 150},
    }
    return document | {"vehicles": [vehicle | {feature: limits[feature]()} for vehicle in document["vehicles"]]}


def _with_shipments(document: Json) -> Json:
    """Return a document in which each pair of the jobs' first half is one shipment."""
    jobs = document["jobs"]
    paired = len(jobs) // 4 * 2
    shipments = []
    for pickup, delivery in zip(jobs[:paired:2], jobs[1:paired:2], strict=True):
        halves = [{k: v for k, v in job.items() if k not in TASK_KEYS} for job in (pickup, delivery)]
        shared = {key: pickup[key] for key in ("skills", "priority") if key in pickup}
        amount = pickup.get("delivery") or pickup["pickup"]
        shipments.append({"pickup": halves[0], "delivery": halves[1], "amount": amount, **shared})
    return document | {"jobs": jobs[paired:], "shipments": shipments}


def _vehicle(random: Any, row: int, share: int, breaks: bool) -> Json:
    vehicle: Json = {
        "id": row,
        "start_index": 0,
        "end_index": 0,
        "capacity": [int(share * 5)],
        "skills": sorted({int(value) for value in random.integers(1, 4, 2)}),
        "time_window": [8 * HOUR_S, int(random.integers(11, 14)) * HOUR_S],
    }
    if breaks and random.random() < 0.7:
        opens = int(random.integers(9 * HOUR_S, 10 * HOUR_S))
        vehicle["breaks"] = [{"id": row, "time_windows": [[opens, opens + 1200]], "service": 900}]
    return vehicle


def solve_vroom_peer(vroom: Any, document: Json) -> tuple[Json, float]:
    """Return VROOM's own answer, and how long it took."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "document.json"
        path.write_text(json.dumps(document))
        begun_s = clock.elapsed_s()
        problem = vroom.Input.from_json(path, geometry=False)
        answer: Json = problem.solve(exploration_level=5, nb_threads=1).to_dict()
    return answer, clock.elapsed_s() - begun_s


def solve_ours(document: Json, seconds: float) -> tuple[Json, float]:
    """Return our answer, and how long it took."""
    begun_s = clock.elapsed_s()
    answer = solve_vroom(document, None, Stop(seconds), default_engines(Settings()) if seconds else ())
    return answer, clock.elapsed_s() - begun_s


def figures(answer: Json) -> tuple[int, int, int]:
    """Return what VROOM maximises, then what it minimises: priorities, tasks served, cost."""
    tasks = sum(step["type"] in ("job", "pickup", "delivery") for route in answer["routes"] for step in route["steps"])
    return answer["summary"]["priority"], tasks, answer["summary"]["cost"]


def main() -> int:
    """Run the comparison; exit 2 without pyvroom."""
    parser = argparse.ArgumentParser(description="Tasks served and cost: ours against VROOM's.")
    parser.add_argument("--instances", type=int, default=30)
    parser.add_argument("--jobs", type=int, default=40)
    parser.add_argument("--seconds", type=float, default=2.0, help="search time of ours; 0 is insertion only")
    parser.add_argument("--equal", action="store_true", help="ours has the seconds that VROOM took instead")
    parser.add_argument("--no-breaks", action="store_true")
    parser.add_argument("--features", action="store_true", help="one feature more in each document, in turn")
    arguments = parser.parse_args()
    try:
        import vroom
    except ImportError:
        print("pyvroom is not installed: pip install .[peers]", file=sys.stderr)
        return 2
    rows, took_s = [], []
    warm_kernels()  # as a worker does when it starts; the search of half a second reads what is left from the disk
    solve_ours(draw(0, arguments.jobs, not arguments.no_breaks), 0.5)
    print(f"{'seed':>4} {'priority ours':>13} {'VROOM':>6} {'served ours':>11} {'VROOM':>6} {'cost ratio':>10}  took_s")
    for seed in range(arguments.instances):
        document = draw(seed, arguments.jobs, not arguments.no_breaks)
        if arguments.features:
            document = with_feature(document, seed)
        peer, peer_s = solve_vroom_peer(vroom, document)
        answer, ours_s = solve_ours(document, peer_s if arguments.equal else arguments.seconds)
        for name, one in (("VROOM's", peer), ("our", answer)):
            if mistakes := check_vroom(document, one):
                print(f"{name} answer fails the check: {mistakes}", file=sys.stderr)
        ours, theirs = figures(answer), figures(peer)
        rows.append((ours, theirs))
        took_s.append((ours_s, peer_s))
        ratio = f"{ours[2] / theirs[2]:.3f}" if ours[:2] == theirs[:2] else "-"
        line = f"{seed:>4} {ours[0]:>13} {theirs[0]:>6} {ours[1]:>11} {theirs[1]:>6} {ratio:>10}"
        print(f"{line}  {ours_s:.2f} {peer_s:.2f}{'  ' + feature_of(seed) if arguments.features else ''}")
    _print_sums(rows)
    ours_s, peer_s = (sum(both) / len(took_s) for both in zip(*took_s, strict=True))
    print(f"seconds: mean {ours_s:.3f}, VROOM {peer_s:.3f}")
    return 0


def _print_sums(rows: list[tuple[tuple[int, int, int], tuple[int, int, int]]]) -> None:
    same = [ours[2] / theirs[2] for ours, theirs in rows if ours[:2] == theirs[:2]]
    worse = sum(ours[:2] < theirs[:2] for ours, theirs in rows)
    better = sum(ours[:2] > theirs[:2] for ours, theirs in rows)
    print(f"n = {len(rows)}: served {sum(ours[1] for ours, _ in rows)}, VROOM {sum(theirs[1] for _, theirs in rows)}")
    print(f"priority and tasks: better {better}, equal {len(same)}, worse {worse}")
    if same:
        dearer = sum(ratio > 1 for ratio in same)
        print(f"cost ratio where equal: mean {sum(same) / len(same):.3f}, {min(same):.3f} to {max(same):.3f}, ", end="")
        print(f"dearer {dearer} of {len(same)}")


if __name__ == "__main__":
    sys.exit(main())
