"""Rules of VROOM that our kernels don't know, kept exactly: several windows or a load of a break, work by type.

The kernels plan as if there were no such rules; here routes that break one give tasks back, and a ruin-and-recreate
search in plain Python, which asks of every sequence whether it may be driven, goes on from there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from data.clock import rng
from routing.compat.vroom_tables import COST_UNIT, scaled_s
from routing.compat.vroom_values import Request, Step, Vehicle
from routing.problem import INF_TRAVEL_S
from routing.solver.stop import Stop

Sequences = list[tuple[int, ...]]
"""Per vehicle, the rows of its tasks."""
KNOWN = 100_000
"""Sequences whose cost a vehicle remembers."""
BY_PRIORITY = 0.7
"""How often the tasks of the highest priority are inserted first."""
BLINK = 0.2
"""How often a vehicle is overlooked for a task once there is another."""
SLACK = 0.02
"""How much dearer, as a share of the cost, a plan may be that the search goes on from."""
FEW = 20
"""Up to so many tasks on the road, all of them are taken off at times."""
RUINED = 6
"""The most tasks that are taken off at a time, halves of shipments counted as one."""


def has_strict_rules(request: Request) -> bool:
    """Return whether a document has a rule that the kernels don't know."""
    types = {vehicle.type for vehicle in request.vehicles}
    return any(
        vehicle.per_task_hour or any(len(one.windows) > 1 or one.max_load is not None for one in vehicle.breaks)
        for vehicle in request.vehicles
    ) or any(types & {name for name, _ in job.work_by_type} for job in request.jobs)


class Drive(NamedTuple):
    """What a sequence costs (in 1/18000 of VROOM's unit), and how many breaks come after the start and each task."""

    cost: int
    breaks: tuple[int, ...]


class Driver:
    """One vehicle: which sequences it may drive, and at what cost."""

    def __init__(self, request: Request, vehicle: Vehicle) -> None:
        self.jobs, self.vehicle = request.jobs, vehicle
        place, matrices = request.place, request.matrices[vehicle.profile]
        seconds = scaled_s(matrices.durations, vehicle.speed_factor)
        metres = matrices.distances if matrices.distances is not None else np.zeros_like(seconds)
        prices = 5 * vehicle.per_hour * seconds + 18 * vehicle.per_km * metres
        if matrices.costs is not None:
            prices = COST_UNIT * matrices.costs
        self.seconds, self.metres, self.prices = seconds.tolist(), metres.tolist(), prices.tolist()
        self.spots = [place[job.spot.key] for job in self.jobs]
        self.start = None if vehicle.start is None else place[vehicle.start.key]
        self.end = None if vehicle.end is None else place[vehicle.end.key]
        self.work = [job.work(vehicle) for job in self.jobs]
        self.may = [job.skills <= vehicle.skills for job in self.jobs]
        self.known: dict[tuple[int, ...], Drive | None] = {(): Drive(0, (0,))}

    def drive(self, sequence: tuple[int, ...]) -> Drive | None:
        """Return a sequence as driven, ``None`` where it may not be."""
        if len(self.known) > KNOWN:
            self.known = {(): self.known[()]}
        if sequence not in self.known:
            self.known[sequence] = self._drive(sequence)
        return self.known[sequence]

    def _drive(self, sequence: tuple[int, ...]) -> Drive | None:
        vehicle = self.vehicle
        if not all(self.may[row] for row in sequence):
            return None
        if vehicle.max_tasks is not None and len(sequence) > vehicle.max_tasks:
            return None
        loads = self._loads(sequence)
        places = [self.start, *(self.spots[row] for row in sequence), self.end]
        legs = [(a, b) for a, b in pairwise(places) if a is not None and b is not None]
        travel_s, metres = (sum(table[a][b] for a, b in legs) for table in (self.seconds, self.metres))
        if loads is None or any(self.seconds[a][b] >= INF_TRAVEL_S for a, b in legs):
            return None
        if vehicle.max_travel_s is not None and travel_s > vehicle.max_travel_s:
            return None
        if vehicle.max_distance_m is not None and metres > vehicle.max_distance_m:
            return None
        work = [self._work(row, before) for row, before in zip(sequence, places, strict=False)]
        breaks = self._breaks(sequence, places, work, loads)
        if breaks is None:
            return None
        worked_s = sum(work) + sum(one.service_s for one in vehicle.breaks)
        cost = COST_UNIT * vehicle.fixed + 5 * vehicle.per_task_hour * worked_s
        return Drive(cost + sum(self.prices[a][b] for a, b in legs), breaks)

    def _work(self, row: int, before: int | None) -> int:
        setup_s, service_s = self.work[row]
        return service_s + (0 if before == self.spots[row] else setup_s)

    def _loads(self, sequence: tuple[int, ...]) -> list[tuple[int, ...]] | None:
        """Return what is on board after the start and each task, ``None`` where that is ever too much."""
        jobs = [self.jobs[row] for row in sequence]
        load = tuple(
            sum(job.delivery[dim] for job in jobs if job.kind == "job") for dim in range(len(self.vehicle.capacity))
        )
        loads = [load]
        for job in jobs:
            load = tuple(now - out + back for now, out, back in zip(load, job.delivery, job.pickup, strict=True))
            loads.append(load)
        fits = all(found <= most for one in loads for found, most in zip(one, self.vehicle.capacity, strict=True))
        return loads if fits else None

    def _breaks(
        self,
        sequence: tuple[int, ...],
        places: Sequence[int | None],
        work: Sequence[int],
        loads: Sequence[Sequence[int]],
    ) -> tuple[int, ...] | None:
        """Return how many breaks come after the start and each task, so that all is in time; ``None`` if nothing is.

        ``clocks[b]`` is the earliest end of what was done so far with b breaks behind it.
        """
        breaks, (opens, closes) = self.vehicle.breaks, self.vehicle.window
        clocks: dict[int, int] = {0: opens}
        back: list[dict[int, int]] = []
        for number in range(len(sequence) + 1):
            here, there = places[number], places[number + 1]
            leg_s = 0 if here is None or there is None else self.seconds[here][there]
            arrivals: dict[int, tuple[int, int]] = {}
            for taken, clock in clocks.items():
                left_s, now = leg_s, clock
                for after in range(taken, len(breaks) + 1):
                    if now + left_s < arrivals.get(after, (now + left_s + 1, 0))[0]:
                        arrivals[after] = now + left_s, taken
                    if after == len(breaks) or not _may_rest(loads[number], breaks[after].max_load):
                        break
                    start = _earliest(now, breaks[after].windows)
                    if start is None:
                        break
                    left_s, now = max(0, left_s - (start - now)), start + breaks[after].service_s
            back.append({after: after - taken for after, (_, taken) in arrivals.items()})
            if number == len(sequence):
                arrival = arrivals.get(len(breaks))
                return self._counts(back) if arrival is not None and arrival[0] <= closes else None
            clocks = {}
            for after, (arrival_s, _) in arrivals.items():
                start = _earliest(arrival_s, self.jobs[sequence[number]].windows)
                if start is not None:
                    clocks[after] = start + work[number]
        raise AssertionError("the end of the route is always reached")

    def _counts(self, back: Sequence[dict[int, int]]) -> tuple[int, ...]:
        taken, counts = len(self.vehicle.breaks), []
        for chosen in reversed(back):
            counts.append(chosen[taken])
            taken -= chosen[taken]
        return tuple(reversed(counts))


def _earliest(clock: int, windows: Sequence[tuple[int, int]]) -> int | None:
    """Return when something may begin from ``clock`` on."""
    return next((max(clock, opens) for opens, closes in windows if clock <= closes), None)


def _may_rest(load: Sequence[int], most: Sequence[int] | None) -> bool:
    return most is None or all(found <= allowed for found, allowed in zip(load, most, strict=True))


class Search:
    """Ruin and recreate over sequences; a unit is a job, or both halves of a shipment."""

    def __init__(self, request: Request, seed: int) -> None:
        self.jobs, self.random = request.jobs, rng(seed)
        self.drivers = [Driver(request, vehicle) for vehicle in request.vehicles]
        partners = request.partners
        self.units = [
            (row,) if other < 0 else (other, row) for row, other in enumerate(partners) if other < 0 or row < other
        ]
        self.unit_of = {row: unit for unit in self.units for row in unit}

    def merit(self, plan: Sequences) -> tuple[int, int, int]:
        """Return what is to be as small as can be: priorities and tasks left out, then the cost."""
        rows = [row for sequence in plan for row in sequence]
        drives = [driver.drive(sequence) for driver, sequence in zip(self.drivers, plan, strict=True)]
        cost = sum(drive.cost for drive in drives if drive is not None)
        return -sum(self.jobs[row].priority for row in rows), -len(rows), cost

    def repaired(self, plan: Sequences) -> Sequences:
        """Return a plan whose routes may all be driven: they give back what costs least to leave out."""
        found = []
        for driver, sequence in zip(self.drivers, plan, strict=True):
            while driver.drive(sequence) is None:
                rests = [self._without(sequence, unit) for unit in self._units(sequence)]
                losses = [self._loss(driver, rest) for rest in rests]
                sequence = rests[losses.index(min(losses))]
            found.append(sequence)
        return found

    def _loss(self, driver: Driver, rest: tuple[int, ...]) -> tuple[bool, int, int]:
        """Return how bad a sequence is: not to be driven, without priorities, long."""
        seconds = sum(driver.seconds[driver.spots[a]][driver.spots[b]] for a, b in pairwise(rest))
        return driver.drive(rest) is None, -sum(self.jobs[row].priority for row in rest), seconds

    def _units(self, sequence: tuple[int, ...]) -> list[tuple[int, ...]]:
        return list(dict.fromkeys(self.unit_of[row] for row in sequence))

    def _without(self, sequence: tuple[int, ...], unit: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(row for row in sequence if row not in unit)

    def filled(self, plan: Sequences) -> Sequences:
        """Return a plan with everything inserted, in a random order, where it costs least."""
        plan = list(plan)
        served = {row for sequence in plan for row in sequence}
        out = [unit for unit in self.units if unit[0] not in served]
        order = self.random.permutation(len(out)).tolist()
        if self.random.random() < BY_PRIORITY:
            order.sort(key=lambda number: -self.jobs[out[number][0]].priority)
        for number in order:
            best: tuple[int, int, tuple[int, ...]] | None = None
            for row in self.random.permutation(len(self.drivers)).tolist():
                driver = self.drivers[row]
                if best is not None and self.random.random() < BLINK:
                    continue
                found = self._cheapest(driver, plan[row], out[number])
                if found is not None and (best is None or found[0] < best[0]):
                    best = found[0], row, found[1]
            if best is not None:
                plan[best[1]] = best[2]
        return plan

    def _cheapest(
        self, driver: Driver, sequence: tuple[int, ...], unit: tuple[int, ...]
    ) -> tuple[int, tuple[int, ...]] | None:
        before = driver.drive(sequence)
        assert before is not None
        best: tuple[int, tuple[int, ...]] | None = None
        for first in range(len(sequence) + 1):
            one = (*sequence[:first], unit[0], *sequence[first:])
            several = (
                [one]
                if len(unit) == 1
                else [(*one[:second], unit[1], *one[second:]) for second in range(first + 1, len(one) + 1)]
            )
            for candidate in several:
                drive = driver.drive(candidate)
                if drive is not None and (best is None or drive.cost - before.cost < best[0]):
                    best = drive.cost - before.cost, candidate
        return best

    def ruined(self, plan: Sequences) -> Sequences:
        """Return a plan without some units that are near each other, or without a route, or empty."""
        served = [unit for sequence in plan for unit in self._units(sequence)]
        if not served:
            return plan
        if len(served) <= FEW and self.random.random() < 0.1:
            return [()] * len(plan)
        if self.random.random() < 0.1:
            row = int(self.random.integers(len(plan)))
            return [() if number == row else sequence for number, sequence in enumerate(plan)]
        driver = self.drivers[0]
        seed = driver.spots[served[int(self.random.integers(len(served)))][0]]
        noise = self.random.uniform(0.5, 1.5, len(served))
        near = np.argsort([driver.seconds[seed][driver.spots[unit[0]]] for unit in served] * noise)
        gone = {row for number in near[: int(self.random.integers(1, RUINED + 1))] for row in served[int(number)]}
        return [tuple(row for row in sequence if row not in gone) for sequence in plan]

    def run(self, plan: Sequences, stop: Stop, iterations: int | None) -> Sequences:
        """Return the best plan found from one on; one somewhat dearer than the last may follow it."""
        now = best = self.filled(self.repaired(plan))
        done = 0
        while not stop() and done != iterations:
            done += 1
            trial = self.filled(self.repaired(self.ruined(now)))  # without a stop, the way round it may be longer
            priority, tasks, cost = self.merit(now)
            if self.merit(trial) < self.merit(best) or self.merit(trial) <= (
                priority,
                tasks,
                cost + int(cost * SLACK * self.random.random()),
            ):
                now = trial
            if self.merit(now) < self.merit(best):
                best = now
        return best

    def steps(self, plan: Sequences) -> list[tuple[Step, ...]]:
        """Return each vehicle's steps, breaks where they fit; none for a vehicle that stays."""
        found: list[tuple[Step, ...]] = []
        for driver, sequence in zip(self.drivers, plan, strict=True):
            drive = driver.drive(sequence)
            assert drive is not None
            if not sequence:
                found.append(())
                continue
            breaks = iter(driver.vehicle.breaks)
            steps = [Step(("start", 0))]
            for number, count in enumerate(drive.breaks):
                steps += [Step(next(breaks).key) for _ in range(count)]
                if number < len(sequence):
                    steps.append(Step(self.jobs[sequence[number]].key))
            found.append((*steps, Step(("end", 0))))
        return found


def strict_request(request: Request, plan: Sequences, stop: Stop, seed: int, iterations: int | None) -> Request:
    """Return the request with the best routes found as its vehicles' steps, ready to be timed as in plan mode."""
    search = Search(request, seed)
    steps = search.steps(search.run(plan, stop, iterations))
    vehicles = tuple(replace(vehicle, steps=own) for vehicle, own in zip(request.vehicles, steps, strict=True))
    return replace(request, vehicles=vehicles)
