"""Addresses of orders are found on the map beside their way in: the date is promised by postcode, the tour needs more.

What is found is kept with the contact; what is doubtful is a state of the order that somebody is told of, never a point
in the middle of a town.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Protocol

import msgspec

from data.errors import JalonError
from data.model.address import Address, Located, Suggestion
from data.model.contact import Contact
from data.model.reservation import Key, Owner
from data.model.stored_order import OrderState
from data.store import contacts, orders, outbox
from data.store.database import Database, Transaction
from data.store.outbox import Notice
from promise.ledger import Ledger

AT_ONCE, EVERY_S, RETRY_S = 500, 2.0, 30.0

log = logging.getLogger(__name__)


class Locator(Protocol):
    """Finds addresses, corrected ones first."""

    def locate(self, tenant: str, addresses: Sequence[Address]) -> list[Located]:
        """Return where addresses are; raises ``UnavailableError`` where it can't be asked."""
        ...


class Locating:
    """A thread that looks for the addresses of orders that wait for it.

    Attributes
    ----------
    found, doubtful, failures : int
        So far.
    """

    def __init__(self, database: Database, ledger: Ledger, locator: Locator, now_s: Callable[[], int]) -> None:
        self.found = self.doubtful = self.failures = 0
        self._database, self._ledger, self._locator, self._now_s = database, ledger, locator, now_s
        self._stopped, self._wake = False, threading.Event()
        self._thread = threading.Thread(target=self._run, name="locating", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Look now."""
        self._wake.set()

    def corrected(self, tenant: str) -> None:
        """Look once more for what is doubtful: a carrier has corrected an address."""
        self._ledger.write(lambda t: orders.doubt_again(t, tenant, self._now_s())).result()
        self.wake()

    def suggestions(self, owner: Owner, order_id: str) -> tuple[Suggestion, ...]:
        """Return what an order's address may be."""
        with self._database.read() as connection:
            contact = contacts.load(connection, owner, (order_id,)).get(order_id)
        return self._locator.locate(owner.tenant, (address_of(contact),))[0].suggestions if contact else ()

    def close(self) -> None:
        """Stop once what is being looked for is found."""
        self._stopped = True
        self._wake.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped:
            wait_s = EVERY_S
            try:
                self.all()
            except JalonError as error:
                self.failures, wait_s = self.failures + 1, RETRY_S
                log.warning("addresses wait: %s", error.code)
            self._wake.wait(wait_s)
            self._wake.clear()

    def all(self) -> None:
        """Look for every address that waits, some at a time."""
        after: Key | None = None
        while not self._stopped:
            with self._database.read() as connection:
                keys = orders.to_locate(connection, after, AT_ONCE)
            if not keys:
                return
            after = keys[-1]
            for owner, some in groupby(keys, key=lambda key: Owner(key.tenant, key.shipper)):
                self._locate(owner, [key.id for key in some])

    def _locate(self, owner: Owner, ids: Sequence[str]) -> None:
        with self._database.read() as connection:
            known = contacts.load(connection, owner, ids)
        if not known:
            return
        places = self._locator.locate(owner.tenant, [address_of(one) for one in known.values()])
        found = dict(zip(known, places, strict=True))
        self._ledger.write(lambda t: self._keep(t, owner, known, found)).result()
        bad = sum(one.doubtful for one in places)
        self.found, self.doubtful = self.found + len(places) - bad, self.doubtful + bad

    def _keep(self, t: Transaction, owner: Owner, known: dict[str, Contact], found: dict[str, Located]) -> None:
        """Write what was found, for the orders whose address is still the one that was looked for."""
        now_s = self._now_s()
        same = {name for name, one in contacts.load(t, owner, list(known)).items() if one == known[name]}
        waiting = {
            name for name, one in orders.load(t, owner, sorted(same)).items() if one.state is OrderState.UNLOCATED
        }
        sure = {name for name in waiting if not found[name].doubtful}
        points = {name: known[name].replace(lat=found[name].lat, lon=found[name].lon) for name in sure}
        contacts.put(t, owner, points, now_s)
        orders.set_state(t, owner, sure, OrderState.ACCEPTED, now_s)
        orders.set_state(t, owner, waiting - sure, OrderState.ADDRESS_DOUBTFUL, now_s)
        outbox.add(t, [doubt_of(owner, name, found[name]) for name in sorted(waiting - sure)], now_s)


def address_of(contact: Contact) -> Address:
    """Return where somebody lives, without their name."""
    return Address(text=contact.address, postcode=contact.postcode, city=contact.city)


def doubt_of(owner: Owner, order_id: str, found: Located) -> Notice:
    """Return what tells of a doubtful address; the address itself stays inside."""
    facts = {
        "order_id": order_id,
        "reason": found.reason,
        "score": found.score,
        "level": found.level,
        "suggestions": len(found.suggestions),
    }
    body = msgspec.json.encode(facts).decode()
    return Notice(tenant=owner.tenant, shipper=owner.shipper, kind="address.doubtful", body=body, subject=order_id)
