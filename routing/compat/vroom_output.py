"""Writes tours as VROOM's answer: its keys, its cumulated sums, its departures.

Like VROOM, a vehicle is as early as it can be at the end of its route and then leaves as late as that allows, which
leaves the least waiting. Breaks are taken where the vehicle stands, before it drives on.

Source: ``src/utils/output_json.cpp`` and ``format_solution`` in ``src/utils/helpers.cpp`` of VROOM 1.14.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import polyline

from routing.compat.vroom_tables import COST_UNIT
from routing.compat.vroom_values import I64, Job, Request, Spot, Vehicle
from routing.problem import NO_LOCATION, Tables
from routing.solver.sequences import tour_nodes
from routing.solver.timing import after_breaks, before_breaks
from routing.solver.tours import Tours, backward, copy_tours, forward

Json = dict[str, Any]

SUMS = ("setup", "service", "duration", "waiting_time", "priority")


class Leg(NamedTuple):
    """What was driven to reach a step; ``pair`` are the locations, None where nothing was."""

    seconds: int = 0
    metres: int = 0
    cost: int = 0
    pair: tuple[int, int] | None = None


NOTHING = Leg()


@dataclass(frozen=True)
class Visit:
    """One step of a route: what happens where, from ``arrival_s`` on (day axis), ``waiting_s`` before it starts."""

    kind: str
    spot: Spot
    arrival_s: int
    waiting_s: int = 0
    setup_s: int = 0
    service_s: int = 0
    leg: Leg = NOTHING
    id: int | None = None
    description: str = ""
    job: Job | None = None


def write_answer(request: Request, tables: Tables, base_s: int, tours: Tours, computing_times: Json) -> Json:
    """Return VROOM's answer for ``tours``.

    Parameters
    ----------
    base_s : int
        The second of the document's clock at which the day axis begins.
    computing_times : dict
        Milliseconds by VROOM's names for its stages.
    """
    late = copy_tours(tours)
    routes = []
    for row, vehicle in enumerate(request.vehicles):
        if late.size[row]:
            _leave_late(tables, late, row)
            routes.append(write_route(request, vehicle, list(_visits(request, tables, late, row)), base_s))
    out = [job for row, job in enumerate(request.jobs) if late.vehicle[row] < 0]
    return {
        "code": 0,
        "summary": summary_of(request, routes, len(out), computing_times),
        "unassigned": [unassigned_of(job) for job in out],
        "routes": routes,
    }


def _leave_late(tables: Tables, tours: Tours, vehicle: int) -> None:
    """Time one tour anew: the same end, the latest departure; ``start_s`` is before the breaks taken at the start."""
    start = len(tables.release_s) + 2 * vehicle
    backward(tables, tours, vehicle, int(tours.start_s[start + 1]))
    first = int(tours.break_index[start])
    last = first + int(tours.breaks_after[start])
    begin = int(before_breaks(tables, first, last, tours.latest_end_s[start]))
    forward(tables, tours, vehicle, int(after_breaks(tables, first, last, begin)))
    tours.start_s[start] = begin


def _visits(request: Request, tables: Tables, tours: Tours, row: int) -> Iterator[Visit]:
    """Yield one tour's steps, from ``start`` to ``end``."""
    vehicle, start = request.vehicles[row], len(request.jobs) + 2 * row
    nodes = tour_nodes(tables, tours, row)
    here = vehicle.start or request.jobs[nodes[0]].spot
    clock = int(tours.start_s[start])
    yield Visit("start", here, clock)
    for node, target in zip([start, *nodes], [*nodes, start + 1], strict=True):
        first = int(tours.break_index[node])
        for index in range(first, first + int(tours.breaks_after[node])):
            one = vehicle.breaks[index - int(tables.brk_ptr[row])]
            waiting = max(0, int(tables.brk_open[index]) - clock)
            yield Visit("break", here, clock, waiting, service_s=one.service_s, id=one.id, description=one.description)
            clock += waiting + one.service_s
        leg = _leg(request, tables, row, int(tours.location[node]), int(tours.location[target]))
        clock += leg.seconds
        if target == start + 1:
            yield Visit("end", vehicle.end or here, clock, leg=leg)
            return
        job = request.jobs[target]
        begun, done = int(tours.start_s[target]), int(tours.end_s[target])
        service = job.work(vehicle)[1]
        setup = done - begun - service
        yield Visit(job.kind, job.spot, clock, begun - clock, setup, service, leg, job.id, job.description, job)
        clock, here = done, job.spot


def _leg(request: Request, tables: Tables, row: int, source: int, target: int) -> Leg:
    """Return a leg between two locations of the tables; nothing from nowhere in particular, nothing to nowhere."""
    if target == NO_LOCATION or source >= len(request.spots):
        return Leg()
    return _measured(request, request.vehicles[row], tables.duration_s[tables.veh_class[row]], source, target)


def leg_between(request: Request, vehicle: Vehicle, seconds: I64, here: Spot | None, there: Spot) -> Leg:
    """Return the leg between two spots by ``seconds`` [L, L]; nothing from nowhere in particular."""
    if here is None:
        return Leg()
    return _measured(request, vehicle, seconds, request.place[here.key], request.place[there.key])


def _measured(request: Request, vehicle: Vehicle, seconds: Any, source: int, target: int) -> Leg:
    matrices = request.matrices[vehicle.profile]
    metres, cost = (
        0 if matrix is None else int(matrix[source, target]) for matrix in (matrices.distances, matrices.costs)
    )
    return Leg(int(seconds[source, target]), metres, cost, (source, target))


def write_route(request: Request, vehicle: Vehicle, visits: list[Visit], base_s: int) -> Json:
    """Return a route by its visits; ``base_s`` as in :func:`write_answer`."""
    jobs = [visit.job for visit in visits if visit.job is not None]
    delivery = [sum(job.delivery[dim] for job in jobs) for dim in range(request.dims)]
    pickup = [sum(job.pickup[dim] for job in jobs) for dim in range(request.dims)]
    loaded = [sum(job.delivery[dim] for job in jobs if job.kind == "job") for dim in range(request.dims)]
    steps = list(_steps(request, visits, loaded, base_s))
    metres = sum(visit.leg.metres for visit in visits)
    return {
        "vehicle": vehicle.id,
        "cost": _cost(request, vehicle, visits),
        **({"description": vehicle.description} if vehicle.description else {}),
        **_amounts(delivery, pickup),
        "setup": sum(step["setup"] for step in steps),
        "service": sum(step["service"] for step in steps),
        "duration": steps[-1]["duration"],
        "waiting_time": sum(step["waiting_time"] for step in steps),
        "priority": sum(job.priority for job in jobs),
        **({"distance": metres} if request.distances else {}),
        "steps": steps,
        "violations": [],
        **({"geometry": _shape(request, vehicle, visits)} if request.geometry else {}),
    }


def _steps(request: Request, visits: list[Visit], loaded: list[int], base_s: int) -> Iterator[Json]:
    """Yield the steps with what is cumulated over them: load (``loaded`` at the start), duration, distance."""
    load, seconds, metres = list(loaded), 0, 0
    for visit in visits:
        seconds += visit.leg.seconds
        metres += visit.leg.metres
        if visit.job is not None:
            changes = zip(load, visit.job.delivery, visit.job.pickup, strict=True)
            load = [on_board - out + back for on_board, out, back in changes]
        yield {
            "type": visit.kind,
            **({"description": visit.description} if visit.description else {}),
            **({} if visit.kind == "break" else _where(visit.spot)),
            **({} if visit.id is None else {"id": visit.id}),
            "setup": visit.setup_s,
            "service": visit.service_s,
            "waiting_time": visit.waiting_s,
            **({} if visit.job is None else {"job": visit.job.id}),
            **({"load": load} if load else {}),
            "arrival": visit.arrival_s + base_s,
            "duration": seconds,
            "violations": [],
            **({"distance": metres} if request.distances else {}),
        }


def _cost(request: Request, vehicle: Vehicle, visits: list[Visit]) -> int:
    """Return a route's cost, rounded half up."""
    legs = [visit.leg for visit in visits]
    worked_s = sum(visit.setup_s + visit.service_s for visit in visits)  # breaks are paid too
    cost = 5 * vehicle.per_task_hour * worked_s
    if request.matrices[vehicle.profile].costs is not None:
        cost += COST_UNIT * sum(leg.cost for leg in legs)
    else:
        seconds, metres = sum(leg.seconds for leg in legs), sum(leg.metres for leg in legs)
        cost += 5 * vehicle.per_hour * seconds + 18 * vehicle.per_km * metres
    return vehicle.fixed + (cost + COST_UNIT // 2) // COST_UNIT


def _where(spot: Spot) -> Json:
    """Return a location as it was given."""
    return {
        **({} if spot.lon_lat is None else {"location": list(spot.lon_lat)}),
        **({} if spot.index is None else {"location_index": spot.index}),
    }


def _amounts(delivery: list[int], pickup: list[int]) -> Json:
    """Return the amounts under VROOM's keys, the deprecated one included; nothing without capacities."""
    return {"delivery": delivery, "amount": list(delivery), "pickup": pickup} if delivery else {}


def _shape(request: Request, vehicle: Vehicle, visits: list[Visit]) -> str:
    """Return the streets driven as an encoded polyline, precision 5."""
    pairs = [visit.leg.pair for visit in visits if visit.leg.pair is not None]
    legs = request.streets[vehicle.profile].legs(*zip(*pairs)) if pairs else []
    points = [(float(lat), float(lon)) for leg in legs for lon, lat in leg.points]
    return polyline.encode(points, 5)


def unassigned_of(job: Job) -> Json:
    """Return a task that is left out."""
    return {
        "id": job.id,
        **_where(job.spot),
        "type": job.kind,
        **({"description": job.description} if job.description else {}),
    }


def summary_of(request: Request, routes: list[Json], unassigned: int, computing_times: Json) -> Json:
    """Return the sums of all routes."""

    def total(key: str) -> int:
        return sum(route[key] for route in routes)

    def totals(key: str) -> list[int]:
        return [sum(route[key][dim] for route in routes) for dim in range(request.dims)]

    return {
        "cost": total("cost"),
        "routes": len(routes),
        "unassigned": unassigned,
        **(_amounts(totals("delivery"), totals("pickup")) if request.dims else {}),
        **{key: total(key) for key in SUMS},
        **({"distance": total("distance")} if request.distances else {}),
        "violations": [],
        "computing_times": computing_times,
    }
