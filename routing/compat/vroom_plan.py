"""VROOM's plan mode: the routes are given, their times and what is wrong with them are found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from routing.compat.vroom_eta import InfeasibleError, Stage, Timed, choose_times
from routing.compat.vroom_fields import Json, refusal
from routing.compat.vroom_output import Leg, Visit, leg_between, summary_of, unassigned_of, write_route
from routing.compat.vroom_tables import scaled_s
from routing.compat.vroom_values import Break, Job, Key, Request, Step, Vehicle

TIMED = ("lead_time", "delay")


@dataclass
class Faults:
    """What is wrong with a step or a route: causes, with seconds where they are about time."""

    found: dict[str, int] = field(default_factory=dict)

    def add(self, cause: str, seconds: int = 0) -> None:
        """Note a cause once more."""
        self.found[cause] = self.found.get(cause, 0) + seconds

    def told(self) -> list[Json]:
        """Return them as VROOM tells them."""
        return [{"cause": cause} | ({"duration": s} if cause in TIMED else {}) for cause, s in self.found.items()]


def plan_answer(request: Request, computing_times: Json) -> Json:
    """Return VROOM's answer for the routes that the vehicles' steps are; raises ``VroomError`` (code 2)."""
    jobs = {job.key: job for job in request.jobs}
    served: set[Key] = set()
    routes = []
    for row, vehicle in enumerate(request.vehicles):
        if vehicle.steps:
            routes.append(_route(request, vehicle, jobs, f"#/vehicles/{row}/steps"))
            served |= set(vehicle.task_steps)
    out = [job for job in request.jobs if job.key not in served]
    summary = summary_of(request, routes, len(out), computing_times)
    summary["violations"] = _sum(one for route in routes for one in route["violations"])
    return {"code": 0, "summary": summary, "unassigned": [unassigned_of(job) for job in out], "routes": routes}


def _sum(told: Iterator[Json]) -> list[Json]:
    faults = Faults()
    for one in told:
        faults.add(one["cause"], one.get("duration", 0))
    return faults.told()


def _route(request: Request, vehicle: Vehicle, jobs: dict[Key, Job], where: str) -> Json:
    steps = _whole(vehicle.steps)
    legs = list(_legs(request, vehicle, steps, jobs))
    breaks = {one.key: one for one in vehicle.breaks}
    stages = list(_stages(request, vehicle, steps, legs, jobs))
    try:
        times = choose_times(stages)
    except InfeasibleError:
        action = "what service_at, service_after and service_before ask for can't all be kept"
        raise refusal(f"Infeasible route for vehicle {vehicle.id}.", where, action) from None
    visits = list(_visits(vehicle, steps, times, stages, legs, jobs, breaks))
    told = write_route(request, vehicle, visits, 0)
    faults = list(_faults(request, vehicle, steps, times, list(zip(told["steps"], legs, strict=True)), jobs, breaks))
    for step, wrong in zip(told["steps"], faults, strict=True):
        step["violations"] = wrong.told()
    missing = breaks.keys() - {step.key for step in steps}
    told["violations"] = _sum(one for step in told["steps"] for one in step["violations"])
    told["violations"] += [{"cause": "missing_break"}] if missing else []
    return told


def _whole(steps: Sequence[Step]) -> list[Step]:
    """Return steps with a start and an end."""
    start = [] if steps[0].key[0] == "start" else [Step(("start", 0))]
    end = [] if steps[-1].key[0] == "end" else [Step(("end", 0))]
    return [*start, *steps, *end]


def _legs(request: Request, vehicle: Vehicle, steps: Sequence[Step], jobs: dict[Key, Job]) -> Iterator[Leg]:
    """Yield what is driven to each step from the last place; nothing to a break."""
    seconds = scaled_s(request.matrices[vehicle.profile].durations, vehicle.speed_factor)
    here = vehicle.start
    for step in steps:
        there = vehicle.start if step.key[0] == "start" else vehicle.end if step.key[0] == "end" else None
        there = jobs[step.key].spot if step.key in jobs else there
        if step.key[0] == "start" or there is None:
            yield Leg()
            continue
        yield leg_between(request, vehicle, seconds, here, there)
        here = there


def _stages(
    request: Request, vehicle: Vehicle, steps: Sequence[Step], legs: Sequence[Leg], jobs: dict[Key, Job]
) -> Iterator[Stage]:
    breaks = {one.key: one for one in vehicle.breaks}
    here = vehicle.start
    for step, leg in zip(steps, legs, strict=True):
        if step.key in jobs:
            job = jobs[step.key]
            setup_s, service_s = job.work(vehicle)
            is_here = here is not None and here.key == job.spot.key
            yield Stage("task", leg.seconds, job.windows, service_s + (0 if is_here else setup_s), step.held)
            here = job.spot
        elif step.key in breaks:
            one = breaks[step.key]
            yield Stage("break", 0, one.windows, one.service_s, step.held)
        else:
            yield Stage(step.key[0], leg.seconds, (vehicle.window,), 0, step.held)


def _visits(
    vehicle: Vehicle,
    steps: Sequence[Step],
    times: Sequence[Timed],
    stages: Sequence[Stage],
    legs: Sequence[Leg],
    jobs: dict[Key, Job],
    breaks: dict[Key, Break],
) -> Iterator[Visit]:
    """Yield the steps; of a leg, the seconds driven before each of the breaks on it are that break's."""
    tasks = [jobs[step.key].spot for step in steps if step.key in jobs]
    first = vehicle.start or (tasks[0] if tasks else vehicle.end)
    last = vehicle.end or (tasks[-1] if tasks else vehicle.start)
    assert first is not None and last is not None, "a vehicle has a start or an end"
    left_s = 0
    for number, (step, timed, stage, leg) in enumerate(zip(steps, times, stages, legs, strict=True)):
        driven_s = timed.arrival_s - left_s if number else 0
        left_s = timed.start_s + stage.work_s
        leg = leg._replace(seconds=driven_s)
        waiting_s = timed.start_s - timed.arrival_s
        if step.key in jobs:
            job = jobs[step.key]
            service_s = job.work(vehicle)[1]
            setup_s = stage.work_s - service_s
            yield Visit(
                job.kind, job.spot, timed.arrival_s, waiting_s, setup_s, service_s, leg, job.id, job.description, job
            )
        elif step.key in breaks:
            one = breaks[step.key]
            yield Visit("break", first, timed.arrival_s, waiting_s, 0, one.service_s, leg, one.id, one.description)
        else:
            spot = first if step.key[0] == "start" else last
            yield Visit(step.key[0], spot, timed.arrival_s, leg=leg)


def _faults(
    request: Request,
    vehicle: Vehicle,
    steps: Sequence[Step],
    times: Sequence[Timed],
    told: Sequence[tuple[Json, Leg]],
    jobs: dict[Key, Job],
    breaks: dict[Key, Break],
) -> Iterator[Faults]:
    """Yield what is wrong with each step."""
    order = {step.key: number for number, step in enumerate(steps)}
    partner = {
        request.jobs[row].key: request.jobs[other].key for row, other in enumerate(request.partners) if other >= 0
    }
    tasks = metres = 0
    for number, (step, timed, (seen, leg)) in enumerate(zip(steps, times, told, strict=True)):
        faults = Faults()
        metres += leg.metres
        if timed.start_s < timed.window[0] and step.key[0] != "end":
            faults.add("lead_time", timed.window[0] - timed.start_s)
        if timed.start_s > timed.window[1] and step.key[0] != "start":
            faults.add("delay", timed.start_s - timed.window[1])
        load = seen.get("load", [])
        if any(found > most for found, most in zip(load, vehicle.capacity)):
            faults.add("load")
        if step.key in jobs:
            tasks += 1
            if not jobs[step.key].skills <= vehicle.skills:
                faults.add("skills")
            if vehicle.max_tasks is not None and tasks > vehicle.max_tasks:
                faults.add("max_tasks")
            other = partner.get(step.key)
            if other is not None and (other not in order or (order[other] < number) != (step.key[0] == "delivery")):
                faults.add("precedence")
        one = breaks.get(step.key)
        if one is not None and one.max_load is not None and any(a > b for a, b in zip(load, one.max_load)):
            faults.add("max_load")
        if vehicle.max_travel_s is not None and seen["duration"] > vehicle.max_travel_s:
            faults.add("max_travel_time")
        if vehicle.max_distance_m is not None and metres > vehicle.max_distance_m:
            faults.add("max_distance")
        yield faults
