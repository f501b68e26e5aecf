"""Goods that may not be on one tour, and vehicles that refuse some."""

from __future__ import annotations

import pytest

from data.errors import InputError
from data.model.order import Order
from data.model.parcel import Apart, Parcel
from data.model.request import OrderBook
from data.sources.check import check_request
from routing.publish import publish
from routing.replan import prepare_replan
from routing.solver.engine import construct
from routing.solver.ortools_model import OrToolsEngine
from routing.solver.stop import Stop
from routing.solver.tours import empty_tours
from tests.drawn_problems import Features, draw_problem
from tests.small_plans import planned, read_back
from tests.small_town import THURSDAY, at, home, order, request, town, vehicle
from tests.solver_checks import check_state
from tests.solver_optimum import optimum

HOMES = tuple(home(f"h{n}", 1 + n, 2 + n % 3) for n in range(6))
APART = (Apart(kind="food", other="paint"),)


def goods(name: str, *kinds: str, at_home: str = "h0") -> Order:
    parcels = tuple(Parcel(id=f"{name}.{n}", load_g=1, volume_dm3=1, kind=kind) for n, kind in enumerate(kinds))
    return order(name, at_home, parcels=parcels)


def test_kinds_are_kept_apart_at_the_price_of_a_second_van() -> None:
    orders = (goods("a", "food"), goods("b", "paint", at_home="h1"), goods("c", "", "food", at_home="h2"))
    vans = (vehicle("v1"), vehicle("v2"))
    plan = planned(request(places=HOMES, orders=orders, vehicles=vans, apart=APART))
    assert plan.totals.served == 3 and len(plan.tours) == 2
    together = planned(request(places=HOMES, orders=orders, vehicles=vans))
    assert len(together.tours) == 1
    after = prepare_replan(plan, OrderBook(places=HOMES, orders=(goods("d", "paint", at_home="h3"),)), town())
    again = read_back(publish(after.instance, construct(after.instance.problem, after.start), seed=1,
                              created_at=at(THURSDAY, 6), locks=after.locks, replaces=plan))  # fmt: skip
    assert again.totals.served == 4


def test_why_an_order_is_left_out() -> None:
    orders = (goods("a", "food"), goods("b", "paint", at_home="h1"))
    plan = planned(request(places=HOMES, orders=orders, vehicles=(vehicle(),), apart=APART))
    assert plan.unassigned[0].reasons[0].code == "MIX_CONSTRAINT"
    picky = vehicle(refused_kinds=("paint",))
    plan = planned(request(places=HOMES, orders=orders, vehicles=(picky,)))
    assert [(each.order_id, each.reasons[0].code) for each in plan.unassigned] == [("b", "KIND_CONSTRAINT")]


def test_an_order_that_would_have_to_be_kept_apart_from_itself() -> None:
    with pytest.raises(InputError, match="may not be on one tour"):
        check_request(request(places=HOMES, orders=(goods("a", "food", "paint"),), apart=APART), town())
    with pytest.raises(InputError, match="apart from itself"):
        check_request(request(places=HOMES, apart=(Apart(kind="food", other="food"),)), town())


def test_or_tools_keeps_kinds_apart() -> None:
    reached = 0
    for seed in range(300, 308):
        problem = draw_problem(seed, Features(orders=5, vehicles=2, windows=1, metric=True, kinds=True))
        start = empty_tours(problem.tables) if seed % 2 else construct(problem)
        tours = OrToolsEngine().improve(problem, start, Stop(0.2), lambda better: None)
        check_state(problem.tables, tours)
        reached += int(problem.tables.penalty[tours.vehicle < 0].sum()) <= optimum(problem.tables).merit[0]
    assert reached >= 6
