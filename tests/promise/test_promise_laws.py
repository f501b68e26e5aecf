"""What always holds: within one snapshot nothing that makes things worse gives an earlier date."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.calendar import region_of
from data.model.promise import Quality, QuoteRequest
from promise.quote import quote
from tests.promise.drawn_promises import World, busier, days_of, eighths, requests, worlds

SETTINGS = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
LATER_S = st.integers(0, 4 * 86_400)


@SETTINGS
@given(st.data(), worlds(), requests(), LATER_S)
def test_more_load_is_never_earlier(data: st.DataObject, world: World, request: QuoteRequest, later_s: int) -> None:
    worse = data.draw(busier(world))
    now = world.now + timedelta(seconds=later_s)
    before, after = quote(world.snapshot(), request, now), quote(worse.snapshot(), request, now)
    assert all(one <= other for one, other in zip(days_of(before), days_of(after), strict=True))


@SETTINGS
@given(worlds(), requests(), LATER_S, LATER_S)
def test_a_later_purchase_is_never_earlier(world: World, request: QuoteRequest, one_s: int, other_s: int) -> None:
    snapshot = world.snapshot()
    sooner, later = (world.now + timedelta(seconds=after) for after in sorted((one_s, other_s)))
    before, after = quote(snapshot, request, sooner), quote(snapshot, request, later)
    assert all(one <= other for one, other in zip(days_of(before), days_of(after), strict=True))


@SETTINGS
@given(worlds(), requests(), eighths, st.integers(0, 3))
def test_more_certainty_and_larger_carts_are_never_earlier(
    world: World, request: QuoteRequest, confidence: float, parcels: int
) -> None:
    snapshot = world.snapshot()
    cart = request.cart.replace(parcels=request.cart.parcels + parcels)
    more = request.replace(confidence=max(confidence, request.confidence or 0.0), cart=cart)
    before, after = quote(snapshot, request, world.now), quote(snapshot, more, world.now)
    assert all(one <= other for one, other in zip(days_of(before), days_of(after), strict=True))


@SETTINGS
@given(worlds(), requests(), LATER_S)
def test_there_is_always_an_answer_and_never_a_closed_day(world: World, request: QuoteRequest, later_s: int) -> None:
    snapshot = world.snapshot()
    now = world.now + timedelta(seconds=later_s)
    promises = quote(snapshot, request, now)
    assert [promise.option_id for promise in promises] == ["home", "locker", "express"]
    for option, promise in zip(world.grid.options, promises, strict=True):
        calendar = option.calendar.at(region_of(request.postcode or ""))
        assert calendar.is_open(promise.date) and promise.date >= now.date()
        assert promise.j == calendar.j(now.date(), promise.date)
        assert promise.quality in Quality
        assert (promise.confidence is None) == (promise.quality in (Quality.SLA, Quality.FALLBACK))
        assert now < promise.expires_at <= now + timedelta(seconds=300)
        assert promise.text_fr and promise.text_en
        if now.timestamp() >= snapshot.valid_until_s:
            assert promise.quality in (Quality.SLA, Quality.FALLBACK)
        if promise.confidence is not None:
            assert promise.confidence >= (request.confidence or 0.0) - 1e-4


@SETTINGS
@given(worlds(), requests(), st.integers(0, 6 * 3600))
def test_the_date_stands_until_the_time_told(world: World, request: QuoteRequest, later_s: int) -> None:
    snapshot = world.snapshot()
    now = world.now + timedelta(seconds=later_s)
    second = timedelta(seconds=1)
    for promise in quote(snapshot, request, now):
        one = request.replace(options=(promise.option_id,))
        until = promise.order_by_at
        if until is not None and until.timestamp() < snapshot.valid_until_s:
            assert until > now
            assert quote(snapshot, one, until - second)[0].date == promise.date
            assert quote(snapshot, one, until)[0].date > promise.date


@SETTINGS
@given(worlds(), requests())
def test_any_hub_is_as_good_as_the_best(world: World, request: QuoteRequest) -> None:
    snapshot = world.snapshot()
    every = quote(snapshot, request, world.now)
    alone = [
        quote(snapshot, request.replace(cart=request.cart.replace(hub_ids=(hub.schedule.hub_id,))), world.now)
        for hub in world.hubs
    ]
    for column, promise in enumerate(every):
        same = [one[column] for one in alone if one[column].quality is promise.quality]
        assert promise.date == min(days_of(tuple(same)))
        if promise.hub_id:
            assert promise.hub_id in {one.hub_id for one in same if one.date == promise.date}
