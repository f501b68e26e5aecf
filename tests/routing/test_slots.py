"""What a plan could still take, against the re-plan itself: the same price, and a plan that the checker passes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from random import Random

import numpy as np
import pytest

from data.errors import InputError, RoutingDataError
from data.model.base import Window
from data.model.order import Order, PlaceOption
from data.model.place import Place
from data.model.plan import Plan
from data.model.request import OrderBook, PlanRequest, VehicleStatus
from data.model.slots import Slot, SlotQuery
from routing.build import build_instance
from routing.newcomers import Newcomers
from routing.problem import COST_PER_CENT
from routing.publish import publish
from routing.relaxed import priceless
from routing.replan import prepare_replan
from routing.slots import OpenPlan
from routing.solver.engine import construct
from routing.solver.insertion import insert_each
from routing.solver.schedule import tours_cost
from routing.solver.tours import copy_tours
from routing.travel import add_points
from tests.replanned import published
from tests.small_plans import read_back
from tests.small_town import THURSDAY, at, home, order, request, spot, town, vehicle, window
from tests.town_days import Days, some_instant

SEEDS, SOAK_SEEDS = 12, 400
Case = tuple[Order, Window | None]


def plan_of(wanted: PlanRequest, city: object) -> Plan:
    instance = build_instance(wanted, city)  # type: ignore[arg-type]
    return read_back(publish(instance, construct(instance.problem), seed=1, created_at=at(wanted.day, 3)))


def by_replan(
    plan: Plan,
    days: Days,
    wanted: Order,
    places: tuple[Place, ...],
    statuses: tuple[VehicleStatus, ...],
    freeze: datetime | None,
) -> int | None:
    """Return in cents what a re-plan pays for an order; its plan must pass the checker."""
    begun = prepare_replan(plan, OrderBook(places=places, orders=(wanted,)), days.city, statuses, freeze)
    rows = {each.id: row for row, each in enumerate(begun.instance.orders)}
    rules, tours = priceless(begun.instance.problem.tables), copy_tours(begun.start)
    before = int(tours_cost(rules, tours))
    if not insert_each(rules, tours, np.array([rows[wanted.id]], dtype=np.int64)):
        return None
    read_back(published(begun, tours, plan, at(plan.day, 4)))
    return -(-(int(tours_cost(rules, tours)) - before) // COST_PER_CENT)


def slots_of(wanted: Order, slots: tuple[Slot, ...]) -> Iterator[tuple[Slot, Order]]:
    """Yield every slot with the order that wants just that."""
    for slot in slots:
        option = wanted.options[slot.option]
        yield slot, wanted.replace(options=(option.replace(windows=(slot.window,) if slot.window else ()),))


def check_day(seed: int) -> tuple[int, int]:
    """Hold every slot of a random day against a re-plan; return how many fit and how many don't."""
    days, rng = Days(seed), Random(seed)
    wanted = days.request(rng.randint(1, 14))
    try:
        plan = plan_of(wanted, days.city)
    except (InputError, RoutingDataError):
        return 0, 0  # a vehicle that may not leave its hub
    burst = days.burst(rng.randint(1, 3))
    statuses = days.statuses(plan) if rng.random() < 0.5 else ()
    freeze = some_instant(rng, plan.day)
    asked = burst.orders
    known = {place.id for place in plan.places}
    places = tuple(place for place in burst.places if place.id not in known)
    opened = OpenPlan(plan, days.city, statuses, freeze)
    answer = opened.answer(SlotQuery(orders=asked, places=places))
    assert answer == opened.answer(SlotQuery(orders=asked, places=places)), "a question leaves no trace"
    fits = refused = 0
    for each, told in zip(asked, answer.orders, strict=True):
        for slot, only in slots_of(each, told.slots):
            cents = by_replan(plan, days, only, places, statuses, freeze)
            assert slot.fits == (cents is not None), (seed, each.id, slot)
            assert not slot.fits or slot.cost_cents == cents, (seed, each.id, slot, cents)
            fits, refused = fits + slot.fits, refused + (not slot.fits)
    return fits, refused


@pytest.mark.parametrize("seed", range(SEEDS))
def test_slots_are_what_a_replan_finds(seed: int) -> None:
    check_day(seed)


@pytest.mark.soak
def test_slots_are_what_a_replan_finds_at_length() -> None:
    found = np.array([check_day(seed) for seed in range(SOAK_SEEDS)]).sum(axis=0)
    print(f"{SOAK_SEEDS} days from seed 0: {found[0]} slots that fit, {found[1]} that don't")
    assert found.min() > 100


def test_travel_to_newcomers_is_the_tables_own() -> None:
    instance = build_instance(Days(3).request(9), town())
    travel = instance.travel
    spots = [spot(1.4, 2), spot(3, 4.5), (instance.travel.finder.lat[1], instance.travel.finder.lon[1])]  # type: ignore[union-attr]
    lat, lon = np.array(spots).T
    whole, found, known = add_points(travel, lat, lon), Newcomers(travel).reach(lat, lon), len(travel.snap_m)
    assert (found.out_s == whole.duration_s[:, known:, :known]).all()
    assert (found.out_m == whole.distance_m[:, known:, :known]).all()
    assert (found.in_s == whole.duration_s[:, :known, known:].transpose(0, 2, 1)).all()
    assert (found.in_m == whole.distance_m[:, :known, known:].transpose(0, 2, 1)).all()


HOMES = tuple(home(f"h{n}", 1 + n, 2 + n % 3) for n in range(4))
NEW = home("new", 2.5, 3)


def opened(**changes: object) -> OpenPlan:
    """Return the plan of three orders on one van, open."""
    orders = tuple(order(f"o{n}", f"h{n}") for n in range(3))
    return OpenPlan(plan_of(request(places=HOMES, orders=orders, vehicles=(vehicle(**changes),)), town()), town())


def test_windows_are_tried_one_by_one() -> None:
    asked = SlotQuery(
        orders=(order("n", "new"),),
        places=(NEW,),
        windows=(window(THURSDAY, 9, 11), window(THURSDAY, 23, 23.5)),
    )
    (told,) = opened().answer(asked).orders
    early, late = told.slots
    assert told.best == 0 and early.fits and early.vehicle_id == "van"
    assert early.eta_at is not None and at(THURSDAY, 9) <= early.eta_at <= at(THURSDAY, 11)
    assert not late.fits and late.reason == "TIME_WINDOW_CONSTRAINT" and late.text


def test_every_vehicle_is_told_where_asked() -> None:
    orders = tuple(order(f"o{n}", f"h{n}") for n in range(3))
    vans = (vehicle("v1"), vehicle("v2", capacity_parcels=0), vehicle("v3"))
    plan = plan_of(request(places=HOMES, orders=orders, vehicles=vans), town())
    answer = OpenPlan(plan, town()).answer(SlotQuery(orders=(order("n", "new"),), places=(NEW,), each_vehicle=True))
    by_van = {slot.vehicle_id: slot for slot in answer.orders[0].slots}
    assert set(by_van) == {"v1", "v2", "v3"} and by_van["v1"].fits and not by_van["v2"].fits
    assert by_van["v2"].reason == "FLEET_FULL"
    cheapest = min(slot.cost_cents for slot in by_van.values() if slot.fits)
    assert answer.orders[0].slots[answer.orders[0].best or 0].cost_cents == cheapest


def test_what_is_collected_on_the_way() -> None:
    wanted = order("n", "h2", from_place=PlaceOption(place_id="new"))
    windows = (window(THURSDAY, 9, 11),)
    (told,) = opened(capacity_parcels=3).answer(SlotQuery(orders=(wanted,), places=(NEW,), windows=windows)).orders
    assert told.slots[0].fits, "nothing of it is on board from the hub"
    late = wanted.replace(from_place=PlaceOption(place_id="new", windows=(window(THURSDAY, 23, 23.5),)))
    (told,) = opened().answer(SlotQuery(orders=(late,), places=(NEW,), windows=windows)).orders
    assert (told.slots[0].fits, told.slots[0].reason) == (False, "FLEET_FULL"), "whatever the hour it is handed over"
    shut = wanted.replace(from_place=PlaceOption(place_id="shut", windows=windows))
    places = (NEW.replace(id="shut", opening_hours="Mo 10:00-12:00"),)
    (told,) = opened().answer(SlotQuery(orders=(shut, order("m", "shut")), places=places)).orders[:1]
    assert (told.slots[0].fits, told.slots[0].reason) == (False, "OPENING_HOURS_CONSTRAINT")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"skills": ("cold",)}, "SKILL_CONSTRAINT"),
        ({"hub_id": "other"}, "unknown_hub"),
        ({"id": "o1"}, "duplicate_id"),
    ],
)
def test_what_can_not_be(changes: dict[str, object], code: str) -> None:
    asked = SlotQuery(orders=(order("n", "new").replace(**changes),), places=(NEW,))
    if code.isupper():
        (slot,) = opened().answer(asked).orders[0].slots
        assert not slot.fits and slot.reason == code
    else:
        with pytest.raises(InputError) as caught:
            opened().answer(asked)
        assert caught.value.code == code and caught.value.where.startswith("#/orders/0")


def test_a_full_fleet() -> None:
    (slot,) = opened(capacity_parcels=3).answer(SlotQuery(orders=(order("n", "new"),), places=(NEW,))).orders[0].slots
    assert (slot.fits, slot.reason) == (False, "FLEET_FULL")


def test_a_place_with_no_street() -> None:
    far = home("far", 0, 0, lat=spot(0, 0)[0] - 0.02, lon=spot(0, 0)[1])
    with pytest.raises(RoutingDataError) as caught:
        opened().answer(SlotQuery(orders=(order("n", "far"),), places=(far,)))
    assert caught.value.where == "#/places/0"


def test_many_new_places_go_in_rounds() -> None:
    places = tuple(home(f"n{n}", 0.5 + n % 7, 1 + n % 6) for n in range(70))
    orders = tuple(order(f"n{n}", f"n{n}") for n in range(70))
    plan = opened()
    every = plan.answer(SlotQuery(orders=orders, places=places)).orders
    alone = [plan.answer(SlotQuery(orders=(one,), places=places)).orders[0] for one in orders[::13]]
    assert [*every[::13]] == alone
