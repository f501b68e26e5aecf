"""Legs that run through changes of speed: what is published of them, planned, checked and re-planned."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import numpy as np

from data import codec
from data.errors import InputError
from data.model.plan import Leg, Pace, Plan
from data.model.streets import RoadClass
from data.model.traffic import SPEED_FACTOR, Conditions, SpeedCurves
from data.sources.speeds import WEEKDAYS
from jalon.maps import leg_shapes
from routing.build import build_instance
from routing.instance import Instance
from routing.publish import publish
from routing.publish_legs import elapsed_s, zone_crossings
from routing.replan import prepare_replan
from routing.solver.engine import construct
from routing.travel import Crossing
from routing.verify import check
from tests.replanned import check_what_was_kept
from tests.small_town import THURSDAY, at, order, request, town, vehicle, window, zone
from tests.town_days import Days
from tests.town_traffic import drawn_conditions

SEEDS = 120


def published(instance: Instance, **given: object) -> Plan:
    """Return the plan by insertion, found right by the checker, as it is read again."""
    start = construct(instance.problem, given.pop("start", None))  # type: ignore[arg-type]
    plan = publish(instance, start, seed=1, created_at=at(instance.request.day, 5), **given)  # type: ignore[arg-type]
    assert check(json.loads(codec.encode(plan))) == []
    return codec.decode(codec.encode(plan), Plan)


def live_through(seed: int) -> list[Leg]:
    """Plan and re-plan a random day in random traffic; return the legs of both plans."""
    days = Days(seed)
    wanted = days.request(days.rng.randint(4, 16))
    given = drawn_conditions(seed, days.city, days.day)
    try:
        instance = build_instance(wanted, days.city, given)
    except InputError as error:
        assert error.code == "hub_closed_by_zone"
        return []
    before = published(instance)
    _map_finds_every_leg(instance, before)
    statuses = days.statuses(before)
    ready = prepare_replan(before, days.burst(4), days.city, statuses, None, given)
    after = published(ready.instance, start=ready.start, locks=ready.locks, replaces=before, settled=ready.settled)
    check_what_was_kept(before, after, statuses, None)
    return [leg for plan in (before, after) for tour in plan.tours for leg in tour.legs]


def _map_finds_every_leg(instance: Instance, plan: Plan) -> None:
    assert len(leg_shapes(instance, plan)) == sum(len(tour.legs) for tour in plan.tours)


def test_random_days_in_random_traffic_pass_the_checker() -> None:
    legs = [leg for seed in range(SEEDS) for leg in live_through(seed)]
    changing = [leg for leg in legs if leg.paces]
    assert len(changing) > 15
    assert any(leg.zones for leg in changing)
    for leg in changing:
        assert leg.paces[0].from_s == 0 < leg.paces[1].from_s <= leg.paces[-1].from_s < leg.travel_s
        assert all(before.whole_s != after.whole_s for before, after in pairwise(leg.paces))
        assert leg.travel_s - 1 < elapsed_s(leg.paces, Fraction(1)) <= leg.travel_s
        assert all(crossing.enter_s <= crossing.exit_s <= leg.travel_s for crossing in leg.zones)


def jam(factor: float, *hours: int) -> Conditions:
    """Return curves with one factor for all streets at some hours of the day."""
    by_hour = np.ones((len(RoadClass), len(WEEKDAYS), 24))
    by_hour[:, :, hours] = factor
    return Conditions(curves=SpeedCurves(by_hour))


def test_a_leg_into_the_jam_is_slower_for_its_rest() -> None:
    """The van may leave at 8:59:30 only; at 9 all traffic falls to a quarter."""
    van = vehicle(shift=window(THURSDAY, 9 - 30 / 3600, 18))
    wanted = request(orders=(order("o", "z"),), vehicles=(van,))
    free = build_instance(wanted, town())
    slow = build_instance(wanted, town(), jam(0.25, *range(9, 24)))
    (tour,) = published(slow).tours
    hub_row, home_row = (free.problem.location_names.index(name) for name in ("hub", "z"))
    leg, whole_s = tour.legs[0], int(free.problem.tables.duration_s[0, hub_row, home_row])
    assert tour.departure_at == van.shift.start_at
    assert leg.paces[0] == Pace(from_s=0, whole_s=whole_s) and leg.paces[1].from_s == 30
    assert 3.5 * whole_s < leg.paces[1].whole_s <= 4 * whole_s + 4, "turns take as long as ever"
    exact = 30 + (1 - 30 / whole_s) * leg.paces[1].whole_s
    assert exact <= leg.travel_s < exact + 1


def test_a_tour_waits_for_the_jam_to_end_where_that_makes_it_shorter() -> None:
    """From 8 to 10 all traffic crawls: leaving at 8 would be paid for longer, returning at noon costs nothing more."""
    van = vehicle(shift=window(THURSDAY, 8, 18))
    wanted = request(orders=(order("o", "z"),), vehicles=(van,))
    slow = build_instance(wanted, town(), jam(0.1, 8, 9))
    (tour,) = published(slow).tours
    (free,) = published(build_instance(wanted, town())).tours
    assert tour.departure_at.hour >= 9 and tour.return_at > free.return_at
    early = construct(slow.problem)
    paid_s = int(early.start_s[slow.problem.orders + 1]) - int(early.end_s[slow.problem.orders])
    assert (tour.return_at - tour.departure_at).total_seconds() <= paid_s - 600
    assert (free.departure_at, free.return_at) == (van.shift.start_at, free.return_at), (
        "without a jam it leaves at once"
    )
    unpaid = van.replace(costs=van.costs.replace(per_hour_cents=0))
    (idle,) = published(build_instance(wanted.replace(vehicles=(unpaid,)), town(), jam(0.1, 8, 9))).tours
    assert idle.departure_at == van.shift.start_at


def test_a_city_with_its_own_speeds_is_planned_with_them() -> None:
    wanted = request(orders=(order("o", "z"),))
    plain, given = town(), jam(0.5, *range(24))
    assert given.curves is not None
    kept = replace(plain, derived={**plain.derived, SPEED_FACTOR: given.curves.factor})
    seconds = [
        build_instance(wanted, city, conditions).problem.tables.duration_s.tolist()
        for city, conditions in ((kept, None), (plain, given), (kept, Conditions()), (plain, None))
    ]
    assert seconds[0] == seconds[1] != seconds[2] == seconds[3]


def test_a_share_of_a_leg_takes_what_its_paces_say() -> None:
    paces = (Pace(from_s=0, whole_s=100), Pace(from_s=50, whole_s=40), Pace(from_s=60, whole_s=200))
    for share, expected in ((0, 0), (0.25, 25), (0.5, 50), (0.75, 60), (0.8, 70), (1, 110)):
        assert elapsed_s(paces, Fraction(share).limit_denominator(100)) == expected


def test_zones_are_crossed_at_the_leg_s_own_pace_rounded_outwards() -> None:
    """At the first pace the leg takes 100 s and is inside from 40 to 81 s; from 50 s on it is twice as slow."""
    paces = (Pace(from_s=0, whole_s=100), Pace(from_s=50, whole_s=200))
    (crossing,) = zone_crossings([Crossing(0, 40, 81)], [zone()], paces, 150)
    assert (crossing.enter_s, crossing.exit_s) == (40, 112)
    (to_the_end,) = zone_crossings([Crossing(0, 33, 101)], [zone()], paces, 150)
    assert (to_the_end.enter_s, to_the_end.exit_s) == (33, 150)
    (plain,) = zone_crossings([Crossing(0, 33, 101)], [zone()], paces[:1], 100)
    assert (plain.enter_s, plain.exit_s) == (33, 100)
