"""Speed curves from CSV: road class, weekday, from hour, to hour, factor on the free-flow speed.

``*`` in the class or the weekday stands for all of them; later lines overwrite earlier ones, and what no line speaks
of is free flow. ``mo-fr`` is a range of weekdays; hours are those of the local clock, ``hour_to`` excluded; a public
holiday has Sunday's factors.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from data.errors import near_miss
from data.model.streets import RoadClass
from data.model.traffic import LEAST_FACTOR, MOST_FACTOR, SpeedCurves
from data.sources.table import Problems, Row, read_rows

WEEKDAYS = ("mo", "tu", "we", "th", "fr", "sa", "su")
_COLUMNS = ("road_class", "weekday", "hour_from", "hour_to", "factor")
_CLASSES = {road.name.lower(): int(road) for road in RoadClass}
_ALL = "*"


def read_speed_curves(path: Path) -> SpeedCurves:
    """Return the curves of a CSV file with the columns ``road_class,weekday,hour_from,hour_to,factor``.

    Raises
    ------
    InputError
        Every line that is wrong, by file and line: ``missing_value``, ``unknown_road_class``, ``unknown_weekday``,
        ``invalid_number``, ``out_of_range`` (a factor is 0.05 to 2) or ``no_hours`` (``hour_to`` is not after
        ``hour_from``).
    """
    problems = Problems()
    factor = np.ones((len(RoadClass), len(WEEKDAYS), 24))
    for row in read_rows(path, {name: name for name in _COLUMNS}, _COLUMNS, problems):
        classes, days = _classes(row), _weekdays(row)
        first, last = row.whole("hour_from", 0, 23), row.whole("hour_to", 1, 24)
        value = row.number("factor", LEAST_FACTOR, MOST_FACTOR)
        for column in ("hour_from", "hour_to", "factor"):
            if not row.text(column):
                row.wrong("missing_value", f"no {column}")
        if first is None or last is None or value is None:
            continue
        if last <= first:
            action = "split hours around midnight into two lines"
            row.wrong("no_hours", f"hour_to {last} is not after hour_from {first}", action)
        factor[np.ix_(classes, days, range(first, last))] = value
    problems.raise_if_any()
    return SpeedCurves(factor)


def _classes(row: Row) -> list[int]:
    name = row.text("road_class").casefold()
    if name == _ALL:
        return list(_CLASSES.values())
    if name not in _CLASSES:
        hint = near_miss(name, _CLASSES) or f"one of {', '.join(_CLASSES)} or *"
        row.wrong("unknown_road_class", f"unknown road class `{name}`", hint)
        return []
    return [_CLASSES[name]]


def _weekdays(row: Row) -> list[int]:
    """Return the days of ``mo``, ``mo-fr`` or ``*``."""
    name = row.text("weekday").casefold()
    if name == _ALL:
        return list(range(len(WEEKDAYS)))
    ends = [part.strip() for part in name.split("-")]
    known = [WEEKDAYS.index(part) for part in ends if part in WEEKDAYS]
    if len(ends) > 2 or len(known) != len(ends) or known[-1] < known[0]:
        row.wrong("unknown_weekday", f"unknown weekday `{name}`", f"one of {', '.join(WEEKDAYS)}, mo-fr or *")
        return []
    return list(range(known[0], known[-1] + 1))
