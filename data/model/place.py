"""Places where a parcel may be handed over, their boxes, and whether a parcel fits them."""

from __future__ import annotations

from enum import StrEnum

from data.model.base import Count, Id, Latitude, Longitude, Value
from data.model.parcel import Dimensions, Parcel


class PlaceKind(StrEnum):
    """What a place is."""

    HOME = "home"
    RELAY = "relay"
    LOCKER = "locker"
    POST_OFFICE = "post_office"


class BoxType(Value):
    """The free boxes of one size in a locker.

    ``free`` counts boxes that may be used on the planned day (capacity - uncollected - reserved + expected
    collections). Sizes are listed in a place from the smallest to the largest.
    """

    size: Id
    free: Count
    inner_mm: Dimensions
    max_load_g: Count = 30_000


class Place(Value):
    """A home, relay point, locker or post office.

    ``opening_hours`` is an OSM opening_hours string, ``None`` means always. ``setup_s`` is spent once per visit,
    ``service_s`` once per order. ``daily_cap_parcels`` is what a relay accepts in a day.
    """

    id: Id
    kind: PlaceKind
    lat: Latitude
    lon: Longitude
    name: str = ""
    address: str = ""
    postcode: str = ""
    brand: str = ""
    opening_hours: str | None = None
    setup_s: Count = 0
    service_s: Count = 120
    boxes: tuple[BoxType, ...] = ()
    daily_cap_parcels: Count | None = None
    max_load_g: Count | None = None
    max_mm: Dimensions | None = None


def box_fits(parcel: Parcel, box: BoxType) -> bool:
    """Return whether ``parcel`` goes into ``box``, turned any right-angled way."""
    return parcel.load_g <= box.max_load_g and parcel.size_mm.fits_in(box.inner_mm)


def smallest_box(parcel: Parcel, place: Place) -> int | None:
    """Return the first box index from which on *every* larger size takes ``parcel``, or ``None``.

    Counting from there keeps sizes nested, so that boxes are enough exactly when, for each size, the parcels that
    need it or a larger one are no more than the free boxes from it on (Hall's condition).
    """
    need = None
    for index in range(len(place.boxes) - 1, -1, -1):
        if not box_fits(parcel, place.boxes[index]):
            break
        need = index
    return need


def refuses(parcel: Parcel, place: Place) -> str:
    """Return why ``place`` can never take ``parcel`` (free boxes aside), or an empty string."""
    if place.max_load_g is not None and parcel.load_g > place.max_load_g:
        return f"{parcel.load_g} g is over the {place.max_load_g} g that {place.id} accepts"
    if place.max_mm is not None and not parcel.size_mm.fits_in(place.max_mm):
        return f"{parcel.size_mm} mm is over the {place.max_mm} mm that {place.id} accepts"
    if place.kind is PlaceKind.LOCKER and smallest_box(parcel, place) is None:
        return f"no box of {place.id} takes {parcel.size_mm} mm, {parcel.load_g} g"
    return ""
