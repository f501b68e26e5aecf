"""A table of travel times between points, in a worker process."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from data import codec
from data.clock import PARIS
from data.errors import InputError, RoutingDataError
from data.model.city import City
from data.model.matrix import Matrix, MatrixQuery
from routing.access import VehicleKind, class_access
from routing.matrix.cost import INF
from routing.moment import day_roads
from routing.roads import fill_table, locate_on, snap_to
from routing.solver.stop import Stop
from routing.task import Task, Told
from routing.work_plans import BODY, conditions_of, needed

I32 = NDArray[np.int32]


def matrix(task: Task, city: City | None, stop: Stop, told: Told) -> bytes:
    """Return the table that a :class:`data.model.matrix.MatrixQuery` asks for."""
    here = needed(city)
    query = codec.decode(task.body, MatrixQuery, BODY)
    if query.departure_at is None:
        raise InputError("missing_departure", "there is no departure", f"{BODY}#/departure_at", "give an instant")
    at = query.departure_at.astimezone(PARIS)
    kind = VehicleKind(query.profile.category, query.profile.critair, query.profile.energy)
    access = class_access(here.zones, kind, at.date(), PARIS.key)
    day = day_roads(here, access, at.date(), PARIS.key, conditions_of(here, task.driving))
    profile = day.profile(at, at)
    lat, lon = np.array([(point.lat, point.lon) for point in query.points], dtype=np.float64).T.copy()
    rows, columns = (_chosen(query, name) for name in ("sources", "targets"))
    try:
        snapped = snap_to(day.ground, profile.category, lat, lon)
    except RoutingDataError as error:
        where = f"{BODY}#/points/{error.where.removeprefix('#/')}" if error.where.startswith("#/") else BODY
        raise RoutingDataError(error.code, error.message, where, error.action) from None
    roads = day.roads(profile)
    shape = len(rows), len(columns)
    duration_s = np.empty(shape, dtype=np.int32)
    distance_m = np.empty(shape, dtype=np.int32) if query.distances else None
    fill_table(roads, locate_on(roads, snapped, lat, lon), duration_s, distance_m, rows, columns)
    return codec.encode(
        Matrix(
            city=here.name,
            departure_at=at,
            duration_s=_table(duration_s),
            distance_m=None if distance_m is None else _table(distance_m),
            snap_m=tuple(snapped.distance_m.tolist()),
        )
    )


def _chosen(query: MatrixQuery, name: str) -> NDArray[np.intp]:
    """Return the points of the rows or columns; each is asked for once."""
    given = getattr(query, name)
    count = len(query.points)
    if given is None:
        return np.arange(count)
    for row, index in enumerate(given):
        if index >= count:
            message = f"there is no point {index}, they are numbered from 0 to {count - 1}"
            raise InputError("unknown_point", message, f"{BODY}#/{name}/{row}", "correct it")
    if len(set(given)) < len(given):
        raise InputError("duplicate_id", f"{name} names a point twice", f"{BODY}#/{name}", "name each once")
    return np.array(given, dtype=np.intp)


def _table(values: I32) -> tuple[tuple[int | None, ...], ...]:
    """Return a table with ``None`` where there is no way."""
    if (values < INF).all():
        return tuple(map(tuple, values.tolist()))
    return tuple(tuple(None if value >= INF else value for value in row) for row in values.tolist())
