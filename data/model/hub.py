"""A hub: where tours start and end, and where parcels wait."""

from __future__ import annotations

from data.model.base import Count, Id, Latitude, Longitude, Value


class Hub(Value):
    """A delivery hub. ``loading_s`` passes between a tour's last ready parcel and its departure."""

    id: Id
    lat: Latitude
    lon: Longitude
    name: str = ""
    loading_s: Count = 0
