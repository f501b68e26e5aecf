"""From a VROOM request to a :class:`routing.problem.Problem`, with VROOM's objective kept exact.

VROOM looks first at the sum of the priorities served, then at the number of tasks, then at the cost, in which service
doesn't count. So a leg's whole cost goes where the kernels expect metres (service and waiting are free), in the
coarsest unit in which every leg is a whole number; a task left out costs more than any route, a point of priority
more than all tasks.

Times may be Unix seconds: the day axis begins shortly before the first window, since for the kernels 1e9 s is forever.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from routing.compat.vroom_fields import refusal
from routing.compat.vroom_values import I64, Job, Matrices, Request, Vehicle, Work
from routing.problem import COST_PER_CENT, FAR_FUTURE_S, INF_TRAVEL_S, NO_LOCATION, Problem, Tables, no_extras

COST_UNIT = 18_000
"""In 1/18000 of VROOM's cost, a second costs ``5 * per_hour`` and a metre ``18 * per_km``."""

FACTOR = 100
"""VROOM counts a speed factor in hundredths of a second per second."""

MAX_LEG = 2_000_000_000
MAX_SUM = 1 << 61
"""Half of what the kernels take for infeasible."""


@dataclass(frozen=True)
class Prices:
    """Costs inside: a leg is an int32 number of units, a unit is ``per_unit`` of the kernels' cost.

    ``unit`` is how many :data:`COST_UNIT` make one; ``penalty`` [N] and ``fixed`` [V] are in the kernels' cost.
    """

    unit: int
    per_unit: int
    penalty: I64
    fixed: I64

    def vroom_cost(self, cost: int) -> int:
        """Return a kernels' cost in VROOM's unit, rounded."""
        return round(cost * self.unit / self.per_unit / COST_UNIT)


def class_keys(vehicles: Sequence[Vehicle]) -> list[tuple[str, float, int, int]]:
    """Return, per vehicle, what makes its legs last and cost what they do."""
    return [(vehicle.profile, vehicle.speed_factor, vehicle.per_hour, vehicle.per_km) for vehicle in vehicles]


def scaled_s(durations: I64, speed_factor: float) -> I64:
    """Return durations at a speed factor, rounded up: what fits our whole seconds fits VROOM's hundredths too."""
    percent = math.floor(FACTOR / speed_factor + 0.5)
    return np.where(
        durations >= INF_TRAVEL_S, INF_TRAVEL_S, np.minimum(-(-durations * percent // FACTOR), INF_TRAVEL_S)
    )


def build_problem(request: Request) -> tuple[Problem, Prices, int]:
    """Return the problem, its prices, and the second of the document's clock at which the day axis begins.

    Raises
    ------
    VroomError
        Code 2 where costs would overflow or time windows lie more than 31 years apart.
    """
    keys = list(dict.fromkeys(class_keys(request.vehicles)))
    seconds = np.stack([scaled_s(request.matrices[key[0]].durations, key[1]) for key in keys])
    reachable = seconds < INF_TRAVEL_S
    cost = np.stack([_leg_cost(request.matrices[key[0]], seconds[row], key[2], key[3]) for row, key in enumerate(keys)])
    legs, unit = _leg_units(np.where(reachable, cost, 0), keys, request)
    prices = _prices(legs, unit, request)
    base_s = _base_s(request, int(seconds[reachable].max(initial=0)))
    tables = _tables(request, keys, seconds, legs, prices, base_s)
    problem = Problem(
        tables=tables,
        epoch_at=datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=base_s),
        order_ids=tuple(str(job.id) for job in request.jobs),
        vehicle_ids=tuple(str(vehicle.id) for vehicle in request.vehicles),
        location_names=(*(str(spot.key) for spot in request.spots), *(["anywhere"] * _has_anywhere(request))),
    )
    return problem, prices, base_s


def _has_anywhere(request: Request) -> bool:
    """Whether a vehicle without start needs the extra location from which every place is 0 s away."""
    return any(vehicle.start is None for vehicle in request.vehicles)


def _leg_cost(matrices: Matrices, seconds: I64, per_hour: int, per_km: int) -> I64:
    """Return what each leg costs in 1/:data:`COST_UNIT`."""
    if matrices.costs is not None:
        return matrices.costs * COST_UNIT
    metres = matrices.distances if matrices.distances is not None else np.zeros_like(seconds)
    reachable = seconds < INF_TRAVEL_S
    most = 5 * per_hour * int(seconds[reachable].max(initial=0)) + 18 * per_km * int(metres[reachable].max(initial=0))
    if most >= MAX_SUM:
        raise refusal("Too high cost values, stopping to avoid overflowing.", "#/vehicles")
    return np.where(reachable, 5 * per_hour * seconds + 18 * per_km * metres, 0)


def _leg_units(cost: I64, keys: Sequence[tuple[str, float, int, int]], request: Request) -> tuple[I64, int]:
    """Return legs in the coarsest exact unit, and that unit; where a leg exceeds 31 bits, in a coarser, rounded one."""
    prices = [0 if request.matrices[key[0]].costs is not None else 5 * key[2] for key in keys]
    prices += [0 if request.matrices[key[0]].costs is not None else 18 * key[3] for key in keys]
    prices += [COST_UNIT for key in keys if request.matrices[key[0]].costs is not None]
    prices += [COST_UNIT * vehicle.fixed for vehicle in request.vehicles]
    unit = math.gcd(*prices) or COST_UNIT
    longest = int(cost.max(initial=0)) // unit
    if longest <= MAX_LEG:
        return cost // unit, unit
    unit *= -(-longest // MAX_LEG)
    return (cost + unit // 2) // unit, unit


def _prices(legs: I64, unit: int, request: Request) -> Prices:
    """Return penalties so high that no route is worth a task and no tasks are worth a point of priority.

    A unit is worth as much as lets the sum of all penalties stay in 62 bits, but at most what makes VROOM's unit a
    cent. If even that is too little to exceed the cost of *all* routes, penalties still exceed any single detour.
    """
    jobs = request.jobs
    shared = math.gcd(*(job.priority for job in jobs)) or 1
    weight = [job.priority // shared * (len(jobs) + 1) + 1 for job in jobs]
    for row, partner in enumerate(request.partners):
        if partner > row:  # VROOM counts both tasks of a shipment; a pair's penalty is its delivery's
            weight[row], weight[partner] = weight[row] + weight[partner], 0
    fixed = [vehicle.fixed * COST_UNIT // unit for vehicle in request.vehicles]
    longest = int(legs.max(initial=0))
    detour = 3 * longest + max(fixed) + 1
    per_unit = min(COST_PER_CENT * unit // COST_UNIT, MAX_SUM // (sum(weight) * detour))
    if per_unit < 1:
        raise refusal("Too high cost values, stopping to avoid overflowing.", "#")
    everything = 2 * len(jobs) * longest + sum(fixed) + 1
    most = min(everything, MAX_SUM // (sum(weight) * per_unit))
    return Prices(
        unit=unit,
        per_unit=per_unit,
        penalty=np.array([each * most * per_unit for each in weight], dtype=np.int64),
        fixed=np.array(fixed, dtype=np.int64) * per_unit,
    )


def _base_s(request: Request, longest_leg_s: int) -> int:
    """Return where the day axis may begin so that whatever is done before the first window still lies on it."""
    breaks = [one for vehicle in request.vehicles for one in vehicle.breaks]
    spans = [span for job in request.jobs for span in job.windows]
    spans += [vehicle.window for vehicle in request.vehicles] + [one.windows[0] for one in breaks]
    first_s, last_s = min(start or end for start, end in spans), max(start for start, _ in spans)
    work_s = sum(sum(_longest_work(job, request.vehicles)) for job in request.jobs) + sum(
        one.service_s for one in breaks
    )
    work_s += (len(request.jobs) + len(request.vehicles)) * longest_leg_s
    base_s = max(0, min(first_s, last_s) - min(work_s, FAR_FUTURE_S // 2))
    if last_s - base_s >= FAR_FUTURE_S:
        message = f"time windows begin or end at {first_s} s and begin at {last_s} s, more than 31 years apart"
        raise refusal(f"{message}: are some Unix times and others relative?", "#")
    return base_s


def _tables(
    request: Request,
    keys: list[tuple[str, float, int, int]],
    seconds: I64,
    legs: I64,
    prices: Prices,
    base_s: int,
) -> Tables:
    jobs, vehicles = request.jobs, request.vehicles
    place = request.place
    locations = len(place) + _has_anywhere(request)
    duration = np.full((len(keys), locations, locations), INF_TRAVEL_S, dtype=np.int32)
    distance = np.zeros_like(duration)
    duration[:, len(place) :, :] = 0
    duration[:, : len(place), : len(place)] = seconds
    distance[:, : len(place), : len(place)] = legs
    windows = [(_since(base_s, opens), _since(base_s, closes)) for job in jobs for opens, closes in job.windows]
    last = np.cumsum([len(job.windows) for job in jobs])
    first = last - [len(job.windows) for job in jobs]
    classes = np.arange(len(keys) + 1, dtype=np.int64)
    load, capacity = _loads(jobs, vehicles)
    breaks = [one for vehicle in vehicles for one in vehicle.breaks]
    work = [_longest_work(job, vehicles) for job in jobs]
    zeros = np.zeros(len(jobs), dtype=np.int64)
    nothing = np.zeros(0, dtype=np.int64)
    tables = Tables(
        duration_s=duration,
        distance_m=distance,
        slice_ptr=classes,
        slice_end_s=np.full(len(keys), FAR_FUTURE_S, dtype=np.int64),
        slice_profile=classes[:-1].copy(),
        slice_safe=classes[:-1].copy(),
        slice_stretch=classes[1:].copy(),
        closed_loc=np.zeros((len(keys), locations), dtype=np.uint8),
        opt_ptr=np.arange(len(jobs) + 1, dtype=np.int64),
        opt_order=np.arange(len(jobs), dtype=np.int64),
        opt_loc=_column([place[job.spot.key] for job in jobs]),
        opt_service_s=_column([service_s for _, service_s in work]),
        opt_setup_s=_column([setup_s for setup_s, _ in work]),
        opt_cost=zeros,
        win_first=np.tile(first.astype(np.int64), (len(keys), 1)),
        win_last=np.tile(last.astype(np.int64), (len(keys), 1)),
        win_open=_column([opens for opens, _ in windows]),
        win_close=_column([closes for _, closes in windows]),
        win_arrive=np.full(len(windows), -FAR_FUTURE_S, dtype=np.int64),
        res_ptr=np.zeros(len(jobs) + 1, dtype=np.int64),
        res_row=nothing,
        res_amount=nothing,
        res_cap=nothing,
        load=load,
        pickup=_pickups(jobs, load.shape[1]),
        penalty=prices.penalty,
        release_s=zeros,
        partner=np.array(request.partners, dtype=np.int64),
        kinds=np.zeros((len(jobs), 0), dtype=np.uint8),
        apart=np.zeros((0, 0), dtype=np.uint8),
        veh_class=_column([keys.index(key) for key in class_keys(vehicles)]),
        veh_start=_column([len(place) if one.start is None else place[one.start.key] for one in vehicles]),
        veh_end=_column([NO_LOCATION if one.end is None else place[one.end.key] for one in vehicles]),
        veh_open_s=_column([_since(base_s, one.window[0]) for one in vehicles]),
        veh_close_s=_column([_since(base_s, one.window[1]) for one in vehicles]),
        veh_cap=capacity,
        veh_cost=np.column_stack([prices.fixed, np.full(len(vehicles), prices.per_unit), np.zeros_like(prices.fixed)]),
        brk_ptr=np.cumsum([0, *(len(vehicle.breaks) for vehicle in vehicles)], dtype=np.int64),
        brk_open=_column([_since(base_s, one.windows[0][0]) for one in breaks]),
        brk_close=_column([_since(base_s, one.windows[0][1]) for one in breaks]),
        brk_duration=_column([one.service_s for one in breaks]),
        brk_due=np.full(len(breaks), -FAR_FUTURE_S, dtype=np.int64),
        allowed=np.array([[job.skills <= one.skills for job in jobs] for one in vehicles], dtype=np.uint8),
    )
    return _with_limits(tables, request, keys)


def _with_limits(tables: Tables, request: Request, keys: list[tuple[str, float, int, int]]) -> Tables:
    """Return tables that know for how long and how far a vehicle may drive, if any has such a limit."""
    limits = [(vehicle.max_travel_s, vehicle.max_distance_m) for vehicle in request.vehicles]
    if all(limit is None for pair in limits for limit in pair):
        return tables
    metres = np.zeros_like(tables.duration_s)
    for row, key in enumerate(keys):
        distances = request.matrices[key[0]].distances
        if distances is not None:
            metres[row, : len(request.spots), : len(request.spots)] = np.minimum(distances, INF_TRAVEL_S)
    most = [[MAX_SUM if limit is None else min(limit, MAX_SUM) for limit in pair] for pair in limits]
    extras = no_extras(tables)._replace(most=np.array(most, dtype=np.int64), length_m=metres)
    return tables._replace(extras=extras)


def _longest_work(job: Job, vehicles: Sequence[Vehicle]) -> Work:
    """Return the longest setup and service of a task by any of the vehicles."""
    setups, services = zip(*{job.work(vehicle) for vehicle in vehicles}, strict=True)
    return max(setups), max(services)


def _column(values: Sequence[int]) -> I64:
    return np.array(values, dtype=np.int64)


def _since(base_s: int, clock_s: int) -> int:
    """Return a second of the document's clock on the day axis."""
    return min(max(0, clock_s - base_s), FAR_FUTURE_S)


def _loads(jobs: Sequence[Job], vehicles: Sequence[Vehicle]) -> tuple[I64, I64]:
    """Return deliveries [N, D + 1] and capacities [V, D + 1]; the last dimension counts tasks, for ``max_tasks``."""
    most = [len(jobs) if vehicle.max_tasks is None else vehicle.max_tasks for vehicle in vehicles]
    load = [(*(job.delivery if job.kind == "job" else [0] * len(job.delivery)), 1) for job in jobs]
    capacity = [(*vehicle.capacity, most[row]) for row, vehicle in enumerate(vehicles)]
    return np.array(load, dtype=np.int64), np.array(capacity, dtype=np.int64)


def _pickups(jobs: Sequence[Job], dims: int) -> I64:
    pickup = np.zeros((len(jobs), dims), dtype=np.int64)
    for row, job in enumerate(jobs):
        pickup[row, : len(job.pickup)] = job.pickup
        if job.kind == "delivery":  # it was not on board from the start
            pickup[row, : len(job.delivery)] -= np.array(job.delivery, dtype=np.int64)
    return pickup
