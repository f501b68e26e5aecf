"""From arrival-time functions to the slices of the timed search, exactly."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from data.errors import InputError
from jalon.td.instance import Curve, Instance
from routing.solver.timed.problem import I32, Timed

MOST_SLICES = 1000


def timed_of(instance: Instance) -> Timed:
    """Return the problem the search solves: the same functions, slice by slice.

    Raises
    ------
    InputError
        Times that are no whole seconds; functions with other slopes than 0 and 1, or without common slices.
    """
    places = len(instance.demand)
    curves = {pair: _whole(instance, pair, curve) for pair, curve in instance.arcs.items() if pair[0] != pair[1]}
    step = _step(instance, curves)
    ends = step * np.arange(1, int(instance.horizon[1]) // step + 1)
    travel = np.zeros((places, places, len(ends), 2), dtype=np.int32)
    for at in range(places):
        travel[at, at, :, 1] = ends
    for pair, (xs, ys) in curves.items():
        travel[pair] = _sliced(xs, ys, step, ends)
        _require_same(instance, pair, travel[pair], step)
    opens, closes = _integers(instance, "a window", instance.windows).T
    return Timed(
        travel=travel,
        step=step,
        service=_integers(instance, "a service time", instance.service) * (np.arange(places) > 0),
        opens=opens,
        closes=closes,
        demand=np.array(instance.demand, dtype=np.int32),
        capacity=instance.capacity,
        fleet=instance.vehicles,
    )


def _integers(instance: Instance, what: str, values: object) -> I32:
    given = np.array(values, dtype=np.float64)
    if (given != np.floor(given)).any() or (np.abs(given) > 1e8).any():
        message = f"{what} of {instance.name} is no whole number of seconds"
        raise InputError("unknown_rule", message, action="give an instance with whole seconds")
    return given.astype(np.int32)


def _whole(instance: Instance, pair: tuple[int, int], curve: Curve) -> tuple[I32, I32]:
    """Return a function's breakpoints and values, all whole, every slope 0 or 1."""
    xs, ys = _integers(instance, f"the function of arc {pair}", curve)
    runs, rises = np.diff(xs), np.diff(ys)
    if not ((runs == 0) | (rises == 0) | (runs == rises)).all():
        message = f"{instance.name}, arc {pair}: between steps arrivals must wait (slope 0) or follow (slope 1)"
        raise InputError("unknown_rule", message, action="give functions made of constant travel times")
    return xs, ys


def _step(instance: Instance, curves: dict[tuple[int, int], tuple[I32, I32]]) -> int:
    """Return the longest slices all functions have in common: steps and ends of waiting are where slices meet."""
    step = int(_integers(instance, "the horizon", instance.horizon)[1])
    for xs, ys in curves.values():
        runs, rises = np.diff(xs), np.diff(ys)
        waits = np.flatnonzero((rises == 0) & (runs > 0)) + 1
        meet = np.concatenate([xs[1:][runs == 0], xs[waits]])
        step = math.gcd(step, *np.unique(meet).tolist())
    if instance.horizon[0] != 0 or step * MOST_SLICES < instance.horizon[1]:
        message = f"{instance.name}: the functions have no common slices from 0 on (or more than {MOST_SLICES})"
        raise InputError("unknown_rule", message, action="give functions made of constant travel times per time step")
    return step


def _sliced(xs: I32, ys: I32, step: int, ends: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return [slices, 2]: the travel time after the beginning of each slice, and the arrival at its end."""
    starts = ends - step
    after, before = np.searchsorted(xs, starts, side="right") - 1, np.searchsorted(xs, ends, side="left")
    rising = (ys[after + 1] > ys[after]).astype(np.int64)
    travel = ys[after] + rising * (starts - xs[after]) - starts
    arrival = np.where(xs[before] == ends, ys[before], ys[before - 1] + (ends - xs[before - 1]))
    flat = (xs[before] != ends) & (ys[before] == ys[before - 1])
    return np.stack([travel, np.where(flat, ys[before], arrival)], axis=1)


def _require_same(instance: Instance, pair: tuple[int, int], travel: I32, step: int) -> None:
    """Refuse a function that its slices don't reproduce at every breakpoint."""
    xs, ys = np.array(instance.arcs[pair])
    slices = np.maximum(xs - 1, 0).astype(np.int64) // step
    low = np.minimum(xs + travel[slices, 0], travel[slices, 1])
    first = np.concatenate([[True], np.diff(xs) > 0])
    if (low[first] != ys[first]).any():
        message = f"{instance.name}, arc {pair}: the function is none of slices of {step} s"
        raise InputError("unknown_rule", message, action="give functions made of constant travel times per time step")
