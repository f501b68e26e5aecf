"""The main job on a real city: Nantes' streets, La Poste's relay points, a zone of our own, a burst of +300 %."""

from __future__ import annotations

import json
from datetime import date, time
from pathlib import Path

import pytest

from data.cityfile import read_city, write_city
from data.model.city import City
from data.model.place import PlaceKind
from data.synthetic.live import burst
from data.synthetic.orders import normal_day
from routing.citybuild import Sources, build_city
from routing.job import Outcome, Settings, plan_day, replan_day
from routing.solver.stop import Stop
from routing.verify import check
from tests.conftest import ROOT

DAY = date(2026, 11, 24)
ZONE = "NANTES-EXEMPLE-001"


@pytest.fixture(scope="module")
def nantes(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> City:
    """Nantes through its city file, as a user has it."""
    sources = Sources(
        streets=str(shared_data / "osm" / "nantes_drive.osm.pbf"),
        zones=(shared_data / "zfe" / "aires.geojson", ROOT / "examples" / "nantes_zone.geojson"),
        places=(shared_data / "relays" / "laposte_poincont2.csv",),
    )
    city, notes = build_city(sources, lambda step, share: None)
    assert any("roads for cars only" in note for note in notes)
    path = tmp_path_factory.mktemp("nantes") / "nantes.city"
    write_city(city, path)
    return read_city(path)


@pytest.fixture(scope="module")
def outcomes(nantes: City) -> tuple[Outcome, Outcome]:
    """The evening plan and the plan after the live."""
    evening = plan_day(normal_day(nantes, DAY, 400, 1), nantes, Stop(3), Settings())
    book = burst(nantes, evening.instance.request, 1200, 1)
    return evening, replan_day(evening.plan, book, nantes, Stop(5), Settings())


def test_no_published_zone_covers_nantes_but_the_users_own_does(nantes: City) -> None:
    assert [zone.id for zone in nantes.zones] == [ZONE]
    assert 0 < (nantes.arc_zones > 0).sum() < nantes.streets.arcs
    assert {place.kind for place in nantes.places} == {PlaceKind.POST_OFFICE, PlaceKind.RELAY}


def test_the_burst_is_absorbed_without_a_violation(outcomes: tuple[Outcome, Outcome]) -> None:
    for outcome in outcomes:
        assert check(json.loads(outcome.content)) == []
    evening, after = outcomes
    assert evening.plan.totals.served == 400
    assert after.plan.totals.orders == 1600
    assert after.plan.totals.served > evening.plan.totals.served
    assert not after.plan.moved
    kept = after.plan.totals.served + after.plan.totals.postponed
    assert kept >= 0.8 * after.plan.bound.orders


def test_banned_vans_are_out_of_the_zone_while_it_is_closed_and_others_serve_it(
    outcomes: tuple[Outcome, Outcome],
) -> None:
    plan = outcomes[1].plan
    banned = {vehicle for group in plan.access for closure in group.closures for vehicle in group.vehicle_ids}
    opens, closes = time(7, 30), time(20)
    visits = [(tour.vehicle_id, stop) for tour in plan.tours for stop in tour.stops if ZONE in stop.zone_ids]
    assert banned
    assert {vehicle for vehicle, _ in visits} - banned
    for vehicle, stop in visits:
        if vehicle in banned:
            assert stop.end_at.time() <= opens or stop.arrival_at.time() >= closes
