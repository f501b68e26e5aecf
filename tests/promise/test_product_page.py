"""A product's page: what a search engine works out from it is the date the shop shows, and it expires in time."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import jsonschema
from hypothesis import given
from hypothesis import strategies as st

from data.calendar import EVERY_DAY, OUVRABLES, OUVRES
from data.clock import PARIS
from data.model.place import PlaceKind
from data.model.promise import Cart, CartLine, DeliveryOption, Promise, Quality, QuoteRequest
from data.model.schedule import HubSchedule, Wave
from data.model.stock import Stock
from promise.desk_values import Quoted
from promise.product_page import ProductPage, product_page
from tests.jalon.http_server import client, problem
from tests.jalon.test_http_auth import SAMPLE
from tests.promise.small_house import AT, SHOP, opened, run

DAY = {
    "type": "object",
    "properties": {
        "@type": {"const": "QuantitativeValue"},
        "minValue": {"type": "integer", "minimum": 0},
        "maxValue": {"type": "integer", "minimum": 0},
        "unitCode": {"const": "DAY"},
    },
    "required": ["@type", "minValue", "maxValue", "unitCode"],
    "additionalProperties": False,
}
DETAILS = {
    "type": "object",
    "properties": {
        "@type": {"const": "OfferShippingDetails"},
        "shippingRate": {
            "type": "object",
            "properties": {
                "@type": {"const": "MonetaryAmount"},
                "value": {"type": "string", "pattern": r"^\d+\.\d\d$"},
                "currency": {"const": "EUR"},
            },
            "required": ["@type", "value", "currency"],
            "additionalProperties": False,
        },
        "shippingDestination": {
            "type": "object",
            "properties": {
                "@type": {"const": "DefinedRegion"},
                "addressCountry": {"const": "FR"},
                "postalCode": {"type": "string", "pattern": "^[0-9]{5}$"},
            },
            "required": ["@type", "addressCountry", "postalCode"],
            "additionalProperties": False,
        },
        "deliveryTime": {
            "type": "object",
            "properties": {
                "@type": {"const": "ShippingDeliveryTime"},
                "handlingTime": DAY,
                "transitTime": DAY,
                "cutoffTime": {"type": "string", "pattern": r"^\d\d:\d\d\+0[12]:00$"},
                "businessDays": {
                    "type": "object",
                    "properties": {
                        "@type": {"const": "OpeningHoursSpecification"},
                        "dayOfWeek": {
                            "type": "array",
                            "minItems": 1,
                            "items": {"pattern": "^https://schema.org/[A-Z][a-z]+day$"},
                        },
                    },
                    "required": ["@type", "dayOfWeek"],
                    "additionalProperties": False,
                },
            },
            "required": ["@type", "handlingTime", "transitTime", "businessDays"],
            "additionalProperties": False,
        },
    },
    "required": ["@type", "shippingRate", "shippingDestination", "deliveryTime"],
    "additionalProperties": False,
}
WEEK = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
SIX = HubSchedule(hub_id="nantes", waves=(Wave(id="six", departs=time(18), cutoff_s=3600),))


def promised(day: date, until: datetime | None, option: str = "home") -> Promise:
    return Promise(
        option_id=option,
        date=day,
        j=1,
        confidence=None,
        quality=Quality.SLA,
        hub_id="nantes",
        area_id="centre",
        order_by_at=until,
        expires_at=AT + timedelta(minutes=5),
        windows=(),
        price_cents=590,
        co2e_g=None,
        text_fr="livré bientôt",
        text_en="delivered soon",
        facts=("not for a page",),
    )


def page(promise: Promise, option: DeliveryOption, now: datetime = AT) -> ProductPage:
    expires_at = now + timedelta(minutes=5)
    quoted = Quoted(quote_id="", expires_at=expires_at, time_zone="Europe/Paris", options=(promise,))
    return product_page("mug", "44000", quoted, {option.id: option}, {"nantes": SIX}, now)


def worked_out(details: dict[str, Any], now: datetime) -> date:
    """Return the date a search engine finds: business days added up, one more from the cut-off on."""
    told = details["deliveryTime"]
    days = told["handlingTime"]["maxValue"] + told["transitTime"]["maxValue"]
    open_on = {WEEK.index(one.rpartition("/")[2]) for one in told["businessDays"]["dayOfWeek"]}
    local = now.astimezone(PARIS)
    day = local.date()
    if "cutoffTime" in told and local.time() >= time.fromisoformat(told["cutoffTime"][:5]):
        day += timedelta(days=1)
    while days:
        day += timedelta(days=1)
        days -= day.weekday() in open_on
    return day


HOME = DeliveryOption(id="home", kind=PlaceKind.HOME, calendar=EVERY_DAY)


def test_before_and_after_the_cut_off() -> None:
    told = page(promised(date(2026, 11, 26), AT.replace(hour=17)), HOME)
    (details,) = told.json_ld["shippingDetails"]
    jsonschema.validate(details, DETAILS)
    time_ = details["deliveryTime"]
    assert (time_["handlingTime"]["maxValue"], time_["transitTime"]["maxValue"]) == (0, 2)
    assert time_["cutoffTime"] == "17:00+01:00" and details["shippingRate"]["value"] == "5.90"
    assert told.options[0].text_fr == "commandé aujourd'hui avant 17 h, livré bientôt"
    assert told.options[0].text_en == "ordered today before 17:00, delivered soon"
    assert told.expires_at == AT + timedelta(minutes=5)
    late = AT.replace(hour=16, minute=58)
    assert page(promised(date(2026, 11, 26), AT.replace(hour=17)), HOME, late).expires_at == AT.replace(hour=17)
    evening, until = AT.replace(hour=19), AT.replace(hour=17) + timedelta(days=1)
    after = page(promised(date(2026, 11, 27), until), HOME, evening)
    (details,) = after.json_ld["shippingDetails"]
    assert details["deliveryTime"]["transitTime"]["maxValue"] == 2
    assert worked_out(details, evening) == date(2026, 11, 27)
    assert after.options[0].text_fr == "commandé avant mer. 17 h, livré bientôt"


def test_summer_time_and_no_cut_off() -> None:
    summer = datetime(2026, 7, 7, 9, tzinfo=PARIS)
    (details,) = page(promised(date(2026, 7, 8), summer.replace(hour=14)), HOME, summer).json_ld["shippingDetails"]
    assert details["deliveryTime"]["cutoffTime"] == "14:00+02:00"
    told = page(promised(date(2026, 11, 26), None), HOME)
    (details,) = told.json_ld["shippingDetails"]
    assert "cutoffTime" not in details["deliveryTime"] and told.options[0].text_fr == "livré bientôt"
    jsonschema.validate(details, DETAILS)


@given(
    st.integers(0, 700 * 24 * 60).map(lambda minutes: datetime(2026, 1, 1, tzinfo=PARIS) + timedelta(minutes=minutes)),
    st.sampled_from([EVERY_DAY, OUVRES, OUVRABLES]),
    st.integers(0, 23),
    st.integers(0, 4),
    st.integers(0, 9),
)
def test_what_is_worked_out_is_the_date(now: datetime, calendar: Any, hour: int, ahead: int, more: int) -> None:
    until = now.replace(hour=hour, minute=0)
    if until <= now:
        until += timedelta(days=1)
    until += timedelta(days=ahead)
    day = calendar.next_open(until.date() + timedelta(days=1 + more))
    option = HOME.replace(calendar=calendar)
    (details,) = page(promised(day, until), option, now).json_ld["shippingDetails"]
    jsonschema.validate(details, DETAILS)
    assert worked_out(details, now) == day


def test_sold_out(tmp_path: Path) -> None:
    with opened(f"sqlite:///{tmp_path}/shop.db") as desk:
        run(desk.put_stock(SHOP, [Stock(sku="mug", hub_id="nantes", units=0)], available=True))
        asked = QuoteRequest(postcode="44000", cart=Cart(lines=(CartLine(sku="mug"),)))
        quoted, _ = desk.quotes.unsigned(SHOP, asked, desk.quotes.view("carrier"), AT)
        told = product_page("mug", "44000", quoted, {}, {}, AT)
    assert told.options == () and told.json_ld["shippingDetails"] == []
    assert told.json_ld["availability"] == "https://schema.org/OutOfStock"


def test_the_route(tmp_path: Path) -> None:
    with client(tmp_path, promise=SAMPLE) as one:
        path = "/v1/product-page/shipping"
        reply = one.get(path, params={"sku": "mug", "postcode": "44000"})
        while reply.status_code == 503:
            reply = one.get(path, params={"sku": "mug", "postcode": "44000"})
        told = reply.json()
        assert told["sku"] == "mug" and told["options"] and "facts" not in told["options"][0]
        for details in told["json_ld"]["shippingDetails"]:
            jsonschema.validate(details, DETAILS)
        kept, seconds = reply.headers["cache-control"].split("max-age=")
        assert kept == "private, " and 0 <= int(seconds) <= 300
        assert "Authorization" in reply.headers["vary"]
        quoted = one.post("/v1/promises/quote", json={"postcode": "44000"}).json()
        assert [each["date"] for each in quoted["options"]] == [each["date"] for each in told["options"]]
        problem(one.get(path, params={"sku": "mug", "postcode": "4400"}), 422, "invalid_value")
        problem(one.get(path, params={"postcode": "44000"}), 422, "invalid_value")


def test_without_a_promise_room(tmp_path: Path) -> None:
    with client(tmp_path) as one:
        problem(one.get("/v1/product-page/shipping?sku=a&postcode=44000"), 503, "promise_not_configured")
