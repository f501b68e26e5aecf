"""The map's GeoJSON, numbers and page, without a browser (see tests/browser for what it looks like)."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from datetime import date
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import InputError
from data.model.streets import RoadClass
from routing.explain import CLOSEST
from routing.map import inline_json, payload, render_map
from routing.map.layers import place_features, simplify_line, street_features, zone_features
from routing.map.plan import PALETTE, REASON_LABELS, assignments, load_percent, plan_view, vehicle_colours
from tests.plans import small_plan
from tests.routing import map_sample as sample


@pytest.fixture(scope="module")
def view() -> dict[str, Any]:
    after = sample.after()
    return plan_view(after, sample.shapes(), vehicle_colours(after, sample.before()))


def features(collection: dict[str, Any], **wanted: Any) -> list[dict[str, Any]]:
    """Return the features whose properties have all the wanted values."""
    return [each for each in collection["features"] if wanted.items() <= each["properties"].items()]


# -- streets, zones, places


def test_each_street_is_drawn_once_whatever_its_directions() -> None:
    streets = sample.grid()
    drawn = street_features(streets)
    length = 0.0
    for each in drawn["features"]:
        for line in each["geometry"]["coordinates"]:
            steps = np.diff(np.array(line), axis=0)
            length += float(np.hypot(steps[:, 0], steps[:, 1]).sum())
    straight = 2 * sample.SIDE * (sample.SIDE - 1) - (sample.SIDE - 1)
    bent = (sample.SIDE - 1) * 2 * np.hypot(0.5, 0.2)
    assert length == pytest.approx((straight + bent) * sample.STEP, rel=0.01)


def test_streets_are_grouped_by_road_class_least_important_first() -> None:
    classes = [each["properties"]["road_class"] for each in street_features(sample.grid())["features"]]
    assert classes == [RoadClass.CYCLEWAY, RoadClass.RESIDENTIAL, RoadClass.PRIMARY]


def test_coordinates_have_five_decimals_and_arcs_keep_their_bends() -> None:
    primary = features(street_features(sample.grid()), road_class=RoadClass.PRIMARY)[0]["geometry"]["coordinates"]
    assert len(primary) == 1, "the street's arcs are merged into one line"
    assert len(primary[0]) == 2 * (sample.SIDE - 1) + 1, "one bend per arc"
    assert all(value == round(value, 5) for line in primary for point in line for value in point)


@pytest.mark.parametrize(
    ("budget", "classes"), [(10_000, {2, 6, 10}), (2_100, {2, 6}), (100, {2})], ids=["all", "no small ones", "main"]
)
def test_small_streets_go_first_when_the_file_would_be_too_large(budget: int, classes: set[int]) -> None:
    drawn = street_features(sample.grid(), budget)
    assert {each["properties"]["road_class"] for each in drawn["features"]} == classes


def test_only_zones_in_force_are_drawn() -> None:
    zones = sample.city().zones
    assert [each["properties"]["id"] for each in zone_features(zones, sample.DAY)["features"]] == ["ZFE-1"]
    assert len(zone_features(zones, date(2025, 12, 31))["features"]) == 2
    assert zone_features(zones, date(2024, 12, 31))["features"] == []


def test_a_zone_keeps_its_rules_and_loses_heights() -> None:
    ring = [[-1.5, 47.2, 12.0], [-1.4, 47.2, 12.0], [-1.4, 47.3, 12.0], [-1.5, 47.2, 12.0]]
    [drawn] = zone_features([sample.zone(geometry={"type": "Polygon", "coordinates": [ring]})], sample.DAY)["features"]
    assert {len(point) for line in drawn["geometry"]["coordinates"] for point in line} == {2}
    assert drawn["properties"]["rules"] == [{"category": "vul", "first_banned": "V3", "hours": "Mo-Fr 08:00-20:00"}]


def test_shared_places_are_drawn_once_and_homes_never() -> None:
    [drawn] = place_features([sample.locker(), sample.home("A"), sample.locker()])["features"]
    assert drawn["properties"]["id"] == "place-C"
    assert drawn["properties"]["boxes"] == [{"size": "S", "free": 4}, {"size": "M", "free": 2}]


@given(st.lists(st.tuples(st.floats(-180, 180), st.floats(-85, 85)), min_size=1, max_size=12))
def test_a_simplified_line_keeps_its_ends(points: list[tuple[float, float]]) -> None:
    line = simplify_line(points)
    assert line[0] == [round(value, 5) for value in points[0]]
    assert line[-1] == [round(value, 5) for value in points[-1]]


# -- one plan


def test_legs_with_a_shape_follow_it_and_the_others_are_straight(view: dict[str, Any]) -> None:
    [driven] = features(view["lines"], vehicle="VUL-1", straight=False)
    [straight] = features(view["lines"], vehicle="VUL-1", straight=True)
    corners = [[-1.56, 47.21], [-1.557, 47.21], [-1.557, 47.219], [-1.551, 47.219]]
    assert driven["geometry"]["coordinates"] == [corners], "both legs in one line"
    assert straight["geometry"]["coordinates"] == [[[-1.551, 47.219], [-1.56, 47.21]]], "back from D to the hub"
    assert features(view["lines"], vehicle="VUL-2", straight=False) == []


def test_shapes_of_the_other_plan_are_not_used() -> None:
    after = sample.after()
    only_before = {key: line for key, line in sample.shapes().items() if key[0] == "plan-1"}
    drawn = plan_view(after, only_before, vehicle_colours(after, None))
    assert all(each["properties"]["straight"] for each in drawn["lines"]["features"])


def test_stops_carry_their_sequence_and_local_time(view: dict[str, Any]) -> None:
    stops = features(view["stops"], vehicle="VUL-1")
    assert [(stop["properties"]["sequence"], stop["properties"]["arrival"]) for stop in stops] == [
        (1, "08:10"),
        (2, "08:25"),
    ]
    assert stops[0]["properties"]["orders"] == [
        {"id": "A", "at": "08:10", "windows": ["10:00–12:00"], "boxes": [], "parcels": 1, "collects": False,
         "late_minutes": 0}
    ]  # fmt: skip
    assert stops[1]["properties"]["zones"] == ["ZFE-1"]
    assert [stop["id"] for stop in view["stops"]["features"]] == [0, 1, 2, 3], "ids index the list: popups rely on it"


def test_a_locker_stop_names_its_boxes(view: dict[str, Any]) -> None:
    [stop] = features(view["stops"], place="place-C")
    assert stop["properties"]["orders"][0]["boxes"] == ["M"]
    assert stop["properties"]["kind"] == "locker"


def test_orders_on_no_tour_say_why_and_until_when(view: dict[str, Any]) -> None:
    [late] = features(view["lone"], order="late")
    assert (late["properties"]["kind"], late["properties"]["to_day"]) == ("postponed", "2026-06-19")
    [lost] = features(view["lone"], order="lost")
    assert lost["properties"]["kind"] == "unassigned"
    said = {"code": "zone_closed", "label": "zone_closed", "text": "ZFE fermée <b>aux</b> V3."}
    assert lost["properties"]["reasons"] == [said], "a code without a French label is shown as it is"
    assert lost["geometry"]["coordinates"] == [-1.545, 47.213]
    [full] = features(view["lone"], order="B")
    assert full["properties"]["reasons"][0]["label"] == "Plus de place ou de temps dans les tournées"


def test_every_reason_has_a_french_label() -> None:
    others = {"COST_CONSTRAINT", "MIX_CONSTRAINT", "NO_VEHICLE", "SECOND_PRESENTATION"}
    assert {*CLOSEST, *others} == set(REASON_LABELS)


def test_only_vehicles_already_on_the_road_get_a_start(view: dict[str, Any]) -> None:
    [start] = view["starts"]["features"]
    assert start["properties"]["vehicle"] == "VUL-2"


def test_the_load_is_that_of_the_fullest_capacity() -> None:
    van = sample.vehicle("V")
    most = sample.tour("V", ("A", "B", "C")).most_on_board({order.id: order for order in sample.after().orders})
    assert load_percent(most, van) == (60, "volume_dm3"), "27 of 45 dm3"
    assert load_percent((most[0], 40_000, most[2]), van) == (100, "load_g")
    assert load_percent((most[0], 1, 0), van) == (30, "parcels")
    assert load_percent(most, van.replace(capacity_parcels=0, capacity_g=0, capacity_dm3=0)) == (0, "parcels")


def test_a_vehicle_keeps_its_colour_in_both_plans() -> None:
    colours = vehicle_colours(sample.after(), sample.before())
    assert list(colours) == ["VUL-1", "VUL-2"]
    assert len(set(colours.values())) == 2


def test_colours_repeat_after_the_palette() -> None:
    ids = [f"V{rank}" for rank in range(len(PALETTE) + 1)]
    colours = vehicle_colours(sample.plan("p", tuple(sample.tour(each, ("A",)) for each in ids)), None)
    assert list(colours.values()) == [*PALETTE, PALETTE[0]]


@pytest.mark.parametrize("missing", ["places", "orders", "vehicles", "hubs"])
def test_a_plan_that_does_not_hold_what_it_names_is_refused(missing: str) -> None:
    with pytest.raises(InputError) as caught:
        render_map(sample.city(), sample.after().replace(**{missing: ()}), None, {})
    assert caught.value.code == "unknown_reference"
    assert "plan-2" in caught.value.where


@pytest.mark.parametrize("seed", range(12))
def test_every_order_of_a_plan_is_drawn_once(seed: int) -> None:
    plan = small_plan(seed)
    drawn = plan_view(plan, {}, vehicle_colours(plan, None))
    on_tours = [order["id"] for stop in drawn["stops"]["features"] for order in stop["properties"]["orders"]
                if not order["collects"]]  # fmt: skip
    lone = [each["properties"]["order"] for each in drawn["lone"]["features"]]
    gone = {*plan.done, *(back.order_id for back in plan.returned)}
    assert sorted([*on_tours, *lone]) == sorted({order.id for order in plan.orders} - gone)
    assert len(drawn["stops"]["features"]) == plan.totals.stops + plan.totals.reloads


# -- two plans


def test_moves_additions_and_drops_come_from_both_plans() -> None:
    data = payload(sample.city(), sample.after(), sample.before(), sample.shapes(), "")
    assert data["moves"] == {
        "D": {"was": {"vehicle": "VUL-2", "at": "08:25"}, "now": {"vehicle": "VUL-1", "at": "08:25"}}
    }
    assert data["added"] == [sample.EVIL, "late", "lost"]
    assert data["dropped"] == {"B": {"vehicle": "VUL-1", "at": "08:25"}}


def test_an_order_already_handed_over_is_not_dropped() -> None:
    after = sample.after().replace(done=("B",), unassigned=())
    assert payload(sample.city(), after, sample.before(), {}, "")["dropped"] == {}


def test_without_a_plan_before_nothing_is_new() -> None:
    data = payload(sample.city(), sample.after(), None, {}, "")
    assert (data["before"], data["added"], data["dropped"]) == (None, [], {})
    assert data["moves"]["D"]["was"] is None


def test_assignments_are_in_the_plans_own_time_zone() -> None:
    noon = sample.before().replace(time_zone="America/Cayenne")
    assert assignments(noon)["A"] == {"vehicle": "VUL-1", "at": "03:10"}


# -- the page


class Page(HTMLParser):
    """Collects the page's elements and what its scripts hold, as a browser would."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data: str) -> None:
        if self.cdata_elem == "script":
            self.scripts[-1] += data


@pytest.fixture(scope="module")
def page() -> str:
    return render_map(sample.city(), sample.after(), sample.before(), sample.shapes(), "moi & toi")


def test_the_page_loads_nothing_from_elsewhere(page: str) -> None:
    for tag, attributes in Page(page).elements:
        assert tag not in {"link", "iframe", "img", "object", "embed", "base"}
        assert "src" not in attributes
    assert "url(" not in re.sub(r"""url\((["']?)data:""", "", page.split("<style>", 2)[1].split("</style>")[0])
    assert "default-src 'none'" in page
    assert "sourceMappingURL" not in page


def test_nothing_of_a_hostile_id_gets_out_of_the_data(page: str) -> None:
    assert "<img" not in page
    assert "\u2028" not in page
    read = Page(page)
    assert len(read.scripts) == 5
    assert sample.EVIL in json.loads(read.scripts[0])["added"]


def test_the_title_is_escaped() -> None:
    after = sample.after().replace(city="<script>alert(1)</script> & {{data}}")
    text = render_map(sample.city(), after, None, {})
    assert "<title>Tournées · &lt;script&gt;alert(1)&lt;/script&gt; &amp; {{data}} · 18/06/2026</title>" in text
    assert len(Page(text).scripts) == 5


def test_the_policy_names_the_hashes_of_the_scripts_as_they_stand(page: str) -> None:
    read = Page(page)
    policy = next(
        attributes["content"] for tag, attributes in read.elements if tag == "meta" and "content" in attributes
    )
    for script in read.scripts[1:]:
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in str(policy)
    assert "script-src 'sha256-" in str(policy)
    assert "unsafe-inline" not in str(policy).split("style-src")[0]


@given(
    st.recursive(
        st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_inline_json_reads_back_and_is_inert(value: object) -> None:
    text = inline_json(value)
    assert json.loads(text) == value
    assert not set("<>&\u2028\u2029") & set(text)


def test_the_same_plans_give_the_same_page(page: str) -> None:
    again = render_map(sample.city(), sample.after(), sample.before(), sample.shapes(), "moi & toi")
    assert again == page
