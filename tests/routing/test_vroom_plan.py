"""VROOM's plan mode: routes as given, times that miss as little as can be, and what is wrong with them."""

from __future__ import annotations

import json
from itertools import pairwise, product
from typing import Any

import jsonschema
import numpy as np
import pytest

from routing.compat.vroom import solve_vroom
from routing.compat.vroom_eta import InfeasibleError, Stage, choose_times
from routing.compat.vroom_values import Held
from routing.solver.stop import Stop
from tests.conftest import ROOT
from tests.routing.vroom_peer import peer

Json = dict[str, Any]
SCHEMA = json.loads((ROOT / "tests/contracts/vroom-solution.schema.json").read_text())
SECONDS = [[0, 100, 250], [110, 0, 130], [260, 140, 0]]


def document(steps: list[Json], **vehicle: Any) -> Json:
    """Return two jobs and a shipment's worth of trouble for one vehicle."""
    return {
        "vehicles": [{"id": 7, "start_index": 0, "end_index": 0, "capacity": [1], "steps": steps, **vehicle}],
        "jobs": [
            {"id": 1, "location_index": 1, "delivery": [1], "service": 50, "time_windows": [[200, 220]]},
            {"id": 2, "location_index": 2, "delivery": [1], "setup": 10, "time_windows": [[0, 50], [400, 410]]},
        ],
        "shipments": [
            {"amount": [1], "pickup": {"id": 1, "location_index": 1}, "delivery": {"id": 1, "location_index": 2}}
        ],
        "matrices": {"car": {"durations": SECONDS}},
        "options": {"c": True},
    }


def planned(given: Json) -> Json:
    answer = solve_vroom(given, None, Stop(0))
    jsonschema.validate(answer, SCHEMA)
    return answer


def step(kind: str, number: int, **more: int) -> Json:
    return {"type": kind, "id": number, **more}


def causes(violations: list[Json]) -> dict[str, int]:
    return {one["cause"]: one.get("duration", 0) for one in violations}


def test_times_miss_as_little_as_can_be() -> None:
    answer = planned(document([step("job", 1), step("job", 2)], capacity=[2]))
    route = answer["routes"][0]
    assert [(one["type"], one["arrival"], one["waiting_time"]) for one in route["steps"]] == [
        ("start", 120, 0), ("job", 220, 0), ("job", 400, 0), ("end", 670, 0),
    ]  # fmt: skip
    assert route["violations"] == answer["summary"]["violations"] == []
    assert [(one["type"], one["id"]) for one in answer["unassigned"]] == [("delivery", 1), ("pickup", 1)]


def test_every_violation_is_told_where_it_is() -> None:
    wrong = document(
        [step("delivery", 1), step("break", 3), step("job", 2), step("job", 1), step("pickup", 1)],
        max_tasks=3, max_travel_time=300, time_window=[0, 600],
        breaks=[{"id": 3, "time_windows": [[0, 10]], "service": 30, "max_load": [0]}, {"id": 4}],
    )  # fmt: skip
    wrong["jobs"][0]["skills"] = [9]
    answer = planned(wrong)
    route = answer["routes"][0]
    by_step = {(one["type"], one.get("id")): causes(one["violations"]) for one in route["steps"]}
    assert by_step["start", None] == {"load": 0}
    assert "precedence" in by_step["delivery", 1] and "precedence" in by_step["pickup", 1]
    assert {"max_load", "delay"} <= by_step["break", 3].keys()
    assert {"skills", "max_travel_time"} <= by_step["job", 1].keys() and "max_tasks" not in by_step["job", 1]
    assert "max_tasks" in by_step["pickup", 1]
    assert "missing_break" in causes(route["violations"])
    delays = sum(one.get("delay", 0) for one in by_step.values())
    assert causes(route["violations"])["delay"] == causes(answer["summary"]["violations"])["delay"] == delays


def test_service_at_after_and_before_hold() -> None:
    held = document([step("job", 1, service_after=300), {"type": "end", "service_before": 500}])
    steps = planned(held)["routes"][0]["steps"]
    assert steps[1]["arrival"] + steps[1]["waiting_time"] == 300 and causes(steps[1]["violations"]) == {"delay": 80}
    assert planned(document([step("job", 1, service_at=1200)]))["routes"][0]["steps"][1]["arrival"] == 1200
    refused = planned(document([step("job", 1, service_at=5)]))
    assert refused == {"code": 2, "error": "Infeasible route for vehicle 7."}


def test_a_vehicle_without_steps_stays() -> None:
    answer = planned(document([]))
    assert answer["routes"] == [] and len(answer["unassigned"]) == 4


def brute(stages: list[Stage], horizon: int) -> int:
    """Return the least sum of lead times and delays, by trying every second."""
    best: dict[int, int] = {}
    for clock in range(horizon):
        best[clock] = missed(stages[0], clock)
    for before, stage in pairwise(stages):
        after: dict[int, int] = {}
        least = None
        for clock in range(horizon):
            earlier = best.get(clock - before.work_s - stage.travel_s)
            least = earlier if least is None or (earlier is not None and earlier < least) else least
            if least is not None:
                after[clock] = least + missed(stage, clock)
        best = after
    return min(best.values())


def missed(stage: Stage, clock: int) -> int:
    early = [max(0, opens - clock) if stage.kind != "end" else 0 for opens, _ in stage.windows]
    late = [max(0, clock - closes) if stage.kind != "start" else 0 for _, closes in stage.windows]
    return min(a + b for a, b in zip(early, late, strict=True))


@pytest.mark.parametrize("seed", range(30))
def test_no_other_times_miss_less(seed: int) -> None:
    random = np.random.default_rng(seed)
    stages = []
    for number in range(int(random.integers(2, 6))):
        opens = np.sort(random.choice(60, 2 * int(random.integers(1, 3)), replace=False)).reshape(-1, 2)
        windows = tuple((int(a), int(b)) for a, b in opens)
        kind = "start" if number == 0 else "task"
        windows = windows[:1] if kind == "start" else windows
        stages.append(
            Stage(kind, 0 if number == 0 else int(random.integers(1, 9)), windows, int(random.integers(0, 6)), Held())
        )
    stages.append(Stage("end", 3, ((0, int(random.integers(20, 80))),), 0, Held()))
    times = choose_times(stages)
    assert sum(missed(stage, timed.start_s) for stage, timed in zip(stages, times, strict=True)) == brute(stages, 200)
    for (before, first), (stage, second) in pairwise(zip(stages, times, strict=True)):
        assert second.arrival_s == first.start_s + before.work_s + stage.travel_s <= second.start_s


def test_what_cannot_be_kept_is_told() -> None:
    with pytest.raises(InfeasibleError):
        choose_times(
            [Stage("start", 0, ((0, 9),), 0, Held(at_s=50)), Stage("end", 10, ((0, 99),), 0, Held(before_s=55))]
        )


@pytest.mark.parametrize(("seed", "breaks"), list(product(range(12), (False, True))))
def test_as_vroom_itself(seed: int, breaks: bool) -> None:
    """VROOM doesn't look long before the first window: ours may miss less, and are the same where both miss as much."""
    random = np.random.default_rng(seed)
    steps = [step("job", 1), step("job", 2), step("pickup", 1), step("delivery", 1)]
    random.shuffle(steps)  # type: ignore[arg-type]
    steps = steps[: int(random.integers(1, 5))]
    more: Json = {"time_window": [0, int(random.integers(300, 900))], "max_tasks": int(random.integers(1, 5))}
    if breaks:
        more["breaks"] = [{"id": 3, "time_windows": [[90, 120], [300, 320]], "service": 40, "max_load": [0]}]
        steps.insert(int(random.integers(0, len(steps) + 1)), step("break", 3))
    given = document(steps, **more)
    ours, theirs = planned(given), peer(given, plan=True)
    assert ours["summary"].keys() == theirs["summary"].keys()
    mine, its = (sum(causes(answer["summary"]["violations"]).values()) for answer in (ours, theirs))
    assert mine <= its
    for key in ("cost", "duration", "setup", "service", "priority", "unassigned"):
        assert ours["summary"][key] == theirs["summary"][key]
    if mine == its:
        assert causes(ours["summary"]["violations"]).keys() == causes(theirs["summary"]["violations"]).keys()
        assert ours["summary"]["waiting_time"] == theirs["summary"]["waiting_time"]
