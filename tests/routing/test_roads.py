"""Roads of one profile: any part of a table is that part of the whole, with and without distances."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from data.model.vehicle import Category
from routing.ground import ground_of, prepare_city
from routing.matrix.cost import INF
from routing.roads import Located, Roads, fill_table, locate_on, roads_of, snap_to
from tests.drawn_city import city_of
from tests.drawn_streets import drawn_points, drawn_streets, with_rules

COUNT = 30
CITY = prepare_city(city_of(with_rules(drawn_streets())))
GROUND = ground_of(CITY)


def drawn_roads(closed: bool) -> Roads:
    """Return a van's roads; with the zone in the east closed, some points are out of reach."""
    if not closed:
        return roads_of(GROUND, Category.VUL)
    weights_ms = GROUND.open_to(Category.VUL).weights_ms
    return roads_of(GROUND, Category.VUL, np.where(CITY.arc_zones & np.uint64(1), np.int32(INF), weights_ms))


def located(roads: Roads, count: int = COUNT) -> Located:
    """Return points of which every fifth is where another is."""
    lat, lon = drawn_points(count, seed=4)
    lat[4::5], lon[4::5] = lat[: len(lat[4::5])], lon[: len(lon[4::5])]
    return locate_on(roads, snap_to(GROUND, roads.category, lat, lon), lat, lon)


def table(
    roads: Roads, points: Located, rows: np.ndarray | None = None, columns: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return durations and distances; the durations found alone must be the same."""
    count = len(points.snapped.arc)
    shape = tuple(count if part is None else len(part) for part in (rows, columns))
    duration_s, distance_m, alone_s = (np.full(shape, -1, dtype=np.int32) for _ in range(3))
    fill_table(roads, points, duration_s, distance_m, rows, columns)
    fill_table(roads, points, alone_s, None, rows, columns)
    assert (alone_s == duration_s).all()
    return duration_s, distance_m


ROADS = [drawn_roads(closed) for closed in (False, True)]
POINTS = [located(roads) for roads in ROADS]
WHOLE = [table(*each) for each in zip(ROADS, POINTS)]
SOME = st.one_of(st.none(), st.lists(st.integers(0, COUNT - 1), unique=True))


@settings(max_examples=150, deadline=None)
@given(closed=st.booleans(), rows=SOME, columns=SOME)
def test_a_part_of_the_table_is_that_part_of_the_whole(
    closed: bool, rows: list[int] | None, columns: list[int] | None
) -> None:
    chosen = [None if part is None else np.array(part, dtype=np.intp) for part in (rows, columns)]
    taken = np.ix_(*(range(COUNT) if part is None else part for part in (rows, columns)))
    for found, whole in zip(table(ROADS[closed], POINTS[closed], *chosen), WHOLE[closed]):
        assert (found == whole[taken]).all()


def test_a_burst_adds_rows_and_columns_only() -> None:
    """The table of more points holds that of the first ones."""
    more = located(ROADS[0], COUNT + 200)
    old, new = np.arange(COUNT), np.arange(COUNT, COUNT + 200)
    whole = table(ROADS[0], more)
    parts = [table(ROADS[0], more, *each) for each in ((old, old), (old, new), (new, None))]
    for k in (0, 1):
        assert (np.block([[parts[0][k], parts[1][k]], [parts[2][k]]]) == whole[k]).all()


def test_what_is_closed_is_out_of_reach_and_costs_nothing_to_stay_at() -> None:
    (open_s, _), (closed_s, closed_m) = WHOLE
    assert (open_s < INF).all() and (closed_s >= open_s).all()
    assert (closed_s == INF).any() and ((closed_s == INF) == (closed_m == INF)).all()
    assert closed_s[closed_s < INF].max() < 3600
    assert (np.diagonal(closed_s) == 0).all() and (np.diagonal(closed_m) == 0).all()
    inside = CITY.arc_zones[POINTS[1].snapped.arc] & np.uint64(1) != 0
    apart = ~np.eye(COUNT, dtype=bool) & ~(POINTS[1].snapped.lat[:, None] == POINTS[1].snapped.lat)
    assert (closed_s[inside[:, None] & apart] == INF).all() and (closed_s[inside[None, :] & apart] == INF).all()


def test_every_category_is_put_on_streets_from_which_it_gets_everywhere() -> None:
    for category in Category:
        roads = roads_of(GROUND, category)
        assert (table(roads, located(roads))[0] < INF).all()
