"""Read an instance and the published solution next to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import vrplib

from data.errors import InputError, near_miss
from jalon.vrp.file import VrpFile
from jalon.vrp.instance import CONVENTIONS, Instance, Vehicle

KNOWN = (
    *("name", "comment", "type", "dimension", "edge_weight_type", "edge_weight_format", "node_coord", "edge_weight"),
    *("capacity", "demand", "depot", "service_time", "time_window", "vehicles", "vehicles_depot"),
    *("vehicles_fixed_cost", "vehicles_unit_distance_cost", "vehicles_max_duration", "mutually_exclusive_group"),
)


def read_instance(path: Path) -> Instance:
    """Return the instance of a VRPLIB or Solomon file, with the cost and routes of the ``.sol`` next to it.

    Raises
    ------
    InputError
        Unreadable or broken files, with ``file:line``; rules that are not known here.
    """
    file = VrpFile(path)
    for key in file.values:
        if key not in KNOWN:
            message, action = f"{key.upper()} is not known here", near_miss(key, KNOWN) or "give another instance"
            raise file.refuse("unknown_rule", message, key, action=action)
    family = str(file.need("type"))
    if family not in CONVENTIONS:
        message = f"TYPE {family} is none of {', '.join(CONVENTIONS)}"
        raise file.refuse("unknown_rule", message, "type", action="give another instance")
    count = _count(file)
    demand = file.column("demand", count)
    depots = _depots(file, count)
    windows = file.pairs("time_window", count) if "time_window" in file.values else None
    if windows is None and "vehicles_max_duration" in file.values:
        raise file.refuse("unknown_rule", "a longest duration needs TIME_WINDOW_SECTION here", "vehicles_max_duration")
    service = file.column("service_time", count) if "service_time" in file.values else (0,) * count
    coords, matrix = _distances(file, count)
    bks, known = _published(path.with_suffix(".sol"))
    instance = Instance(
        name=path.stem,
        family=family,
        depots=depots,
        demand=demand,
        vehicles=_vehicles(file, count, len(depots)),
        coords=coords,
        matrix=matrix,
        windows=windows,
        service=tuple(0 if at in depots else taken for at, taken in enumerate(service)) if windows else None,
        groups=_groups(file, depots, count),
        by_vehicle=any(isinstance(file.values.get(key), np.ndarray) for key in PER_VEHICLE),
        known=known,
        bks=bks,
    )
    _require_servable(file, instance)
    return instance


PER_VEHICLE = ("capacity", "vehicles_depot", "vehicles_fixed_cost", "vehicles_unit_distance_cost")


def _count(file: VrpFile) -> int:
    """Return the number of locations."""
    if file.solomon:
        return len(file.need("demand"))
    count = file.need("dimension")
    if not isinstance(count, int) or count < 1:
        raise file.refuse("not_a_number", f"DIMENSION {count!r} is no number of locations", "dimension")
    file.need("demand")
    return count


def _depots(file: VrpFile, count: int) -> tuple[int, ...]:
    depots = tuple(np.asarray(file.need("depot")).tolist())
    if not depots or not all(isinstance(depot, int) and 0 <= depot < count for depot in depots):
        raise file.refuse("wrong_reference", f"depots must be between 1 and {count}", "depot")
    return depots


def _distances(file: VrpFile, count: int) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Return coordinates, or a matrix where the file has another metric than the plane's."""
    metric = file.values.get("edge_weight_type", "EUC_2D")
    if metric == "EUC_2D":
        file.need("node_coord")
        return file.pairs("node_coord", count), ()
    if metric != "EXPLICIT":
        raise file.refuse("unknown_rule", f"{metric} is not known here", "edge_weight_type", action="EUC_2D, EXPLICIT")
    matrix = np.asarray(file.need("edge_weight"))
    if matrix.shape != (count, count):
        raise file.refuse("wrong_length", f"EDGE_WEIGHT is {matrix.shape}, not {count} x {count}", "edge_weight")
    return (), tuple(map(tuple, matrix.tolist()))


def _vehicles(file: VrpFile, count: int, depots: int) -> tuple[Vehicle, ...]:
    """Return every vehicle; as many as customers where the file doesn't say."""
    fleet = file.values.get("vehicles", count)
    if not isinstance(fleet, int) or fleet < 1:
        raise file.refuse("not_a_number", f"VEHICLES {fleet!r} is no number of vehicles", "vehicles")
    file.need("capacity")
    columns: list[tuple[Any, ...]] = [file.column("capacity", fleet)]
    for key, default in (("vehicles_depot", 1), ("vehicles_fixed_cost", 0), ("vehicles_unit_distance_cost", 1)):
        columns.append(file.column(key, fleet) if key in file.values else (default,) * fleet)
    for row, depot in enumerate(columns[1]):
        if depot not in range(1, depots + 1):
            raise file.refuse("wrong_reference", f"depot {depot} is none of {depots}", "vehicles_depot", row)
    limited = "vehicles_max_duration" in file.values
    columns.append(file.column("vehicles_max_duration", fleet) if limited else (None,) * fleet)
    return tuple(
        Vehicle(capacity=capacity, depot=depot - 1, fixed=fixed, unit=unit, longest=longest)
        for capacity, depot, fixed, unit, longest in zip(*columns)
    )


def _groups(file: VrpFile, depots: tuple[int, ...], count: int) -> tuple[tuple[int, ...], ...]:
    """Return the groups of customers of which exactly one is served, as locations that count from 0."""
    found: list[tuple[int, ...]] = []
    owner: dict[int, int] = {}
    for row, members in enumerate(file.values.get("mutually_exclusive_group", ())):
        group = tuple(np.atleast_1d(members).tolist())
        for member in group:
            if not isinstance(member, int) or not 1 <= member <= count or member - 1 in depots or member in owner:
                message = f"{member} is no customer that belongs to this group alone"
                raise file.refuse("wrong_reference", message, "mutually_exclusive_group", row)
            owner[member] = row
        found.append(tuple(member - 1 for member in group))
    return tuple(found)


def _require_servable(file: VrpFile, instance: Instance) -> None:
    """Refuse demands no vehicle can carry and windows that close before they open."""
    largest = max(vehicle.capacity for vehicle in instance.vehicles)
    for row, demand in enumerate(instance.demand):
        if not isinstance(demand, int) or not 0 <= demand <= largest:
            raise file.refuse("unservable", f"demand {demand} is no integer between 0 and {largest}", "demand", row)
    for row, (opens, closes) in enumerate(instance.windows or ()):
        if opens > closes:
            raise file.refuse("unservable", f"the window closes at {closes}, before {opens}", "time_window", row)


def _published(path: Path) -> tuple[float | None, tuple[tuple[int, ...], ...]]:
    """Return cost and routes of a published solution, nothing where there is none."""
    if not path.exists():
        return None, ()
    try:
        solution = vrplib.read_solution(path)
        return float(solution["cost"]), tuple(map(tuple, solution["routes"]))
    except (OSError, ValueError, KeyError, UnicodeDecodeError) as error:
        message = f"not a solution with routes and a cost: {error}"
        raise InputError("not_a_solution", message, str(path), "repair it, or take it away") from None
