"""The ledger: requests of many clients at once, each answered once it is on disk, several by one commit.

A group of requests is read from the store whole, worked off in memory by the rules, and written back whole, all in
one transaction with the replies its idempotency keys stand for.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence, Set
from concurrent.futures import Future
from itertools import chain
from typing import NamedTuple, Self, TypeVar

from data.model.reservation import Balance, Key, Owner, Reservation
from data.model.stock import StockBalance, lines_of
from data.store import capacity, idempotency, outbox, reservations, rows, stock
from data.store.database import Database, StoreError, Transaction
from data.store.idempotency import Answered
from data.store.outbox import Notice
from data.store.writer import Done, Writer
from promise.audit import audit
from promise.capacity import Books, Refusal
from promise.reserve import (
    Expire,
    Reply,
    Request,
    Told,
    act,
    capacities_of,
    decoded,
    encoded,
    goods_keys,
    keys_of,
    stocks_of,
)

KEYS_KEPT_S = 24 * 3600
"""An idempotency key is good for a day."""

Replies = tuple[Reply, ...]
R = TypeVar("R")
V = TypeVar("V")


class Committed(NamedTuple):
    """What a commit has changed, as it is now."""

    balances: Mapping[Key, Balance]
    orders: Mapping[Key, Reservation]
    stocks: Mapping[Key, StockBalance]


class Known(NamedTuple):
    """What there was before a group of requests."""

    balances: Set[Key]
    orders: Set[Key]
    stocks: Set[Key]


class Ledger:
    """An open ledger; it has the store's only writer in this process.

    Parameters
    ----------
    on_commit : callable, optional
        Told what each commit has changed, before whoever asked for it gets its reply; in the writer's thread, so it
        must be quick.

    Raises
    ------
    StoreError
        ``ledger_mismatch``: balances are not what the entries add up to. Nothing is repaired silently.
    """

    def __init__(self, database: Database, on_commit: Callable[[Committed], None] | None = None) -> None:
        self._database, self._on_commit = database, on_commit
        if lines := self.check():
            message = f"{len(lines)} balances or places disagree with the ledger's entries, first: {lines[0]}"
            raise StoreError("ledger_mismatch", message, database.name, "restore the store from its last backup")
        self._around: capacity.Around = {}  # the writer's thread only
        self._writer = Writer(database)

    def submit(self, request: Request) -> Future[Replies]:
        """Queue a request; the future has its replies once what they say is on disk."""
        return self._writer.submit(self._run, request)

    def do(self, request: Request) -> Replies:
        """Return a request's replies once they are on disk."""
        return self.submit(request).result()

    def write(self, job: Callable[[Transaction], R]) -> Future[R]:
        """Queue a write of another aggregate, which shares the next commit; one that raises is undone alone.

        It may be called again after a rollback, so it does nothing but write.
        """
        return self._writer.submit(_each, job)

    def submit_with(self, request: Request, job: Callable[[Transaction, Replies], R]) -> Future[R]:
        """Queue a request and a write that hangs on its replies: both, or neither; the future has what the write gives.

        Like any write it may be called again after a rollback.
        """
        return self._writer.submit(self._run_with, (request, job))

    def expire(self, now_s: int, most: int = 1000) -> Replies:
        """Give back the places of pending reservations whose time is over; an older idempotency key goes too."""
        return self.do(Request(owner=Owner(""), commands=(Expire(most=most),), now_s=now_s))

    def balances(self, tenant: str) -> tuple[Balance, ...]:
        """Return a carrier's balances, by id."""
        with self._database.read() as connection:
            return capacity.of_tenant(connection, tenant)

    def stocks(self, owner: Owner, skus: Collection[str] = ()) -> tuple[StockBalance, ...]:
        """Return a shipper's stock by product, hub and channel; of some products, or of all."""
        with self._database.read() as connection:
            return stock.of_owner(connection, owner, skus)

    def reservation(self, owner: Owner, order_id: str) -> Reservation | None:
        """Return the place of an owner's order."""
        return self.reservations(owner, (order_id,)).get(order_id)

    def reservations(self, owner: Owner, order_ids: Collection[str]) -> dict[str, Reservation]:
        """Return the places of an owner's orders."""
        keys = {Key(*owner, order_id) for order_id in order_ids}
        with self._database.read() as connection:
            return {key.id: one for key, one in reservations.load(connection, keys, lock=False).items()}

    def notices(self, most: int = 100) -> tuple[Notice, ...]:
        """Return the oldest notices that nobody has told yet, in order."""
        with self._database.read() as connection:
            return outbox.waiting(connection, most)

    def told(self, seqs: Sequence[int], now_s: int) -> None:
        """Drop notices that were told."""
        self.do(Request(owner=Owner(""), commands=(Told(seqs=tuple(seqs)),), now_s=now_s))

    def check(self) -> list[str]:
        """Return where balances and places are not what the entries add up to; nothing where all is right."""
        return audit(self._database)

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

    def _run(self, connection: Transaction, requests: Sequence[Request]) -> Done:
        """Work off a group of requests in one transaction."""
        now_s = max(request.now_s for request in requests)
        commands = [command for request in requests for command in request.commands]
        sweeps = [command for command in commands if isinstance(command, Expire)]
        due = tuple(reservations.due(connection, now_s, max(one.most for one in sweeps))) if sweeps else ()
        answered = idempotency.load(connection, {_key(request) for request in requests if request.key})
        books = self._books(connection, requests, due)
        known = Known(set(books.balances), set(books.orders), set(books.stocks))
        fresh: dict[Key, Answered] = {}
        replies = [_answer(books, request, due, answered, fresh) for request in requests]
        with rows.at_once(connection):
            _save(connection, books, known, now_s)
            idempotency.save(connection, fresh, now_s)
        if sweeps:
            idempotency.forget(connection, now_s - KEYS_KEPT_S)
        outbox.drop(connection, [seq for command in commands if isinstance(command, Told) for seq in command.seqs])
        return Done(replies, lambda: self._tell(books))

    def _run_with(self, connection: Transaction, pairs: Sequence[tuple[Request, Callable[..., object]]]) -> Done:
        """Work off requests, each with a write of another aggregate."""
        done = self._run(connection, [request for request, _ in pairs])
        told = [job(connection, replies) for (_, job), replies in zip(pairs, done.replies, strict=True)]
        return Done(told, done.after)

    def _books(self, connection: Transaction, requests: Sequence[Request], due: tuple[Key, ...]) -> Books:
        """Read all that the requests may change, locked."""
        wanted = {*due, *chain.from_iterable(map(keys_of, requests))}
        orders = reservations.load(connection, wanted)
        goods = (goods_keys(Owner(*key[:2]), lines_of(one.goods)) for key, one in orders.items())
        shelves = set(chain(*map(stocks_of, requests), *goods))
        places = {Key(key.tenant, "", order.capacity_id) for key, order in orders.items()}
        named = places.union(*map(capacities_of, requests))
        balances = capacity.load_nested(connection, named, self._around)
        return Books(balances, orders, stock.load(connection, shelves))

    def _tell(self, books: Books) -> None:
        if self._on_commit is not None and (books.touched or books.entries or books.sold):
            self._on_commit(
                Committed(
                    {key: books.balances[key] for key in books.touched},
                    {key: books.orders[key] for key, _ in books.entries},
                    {key: books.stocks[key] for key in books.sold},
                )
            )


def _each(connection: Transaction, jobs: Sequence[Callable[[Transaction], object]]) -> Done:
    """Do writes of other aggregates, one after the other."""
    return Done([job(connection) for job in jobs])


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


def _save(connection: Transaction, books: Books, known: Known, now_s: int) -> None:
    """Write what changed."""
    new, changed = _apart(books.balances, books.touched, known.balances)
    capacity.take(connection, {key: one for key, one in changed.items() if key not in books.published}, now_s)
    capacity.save(connection, new, {key: one for key, one in changed.items() if key in books.published}, now_s)
    stock.save(connection, *_apart(books.stocks, books.sold, known.stocks), now_s)
    reservations.append(connection, books.entries, now_s)
    reservations.save(connection, *_apart(books.orders, {key for key, _ in books.entries}, known.orders))
    outbox.add(connection, books.notices, now_s)


def _apart(values: dict[Key, V], changed: Set[Key], known: Set[Key]) -> tuple[dict[Key, V], dict[Key, V]]:
    """Return the changed values that are new, and those that were known."""
    return {key: values[key] for key in changed - known}, {key: values[key] for key in changed & known}
