"""What a wrong VROOM document is answered with: the messages are those of VROOM 1.15 itself, noted from its binary."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from routing.compat.vroom import VroomError, is_vroom, read_vroom
from routing.compat.vroom_keys import unknown_keys

Json = dict[str, Any]

SECONDS = [[0, 101, 250], [110, 0, 130], [260, 141, 0]]
METRES = [[0, 1000, 2500], [1100, 0, 1300], [2600, 1400, 0]]
BASE: Json = {
    "vehicles": [{"id": 1, "start_index": 0}],
    "jobs": [{"id": 1, "location_index": 1}, {"id": 2, "location_index": 2}],
    "matrices": {"car": {"durations": SECONDS}},
}


def changed(change: Callable[[Json], object]) -> Json:
    document = copy.deepcopy(BASE)
    change(document)
    return document


def vehicle(**keys: object) -> Callable[[Json], object]:
    return lambda document: document["vehicles"][0].update(keys)


def job(**keys: object) -> Callable[[Json], object]:
    return lambda document: document["jobs"][0].update(keys)


def shipment(**keys: object) -> Callable[[Json], object]:
    """Add a shipment whose pickup has these keys."""
    halves = {"pickup": {"id": 1, "location_index": 0, **keys}, "delivery": {"id": 1, "location_index": 1}}
    return lambda document: document.update(shipments=[halves])


def car(**keys: object) -> Callable[[Json], object]:
    return lambda document: document["matrices"].update({"car": keys})


def both(*changes: Callable[[Json], object]) -> Callable[[Json], object]:
    return lambda document: [change(document) for change in changes]


def a_break(*breaks: Json) -> Callable[[Json], object]:
    return vehicle(breaks=list(breaks))


def test_the_base_is_right() -> None:
    assert read_vroom(BASE).warnings == ()


VROOMS_OWN = [
    (lambda d: d.update(vehicles=5), "Invalid vehicles."),
    (lambda d: d.update(vehicles=[]), "No vehicle defined."),
    (lambda d: d.update(jobs=5), "Invalid jobs."),
    (lambda d: d.update(jobs=[]), "No task defined."),
    (lambda d: d.pop("jobs"), "No task defined."),
    (lambda d: d["jobs"].append(3), "Invalid job."),
    (vehicle(id="a"), "Invalid or missing id for vehicle."),
    (job(id=-1), "Invalid or missing id for job."),
    (job(id=2), "Duplicate job id: 2."),
    (lambda d: d.update(shipments=3), "Invalid shipments."),
    (lambda d: d.update(shipments=[3]), "Invalid shipment."),
    (lambda d: d.update(shipments=[{}]), "Missing pickup for shipment."),
    (shipment(id=-1), "Invalid or missing id for pickup."),
    (both(shipment(), lambda d: d["shipments"].append(d["shipments"][0])), "Duplicate pickup id: 1."),
    (lambda d: d.update(vehicles=[{"id": 1}]), "No start or end specified for vehicle 1."),
    (vehicle(start_index=-1), "Invalid start_index for vehicle 1."),
    (vehicle(end_index="0"), "Invalid end_index for vehicle 1."),
    (vehicle(end=[1.0, 2.0]), "Missing start_index or end_index."),
    (vehicle(description=5), "Invalid description value."),
    (vehicle(time_window=[5]), "Invalid time-window."),
    (vehicle(time_window=[5.5, 7]), "Invalid time-window."),
    (vehicle(speed_factor=7), "Invalid speed factor: 7"),
    (vehicle(speed_factor=0), "Invalid speed factor: 0"),
    (vehicle(speed_factor="a"), "Invalid speed_factor value."),
    (vehicle(costs=5), "Invalid costs for vehicle 1."),
    (vehicle(costs={"fixed": -1}), "Invalid fixed cost for vehicle 1."),
    (vehicle(costs={"per_hour": 1.5}), "Invalid per_hour cost for vehicle 1."),
    (vehicle(costs={"per_km": "1"}), "Invalid per_km cost for vehicle 1."),
    (vehicle(max_tasks=-1), "Invalid max_tasks value."),
    (vehicle(skills=[-1]), "Invalid skill value."),
    (vehicle(skills=4), "Invalid skills object."),
    (vehicle(steps=[{"type": "job", "id": 77}]), "Invalid job id 77 for vehicle 1."),
    (vehicle(steps=[{"type": "jub", "id": 1}]), "Invalid type in steps for vehicle 1."),
    (vehicle(steps=[{"type": "job"}]), "Invalid id in steps for vehicle 1."),
    (vehicle(steps=5), "Invalid steps for vehicle 1."),
    (vehicle(steps=[{"type": "job", "id": 1}, {"type": "start"}]), "Unexpected start in input steps for vehicle 1."),
    (vehicle(steps=[{"type": "break", "id": 9}]), "Invalid break id 9 for vehicle 1."),
    (vehicle(steps=[{"type": "job", "id": 1, "service_at": -5}]), "Invalid service_at value."),
    (vehicle(type=3), "Invalid type value."),
    (vehicle(max_travel_time="1 h"), "Invalid max_travel_time value."),
    (vehicle(max_distance=-1), "Invalid max_distance value."),
    (vehicle(costs={"per_task_hour": -1}), "Invalid per_task_hour cost for vehicle 1."),
    (a_break({"id": 3, "max_load": [1]}), "Inconsistent break max_load size for break 3."),
    (a_break({"id": 3, "max_load": "none"}), "Invalid max_load array."),
    (job(setup_per_type=3), "Invalid setup_per_type for job 1."),
    (job(service_per_type={"bike": -1}), "Invalid value in service_per_type for job 1."),
    (shipment(setup_per_type={"bike": "x"}), "Invalid value in setup_per_type for pickup 1."),
    (vehicle(steps=[{"type": "job", "id": 1}] * 2), "Duplicate job id 1 in input steps for vehicle 1."),
    (vehicle(steps=[{"type": "job", "id": 1}], max_tasks=0), "Too many tasks for vehicle 1."),
    (
        both(vehicle(steps=[{"type": "job", "id": 1}]), job(skills=[4])),
        "Missing skill or step out of reach for vehicle 1 and job 1.",
    ),
    (vehicle(breaks=5), "Invalid breaks for vehicle 1."),
    (a_break({"id": "x"}), "Invalid or missing id for break."),
    (a_break({"id": 1, "time_windows": []}), "Empty time windows for break 1."),
    (a_break({"id": 1}, {"id": 1}), "Duplicate break id: 1."),
    (
        both(a_break({"id": 1, "time_windows": [[100, 200]], "service": 50}), vehicle(time_window=[300, 400])),
        "Inconsistent breaks for vehicle 1.",
    ),
    (job(location_index=-1), "Invalid location_index for job 1."),
    (job(location_index=9), "location_index exceeding durations matrix size for car profile."),
    (lambda d: d["jobs"][0].pop("location_index"), "Invalid location for job 1."),
    (both(lambda d: d["jobs"][0].pop("location_index"), job(location=[2.0, 48.0])), "Missing location index."),
    (job(location=[2.0]), "Invalid location array."),
    (job(location=["2", "48"]), "Invalid location array."),
    (job(service=-1), "Invalid service duration."),
    (job(setup=1.0), "Invalid setup duration."),
    (job(time_windows=[]), "Empty time windows for job 1."),
    (job(time_windows=5), "Invalid time_windows array for job 1."),
    (job(time_windows=[5, 30]), "Invalid time-window."),
    (job(time_windows=[[5, 3]]), "Invalid time window: [5, 3]"),
    (job(time_windows=[[20, 40], [5, 30]]), "Unsorted or overlapping time-windows for job 1."),
    (job(priority=101), "Invalid priority value for job 1."),
    (job(priority="high"), "Invalid priority value."),
    (job(skills=["a"]), "Invalid skill value."),
    (job(skills=[True]), "Invalid skill value."),
    (job(delivery=[1, 2]), "Inconsistent delivery length: 2 instead of 0."),
    (both(job(pickup=[1]), vehicle(capacity=[1, 1])), "Inconsistent delivery length: 1 instead of 2."),
    (job(delivery=3), "Invalid delivery array."),
    (both(job(delivery=[-3]), vehicle(capacity=[1])), "Invalid delivery value."),
    (
        both(vehicle(capacity=[1, 1]), lambda d: d["vehicles"].append({"id": 2, "start_index": 0})),
        "Inconsistent delivery length: 0 instead of 2.",
    ),
    (lambda d: d.update(matrices=5), "Unexpected matrices value."),
    (lambda d: d.pop("matrices"), "Unexpected location index while no custom matrices provided."),
    (car(durations=5), "Invalid matrix."),
    (car(durations=[]), "Empty durations matrix for car profile."),
    (car(durations=[[0, 1], [1, 0, 2]]), "Unexpected matrix line length."),
    (car(durations=[[0, 1.5], [1, 0]]), "Invalid matrix entry."),
    (car(durations=[[0, -1], [1, 0]]), "Invalid matrix entry."),
    (car(distances=METRES), "Custom matrix provided for distances but not for durations for car profile."),
    (car(durations=SECONDS, costs=[[0]]), "location_index exceeding costs matrix size for car profile."),
    (
        both(car(durations=SECONDS, costs=METRES), vehicle(costs={"per_hour": 100})),
        "Custom costs are incompatible with using a per_hour value.",
    ),
    (
        both(
            lambda d: d["matrices"].update(van={"durations": SECONDS, "distances": METRES}),
            lambda d: d["vehicles"].append({"id": 2, "start_index": 0, "profile": "van"}),
        ),
        "Missing distances matrix for car profile.",
    ),
    (vehicle(profile="bike"), "Missing coordinates for routing engine."),
    (vehicle(costs={"per_km": 3}), "Missing coordinates for routing engine."),
]


@pytest.mark.parametrize(("change", "message"), VROOMS_OWN, ids=[message for _, message in VROOMS_OWN])
def test_vrooms_own_words(change: Callable[[Json], object], message: str) -> None:
    with pytest.raises(VroomError) as caught:
        read_vroom(changed(change))
    assert caught.value.answer() == {"code": 2, "error": message}
    assert caught.value.exit_code == 2
    assert caught.value.where.startswith("#")


def test_harmless_values_of_those_keys_pass() -> None:
    document = changed(both(vehicle(costs={"per_task_hour": 0}), job(setup_per_type={})))
    document |= {"shipments": [], "options": {"c": False, "t": 4, "x": 5}}
    assert read_vroom(document).warnings == ()


def test_coordinates_need_a_city() -> None:
    document = {"vehicles": [{"id": 1, "start": [2.0, 48.0]}], "jobs": [{"id": 1, "location": [2.1, 48.0]}]}
    with pytest.raises(VroomError, match=r"matrices.*--city") as caught:
        read_vroom(document)
    assert caught.value.answer()["code"] == caught.value.exit_code == 3


def test_an_unknown_profile_is_refused_before_the_city_is_missed() -> None:
    document = {
        "vehicles": [{"id": 1, "start": [2.0, 48.0], "profile": "submarine"}],
        "jobs": [{"id": 1, "location": [2.1, 48.0]}],
    }
    with pytest.raises(VroomError, match=r"^.*Invalid profile: submarine\.") as caught:
        read_vroom(document)
    assert caught.value.exit_code == 2


def test_costs_that_would_overflow_are_refused() -> None:
    most = 2**32 - 1
    document = changed(both(vehicle(costs={"per_hour": most}), car(durations=[[0, 999_999_999, 5]] * 3)))
    with pytest.raises(VroomError, match="Too high cost values"):
        read_vroom(document)


def test_times_of_different_clocks_are_refused() -> None:
    document = changed(both(vehicle(time_window=[0, 86_400]), job(time_windows=[[1_700_000_000, 1_700_003_600]])))
    with pytest.raises(VroomError, match="are some Unix times and others relative"):
        read_vroom(document)


def test_unknown_keys_are_named_once_with_the_nearest_known() -> None:
    document = changed(both(job(skill=[1], time_window=[0, 5]), vehicle(capacities=[4], costs={"perkm": 1})))
    document["jobs"][1]["skill"] = [2]
    document |= {"x": 1, "options": {"geometry": True}}
    document["matrices"]["car"]["duration"] = []
    warnings = read_vroom(document).warnings
    assert len(warnings) == 7
    assert any("#/jobs/0/skill" in one and "2 times" in one and "`skills`" in one for one in warnings)
    assert any("#/jobs/0/time_window:" in one and "`time_windows`" in one for one in warnings)
    assert any("#/vehicles/0/capacities" in one and "`capacity`" in one for one in warnings)
    assert any("#/vehicles/0/costs/perkm" in one and "`per_km`" in one for one in warnings)
    assert any("#/matrices/car/duration" in one and "`durations`" in one for one in warnings)


def test_known_keys_are_never_warned_about() -> None:
    document = changed(
        both(
            vehicle(type="van", description="x", end_index=0, steps=[{"type": "start", "service_at": 5}]),
            a_break({"id": 3, "service": 5, "description": "b"}),
            job(setup=1, service=2, priority=3, description="j"),
        )
    )
    assert unknown_keys(document) == []


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (BASE, True),
        ({"vehicles": [], "shipments": []}, True),
        ({"format": "jalon.request/1", "vehicles": [], "jobs": []}, False),
        ({"vehicles": [], "orders": []}, False),
        ({"jobs": []}, False),
    ],
)
def test_is_vroom(document: Json, expected: bool) -> None:
    assert is_vroom(document) is expected
