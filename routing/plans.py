"""Plans of a store: asked for, compared, put in force. Nothing here is solved; that is for jobs and workers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from datetime import date, datetime
from typing import Any, NamedTuple

import msgspec

from data import clock, codec
from data.errors import ConflictError, InputError, NotFoundError, PreconditionError, ReusedKeyError
from data.model.base import Id, Instant, Value
from data.model.city import City
from data.model.plan import Plan
from data.model.reservation import Key, Owner
from data.model.told import ToldRequest
from data.store import contacts, idempotency, plans, resources
from data.store.database import Database, Transaction
from data.store.plans import PlanState, StoredPlan
from data.store.resources import ResourceKind
from routing.diff import compare, diff_figures
from routing.job_rows import Write
from routing.posted import Beside, ReplanPost, complete, complete_burst, together
from routing.task import Driving, ReplanBody

BODY = "body"
CITIES_KNOWN = 1_000
"""Plans whose city is kept in mind: a question for slots then reads no plan."""
EXTENDED = {
    "hubs": ResourceKind.HUB_ADDED,
    "vehicles": ResourceKind.VEHICLE_ADDED,
    "places": ResourceKind.PLACE_ADDED,
    "orders": ResourceKind.ORDER_ADDED,
}
"""Where in a plan what others added belongs."""


class PlanLine(Value, omit_defaults=False):
    """A plan in a list."""

    id: Id
    day: date
    state: PlanState
    version: int
    changed_at: Instant


class Committed(Value, omit_defaults=False):
    """A plan that is in force now."""

    plan_id: Id
    state: PlanState
    version: int
    replaces: str


class Asked(NamedTuple):
    """A commit: which plan, the versions its caller has seen (``None``: any), and its idempotency key if any."""

    plan_id: str
    seen: frozenset[int] | None
    key: str
    fingerprint: str


class PlanRoom:
    """The plans of every owner; its methods wait for the store, so they are called in threads.

    Parameters
    ----------
    committed : callable
        Told of each plan that was put in force, once that is on disk.
    """

    def __init__(
        self,
        database: Database,
        write: Write,
        committed: Callable[[Owner, Plan], None] = lambda owner, plan: None,
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        self._database, self._write, self._committed, self._now = database, write, committed, now
        self._cities: dict[Key, str] = {}

    def request(self, owner: Owner, told: ToldRequest, city: City) -> bytes:
        """Return the body of a plan's task; what is kept beside it is on disk."""
        with self._database.read() as connection:
            known: dict[ResourceKind, Mapping[str, str]] = {}

            def stored(kind: ResourceKind) -> Mapping[str, str]:
                if kind not in known:
                    known[kind] = resources.load(connection, owner, kind)
                return known[kind]

            whole, beside = complete(told, stored, city)
        self._keep(owner, beside)
        return codec.encode(whole)

    def replan(self, owner: Owner, plan: Plan, post: ReplanPost, city: City) -> bytes:
        """Return the body of a re-plan's task; what is kept beside it is on disk."""
        book, beside = complete_burst(post, plan, city)
        self._keep(owner, beside)
        return codec.encode(
            ReplanBody(
                plan=plan, burst=book, statuses=post.statuses, freeze_before=post.freeze_before, prices=post.prices
            )
        )

    def load(self, owner: Owner, plan_id: str) -> StoredPlan:
        """Return a plan as it is stored, without people; raises ``NotFoundError`` ``unknown_plan``."""
        with self._database.read() as connection:
            found = plans.load(connection, owner, plan_id)
        if found is None:
            raise NotFoundError(
                "unknown_plan", f"there is no plan `{plan_id[:80]}`", action="GET /v1/plans?day= lists them"
            )
        return found

    def city_of(self, owner: Owner, plan_id: str) -> str:
        """Return the city a plan was made on, which is what it is for as long as there is the plan."""
        key = Key(*owner, plan_id)
        if key not in self._cities:
            if len(self._cities) >= CITIES_KNOWN:
                self._cities.clear()
            self._cities[key] = self.load(owner, plan_id).plan.city
        return self._cities[key]

    def whole(self, owner: Owner, plan_id: str) -> StoredPlan:
        """Return a plan with those its orders are for."""
        found = self.load(owner, plan_id)
        with self._database.read() as connection:
            people = contacts.load(connection, owner, [order.id for order in found.plan.orders])
        return found._replace(plan=together(found.plan, people))

    def text(self, owner: Owner, plan_id: str) -> tuple[bytes, PlanState, int]:
        """Return a plan as JSON, with people and with what others added, its state and its version."""
        found = self.whole(owner, plan_id)
        with self._database.read() as connection:
            added = {key: resources.load(connection, owner, kind) for key, kind in EXTENDED.items()}
        raw = codec.encode(found.plan)
        if any(added.values()):
            raw = _extended(raw, added)
        return raw, found.state, found.version

    def listed(self, owner: Owner, day: date) -> list[PlanLine]:
        """Return a day's plans, the newest first."""
        with self._database.read() as connection:
            found = plans.of_day(connection, owner, day)
        zone = self._now().tzinfo
        return [
            PlanLine(
                id=one.id,
                day=day,
                state=one.state,
                version=one.version,
                changed_at=datetime.fromtimestamp(one.changed_s, zone),
            )
            for one in found
        ]

    def diff(self, owner: Owner, plan_id: str, against: str) -> dict[str, Any]:
        """Return what a plan changes against another one, by default the one it was made from."""
        after = self.load(owner, plan_id).plan
        name = against or after.replaces
        if not name:
            action = "name a plan: ?against="
            raise InputError("nothing_to_compare", f"`{plan_id}` replaces no plan", "", action)
        before = self.load(owner, name).plan
        found = compare(before, after)
        figures = diff_figures(found)
        worst = figures.pop("eta_worst")
        shifts = [
            {"order": one.order_id, "before": one.before[1].isoformat(), "after": one.after[1].isoformat()}
            for one in found.slid if one.before and one.after
        ]  # fmt: skip
        totals = {"before": before.totals, "after": after.totals}
        more = {"added": list(found.added), "eta_shifts": shifts, "eta_worst": worst, "totals": totals}
        return {"plan_id": after.id, "against": before.id, **figures, **more}

    def commit(self, owner: Owner, asked: Asked) -> Committed:
        """Put a proposed plan in force.

        Raises
        ------
        PreconditionError, ConflictError, NotFoundError, ReusedKeyError
            ``plan_changed``: it is not the version that was seen; ``plan_not_proposed``; ``stale_plan``: the plan it
            was made from is no longer in force.
        """
        plan = self.load(owner, asked.plan_id).plan
        now_s = int(self._now().timestamp())
        done: Future[tuple[Committed, bool]] = self._write(lambda t: _commit(t, owner, asked, plan, now_s))
        committed, is_new = done.result()
        if is_new:
            self._committed(owner, plan)
        return committed

    def driving(self, owner: Owner, city: str, weather: float = 1.0) -> Driving:
        """Return what a city's driving is like by what was told last."""
        carrier = Owner(owner.tenant)
        with self._database.read() as connection:
            speeds, incidents = (
                resources.load(connection, carrier, kind, (city,)).get(city, "")
                for kind in (ResourceKind.SPEEDS, ResourceKind.INCIDENTS)
            )
        return Driving(weather=weather, speeds=speeds, incidents=incidents)

    def _keep(self, owner: Owner, beside: Beside) -> None:
        if not beside.contacts and not beside.extensions:
            return
        now_s = int(self._now().timestamp())

        def keep(writing: Transaction) -> None:
            contacts.put(writing, owner, beside.contacts, now_s)
            for kind, added in beside.extensions.items():
                bodies = {name: msgspec.json.encode(extra).decode() for name, extra in added.items()}
                resources.put(writing, owner, kind, bodies, now_s)

        self._write(keep).result()


def _commit(t: Transaction, owner: Owner, asked: Asked, plan: Plan, now_s: int) -> tuple[Committed, bool]:
    """Put a plan in force; return it, and whether that is new (an idempotency key may have done it before)."""
    key = Key(*owner, asked.key)
    before = idempotency.load(t, [key]).get(key) if asked.key else None
    if before is not None:
        if before.fingerprint != asked.fingerprint:
            raise ReusedKeyError("idempotency_key_reused", "this key came with another request", action="use a new key")
        return msgspec.json.decode(before.reply, type=Committed), False
    stored = plans.load(t, owner, plan.id)
    assert stored is not None, "it was there a moment ago"
    if asked.seen is not None and stored.version not in asked.seen:
        message = f"the plan is at version {stored.version} now"
        raise PreconditionError("plan_changed", message, action="look at it again, then send its new ETag in If-Match")
    if stored.state is not PlanState.PROPOSED:
        raise ConflictError("plan_not_proposed", f"the plan is {stored.state}", action="re-plan from the plan in force")
    version = plans.commit(t, owner, plan.id, stored.version, now_s)
    if version is None:
        message = f"`{plan.replaces}`, which it was made from, is no longer in force"
        raise ConflictError("stale_plan", message, action="re-plan from the plan in force")
    done = Committed(plan_id=plan.id, state=PlanState.COMMITTED, version=version, replaces=plan.replaces)
    if asked.key:
        reply = codec.encode(done).decode()
        idempotency.save(t, {key: idempotency.Answered(fingerprint=asked.fingerprint, reply=reply)}, now_s)
    return done, True


def _extended(raw: bytes, added: Mapping[str, Mapping[str, str]]) -> bytes:
    """Return a plan's JSON with what others added to its parts put back."""
    plan = msgspec.json.decode(raw)
    for key, bodies in added.items():
        for part in plan[key]:
            if part["id"] in bodies:
                part["extensions"] = msgspec.json.decode(bodies[part["id"]])
    return msgspec.json.encode(plan)
