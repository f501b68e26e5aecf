"""A quote in words and numbers: windows, expiry, facts, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import numpy as np
import pytest

from data.calendar import OUVRABLES, OUVRES
from data.clock import PARIS
from data.errors import InputError
from data.model.place import PlaceKind
from data.model.promise import (
    Area,
    CarrierSla,
    Cart,
    DayCount,
    DeliveryOption,
    Pool,
    Promise,
    Quality,
    QuoteRequest,
    Slot,
)
from data.model.schedule import HubSchedule, Wave
from promise import wording
from promise.grid import Grid
from promise.quote import quote
from promise.snapshot import Curves, HandOver, Snapshot, build

NOW = datetime(2026, 11, 24, 10, tzinfo=PARIS)  # a Tuesday
NOW_S = int(NOW.timestamp())
REQUEST = QuoteRequest(postcode="44000")
SLOTS = (
    Slot(begins=time(8), ends=time(12), price_cents=200),
    Slot(begins=time(18), ends=time(21), full_on=(date(2026, 11, 26),)),
    Slot(begins=time(9), ends=time(10), weekdays=(6,)),
)
HOME = DeliveryOption(id="home", kind=PlaceKind.HOME, calendar=OUVRABLES, slots=SLOTS, price_cents=590, co2e_g=400)
EXPRESS = DeliveryOption(id="express", kind=PlaceKind.HOME, calendar=OUVRES, carrier="dash", widest_days=4)


def hub(hub_id: str = "nantes", share: float = 1.0, facts: tuple[str, ...] = ()) -> HandOver:
    """Return a hub whose order leaves with the first wave with probability ``share``, else with the second."""
    waves = (Wave(id="six", departs=time(18), cutoff_s=3600), Wave(id="dash", departs=time(17), carrier="dash"))
    schedule = HubSchedule(hub_id=hub_id, waves=waves)
    departures = schedule.departures(NOW_S, NOW_S + 5 * 86_400)
    cdf = np.where(departures.waves_s < NOW_S + 86_400, share, 1.0)[:, None]
    return HandOver(schedule, departures, cdf, facts=facts)


def snapshot(*hubs: HandOver, pools: tuple[Pool, ...] = (), options: tuple[DeliveryOption, ...] = (HOME,)) -> Snapshot:
    """Return a snapshot in which all that left on a day is delivered on the second delivery day after it."""
    grid = Grid((Area(id="centre", postcodes=("44000",)),), options)
    curve = np.array([0.0, 0.5, 1.0])
    model = np.broadcast_to(curve, (1, len(options), 3)).copy()
    model[:, [option.carrier != "" for option in options]] = np.nan
    unknown = np.full((len(options), 3), np.nan)
    return build(NOW_S, hubs or (hub(),), grid, Curves(model, unknown), 0.95, pools, days=8)


def only(promises: tuple[Promise, ...]) -> Promise:
    (found,) = promises
    return found


def test_a_promise_says_it_all() -> None:
    found = only(quote(snapshot(hub(facts=("hub nantes at 80 %",))), REQUEST, NOW))
    windows = [(sold.window.start_at, sold.window.end_at, sold.price_cents) for sold in found.windows]
    assert found == Promise(
        option_id="home",
        date=date(2026, 11, 26),
        j=2,
        confidence=1.0,
        quality=Quality.MODEL,
        hub_id="nantes",
        area_id="centre",
        order_by_at=datetime(2026, 11, 24, 17, tzinfo=PARIS),
        expires_at=datetime(2026, 11, 24, 10, 5, tzinfo=PARIS),
        windows=found.windows,
        price_cents=590,
        co2e_g=400,
        text_fr="livré jeudi 26 novembre",
        text_en="delivered Thursday 26 November",
        facts=("hub nantes at 80 %",),
    )
    thursday = datetime(2026, 11, 26, tzinfo=PARIS)
    assert windows == [(thursday.replace(hour=8), thursday.replace(hour=12), 200)]


def test_a_quote_holds_past_the_cut_off_it_depends_on() -> None:
    late = NOW.replace(hour=16, minute=58)
    fresh = replace(snapshot(), valid_until_s=NOW_S + 86_400)
    before = only(quote(fresh, REQUEST, late))
    assert (before.date, before.order_by_at) == (date(2026, 11, 26), NOW.replace(hour=17))
    assert before.expires_at == NOW.replace(hour=17, minute=3)
    after = only(quote(fresh, REQUEST, NOW.replace(hour=17)))
    assert after.date == date(2026, 11, 27) and after.order_by_at is None
    assert after.expires_at == NOW.replace(hour=17, minute=5)


def test_a_full_day_is_passed_over_and_said() -> None:
    full = Pool(day=date(2026, 11, 26), parcels=10, reserved=9, dm3=100, reserved_dm3=60)
    days = {
        (1, 40): date(2026, 11, 26),
        (2, 0): date(2026, 11, 27),
        (1, 41): date(2026, 11, 27),
    }
    for (parcels, volume_dm3), day in days.items():
        cart = Cart(parcels=parcels, volume_dm3=volume_dm3)
        found = only(quote(snapshot(pools=(full,)), REQUEST.replace(cart=cart), NOW))
        assert found.date == day
        assert found.facts == (() if day.day == 26 else ("no room left on 2026-11-26",))


def test_the_hub_that_is_sooner_then_surer_takes_it() -> None:
    busy, idle = hub("busy", 0.2, ("hub busy at 143 %",)), hub("idle", 0.96, ("hub idle at 40 %",))
    found = only(quote(snapshot(busy, idle), REQUEST, NOW))
    assert (found.hub_id, found.facts) == ("idle", ("hub idle at 40 %",))
    assert found.confidence == pytest.approx(0.98, abs=1e-4)
    told = only(quote(snapshot(busy, idle), REQUEST.replace(cart=Cart(hub_ids=("busy",))), NOW))
    assert (told.hub_id, told.date) == ("busy", date(2026, 11, 27))
    assert only(quote(snapshot(idle, hub("sure")), REQUEST, NOW)).hub_id == "sure"


def test_a_carrier_without_history_is_taken_at_its_word() -> None:
    taken = DayCount(day=date(2026, 11, 24), parcels=7)
    word = CarrierSla(transit_days=1, quota_parcels=8, taken=(taken,))
    found = only(quote(snapshot(options=(EXPRESS.replace(sla=word),)), REQUEST, NOW))
    assert (found.date, found.quality, found.confidence) == (date(2026, 11, 25), Quality.SLA, None)
    used_up = word.replace(taken=(taken, taken))
    assert only(quote(snapshot(options=(EXPRESS.replace(sla=used_up),)), REQUEST, NOW)).date == date(2026, 11, 26)
    nothing = only(quote(snapshot(options=(EXPRESS,)), REQUEST, NOW))
    assert (nothing.date, nothing.quality) == (date(2026, 11, 30), Quality.FALLBACK)
    assert not nothing.windows and nothing.hub_id == "" and nothing.facts


def test_beyond_the_horizon_the_date_is_the_widest() -> None:
    found = only(quote(snapshot(hub(share=0.0)), REQUEST.replace(confidence=1.0), NOW))
    assert found.date == date(2026, 11, 27)
    never = hub()
    stuck = HandOver(never.schedule, never.departures, np.zeros_like(never.cdf))
    found = only(quote(snapshot(stuck), REQUEST, NOW))
    assert found.quality is Quality.FALLBACK
    assert found.date == OUVRABLES.plus(date(2026, 12, 1), HOME.widest_days)
    assert found.facts == ("no day up to 2026-12-01 is sure enough and has room",)


def test_a_stale_snapshot_is_no_promise_of_more() -> None:
    word = CarrierSla(transit_days=1)
    both = snapshot(options=(HOME, EXPRESS.replace(sla=word)))
    late = NOW + timedelta(minutes=15)
    home, express = quote(both, REQUEST, late)
    assert home.quality is Quality.FALLBACK and home.date > date(2026, 11, 26)
    assert (express.quality, express.date) == (Quality.SLA, date(2026, 11, 25))
    assert express.facts == ("snapshot stale since 10:15", "the carrier's word, by cut-off alone")
    assert express.order_by_at == NOW.replace(hour=17)
    years_later = quote(both, REQUEST, NOW + timedelta(days=400))
    assert {promise.quality for promise in years_later} == {Quality.FALLBACK}


def test_overseas_nothing_is_known() -> None:
    found = only(quote(snapshot(), QuoteRequest(postcode="97400"), NOW))
    assert found.quality is Quality.FALLBACK and found.area_id == "" and found.confidence is None
    assert found.date == OUVRABLES.at("974").plus(NOW.date(), HOME.widest_days)


@pytest.mark.parametrize(
    ("request_", "code", "where"),
    [
        (REQUEST.replace(options=("home", "hoem")), "unknown_option", "#/options/1"),
        (REQUEST.replace(cart=Cart(hub_ids=("nante",))), "unknown_hub", "#/cart/hub_ids/0"),
    ],
)
def test_what_is_refused(request_: QuoteRequest, code: str, where: str) -> None:
    with pytest.raises(InputError) as told:
        quote(snapshot(), request_, NOW)
    assert (told.value.code, told.value.where) == (code, where)
    assert told.value.action.startswith("did you mean")


def test_words() -> None:
    today = date(2026, 11, 24)
    assert wording.date_fr(date(2026, 12, 1), today) == "mardi 1er décembre"
    assert wording.date_fr(date(2027, 2, 1), today) == "lundi 1er février 2027"
    assert wording.date_en(date(2026, 11, 24), today) == "Tuesday 24 November"
    assert wording.date_en(date(2027, 8, 7), today) == "Saturday 7 August 2027"
    for kind in PlaceKind:
        assert wording.promise_fr(kind, today, today).endswith(" mardi 24 novembre")
        assert wording.promise_en(kind, today, today).endswith(" Tuesday 24 November")
    assert wording.promise_fr(PlaceKind.HOME, today, today) == "livré mardi 24 novembre"
    assert wording.moment_fr(NOW) == "mar. 10 h" and wording.moment_fr(NOW.replace(minute=5)) == "mar. 10 h 05"
    assert wording.moment_en(NOW) == "Tue 10:00"
    assert wording.hub_load("A", 1.43, NOW_S) == "hub A at 143 % until Tue 10:00"
    assert wording.hub_load("A", 1.43, None) == "hub A at 143 %, no end in sight"
    assert wording.hub_load("A", 0.8, None) == "hub A at 80 %"
