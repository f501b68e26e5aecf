"""Jobs: each run of one has a token of its own, and what is told under an older one is refused.

A worker process may be lost at any time, and the server with it. Whoever runs a job again raises its token in the
transaction that says so; from then on nothing the run before may still tell gets in. Tasks and results come packed, and
are nothing but bytes here.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Connection, Table, delete, insert, select, update

from data.clock import PARIS
from data.model.job import UNFINISHED, Fault, Job, JobEvent, JobEventKind, JobState, Step
from data.model.reservation import Key, Owner
from data.store import rows
from data.store.tables_jobs import job_events, jobs

EVENTS_KEPT = 200
"""Of each job; who follows from further back begins with the oldest of these."""
_OPEN = [jobs.c[name] for name in ("id", "tenant", "shipper", "state", "token", "runner", "losses", "stopping")]
_SHOWN: list[ColumnElement[Any]] = [one for one in jobs.c if one.name not in ("task", "result")]
_SHOWN.append(jobs.c.result.is_not(None).label("kept"))


class Run(NamedTuple):
    """One try of a job."""

    token: int
    task: bytes


class Open(NamedTuple):
    """A job that hasn't ended; ``runner`` is the server that runs it, ``stopping`` whether it was asked to stop."""

    key: Key
    state: JobState
    token: int
    runner: int
    losses: int
    stopping: bool


class Ended(NamedTuple):
    """How a job has ended; with a plan, nothing else is kept of its result."""

    state: JobState
    result: bytes | None = None
    plan_id: str = ""
    fault: Fault | None = None


def add(connection: Connection, owner: Owner, job_id: str, kind: str, task: bytes, now_s: int) -> None:
    """Queue a job."""
    row = {"id": job_id, "kind": kind, "state": JobState.QUEUED, "token": 0, "attempts": 0, "losses": 0}
    row |= {"events": 0, "runner": 0, "stopping": False, "task": task, "plan_id": ""}
    row |= {"created_s": now_s, "changed_s": now_s}
    connection.execute(insert(jobs), row | owner._asdict())


def begin(connection: Connection, key: Key, runner: int, now_s: int) -> Run | None:
    """Begin a queued job's next run; ``None`` where it isn't queued any more, or is to be stopped."""
    new = {"state": JobState.RUNNING, "token": jobs.c.token + 1, "attempts": jobs.c.attempts + 1}
    new |= {"runner": runner, "changed_s": now_s}
    queued = _is(key) & (jobs.c.state == JobState.QUEUED) & ~jobs.c.stopping
    row = connection.execute(update(jobs).where(queued).values(new).returning(jobs.c.token, jobs.c.task)).one_or_none()
    return None if row is None else Run(row.token, row.task)


def keep(connection: Connection, key: Key, token: int, step: Step, best: bytes | None, now_s: int) -> bool:
    """Keep how far a run is and, where there is one, its best so far; return whether it still is the job's run."""
    told = msgspec.json.encode(step).decode()
    new: dict[str, Any] = {"progress": told, "changed_s": now_s}
    if best is not None:
        new["result"] = best
    kind = JobEventKind.PROGRESS if best is None else JobEventKind.IMPROVED
    return _told(connection, key, token, new, kind, told)


def lose(connection: Connection, key: Key, token: int, by_worker: bool, now_s: int) -> Open | None:
    """Queue the job of a run that is lost, with a token that no run knows; ``None``: not the job's run any more.

    Parameters
    ----------
    by_worker : bool
        Whether its worker process has ended; else the server has, which doesn't count.
    """
    new = {"state": JobState.QUEUED, "token": jobs.c.token + 1, "losses": jobs.c.losses + int(by_worker)}
    lost = update(jobs).where(_fence(key, token)).values(new | {"changed_s": now_s}).returning(*_OPEN)
    row = connection.execute(lost).one_or_none()
    return None if row is None else _open(row)


def end(connection: Connection, key: Key, token: int, ended: Ended, now_s: int) -> bool:
    """End a job; return whether the token still was its own.

    What it was asked is dropped. Without a result or a plan, the best so far stays.
    """
    new: dict[str, Any] = {"state": ended.state, "task": None, "plan_id": ended.plan_id, "changed_s": now_s}
    if ended.fault is not None:
        new["fault"] = msgspec.json.encode(ended.fault).decode()
    if ended.result is not None or ended.plan_id:
        new["result"] = None if ended.plan_id else ended.result
    told = {"status": ended.state, "plan_id": ended.plan_id}
    return _told(connection, key, token, new, JobEventKind.DONE, msgspec.json.encode(told).decode())


def ask_to_stop(connection: Connection, key: Key) -> Open | None:
    """Mark a job that hasn't ended as to be stopped; ``None`` where it has."""
    asked = update(jobs).where(_is(key), jobs.c.state.in_(UNFINISHED)).values(stopping=True).returning(*_OPEN)
    row = connection.execute(asked).one_or_none()
    return None if row is None else _open(row)


def unfinished(connection: Connection) -> list[Open]:
    """Return the jobs of all owners that haven't ended, the oldest first."""
    wanted = select(*_OPEN).where(jobs.c.state.in_(UNFINISHED)).order_by(jobs.c.id)
    return [_open(row) for row in connection.execute(wanted)]


def load(connection: Connection, key: Key) -> Job | None:
    """Return a job as it stands."""
    row = connection.execute(select(*_SHOWN).where(_is(key))).one_or_none()
    return None if row is None else _job(row)


def result(connection: Connection, key: Key) -> bytes | None:
    """Return a job's result, or the best so far."""
    kept: bytes | None = connection.execute(select(jobs.c.result).where(_is(key))).scalar_one_or_none()
    return kept


def page(connection: Connection, owner: Owner, before: str, most: int) -> list[Job]:
    """Return an owner's jobs, newest first (ids grow with time), from ``before`` on where it is given."""
    wanted = select(*_SHOWN).where(rows.owned(jobs, owner))
    if before:
        wanted = wanted.where(jobs.c.id < before)
    return [_job(row) for row in connection.execute(wanted.order_by(jobs.c.id.desc()).limit(most))]


def events(connection: Connection, key: Key, after: int) -> list[JobEvent]:
    """Return what was told of a job after its event ``after``, in order."""
    one = job_events.c
    wanted = select(one.seq, one.kind, one.data).where(_is(key, job_events), one.seq > after).order_by(one.seq)
    return list(rows.values_of(connection.execute(wanted), JobEvent))


def forget(connection: Connection, before_s: int) -> int:
    """Drop jobs that ended before an instant, of every owner; return how many."""
    old = (jobs.c.changed_s < before_s) & jobs.c.state.not_in(UNFINISHED)
    gone = connection.execute(delete(jobs).where(old).returning(*_OPEN)).all()
    for row in gone:
        connection.execute(delete(job_events).where(_is(_open(row).key, job_events)))
    return len(gone)


def _is(key: Key, table: Table = jobs) -> ColumnElement[bool]:
    return (table.c.id == key.id) & (table.c.tenant == key.tenant) & (table.c.shipper == key.shipper)


def _fence(key: Key, token: int) -> ColumnElement[bool]:
    """Return the condition that a token is the job's own, and that it hasn't ended."""
    return _is(key) & (jobs.c.token == token) & jobs.c.state.in_(UNFINISHED)


def _told(connection: Connection, key: Key, token: int, new: dict[str, Any], kind: JobEventKind, data: str) -> bool:
    """Change a job and tell it to those who follow it, if the token is the job's own; return whether it was."""
    new["events"] = jobs.c.events + 1
    seq = connection.execute(update(jobs).where(_fence(key, token)).values(new).returning(jobs.c.events)).scalar()
    if seq is None:
        return False
    event = {"seq": seq, "kind": kind, "data": data}
    connection.execute(insert(job_events), event | key._asdict())
    connection.execute(delete(job_events).where(_is(key, job_events), job_events.c.seq <= seq - EVENTS_KEPT))
    return True


def _open(row: Any) -> Open:
    return Open(rows.key_of(row), JobState(row.state), row.token, row.runner, row.losses, row.stopping)


def _job(row: Any) -> Job:
    return Job(
        id=row.id,
        kind=row.kind,
        state=JobState(row.state),
        created_at=datetime.fromtimestamp(row.created_s, PARIS),
        changed_at=datetime.fromtimestamp(row.changed_s, PARIS),
        attempts=row.attempts,
        losses=row.losses,
        progress=msgspec.json.decode(row.progress, type=Step) if row.progress else None,
        plan_id=row.plan_id,
        has_result=row.kept,
        fault=msgspec.json.decode(row.fault, type=Fault) if row.fault else None,
    )
