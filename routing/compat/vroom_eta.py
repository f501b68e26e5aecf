"""When the steps of a given route are done so that as few windows as possible are missed, by as little.

As VROOM's plan mode: the sum of lead times and delays first, then the shortest time on the road, then the earliest
dates. A mixed-integer programme, since a task may have several windows. VROOM doesn't look at dates long before the
first window and so misses more of them at times; where it misses as little, the times are the same.

Source: VROOM 1.14's ``docs/API.md`` on plan mode and ``src/algorithms/validation/choose_ETA.cpp``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from routing.compat.vroom_values import FOREVER_S, Held, Span

F64 = NDArray[np.float64]
ANYTIME: tuple[Span, ...] = ((0, FOREVER_S),)


class Stage(NamedTuple):
    """One step: what is driven to it from the last step that is no break, its windows, how long it takes."""

    kind: str
    travel_s: int
    windows: tuple[Span, ...]
    work_s: int
    held: Held


class Timed(NamedTuple):
    """When a step is reached and begun, and which of its windows it is measured by."""

    arrival_s: int
    start_s: int
    window: Span


class _Row(NamedTuple):
    """``least <= sum of coefficient * variable <= most``."""

    cells: tuple[tuple[int, float], ...]
    least: float = -np.inf
    most: float = np.inf


class InfeasibleError(Exception):
    """What somebody insists on can't be kept."""


def choose_times(stages: Sequence[Stage]) -> list[Timed]:
    """Return the times of a route from its start to its end.

    Travel before a stage may be driven before or after the breaks that precede it.

    Raises
    ------
    InfeasibleError
    """
    base_s = _base_s(stages)
    columns = _Columns(stages)
    rows = list(_rows(stages, columns, base_s))
    first = _solved(stages, columns, base_s, rows, _violations_then_span(stages, columns))
    missed = round(float(first[columns.missed].sum()))
    span = round(float(first[columns.start[-1]] - first[columns.start[0]]))
    rows.append(_Row(tuple((int(one), 1.0) for one in columns.missed), most=missed))
    rows.append(_Row(((int(columns.start[-1]), 1.0), (int(columns.start[0]), -1.0)), most=span))
    second = _solved(stages, columns, base_s, rows, _earliest(stages, columns))
    return list(_timed(stages, columns, base_s, second))


class _Columns:
    """Where each variable is: starts, violations, the travel right after each stage, the choice of a window."""

    def __init__(self, stages: Sequence[Stage]) -> None:
        count = len(stages)
        self.start, self.missed = np.arange(count), np.arange(count, 2 * count)
        self.travel = np.arange(2 * count, 3 * count - 1)
        sizes = np.cumsum([0, *(len(stage.windows) for stage in stages)]) + 3 * count - 1
        self.choice = [np.arange(a, b) for a, b in pairwise(sizes.tolist())]
        self.count = int(sizes[-1])


def _base_s(stages: Sequence[Stage]) -> int:
    """Return a second before which nothing needs to begin: large numbers would cost the solver its precision."""
    dates = [span[0] for stage in stages for span in stage.windows if stage.windows != ANYTIME]
    dates += [date for stage in stages for date in stage.held if date is not None]
    if not dates:
        return 0
    return max(0, min(dates) - sum(stage.travel_s + stage.work_s for stage in stages))


def _last_s(stages: Sequence[Stage]) -> int:
    """Return a second after which nothing needs to begin."""
    dates = [date for stage in stages for span in stage.windows for date in span if date < FOREVER_S]
    dates += [date for stage in stages for date in stage.held if date is not None]
    return max(dates, default=0) + sum(stage.travel_s + stage.work_s for stage in stages)


def _rows(stages: Sequence[Stage], columns: _Columns, base_s: int) -> Iterator[_Row]:
    start, missed, travel = columns.start, columns.missed, columns.travel
    for number, stage in enumerate(stages[:-1]):
        cells = ((int(start[number + 1]), 1.0), (int(start[number]), -1.0), (int(travel[number]), -1.0))
        yield _Row(cells, least=stage.work_s)
    for number, stage in enumerate(stages):
        here, late, choice = int(start[number]), int(missed[number]), columns.choice[number]
        yield _Row(tuple((int(one), 1.0) for one in choice), 1.0, 1.0)
        if stage.windows == ANYTIME:
            continue
        opens = tuple((int(one), float(base_s - span[0])) for one, span in zip(choice, stage.windows, strict=True))
        closes = tuple((int(one), float(base_s - span[1])) for one, span in zip(choice, stage.windows, strict=True))
        if stage.kind != "end":
            yield _Row(((here, 1.0), (late, 1.0), *opens), least=0.0)
        if stage.kind != "start":
            yield _Row(((here, 1.0), (late, -1.0), *closes), most=0.0)
    since = 0
    for number, stage in enumerate(stages[1:], start=1):
        if stage.kind != "break":
            driven = tuple((int(one), 1.0) for one in travel[since:number])
            yield _Row(driven, float(stage.travel_s), float(stage.travel_s))
            since = number


def _violations_then_span(stages: Sequence[Stage], columns: _Columns) -> F64:
    weights = np.zeros(columns.count)
    weights[columns.missed] = sum(stage.travel_s + stage.work_s for stage in stages) + 1
    weights[columns.start[-1]], weights[columns.start[0]] = 1.0, -1.0
    return weights


def _earliest(stages: Sequence[Stage], columns: _Columns) -> F64:
    """Return the weights of early dates; where they are equal, of driving before a break rather than after it."""
    weights = np.zeros(columns.count)
    worst, place = 0, 0
    for number, stage in enumerate(stages[1:-1], start=1):
        place = place + 1 if stage.kind == "break" else 0
        weights[columns.travel[number]] = place
        worst += place * max(one.travel_s for one in stages)
    weights[columns.start[1:]] = worst + 1
    return weights


def _solved(stages: Sequence[Stage], columns: _Columns, base_s: int, rows: Sequence[_Row], weights: F64) -> F64:
    least, most = np.zeros(columns.count), np.full(columns.count, np.inf)
    most[columns.start] = _last_s(stages) - base_s
    integral = np.zeros(columns.count)
    for number, stage in enumerate(stages):
        most[columns.choice[number]] = integral[columns.choice[number]] = 1
        at_s, after_s, before_s = stage.held
        here = columns.start[number]
        least[here] = max(least[here], *(date - base_s for date in (at_s, after_s) if date is not None), 0)
        most[here] = min(most[here], *(date - base_s for date in (at_s, before_s) if date is not None), most[here])
    if (least > most).any():
        raise InfeasibleError
    places = [(number, column, value) for number, row in enumerate(rows) for column, value in row.cells]
    numbers, cells, values = zip(*places, strict=True)
    matrix = csr_array((values, (numbers, cells)), shape=(len(rows), columns.count))
    limits = LinearConstraint(matrix, [row.least for row in rows], [row.most for row in rows])
    found = milp(weights, integrality=integral, bounds=Bounds(least, most), constraints=limits)
    if found.x is None:
        raise InfeasibleError
    solution: F64 = found.x
    return solution


def _timed(stages: Sequence[Stage], columns: _Columns, base_s: int, found: F64) -> Iterator[Timed]:
    starts = np.rint(found[columns.start]).astype(np.int64) + base_s
    travel = np.rint(found[columns.travel]).astype(np.int64)
    for number, stage in enumerate(stages):
        before = number - 1
        arrival = starts[before] + stages[before].work_s + travel[before] if number else starts[0]
        chosen = int(np.argmax(found[columns.choice[number]]))
        yield Timed(int(arrival), int(starts[number]), stage.windows[chosen])
