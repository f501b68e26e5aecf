"""Breaks in plans: not waited for by who is home before, taken at the hub while parcels get ready, asked for by law."""

from __future__ import annotations

from datetime import timedelta

import pytest

from data.model.break_rules import BreakRule
from data.model.order import PlaceOption
from data.model.parcel import Parcel
from data.model.request import OrderBook
from data.model.vehicle import Break
from routing.build import build_instance
from routing.publish import publish
from routing.replan import prepare_replan
from routing.solver.engine import construct
from routing.solver.ortools_model import OrToolsEngine
from routing.solver.stop import Stop
from tests.small_plans import planned, read_back
from tests.small_town import THURSDAY, at, home, order, request, town, vehicle, window

HOMES = tuple(home(f"h{n}", 1 + n, 2 + n % 3) for n in range(6))


def lunch(first: float, last: float, **changes: object) -> Break:
    return Break(id="lunch", window=window(THURSDAY, first, last), duration_s=1800).replace(**changes)


def slots(*hours: float) -> tuple[object, ...]:
    """Return orders with slots of half an hour."""
    return tuple(
        order(f"o{n}", PlaceOption(place_id=f"h{n}", windows=(window(THURSDAY, hour, hour + 0.5),)))
        for n, hour in enumerate(hours)
    )


def test_a_tour_that_is_over_before_a_break_does_not_wait_for_it() -> None:
    van = vehicle(breaks=(lunch(12, 13),))
    (tour,) = planned(request(places=HOMES, orders=slots(9), vehicles=(van,))).tours
    assert tour.breaks == () and tour.waiting_s == 0 and tour.return_at < at(THURSDAY, 10)
    (tour,) = planned(request(places=HOMES, orders=slots(9, 14), vehicles=(van,))).tours
    assert [pause.break_id for pause in tour.breaks] == ["lunch"]


def test_a_break_may_be_due_later_than_it_may_be_taken() -> None:
    van = vehicle(breaks=(lunch(10, 13, due_at=at(THURSDAY, 15)),))
    (tour,) = planned(request(places=HOMES, orders=slots(9, 14), vehicles=(van,))).tours
    assert tour.breaks == ()
    (tour,) = planned(request(places=HOMES, orders=slots(9, 15), vehicles=(van,))).tours
    assert len(tour.breaks) == 1


def test_who_waits_for_parcels_rests_before_leaving() -> None:
    """The break's window is over before the parcels are ready: it is taken at the hub, and is not paid."""
    late = Parcel(id="p", load_g=1, volume_dm3=1, ready_at=at(THURSDAY, 14))
    wanted = request(places=HOMES, orders=(order("o", "h0", parcels=(late,)),),
                     vehicles=(vehicle(breaks=(lunch(12, 13),)),))  # fmt: skip
    plan = planned(wanted)
    (tour,) = plan.tours
    (pause,) = tour.breaks
    assert pause.after_stop == 0 and pause.start_at == at(THURSDAY, 13)
    assert tour.departure_at >= at(THURSDAY, 14) and tour.waiting_s == 0
    ready = prepare_replan(plan, OrderBook(places=HOMES, orders=(order("new", "h1"),)), town())
    after = publish(ready.instance, construct(ready.instance.problem, ready.start), seed=1,
                    created_at=at(THURSDAY, 6), locks=ready.locks, replaces=plan)  # fmt: skip
    (again,) = read_back(after).tours
    assert len(again.stops) == 2 and again.breaks[0].start_at == at(THURSDAY, 13)


@pytest.mark.parametrize("rule", [rule for rule in BreakRule if rule is not BreakRule.NONE])
def test_a_full_day_holds_the_breaks_its_rule_asks_for(rule: BreakRule) -> None:
    van = vehicle(break_rule=rule, shift=window(THURSDAY, 8, 18))
    plan = planned(request(places=HOMES, orders=slots(8.5, 11, 13, 15, 17.4), vehicles=(van,)))
    (tour,) = plan.tours
    assert plan.totals.served == 5
    rested = timedelta(seconds=sum(pause.duration_s for pause in tour.breaks))
    least = {BreakRule.FR_LABOUR: 20, BreakRule.FR_TRANSPORT: 30, BreakRule.EU_561: 90, BreakRule.EU_561_SPLIT: 90}
    assert rested >= timedelta(minutes=least[rule])
    (short,) = planned(request(places=HOMES, orders=slots(8.5, 11), vehicles=(van,))).tours
    assert short.breaks == ()


def test_or_tools_keeps_the_breaks_of_a_rule() -> None:
    van = vehicle(break_rule=BreakRule.FR_TRANSPORT, shift=window(THURSDAY, 8, 18))
    instance = build_instance(request(places=HOMES, orders=slots(8.5, 11, 13, 15, 17), vehicles=(van,)), town())
    tours = OrToolsEngine().improve(instance.problem, construct(instance.problem), Stop(0.2), lambda better: None)
    plan = read_back(publish(instance, tours, seed=1, created_at=at(THURSDAY, 5)))
    assert plan.totals.served == 5 and plan.tours[0].breaks
