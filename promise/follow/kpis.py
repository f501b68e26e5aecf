"""How promises were kept, from stored facts: orders, what happened to them, and the plans that were driven.

An order belongs to a live of its shop if it was placed while that was on or within its tail. It is due once the day it
was first promised for is over, whether it has come or not: what was delivered early doesn't flatter, and a date that
moved is still a date that was not kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from data.clock import PARIS
from data.errors import NotFoundError
from data.hours import with_offset
from data.model.base import Instant, Value
from data.model.plan import Plan
from data.model.reservation import Key, Owner
from data.store import kept_promises, lives, plans, stock, watches
from data.store.database import Database, Transaction
from data.store.kept_promises import Kept
from data.store.plans import PlanState
from data.store.watches import Watch

TAIL = timedelta(hours=24)
AFTERMATH = timedelta(hours=72)
WINDOW = timedelta(days=30)


class Asked(NamedTuple):
    """Whose figures are asked for: a live's, or all."""

    live_id: str = ""


class Figures(Value, omit_defaults=False):
    """The key figures of some orders; shares are fractions, null where there is nothing to take a share of."""

    orders: int
    due: int
    kept: int
    late: int
    failed: int
    moved: int
    told_at_risk: int
    service_level: float | None
    late_share: float | None
    stock_outs_72h: int
    cost_cents_per_order: float | None
    km: float | None
    kgco2e: float | None


class KpiReport(Value, omit_defaults=False):
    """Figures as of an instant; ``live_id`` is empty where all orders count."""

    at: Instant
    live_id: str
    figures: Figures


class Kpis:
    """Counts key figures from a store."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database, self._now = database, now

    def report(self, owner: Owner, asked: Asked) -> KpiReport:
        """Return the figures of a live's orders, or of those of the last 30 days; it waits for the store.

        Raises
        ------
        NotFoundError
            ``unknown_live``.
        """
        now = self._now()
        begin, end = now - WINDOW, now
        with self._database.read() as connection:
            if asked.live_id:
                live = lives.load(connection, owner, (asked.live_id,)).get(asked.live_id)
                if live is None:
                    message = f"there is no live `{asked.live_id}`"
                    raise NotFoundError("unknown_live", message, "?live=", f"PUT /v1/lives/{asked.live_id} first")
                begin, end = live.start_at, live.end_at + TAIL
            found = kept_promises.of_owner(connection, owner, int(begin.timestamp()), int(end.timestamp()))
            told = watches.of_tenant(connection, owner.tenant)
            driven = driven_plans(connection, owner.tenant, {one.day for one in found})
            sold_out = stock.sold_out(connection, owner, int(begin.timestamp()), int((end + AFTERMATH).timestamp()))
        figures = counted(found, told, driven, len(sold_out), now.astimezone(PARIS).date())
        return KpiReport(at=with_offset(now), live_id=asked.live_id, figures=figures)


class Share(NamedTuple):
    """What an order cost on its tour: its part of its plan's."""

    cents: float
    metres: float
    grams: float


def driven_plans(connection: Transaction, tenant: str, days: Iterable[date]) -> dict[str, Share]:
    """Return what each order of the plans committed for some days cost."""
    found: dict[str, Share] = {}
    for day in sorted(days):
        for line in plans.of_day(connection, Owner(tenant), day):
            stored = plans.load(connection, Owner(tenant), line.id) if line.state is PlanState.COMMITTED else None
            if stored is not None:
                totals = stored.plan.totals
                served = max(totals.served, 1)
                share = Share(totals.cost_cents / served, totals.distance_m / served, totals.co2e_g / served)
                found |= dict.fromkeys(_served(stored.plan), share)
    return found


def _served(plan: Plan) -> list[str]:
    stops = [stop for tour in plan.tours for stop in tour.stops]
    return [each.order_id for stop in stops for each in stop.handovers if not each.collects]


def counted(
    found: Sequence[Kept], told: Mapping[Key, Watch], driven: Mapping[str, Share], sold_out: int, today: date
) -> Figures:
    """Return the figures of some promises as of a day."""
    due = [one for one in found if one.first_day < today]
    kept = sum(
        one.came_s is not None and datetime.fromtimestamp(one.came_s, PARIS).date() <= one.first_day for one in due
    )
    shares = [driven[one.key.id] for one in found if one.key.id in driven]
    return Figures(
        orders=len(found),
        due=len(due),
        kept=kept,
        late=len(due) - kept,
        failed=sum(one.failed for one in found),
        moved=sum(one.day != one.first_day for one in found),
        told_at_risk=sum(one.key in told for one in found),
        service_level=_part(kept, len(due)),
        late_share=_part(len(due) - kept, len(due)),
        stock_outs_72h=sold_out,
        cost_cents_per_order=_part(sum(one.cents for one in shares), len(shares)),
        km=round(sum(one.metres for one in shares) / 1000, 3) if shares else None,
        kgco2e=round(sum(one.grams for one in shares) / 1000, 3) if shares else None,
    )


def _part(part: float, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
