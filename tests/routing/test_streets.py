"""How long an arc takes: what a car keeps up there, as far as the vehicle may, and the obstacles on it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from data.model.streets import RoadClass
from data.model.vehicle import Category
from routing.matrix.cost import INF
from routing.streets import CARGO_BIKE_OBSTACLES_MS, MAX_KMH, arc_weights_ms
from tests.drawn_streets import drawn_streets

STREETS = drawn_streets()


@pytest.mark.parametrize("category", list(Category))
@pytest.mark.parametrize("cruise_kmh", [24.0, 200.0])
def test_a_vehicle_keeps_up_what_a_car_does_or_what_it_can(category: Category, cruise_kmh: float) -> None:
    streets = replace(STREETS, cruise_kmh=np.full(STREETS.arcs, cruise_kmh, np.float32))
    kmh = MAX_KMH[category] if category is Category.CARGO_BIKE else min(cruise_kmh, MAX_KMH[category])
    weights = arc_weights_ms(streets, category)
    for arc in np.flatnonzero(weights < INF).tolist():
        assert abs(weights[arc] - streets.length_dm[arc] / 10 / (kmh / 3.6) * 1000) <= 0.51


def test_a_bike_minds_limits_and_walkers() -> None:
    length_ms = STREETS.length_dm * 360.0
    slow = replace(STREETS, speed_kmh=np.full(STREETS.arcs, 6, np.uint8))
    assert np.abs(arc_weights_ms(slow, Category.CARGO_BIKE) - length_ms / 6).max() <= 0.51
    square = replace(STREETS, road_class=np.full(STREETS.arcs, RoadClass.PEDESTRIAN, np.uint8))
    assert np.abs(arc_weights_ms(square, Category.CARGO_BIKE) - length_ms / 6).max() <= 0.51


def test_obstacles_come_on_top_and_a_bike_gets_past_gates() -> None:
    lost = np.arange(STREETS.arcs, dtype=np.int32) * 1_000
    hindered = replace(STREETS, obstacle_ms=lost)
    for category, expected in ((Category.VUL, lost), (Category.CARGO_BIKE, np.minimum(lost, CARGO_BIKE_OBSTACLES_MS))):
        free, slow = (arc_weights_ms(each, category).astype(np.int64) for each in (STREETS, hindered))
        mine = free < INF
        assert mine.sum() > 50
        np.testing.assert_array_equal((slow - free)[mine], expected[mine])
        assert np.all(slow[~mine] == INF)


def test_arcs_of_others_are_infinite() -> None:
    weights = arc_weights_ms(STREETS, Category.VUL)
    barred = (STREETS.access & 2) == 0
    assert barred.any()
    np.testing.assert_array_equal(weights == INF, barred)
    assert weights.min() >= 1
