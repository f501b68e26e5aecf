"""Read an instance of the MAMUT family: what to serve, its arrival-time functions, the best known solution."""

from __future__ import annotations

import gzip
import hashlib
import itertools
from pathlib import Path
from typing import Any

import msgspec

from data.codec import decode, read
from data.errors import InputError
from data.model.base import Value
from jalon.td.instance import Curve, Instance

ENDING = ".vrp.json"
MODEL = "atf-ndcpwlf"


class Traffic(Value, forbid_unknown_fields=False):
    """Where the arrival-time functions are; the sum is of the unzipped bytes."""

    model: str
    atf_path: str
    atf_sha256: str


class InstanceFile(Value, forbid_unknown_fields=False):
    """``NAME.vrp.json``; what a checker never reads is left out."""

    instance_name: str
    num_customers: int
    num_vehicles: int
    vehicle_capacity: int
    demands: tuple[int, ...]
    service_times: tuple[float, ...]
    time_windows: tuple[tuple[float, float], ...]
    depot: int
    horizon: tuple[float, float]
    td: Traffic


class TrafficFile(Value, forbid_unknown_fields=False):
    """``NAME.atf.json.gz``: from, to, breakpoints, values."""

    horizon: tuple[float, float]
    arcs: tuple[tuple[int, int, tuple[float, ...], tuple[float, ...]], ...]


class SolutionFile(Value, forbid_unknown_fields=False):
    """``NAME.bks.Duration.json``."""

    routes: tuple[tuple[int, ...], ...]
    cost: float
    metadata: dict[str, Any] = msgspec.field(default_factory=dict)


def read_instance(path: Path) -> Instance:
    """Return the instance of a ``.vrp.json`` file, with its functions and the ``.bks.Duration.json`` beside it.

    Raises
    ------
    InputError
        Unreadable or broken files, with a JSON pointer; functions that are not those the instance names.
    """
    if not path.name.endswith(ENDING):
        action = f"give the NAME{ENDING} of an instance; what belongs to it is found beside it"
        raise InputError("not_an_instance", f"{path.name} doesn't end in {ENDING}", str(path), action)
    file = read(path, InstanceFile)
    _require_shape(path, file)
    best = path.with_name(path.name.removesuffix(ENDING) + ".bks.Duration.json")
    known = read(best, SolutionFile) if best.exists() else None
    return Instance(
        name=file.instance_name,
        horizon=file.horizon,
        capacity=file.vehicle_capacity,
        vehicles=file.num_vehicles,
        demand=file.demands,
        service=file.service_times,
        windows=file.time_windows,
        arcs=_arcs(path, file),
        known=known.routes if known else (),
        known_departures=tuple(known.metadata.get("route_departure_times", ())) if known else (),
        bks=known.cost if known else None,
    )


def _require_shape(path: Path, file: InstanceFile) -> None:
    """Refuse lists of the wrong length, another depot than 0 and what no vehicle can serve."""
    count = file.num_customers + 1
    if count < 2 or file.num_vehicles < 1:
        where = f"{path}#/{'num_customers' if count < 2 else 'num_vehicles'}"
        raise InputError("not_an_instance", "nobody to serve, or nobody to serve them", where, "give at least one")
    for key in ("demands", "service_times", "time_windows"):
        if (found := len(getattr(file, key))) != count:
            message = f"{found} entries, {count} are needed: the depot and {file.num_customers} customers"
            raise InputError("wrong_length", message, f"{path}#/{key}", "one entry a location, the depot's first")
    if file.depot != 0:
        raise InputError("unknown_rule", "the depot must be location 0", f"{path}#/depot", "give another instance")
    for at, demand in enumerate(file.demands):
        if not 0 <= demand <= file.vehicle_capacity:
            message = f"demand {demand} is not between 0 and the capacity {file.vehicle_capacity}"
            raise InputError("unservable", message, f"{path}#/demands/{at}", "split it, or raise the capacity")
    for at, (opens, closes) in enumerate(file.time_windows):
        if opens > closes:
            message = f"the window closes at {closes:g}, before {opens:g}"
            raise InputError("unservable", message, f"{path}#/time_windows/{at}", "swap them")


def _arcs(path: Path, file: InstanceFile) -> dict[tuple[int, int], Curve]:
    """Return the functions that the instance names, one an ordered pair of locations."""
    where = f"{path}#/td/atf_path"
    if file.td.model != MODEL:
        raise InputError("unknown_rule", f"{file.td.model!r} is not known here", f"{path}#/td/model", f"give {MODEL}")
    source = path.parent / file.td.atf_path
    try:
        packed = source.read_bytes()
        raw = gzip.decompress(packed) if packed.startswith(b"\x1f\x8b") else packed
    except (OSError, EOFError, ValueError) as error:
        reason = f"{file.td.atf_path} can't be read: {getattr(error, 'strerror', None) or error}"
        raise InputError("unreadable_file", reason, where, "put the functions beside the instance") from None
    if hashlib.sha256(raw).hexdigest() != file.td.atf_sha256:
        message = f"{file.td.atf_path} is not the file the instance was made with: its SHA-256 differs"
        raise InputError("wrong_functions", message, f"{path}#/td/atf_sha256", "take both from the same source")
    arcs = {}
    for at, (start, end, xs, ys) in enumerate(decode(raw, TrafficFile, str(source)).arcs):
        _require_curve(xs, ys, file.horizon, f"{source}#/arcs/{at}")
        arcs[start, end] = xs, ys
    for pair in itertools.permutations(range(file.num_customers + 1), 2):
        if pair not in arcs:
            raise InputError("missing_value", f"no arc from {pair[0]} to {pair[1]}", f"{source}#/arcs", "add it")
    return arcs


def _require_curve(xs: tuple[float, ...], ys: tuple[float, ...], horizon: tuple[float, float], where: str) -> None:
    """Refuse what is no function over the horizon that never falls."""
    if len(xs) != len(ys) or len(xs) < 2:
        raise InputError(
            "wrong_length", f"{len(xs)} breakpoints with {len(ys)} values", where, "give as many, 2 or more"
        )
    if (xs[0], xs[-1]) != horizon:
        message = f"covers {xs[0]:g} to {xs[-1]:g}, not the horizon"
        raise InputError("wrong_horizon", message, where, f"cover {horizon[0]:g} to {horizon[1]:g}")
    if any(later < x for x, later in itertools.pairwise(xs)) or any(later < y for y, later in itertools.pairwise(ys)):
        raise InputError("not_fifo", "breakpoints or arrivals fall: who leaves later must not arrive earlier", where)
    if any(y < x for x, y in zip(xs, ys)):
        raise InputError("not_fifo", "an arrival is before its departure", where)
