"""Reads what the commands are given: requests, plans, orders, statuses, cities; all errors say where."""

from __future__ import annotations

import sys
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from data import codec
from data.cityfile import read_city
from data.errors import InputError
from data.model.city import City
from data.model.plan import Plan
from data.model.request import OrderBook, PlanRequest, VehicleStatus
from data.sources.orders import read_orders


def read_bytes(source: str) -> bytes:
    """Return the content of a file, of stdin for ``-``."""
    if source == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(source).read_bytes()
    except OSError as error:
        raise InputError("unreadable_file", error.strerror or str(error), source, "check the path") from None


def load_city(given: str | None, named: str, base: Path) -> City:
    """Return the city given on the command line, else the one the request names, relative to its file."""
    if given:
        return read_city(Path(given))
    if named:
        return read_city(base / named)
    raise InputError("no_city", "no city is given", "--city", "name one with --city FILE (made by `jalon city build`)")


def load_burst(path: Path, plan: Plan) -> OrderBook:
    """Return the new orders of a CSV or JSON file; rows without a hub go to the plan's first one."""
    return read_orders(path, plan.hubs[0].id, plan.day, plan.time_zone)


def load_statuses(path: Path | None) -> tuple[VehicleStatus, ...]:
    """Return the statuses of a JSON file: an array of vehicle statuses."""
    if path is None:
        return ()
    raw = read_bytes(str(path))
    try:
        entries = msgspec.json.decode(raw, type=list[msgspec.Raw])
    except msgspec.DecodeError as error:
        raise InputError("invalid_json", str(error), str(path), "expected an array of vehicle statuses") from None
    found = [codec.decode(bytes(entry), VehicleStatus, f"{path}#/{row}") for row, entry in enumerate(entries)]
    for row, status in enumerate(found):
        if any(other.vehicle_id == status.vehicle_id for other in found[:row]):
            raise InputError("duplicate_id", f"two statuses of {status.vehicle_id}", f"{path}#/{row}/vehicle_id")
    return tuple(found)


def load_plan(path: Path) -> Plan:
    """Return the plan of a JSON file."""
    return codec.read(path, Plan)


def load_request(raw: bytes, source: str) -> PlanRequest:
    """Return the request held in ``raw``."""
    return codec.decode(raw, PlanRequest, source)


def freeze_instant(text: str | None, day: date, time_zone: str) -> datetime | None:
    """Return ``10:30`` (on the planned day, local) or a full RFC 3339 instant as an aware datetime."""
    if text is None:
        return None
    try:
        if len(text) <= 5:
            clock_time = datetime.strptime(text, "%H:%M").time()  # noqa: DTZ007 - local on purpose, zone added below
            return datetime.combine(day, clock_time, tzinfo=ZoneInfo(time_zone))
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise InputError("bad_time", f"{text!r} is no time of day", "--freeze-before", "write 10:30 or 2026-11-24T10:30:00+01:00")
    return instant
