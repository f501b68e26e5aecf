"""Work that is done beside the request that asks for it: how far it is, and what became of it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from data import errors
from data.errors import JalonError
from data.model.base import Count, Id, Value
from data.model.reservation import Name


class JobState(StrEnum):
    """queued -> running -> succeeded | failed | cancelled; quarantined: it has cost too many worker processes."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    QUARANTINED = "quarantined"

    @property
    def ended(self) -> bool:
        """Whether nothing more will come of it."""
        return self not in UNFINISHED


UNFINISHED = (JobState.QUEUED, JobState.RUNNING)


class JobEventKind(StrEnum):
    """What those who follow a job are told: how the search goes, that a better result is kept, that it has ended."""

    PROGRESS = "progress"
    IMPROVED = "improved"
    DONE = "done"


class Step(Value, omit_defaults=False):
    """How far a search is: who found the best so far, when, how many orders it serves and what it costs."""

    engine: str
    elapsed_s: float
    served: Count
    cost_cents: int


class Fault(Value):
    """Why a job failed, as :class:`data.errors.JalonError` says it; ``kind`` is the error's class."""

    kind: str
    code: str
    message: str
    where: str = ""
    action: str = ""

    @classmethod
    def of(cls, error: JalonError) -> Fault:
        """Return what an error says; its class is the nearest one of ``data.errors``."""
        kind = next(one for one in type(error).__mro__ if one.__module__ == JalonError.__module__)
        return cls(kind=kind.__name__, **error.as_dict())

    def error(self) -> JalonError:
        """Return the error again."""
        kind: type[JalonError] = getattr(errors, self.kind)
        return kind(self.code, self.message, self.where, self.action)


class Job(Value):
    """A job as it stands.

    Attributes
    ----------
    attempts : int
        Times it was begun.
    losses : int
        Worker processes that ended while they ran it.
    plan_id : str
        The plan it has made, once it has ended; a cancelled job's is the best it had.
    has_result : bool
        Whether it keeps a result that is no plan, or the best so far.
    """

    id: Id
    kind: Id
    state: JobState
    created_at: datetime
    changed_at: datetime
    attempts: Count = 0
    losses: Count = 0
    progress: Step | None = None
    plan_id: Name = ""
    has_result: bool = False
    fault: Fault | None = None


class JobEvent(Value):
    """Something that happened to a job, the ``seq``-th; ``data`` is JSON."""

    seq: Count
    kind: JobEventKind
    data: str
