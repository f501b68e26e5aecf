"""What a product's page may say of its delivery: dates in words, and schema.org's ``OfferShippingDetails``.

A search engine that reads the page adds handling and transit days up by itself: on the weekdays named in
``businessDays``, it knows no holidays, and from ``cutoffTime`` on it adds a day. So the days are counted the way it
does: what it works out is the date the shop shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from data.clock import PARIS
from data.model.base import Count, Id, Instant, Value
from data.model.promise import DeliveryOption, Promise
from data.model.schedule import HubSchedule
from promise import wording
from promise.desk_values import Quoted

CURRENCY, COUNTRY = "EUR", "FR"
SCHEMA = "https://schema.org"
AHEAD_S = 30 * 86_400
"""Waves are looked for so far ahead."""


class PageOption(Value, omit_defaults=False):
    """One way of delivery, as a page shows it; ``order_by_at`` is when its date ends."""

    option_id: Id
    date: date
    order_by_at: Instant | None
    price_cents: Count
    text_fr: str
    text_en: str


class ProductPage(Value, omit_defaults=False):
    """What a page shows, and what goes into its ``application/ld+json`` script.

    Attributes
    ----------
    expires_at : datetime
        From then on a date may be another one: ask again.
    options : tuple of PageOption
        Nothing where the product is sold out.
    """

    sku: Id
    postcode: str
    expires_at: Instant
    options: tuple[PageOption, ...]
    json_ld: dict[str, Any]


class Days(NamedTuple):
    """Business days from an order placed before the cut-off: until it leaves the hub, and from there."""

    handling: int
    transit: int


def product_page(
    sku: str,
    postcode: str,
    quoted: Quoted,
    options: Mapping[str, DeliveryOption],
    schedules: Mapping[str, HubSchedule],
    now: datetime,
) -> ProductPage:
    """Return a product's page for one postcode.

    Parameters
    ----------
    quoted : Quoted
        For one piece of the product.
    schedules : mapping
        Timetables by hub.
    """
    ends = [one.order_by_at for one in quoted.options if one.order_by_at is not None and one.order_by_at > now]
    details = [
        _details(one, options[one.option_id], schedules.get(one.hub_id), postcode, now) for one in quoted.options
    ]
    stock = "InStock" if details else "OutOfStock"
    return ProductPage(
        sku=sku,
        postcode=postcode,
        expires_at=min([quoted.expires_at, *ends]),
        options=tuple(_option(one, now) for one in quoted.options),
        json_ld={
            "@context": SCHEMA,
            "@type": "Offer",
            "itemOffered": {"@type": "Product", "sku": sku},
            "availability": f"{SCHEMA}/{stock}",
            "shippingDetails": details,
        },
    )


def days_of(promise: Promise, option: DeliveryOption, schedule: HubSchedule | None, now: datetime) -> Days:
    """Return how a promise divides into handling and transit; without a timetable all of it is transit."""
    ordered = _ordered_on(promise, now)
    leaves = _leaves_on(promise, option, schedule, now) or ordered
    leaves = min(max(leaves, ordered), promise.date)
    weekdays = option.calendar.weekdays
    return Days(_business_days(ordered, leaves, weekdays), _business_days(leaves, promise.date, weekdays))


def _option(promise: Promise, now: datetime) -> PageOption:
    until = promise.order_by_at
    return PageOption(
        option_id=promise.option_id,
        date=promise.date,
        order_by_at=until,
        price_cents=promise.price_cents,
        text_fr=wording.ordered_by_fr(until, now, promise.text_fr) if until else promise.text_fr,
        text_en=wording.ordered_by_en(until, now, promise.text_en) if until else promise.text_en,
    )


def _details(
    promise: Promise, option: DeliveryOption, schedule: HubSchedule | None, postcode: str, now: datetime
) -> dict[str, Any]:
    days = days_of(promise, option, schedule, now)
    weekdays = [f"{SCHEMA}/{wording.DAYS_EN[weekday - 1]}" for weekday in sorted(option.calendar.weekdays)]
    time: dict[str, Any] = {
        "@type": "ShippingDeliveryTime",
        "handlingTime": _quantity(days.handling),
        "transitTime": _quantity(days.transit),
        "businessDays": {"@type": "OpeningHoursSpecification", "dayOfWeek": weekdays},
    }
    if promise.order_by_at is not None:
        time["cutoffTime"] = promise.order_by_at.astimezone(PARIS).isoformat(timespec="minutes").partition("T")[2]
    return {
        "@type": "OfferShippingDetails",
        "shippingRate": {"@type": "MonetaryAmount", "value": f"{promise.price_cents / 100:.2f}", "currency": CURRENCY},
        "shippingDestination": {"@type": "DefinedRegion", "addressCountry": COUNTRY, "postalCode": postcode},
        "deliveryTime": time,
    }


def _quantity(days: int) -> dict[str, Any]:
    """Return a number of days: the date is owed, so there is no shorter and no longer one."""
    return {"@type": "QuantitativeValue", "minValue": days, "maxValue": days, "unitCode": "DAY"}


def _ordered_on(promise: Promise, now: datetime) -> date:
    """Return the day a search engine counts from: tomorrow from the hour of the cut-off on, whichever day's it is."""
    local = now.astimezone(PARIS)
    until = promise.order_by_at.astimezone(PARIS) if promise.order_by_at else None
    late = until is not None and (local.hour, local.minute) >= (until.hour, until.minute)
    return min(local.date() + timedelta(days=late), promise.date)


def _leaves_on(promise: Promise, option: DeliveryOption, schedule: HubSchedule | None, now: datetime) -> date | None:
    """Return the day of the wave whose cut-off ends the promised date, or of the next one."""
    if schedule is None:
        return None
    after_s = int((promise.order_by_at or now).timestamp())
    found = schedule.departures(after_s, after_s + AHEAD_S)
    for leaves_s, cutoff_s, which in zip(*found, strict=True):
        wave = schedule.waves[which]
        if cutoff_s >= after_s and wave.carrier == option.carrier and (not wave.areas or promise.area_id in wave.areas):
            return datetime.fromtimestamp(int(leaves_s), PARIS).date()
    return None


def _business_days(begin: date, end: date, weekdays: tuple[int, ...]) -> int:
    """Return how many of the weekdays there are after ``begin``, up to and with ``end``."""
    days = range(1, (end - begin).days + 1)
    return sum((begin + timedelta(days=k)).isoweekday() in weekdays for k in days)
