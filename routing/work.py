"""What a worker process does: one function per kind of task. Nothing here opens the store."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path

from data.cityfile import read_city
from data.model.city import City
from routing import work_plans
from routing.compat.vroom_work import vroom
from routing.large import Spread
from routing.solver.stop import Stop
from routing.task import Task, Told
from routing.work_matrix import matrix

CITIES_OPEN = 4
"""Cities a worker keeps open; they are mapped files, so each costs little that is not used."""

Kind = Callable[[Task, City | None, Stop, Told], bytes]
KINDS: Mapping[str, Kind] = {
    "plan": work_plans.plan,
    "part": work_plans.part,
    "border": work_plans.border,
    "replan": work_plans.replan,
    "vroom": vroom,
    "matrix": matrix,
}


def perform(task: Task, stop: Stop, told: Told, spread: Spread | None = None) -> bytes:
    """Return the result of a task, as JSON.

    Parameters
    ----------
    stop : Stop
        The task's budget, begun now; its flag may be set from another thread to end the search with the best so far.
    told : callable
        Hears of every better solution while it searches.
    spread : callable, optional
        Has the parts of a large day done by other workers; without, they are done here.

    Raises
    ------
    JalonError
        What is wrong with the input; pointers count from the body.
    """
    city = _city(task.city, Path(task.city).stat().st_mtime_ns) if task.city else None
    if task.kind == "plan":
        return work_plans.plan(task, city, stop, told, spread)
    return KINDS[task.kind](task, city, stop, told)


@lru_cache(CITIES_OPEN)
def _city(path: str, _changed_ns: int) -> City:
    return read_city(Path(path))
