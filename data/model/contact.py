"""Who an order is for and how to reach them: the only value that holds names, addresses and phone numbers."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from data.model.base import Latitude, Longitude, Value
from data.model.reservation import Name

Text = Annotated[str, Meta(max_length=512)]


class Contact(Value):
    """The person at the end of one order; ``customer_id`` is who they are to the shop."""

    customer_id: Name = ""
    name: Text = ""
    phone: Text = ""
    email: Text = ""
    address: Text = ""
    postcode: Text = ""
    city: Text = ""
    note: Annotated[str, Meta(max_length=4096)] = ""
    lat: Latitude | None = None
    lon: Longitude | None = None
