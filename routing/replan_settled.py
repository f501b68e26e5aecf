"""What is decided before a re-plan is solved: what comes again, goes back, or is no longer where it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from data.model.change import Failure, FailureReason, Presumed, Returned
from data.model.plan import Postponed, Unassigned


@dataclass(frozen=True)
class Settled:
    """What is decided before anything is planned.

    Attributes
    ----------
    again : tuple of Postponed
        Presented a second time, on a later day.
    returned : tuple of Returned
        Not handed over any more.
    forced : frozenset of str
        Orders that can't stay on the vehicle they were planned on.
    shut : mapping of place id to FailureReason
        Relay points and lockers that took a parcel no more: nothing else is sent there that day.
    presumed : tuple of Presumed
        Handed over by the plan alone, see :mod:`routing.replan_silent`.
    notes : tuple of str
        What could not be done as asked.
    """

    again: tuple[Postponed, ...] = ()
    returned: tuple[Returned, ...] = ()
    failed: tuple[Failure, ...] = ()
    cancelled: tuple[str, ...] = ()
    down: tuple[str, ...] = ()
    forced: frozenset[str] = frozenset()
    shut: Mapping[str, FailureReason] = field(default_factory=dict)
    presumed: tuple[Presumed, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def order_ids(self) -> frozenset[str]:
        """The orders that are still known and not to be planned."""
        return frozenset([*(item.order_id for item in self.again), *(item.order_id for item in self.returned)])


def again_or_back(
    plan_day: date, days: Sequence[date], settled: Settled, broken: Sequence[Unassigned]
) -> tuple[Settled, tuple[Unassigned, ...]]:
    """Return what is settled once failed orders found no other place today, and the promises that are broken."""
    failed = {failure.order_id for failure in settled.failed}
    left = tuple(entry for entry in broken if entry.order_id not in failed)
    day = min((day for day in days if day > plan_day), default=None)
    for entry in broken:
        if entry.order_id not in failed:
            continue
        if day is None:
            text = "no vehicle takes it elsewhere, and no later delivery day is planned: it goes back to the hub"
            back = Returned(order_id=entry.order_id, code="NO_DELIVERY_DAY", text=text)
            settled = replace(settled, returned=(*settled.returned, back))
        else:
            again = Postponed(order_id=entry.order_id, to_day=day, reasons=entry.reasons, second=True)
            settled = replace(settled, again=(*settled.again, again))
    return settled, left
