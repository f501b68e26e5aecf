"""Beside the request path: the store's facts become a new snapshot every so often, and the desk quotes from it."""

from __future__ import annotations

import mmap
import pickle
import tempfile
import threading
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Protocol, Self

import msgspec

from data.companion import Companion
from data.errors import InputError, UnavailableError
from data.model.promise_state import StageCurve
from data.store import arrivals, hubs, legs, lives
from promise.desk import Desk
from promise.habits import TAIL_S
from promise.learn_legs import HISTORY_DAYS, lanes
from promise.odds import Watched
from promise.refresh_worker import Answer, Facts, OnAir
from promise.snapshot import Snapshot, local_day

AHEAD = timedelta(days=10)
PAST_S = 60 * 86_400
"""So far back lives teach what is usual."""
RETRY_S, LEAST_S = 1.0, 0.5
"""Seconds until it tries again, and between two snapshots whatever happens."""


class Watch(Protocol):
    """Looks after the promises given."""

    def watched(self) -> tuple[Watched, ...]:
        """Return the promises whose odds it wants."""
        ...

    def outages(self) -> dict[str, int]:
        """Return the hubs that stand still, each with the Unix second until which that is reckoned with."""
        ...

    def look(self, watched: Sequence[Watched], odds: Sequence[float | None]) -> None:
        """Take the odds in; raises ``JalonError`` where that has to be done again."""
        ...


class Refresher:
    """Keeps a desk's snapshot fresh from a thread that waits, and a process that computes.

    Parameters
    ----------
    tenant : str
        Whose hubs, lives and orders make the load: the carrier's.
    every_s : float
        Seconds between two snapshots, besides those that :meth:`wake` asks for.
    watch : Watch, optional
        Asked with every snapshot which promises to look at, and told how likely they are to be kept.

    Attributes
    ----------
    failures : int
        Snapshots that could not be made so far.
    last_error : Exception, optional
        Why the last one could not.
    """

    def __init__(self, desk: Desk, tenant: str, every_s: float = 30.0, watch: Watch | None = None) -> None:
        self.failures = 0
        self.last_error: Exception | None = None
        self._desk, self._tenant, self._every_s, self._watch = desk, tenant, every_s, watch
        self._folder = tempfile.TemporaryDirectory(prefix="jalon-snapshot-")
        self._arrays = Path(self._folder.name) / "arrays"
        self._worker = Companion("promise.refresh_worker", str(self._arrays))
        self._stopped, self._opened, self._learnt_on = False, 0, 0
        self._curves: tuple[StageCurve, ...] = ()
        self._wake, self._first, self._pause = threading.Event(), threading.Event(), threading.Event()
        desk.facts.changed = self.wake
        self._thread = threading.Thread(target=self._run, name="refresher", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Make a snapshot now, or as soon as the one being made is done."""
        self._wake.set()

    def wait(self, timeout_s: float) -> bool:
        """Return whether there was a first snapshot, or a first failure, within some seconds."""
        return self._first.wait(timeout_s)

    def close(self) -> None:
        """Stop."""
        self._stopped = True
        self._wake.set()
        self._pause.set()
        self._worker.end()
        self._thread.join()
        self._worker.end()
        self._folder.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def facts(self) -> Facts:
        """Return what the store knows by now, on top of the house's own state."""
        now, state, now_s = self._desk.now(), self._desk.state, self._desk.now_s
        with self._desk.database.read() as connection:
            known = hubs.of_tenant(connection, self._tenant)
            arrived = arrivals.by_hub(connection, self._tenant, int(state.at.timestamp()))
            near = lives.between(connection, self._tenant, now_s - TAIL_S, int((now + AHEAD).timestamp()))
            over = lives.between(connection, self._tenant, now_s - PAST_S, now_s - TAIL_S)
            on_air, past = (
                [OnAir(live=live, signals=lives.signals_of(connection, owner, live.id)) for owner, live in some]
                for some in (near, [one for one in over if one not in near])
            )
            new_day = local_day(now_s) != self._learnt_on
            driven = lanes(legs.since(connection, self._tenant, now_s - HISTORY_DAYS * 86_400)) if new_day else ()
        loads = []
        for load in state.hubs:
            stored = known.get(load.schedule.hub_id)
            loads.append(load.replace(schedule=stored.schedule) if stored and stored.schedule else load)
        state = state.replace(hubs=tuple(loads), curves=(*state.curves, *(() if new_day else self._curves)))
        facts = Facts(state=state, now_s=now_s, arrived=arrived, lives=tuple(on_air), past=tuple(past), driven=driven)
        if self._watch is None:
            return facts
        return facts.replace(watched=self._watch.watched(), outages=self._watch.outages())

    def _run(self) -> None:
        while not self._stopped:
            wait_s = self._every_s
            try:
                self._open_days()
                facts = self.facts()
                snapshot, odds = self._made(facts)
                self._desk.swap(snapshot)
                if self._watch is not None:
                    self._watch.look(facts.watched, odds)
                self.last_error = None
            except Exception as error:  # the store away too: quotes go on, and the next snapshot may do
                if not self._stopped:
                    self.failures, self.last_error, wait_s = self.failures + 1, error, min(RETRY_S, self._every_s)
            self._first.set()
            self._wake.wait(wait_s)
            self._wake.clear()
            self._pause.wait(LEAST_S)

    def _open_days(self) -> None:
        """Publish the room of a new day at the horizon's end, once a day."""
        today = self._desk.now().toordinal()
        if today != self._opened:
            self._desk.facts.publish_room(self._tenant)
            self._opened = today

    def _made(self, facts: Facts) -> tuple[Snapshot, list[float | None]]:
        """Return the worker's snapshot of some facts, and the odds asked for with them.

        The snapshot's arrays lie in a mapped file that has no name any more.
        """
        raw = self._worker.ask(msgspec.msgpack.encode(facts))
        if raw is None:
            raise UnavailableError("refresh_died", f"the refresh process ended ({self._worker.code})")
        answer = msgspec.msgpack.decode(raw, type=Answer)
        if answer.error:
            raise InputError(**answer.error)
        with self._arrays.open("rb") as arrays:
            whole = memoryview(mmap.mmap(arrays.fileno(), 0, access=mmap.ACCESS_READ))
        self._arrays.unlink()
        snapshot: Snapshot = pickle.loads(answer.head, buffers=[whole[begin:end] for begin, end in answer.spans])
        today = local_day(facts.now_s)
        if today != self._learnt_on:
            self._curves, self._learnt_on = tuple(answer.curves), today
        return snapshot, answer.odds
