"""The part of :mod:`jalon.scale` that is run in worker processes: one task at a time, told to stop from outside."""

from __future__ import annotations

import os
import secrets
import threading
import zlib
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import msgspec
from distributed import Worker, get_client, get_worker, secede, wait
from distributed.diagnostics.plugin import WorkerPlugin

from data.clock import elapsed_s
from data.errors import JalonError
from data.model.job import Fault, Step
from routing.solver.stop import Stop
from routing.task import Task
from routing.warm import warm_kernels
from routing.work import perform

LOOK_S = 0.2
"""Seconds between two looks whether a run whose parts are elsewhere is to stop."""
TELL_S = 0.5
"""Seconds between two tellings of how a search goes."""
NICE = 5
"""Searches leave the processor to whoever answers requests."""


class Ready(WorkerPlugin):
    """Loads the kernels, or compiles them, before a worker is given anything to do."""

    name = "jalon-ready"

    def setup(self, worker: Worker) -> None:
        """Do so as the worker joins."""
        warm_kernels()


@dataclass
class _Run:
    """One run: its stop flag, and its best so far (packed), until that is taken."""

    flag: threading.Event = field(default_factory=threading.Event)
    best: bytes | None = None


_runs: dict[str, _Run] = {}
_over: deque[str] = deque(maxlen=100)
"""Runs whose parts nobody waits for any more, the last ones."""


def solve(name: str, topic: str, raw: bytes) -> bytes | Fault:
    """Perform a task, packed by msgpack; return its result, or what is wrong with its input.

    What it finds on the way is told as events of a topic: which run, where, how far, whether it has a new best.
    """
    _be_nice()
    run, worker = _runs.setdefault(name, _Run()), get_worker()
    task = msgspec.msgpack.decode(raw, type=Task)
    told_s = -TELL_S

    def told(step: Step, content: bytes | None) -> None:
        nonlocal told_s
        if content is not None:
            run.best = zlib.compress(content, 1)
        if content is not None or elapsed_s() - told_s >= TELL_S:
            told_s = elapsed_s()
            found = {"run": name, "at": worker.address, "step": msgspec.json.encode(step), "best": content is not None}
            worker.log_event(topic, found)

    try:
        return perform(task, Stop(task.budget_s, flag=run.flag), told, _OverCluster(name))
    except JalonError as error:
        return Fault.of(error)
    finally:
        del _runs[name]


@dataclass
class _OverCluster:
    """Has the parts of a run done by all workers, this one included: it is free while it waits for them."""

    name: str
    seceded: bool = False

    @property
    def lanes(self) -> int:
        """Threads of all workers."""
        threads: dict[str, int] = get_client().nthreads()  # type: ignore[no-untyped-call]
        return sum(threads.values())

    def __call__(self, tasks: Sequence[Task], stop: Stop, heard: Callable[[int, bytes], None]) -> None:
        """Hand on what the tasks come to; a lost worker loses the run. Asked to stop, it waits for none of them."""
        if not self.seceded:
            secede()  # type: ignore[no-untyped-call]  # for good: to come back is to wait for a part at work
            self.seceded = True
        client: Any = get_client()
        names = [f"{self.name}/{secrets.token_hex(4)}" for _ in tasks]
        packed = [msgspec.msgpack.encode(task) for task in tasks]
        waiting = dict(enumerate(client.map(_part, names, packed, key=names, pure=False, retries=0)))
        del packed
        while waiting:
            if stop.flag.is_set():
                client.run(_end_parts, self.name)
                return
            for row in [row for row, each in waiting.items() if each.done()]:
                answer: bytes | Fault = waiting.pop(row).result()
                if isinstance(answer, Fault):
                    raise answer.error()
                heard(row, answer)
            if waiting:
                with suppress(TimeoutError):
                    wait(list(waiting.values()), timeout=LOOK_S, return_when="FIRST_COMPLETED")  # type: ignore[no-untyped-call]


def _part(name: str, raw: bytes) -> bytes | Fault:
    """Perform a part of a run that another worker waits for; nobody is told of it."""
    _be_nice()
    run, task = _runs.setdefault(name, _Run()), msgspec.msgpack.decode(raw, type=Task)
    if name.partition("/")[0] in _over:
        run.flag.set()
    try:
        return perform(task, Stop(task.budget_s, flag=run.flag), lambda step, content: None)
    except JalonError as error:
        return Fault.of(error)
    finally:
        del _runs[name]


def _end_parts(name: str) -> None:
    """Ask the parts of a run to stop, also those that have not begun: some may still be on their way here."""
    _over.append(name)
    for part in [each for each in _runs if each.startswith(f"{name}/")]:
        _runs[part].flag.set()


def ask_to_stop(name: str) -> None:
    """Set a run's flag, also ahead of its beginning."""
    _runs.setdefault(name, _Run()).flag.set()


def take_best(name: str) -> bytes | None:
    """Return a run's best so far, packed, if that hasn't been taken yet."""
    run = _runs.get(name)
    if run is None:
        return None
    best, run.best = run.best, None
    return best


def _be_nice() -> None:
    if os.getpriority(os.PRIO_PROCESS, 0) < NICE:
        os.setpriority(os.PRIO_PROCESS, 0, NICE)
