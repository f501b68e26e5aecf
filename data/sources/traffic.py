"""Live traffic: speeds of segments as OSRM takes them (CSV), or incidents (GeoJSON), matched to a city's arcs.

The CSV has no header: ``from_osm_node,to_osm_node,speed_kmh[,rate]``, one line per piece of street between two nodes
that follow each other on an OSM way, speed 0 for a closed one; a rate is OSRM's weight and not used here. A piece may
be a part of an arc: its speed then holds for that part. Of several lines for a piece the last one holds. The speeds
are those of motor traffic and have no time: they hold for the whole of the planned day.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, NoReturn

import numpy as np
from numpy.typing import NDArray

from data.errors import InputError
from data.model.streets import StreetNetwork
from data.model.traffic import Report, Traffic
from data.model.vehicle import Category
from data.sources.incidents import read_incidents
from data.sources.table import Problems, parse_number, read_text

MOTOR = frozenset(Category) - {Category.CARGO_BIKE}
MOST_KMH = 200.0
SHOWN = 5
"""Segments that are named of those nobody knows."""

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]


def read_traffic(path: Path, streets: StreetNetwork) -> tuple[Traffic, tuple[str, ...]]:
    """Return the traffic in a file and notes for the user; ``.json`` and ``.geojson`` hold incidents, all else CSV.

    Raises
    ------
    InputError
        By file and line or JSON pointer: what is wrong; ``no_known_segment`` or ``no_street_matched`` where nothing
        in the file lies on these streets.
    """
    if path.suffix.lower() in {".json", ".geojson"}:
        return read_incidents(path, streets)
    return read_segment_speeds(path, streets)


def read_segment_speeds(path: Path, streets: StreetNetwork) -> tuple[Traffic, tuple[str, ...]]:
    """Return the speeds of OSRM's CSV as up to two reports (slower arcs, closed arcs) and notes."""
    return segment_speeds_of(read_text(path), str(path), streets)


def segment_speeds_of(text: str, source: str, streets: StreetNetwork) -> tuple[Traffic, tuple[str, ...]]:
    """Return the speeds of CSV text that has come from ``source``; otherwise as :func:`read_segment_speeds`."""
    start, end, kmh = _columns(text, source)
    if not streets.node_id.any():
        message = "these streets came without node ids, segments can't be found on them"
        raise InputError("no_node_ids", message, source, "build the city from .osm.pbf, or give incidents (GeoJSON)")
    segments = _segments(streets)
    line, known = _look_up(segments, start, end)
    unknown = np.flatnonzero(~known)
    if not known.any():
        message = f"none of the {len(start)} segments is on these streets"
        raise InputError("no_known_segment", message, f"{source}:1", "give OSM node ids of this city, as it was built")
    notes = []
    if len(unknown):
        shown = ", ".join(f"{start[row]}-{end[row]} (line {row + 1})" for row in unknown[:SHOWN].tolist())
        notes.append(f"{len(unknown)} of {len(start)} segments are not on these streets: {shown}")
    return Traffic(tuple(_reports(segments, line, kmh, streets.arcs))), tuple(notes)


class _Segments(NamedTuple):
    """Every piece of every arc between two nodes: its arc, its nodes, its length and its share of the arc."""

    arc: I64
    start: I64
    end: I64
    length_m: F64
    share: F64


def _columns(text: str, source: str) -> tuple[I64, I64, F64]:
    """Return the first three columns."""
    lines = text.splitlines()
    if any(line.count(",") > 3 for line in lines):
        _blame(lines, source)
    try:
        table = np.loadtxt(io.StringIO(text), delimiter=",", usecols=(0, 1, 2), comments=None, ndmin=2)
    except ValueError:
        _blame(lines, source)
    wrong = ~np.isfinite(table).all(axis=1) | (table[:, :2] != np.floor(table[:, :2])).any(axis=1)
    speed = table[:, 2]
    wrong |= (speed < 0) | (speed > MOST_KMH) | ((speed > 0) & (speed < 1))
    if wrong.any() or len(table) != len(lines):
        _blame(lines, source)
    return table[:, 0].astype(np.int64), table[:, 1].astype(np.int64), speed.astype(np.float64)


def _blame(lines: Sequence[str], source: str) -> NoReturn:
    """Raise what is wrong, line by line."""
    problems = Problems()
    for number, line in enumerate(lines, start=1):
        where, cells = f"{source}:{number}", [cell.strip() for cell in line.split(",")]
        values = [parse_number(cell) for cell in cells[:3]]
        if len(cells) not in (3, 4) or None in values:
            action = "write from_osm_node,to_osm_node,speed_kmh and no header"
            problems.add("invalid_segment", f"not two nodes and a speed: `{line[:60]}`", where, action)
        elif any(value != int(value) for value in values[:2] if value is not None):
            problems.add("invalid_segment", f"nodes have whole numbers: `{line[:60]}`", where)
        elif values[2] is not None and not (values[2] == 0 or 1 <= values[2] <= MOST_KMH):
            message = f"the speed is {cells[2]}, expected 0 (closed) or 1 to {MOST_KMH:g} km/h"
            problems.add("out_of_range", message, where)
    problems.raise_if_any()
    raise InputError("invalid_csv", "not OSRM's segment speeds", source, "write one segment per line")


def _segments(streets: StreetNetwork) -> _Segments:
    inner = np.diff(streets.shape_ptr).astype(np.int64)
    first = np.concatenate([[0], np.cumsum(inner + 2)])
    ids, lat, lon = np.empty(first[-1], np.int64), np.empty(first[-1]), np.empty(first[-1])
    between = np.ones(first[-1], dtype=np.bool_)
    between[first[:-1]] = between[first[1:] - 1] = False
    for out, node, shape in (
        (ids, streets.node_id, streets.shape_node_id),
        (lat, streets.node_lat, streets.shape_lat),
        (lon, streets.node_lon, streets.shape_lon),
    ):
        out[first[:-1]], out[first[1:] - 1], out[between] = node[streets.tail], node[streets.head], shape
    arc = np.repeat(np.arange(streets.arcs), inner + 2)
    inside = arc[1:] == arc[:-1]
    y, x = np.diff(lat), np.diff(lon) * np.cos(np.radians((lat[1:] + lat[:-1]) / 2))
    drawn = np.hypot(x, y)[inside]
    owner = arc[:-1][inside]
    whole = np.bincount(owner, weights=drawn, minlength=streets.arcs)[owner]
    share = np.where(whole > 0, drawn / np.where(whole > 0, whole, 1), 1 / (inner[owner] + 1))
    return _Segments(owner, ids[:-1][inside], ids[1:][inside], share * streets.length_dm[owner] / 10, share)


def _look_up(segments: _Segments, start: I64, end: I64) -> tuple[I64, NDArray[np.bool_]]:
    """Return the line that speaks of each segment (-1: none), and which lines speak of any."""
    nodes = np.sort(np.concatenate([start, end]))
    nodes = nodes[np.diff(nodes, prepend=nodes[0] - 1) != 0]  # numpy's unique() takes ten times as long

    def key(a: I64, b: I64) -> I64:
        rank = [np.searchsorted(nodes, ids).clip(max=len(nodes) - 1) for ids in (a, b)]
        there = (nodes[rank[0]] == a) & (nodes[rank[1]] == b) & (a != 0) & (b != 0)
        return np.where(there, rank[0] * len(nodes) + rank[1], -1)

    given, wanted = key(start, end), key(segments.start, segments.end)
    order = np.argsort(given, kind="stable")  # of equal keys the last line comes last
    given = given[order]
    at = np.searchsorted(given, wanted, side="right") - 1
    found = (at >= 0) & (given[at] == wanted) & (wanted >= 0)
    told, known = np.zeros(len(given), dtype=np.bool_), np.zeros(len(given), dtype=np.bool_)
    told[at[found]] = True
    known[order] = told[np.searchsorted(given, given, side="right") - 1]
    return np.where(found, order[at], -1), known


def _reports(segments: _Segments, line: I64, kmh: F64, arcs: int) -> list[Report]:
    told = line >= 0
    speed = np.where(told, kmh[line], 1.0)
    shut = np.bincount(segments.arc[told & (speed == 0)], minlength=arcs) > 0
    slow = told & (speed > 0)
    share = np.bincount(segments.arc[slow], weights=segments.share[slow], minlength=arcs)
    time_ms = np.bincount(segments.arc[slow], weights=segments.length_m[slow] * 3600 / speed[slow], minlength=arcs)
    reports = []
    for arc, closed in ((np.flatnonzero((share > 0) & ~shut), False), (np.flatnonzero(shut), True)):
        if len(arc):
            left = np.maximum(1.0 - share[arc], 0.0)
            reports.append(Report(arc.astype(np.int32), left, time_ms[arc].astype(np.float64), closed, MOTOR))
    return reports
