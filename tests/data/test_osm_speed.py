"""What a car keeps up on a way: OSRM's figures by kind of road, posted limit and surface."""

from __future__ import annotations

import pytest

from data.sources.osm_tags import way_rules


def cruise(text: str) -> tuple[float, float]:
    rules = way_rules(dict(part.split("=", 1) for part in text.split()))
    assert rules is not None
    return rules.forward.cruise_kmh, rules.backward.cruise_kmh


@pytest.mark.parametrize(
    ("highway", "kmh"),
    [
        ("motorway", 90),
        ("motorway_link", 45),
        ("trunk", 85),
        ("trunk_link", 40),
        ("primary", 65),
        ("primary_link", 30),
        ("secondary", 55),
        ("secondary_link", 25),
        ("tertiary", 40),
        ("tertiary_link", 20),
        ("unclassified", 25),
        ("residential", 25),
        ("living_street", 10),
        ("service", 15),
        ("pedestrian", 6),
    ],
)
def test_without_a_posted_limit_the_kind_of_road_counts(highway: str, kmh: int) -> None:
    assert cruise(f"highway={highway}") == (kmh, kmh)


@pytest.mark.parametrize(
    ("text", "forward", "backward"),
    [
        ("maxspeed=50", 40, 40),
        ("maxspeed=90", 72, 72),
        ("maxspeed=FR:urban", 40, 40),
        ("maxspeed=30 maxspeed:backward=50", 24, 40),
        ("maxspeed:forward=30", 24, 25),
        ("maxspeed=70 maxspeed:advisory=50", 40, 40),
        ("maxspeed=70 maxspeed:advisory:forward=50", 40, 56),
        ("source:maxspeed=FR:zone30", 24, 24),
        ("maxspeed=signals", 25, 25),
        ("surface=asphalt", 25, 25),
        ("surface=mud", 10, 10),
        ("maxspeed=70 surface=sett", 40, 40),
        ("maxspeed=70 surface=sett smoothness=very_bad", 20, 20),
        ("maxspeed=70 tracktype=grade3", 30, 30),
        ("bridge=movable", 5, 5),
        ("bridge=movable maxspeed=50", 40, 40),
        ("bridge=yes", 25, 25),
        # These make OSRM prefer another way, but take no longer.
        ("lanes=1 width=2 side_road=yes", 25, 25),
    ],
)
def test_four_fifths_of_a_posted_limit_and_what_the_surface_allows(text: str, forward: float, backward: float) -> None:
    assert cruise(f"highway=residential {text}") == pytest.approx((forward, backward))


@pytest.mark.parametrize("text", ["impassable=yes", "smoothness=impassable"])
def test_nobody_drives_where_it_is_impassable(text: str) -> None:
    key, value = text.split("=")
    assert way_rules({"highway": "residential", key: value}) is None
