"""VROOM's JSON in, VROOM's JSON out: a drop-in for ``vroom`` in solve mode.

Jobs, shipments, vehicles, custom matrices or coordinates on a city's streets; what we can't do yet (plan mode,
``max_travel_time`` …) is refused by name, what nobody knows is ignored with a warning. Every answer is checked by
:mod:`routing.compat.vroom_check`, which shares no code with the solver, before it is returned.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from data.clock import elapsed_s
from data.model.city import City
from routing.compat.vroom_check import check_vroom
from routing.compat.vroom_input import check_steps, distinct_spots, read_fleet, read_jobs, spot_owners
from routing.compat.vroom_keys import unknown_keys
from routing.compat.vroom_matrices import check_matrices, given_matrices, on_streets, streets_needed, used_matrices
from routing.compat.vroom_output import write_answer
from routing.compat.vroom_tables import Prices, build_problem
from routing.compat.vroom_values import INTERNAL, Request, Spot, VroomError
from routing.problem import Problem
from routing.solver.engine import Engine, Report, solve
from routing.solver.sequences import append_sequence
from routing.solver.stop import Stop
from routing.solver.tours import Tours, empty_tours, total_cost

__all__ = ["VroomError", "VroomProblem", "check_vroom", "is_vroom", "read_vroom", "solve_vroom", "write_vroom"]

Json = dict[str, Any]

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class VroomProblem:
    """A VROOM document as a problem; ``base_s`` on its clock is 0 on the problem's day axis."""

    request: Request
    problem: Problem
    prices: Prices
    base_s: int
    warnings: tuple[str, ...]


def is_vroom(document: Json) -> bool:
    """Return whether a JSON object is VROOM's rather than ours."""
    return "vehicles" in document and bool(document.keys() & {"jobs", "shipments"}) and "format" not in document


def read_vroom(document: Json, city: City | None = None) -> VroomProblem:
    """Return the problem of a document.

    Parameters
    ----------
    document : dict
        VROOM's input, decoded.
    city : City, optional
        Needed where the document brings coordinates instead of matrices.

    Raises
    ------
    VroomError
        Code 2 (input, in VROOM's words) or 3 (no streets, or a location off them).
    """
    vehicles, jobs = read_fleet(document), read_jobs(document)
    check_steps(vehicles, jobs)
    spots = distinct_spots(vehicles, jobs)
    given = given_matrices(document)
    check_matrices(given, vehicles, spots)
    options = document.get("options")
    geometry = isinstance(options, dict) and bool(options.get("g"))
    wanted = streets_needed(given, vehicles, geometry)
    owners = spot_owners(vehicles, jobs)
    streets = on_streets(city, spots, wanted, owners) if wanted else None
    measured = any("distances" in kinds for kinds in given.values())
    request = Request(
        jobs=jobs,
        vehicles=vehicles,
        spots=spots,
        matrices=used_matrices(given, streets, vehicles, spots),
        distances=geometry or measured or any(vehicle.per_km for vehicle in vehicles),
        geometry=geometry,
        streets=streets,
    )
    problem, prices, base_s = build_problem(request)
    return VroomProblem(request, problem, prices, base_s, tuple(unknown_keys(document)))


def write_vroom(vroom: VroomProblem, tours: Tours, computing_times: Json) -> Json:
    """Return VROOM's answer for ``tours``; ``computing_times`` are milliseconds by VROOM's names for its stages."""
    return write_answer(vroom.request, vroom.problem.tables, vroom.base_s, tours, computing_times)


def solve_vroom(
    document: Json,
    city: City | None,
    stop: Stop,
    engines: Sequence[Engine] = (),
    report: Report = lambda progress, tours: None,
    warn: Callable[[str], None] = _log.warning,
) -> Json:
    """Return the answer to a document; a wrong one is answered as VROOM does, ``{"code": n, "error": message}``.

    Parameters
    ----------
    document : dict
        VROOM's input, decoded.
    city : City or None
        See :func:`read_vroom`.
    stop : Stop
        Time budget of the search.
    engines : sequence of Engine
        What improves the first plan.
    report : callable
        Told of every better plan, its cost in VROOM's unit and without penalties.
    warn : callable
        Told of what is ignored, and where an error is.
    """
    try:
        return _solve(document, city, stop, engines, report, warn)
    except VroomError as error:
        warn(str(error))
        return error.answer()


def _solve(
    document: Json,
    city: City | None,
    stop: Stop,
    engines: Sequence[Engine],
    report: Report,
    warn: Callable[[str], None],
) -> Json:
    begun_s = elapsed_s()
    vroom = read_vroom(document, city)
    for warning in vroom.warnings:
        warn(warning)
    loaded_s = elapsed_s()
    start = _initial_tours(vroom, warn)
    tours = solve(vroom.problem, stop, engines, start, _in_vroom_cost(vroom, report))
    solved_s = elapsed_s()
    answer = write_vroom(vroom, tours, {"loading": _ms(loaded_s - begun_s), "solving": _ms(solved_s - loaded_s)})
    answer["summary"]["computing_times"]["routing"] = _ms(elapsed_s() - solved_s)
    if mistakes := check_vroom(_with_matrices(document, vroom.request), answer):
        raise VroomError(INTERNAL, f"the answer failed its own check: {mistakes[0]}", "", "please report this input")
    return answer


def _initial_tours(vroom: VroomProblem, warn: Callable[[str], None]) -> Tours | None:
    """Return the vehicles' ``steps`` as tours; as in VROOM they are a hint, not a lock."""
    vehicles = vroom.request.vehicles
    if not any(vehicle.steps for vehicle in vehicles):
        return None
    tables = vroom.problem.tables
    tours = empty_tours(tables)
    order = {job.key: row for row, job in enumerate(vroom.request.jobs)}
    for row, vehicle in enumerate(vehicles):
        dropped = append_sequence(tables, tours, row, [order[step] for step in vehicle.steps]) if vehicle.steps else []
        if dropped:
            tasks = [vroom.request.jobs[option] for option in dropped]
            kinds = [kind for kind in ("job", "pickup", "delivery") if any(task.kind == kind for task in tasks)]
            names = ", ".join(
                f"{kind}s " + ", ".join(str(task.id) for task in tasks if task.kind == kind) for kind in kinds
            )
            warn(f"#/vehicles/{row}/steps: infeasible as given, so {names} start elsewhere")
    return tours


def _in_vroom_cost(vroom: VroomProblem, report: Report) -> Report:
    penalty = vroom.problem.tables.penalty

    def tell(progress: Any, tours: Tours) -> None:
        cost = int(total_cost(vroom.problem.tables, tours)) - int(penalty[tours.vehicle < 0].sum())
        report(replace(progress, cost_cents=vroom.prices.vroom_cost(cost)), tours)

    return tell


def _with_matrices(document: Json, request: Request) -> Json:
    """Return the document with the matrices its legs really come from, for the check."""
    if request.streets is None:
        return document

    def rows(value: Json, keys: dict[str, str]) -> Json:
        spots = {key: Spot(value.get(index), _pair(value.get(key))) for key, index in keys.items()}
        return value | {keys[key]: request.place[spot.key] for key, spot in spots.items() if spot.key is not None}

    matrices = {
        profile: {
            kind: matrix.tolist()
            for kind, matrix in (("durations", one.durations), ("distances", one.distances), ("costs", one.costs))
            if matrix is not None
        }
        for profile, one in request.matrices.items()
    }
    task = {"location": "location_index"}
    return document | {
        "jobs": [rows(job, task) for job in document.get("jobs", [])],
        "shipments": [
            one | {half: rows(one[half], task) for half in ("pickup", "delivery")}
            for one in document.get("shipments", [])
        ],
        "vehicles": [rows(one, {"start": "start_index", "end": "end_index"}) for one in document["vehicles"]],
        "matrices": matrices,
    }


def _pair(lon_lat: Any) -> tuple[float, float] | None:
    return None if lon_lat is None else (float(lon_lat[0]), float(lon_lat[1]))


def _ms(seconds: float) -> int:
    return int(seconds * 1000)
