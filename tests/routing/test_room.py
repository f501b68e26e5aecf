"""The capacity a plan offers: what it carries, what its vans could still take, nested as it is sold."""

from __future__ import annotations

import json

import pytest

from data import codec
from data.model.fleet import FleetSettings, TourGroup
from data.model.plan import Lock, Plan
from data.model.vehicle import Role
from routing.build import build_instance
from routing.publish import publish
from routing.room import plan_capacities
from routing.solver.engine import construct
from routing.verify import check
from tests.small_town import at, home, order, request, town, vehicle

FLEET = FleetSettings(
    hub_id="hub",
    groups=(TourGroup(id="west", areas=("A",), vans=1), TourGroup(id="east", areas=("Z",), vans=1)),
    parcels_per_van=9,
)


def area_of(lat: float, lon: float) -> str:
    return "Z" if lon > home("m", 4, 4).lon else "A"


@pytest.fixture(scope="module")
def plan() -> Plan:
    """A day with two vans, one of which stays in the yard, and one that could be hired."""
    vans = (vehicle("v1"), vehicle("v2"), vehicle("v3", role=Role.HIRED))
    wanted = request(orders=(order("o1", "a"), order("o2", "b"), order("o3", "a")), vehicles=vans)
    instance = build_instance(wanted, town())
    plan = publish(instance, construct(instance.problem), seed=1, created_at=at(instance.request.day, 5))
    assert check(json.loads(codec.encode(plan))) == []
    assert len(plan.tours) == 1
    return plan


def offered(plan: Plan, *options: str) -> dict[str, tuple[int, int | None]]:
    found = plan_capacities(plan, [FLEET], area_of, options)
    assert all(one.parent_id in ("", *(other.id for other in found[:k])) for k, one in enumerate(found))
    return {one.id.removeprefix(f"hub/{plan.day}").strip("/"): (one.parcels, one.dm3) for one in found}


def test_a_plan_offers_what_it_carries_and_what_its_vans_could_still_take(plan: Plan) -> None:
    levels = offered(plan, "home", "relay")
    assert list(levels) == ["", "~west", "A/home", "A/relay", "~east", "Z/home", "Z/relay"]
    tour = plan.tours[0]
    per_parcel_s = (tour.return_at - tour.departure_at).total_seconds() / tour.parcels
    left_s = (plan.vehicles[0].shift.end_at - tour.return_at).total_seconds()
    of_tour, of_yard = min(50, 3 + int(left_s / per_parcel_s)), min(50, int(36_000 / per_parcel_s))
    assert levels[""] == (of_tour + of_yard, 10_000)
    assert levels["~west"] == levels["A/home"] == (of_tour + of_yard, 10_000)
    assert levels["~east"] == levels["Z/relay"] == (of_yard, 5_000)  # only the van in the yard can get there


def test_a_van_that_is_being_loaded_offers_no_more_than_its_plan(plan: Plan) -> None:
    lock = Lock(vehicle_id=plan.tours[0].vehicle_id, order_ids=(), sequence=True, closed_to_others=True, reason="")
    yard = offered(plan)["~east"]
    assert offered(plan.replace(locks=(lock,)))[""] == (3 + yard[0], plan.tours[0].load_dm3 + yard[1])


def test_an_empty_plan_offers_its_vans(plan: Plan) -> None:
    levels = offered(plan.replace(tours=()), "home")
    assert set(levels.values()) == {(100, 10_000)}  # 150 parcels' time each at four minutes, but 50 parcels' space
