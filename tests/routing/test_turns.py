"""The turn-expanded graph against whole sequences of arcs; what a turn costs; real restrictions."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.model.streets import ACCESS_BIT, StreetNetwork
from data.model.vehicle import Category
from data.sources.osm import streets_from_pbf
from routing.arc_ends import reverse_arcs
from routing.matrix.cost import INF
from routing.turns import TurnGraph, connected, turn_graph, turn_ms
from tests.naive import dijkstra
from tests.routing.street_grid import EVERYBODY, Drawing, Law, Restriction, Street

CAR, TRUCK, BIKE = (ACCESS_BIT[each] for each in (Category.VP, Category.PL, Category.CARGO_BIKE))
CATEGORIES = list(Category)


@st.composite
def drawings(draw: st.DrawFn) -> Drawing:
    """Few junctions, parallel streets and loops, closed directions, restrictions along random walks."""
    junctions = draw(st.integers(1, 5))
    node, access = st.integers(0, junctions - 1), st.sampled_from([0, CAR, BIKE, TRUCK, CAR | TRUCK, EVERYBODY])
    spots = [(100.0 * (index % 2), 100.0 * (index // 2)) for index in range(junctions)]
    streets = draw(st.lists(st.builds(Street, node, node, access, access), min_size=1, max_size=6))
    # A loop needs a bend to tell its two directions apart.
    streets = [replace(street, bends=((1.0 + i, 2.0), (3.0, 4.0))) for i, street in enumerate(streets)]
    plain = Drawing(spots, streets)
    walks = [draw(walk(plain)) for _ in range(draw(st.integers(0, 5)) if plain.arcs else 0)]
    exempt = st.sampled_from([0, 0, CAR, BIKE, CAR | TRUCK])
    return replace(
        plain, restrictions=[Restriction(arcs, draw(st.booleans()), draw(exempt)) for arcs in walks if len(arcs) > 1]
    )


@st.composite
def walk(draw: st.DrawFn, drawing: Drawing) -> tuple[tuple[int, bool], ...]:
    arcs = [draw(st.sampled_from(drawing.arcs))]
    for _ in range(draw(st.integers(1, 3))):
        following = [arc for arc in drawing.arcs if drawing.ends(arc)[0] == drawing.ends(arcs[-1])[1]]
        if following:
            arcs.append(draw(st.sampled_from(following)))
    return tuple(arcs)


def shortest(turns: TurnGraph, open_turn: np.ndarray, weight: list[int], start: int) -> dict[int, int]:
    """Return the least weight from the start of arc ``start`` to the start of each arc, over all its states."""
    tail, head = turns.tail[open_turn].tolist(), turns.head[open_turn].tolist()
    links = [(a, b, weight[turns.arc[a]], 0) for a, b in zip(tail, head, strict=True)]
    best: dict[int, int] = {}
    for state, (cost, _) in dijkstra(links, {start: (0, 0)}).items():
        arc = int(turns.arc[state])
        best[arc] = min(cost, best.get(arc, cost))
    return best


@given(drawings(), st.sampled_from(CATEGORIES), st.lists(st.integers(1, 9), min_size=16, max_size=16))
@settings(max_examples=300, deadline=None)
def test_paths_are_the_shortest_legal_sequences(drawing: Drawing, category: Category, weight: list[int]) -> None:
    streets = drawing.network()
    turns = turn_graph(streets)
    law = Law(drawing, category)
    open_turn = turn_ms(streets, turns, category) < INF
    for start in range(streets.arcs):
        if law.open(start):
            assert shortest(turns, open_turn, weight, start) == law.shortest(start, weight)


@given(drawings())
@settings(max_examples=200, deadline=None)
def test_only_turns_that_somebody_may_make_and_copies_that_somebody_gets_into(drawing: Drawing) -> None:
    streets = drawing.network()
    turns = turn_graph(streets)
    source, target = turns.arc[turns.tail], turns.arc[turns.head]
    assert ((streets.access[source] & streets.access[target] & ~turns.banned) != 0).all()
    assert (streets.head[source] == streets.tail[target]).all()
    assert turns.ptr.tolist() == np.searchsorted(turns.tail, np.arange(len(turns.arc) + 1)).tolist()
    assert turns.arc[: streets.arcs].tolist() == list(range(streets.arcs))
    copies = [(int(turns.arc[state]), state) for state in range(streets.arcs, len(turns.arc))]
    assert {state for _, state in copies} <= set(turns.head.tolist())
    listed = np.repeat(np.arange(streets.arcs), np.diff(turns.copy_ptr)).tolist()
    assert list(zip(listed, turns.copy.tolist(), strict=True)) == sorted(copies)


@given(drawings(), st.sampled_from(CATEGORIES))
@settings(max_examples=100, deadline=None)
def test_connected_arcs_reach_each_other(drawing: Drawing, category: Category) -> None:
    streets = drawing.network()
    turns = turn_graph(streets)
    law = Law(drawing, category)
    reached = {arc: set(law.shortest(arc, [1] * streets.arcs)) for arc in range(streets.arcs)}
    inside = set(np.flatnonzero(connected(streets, turns, category)).tolist())
    assert all(inside <= reached[arc] for arc in inside)
    # Over via ways, one may get from a to b and from b to a, and yet not there and back.
    if all(len(each.arcs) == 2 for each in drawing.restrictions):
        mutual = [sum(a in reached[b] for b in reached[a]) for a in range(streets.arcs)]
        assert max(len(inside), 1) == max([1, *mutual])


CROSS = [(0.0, 0.0), (0.0, 100.0), (100.0, 0.0), (0.0, -100.0), (-100.0, 0.0)]
"""A junction, and the ends of the streets to the north, east, south and west of it."""


def crossing(*restrictions: Restriction, ends: tuple[int, ...] = (1, 2, 3, 4), **changes: object) -> Drawing:
    streets = [Street(0, end) for end in ends]
    streets[-1] = replace(streets[-1], **changes)
    return Drawing(CROSS, streets, restrictions)


def cost_ms(drawing: Drawing, category: Category, before: tuple[int, bool], after: tuple[int, bool]) -> int | None:
    """Return the penalty of a turn, INF where it is forbidden, ``None`` where nobody may make it."""
    streets = drawing.network()
    turns = turn_graph(streets)
    found = {(turns.arc[a], turns.arc[b]): t for t, (a, b) in enumerate(zip(turns.tail, turns.head, strict=True))}
    turn = found.get((drawing.arcs.index(before), drawing.arcs.index(after)))
    return None if turn is None else int(turn_ms(streets, turns, category)[turn])


FROM_SOUTH = (2, True)


@pytest.mark.parametrize(
    ("category", "straight", "right", "left", "back"),
    [(Category.VUL, 7, 2105, 7320, 27455), (Category.CARGO_BIKE, 0, 4286, 8400, 37143)],
)
def test_turns_cost_what_osrm_takes_for_them(
    category: Category, straight: int, right: int, left: int, back: int
) -> None:
    assert cost_ms(crossing(), category, FROM_SOUTH, (0, False)) == straight
    assert cost_ms(crossing(), category, FROM_SOUTH, (1, False)) == right
    assert cost_ms(crossing(), category, FROM_SOUTH, (3, False)) == left
    assert cost_ms(crossing(), category, (0, False), (0, True)) == back
    assert cost_ms(crossing(), category, FROM_SOUTH, (2, False)) is None


def test_bends_cost_nothing_nor_does_a_junction_with_streets_for_others() -> None:
    bend = crossing(ends=(3, 4))
    cycle_path = crossing(ends=(3, 4, 1), access=BIKE, back=BIKE)
    into_west = ((0, True), (1, False))
    assert cost_ms(bend, Category.VP, *into_west) == cost_ms(bend, Category.CARGO_BIKE, *into_west) == 0
    assert cost_ms(cycle_path, Category.VP, *into_west) == 0
    assert cost_ms(cycle_path, Category.CARGO_BIKE, *into_west) == 8400


def test_nobody_comes_towards_you_on_a_roundabout() -> None:
    left = cost_ms(crossing(access=EVERYBODY, back=0, roundabout=True), Category.VP, FROM_SOUTH, (3, False))
    assert left == 5395  # instead of 7320


def test_a_one_way_street_that_only_leads_in_counts_as_a_street() -> None:
    assert cost_ms(crossing(ends=(3, 4, 1), access=0), Category.VP, (0, True), (1, False)) == 7320


def test_bearings_are_taken_ten_metres_into_the_street() -> None:
    jink = crossing(bends=((2.0, 0.0), (2.0, -0.1), (-9.9, 0.0)))
    assert abs(cost_ms(jink, Category.VP, FROM_SOUTH, (3, False)) - 7320) < 50
    late = crossing(bends=((-20.0, 0.0), (-20.0, 300.0)))
    assert cost_ms(late, Category.VP, FROM_SOUTH, (3, False)) == 7320


def test_a_u_turn_is_for_those_who_have_no_other_way_on() -> None:
    closed_to_trucks = crossing(ends=(3, 1), access=EVERYBODY & ~TRUCK, back=0)
    back = ((0, True), (0, False))
    assert cost_ms(closed_to_trucks, Category.PL, *back) == 27455
    assert cost_ms(closed_to_trucks, Category.VP, *back) == INF
    no_straight_on = Restriction(((0, True), (1, False)), exempt=CAR)
    restricted = replace(crossing(ends=(3, 1)), restrictions=[no_straight_on])
    assert cost_ms(restricted, Category.VUL, *back) == 27455
    assert cost_ms(restricted, Category.VP, *back) == INF


def test_a_no_u_turn_sign_holds_at_a_dead_end() -> None:
    sign = Restriction(((0, False), (0, True)), exempt=BIKE)
    assert cost_ms(crossing(sign), Category.VP, *sign.arcs) == INF
    assert cost_ms(crossing(sign), Category.CARGO_BIKE, *sign.arcs) == 37143


@pytest.mark.parametrize("only", [False, True])
def test_who_is_exempt_drives_on(only: bool) -> None:
    sign = Restriction((FROM_SOUTH, (3, False)), only=only, exempt=CAR | BIKE)
    forbidden = (1, False) if only else (3, False)
    for category in CATEGORIES:
        exempt = category in (Category.VP, Category.CARGO_BIKE)
        assert (cost_ms(crossing(sign), category, FROM_SOUTH, forbidden) == INF) != exempt


def test_a_restriction_over_a_via_way_needs_one_copy_and_binds_who_came_that_way() -> None:
    # South and west meet at 0; the via way goes on to 1, with streets to the east and to the north from there.
    drawing = Drawing(
        [(0.0, 0.0), (0.0, 50.0), (0.0, -50.0), (-50.0, 0.0), (50.0, 50.0), (0.0, 100.0)],
        [Street(2, 0), Street(3, 0), Street(0, 1), Street(1, 4), Street(1, 5)],
        [Restriction(((0, False), (2, False), (3, False)), exempt=BIKE)],
    )
    streets = drawing.network()
    turns = turn_graph(streets)
    south, west, via, east, north = (drawing.arcs.index((street, False)) for street in range(5))
    assert turns.arc[streets.arcs :].tolist() == [via]
    for category in CATEGORIES:
        open_turn = turn_ms(streets, turns, category) < INF
        reached = {arc: shortest(turns, open_turn, [1] * streets.arcs, arc) for arc in (south, west)}
        assert reached[west][east] == reached[west][north] == reached[south][north] == 2
        assert (reached[south][east] == 2) == (category is Category.CARGO_BIKE)


def test_no_arcs_no_turns() -> None:
    streets = Drawing([(0.0, 0.0)], []).network()
    turns = turn_graph(streets)
    assert len(turns.arc) == len(turns.tail) == len(turns.copy) == 0
    assert connected(streets, turns, Category.VP).tolist() == []


def test_a_street_without_return_connects_nothing() -> None:
    streets = Drawing([(0.0, 0.0), (50.0, 0.0)], [Street(0, 1, back=0)]).network()
    assert not connected(streets, turn_graph(streets), Category.VP).any()


def sequence_turns(turns: TurnGraph, arcs: list[int]) -> list[int] | None:
    """Return the turns driven along ``arcs``, ``None`` where nobody may make one of them."""
    state, driven = arcs[0], []
    for _, there in pairwise(arcs):
        mine = range(turns.ptr[state], turns.ptr[state + 1])
        turn = next((turn for turn in mine if turns.arc[turns.head[turn]] == there), None)
        if turn is None:
            return None
        driven.append(turn)
        state = int(turns.head[turn])
    return driven


@pytest.fixture(scope="module", params=["monaco", "porto_portugal"])
def real(request: pytest.FixtureRequest, shared_data: Path) -> StreetNetwork:
    streets, _ = streets_from_pbf(shared_data / "osm" / f"{request.param}.osm.pbf")
    return streets


def test_real_restrictions_hold_for_those_they_concern(real: StreetNetwork) -> None:
    turns = turn_graph(real)
    ptr, held = real.restriction_ptr, 0
    penalty = {category: turn_ms(real, turns, category) for category in CATEGORIES}
    for k, (only, exempt) in enumerate(zip(real.restriction_only, real.restriction_except, strict=True)):
        arcs = real.restriction_arcs[ptr[k] : ptr[k + 1]].tolist()
        following = np.flatnonzero(real.tail == real.head[arcs[-2]]).tolist()
        for end in following if only else [arcs[-1]]:
            driven = sequence_turns(turns, [*arcs[:-1], end])
            concerned = [each for each in CATEGORIES if not exempt & ACCESS_BIT[each]]
            if driven is not None and not (only and end == arcs[-1]):
                assert all(max(penalty[each][driven]) == INF for each in concerned)
            held += driven is None
    assert held > 15


def test_real_networks_hang_together(real: StreetNetwork) -> None:
    turns = turn_graph(real)
    for category in (Category.VP, Category.CARGO_BIKE):
        usable = (real.access & ACCESS_BIT[category]) != 0
        assert connected(real, turns, category).sum() > 0.9 * usable.sum()
    back = turns.reverse[turns.arc[turns.tail]] == turns.arc[turns.head]
    out = np.diff(turns.ptr)[turns.tail]
    assert (back & (turns.banned == 0)).sum() <= (out == 1).sum() + 0.01 * len(back)


def test_both_directions_of_a_real_street_find_each_other(real: StreetNetwork) -> None:
    reverse = reverse_arcs(real)
    assert np.array_equal(np.flatnonzero(reverse >= 0), np.sort(reverse[reverse >= 0]))
    drawn = [(int(real.way_id[arc]), *real.arc_points(arc)) for arc in range(real.arcs)]
    arc_of = {each: arc for arc, each in enumerate(drawn)}
    often = Counter(drawn)
    for arc, (way, *points) in enumerate(drawn):
        if often[drawn[arc]] == 1:  # a few ways pass the same points twice
            assert reverse[arc] == arc_of.get((way, *reversed(points)), -1)
