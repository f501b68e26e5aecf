"""Orders that were accepted since a plan was made, as a re-plan takes them in."""

from __future__ import annotations

from data.model.order import Order
from data.model.parcel import ParcelState
from data.model.place import Place, PlaceKind
from data.model.plan import Plan
from data.model.request import OrderBook
from data.model.reservation import Owner
from data.store import contacts, orders
from data.store.database import Transaction


def accepted_since(connection: Transaction, tenant: str, plan: Plan) -> OrderBook:
    """Return the orders promised for a plan's day that it doesn't know, with the homes they go to.

    So it is with those whose delivery failed on a day before: their parcels are back at the hub.
    Orders of other hubs, and those whose place nobody knows, are left out.
    """
    known, hubs = {order.id for order in plan.orders}, {hub.id for hub in plan.hubs}
    places = {place.id for place in plan.places}
    found: list[Order] = []
    homes: dict[str, Place] = {}
    for key, stored in orders.accepted(connection, tenant, plan.day).items():
        order = stored.order
        if order.id in known or order.hub_id not in hubs:
            continue
        missing = [option.place_id for option in order.options if option.place_id not in places | homes.keys()]
        if missing:
            contact = contacts.load(connection, Owner(key.tenant, key.shipper), (key.id,)).get(key.id)
            if missing != [order.id] or contact is None or contact.lat is None or contact.lon is None:
                continue
            homes[order.id] = Place(id=order.id, kind=PlaceKind.HOME, lat=contact.lat, lon=contact.lon)
        parcels = tuple(
            parcel.replace(state=ParcelState.AT_HUB) if parcel.state is ParcelState.FAILED else parcel
            for parcel in order.parcels
        )
        found.append(order.replace(shipper=key.shipper, parcels=parcels))
        known.add(order.id)
    return OrderBook(places=tuple(homes.values()), orders=tuple(found))
