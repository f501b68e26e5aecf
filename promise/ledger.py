"""The ledger: requests of many clients at once, each answered once it is on disk, several by one commit.

A group of requests is read from the store whole, worked off in memory by the rules, and written back whole, all in
one transaction with the replies its idempotency keys stand for.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from concurrent.futures import Future
from typing import Self, TypeVar

from data.model.reservation import Balance, Key, Owner, Reservation
from data.store import capacity, idempotency, outbox, reservations
from data.store.database import Database, StoreError, Transaction
from data.store.idempotency import Answered
from data.store.outbox import Event
from data.store.writer import Writer
from promise.capacity import Books, Refusal, discrepancies
from promise.reserve import Expire, Reply, Request, Told, act, capacities_of, decoded, encoded, keys_of

KEYS_KEPT_S = 24 * 3600
"""An idempotency key is good for a day."""

Replies = tuple[Reply, ...]
V = TypeVar("V")


class Ledger:
    """An open ledger; it has the store's only writer in this process.

    Raises
    ------
    StoreError
        ``ledger_mismatch``: balances are not what the entries add up to. Nothing is repaired silently.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        if lines := self.check():
            message = f"{len(lines)} balances or places disagree with the ledger's entries, first: {lines[0]}"
            raise StoreError("ledger_mismatch", message, database.name, "restore the store from its last backup")
        self._around: capacity.Around = {}  # the writer's thread only
        self._writer: Writer[Request, Replies] = Writer(database, self._run)

    def submit(self, request: Request) -> Future[Replies]:
        """Queue a request; the future has its replies once what they say is on disk."""
        return self._writer.submit(request)

    def do(self, request: Request) -> Replies:
        """Return a request's replies once they are on disk."""
        return self.submit(request).result()

    def expire(self, now_s: int, most: int = 1000) -> Replies:
        """Give back the places of pending reservations whose time is over; an older idempotency key goes too."""
        return self.do(Request(owner=Owner(""), commands=(Expire(most=most),), now_s=now_s))

    def balances(self, tenant: str) -> tuple[Balance, ...]:
        """Return a carrier's balances, by id."""
        with self._database.read() as connection:
            return capacity.of_tenant(connection, tenant)

    def reservation(self, owner: Owner, order_id: str) -> Reservation | None:
        """Return the place of an owner's order."""
        key = Key(*owner, order_id)
        with self._database.read() as connection:
            return reservations.load(connection, {key}, lock=False).get(key)

    def events(self, most: int = 100) -> tuple[Event, ...]:
        """Return the oldest events that nobody has told yet, in order."""
        with self._database.read() as connection:
            return outbox.waiting(connection, most)

    def told(self, seqs: Sequence[int], now_s: int) -> None:
        """Drop events that were told."""
        self.do(Request(owner=Owner(""), commands=(Told(seqs=tuple(seqs)),), now_s=now_s))

    def check(self) -> list[str]:
        """Return where balances and places are not what the entries add up to; nothing where all is right."""
        with self._database.read() as connection:
            held, strays = reservations.replay(connection), reservations.strays(connection)
            return discrepancies(capacity.read_all(connection), held, strays)

    @property
    def commits(self) -> int:
        """How often this process has committed."""
        return self._writer.commits

    def close(self) -> None:
        """Answer what waits, then stop; the database stays open."""
        self._writer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self, connection: Transaction, requests: Sequence[Request]) -> list[Replies]:
        """Work off a group of requests in one transaction."""
        now_s = max(request.now_s for request in requests)
        commands = [command for request in requests for command in request.commands]
        sweeps = [command for command in commands if isinstance(command, Expire)]
        due = tuple(reservations.due(connection, now_s, max(one.most for one in sweeps))) if sweeps else ()
        answered = idempotency.load(connection, {_key(request) for request in requests if request.key})
        orders = reservations.load(connection, {*due, *(key for request in requests for key in keys_of(request))})
        named = {key for request in requests for key in capacities_of(request)}
        places = {Key(key.tenant, "", order.capacity_id) for key, order in orders.items()}
        balances = capacity.load_nested(connection, named | places, self._around)
        books = Books(dict(balances), dict(orders))
        fresh: dict[Key, Answered] = {}
        replies = [_answer(books, request, due, answered, fresh) for request in requests]
        _save(connection, books, balances.keys(), orders.keys(), now_s)
        idempotency.save(connection, fresh, now_s)
        if sweeps:
            idempotency.forget(connection, now_s - KEYS_KEPT_S)
        outbox.drop(connection, [seq for command in commands if isinstance(command, Told) for seq in command.seqs])
        return replies


def _key(request: Request) -> Key:
    return Key(*request.owner, request.key)


def _answer(
    books: Books, request: Request, due: tuple[Key, ...], answered: dict[Key, Answered], fresh: dict[Key, Answered]
) -> Replies:
    """Return the replies to a request: those it got before, where its key is known."""
    key = _key(request)
    before = (answered.get(key) or fresh.get(key)) if request.key else None
    if before is not None:
        same = before.fingerprint == request.fingerprint
        return decoded(before.reply) if same else (Reply(id=request.key, refusal=Refusal.KEY_REUSED),)
    replies = act(books, request, due)
    if request.key:
        fresh[key] = Answered(fingerprint=request.fingerprint, reply=encoded(replies))
    return replies


def _save(connection: Transaction, books: Books, known_balances: Set[Key], known_orders: Set[Key], now_s: int) -> None:
    """Write what changed."""
    acted = {key for key, _ in books.entries}
    capacity.save(connection, *_apart(books.balances, books.touched, known_balances))
    reservations.append(connection, books.entries, now_s)
    reservations.save(connection, *_apart(books.orders, acted, known_orders))
    outbox.add(connection, books.events, now_s)


def _apart(values: dict[Key, V], changed: Set[Key], known: Set[Key]) -> tuple[dict[Key, V], dict[Key, V]]:
    """Return the changed values that are new, and those that were known."""
    return {key: values[key] for key in changed - known}, {key: values[key] for key in changed & known}
