"""Slices, profiles and weights under speeds by the hour, street hours, traffic and weather."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import numpy as np
import pytest

from data.clock import PARIS
from data.hours import with_offset
from data.model.base import Window
from data.model.plan import AccessClass, Closure
from data.model.streets import RoadClass
from data.model.traffic import Conditions, Report, SpeedCurves, Traffic
from data.model.vehicle import Category, Critair, Energy
from routing.conditions import city_curves, closed_arcs, slice_weights
from routing.matrix.cost import INF
from routing.slices import FAR_S, FREE_FLOW, Profile, Slices, Speed, day_slices, stretches
from routing.streets import MAX_KMH, arc_weights_ms
from tests.small_town import FALL_BACK, SPRING_FORWARD, THURSDAY, town, zone

ALL = frozenset(Category)
MORNING_JAM = {hour: 0.5 for hour in (8, 9)}


def epoch(day: date = THURSDAY) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=PARIS)


def curves(by_hour: dict[int, float], days: slice = slice(None)) -> SpeedCurves:
    factor = np.ones((len(RoadClass), 7, 24))
    for hour, value in by_hour.items():
        factor[:, days, hour] = value
    return SpeedCurves(factor)


def access(category: Category = Category.VUL, closed: tuple[tuple[float, float], ...] = ()) -> AccessClass:
    windows = tuple(
        Window(start_at=with_offset(epoch() + timedelta(hours=a)), end_at=with_offset(epoch() + timedelta(hours=b)))
        for a, b in closed
    )
    closure = Closure(zone_id="ZFE", first_banned=Critair.V3, hours="", closed=windows)
    return AccessClass(
        id=str(category),
        category=category,
        critair=Critair.V3,
        energy=Energy.DIESEL,
        vehicle_ids=("v",),
        closures=(closure,) if windows else (),
    )


def report(closed: bool = False, categories: frozenset[Category] = ALL, **given: object) -> Report:
    shape = {"arc": np.array([0, 3], np.int32), "share": np.array([2.0, 0.0]), "fixed_ms": np.array([0.0, 90_000.0])}
    return replace(Report(**shape, closed=closed, categories=categories), **given)


def hours(slices: Slices, cls: int = 0) -> list[tuple[float, Profile]]:
    """Return ``(end in hours, profile)`` of a class's slices."""
    own = slice(int(slices.ptr[cls]), int(slices.ptr[cls + 1]))
    return [(end / 3600, slices.profiles[p]) for end, p in zip(slices.end_s[own].tolist(), slices.profile[own])]


# ------------------------------------------------------------------------------------------------------ slices


def test_without_conditions_there_is_free_flow_only() -> None:
    plain = day_slices([access(closed=((7, 20),))], [zone()], epoch())
    assert plain.speeds == (FREE_FLOW,)
    assert plain.profiles == (Profile(Category.VUL, frozenset()), Profile(Category.VUL, frozenset({0})))
    assert plain.safe.tolist() == [1, 1, 1]
    assert stretches(plain.profiles, plain.ptr, plain.profile).tolist() == [1, 2, 3]


def test_equal_hours_are_one_slice_and_equal_conditions_one_profile() -> None:
    given = Conditions(curves=curves(MORNING_JAM))
    classes = [access(), access(Category.CARGO_BIKE), access(Category.VP)]
    slices = day_slices(classes, [], epoch(), conditions=given)
    assert [end for end, _ in hours(slices)] == [8, 10, FAR_S / 3600]
    assert [profile.speed for _, profile in hours(slices)] == [0, 1, 0]
    assert [end for end, _ in hours(slices, 1)] == [FAR_S / 3600], "a cargo bike rides past the jam"
    assert len(slices.profiles) == 5
    assert slices.safe.tolist() == slices.profile.tolist()
    assert stretches(slices.profiles, slices.ptr, slices.profile).tolist() == [3, 3, 3, 4, 7, 7, 7]


def test_a_leg_runs_on_where_speeds_change_and_not_where_a_zone_closes() -> None:
    given = Conditions(curves=curves(MORNING_JAM))
    slices = day_slices([access(closed=((9, 20),))], [zone()], epoch(), conditions=given)
    assert [(end, profile.speed, len(profile.closed)) for end, profile in hours(slices)] == [
        (8, 0, 0),
        (9, 1, 0),
        (10, 1, 1),
        (20, 0, 1),
        (FAR_S / 3600, 0, 0),
    ]
    assert stretches(slices.profiles, slices.ptr, slices.profile).tolist() == [2, 2, 4, 4, 5]
    assert [slices.profiles[p].closed for p in slices.safe] == [{0}] * 5
    assert [slices.profiles[p].speed for p in slices.safe] == [0, 1, 1, 0, 0]


def test_speeds_outside_of_the_working_hours_make_no_slices() -> None:
    rough = curves({hour: 0.5 + hour / 100 for hour in range(24)})
    work = (epoch() + timedelta(hours=8.5), epoch() + timedelta(hours=11))
    slices = day_slices([access()], [], epoch(), conditions=Conditions(curves=rough, work=work))
    assert [end for end, _ in hours(slices)] == [9, 10, FAR_S / 3600]
    assert [speed.factor[0] for speed in slices.speeds] == [0.58, 0.59, 0.6]


@pytest.mark.parametrize(
    ("day", "ends"), [(SPRING_FORWARD, [7, 9]), (FALL_BACK, [9, 11]), (date(2026, 8, 15), [8, 10])]
)
def test_the_hours_are_those_of_the_clock_on_the_wall(day: date, ends: list[int]) -> None:
    """8 to 10 on Sundays: an hour earlier and later on the axis of elapsed time, and on a holiday too."""
    sundays = Conditions(curves=curves(MORNING_JAM, slice(6, 7)))
    slices = day_slices([access()], [], epoch(day), conditions=sundays)
    assert [end for end, _ in hours(slices)][:2] == ends


def test_streets_outside_of_their_hours_are_closed_to_who_delivers() -> None:
    given = ["06:00-11:00", "24/7", "Su 10:00-12:00"]
    classes = [access(), access(Category.CARGO_BIKE)]
    slices = day_slices(classes, [], epoch(), given)
    assert [(end, profile.hours) for end, profile in hours(slices)] == [
        (6, {0, 2}),
        (11, {2}),
        (FAR_S / 3600, {0, 2}),
    ]
    assert [profile.hours for _, profile in hours(slices, 1)] == [frozenset()]
    assert [slices.profiles[p].hours for p in slices.safe] == [{0, 2}] * 3 + [frozenset()]


def test_reports_hold_while_they_are_valid_and_for_whom_they_concern() -> None:
    at = [with_offset(epoch() + timedelta(hours=hour)) for hour in (9, 10, 11)]
    traffic = Traffic(
        (
            report(start_at=at[0], end_at=at[2]),
            report(closed=True, start_at=at[1], categories=frozenset({Category.VUL})),
            report(categories=frozenset({Category.PL})),
        )
    )
    slices = day_slices([access(), access(Category.VP)], [], epoch(), conditions=Conditions(traffic=traffic))
    found = [(end, slices.speeds[profile.speed].reports, profile.blocked) for end, profile in hours(slices)]
    assert found == [(9, (), set()), (10, (0,), set()), (11, (0,), {1}), (FAR_S / 3600, (), {1})]
    assert [end for end, _ in hours(slices, 1)] == [9, 11, FAR_S / 3600]
    assert stretches(slices.profiles, slices.ptr, slices.profile).tolist() == [2, 2, 4, 4, 7, 7, 7]


def test_weather_slows_everybody_and_changes_nothing_in_the_day() -> None:
    slices = day_slices([access(), access(Category.CARGO_BIKE)], [], epoch(), conditions=Conditions(weather=0.8))
    assert slices.speeds == (Speed((0.8,) * len(RoadClass)),)
    assert slices.end_s.tolist() == [FAR_S, FAR_S]


# ----------------------------------------------------------------------------------------------------- weights

STREETS = replace(
    town().streets,
    road_class=(np.arange(town().streets.arcs) % 12).astype(np.uint8),
    obstacle_ms=np.where(np.arange(town().streets.arcs) % 5 == 0, 4_000, 0).astype(np.int32),
    arc_hours=np.where(np.arange(town().streets.arcs) % 7 == 0, 1, -1).astype(np.int16),
)
NOTHING = np.zeros(STREETS.arcs, dtype=bool)


def weights(category: Category = Category.VUL) -> np.ndarray:
    return arc_weights_ms(STREETS, category)


def test_free_flow_changes_no_millisecond() -> None:
    assert (slice_weights(weights(), STREETS, Category.VUL, FREE_FLOW, Traffic(), NOTHING) == weights()).all()


def test_closed_arcs_are_infinite_at_free_flow_too() -> None:
    closed = NOTHING.copy()
    closed[::3] = True
    found = slice_weights(weights(), STREETS, Category.VUL, FREE_FLOW, Traffic(), closed)
    np.testing.assert_array_equal(found == INF, closed | (weights() == INF))
    assert found.min() >= 1


def test_driving_is_scaled_and_standing_is_not() -> None:
    factor = tuple((0.4 + 0.05 * road) for road in RoadClass)
    closed = NOTHING.copy()
    closed[[1, 10]] = True
    given = weights()
    given[2] = INF
    before = given.copy()
    found = slice_weights(given, STREETS, Category.VUL, Speed(factor), Traffic(), closed)
    assert found.dtype == np.int32
    for arc in range(STREETS.arcs):
        stand = int(STREETS.obstacle_ms[arc])
        drive = (int(given[arc]) - stand) / factor[STREETS.road_class[arc]]
        assert found[arc] == (INF if arc in (1, 2, 10) else int(drive + 0.5) + stand)
    assert (given == before).all()


def test_a_report_changes_its_arcs_and_later_ones_build_on_it() -> None:
    twice = Traffic((report(), report(arc=np.array([0], np.int32), share=np.array([1.5]), fixed_ms=np.zeros(1))))
    found = slice_weights(weights(), STREETS, Category.VUL, Speed(FREE_FLOW.factor, (0, 1)), twice, NOTHING)
    stand = int(STREETS.obstacle_ms[0])
    assert found[0] == (weights()[0] - stand) * 3 + stand
    assert found[3] == 90_000 + STREETS.obstacle_ms[3]
    assert (np.delete(found, [0, 3]) == np.delete(weights(), [0, 3])).all()


def test_nobody_is_faster_than_the_category_for_a_fast_report() -> None:
    racing = report(arc=np.array([4], np.int32), share=np.zeros(1), fixed_ms=np.ones(1))
    found = slice_weights(
        weights(Category.PL), STREETS, Category.PL, Speed(FREE_FLOW.factor, (0,)), Traffic((racing,)), NOTHING
    )
    assert found[4] == round(STREETS.length_dm[4] * 360 / MAX_KMH[Category.PL])


def test_zones_hours_and_reports_close_arcs() -> None:
    zone_of_arc = np.where(np.arange(STREETS.arcs) % 3 == 0, 2, -1).astype(np.int16)
    traffic = Traffic((report(), report(closed=True)))
    nothing = Profile(Category.VUL, frozenset())
    assert not closed_arcs(nothing, zone_of_arc, STREETS.arc_hours, traffic).any()
    everything = Profile(Category.VUL, frozenset({2}), frozenset({1}), frozenset({1}))
    expected = (zone_of_arc == 2) | (STREETS.arc_hours == 1)
    expected[[0, 3]] = True
    assert (closed_arcs(everything, zone_of_arc, STREETS.arc_hours, traffic) == expected).all()


def test_a_city_remembers_its_curves() -> None:
    bare = town()
    assert city_curves(bare) is None
    kept = replace(bare, derived={**bare.derived, "speeds.factor": curves(MORNING_JAM).factor})
    found = city_curves(kept)
    assert found is not None and (found.factor == curves(MORNING_JAM).factor).all()
