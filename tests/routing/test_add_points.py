"""More points cost their rows and columns, and give the tables one would have had with all of them at once."""

from __future__ import annotations

import numpy as np
import pytest

from data.errors import RoutingDataError
from routing.travel import add_points, prepare_city, travel_times
from tests.drawn_city import CLASSES, DAY, PARIS, city_of
from tests.drawn_streets import drawn_points, drawn_streets

CITY = prepare_city(city_of(drawn_streets()))


@pytest.mark.parametrize("known", [0, 1, 25])
def test_added_points_are_as_good_as_given_ones(known: int) -> None:
    lat, lon = drawn_points(40, seed=4)
    lat[30], lon[30] = lat[3], lon[3]  # the same door, known before or not
    whole = travel_times(CITY, lat, lon, CLASSES, DAY, PARIS)
    first = travel_times(CITY, lat[:known], lon[:known], CLASSES, DAY, PARIS)
    grown = add_points(first, lat[known:], lon[known:])
    assert (grown.duration_s == whole.duration_s).all() and (grown.distance_m == whole.distance_m).all()
    assert (grown.snap_m == whole.snap_m).all() and grown.profiles == whole.profiles
    pairs = [(profile, 39, 2) for profile in range(len(whole.profiles)) if whole.duration_s[profile, 39, 2] < 10**9]
    assert [leg.arcs.tolist() for leg in grown.legs(pairs)] == [leg.arcs.tolist() for leg in whole.legs(pairs)]
    assert len(pairs) > 0


def test_a_point_off_the_map_changes_nothing() -> None:
    lat, lon = drawn_points(5, seed=4)
    travel = travel_times(CITY, lat, lon, CLASSES, DAY, PARIS)
    before = travel.duration_s.copy()
    with pytest.raises(RoutingDataError, match="far_from_streets"):
        add_points(travel, np.array([48.0]), np.array([2.0]))
    assert (travel.duration_s == before).all()
