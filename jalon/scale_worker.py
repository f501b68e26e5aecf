"""The part of :mod:`jalon.scale` that is run in worker processes: one task at a time, told to stop from outside."""

from __future__ import annotations

import os
import secrets
import threading
import zlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import msgspec
from distributed import Worker, get_client, get_worker, wait, worker_client
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


@dataclass(frozen=True)
class _OverCluster:
    """Has the parts of a run done by all workers, this one included: it is free while it waits for them."""

    name: str

    @property
    def lanes(self) -> int:
        """Threads of all workers."""
        threads: dict[str, int] = get_client().nthreads()  # type: ignore[no-untyped-call]
        return sum(threads.values())

    def __call__(self, tasks: Sequence[Task], stop: Stop) -> list[bytes]:
        """Return what the tasks come to; a lost worker loses the run."""
        names = [f"{self.name}/{secrets.token_hex(4)}" for _ in tasks]
        with worker_client() as client:
            packed = [msgspec.msgpack.encode(task) for task in tasks]
            waiting = client.map(_part, names, packed, key=names, pure=False, retries=0)
            asked = False
            while any(not each.done() for each in waiting):
                if stop.flag.is_set() and not asked:
                    client.run(_ask_all_to_stop, names)
                    asked = True
                with suppress(TimeoutError):
                    wait(waiting, timeout=LOOK_S)  # type: ignore[no-untyped-call]
            answers: list[bytes | Fault] = client.gather(waiting)
            if asked:
                client.run(_forget, names)
        for answer in answers:
            if isinstance(answer, Fault):
                raise answer.error()
        return [answer for answer in answers if isinstance(answer, bytes)]


def _part(name: str, raw: bytes) -> bytes | Fault:
    """Perform a part of a run that another worker waits for; nobody is told of it."""
    _be_nice()
    run, task = _runs.setdefault(name, _Run()), msgspec.msgpack.decode(raw, type=Task)
    try:
        return perform(task, Stop(task.budget_s, flag=run.flag), lambda step, content: None)
    except JalonError as error:
        return Fault.of(error)
    finally:
        _runs.pop(name, None)


def _ask_all_to_stop(names: Sequence[str]) -> None:
    for name in names:
        ask_to_stop(name)


def _forget(names: Sequence[str]) -> None:
    """Drop the flags of parts that were asked to stop where they never were."""
    for name in names:
        _runs.pop(name, None)


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
