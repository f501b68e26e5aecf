"""Which parcel goes into which box, and whether a locker's boxes are enough."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import maximum_bipartite_matching

from data.model.parcel import Dimensions, Parcel
from data.model.place import BoxType, Place, PlaceKind, box_fits, refuses, smallest_box

SIDES = st.integers(0, 6)
SIZES = st.builds(Dimensions, length_mm=SIDES, width_mm=SIDES, height_mm=SIDES)
PARCELS = st.builds(Parcel, id=st.just("p"), load_g=st.integers(0, 4), volume_dm3=st.just(1), size_mm=SIZES)
BOXES = st.builds(BoxType, size=st.just("box"), free=st.integers(0, 2), inner_mm=SIZES, max_load_g=st.integers(0, 4))


def size(length_mm: int, width_mm: int, height_mm: int) -> Dimensions:
    return Dimensions(length_mm=length_mm, width_mm=width_mm, height_mm=height_mm)


SHOEBOX = size(300, 200, 100)


def parcel(load_g: int = 0, size_mm: Dimensions = SHOEBOX) -> Parcel:
    return Parcel(id="p", load_g=load_g, volume_dm3=1, size_mm=size_mm)


def locker(*boxes: BoxType, kind: PlaceKind = PlaceKind.LOCKER) -> Place:
    return Place(id="L", kind=kind, lat=47, lon=-1.5, boxes=boxes)


def nested_boxes(steps: list[tuple[int, int, int, int, int]]) -> tuple[BoxType, ...]:
    """Boxes that only grow: each step adds to the sides and the load, and has so many free."""
    grown = np.cumsum([step[:4] for step in steps], axis=0).tolist()
    return tuple(
        BoxType(size=f"s{n}", free=step[4], inner_mm=size(*row[:3]), max_load_g=row[3])
        for n, (step, row) in enumerate(zip(steps, grown))
    )


# --- one parcel, one box


def any_way_up(inner: Dimensions, outer: Dimensions) -> bool:
    room = (outer.length_mm, outer.width_mm, outer.height_mm)
    turns = permutations((inner.length_mm, inner.width_mm, inner.height_mm))
    return any(all(side <= limit for side, limit in zip(turn, room)) for turn in turns)


@given(SIZES, SIZES)
def test_fits_in_turned_any_way(inner: Dimensions, outer: Dimensions) -> None:
    assert inner.fits_in(outer) == any_way_up(inner, outer)
    assert inner.fits_in(inner)
    if inner.fits_in(outer) and outer.fits_in(inner):
        assert inner.sorted_mm() == outer.sorted_mm()


def test_dimensions_read_as_people_write_them() -> None:
    assert str(size(300, 200, 100)) == "300x200x100"
    assert size(100, 300, 200).sorted_mm() == (300, 200, 100)
    assert size(300, 1, 1).fits_in(size(1, 300, 1))
    assert not size(300, 2, 2).fits_in(size(299, 299, 299))  # no parcel is put in askew


@given(PARCELS, BOXES)
def test_box_fits(drawn: Parcel, box: BoxType) -> None:
    assert box_fits(drawn, box) == (drawn.load_g <= box.max_load_g and any_way_up(drawn.size_mm, box.inner_mm))
    assert box_fits(drawn, box) == box_fits(drawn, box.replace(free=0))


# --- the smallest box


@given(PARCELS, st.lists(BOXES, max_size=4))
def test_smallest_box_is_the_first_from_which_every_box_fits(drawn: Parcel, boxes: list[BoxType]) -> None:
    fits = [box_fits(drawn, box) for box in boxes]
    good = [index for index in range(len(boxes)) if all(fits[index:])]
    assert smallest_box(drawn, locker(*boxes)) == min(good, default=None)


def test_smallest_box_by_hand() -> None:
    small, long, large = (
        BoxType(size=name, free=1, inner_mm=inner)
        for name, inner in (("S", size(100, 100, 100)), ("L", size(600, 100, 100)), ("XL", size(600, 400, 400)))
    )
    place = locker(small, long, large)
    assert smallest_box(parcel(size_mm=size(100, 100, 100)), place) == 0
    assert smallest_box(parcel(size_mm=size(90, 90, 500)), place) == 1
    assert smallest_box(parcel(size_mm=size(400, 400, 600)), place) == 2
    assert smallest_box(parcel(size_mm=size(601, 1, 1)), place) is None
    assert smallest_box(parcel(load_g=30_001), place) is None
    assert smallest_box(parcel(), locker()) is None
    # S fits, the next does not: counted from XL on, so that sizes stay nested
    flat = long.replace(inner_mm=size(600, 90, 90))
    assert smallest_box(parcel(size_mm=size(100, 100, 100)), locker(small, flat, large)) == 2


# --- enough boxes for all: by need, by matching, by trying everything


def enough_by_need(needs: list[int], free: list[int]) -> bool:
    """Hall's condition on nested sizes, as `smallest_box` promises it."""
    return all(sum(need >= at for need in needs) <= sum(free[at:]) for at in range(len(free)))


def fill_greedily(needs: list[int], free: list[int]) -> bool:
    """Put the most demanding parcel first into the smallest box that is left for it."""
    left = list(free)
    for need in sorted(needs, reverse=True):
        at = next((at for at in range(need, len(left)) if left[at]), None)
        if at is None:
            return False
        left[at] -= 1
    return True


def matched(allowed: list[list[bool]], free: list[int]) -> bool:
    """Whether a maximum matching gives every parcel a box of its own; ``allowed[parcel][size]``."""
    single = np.array([[ok for ok, count in zip(row, free) for _ in range(count)] for row in allowed], dtype=np.int8)
    if not single.size:
        return not allowed
    return bool((maximum_bipartite_matching(csr_matrix(single), perm_type="column") >= 0).all())


def tried(allowed: list[list[bool]], free: list[int]) -> bool:
    """The same by trying every assignment."""
    return any(
        all(row[at] for row, at in zip(allowed, chosen)) and all(chosen.count(at) <= free[at] for at in chosen)
        for chosen in product(range(len(free)), repeat=len(allowed))
    )


@given(
    st.lists(st.integers(0, 2), min_size=1, max_size=3).flatmap(
        lambda free: st.tuples(st.just(free), st.lists(st.integers(0, len(free) - 1), max_size=5))
    )
)
@example(([1, 0, 1], [0, 0]))
@example(([0, 2, 0], [1, 2]))
def test_enough_boxes_by_need(case: tuple[list[int], list[int]]) -> None:
    free, needs = case
    allowed = [[at >= need for at in range(len(free))] for need in needs]
    answers = {enough_by_need(needs, free), fill_greedily(needs, free), matched(allowed, free), tried(allowed, free)}
    assert len(answers) == 1


GROWTH = st.tuples(*[st.integers(0, 3)] * 4, st.integers(0, 2))


@settings(max_examples=200, deadline=None)
@given(st.lists(GROWTH, min_size=1, max_size=4), st.lists(PARCELS, max_size=5))
def test_counting_by_need_is_exact_where_boxes_only_grow(
    steps: list[tuple[int, int, int, int, int]], parcels: list[Parcel]
) -> None:
    boxes = nested_boxes(steps)
    found = [smallest_box(one, locker(*boxes)) for one in parcels]
    fits = [[box_fits(one, box) for box in boxes] for one in parcels]
    assert [need is not None for need in found] == [any(row) for row in fits]
    needs = [need for need in found if need is not None]
    fits = [row for row in fits if any(row)]
    free = [box.free for box in boxes]
    assert enough_by_need(needs, free) == matched(fits, free)


@settings(max_examples=200, deadline=None)
@given(st.lists(BOXES, min_size=1, max_size=3), st.lists(PARCELS, max_size=4))
def test_counting_by_need_never_promises_too_much(boxes: list[BoxType], parcels: list[Parcel]) -> None:
    """Where sizes are not nested (a long flat box), it may say no too often, but a yes can be carried out."""
    needs = [smallest_box(one, locker(*boxes)) for one in parcels]
    free = [box.free for box in boxes]
    fits = [[box_fits(one, box) for box in boxes] for one in parcels]
    if None not in needs and enough_by_need([need for need in needs if need is not None], free):
        assert matched(fits, free) and tried(fits, free)


# --- what a place refuses


@pytest.mark.parametrize("kind", PlaceKind)
def test_a_place_without_limits(kind: PlaceKind) -> None:
    reason = refuses(parcel(load_g=2_000_000_000), locker(kind=kind))
    expected = "no box of L takes 300x200x100 mm, 2000000000 g" if kind is PlaceKind.LOCKER else ""
    assert reason == expected


def test_refuses_says_why() -> None:
    place = Place(id="relay", kind=PlaceKind.RELAY, lat=47, lon=-1.5, max_load_g=20_000, max_mm=size(500, 400, 300))
    assert refuses(parcel(load_g=20_000, size_mm=size(300, 500, 400)), place) == ""
    assert refuses(parcel(load_g=20_001), place) == "20001 g is over the 20000 g that relay accepts"
    long = parcel(size_mm=size(501, 1, 1))
    assert refuses(long, place) == "501x1x1 mm is over the 500x400x300 mm that relay accepts"
    assert refuses(long, place.replace(max_mm=None)) == ""
    assert refuses(parcel(load_g=1), place.replace(max_load_g=0)) == "1 g is over the 0 g that relay accepts"


def test_refuses_ignores_how_many_boxes_are_free() -> None:
    full = locker(BoxType(size="M", free=0, inner_mm=size(300, 200, 100)))
    assert refuses(parcel(), full) == ""
    assert refuses(parcel(), full.replace(kind=PlaceKind.RELAY)) == ""


@given(PARCELS, st.lists(BOXES, max_size=3), st.none() | SIZES, st.none() | st.integers(0, 4))
def test_a_locker_takes_what_its_own_limits_and_a_box_take(
    drawn: Parcel, boxes: list[BoxType], max_mm: Dimensions | None, max_load_g: int | None
) -> None:
    place = locker(*boxes).replace(max_mm=max_mm, max_load_g=max_load_g)
    too_much = max_load_g is not None and drawn.load_g > max_load_g
    too_large = max_mm is not None and not drawn.size_mm.fits_in(max_mm)
    boxed = smallest_box(drawn, place) is not None
    assert (refuses(drawn, place) == "") == (not too_much and not too_large and boxed)
