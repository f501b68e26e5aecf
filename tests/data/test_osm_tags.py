"""What OSM tags mean for a car, a van, a truck, a scooter and a cargo bike."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.model.streets import ACCESS_BIT, RoadClass
from data.model.vehicle import Category
from data.sources.osm_access import ALL, BIKE, MOTOR
from data.sources.osm_nodes import barrier_blocks
from data.sources.osm_speed import parse_speed
from data.sources.osm_tags import is_relevant, way_rules

VP, VUL, PL, SCOOTER = (ACCESS_BIT[one] for one in (Category.VP, Category.VUL, Category.PL, Category.TWO_WHEELER))


def tags(text: str) -> dict[str, str]:
    """Return ``a=b c=d`` as a dict."""
    return dict(part.split("=", 1) for part in text.split())


def access(text: str) -> tuple[int, int]:
    rules = way_rules(tags(text))
    return (rules.forward.access, rules.backward.access) if rules else (0, 0)


@pytest.mark.parametrize(
    ("value", "kmh"),
    [
        ("50", 50),
        ("50 km/h", 50),
        ("30 mph", 48),
        ("5 knots", 9),
        ("FR:urban", 50),
        ("FR:rural", 80),
        ("FR:zone30", 30),
        ("FR:zone:20", 20),
        ("zone:30", 30),
        ("FR:30", 30),
        ("FR:motorway", 130),
        ("FR:living_street", 20),
        ("walk", 6),
        ("FR:walk", 6),
        ("50; 40", 40),
        ("70|50|50", 50),
        ("none", None),
        ("signals", None),
        ("variable", None),
        ("0", None),
        ("-5", None),
        ("999", None),
        ("", None),
    ],
)
def test_maxspeed(value: str, kmh: int | None) -> None:
    assert parse_speed(value) == kmh


def test_no_limit_on_a_motorway_is_the_french_one() -> None:
    assert parse_speed("none", RoadClass.MOTORWAY) == 130


@given(st.text(max_size=20))
def test_any_maxspeed_is_a_byte_or_nothing(value: str) -> None:
    kmh = parse_speed(value)
    assert kmh is None or 1 <= kmh <= 255


@pytest.mark.parametrize(
    ("text", "road_class", "kmh"),
    [
        ("highway=motorway", RoadClass.MOTORWAY, 130),
        ("highway=trunk", RoadClass.TRUNK, 110),
        ("highway=primary", RoadClass.PRIMARY, 50),
        ("highway=secondary_link", RoadClass.SECONDARY, 50),
        ("highway=residential", RoadClass.RESIDENTIAL, 50),
        ("highway=residential source:maxspeed=FR:zone30", RoadClass.RESIDENTIAL, 30),
        ("highway=residential maxspeed=signals zone:maxspeed=FR:30", RoadClass.RESIDENTIAL, 30),
        ("highway=living_street", RoadClass.LIVING_STREET, 20),
        ("highway=service", RoadClass.SERVICE, 20),
        ("highway=pedestrian", RoadClass.PEDESTRIAN, 6),
        ("highway=cycleway", RoadClass.CYCLEWAY, 25),
        ("highway=unclassified;tertiary", RoadClass.UNCLASSIFIED, 50),
    ],
)
def test_class_and_default_speed(text: str, road_class: RoadClass, kmh: int) -> None:
    rules = way_rules(tags(text))
    assert rules is not None
    assert (rules.road_class, rules.forward.limit_kmh, rules.backward.limit_kmh) == (road_class, kmh, kmh)


def test_speed_per_direction() -> None:
    rules = way_rules(tags("highway=primary maxspeed=50 maxspeed:forward=70 maxspeed:backward=30"))
    assert rules is not None
    assert (rules.forward.limit_kmh, rules.backward.limit_kmh) == (70, 30)


@pytest.mark.parametrize(
    ("text", "both"),
    [
        ("highway=residential", ALL),
        ("highway=residential access=no", 0),
        ("highway=residential access=private", 0),
        ("highway=residential access=destination", ALL),
        ("highway=residential access=delivery", ALL),
        ("highway=service access=permissive", ALL),
        ("highway=service access=customers", ALL),
        ("highway=residential access=no bicycle=yes", BIKE),
        ("highway=residential access=no motor_vehicle=delivery", MOTOR),
        ("highway=residential vehicle=no", 0),
        ("highway=residential vehicle=no bicycle=designated", BIKE),
        ("highway=residential motor_vehicle=no", BIKE),
        ("highway=residential motor_vehicle=private;delivery", ALL),
        ("highway=residential motor_vehicle=no goods=delivery", BIKE | VUL),
        ("highway=residential motor_vehicle=no motorcycle=yes", BIKE | SCOOTER),
        ("highway=residential motorcar=no", BIKE | SCOOTER | PL),
        ("highway=residential motorcar=no goods=yes", BIKE | SCOOTER | PL | VUL),
        ("highway=residential hgv=no", ALL & ~PL),
        ("highway=residential hgv=destination", ALL),
        ("highway=residential access=no hgv=yes", PL),
        ("highway=residential access=psv", 0),
        ("highway=residential access=unknown", ALL),
        ("highway=residential access=ja", ALL),
        ("highway=residential bicycle=use_sidepath", MOTOR),
        ("highway=residential maxweight=3.5", ALL & ~PL),
        ("highway=residential maxweight=3500kg", ALL & ~PL),
        ("highway=residential maxweight=19", ALL),
        ("highway=residential maxweight=2 hgv=delivery", ALL & ~PL),
        ("highway=motorway oneway=no", MOTOR),
        ("highway=trunk", MOTOR),
        ("highway=trunk bicycle=yes", ALL),
        ("highway=primary motorroad=yes", MOTOR),
        ("highway=primary motorroad=yes bicycle=yes", ALL),
        ("highway=pedestrian", BIKE),
        ("highway=pedestrian motor_vehicle=delivery", ALL),
        ("highway=pedestrian access=destination", ALL),
        ("highway=pedestrian goods=delivery", BIKE | VUL),
        ("highway=pedestrian motor_vehicle=no", BIKE),
        ("highway=pedestrian area=yes", BIKE),
        ("highway=service area=yes", 0),
        ("highway=service service=emergency_access", BIKE),
        ("highway=track", BIKE),
        ("highway=track motor_vehicle=agricultural", BIKE),
        ("highway=track motor_vehicle=yes", ALL),
        ("highway=cycleway", BIKE),
        ("highway=cycleway access=yes", BIKE),
        ("highway=path", 0),
        ("highway=path bicycle=designated", BIKE),
        ("highway=footway", 0),
        ("highway=footway access=yes", 0),
        ("highway=footway bicycle=yes", BIKE),
        ("highway=footway bicycle=dismount", 0),
        ("highway=busway", 0),
        ("highway=steps bicycle=yes", 0),
        ("highway=construction", 0),
        ("highway=proposed", 0),
        ("name=x", 0),
    ],
)
def test_access_in_both_directions(text: str, both: int) -> None:
    assert access(text) == (both, both)


@pytest.mark.parametrize(
    ("text", "forward", "backward"),
    [
        ("oneway=yes", ALL, 0),
        ("oneway=true", ALL, 0),
        ("oneway=1", ALL, 0),
        ("oneway=-1", 0, ALL),
        ("oneway=reverse", 0, ALL),
        ("oneway=no", ALL, ALL),
        ("oneway=alternating", ALL, ALL),
        ("oneway=reversible", 0, 0),
        ("oneway=yess", ALL, ALL),
        ("junction=roundabout", ALL, 0),
        ("junction=circular", ALL, 0),
        ("junction=roundabout oneway=no", ALL, ALL),
        ("oneway=yes oneway:bicycle=no", ALL, BIKE),
        ("oneway=-1 oneway:bicycle=no", BIKE, ALL),
        ("oneway=yes cycleway=opposite", ALL, BIKE),
        ("oneway=yes cycleway=opposite_lane", ALL, BIKE),
        ("oneway=yes cycleway:left=opposite_track", ALL, BIKE),
        ("oneway=yes cycleway:left=lane cycleway:left:oneway=-1", ALL, BIKE),
        ("oneway=yes cycleway=opposite oneway:bicycle=yes", ALL, 0),
        ("oneway:bicycle=yes", ALL, MOTOR),
        ("oneway:motor_vehicle=yes", ALL, BIKE),
        ("oneway=yes motor_vehicle=no oneway:bicycle=no", BIKE, BIKE),
        ("motor_vehicle:backward=no", ALL, BIKE),
        ("oneway=yes bicycle:backward=yes", ALL, BIKE),
        ("vehicle:forward=no bicycle:forward=yes", BIKE, ALL),
        ("access:backward=no", ALL, 0),
    ],
)
def test_access_per_direction(text: str, forward: int, backward: int) -> None:
    assert access(f"highway=residential {text}") == (forward, backward)


def test_a_motorway_is_one_way_without_saying_so() -> None:
    assert access("highway=motorway") == (MOTOR, 0)


@pytest.mark.parametrize(
    ("text", "blocked"),
    [
        ("highway=crossing", 0),
        ("barrier=bollard", MOTOR),
        ("barrier=bollard motor_vehicle=delivery", 0),
        ("barrier=bollard bicycle=no", ALL),
        ("barrier=block", MOTOR),
        ("barrier=gate", 0),
        ("barrier=gate access=private", ALL),
        ("barrier=gate access=no bicycle=yes", MOTOR),
        ("barrier=gate locked=yes", ALL),
        ("barrier=gate hgv=no", PL),
        ("barrier=lift_gate motor_vehicle=private", MOTOR),
        ("barrier=toll_booth", 0),
        ("barrier=kissing_gate", ALL),
        ("barrier=cycle_barrier", ALL),
        ("barrier=yes", MOTOR),
    ],
)
def test_barriers(text: str, blocked: int) -> None:
    assert barrier_blocks(tags(text)) == blocked


def test_names_and_sources_are_not_relevant() -> None:
    assert is_relevant("maxspeed:forward")
    assert is_relevant("source:maxspeed")
    assert not is_relevant("source")
    assert not is_relevant("name")
