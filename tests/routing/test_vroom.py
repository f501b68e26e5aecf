"""VROOM documents end to end: what is answered, in which shape, at which times, at which price."""

from __future__ import annotations

import copy
import json
from typing import Any

import jsonschema
import numpy as np
import polyline
import pytest

from data.model.city import City
from data.synthetic.city import synthetic_city
from routing.compat.vroom import check_vroom, read_vroom, solve_vroom
from routing.solver.engine import Progress
from routing.solver.stop import Stop
from routing.travel import prepare_city
from tests.conftest import ROOT
from tests.routing.vroom_drawn import draw_document

Json = dict[str, Any]

SCHEMA = json.loads((ROOT / "tests/contracts/vroom-solution.schema.json").read_text())
SECONDS = [[0, 100, 250], [110, 0, 130], [260, 140, 0]]
METRES = [[0, 1000, 2500], [1100, 0, 1300], [2600, 1400, 0]]
BASE: Json = {
    "vehicles": [{"id": 7, "start_index": 0, "end_index": 0}],
    "jobs": [{"id": 1, "location_index": 1}, {"id": 2, "location_index": 2}],
    "matrices": {"car": {"durations": SECONDS, "distances": METRES}},
}


def answered(document: Json, city: City | None = None) -> Json:
    """Return the answer to a right document, without a warning."""
    warnings: list[str] = []
    answer = solve_vroom(document, city, Stop(0), warn=warnings.append)
    assert not warnings
    jsonschema.validate(answer, SCHEMA)
    assert answer["code"] == 0
    return answer


def variant(**vehicle: object) -> Json:
    document = copy.deepcopy(BASE)
    document["vehicles"][0].update(vehicle)
    return document


def steps(answer: Json) -> list[tuple[str, int | None, int]]:
    return [(step["type"], step.get("id"), step["arrival"]) for step in answer["routes"][0]["steps"]]


def test_the_simplest_answer_is_vrooms_to_the_key() -> None:
    answer = answered(BASE)
    times = answer["summary"].pop("computing_times")
    assert set(times) == {"loading", "solving", "routing"}
    nothing = {"setup": 0, "service": 0, "waiting_time": 0, "violations": []}
    sums = {"cost": 490, "duration": 490, "distance": 4900, "priority": 0, **nothing}
    assert answer == {
        "code": 0,
        "summary": {"routes": 1, "unassigned": 0, **sums},
        "unassigned": [],
        "routes": [
            {
                "vehicle": 7,
                **sums,
                "steps": [
                    {"type": "start", "location_index": 0, "arrival": 0, "duration": 0, "distance": 0, **nothing},
                    {"type": "job", "id": 1, "job": 1, "location_index": 1, "arrival": 100, "duration": 100,
                     "distance": 1000, **nothing},
                    {"type": "job", "id": 2, "job": 2, "location_index": 2, "arrival": 230, "duration": 230,
                     "distance": 2300, **nothing},
                    {"type": "end", "location_index": 0, "arrival": 490, "duration": 490, "distance": 4900,
                     **nothing},
                ],
            }
        ],
    }  # fmt: skip


def test_everything_optional_is_echoed() -> None:
    document = variant(description="van", capacity=[4], breaks=[{"id": 3, "service": 60, "description": "lunch"}])
    document["jobs"][0] |= {"description": "door", "location": [2.5, 48], "delivery": [1], "setup": 5, "service": 9}
    document["jobs"][1] |= {"pickup": [2], "priority": 3}
    document["jobs"].append({"id": 3, "location_index": 1, "location": [2, 48.5], "amount": [9], "description": "big"})
    answer = answered(document)
    route = answer["routes"][0]
    assert route["description"] == "van"
    assert (route["delivery"], route["amount"], route["pickup"], route["priority"]) == ([1], [1], [2], 3)
    assert (answer["summary"]["delivery"], answer["summary"]["service"]) == ([1], 69)
    by_kind = {(step["type"], step.get("id")): step for step in route["steps"]}
    assert by_kind["job", 1]["location"] == [2.5, 48.0]
    assert (by_kind["job", 1]["setup"], by_kind["job", 1]["service"]) == (5, 9)
    assert by_kind["break", 3]["description"] == "lunch"
    assert "location_index" not in by_kind["break", 3]
    assert by_kind["start", None]["load"] == [1]
    assert by_kind["end", None]["load"] == [2]
    assert answer["unassigned"] == [
        {"id": 3, "location": [2.0, 48.5], "location_index": 1, "type": "job", "description": "big"}
    ]


def test_without_distances_none_are_told() -> None:
    document = copy.deepcopy(BASE)
    document["matrix"] = document.pop("matrices")["car"]["durations"]
    answer = answered(document)
    assert "distance" not in answer["summary"]
    assert "distance" not in answer["routes"][0]
    assert answer["summary"]["cost"] == 490


def test_without_start_the_first_job_is_the_start() -> None:
    document = variant()
    del document["vehicles"][0]["start_index"]
    document["jobs"][1]["setup"] = 7
    answer = answered(document)
    assert steps(answer) == [("start", None, 0), ("job", 2, 0), ("job", 1, 147), ("end", None, 257)]
    assert answer["routes"][0]["steps"][0]["location_index"] == 2
    assert answer["routes"][0]["setup"] == 7  # nobody stood there yet
    assert answer["summary"]["cost"] == 250


def test_without_end_the_last_job_is_the_end() -> None:
    document = variant()
    del document["vehicles"][0]["end_index"]
    answer = answered(document)
    assert steps(answer) == [("start", None, 0), ("job", 1, 100), ("job", 2, 230), ("end", None, 230)]
    assert answer["routes"][0]["steps"][-1]["location_index"] == 2
    assert (answer["summary"]["cost"], answer["summary"]["distance"]) == (230, 2300)


def test_setup_is_spared_where_the_vehicle_stands() -> None:
    document = variant(start_index=1)
    for job in document["jobs"]:
        job |= {"location_index": 1, "setup": 10, "service": 1}
    assert answered(document)["summary"]["setup"] == 0


def test_a_vehicle_leaves_as_late_as_its_earliest_end_allows() -> None:
    document = variant(time_window=[0, 10_000])
    document["jobs"][1]["time_windows"] = [[2000, 3000]]
    answer = answered(document)
    assert steps(answer) == [("start", None, 1770), ("job", 1, 1870), ("job", 2, 2000), ("end", None, 2260)]
    assert answer["summary"]["waiting_time"] == 0


def test_waiting_is_told_where_it_cannot_be_avoided() -> None:
    document = variant(time_window=[0, 10_000])
    document["jobs"][0]["time_windows"] = [[0, 100], [5000, 6000]]
    document["jobs"][1]["time_windows"] = [[2000, 3000]]
    answer = answered(document)
    assert steps(answer) == [("start", None, 0), ("job", 1, 100), ("job", 2, 230), ("end", None, 2260)]
    assert answer["routes"][0]["steps"][2]["waiting_time"] == 1770


def test_unix_times_are_relative_times_moved() -> None:
    """The kernels take 1e9 s for forever; the document's clock must not show."""
    moved = 1_700_000_000
    for seed in range(8):
        document = draw_document(seed, jobs=4, breaks=seed % 2 == 0)
        later = copy.deepcopy(document)
        for holder in [*later["jobs"], *[one for vehicle in later["vehicles"] for one in vehicle.get("breaks", [])]]:
            if "time_windows" in holder:
                holder["time_windows"] = [[opens + moved, closes + moved] for opens, closes in holder["time_windows"]]
        for vehicle in later["vehicles"]:
            vehicle["time_window"] = [instant + moved for instant in vehicle["time_window"]]
        here, there = answered(document), answered(later)
        for route in there["routes"]:
            for step in route["steps"]:
                step["arrival"] -= moved
        assert here["routes"] == there["routes"]


def test_jobs_without_window_may_precede_a_unix_window_by_far() -> None:
    document = variant()
    document["jobs"][0]["time_windows"] = [[1_700_000_000, 1_700_000_010]]
    document["jobs"][1]["service"] = 500_000
    assert answered(document)["summary"]["unassigned"] == 0


@pytest.mark.parametrize(
    ("costs", "expected"),
    [
        ({}, 490),
        ({"fixed": 1000}, 1490),
        ({"per_hour": 1800}, 245),
        ({"per_hour": 0, "per_km": 100}, 490),
        ({"fixed": 7, "per_hour": 1800, "per_km": 7}, 7 + 279),  # 245 + 34.3
    ],
)
def test_costs_are_vrooms(costs: Json, expected: int) -> None:
    answer = answered(variant(costs=costs))
    assert answer["summary"]["cost"] == expected


def test_custom_costs_replace_prices_and_distances_stay() -> None:
    document = variant(costs={"fixed": 5, "per_km": 1000})
    document["matrices"]["car"]["costs"] = [[0, 9, 1], [1, 0, 9], [9, 1, 0]]
    answer = answered(document)
    assert [step.get("id") for step in answer["routes"][0]["steps"]] == [None, 2, 1, None]
    assert (answer["summary"]["cost"], answer["summary"]["distance"]) == (5 + 3, 5000)


def test_a_faster_vehicle_is_faster_and_cheaper() -> None:
    answer = answered(variant(speed_factor=2.0))
    assert (answer["summary"]["duration"], answer["summary"]["distance"]) == (245, 4900)
    slow = answered(variant(speed_factor=0.7))  # 143 hundredths a second, each leg rounded up
    assert slow["summary"]["duration"] == 143 + 186 + 372


def test_cost_decides_between_vehicles_as_in_vroom() -> None:
    """Service is free: the one with the dear hour must not be chosen for its free kilometres."""
    document = variant(costs={"per_hour": 3600})
    document["vehicles"].append({"id": 8, "start_index": 0, "end_index": 0, "costs": {"per_hour": 1800, "fixed": 200}})
    document["jobs"] = [{"id": 1, "location_index": 2, "service": 5000}]
    answer = answered(document)
    assert (answer["routes"][0]["vehicle"], answer["summary"]["cost"]) == (8, 455)
    document["vehicles"][1]["costs"]["fixed"] = 300
    answer = answered(document)
    assert (answer["routes"][0]["vehicle"], answer["summary"]["cost"]) == (7, 510)


def test_priorities_come_before_numbers_and_numbers_before_cost() -> None:
    document = variant(capacity=[2], costs={"fixed": 10**6})
    document["jobs"] = [
        {"id": 1, "location_index": 1, "delivery": [1]},
        {"id": 2, "location_index": 1, "delivery": [1]},
        {"id": 3, "location_index": 2, "delivery": [2], "priority": 1},
    ]
    assert [one["id"] for one in answered(document)["unassigned"]] == [1, 2]
    document["jobs"][2]["priority"] = 0
    assert answered(document)["summary"]["routes"] == 1


def test_priorities_stay_exact_on_a_thousand_jobs() -> None:
    """The sum of all penalties must not overflow, whatever the prices."""
    jobs = [{"id": row, "location_index": row % 3, "priority": row % 101} for row in range(1000)]
    document = variant(costs={"fixed": 10**6, "per_hour": 9999, "per_km": 777}) | {"jobs": jobs}
    problem = read_vroom(document)
    penalty = problem.problem.tables.penalty
    by_priority = [int(penalty[row]) for row in range(101)]
    assert sum(penalty.tolist()) < 2**62
    assert by_priority[0] * 1000 < by_priority[1] - by_priority[0]
    assert np.array_equal(np.diff(by_priority), np.full(100, by_priority[1] - by_priority[0]))


def test_max_tasks_and_skills() -> None:
    document = variant(max_tasks=1, skills=[4, 5])
    document["jobs"][0]["skills"] = [5, 4]
    assert answered(document)["summary"]["unassigned"] == 1
    document["vehicles"][0]["skills"] = [5]
    assert [one["id"] for one in answered(document)["unassigned"]] == [1]
    document["vehicles"][0]["max_tasks"] = 0
    assert answered(document)["routes"] == []


def test_an_unreachable_job_stays_out() -> None:
    document = copy.deepcopy(BASE)
    for row in range(2):
        document["matrices"]["car"]["durations"][row] = [*SECONDS[row][:2], 4_294_967_295]
    assert [one["id"] for one in answered(document)["unassigned"]] == [2]


def test_each_profile_has_its_matrices() -> None:
    document = variant(max_tasks=1)
    document["vehicles"].append({"id": 8, "start_index": 0, "end_index": 0, "profile": "bike"})
    twice = [[value * 2 for value in row] for row in SECONDS]
    document["matrices"]["bike"] = {"durations": twice, "distances": METRES}
    answer = answered(document)
    assert {route["vehicle"]: route["duration"] for route in answer["routes"]} in ({7: 510, 8: 420}, {8: 980})


def test_duplicate_vehicle_ids_are_vehicles() -> None:
    document = variant(capacity=[1])
    document["vehicles"].append(copy.deepcopy(document["vehicles"][0]) | {"capacity": [9]})
    for job in document["jobs"]:
        job["delivery"] = [4]
    assert answered(document)["summary"]["unassigned"] == 0


def test_steps_are_a_hint() -> None:
    document = variant(steps=[{"type": "start"}, {"type": "job", "id": 2}, {"type": "job", "id": 1}, {"type": "end"}])
    answer = answered(document)
    assert [step.get("id") for step in answer["routes"][0]["steps"]] == [None, 2, 1, None]


def test_an_answer_may_be_given_back_as_steps() -> None:
    for seed in range(6):
        document = draw_document(seed, jobs=5, breaks=seed % 2 == 0)
        answer = answered(document)
        again = copy.deepcopy(document)
        for route in answer["routes"]:
            again["vehicles"][route["vehicle"] - 1]["steps"] = route["steps"]
        assert answered(again)["routes"] == answer["routes"]


def test_infeasible_steps_are_told_and_mended() -> None:
    document = variant(capacity=[1], steps=[{"type": "job", "id": 1}, {"type": "job", "id": 2}])
    for job in document["jobs"]:
        job["delivery"] = [1]
    warnings: list[str] = []
    answer = solve_vroom(document, None, Stop(0), warn=warnings.append)
    assert answer["summary"]["unassigned"] == 1
    assert warnings == ["#/vehicles/0/steps: infeasible as given, so jobs 2 start elsewhere"]


def test_errors_are_answered_and_warned_about_with_their_place() -> None:
    warnings: list[str] = []
    document = copy.deepcopy(BASE)
    document["jobs"][1]["priority"] = 101
    answer = solve_vroom(document, None, Stop(0), warn=warnings.append)
    assert answer == {"code": 2, "error": "Invalid priority value for job 2."}
    assert warnings == ["#/jobs/1/priority: Invalid priority value for job 2. [vroom_input]"]
    jsonschema.validate(answer, SCHEMA)


def test_progress_is_in_vrooms_cost() -> None:
    told: list[Progress] = []
    document = variant(costs={"fixed": 7, "per_hour": 1800, "per_km": 7}, capacity=[1])
    document["jobs"][1]["delivery"] = [2]
    answer = solve_vroom(document, None, Stop(0), report=lambda progress, tours: told.append(progress))
    assert (told[-1].cost_cents, told[-1].served) == (answer["summary"]["cost"], 1)


# ------------------------------------------------------------------------------------------------------ on streets


@pytest.fixture(scope="module")
def city() -> City:
    return prepare_city(synthetic_city())


def on_streets(city: City, jobs: int = 6) -> Json:
    """Return jobs at the city's relay points, driven by a van and a bike."""
    spots = [[place.lon, place.lat] for place in city.places[: jobs + 1]]
    vehicles = [
        {"id": 1, "start": spots[0], "end": spots[0], "profile": "driving-car", "max_tasks": jobs // 2},
        {"id": 2, "start": spots[0], "profile": "cycling-regular"},
    ]
    return {"vehicles": vehicles, "jobs": [{"id": row, "location": spot} for row, spot in enumerate(spots[1:])]}


def test_coordinates_are_routed_on_the_citys_streets(city: City) -> None:
    answer = answered(on_streets(city), city)
    assert answer["summary"]["unassigned"] == 0
    assert answer["summary"]["duration"] == answer["summary"]["cost"] > 0
    assert "distance" not in answer["summary"]
    assert "location_index" not in answer["routes"][0]["steps"][0]
    assert answer["routes"][0]["steps"][0]["location"] == on_streets(city)["vehicles"][0]["start"]


def test_geometry_and_distances_follow_the_streets(city: City) -> None:
    document = on_streets(city) | {"options": {"g": True}}
    answer = answered(document, city)
    for route in answer["routes"]:
        points = polyline.decode(route["geometry"], 5)
        assert len(points) > len(route["steps"])
        lon, lat = route["steps"][0]["location"]
        assert abs(points[0][0] - lat) + abs(points[0][1] - lon) < 0.01
        assert route["distance"] == route["steps"][-1]["distance"] > 0
    assert solve_vroom(document, None, Stop(0), warn=lambda text: None)["code"] == 3


def test_kilometres_are_priced_on_streets(city: City) -> None:
    document = on_streets(city)
    for vehicle in document["vehicles"]:
        vehicle["costs"] = {"per_hour": 0, "per_km": 1000}
    summary = answered(document, city)["summary"]
    assert summary["cost"] == summary["distance"]


def test_a_place_off_the_streets_is_a_routing_error(city: City) -> None:
    document = on_streets(city)
    document["jobs"][0]["location"] = [48.0, 2.0]
    warnings: list[str] = []
    answer = solve_vroom(document, city, Stop(0), warn=warnings.append)
    assert answer["code"] == 3
    assert answer["error"].startswith("the location of job 0 (lat 2.0, lon 48.0) is ")
    (told,) = warnings
    assert told.startswith(f"#/jobs/0/location: {answer['error']} (") and told.count("#/") == 1


def test_a_vehicle_off_the_streets_is_pointed_at_once(city: City) -> None:
    document = on_streets(city)
    lon, lat = document["vehicles"][1]["start"]
    document["vehicles"][1]["start"] = [lat, lon]
    warnings: list[str] = []
    answer = solve_vroom(document, city, Stop(0), warn=warnings.append)
    assert answer["error"].startswith("the start of vehicle 2 ")
    (told,) = warnings
    assert told.startswith("#/vehicles/1/start: ") and told.count("look swapped") == 1
    assert told.endswith("[vroom_routing]")


def test_our_check_sees_the_citys_matrices(city: City) -> None:
    """The answer alone is consistent; only with the streets' durations can a wrong leg be seen."""
    document = on_streets(city)
    assert check_vroom(document, answered(document, city)) == []
