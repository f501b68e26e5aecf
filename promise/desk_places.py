"""Places of orders: planned under one snapshot, held by the ledger, told as the shop reads it."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence

from data.errors import ConflictError, InputError, JalonError, NotFoundError, ReusedKeyError
from data.model.promise import DeliveryOption
from data.model.reservation import Owner, Reservation
from promise.capacity import Refusal
from promise.desk_plan import REFUSED, Planned, Planner, held, same_again
from promise.desk_quotes import Quotes, View
from promise.desk_values import Bulk, Held, Order, Swap, problem_of
from promise.ledger import Ledger
from promise.left import Taking
from promise.reserve import Command, Confirm, Publish, Release, Reply, Request, reply_of

TRIES, AT_ONCE = 6, 64
BAD_INPUT = (Refusal.UNKNOWN_CAPACITY, Refusal.UNKNOWN_STOCK)


class Places:
    """What may be done with an order's place.

    Parameters
    ----------
    hold_s : int
        A reserved place is held so long beyond the quote it rests on, unless it is confirmed.

    Attributes
    ----------
    kept, refused : int
        Reservations so far.
    """

    def __init__(self, quotes: Quotes, ledger: Ledger, options: Sequence[DeliveryOption], hold_s: int) -> None:
        self.kept = self.refused = 0
        self._quotes, self._ledger, self._options, self._hold_s = quotes, ledger, options, hold_s

    async def reserve(self, owner: Owner, order: Order, key: str = "", fingerprint: str = "") -> Held:
        """Return the place of an order, held once this returns.

        Raises
        ------
        InputError, ConflictError, ReusedKeyError, UnavailableError
            Nothing was held.
        """
        (found,) = (await self.bulk(owner, (order,), key, fingerprint, whole=False)).promises
        return found

    async def bulk(
        self, owner: Owner, orders: Sequence[Order], key: str = "", fingerprint: str = "", whole: bool = True
    ) -> Bulk:
        """Return the places of orders, each held or refused on its own.

        An order without a quote whose day has filled up in the meantime is quoted again.

        Parameters
        ----------
        whole : bool
            Whether a problem is part of the answer; else it is raised.
        """
        found: dict[int, Held] = {}
        left = list(range(len(orders)))
        for attempt in range(TRIES):
            planned = await self._plan(owner, [orders[number] for number in left])
            sent = [(number, one) for number, one in zip(left, planned, strict=True) if isinstance(one, Planned)]
            wrong = [(number, one) for number, one in zip(left, planned, strict=True) if isinstance(one, JalonError)]
            found |= await self._wrong(owner, orders, wrong, whole)
            again = f"{key}#{attempt}" if key and attempt else key
            replies = await self._submit(owner, [one for _, one in sent], _digest(again), fingerprint)
            left = []
            for (number, _), reply in zip(sent, replies, strict=True):
                full = reply.refusal in (Refusal.FULL, Refusal.CLOSED) and orders[number].request is not None
                if full and attempt + 1 < TRIES:
                    left.append(number)
                    continue
                if reply.refusal is Refusal.ID_TAKEN and same_again(orders[number], reply.terms):
                    reply = reply.replace(refusal=None)
                found[number] = self._held(reply, whole)
            if not left:
                break
        held_all = tuple(found[number] for number in range(len(orders)))
        kept = sum(one.problem is None for one in held_all)
        self.kept += kept
        self.refused += len(orders) - kept
        return Bulk(kept=kept, promises=held_all)

    async def confirm(self, owner: Owner, order_id: str, key: str = "", fingerprint: str = "") -> Held:
        """Hold an order's place for good; errors as for :meth:`change`."""
        return await self._one(owner, Confirm(id=order_id), key, fingerprint)

    async def release(self, owner: Owner, order_id: str, key: str = "", fingerprint: str = "") -> Held:
        """Give an order's place and goods back; errors as for :meth:`change`."""
        return await self._one(owner, Release(id=order_id), key, fingerprint)

    async def change(self, owner: Owner, order_id: str, swap: Swap, key: str = "", fingerprint: str = "") -> Held:
        """Swap an order's place for another one; it keeps the old one until the new one is held.

        Raises
        ------
        InputError, ConflictError, NotFoundError, ReusedKeyError
        """
        ticket = self._quotes.ticket(owner, swap.quote_id)
        planned = self._planner(owner, self._quotes.view(owner.tenant)).change(order_id, swap, ticket)
        (reply,) = await self._submit(owner, [planned], _digest(key), fingerprint)
        return self._held(reply, whole=False)

    def promise(self, owner: Owner, order_id: str) -> Held:
        """Return an order's place as it stands; it waits for the store.

        Raises
        ------
        NotFoundError
        """
        order = self._ledger.reservation(owner, order_id)
        if order is None:
            raise NotFoundError("unknown_reservation", *_told(Refusal.UNKNOWN_RESERVATION))
        return self._known(order)

    async def _plan(self, owner: Owner, orders: Sequence[Order]) -> list[Planned | JalonError]:
        """Plan orders under one snapshot, letting others in between."""
        snapshot, room = self._quotes.view(owner.tenant)
        view = View(snapshot, Taking(room))
        planner, now = self._planner(owner, view), self._quotes.now()
        found: list[Planned | JalonError] = []
        for number, order in enumerate(orders):
            if number and number % AT_ONCE == 0:
                await asyncio.sleep(0)
            try:
                if order.quote_id is not None:
                    ticket = self._quotes.ticket(owner, order.quote_id)
                elif order.request is not None:
                    request = order.request.replace(options=(order.option_id,))
                    quoted, ticket = self._quotes.unsigned(owner, request, view, now)
                    if quoted.short:
                        raise ConflictError("out_of_stock", *_told(Refusal.OUT_OF_STOCK))
                found.append(planner.reserve(order, ticket))
            except JalonError as error:
                found.append(error)
        return found

    def _planner(self, owner: Owner, view: View) -> Planner:
        return Planner(view.snapshot, self._quotes.names, view.room, owner, self._now_s, self._hold_s)

    async def _wrong(
        self, owner: Owner, orders: Sequence[Order], wrong: list[tuple[int, JalonError]], whole: bool
    ) -> dict[int, Held]:
        """Return what orders have that could not be planned: their own place, if they only came twice."""
        if not wrong:
            return {}
        ids = [orders[number].id for number, _ in wrong]
        known = await asyncio.to_thread(self._ledger.reservations, owner, ids)
        found = {}
        for number, error in wrong:
            order = known.get(orders[number].id)
            if order is not None and same_again(orders[number], order.terms):
                found[number] = self._known(order)
            elif whole:
                found[number] = Held(id=orders[number].id, problem=problem_of(error))
            else:
                raise error
        return found

    async def _submit(self, owner: Owner, planned: list[Planned], key: str, fingerprint: str) -> tuple[Reply, ...]:
        """Send commands to the ledger, new places before them."""
        if not planned:
            return ()
        new = {one.id: one for plan in planned for one in plan.places}
        if new:
            publish = tuple(Publish(capacity=one, if_absent=True) for one in new.values())
            self._ledger.submit(Request(owner=Owner(owner.tenant), commands=publish, now_s=self._now_s))
        commands = tuple(one.command for one in planned)
        return await self._ask(
            Request(owner=owner, commands=commands, now_s=self._now_s, key=key, fingerprint=fingerprint)
        )

    async def _one(self, owner: Owner, command: Command, key: str, fingerprint: str) -> Held:
        request = Request(
            owner=owner, commands=(command,), now_s=self._now_s, key=_digest(key), fingerprint=fingerprint
        )
        (reply,) = await self._ask(request)
        return self._held(reply, whole=False)

    async def _ask(self, request: Request) -> tuple[Reply, ...]:
        replies = await asyncio.wrap_future(self._ledger.submit(request))
        if replies and replies[0].refusal is Refusal.KEY_REUSED:
            raise ReusedKeyError("idempotency_key_reused", "this key came with another request", action="use a new key")
        return replies

    def _held(self, reply: Reply, whole: bool) -> Held:
        if reply.refusal is not None and not whole:
            raise _error(reply.refusal)
        return held(reply, self._options)

    def _known(self, order: Reservation) -> Held:
        return held(reply_of(order), self._options)

    @property
    def _now_s(self) -> int:
        return int(self._quotes.now().timestamp())


def _digest(key: str) -> str:
    return hashlib.blake2b(key.encode(), digest_size=24).hexdigest() if key else ""


def _error(refusal: Refusal) -> JalonError:
    """Return a refusal as it is raised."""
    if refusal is Refusal.UNKNOWN_RESERVATION:
        return NotFoundError(refusal.value, *_told(refusal))
    if refusal in BAD_INPUT:
        return InputError(refusal.value, *_told(refusal))
    return ConflictError(refusal.value, *_told(refusal))


def _told(refusal: Refusal) -> tuple[str, str, str]:
    detail, action = REFUSED[refusal.value]
    return detail, "", action
