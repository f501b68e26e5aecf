"""Time slices: where the day is cut, and what is closed in each piece."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from data.model.base import Window
from routing.travel import FAR_S, prepare_city, travel_times
from tests.drawn_city import CLASSES, DAY, PARIS, access, between, city_of
from tests.drawn_streets import drawn_points, drawn_streets

CITY = prepare_city(city_of(drawn_streets()))


def test_slices_cut_the_day_where_the_closed_zones_change() -> None:
    travel = travel_times(CITY, *drawn_points(2), CLASSES, DAY, PARIS)
    east, corner = 0, 1
    first, last = travel.slice_ptr[1], travel.slice_ptr[2]
    closed = [travel.profiles[p].closed for p in travel.slice_profile[first:last]]
    hours = (travel.slice_end_s[first:last] / 3600).tolist()
    assert hours == [8, 9, 10, 12, 17, 20, FAR_S / 3600]
    assert closed == [set(), {east}, {east, corner}, {corner}, set(), {east}, set()]
    assert travel.profiles[travel.safe_profile[1]].closed == {east, corner}
    assert travel.slice_end_s[travel.slice_ptr[1:] - 1].tolist() == [FAR_S] * 3
    assert travel.safe_profile[0] == travel.slice_profile[0], "nothing is closed to the clean class"
    assert len(set(travel.profiles)) == len(travel.profiles) == 5
    assert {travel.profiles[p].category for p in travel.safe_profile[last:]} == {"cargo_bike"}


def test_closures_are_cut_to_the_day_and_merged() -> None:
    windows = (between(-3, 2), between(2, 5), between(5, 5), between(23, 31))
    travel = travel_times(CITY, *drawn_points(1), [access("old", east=windows)], DAY, PARIS)
    assert (travel.slice_end_s / 3600).tolist() == [5, 23, 31, FAR_S / 3600]
    assert [len(travel.profiles[p].closed) for p in travel.slice_profile] == [1, 0, 1, 0]


def test_the_day_axis_counts_elapsed_seconds_when_clocks_change() -> None:
    noon = datetime(2026, 10, 25, 12, tzinfo=ZoneInfo(PARIS))
    window = Window(start_at=noon, end_at=noon.astimezone(UTC) + timedelta(seconds=1.5))
    travel = travel_times(CITY, *drawn_points(1), [access("old", east=(window,))], date(2026, 10, 25), PARIS)
    assert travel.slice_end_s.tolist() == [13 * 3600, 13 * 3600 + 2, FAR_S]
    assert travel.epoch_at.isoformat() == "2026-10-25T00:00:00+02:00"
