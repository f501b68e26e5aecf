"""The ends of arcs: which way one drives off and arrives, and which arc is the same street driven backwards."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from data.model.streets import StreetNetwork
from routing.matrix.arrays import F64, I32
from routing.snap import NO_ARC, arc_shapes, plane_m

LOOK_AHEAD_M, LOOK_AHEAD_ROUNDABOUT_M = 10.0, 2.0
"""Bearings are taken this far into a street: the last metres before a junction are often drawn at odd angles.

Source: OSRM's ``coordinate_extractor.cpp``; a roundabout bends away at once.
"""


class Headings(NamedTuple):
    """In which direction one leaves each arc's tail and arrives at its head: degrees clockwise from north, [m]."""

    leaving: F64
    arriving: F64


def headings(streets: StreetNetwork) -> Headings:
    """Return the directions at both ends of all arcs, over their first and last few metres."""
    if streets.arcs == 0:
        return Headings(np.empty(0), np.empty(0))
    shapes = arc_shapes(streets)
    x, y = plane_m(streets, shapes.lat, shapes.lon)
    first, last = shapes.first[:-1], shapes.first[1:] - 1
    step_m = np.hypot(np.diff(x), np.diff(y))
    step_m[first[1:] - 1] = 1.0  # a gap between arcs, lest one's end be taken for the next one's start
    along_m = np.concatenate([[0.0], np.cumsum(step_m)])
    ahead_m = np.where(streets.roundabout, LOOK_AHEAD_ROUNDABOUT_M, LOOK_AHEAD_M)
    ahead_m = np.minimum(ahead_m, along_m[last] - along_m[first])
    out_x, out_y = _spots(along_m, x, y, along_m[first] + ahead_m)
    in_x, in_y = _spots(along_m, x, y, along_m[last] - ahead_m)
    return Headings(
        leaving=np.degrees(np.arctan2(out_x - x[first], out_y - y[first])),
        arriving=np.degrees(np.arctan2(x[last] - in_x, y[last] - in_y)),
    )


def _spots(along_m: F64, x: F64, y: F64, at_m: F64) -> tuple[F64, F64]:
    """Return the points ``at_m`` along a line of points."""
    before = np.clip(np.searchsorted(along_m, at_m, side="right") - 1, 0, len(along_m) - 2)
    length_m = along_m[before + 1] - along_m[before]
    share = (at_m - along_m[before]) / np.where(length_m > 0, length_m, 1.0)
    return x[before] + share * (x[before + 1] - x[before]), y[before] + share * (y[before + 1] - y[before])


class Following(NamedTuple):
    """Every pair of arcs that follow each other, by the first: arc a's are ``ptr[a]`` to ``ptr[a + 1] - 1``."""

    ptr: I32
    tail: I32
    head: I32


def following(streets: StreetNetwork) -> Following:
    """Return all pairs of arcs where the second starts at the junction the first ends at."""
    first = np.searchsorted(streets.tail, np.arange(streets.nodes + 1))
    count = np.diff(first)[streets.head]
    ptr = np.concatenate([[0], np.cumsum(count)]).astype(np.int32)
    tail = np.repeat(np.arange(streets.arcs, dtype=np.int32), count)
    head = np.arange(ptr[-1]) + np.repeat(first[streets.head] - ptr[:-1], count)
    return Following(ptr, tail, head.astype(np.int32))


def reverse_arcs(streets: StreetNetwork) -> I32:
    """Return for each arc the one that drives the same street backwards, int32 [m]; ``NO_ARC`` on one-way streets.

    Two arcs are one street where they belong to one way, join the same junctions, are equally long and bend at the
    same first and last points.
    """
    pairs = following(streets)
    back = (streets.tail[pairs.tail] == streets.head[pairs.head]) & (pairs.tail != pairs.head)
    arc, other = pairs.tail[back], pairs.head[back]
    first, last = streets.shape_ptr[:-1], streets.shape_ptr[1:] - 1
    same = streets.way_id[arc] == streets.way_id[other]
    for facts in (streets.length_dm, last - first):
        same &= facts[arc] == facts[other]
    arc, other = arc[same], other[same]
    same = np.ones(len(arc), dtype=bool)
    bent = np.flatnonzero(first[arc] <= last[arc])
    for values in (streets.shape_lat, streets.shape_lon):
        same[bent] &= values[first[arc[bent]]] == values[last[other[bent]]]
        same[bent] &= values[last[arc[bent]]] == values[first[other[bent]]]
    reverse = np.full(streets.arcs, NO_ARC, dtype=np.int32)
    reverse[arc[same][::-1]] = other[same][::-1]
    # Where ways lie on one another, each arc has one partner at most.
    return np.where(reverse[reverse] == np.arange(streets.arcs), reverse, NO_ARC)
