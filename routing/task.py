"""What is handed to a worker process, and what it tells while it works."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from msgspec import Meta

from data.model.base import Instant, Value
from data.model.change import ChangePrices
from data.model.job import Step
from data.model.plan import Plan, Tour
from data.model.request import OrderBook, PlanRequest, VehicleStatus
from data.model.traffic import LEAST_FACTOR


class Driving(Value):
    """What a day's driving is like beside the city's own speeds by the hour; ``weather`` is a share of those.

    ``speeds`` are measured ones as OSRM's CSV, ``incidents`` GeoJSON, see :mod:`data.sources.traffic`.
    """

    weather: Annotated[float, Meta(ge=LEAST_FACTOR, le=1.0)] = 1.0
    speeds: str = ""
    incidents: str = ""


class Task(Value):
    """One piece of work for one worker process.

    Attributes
    ----------
    kind : str
        Names what is done with ``body``, see :data:`routing.work.KINDS`.
    body : bytes
        The input as JSON: a ``PlanRequest`` to plan, a :class:`ReplanBody` to re-plan.
    city : str
        Path of the ``.city`` file; empty: the work needs none.
    budget_s : float
        Seconds of search, counted from when a worker begins; what is left of them where a caller waits.
    threads : int
        Searches side by side.
    iterations : int, optional
        Each search ends after so many: the same seed then gives the same answer on any machine.
    """

    kind: str
    body: bytes
    city: str = ""
    budget_s: float = 10.0
    seed: int = 1
    threads: int = 1
    iterations: int | None = None
    driving: Driving = Driving()


class ReplanBody(Value):
    """The input of a re-plan: the plan in force, what comes new, what has happened, what changes may cost."""

    plan: Plan
    burst: OrderBook
    statuses: tuple[VehicleStatus, ...] = ()
    freeze_before: Instant | None = None
    prices: ChangePrices | None = None


class BorderBody(Value):
    """Two hubs of a day to be planned on together, see :mod:`routing.borders`."""

    request: PlanRequest
    tours: tuple[Tour, ...]


Told = Callable[[Step, bytes | None], None]
"""Hears of every better solution; with the bytes, of a complete result that may be kept if all ends here."""
