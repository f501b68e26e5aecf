"""What a VROOM document says, validated, as plain values; seconds and metres are whole numbers as in the document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from data.errors import JalonError
from routing.compat.open_roads import Drives

I64 = NDArray[np.int64]
Span = tuple[int, int]
Key = tuple[str, int]
Work = tuple[int, int]
"""Seconds of setup and of service."""

TASKS = ("job", "pickup", "delivery")

INTERNAL, INPUT, ROUTING = 1, 2, 3
"""VROOM's codes, which are also its exit codes."""

_NAMES = {INTERNAL: "vroom_internal", INPUT: "vroom_input", ROUTING: "vroom_routing"}

FOREVER_S = 2**32 - 1
"""End of a time window that is not given: VROOM's times are 32 bits."""

DEFAULT_PER_HOUR = 3600
"""The price at which a route's cost is its duration in seconds."""


class VroomError(JalonError):
    """The document can't be solved; ``answer`` is what VROOM would print."""

    def __init__(self, code: int, message: str, where: str = "", action: str = "") -> None:
        super().__init__(_NAMES[code], message, where, action)
        self.exit_code = code

    def answer(self) -> dict[str, Any]:
        """Return the error as VROOM's JSON object."""
        return {"code": self.exit_code, "error": self.message}


@dataclass(frozen=True)
class Spot:
    """A location as given: a row of the matrices, coordinates ``(lon, lat)``, or both."""

    index: int | None = None
    lon_lat: tuple[float, float] | None = None

    @property
    def key(self) -> object:
        """What makes two spots the same one."""
        return self.lon_lat if self.index is None else self.index


@dataclass(frozen=True)
class Job:
    """A task; amounts have one entry per dimension of the capacities.

    ``kind`` is ``job``, or ``pickup`` or ``delivery`` for the two halves of a shipment: what one brings on board
    (``pickup``), the other takes off (``delivery``). ``work_by_type`` are the setup and service of vehicles of a type.
    """

    id: int
    spot: Spot
    description: str
    setup_s: int
    service_s: int
    delivery: tuple[int, ...]
    pickup: tuple[int, ...]
    skills: frozenset[int]
    priority: int
    windows: tuple[Span, ...]
    kind: str = "job"
    work_by_type: tuple[tuple[str, Work], ...] = ()

    @property
    def key(self) -> Key:
        """What tells tasks apart: ids are unique per kind."""
        return self.kind, self.id

    def work(self, vehicle: Vehicle) -> Work:
        """Return setup and service by a vehicle."""
        return dict(self.work_by_type).get(vehicle.type, (self.setup_s, self.service_s))


@dataclass(frozen=True)
class Break:
    """A mandatory break that starts inside one of its windows, with no more than ``max_load`` on board."""

    id: int
    description: str
    windows: tuple[Span, ...]
    service_s: int
    max_load: tuple[int, ...] | None = None

    @property
    def key(self) -> Key:
        """Its name among a vehicle's steps."""
        return "break", self.id


class Held(NamedTuple):
    """When a step's service may start where somebody insists (plan mode); None: nobody does."""

    at_s: int | None = None
    after_s: int | None = None
    before_s: int | None = None


class Step(NamedTuple):
    """A step of a route that is given: a task's or a break's key, or ``("start", 0)`` and ``("end", 0)``."""

    key: Key
    held: Held = Held()


@dataclass(frozen=True)
class Vehicle:
    """A vehicle; without ``start`` it begins at its first job, without ``end`` it stops at its last."""

    id: int
    description: str
    profile: str
    start: Spot | None
    end: Spot | None
    capacity: tuple[int, ...]
    skills: frozenset[int]
    window: Span
    breaks: tuple[Break, ...]
    fixed: int
    per_hour: int
    per_km: int
    speed_factor: float
    max_tasks: int | None
    steps: tuple[Step, ...]
    type: str = ""
    per_task_hour: int = 0
    max_travel_s: int | None = None
    max_distance_m: int | None = None

    @property
    def task_steps(self) -> list[Key]:
        """The tasks of the route that is given, in order."""
        return [step.key for step in self.steps if step.key[0] in TASKS]


@dataclass(frozen=True)
class Matrices:
    """One profile's matrices, int64 [L, L] each: seconds, metres, cost units; ``costs`` replaces both prices."""

    durations: I64
    distances: I64 | None = None
    costs: I64 | None = None


@dataclass(frozen=True)
class Request:
    """A whole document. ``spots`` are its distinct locations; the rows of every profile's matrices are in that order.

    ``jobs`` are its tasks: jobs, then as many deliveries as pickups, in their shipments' order.
    ``distances`` and ``geometry`` say whether the answer tells them, ``streets`` holds the drives between ``spots`` on
    a city's streets, by profile.
    """

    jobs: tuple[Job, ...]
    vehicles: tuple[Vehicle, ...]
    spots: tuple[Spot, ...]
    matrices: dict[str, Matrices]
    distances: bool
    geometry: bool
    streets: dict[str, Drives]

    @property
    def partners(self) -> list[int]:
        """Per task, the row of its shipment's other half, or -1."""
        shipments = sum(job.kind == "pickup" for job in self.jobs)
        first = len(self.jobs) - 2 * shipments
        return (
            [-1] * first
            + [row + shipments for row in range(first, first + shipments)]
            + [row for row in range(first, first + shipments)]
        )

    @property
    def place(self) -> dict[object, int]:
        """Row of the matrices by a spot's key."""
        return {spot.key: row for row, spot in enumerate(self.spots)}

    @property
    def dims(self) -> int:
        """Number of capacity dimensions."""
        return len(self.vehicles[0].capacity)
