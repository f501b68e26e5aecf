"""A VROOM document in a worker process."""

from __future__ import annotations

from dataclasses import asdict

import msgspec

from data.model.city import City
from data.model.job import Step
from routing.compat.vroom import solve_vroom
from routing.job import Settings, default_engines
from routing.solver.stop import Stop
from routing.task import Task, Told


def vroom(task: Task, city: City | None, stop: Stop, told: Told) -> bytes:
    """Return VROOM's answer to the document in ``task.body``, its error where that is wrong."""
    answer = solve_vroom(
        msgspec.json.decode(task.body, type=dict),
        city,
        stop,
        default_engines(Settings(seed=task.seed, threads=task.threads, iterations=task.iterations)),
        lambda progress, _: told(Step(**asdict(progress)), None),
        seed=task.seed,
        iterations=task.iterations,
    )
    return msgspec.json.encode(answer)
