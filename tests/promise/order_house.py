"""The small house with a desk for orders on top."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from data.model.address import Address, Level, Located, Suggestion
from data.model.contact import Contact
from data.model.promise_state import PromiseState
from data.model.stored_order import StoredOrder
from data.store import contacts, orders
from data.store.outbox import Notice
from promise.intake.desk import OrderDesk
from promise.intake.values import Accepted, NewOrder
from tests.promise.small_house import SHOP, Clock, opened

CENTRE = Contact(name="Camille Martin", address="12 rue de la Paix", postcode="44000", city="Nantes")
NORTH = CENTRE.replace(address="3 rue du Nord", postcode="44300")
POINT = CENTRE.replace(lat=47.21, lon=-1.55)


class Town:
    """A geocoder that knows a few streets; it can be away."""

    def __init__(self) -> None:
        self.known = {"12 rue de la Paix": (47.21, -1.55), "3 rue du Nord": (47.25, -1.56)}
        self.asked: list[Address] = []

    def locate(self, tenant: str, addresses: Sequence[Address]) -> list[Located]:
        """Return where addresses are."""
        self.asked += addresses
        return [self._one(one) for one in addresses]

    def _one(self, address: Address) -> Located:
        if point := self.known.get(address.text):
            return Located(lat=point[0], lon=point[1], score=0.97, level=Level.HOUSENUMBER, doubtful=False)
        maybe = Suggestion(
            label="12 Rue de la Paix", score=0.5, level=Level.STREET, citycode="44109", lat=47.2, lon=-1.5
        )
        return Located(score=0.4, level=Level.MUNICIPALITY, reason="no_street", suggestions=(maybe,))


@contextmanager
def taking(
    url: str, clock: Clock | None = None, state: PromiseState | None = None, town: Town | None = None
) -> Iterator[OrderDesk]:
    """Yield a desk for orders."""
    with opened(url, clock, state) as desk, OrderDesk(desk, town) as taking:
        yield taking


def new(order_id: str, **more: Any) -> NewOrder:
    """Return an order to the centre, at home, that says where that is."""
    return NewOrder(**{"id": order_id, "to": POINT, "option_id": "home", **more})


def take(desk: OrderDesk, *some: NewOrder, channel: str = "") -> tuple[Accepted, ...]:
    """Take orders of the shop."""
    return desk.clerk.take(SHOP, some, channel)


def stored(desk: OrderDesk, *ids: str) -> dict[str, StoredOrder]:
    """Return orders of the shop as they are kept."""
    with desk.database.read() as connection:
        return orders.load(connection, SHOP, ids)


def contact(desk: OrderDesk, order_id: str) -> Contact | None:
    """Return who an order is for."""
    with desk.database.read() as connection:
        return contacts.load(connection, SHOP, (order_id,)).get(order_id)


def notices(desk: OrderDesk, kind: str) -> list[Notice]:
    """Return the notices of a kind that wait."""
    return [one for one in desk.ledger.notices(1000) if one.kind == kind]
