"""Plans in the store: kept once, committed by who saw the last version, without the names of homes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import msgspec
import pytest

from data.clock import PARIS
from data.model.hub import Hub
from data.model.place import Place, PlaceKind
from data.model.plan import Bound, Plan, Totals
from data.store import plans
from data.store.database import Database
from data.store.plans import Line, PlanState
from tests.store.orders import DAY, NOW_S, OTHER_SHOP, SHOP

HOME = Place(id="h", kind=PlaceKind.HOME, lat=47.2, lon=-1.5, name="Ada", address="1 rue d’Été")
RELAY = Place(id="r", kind=PlaceKind.RELAY, lat=47.2, lon=-1.5, name="Tabac", address="2 rue d’Été")


def a_plan(name: str, replaces: str = "") -> Plan:
    """Return an empty plan."""
    counts = {one.name: 0 for one in msgspec.structs.fields(Totals)}
    bounds = {one.name: 0 for one in msgspec.structs.fields(Bound)} | {"explanation": ""}
    nobody = dict.fromkeys(
        ("vehicles", "place_hours", "orders", "access", "locks", "tours", "postponed", "unassigned"), ()
    )
    return Plan(
        id=name,
        replaces=replaces,
        day=DAY,
        time_zone="Europe/Paris",
        created_at=datetime(2026, 11, 23, 20, tzinfo=PARIS),
        city="Nantes",
        seed=1,
        hubs=(Hub(id="H", lat=47.2, lon=-1.5),),
        places=(HOME, RELAY),
        bound=Bound(**bounds),
        emission_factors="2026",
        totals=Totals(**counts),
        **nobody,
    )


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    with Database(url) as database:
        yield database


def test_a_plan_is_kept_once_without_names_of_homes(database: Database) -> None:
    plan = a_plan("p1")
    with database.write() as t:
        assert plans.add(t, SHOP, plan, NOW_S) and not plans.add(t, SHOP, plan, NOW_S + 1)
        assert plans.load(t, OTHER_SHOP, "p1") is None
    with database.read() as t:
        stored = plans.load(t, SHOP, "p1")
        assert stored is not None and (stored.state, stored.version) == (PlanState.PROPOSED, 1)
        assert stored.plan == plan.replace(places=(HOME.replace(name="", address=""), RELAY))


def test_only_who_saw_the_last_version_commits(database: Database) -> None:
    with database.write() as t:
        for number, plan in enumerate((a_plan("p1"), a_plan("p2", replaces="p1"), a_plan("p3"))):
            plans.add(t, SHOP, plan, NOW_S + number)
        assert plans.commit(t, SHOP, "p1", 2, NOW_S) is None
        assert plans.commit(t, SHOP, "p2", 1, NOW_S) is None  # what it was made from is not in force
        assert plans.commit(t, OTHER_SHOP, "p1", 1, NOW_S) is None
        assert plans.commit(t, SHOP, "p1", 1, NOW_S + 5) == 2
        assert plans.commit(t, SHOP, "p1", 2, NOW_S + 5) is None  # no longer proposed
        assert plans.commit(t, SHOP, "p2", 1, NOW_S + 6) == 2
        assert plans.set_state(t, SHOP, "p3", PlanState.REJECTED, 9, NOW_S) is None
        assert plans.set_state(t, SHOP, "p3", PlanState.REJECTED, 1, NOW_S + 7) == 2
    with database.read() as t:
        assert plans.of_day(t, SHOP, DAY) == (
            Line("p3", PlanState.REJECTED, 2, NOW_S + 7),
            Line("p1", PlanState.REPLACED, 3, NOW_S + 6),
            Line("p2", PlanState.COMMITTED, 2, NOW_S + 6),
        )
    with database.write() as t:
        assert plans.forget(t, NOW_S + 7) == 2
