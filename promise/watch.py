"""Promises are watched until they are kept: who may be disappointed is told before the day, and told the new one.

What makes a date unlikely is looked for where it is known: in the odds that the hub's load and the days behind it leave
(:mod:`promise.odds`), in the plans that are driven, in capacity cut below what is reserved, in failures and incidents.
A date is at risk once, and then it moves; a promise that has moved is watched like a new one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta

import msgspec

from data.clock import PARIS, give_way
from data.model.event import Event, EventKind
from data.model.reservation import Key, Owner
from data.model.stored_order import ENDS, OrderState
from data.store import capacity, events, outbox, reservations, watches
from data.store.database import Transaction
from data.store.outbox import Notice
from data.store.watches import Open, Watch, WatchState
from promise.box_room import BoxRoom
from promise.burst_alarm import BurstAlarm
from promise.desk import Desk
from promise.desk_values import Terms
from promise.moves import Mover, Promised
from promise.notify import Cause, at_risk
from promise.odds import Watched
from promise.plan_risks import PlanRisks

UNLIKELY = 0.2
"""A promise less likely to be kept than this is at risk, and moves: four in five of those told are to be right."""
LEFT = (EventKind.LOADED, EventKind.DEPARTED)
HUB_STATES = (EventKind.CLOSED, EventKind.INCIDENT, EventKind.OPENED)
OUTAGE_S = 4 * 3600
"""A hub that stands still is reckoned to do so for so long from now, until it is told that it works again."""
HISTORY_S = 30 * 86_400
TELLS_S = 2 * 86_400
"""A hub that has told of a departure within this time tells of all of them."""
OVER = frozenset(state.value for state in ENDS)


class Watcher:
    """Watches the promises that a desk has given for one carrier.

    Parameters
    ----------
    unlikely : float
        See :data:`UNLIKELY`.
    """

    def __init__(self, desk: Desk, tenant: str, unlikely: float = UNLIKELY) -> None:
        self.at_risk = self.moved = self.stuck = 0
        self._desk, self._tenant, self._unlikely = desk, tenant, unlikely
        self._mover, self._plans = Mover(desk), PlanRisks(desk.database, tenant)
        self._boxes, self._bursts = BoxRoom(desk, tenant), BurstAlarm(desk, tenant)
        self._kinds = {option.id: option.kind for option in desk.state.options}
        self._open: list[tuple[Promised, Open]] = []

    def figures(self) -> dict[str, float]:
        """Return what it has found so far: dates at risk, moved, and those that no later day was found for."""
        return {"at_risk": self.at_risk, "moved": self.moved, "stuck": self.stuck}

    def told_by(
        self, t: Transaction, owner: Owner, told: Sequence[Event], arrived: Collection[str], now: datetime
    ) -> list[Notice]:
        """Return the notices that events call for, and note them; in the events' own transaction.

        Parameters
        ----------
        arrived : collection of str
            Orders that are delivered now: nobody is told of them any more.
        """
        watches.drop(t, {Key(*owner, name) for name in arrived})
        causes = {
            one.order_id: Cause.FAILURE if one.kind is EventKind.FAILED else Cause.INCIDENT
            for one in told
            if one.order_id and one.order_id not in arrived and one.kind in (EventKind.FAILED, EventKind.INCIDENT)
        }
        keys = {Key(*owner, name) for name in causes}
        places, known = reservations.load(t, keys, lock=False), watches.load(t, keys)
        found: dict[Key, tuple[Terms, float | None, Cause]] = {}
        for key, place in places.items():
            terms = msgspec.json.decode(place.terms, type=Terms) if place.terms else None
            if place.holds and terms is not None and terms.date <= now.date() and _is_news(known.get(key)):
                cause = causes[key.id]
                found[key] = terms, 0.0 if cause is Cause.FAILURE else None, cause
        return self._noted(t, found, now)

    def watched(self) -> tuple[Watched, ...]:
        """Return the promises to be looked at; they are remembered until :meth:`look`."""
        self._boxes.refresh()
        self._bursts.look()
        now_s = self._desk.now_s
        with self._desk.database.read() as connection:
            held = watches.open_promises(connection, self._tenant, OVER)
            left = events.first_of_kinds(connection, self._tenant, LEFT, now_s - HISTORY_S)
        tells = {one.place.capacity_id.partition("/")[0] for one in held if left.get(one.key, 0) > now_s - TELLS_S}
        self._open, found = [], []
        for number, one in enumerate(held, 1):
            if number % watches.AT_ONCE == 0:
                give_way()
            if one.place.terms:
                terms = msgspec.json.decode(one.place.terms, type=Terms)
                left_s = left.get(one.key, 0)
                self._open.append((Promised(one.key, one.place, terms, bool(left_s)), one))
                inside = not left_s and one.place.capacity_id.partition("/")[0] in tells
                found.append(
                    Watched(
                        hub_id=terms.hub_id,
                        area_id=terms.area_id,
                        option_id=terms.option_id,
                        day=terms.date,
                        placed_s=one.placed_s,
                        left_s=left_s,
                        inside=inside,
                        tried=one.state == OrderState.FAILED,
                    )
                )
        return tuple(found)

    def outages(self) -> dict[str, int]:
        """Return the hubs that stand still by what was told last, each with until when that is reckoned with."""
        with self._desk.database.read() as connection:
            last = events.last_of_hubs(connection, self._tenant, HUB_STATES)
        midnight = datetime.combine(self._desk.now().date() + timedelta(days=1), time(), PARIS)
        closed_until_s = int(midnight.timestamp())
        return {
            hub: closed_until_s if one.kind is EventKind.CLOSED else self._desk.now_s + OUTAGE_S
            for hub, one in last.items()
            if one.kind is not EventKind.OPENED
        }

    def look(self, watched: Sequence[Watched], odds: Sequence[float | None]) -> None:
        """Tell of the promises that became unlikely, then move them.

        Raises
        ------
        JalonError
            The store is away; the next look tells what this one could not.
        """
        today = self._desk.now().date()
        with self._desk.database.read() as connection:
            known = watches.of_tenant(connection, self._tenant)
        risks = dict(self._risks(odds, known, today))
        fresh = {
            key: (one.terms, chance, cause) for key, (one, chance, cause) in risks.items() if _is_news(known.get(key))
        }
        if fresh:
            now = self._desk.now()
            self._desk.ledger.write(lambda t: outbox.add(t, self._noted(t, fresh, now), int(now.timestamp()))).result()
            self.at_risk += len(fresh)
        for one, _, cause in risks.values():
            after = self._mover.move(one, cause)
            self.moved += after is not None
            self.stuck += after is None

    def _noted(
        self, t: Transaction, found: Mapping[Key, tuple[Terms, float | None, Cause]], now: datetime
    ) -> list[Notice]:
        """Note that dates are at risk; return what their customers are told."""
        now_s = int(now.timestamp())
        noted = {
            key: Watch(id=key.id, day=terms.date, cause=cause, state=WatchState.AT_RISK, at_s=now_s)
            for key, (terms, _, cause) in found.items()
        }
        watches.put(t, noted)
        return [
            at_risk(
                Owner(key.tenant, key.shipper), key.id, terms, self._kinds[terms.option_id], chance, cause, now.date()
            )
            for key, (terms, chance, cause) in sorted(found.items())
            if terms.option_id in self._kinds
        ]

    def _risks(
        self, odds: Sequence[float | None], known: Mapping[Key, Watch], today: date
    ) -> Iterator[tuple[Key, tuple[Promised, float | None, Cause]]]:
        """Yield the promises that are unlikely to be kept, each with its odds and why."""
        stopped = self.outages()
        planned = self._plans.broken(today)
        cut = self._over_capacity(today)
        for (one, held), chance in zip(self._open, odds, strict=True):
            if one.terms.option_id not in self._kinds or (one.terms.date < today and not one.on_road):
                continue
            if one.key in planned and planned[one.key] >= one.terms.date:
                yield one.key, (one, 0.0, Cause.PLAN)
            elif one.key in cut:
                yield one.key, (one, 0.0, Cause.CAPACITY)
            elif chance is not None and chance < self._unlikely:
                watch = known.get(one.key)
                if held.state == OrderState.FAILED:
                    cause = Cause.FAILURE
                elif watch is not None and watch.state is WatchState.AT_RISK:
                    cause = Cause(watch.cause)
                else:
                    cause = Cause.INCIDENT if one.terms.hub_id in stopped else Cause.LOAD
                yield one.key, (one, chance, cause)

    def _over_capacity(self, today: date) -> set[Key]:
        """Return the promises that levels cut below what is reserved have no room for: those given last."""
        with self._desk.database.read() as connection:
            balances = {one.id: one for one in capacity.of_tenant(connection, self._tenant) if one.day >= today}
        short = {name: [one.deficit_parcels, one.deficit_dm3] for name, one in balances.items()}
        found: set[Key] = set()
        if not any(max(lack) > 0 for lack in short.values()):
            return found
        for one, _ in sorted(self._open, key=lambda pair: -pair[1].placed_s):
            chain, name = [], one.place.capacity_id
            while name in balances:
                chain.append(name)
                name = balances[name].parent_id
            if any(max(short[level]) > 0 for level in chain) and not one.on_road:
                found.add(one.key)
                for level in chain:
                    short[level][0] -= one.place.parcels
                    short[level][1] -= one.place.dm3
        return found


def _is_news(watch: Watch | None) -> bool:
    """Whether a customer does not know yet that the date is at risk."""
    return watch is None or watch.state is not WatchState.AT_RISK
