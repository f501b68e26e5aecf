"""Takes orders that are paid: the date their buyer was shown is the date they are owed.

An order takes the place it was shown, with its goods, its contact and its channel's own notes, all in one transaction.
Where that place is gone it takes it all the same, as a deficit, and is moved to the best date there is, in the same
transaction that puts ``promise.moved`` into the outbox; where that is taken meanwhile too, it is tried again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import NamedTuple

import msgspec

from data.errors import ConflictError, InputError, JalonError
from data.model.place import PlaceKind
from data.model.promise import DeliveryOption
from data.model.reservation import Capacity, Owner, Reservation, State
from data.model.stored_order import OrderState, StoredOrder
from data.store import contacts, orders, outbox
from data.store.database import Database, Transaction
from data.store.outbox import Notice
from promise import notify
from promise.capacity import Refusal
from promise.desk_plan import Planned, Planner, held
from promise.desk_quotes import Quotes, View
from promise.desk_values import Held, Quoted, Terms, problem_of
from promise.intake.build import stored_of
from promise.intake.terms import Owed
from promise.intake.values import Accepted, NewOrder
from promise.ledger import Ledger, Replies
from promise.left import Taking
from promise.reserve import Command, Confirm, Publish, Reply, Request, Reserve, reply_of
from promise.shown import Shown
from promise.ticket import Ticket

TRIES, AT_ONCE = 6, 500
FULL = (Refusal.FULL, Refusal.CLOSED)
Settle = Callable[[Transaction, Sequence[Accepted]], None]
"""What else is written with the orders that are settled: it may be called again after a rollback."""


class _Case(NamedTuple):
    """One order on its way: what is sent of it, and the ticket of what it was shown (``None``: it has a place)."""

    number: int
    order: NewOrder
    commands: tuple[Command, ...]
    ticket: Ticket | None = None
    places: tuple[Capacity, ...] = ()
    others: Quoted | None = None
    before: str = ""


class _Aim(NamedTuple):
    """What some orders are planned with: one snapshot, the room less what those before them take, one now."""

    owner: Owner
    view: View
    planner: Planner
    now: datetime


class _Turn(NamedTuple):
    """What came of a case in one transaction: the answer, or why it has to be tried again."""

    answer: Accepted | None
    refusal: Refusal | None = None


class Clerk:
    """Takes orders of all channels; every call waits for the store, so it is not for the event loop."""

    def __init__(
        self,
        database: Database,
        quotes: Quotes,
        owed: Owed,
        ledger: Ledger,
        options: Sequence[DeliveryOption],
        shown: Shown,
        hold_s: int,
    ) -> None:
        self.taken = self.moved = self.refused = 0
        self._database, self._quotes, self._ledger, self._options = database, quotes, ledger, options
        self._owed, self._shown, self._hold_s = owed, shown, hold_s
        self._kinds = {one.id: one.kind for one in options}
        self._hub_id = next(iter(quotes.names.hubs))

    def take(
        self, owner: Owner, new: Sequence[NewOrder], channel: str = "", settle: Settle | None = None
    ) -> tuple[Accepted, ...]:
        """Return what became of orders, each on its own, once that is on disk.

        Parameters
        ----------
        settle : callable, optional
            Writes something of the caller's in the same transaction, for the orders that are settled in it.

        Raises
        ------
        UnavailableError, StoreError
            Some may have been taken; sent again, they are known.
        """
        found: dict[int, Accepted] = {}
        for begin in range(0, len(new), AT_ONCE):
            part = {number: new[number] for number in range(begin, min(begin + AT_ONCE, len(new)))}
            found |= self._take(owner, part, channel, settle)
        return tuple(found[number] for number in range(len(new)))

    def places(self, owner: Owner, ids: Sequence[str]) -> dict[str, Reservation]:
        """Return the places of orders that have or had one."""
        return self._ledger.reservations(owner, ids)

    def planner(self, owner: Owner, view: View) -> Planner:
        """Return what plans an owner's orders under a view."""
        now_s = int(self._quotes.now().timestamp())
        return Planner(view.snapshot, self._quotes.names, view.room, owner, now_s, self._hold_s)

    def held(self, order: Reservation) -> Held:
        """Return a place as the shop reads it."""
        return held(reply_of(order), self._options)

    def _take(
        self, owner: Owner, new: Mapping[int, NewOrder], channel: str, settle: Settle | None
    ) -> dict[int, Accepted]:
        found: dict[int, Accepted] = {}
        first: dict[str, int] = {}
        twice = {n: first[one.id] for n, one in new.items() if first.setdefault(one.id, n) != n}
        why: dict[int, Refusal | None] = {number: None for number in new if number not in twice}
        for _ in range(TRIES):
            cases = self._cases(owner, {number: new[number] for number in why}, why, channel, found)
            why = {}
            for case, turn in zip(cases, self._settled(owner, cases, channel, settle), strict=True):
                if turn.answer is None:
                    why[case.number] = turn.refusal
                else:
                    found[case.number] = turn.answer
                    self._count(case, turn.answer, channel)
            if not why:
                break
        for number in why:
            found[number] = self._no(new[number], ConflictError("busy", "others were quicker", action="send it again"))
        return found | {number: found[one].replace(new=False) for number, one in twice.items()}

    def _cases(
        self,
        owner: Owner,
        new: Mapping[int, NewOrder],
        why: Mapping[int, Refusal | None],
        channel: str,
        found: dict[int, Accepted],
    ) -> list[_Case]:
        """Plan orders under one snapshot; what is known, or can't be planned, is found at once."""
        if not new:
            return []
        ids = [one.id for one in new.values()]
        with self._database.read() as connection:
            stored = orders.load(connection, owner, ids)
        places, aim = self.places(owner, ids), self._aim(owner)
        cases = []
        for number, order in new.items():
            try:
                place = places.get(order.id)
                if order.id in stored:
                    found[number] = self._again(stored[order.id], place, channel)
                elif place is not None and place.state is State.RELEASED:
                    raise ConflictError("released", "the order was cancelled before it came", action="use a new id")
                elif place is not None and place.holds:
                    cases.append(self._placed(aim, number, order, place, why[number]))
                else:
                    cases.append(self._case(aim, number, order, why[number]))
            except JalonError as error:
                found[number] = self._no(order, error)
        return cases

    def _aim(self, owner: Owner) -> _Aim:
        snapshot, room = self._quotes.view(owner.tenant)
        view, now = View(snapshot, Taking(room)), self._quotes.now()
        return _Aim(owner, view, self.planner(owner, view), now)

    def _case(self, aim: _Aim, number: int, order: NewOrder, why: Refusal | None) -> _Case:
        """Return what takes an order's place: by force, and then moved, where ``why`` says it can't be had."""
        option_id = self._owed.option_of(order)
        ticket = self._owed.shown(aim.owner, order, aim.view, aim.now)
        planned = aim.planner.owe(order.id, option_id, order.window, ticket)
        sure = Confirm(id=order.id)
        is_owed = order.quote_id is not None or order.shown_on is not None
        is_over = is_owed and ticket.offers[0].day < aim.now.toordinal()
        if not is_over and (why is None or (why in FULL and not is_owed)):
            return _Case(number, order, (planned.command, sure), ticket, planned.places)
        assert isinstance(planned.command, Reserve)
        forced = planned.command.replace(force=True)
        move = self._move(aim, order, option_id, ticket.offers[0].day) if why in FULL or is_over else None
        if move is None:
            return _Case(number, order, (forced, sure), ticket, planned.places)
        places, others = planned.places + move.places, self._owed.others(aim.owner, order)
        return _Case(number, order, (forced, move.command, sure), ticket, places, others, forced.terms)

    def _placed(self, aim: _Aim, number: int, order: NewOrder, place: Reservation, why: Refusal | None) -> _Case:
        """Return what confirms a place, and moves it where it was taken by force."""
        sure = Confirm(id=order.id)
        if why in FULL:
            terms = msgspec.json.decode(place.terms, type=Terms)
            move = self._move(aim, order, terms.option_id, terms.date.toordinal())
            if move is not None:
                others = self._owed.others(aim.owner, order)
                return _Case(number, order, (move.command, sure), None, move.places, others, place.terms)
        return _Case(number, order, (sure,))

    def _move(self, aim: _Aim, order: NewOrder, option_id: str, day: int) -> Planned | None:
        """Return how to move an order beyond a day; ``None`` where nothing later is better."""
        try:
            best = self._owed.best(aim.owner, order, option_id, aim.view, aim.now)
        except InputError:
            return None  # nothing says where it goes but its quote: it stays where it was shown
        return aim.planner.move(order.id, option_id, best) if best.offers[0].day > day else None

    def _settled(self, owner: Owner, cases: Sequence[_Case], channel: str, settle: Settle | None) -> list[_Turn]:
        if not cases:
            return []
        now_s = int(self._quotes.now().timestamp())
        new = {one.id: one for case in cases for one in case.places}
        if new:  # through the same door as what needs them, so that they are there before it
            publish = tuple(Publish(capacity=one, if_absent=True) for one in new.values())
            self._ledger.submit_with(
                Request(owner=Owner(owner.tenant), commands=publish, now_s=now_s), lambda t, replies: None
            )
        commands = tuple(command for case in cases for command in case.commands)
        request = Request(owner=owner, commands=commands, now_s=now_s)
        job = partial(self._write, owner, cases, channel, settle, now_s)
        return self._ledger.submit_with(request, job).result()

    def _write(
        self,
        owner: Owner,
        cases: Sequence[_Case],
        channel: str,
        settle: Settle | None,
        now_s: int,
        t: Transaction,
        replies: Replies,
    ) -> list[_Turn]:
        """Keep the orders that have their place; called again after a rollback."""
        rest = iter(replies)
        told = [[next(rest) for _ in case.commands] for case in cases]
        turns = [self._turn(case, some) for case, some in zip(cases, told, strict=True)]
        placed = {
            case.order.id: (case, some[-1])
            for case, turn, some in zip(cases, turns, told, strict=True)
            if turn.answer is not None and turn.answer.problem is None
        }
        for order_id in orders.load(t, owner, list(placed)):
            del placed[order_id]  # another server has just taken it
        stored = {name: self._stored(owner, case.order, reply, channel) for name, (case, reply) in placed.items()}
        if stored:
            orders.put(t, owner, stored, now_s)
            contacts.put(t, owner, {name: case.order.to for name, (case, _) in placed.items()}, now_s)
        outbox.add(t, [self._notice(owner, case, reply) for case, reply in placed.values() if case.before], now_s)
        turns = [
            turn._replace(answer=turn.answer.replace(state=stored[case.order.id].state, new=True))
            if turn.answer is not None and case.order.id in stored
            else turn
            for case, turn in zip(cases, turns, strict=True)
        ]
        if settle is not None:
            settle(t, [turn.answer for turn in turns if turn.answer is not None])
        return turns

    def _turn(self, case: _Case, told: Sequence[Reply]) -> _Turn:
        """Return what replies mean for an order."""
        for command, reply in zip(case.commands, told, strict=True):
            if reply.refusal is None:
                continue
            again = (*FULL, Refusal.OUT_OF_STOCK, Refusal.ID_TAKEN, Refusal.EXPIRED)
            if reply.refusal in again and not (isinstance(command, Reserve) and command.force):
                return _Turn(None, reply.refusal)
            problem = held(reply, self._options).problem
            return _Turn(Accepted(id=case.order.id, problem=problem))
        moved_from = msgspec.json.decode(case.before, type=Terms).date if case.before else None
        return _Turn(
            Accepted(
                id=case.order.id,
                state=OrderState.ACCEPTED,
                promise=held(told[-1], self._options),
                moved_from=moved_from,
            )
        )

    def _stored(self, owner: Owner, order: NewOrder, reply: Reply, channel: str) -> StoredOrder:
        terms = msgspec.json.decode(reply.terms, type=Terms)
        kind = self._kinds.get(terms.option_id, PlaceKind.HOME)
        return stored_of(order, owner, terms, kind, channel or order.cart.channel, self._hub_id)

    def _notice(self, owner: Owner, case: _Case, reply: Reply) -> Notice:
        before, after = (msgspec.json.decode(raw, type=Terms) for raw in (case.before, reply.terms))
        kind, today, others = self._kinds.get(after.option_id, PlaceKind.HOME), self._quotes.now().date(), case.others
        choices = [
            notify.choice(one.option_id, self._kinds[one.option_id], one.date, today)
            for one in (others.options if others else ())
            if (one.option_id, one.date) != (after.option_id, after.date)
        ]
        cause, quote_id = notify.Cause.CACHE, others.quote_id if others else ""
        return notify.moved(owner, case.order.id, before, after, kind, cause, choices, today, quote_id)

    def _again(self, stored: StoredOrder, place: Reservation | None, channel: str) -> Accepted:
        """Return an order that is known already."""
        if channel and stored.channel != channel:
            raise ConflictError("id_taken", "another order has this id", "#/id", "give every order an id of its own")
        return Accepted(id=stored.order.id, state=stored.state, promise=self.held(place) if place else None)

    def _no(self, order: NewOrder, error: JalonError) -> Accepted:
        self.refused += 1
        return Accepted(id=order.id, problem=problem_of(error))

    def _count(self, case: _Case, answer: Accepted, channel: str) -> None:
        self.taken += answer.new
        self.moved += answer.moved_from is not None
        self.refused += answer.problem is not None
        if case.ticket is not None and case.order.quote_id is not None:
            option_id = case.ticket.offers[0].option_id
            shown_s, now_s = case.ticket.expires_s - self._quotes.ttl_s, int(self._quotes.now().timestamp())
            self._shown.taken(case.ticket, option_id, channel, shown_s, now_s)
