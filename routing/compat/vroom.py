"""VROOM's JSON in, VROOM's JSON out: a drop-in for ``vroom``.

Jobs, shipments, vehicles, custom matrices or coordinates on a city's streets, in solve and in plan mode; what nobody
knows is ignored with a warning. Every plan of ours is checked by :mod:`routing.compat.vroom_check`, which shares no
code with the solver, before it is returned.
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
from routing.compat.vroom_plan import plan_answer
from routing.compat.vroom_strict import has_strict_rules, strict_request
from routing.compat.vroom_tables import Prices, build_problem
from routing.compat.vroom_values import INTERNAL, Request, Spot, VroomError
from routing.problem import Problem
from routing.solver.engine import Engine, Report, solve
from routing.solver.sequences import append_sequence, tour_nodes
from routing.solver.stop import Stop
from routing.solver.tours import Tours, empty_tours, total_cost

__all__ = ["VroomError", "VroomProblem", "check_vroom", "is_vroom", "read_vroom", "solve_vroom", "write_vroom"]

Json = dict[str, Any]

RELAXED_SHARE = 0.4
"""Part of the time for a plan without the rules that the kernels don't know, where there are such."""

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
    """Return the problem of a document; see :func:`read_request`."""
    request = read_request(document, city)
    problem, prices, base_s = build_problem(request)
    return VroomProblem(request, problem, prices, base_s, tuple(unknown_keys(document)))


def read_request(document: Json, city: City | None = None) -> Request:
    """Return what a document says.

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
    check_steps(vehicles, jobs, is_plan(document))
    spots = distinct_spots(vehicles, jobs)
    given = given_matrices(document)
    check_matrices(given, vehicles, spots)
    options = document.get("options")
    geometry = isinstance(options, dict) and bool(options.get("g"))
    wanted = streets_needed(given, vehicles, geometry)
    owners = spot_owners(vehicles, jobs)
    streets = on_streets(city, spots, wanted, owners) if wanted else {}
    measured = any("distances" in kinds for kinds in given.values())
    return Request(
        jobs=jobs,
        vehicles=vehicles,
        spots=spots,
        matrices=used_matrices(given, streets, vehicles, spots),
        distances=geometry or measured or any(vehicle.per_km for vehicle in vehicles),
        geometry=geometry,
        streets=streets,
    )


def is_plan(document: Json) -> bool:
    """Return whether the routes are given and only their times are asked for."""
    options = document.get("options")
    return isinstance(options, dict) and bool(options.get("c"))


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
    seed: int = 1,
    iterations: int | None = None,
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
    seed : int
        Fixes the chance of the search that keeps the rules our kernels don't know.
    iterations : int, optional
        That search ends after so many.
    """
    try:
        return _solve(document, city, stop, engines, report, warn, seed, iterations)
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
    seed: int,
    iterations: int | None,
) -> Json:
    begun_s = elapsed_s()
    if is_plan(document):
        return _planned(document, city, warn)
    vroom = read_vroom(document, city)
    for warning in vroom.warnings:
        warn(warning)
    loaded_s = elapsed_s()
    start = _initial_tours(vroom, warn)
    is_strict = has_strict_rules(vroom.request)
    share = stop.share(RELAXED_SHARE) if is_strict else stop
    tours = solve(vroom.problem, share, engines, start, _in_vroom_cost(vroom, report))
    strict = _strict(vroom, tours, stop, seed, iterations) if is_strict else None
    solved_s = elapsed_s()
    times = {"loading": _ms(loaded_s - begun_s), "solving": _ms(solved_s - loaded_s)}
    answer = write_vroom(vroom, tours, times) if strict is None else plan_answer(strict, times)
    times["routing"] = _ms(elapsed_s() - solved_s)
    if mistakes := check_vroom(_with_matrices(document, vroom.request), answer):
        raise VroomError(INTERNAL, f"the answer failed its own check: {mistakes[0]}", "", "please report this input")
    return answer


def _strict(vroom: VroomProblem, tours: Tours, stop: Stop, seed: int, iterations: int | None) -> Request:
    """Return the request with routes that keep every rule, found from ``tours`` on."""
    count = len(vroom.request.vehicles)
    plan = [tuple(tour_nodes(vroom.problem.tables, tours, row)) for row in range(count)]
    return strict_request(vroom.request, plan, stop, seed, iterations)


def _planned(document: Json, city: City | None, warn: Callable[[str], None]) -> Json:
    """Return the answer in plan mode."""
    begun_s = elapsed_s()
    request = read_request(document, city)
    for warning in unknown_keys(document):
        warn(warning)
    loaded_s = elapsed_s()
    times = {"loading": _ms(loaded_s - begun_s), "solving": 0, "routing": 0}
    answer = plan_answer(request, times)
    times["solving"] = _ms(elapsed_s() - loaded_s)
    return answer


def _initial_tours(vroom: VroomProblem, warn: Callable[[str], None]) -> Tours | None:
    """Return the vehicles' ``steps`` as tours; as in VROOM they are a hint, not a lock."""
    vehicles = vroom.request.vehicles
    if not any(vehicle.task_steps for vehicle in vehicles):
        return None
    tables = vroom.problem.tables
    tours = empty_tours(tables)
    order = {job.key: row for row, job in enumerate(vroom.request.jobs)}
    for row, vehicle in enumerate(vehicles):
        dropped = (
            append_sequence(tables, tours, row, [order[step] for step in vehicle.task_steps]) if vehicle.steps else []
        )
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
    if not request.streets:
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
