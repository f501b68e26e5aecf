"""Doors: offsets on both sides of a street, seeds against plain loops over turns, links against all pairs."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from data.clock import rng
from data.model.streets import ACCESS_BIT
from data.model.vehicle import Category
from routing.doors import Doors, DoorSeeds, direct, doors, find_links, links, open_links, source_seeds, target_seeds
from routing.matrix.cost import INF, INF_COST, pack, unpack
from routing.snap import NO_ARC, Snapped, arc_shapes, snap, street_index
from routing.turns import TurnGraph, turn_graph, turn_ms
from tests.drawn_streets import drawn_points, drawn_streets

STREETS = drawn_streets()
SHAPES = arc_shapes(STREETS)
OPEN = np.zeros(STREETS.arcs, dtype=bool)
USABLE = (STREETS.access & ACCESS_BIT[Category.VUL]) != 0
WEIGHTS_MS = rng(4).integers(1, 60_000, STREETS.arcs).astype(np.int32)
LOST_MS = np.where(rng(5).random(STREETS.arcs) < 0.3, rng(6).integers(0, 70_000, STREETS.arcs), 0).astype(np.int32)


def with_copies(turns: TurnGraph, count: int = 30, seed: int = 3) -> TurnGraph:
    """Return ``turns`` with some arcs copied, some of them twice, and turns into the copies."""
    draw = rng(seed)
    arcs = np.sort(draw.integers(0, STREETS.arcs, count)).astype(np.int32)
    copies = (STREETS.arcs + draw.permutation(count)).astype(np.int32)
    head = turns.head.copy()
    for arc, copy in zip(arcs, copies, strict=True):
        head[np.flatnonzero(turns.head == arc)[:1]] = copy
    arc = np.concatenate([turns.arc, np.zeros(count, dtype=np.int32)])
    arc[copies] = arcs
    return turns._replace(
        arc=arc,
        ptr=np.concatenate([turns.ptr, np.full(count, turns.ptr[-1], dtype=np.int32)]),
        head=head,
        copy_ptr=np.searchsorted(arcs, np.arange(STREETS.arcs + 1)).astype(np.int32),
        copy=copies,
    )


TURNS = with_copies(turn_graph(STREETS))
TURN_MS = turn_ms(STREETS, TURNS, Category.VUL)


def drawn_doors(count: int = 60, seed: int = 1) -> tuple[Snapped, Doors, np.ndarray, np.ndarray]:
    """Return doors of points of which every fifth is at the coordinates of another."""
    lat, lon = drawn_points(count, seed)
    lat[4::5], lon[4::5] = lat[: len(lat[4::5])], lon[: len(lon[4::5])]
    index = street_index(STREETS, SHAPES, TURNS.reverse)
    snapped = snap(STREETS, SHAPES, index, USABLE, lat, lon)
    return snapped, doors(STREETS, SHAPES, snapped, WEIGHTS_MS, LOST_MS), lat, lon


def some_closed(seed: int = 2) -> np.ndarray:
    return rng(seed).random(STREETS.arcs) < 0.3


def test_both_directions_of_a_street_share_its_point() -> None:
    snapped, found, _, _ = drawn_doors()
    assert (found.arc[:, 0] != NO_ARC).all()
    for point, way in itertools.product(range(60), (0, 1)):
        arc = found.arc[point, way]
        if arc == NO_ARC:
            continue
        assert found.before_ms[point, way] + found.rest_ms[point, way] == WEIGHTS_MS[arc]
        assert found.before_dm[point, way] + found.rest_dm[point, way] == STREETS.length_dm[arc]
        share = snapped.share[point] if way == 0 else 1 - snapped.share[point]
        assert abs(found.before_dm[point, way] - share * STREETS.length_dm[arc]) <= 0.5 + 1e-6
        driven_ms = max(WEIGHTS_MS[arc] - LOST_MS[arc], 0)
        assert abs(found.before_ms[point, way] - share * driven_ms) <= 0.5 + 1e-6, "lights are at the end"
        if way:
            assert arc == TURNS.reverse[found.arc[point, 0]]
            assert found.before_dm[point, 1] == found.rest_dm[point, 0], "one street has one length"
            assert found.piece[point, 1] + found.piece[point, 0] == np.diff(SHAPES.first)[arc] - 2


@pytest.mark.parametrize("closed", [OPEN, some_closed()], ids=["open", "closures"])
def test_sources_leave_by_every_turn_at_either_end(closed: np.ndarray) -> None:
    _, found, _, _ = drawn_doors()
    leaving = source_seeds(TURNS, TURN_MS, found, closed)
    dropped = 0
    for point in range(60):
        wanted = []
        for way, arc in enumerate(found.arc[point].tolist()):
            for turn in range(TURNS.ptr[arc], TURNS.ptr[arc + 1]) if arc != NO_ARC else ():
                state = int(TURNS.head[turn])
                if TURN_MS[turn] >= INF or closed[arc] or closed[TURNS.arc[state]]:
                    dropped += 1
                    continue
                time_ms = int(found.rest_ms[point, way]) + int(TURN_MS[turn])
                wanted.append((state, (time_ms, int(found.rest_dm[point, way])), way))
        assert seeds_of(leaving, point) == wanted
    assert dropped > 0 and (leaving.seeds.node >= STREETS.arcs).any()


@pytest.mark.parametrize("closed", [OPEN, some_closed()], ids=["open", "closures"])
def test_targets_are_reached_at_the_start_of_their_arcs_and_of_the_copies(closed: np.ndarray) -> None:
    _, found, _, _ = drawn_doors()
    reaching = target_seeds(TURNS, found, closed)
    for point in range(60):
        wanted = []
        for way, arc in enumerate(found.arc[point].tolist()):
            if arc == NO_ARC or closed[arc]:
                continue
            before = int(found.before_ms[point, way]), int(found.before_dm[point, way])
            wanted += [(state, before, way) for state in np.flatnonzero(TURNS.arc == arc).tolist()]
        assert sorted(seeds_of(reaching, point)) == sorted(wanted)
    assert (np.diff(reaching.seeds.ptr) > 2).any()


def seeds_of(entrances: DoorSeeds, point: int) -> list[tuple[int, tuple[int, int], int]]:
    mine = slice(entrances.seeds.ptr[point], entrances.seeds.ptr[point + 1])
    time_ms, distance_dm = unpack(entrances.seeds.cost[mine])
    costs = zip(time_ms.tolist(), distance_dm.tolist(), strict=True)
    return list(zip(entrances.seeds.node[mine].tolist(), costs, entrances.way[mine].tolist(), strict=True))


def naive_links(
    found: Doors, lat: np.ndarray, lon: np.ndarray, closed: np.ndarray
) -> dict[tuple[int, int], tuple[int, int]]:
    """Return ``(cost, arc)`` of the cheapest way along one open arc, of every pair that has one."""
    best = {}
    for source, target in itertools.product(range(len(lat)), repeat=2):
        if (lat[source], lon[source]) == (lat[target], lon[target]):
            best[source, target] = (0, NO_ARC)
            continue
        ways = []
        for way, arc in enumerate(found.arc[source].tolist()):
            if arc == NO_ARC or closed[arc] or found.arc[target, way] != arc:
                continue
            ms, dm, pieces = (
                int(column[target, way]) - int(column[source, way])
                for column in (found.before_ms, found.before_dm, found.piece)
            )
            if min(ms, dm, pieces) >= 0:
                ways.append((int(pack(np.int32(ms), np.int32(dm))), arc))
        if ways:
            best[source, target] = min(ways)
    return best


@pytest.mark.parametrize("closed", [OPEN, some_closed()], ids=["open", "closures"])
@pytest.mark.parametrize("count", [1, 2, 60, 250])
def test_links_are_the_pairs_on_one_street(count: int, closed: np.ndarray) -> None:
    _, found, lat, lon = drawn_doors(count)
    pairs = open_links(links(found, lat, lon), closed)
    rows = zip(pairs.source.tolist(), pairs.target.tolist(), pairs.cost.tolist(), pairs.arc.tolist(), strict=True)
    wanted = naive_links(found, lat, lon, closed)
    assert {(source, target): (cost, arc) for source, target, cost, arc in rows} == wanted
    order = np.lexsort([pairs.source, pairs.target])
    assert (order == np.arange(len(wanted))).all(), "sorted by target, then source, one of each"
    table = direct(pairs, count)
    for target in range(count):
        mine = slice(table.ptr[target], table.ptr[target + 1])
        assert table.node[mine].tolist() == sorted(s for s, t in wanted if t == target)


def test_a_step_too_small_to_cost_anything_is_taken_the_cheaper_way() -> None:
    """Two spots so close that rounding puts them at one offset in one direction, and 1 ms apart in the other."""
    zero = np.zeros((2, 2), dtype=np.int32)
    before_ms = np.array([[5, 5], [6, 5]], dtype=np.int32)
    arc = np.array([[3, 8], [3, 8]], dtype=np.int32)
    found = Doors(arc, zero, before_ms, zero, 10 - before_ms, zero)
    pairs = links(found, np.array([47.0, 47.0 + 1e-9]), np.zeros(2))
    rows = list(zip(pairs.source.tolist(), pairs.target.tolist(), pairs.arc.tolist(), pairs.cost.tolist(), strict=True))
    ms = 1 << 32
    assert rows == [(0, 0, NO_ARC, 0), (1, 0, 8, 0), (0, 1, 8, 0), (0, 1, 3, ms), (1, 1, NO_ARC, 0)]


def test_links_are_found_by_pair() -> None:
    _, found, lat, lon = drawn_doors()
    pairs = open_links(links(found, lat, lon), OPEN)
    source, target = (grid.ravel().astype(np.int32) for grid in np.meshgrid(np.arange(60), np.arange(60)))
    at = find_links(pairs, 60, source, target)
    assert (pairs.source[at[at >= 0]] == source[at >= 0]).all() and (pairs.target[at[at >= 0]] == target[at >= 0]).all()
    assert (at >= 0).sum() == len(pairs.source)


def test_no_points_have_no_doors() -> None:
    _, found, lat, lon = drawn_doors(0)
    pairs = open_links(links(found, lat, lon), OPEN)
    assert len(pairs.cost) == 0 and direct(pairs, 0).ptr.tolist() == [0]
    assert source_seeds(TURNS, TURN_MS, found, OPEN).seeds.ptr.tolist() == [0]
    assert target_seeds(TURNS, found, OPEN).seeds.ptr.tolist() == [0]


def test_many_points_at_few_addresses() -> None:
    """Each address gives a complete square of pairs, at no cost."""
    lat, lon = drawn_points(4)
    at = np.arange(200) % 4
    index = street_index(STREETS, SHAPES, TURNS.reverse)
    snapped = snap(STREETS, SHAPES, index, USABLE, lat[at], lon[at])
    found = doors(STREETS, SHAPES, snapped, WEIGHTS_MS, LOST_MS)
    pairs = links(found, lat[at], lon[at])
    same = pairs.arc == NO_ARC
    assert same.sum() == 4 * 50 * 50 and (pairs.cost[same] == 0).all() and (pairs.cost < INF_COST).all()
    assert (at[pairs.source[same]] == at[pairs.target[same]]).all()
