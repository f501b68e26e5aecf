"""What all channels need: orders in, cancelled or changed, whatever order their messages come in, and alarms."""

from __future__ import annotations

import logging

import msgspec

from data.errors import ConflictError, NotFoundError, UnavailableError
from data.model.reservation import Owner
from data.store import channels, contacts, outbox
from data.store.database import Transaction
from data.store.outbox import Notice
from promise.compat.channel import Channel
from promise.intake.desk import OrderDesk
from promise.intake.values import Accepted, NewOrder

ALARM = "channel.alarm"
BUSY = "busy"

log = logging.getLogger(__name__)


class Inbox:
    """The door by which channels reach the desk; every call waits for the store.

    Attributes
    ----------
    alarms : int
        So far.
    """

    def __init__(self, desk: OrderDesk) -> None:
        self.desk, self.alarms = desk, 0

    @property
    def now_s(self) -> int:
        """The present, Unix seconds."""
        return self.desk.desk.now_s

    def take(self, channel: Channel, order: NewOrder) -> Accepted | None:
        """Take an order, unless its cancellation was quicker; what can't be taken raises an alarm.

        Raises
        ------
        UnavailableError
            Not just now: the channel sends it again.
        """
        if self._buried(channel, order.id):
            return None
        (told,) = self.desk.clerk.take(channel.owner, (order,), channel.name)
        if told.problem is not None:
            if told.problem.code == BUSY:
                raise UnavailableError(BUSY, told.problem.detail, action=told.problem.action)
            self.alarm(channel, order.id, told.problem.code, told.problem.detail)
        elif self._buried(channel, order.id):  # it came while the order was being taken
            self.desk.changes.cancel(channel.owner, order.id)
        self.desk.wake()
        return told

    def cancel(self, channel: Channel, order_id: str) -> None:
        """Cancel an order, also one that is yet to come; one that has left raises an alarm."""
        owner = channel.owner

        def bury(t: Transaction) -> None:
            channels.bury(t, owner, channel.name, order_id, self.now_s)

        self.desk.ledger.write(bury).result()
        try:
            self.desk.changes.cancel(owner, order_id)
        except NotFoundError:
            pass
        except ConflictError as error:
            self.alarm(channel, order_id, error.code, error.message)

    def erase(self, owner: Owner, customer_id: str, order_ids: list[str]) -> None:
        """Erase a customer, and who some orders are for."""

        def erase(t: Transaction) -> None:
            contacts.erase_orders(t, owner, order_ids)
            if customer_id:
                contacts.erase_customer(t, owner, customer_id)

        self.desk.ledger.write(erase).result()
        self.desk.database.scrub()

    def erase_channel(self, channel: Channel) -> None:
        """Erase everybody whom a channel's orders are for."""
        self.desk.ledger.write(lambda t: contacts.erase_channel(t, channel.owner, channel.name)).result()
        self.desk.database.scrub()

    def is_known(self, channel: Channel, notice_id: str) -> bool:
        """Whether a notice was kept."""
        with self.desk.database.read() as connection:
            return channels.is_noted(connection, channel.owner, channel.name, notice_id)

    def keep(self, t: Transaction, channel: Channel, notice_id: str) -> bool:
        """Keep the name of a notice; return whether it is new."""
        return channels.note(t, channel.owner, channel.name, notice_id, self.now_s)

    def tell(self, channel: Channel, kind: str, subject: str, **facts: object) -> None:
        """Put a notice into the outbox."""
        notice = notice_of(channel, kind, subject, **facts)
        self.desk.ledger.write(lambda t: outbox.add(t, [notice], self.now_s)).result()

    def alarm(self, channel: Channel, order_id: str, code: str, detail: str) -> None:
        """Tell somebody, once, that a channel's order needs them."""
        notice = notice_of(channel, ALARM, order_id, order_id=order_id, code=code, detail=detail)

        def note(t: Transaction) -> bool:
            new = self.keep(t, channel, f"alarm {code} {order_id}")
            if new:
                outbox.add(t, [notice], self.now_s)
            return new

        if self.desk.ledger.write(note).result():
            self.alarms += 1
            log.warning("channel %s, order %s: %s", channel.name, order_id, code)

    def _buried(self, channel: Channel, order_id: str) -> bool:
        with self.desk.database.read() as connection:
            return channels.is_buried(connection, channel.owner, channel.name, order_id)


def notice_of(channel: Channel, kind: str, subject: str, **facts: object) -> Notice:
    """Return a notice about a channel; no names, no addresses."""
    body = msgspec.json.encode({"channel": channel.name, **facts}).decode()
    return Notice(tenant=channel.tenant, shipper=channel.owner.shipper, kind=kind, body=body, subject=subject)
