"""Streets open at certain hours: OSM's conditional tags against a clock that applies them one by one."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.clock import PARIS
from data.hours import open_windows
from data.model.streets import ACCESS_BIT
from data.model.vehicle import Category
from data.sources.osm_access import ALL, BIKE, HIGHWAYS, may_drive
from data.sources.osm_tags import way_rules
from tests.data.osm_town import crossroads

VUL, PL, SCOOTER = (ACCESS_BIT[one] for one in (Category.VUL, Category.PL, Category.TWO_WHEELER))
MONDAY = datetime(2026, 6, 15, tzinfo=PARIS)


def told(text: str) -> tuple[int, str, bool]:
    """Return access, hours and whether rules were left out, for tags written ``a=b, c=d``, the same both ways."""
    rules = way_rules(dict(part.strip().split("=", 1) for part in text.split("|")))
    assert rules is not None
    assert (rules.forward.access, rules.forward.hours) == (rules.backward.access, rules.backward.hours)
    return rules.forward.access, rules.forward.hours, rules.ignores_hours


@pytest.mark.parametrize(
    ("text", "access", "hours"),
    [
        ("highway=pedestrian | motor_vehicle:conditional=delivery @ (06:00-11:00)", ALL, "06:00-11:00"),
        ("highway=pedestrian | motor_vehicle:conditional=delivery @ 06:00-11:00", ALL, "06:00-11:00"),
        ("highway=pedestrian | delivery:conditional=yes @ (Mo-Fr 05:00-10:00)", ALL, "Mo-Fr 05:00-10:00"),
        ("highway=pedestrian | access:conditional=yes @ (05:00-10:00; PH off)", ALL, "05:00-10:00; PH off"),
        ("highway=pedestrian | goods:conditional=yes @ (05:00-10:00)", BIKE | VUL, "05:00-10:00"),
        ("highway=pedestrian | hgv:conditional=yes @ (05:00-10:00)", BIKE | PL, "05:00-10:00"),
        ("highway=pedestrian | vehicle=no | bicycle=yes | vehicle:conditional=yes @ (Su)", ALL, "Su"),
        (
            "highway=pedestrian | motor_vehicle:conditional=yes @ (Mo-Fr 05:00-10:00); yes @ (Sa 06:00-09:00)",
            ALL,
            "Mo-Fr 05:00-10:00, Sa 06:00-09:00",
        ),
        (
            "highway=pedestrian | motor_vehicle:conditional=yes @ (Mo-Fr 05:00-10:00); yes @ (19:00-21:00)",
            ALL,
            "Mo-Fr 05:00-10:00, Mo-Su 19:00-21:00",
        ),
        ("highway=residential | motor_vehicle:conditional=no @ (11:00-19:00)", ALL, "24/7; 11:00-19:00 off"),
        (
            "highway=residential | motor_vehicle:conditional=no @ (Mo-Fr 11:00-19:00; Sa 10:00-19:00; PH off)",
            ALL,
            "24/7; Mo-Fr 11:00-19:00 off; Sa 10:00-19:00 off; PH 00:00-24:00",
        ),
    ],
)
def test_hours_of_a_street(text: str, access: int, hours: str) -> None:
    assert told(text) == (access, hours, False)


@pytest.mark.parametrize(
    ("text", "access"),
    [
        ("highway=residential | motor_vehicle:conditional=no @ (weight>7.5)", ALL),
        ("highway=residential | motor_vehicle:conditional=no @ (11:00-19:00 AND weight>3.5)", ALL),
        ("highway=residential | motor_vehicle:conditional=no @ (sunset-sunrise)", ALL),
        ("highway=residential | motor_vehicle:conditional=no @", ALL),
        ("highway=residential | motor_vehicle:conditional=sometimes", ALL),
        ("highway=residential | motor_vehicle=no | motor_vehicle:conditional=yes @ residents", BIKE),
        ("highway=pedestrian | motor_vehicle:conditional=yes @ (Su 05:00-10:00); yes @ (Mo 6:00-7:00; PH off)", BIKE),
        # Hours of its own for one vehicle, or for bikes, are more than a street can say.
        ("highway=residential | hgv:conditional=no @ (22:00-06:00)", ALL),
        ("highway=residential | bicycle:conditional=no @ (11:00-19:00)", ALL),
        ("highway=residential | maxweight:conditional=3.5 @ (11:00-19:00)", ALL),
        # The more special key counts, whatever a general one says at these hours.
        ("highway=residential | motor_vehicle=yes | access:conditional=no @ (11:00-19:00)", ALL),
    ],
)
def test_rules_that_do_not_count_are_told(text: str, access: int) -> None:
    assert told(text) == (access, "", True)


def test_speeds_by_the_hour_are_not_a_matter_of_access() -> None:
    assert told("highway=residential | maxspeed:conditional=30 @ (22:00-06:00)") == (ALL, "", False)


def test_hours_of_one_direction() -> None:
    rules = way_rules({"highway": "residential", "oneway": "yes", "oneway:conditional": "no @ (20:00-06:00)"})
    assert rules is not None
    assert (rules.forward.access, rules.forward.hours) == (ALL, "")
    assert (rules.backward.access, rules.backward.hours) == (ALL & ~BIKE, "20:00-06:00")


def is_open(hours: str, at: datetime) -> bool:
    return bool(open_windows(hours, at, at + timedelta(minutes=1)))


CLAUSE = st.tuples(
    st.sampled_from(["access", "vehicle", "motor_vehicle", "goods", "delivery"]),
    st.sampled_from(["yes", "delivery", "no", "private"]),
    st.sampled_from(["06:00-11:00", "10:00-19:00", "Mo-Tu 08:00-12:00", "We 00:00-24:00", "22:00-05:00"]),
)
KEYS = ("access", "vehicle", "motor_vehicle", "motorcar", "goods")


@settings(max_examples=150, deadline=None)
@given(
    highway=st.sampled_from(["residential", "pedestrian"]),
    always=st.dictionaries(st.sampled_from(KEYS), st.sampled_from(["yes", "no"]), max_size=2),
    timed=st.lists(CLAUSE, max_size=3, unique_by=lambda clause: clause[0]),
)
def test_a_van_may_drive_when_the_tags_of_the_hour_let_it(
    highway: str, always: dict[str, str], timed: list[tuple[str, str, str]]
) -> None:
    tags = {"highway": highway, **always}
    rules = way_rules({**tags, **{f"{key}:conditional": f"{value} @ ({hours})" for key, value, hours in timed}})
    for hour in range(0, 72, 3):
        at = MONDAY + timedelta(hours=hour, minutes=30)
        now = dict(tags)
        for key, value, hours in sorted(timed, key=lambda clause: clause[0] == "delivery"):
            if is_open(hours, at):
                now["goods" if key == "delivery" else key] = value
        expected = may_drive(now, HIGHWAYS[highway], Category.VUL, "forward")
        course = rules.forward if rules else None
        may = course is not None and course.access & VUL and is_open(course.hours or "24/7", at)
        assert bool(may) == expected, (course, at)


def test_arcs_point_at_the_hours_of_their_city(tmp_path: Path) -> None:
    town = crossroads()
    town.way(20, [2, 4], "pedestrian", motor_vehicle__conditional="delivery @ (06:00-11:00)")
    town.way(21, [3, 4], motor_vehicle__backward__conditional="no @ (11:00-19:00)")
    town.way(22, [3, 5], motor_vehicle__conditional="no @ (weight>3.5)")
    network, report = town.load(tmp_path)
    assert report.street_hours == ("06:00-11:00", "24/7; 11:00-19:00 off")
    assert network.arc_hours.dtype == np.int16
    arcs = zip(network.tail, network.head, network.arc_hours.tolist())
    found = {(town.ref(network, tail), town.ref(network, head)): hours for tail, head, hours in arcs}
    assert (found[2, 4], found[4, 2], found[3, 4], found[4, 3], found[3, 5]) == (0, 0, -1, 1, -1)
    assert [warning.split()[0] for warning in report.warnings if "timed" in warning] == ["1"]
