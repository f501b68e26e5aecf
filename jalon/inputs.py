"""Reads what the commands are given: requests, plans, orders, statuses, cities; all errors say where."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from data import codec
from data.cityfile import read_city
from data.errors import InputError, RoutingDataError, TooLargeError, near_miss
from data.hours import parse_hours, zone_named
from data.model.city import City
from data.model.place import Place
from data.model.plan import Plan
from data.model.request import OrderBook, PlanRequest, VehicleStatus
from data.model.traffic import LEAST_FACTOR, WEATHER, Conditions, Traffic
from data.sources.check import check_request, check_unique_at
from data.sources.orders import read_orders
from data.sources.table import Problems, parse_number
from data.sources.traffic import read_traffic
from routing.conditions import city_curves
from routing.verify import check as check_plan

BYTES_PER_PAIR = 8  # seconds and metres, 32 bits each


@contextmanager
def blaming(source: str) -> Iterator[None]:
    """Put the file's name before the JSON pointers of errors raised inside."""
    try:
        yield
    except (InputError, RoutingDataError) as error:
        if error.where.startswith("#") or not error.where:
            error.where = source + error.where
        raise


def read_bytes(source: str) -> bytes:
    """Return the content of a file, of stdin for ``-``."""
    if source == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(source).read_bytes()
    except OSError as error:
        raise InputError("unreadable_file", error.strerror or str(error), source, "check the path") from None


def request_source(given: str | None, option: str | None) -> tuple[str, bytes]:
    """Return the request's name and content: a file, ``-`` for stdin, or JSON typed on the command line."""
    if given and option:
        raise InputError("two_requests", "two requests are given", "-i", "name one file")
    name = given or option or "-"
    if name.lstrip().startswith("{"):
        return "REQUEST", name.encode()
    if name == "-" and not (given or option) and sys.stdin.isatty():
        raise InputError("no_request", "no request is given", "REQUEST", "name a file, or - for stdin")
    return ("stdin" if name == "-" else name), read_bytes(name)


def refuse_unused(kind: str, options: Mapping[str, object]) -> None:
    """Refuse options that ``kind`` of input has no use for, rather than ignore them."""
    for name, value in options.items():
        if value:
            raise InputError("unused_option", f"{name} does not go with {kind}", name, "leave it out")


def require_writable(*paths: Path | None) -> None:
    """Refuse an output that can't be written before any work is done for it."""
    for path in paths:
        if path is None:
            continue
        folder = next(parent for parent in path.absolute().parents if parent.exists())
        why = ""
        if path.is_dir():
            why = "it is a folder"
        elif not folder.is_dir():
            why = f"{folder} is no folder"
        elif not os.access(folder, os.W_OK | os.X_OK):
            why = f"{folder} may not be written to"
        if why:
            raise InputError("unwritable_file", f"can't be written: {why}", str(path), "name another path")


def load_city(given: str | None, named: str, base: Path) -> City:
    """Return the city given on the command line, else the one the request names, relative to its file."""
    if given:
        return read_city(Path(given))
    if named:
        return read_city(base / named)
    raise InputError("no_city", "no city is given", "--city", "name one with --city FILE (made by `jalon city build`)")


def load_request(raw: bytes, source: str) -> PlanRequest:
    """Return the request held in ``raw``, readable to the last opening hour."""
    request = codec.decode(raw, PlanRequest, source)
    _check_facts(request, source)
    return request


def load_plan(source: str) -> Plan:
    """Return the plan of a JSON file; one that breaks a rule is nothing to build on."""
    raw = read_bytes(source)
    plan = codec.decode(raw, Plan, source)
    violations = check_plan(codec.plain(raw, source))
    if violations:
        first = violations[0]
        message = f"the plan breaks {len(violations)} rule(s), the first: {first.message}"
        raise InputError("invalid_plan", message, f"{source}#{first.pointer}", "see `jalon check`")
    _check_facts(plan, source)
    return plan


def load_burst(path: Path, plan: Plan, city: City) -> tuple[OrderBook, tuple[str, ...]]:
    """Return new orders of a CSV or JSON file, checked against plan and city, and what looks like a mistake.

    Rows without a hub go to the plan's first one.
    """
    book = read_orders(path, plan.hubs[0].id, plan.day, plan.time_zone)
    known = {place.id: place for place in plan.places}
    problems = Problems()
    again = "send only new orders, each with ids of its own"
    check_unique_at([*_ids("orders", plan, f"plan {plan.id}"), *_ids("orders", book, str(path))], problems, again)
    check_unique_at([*_parcel_ids(plan, f"plan {plan.id}"), *_parcel_ids(book, str(path))], problems, again)
    for row, place in enumerate(book.places):
        if known.get(place.id, place) != place:
            message = f"the plan knows place `{place.id}` with other details"
            problems.add("conflicting_place", message, f"{path}#/places/{row}", "give the new place an id of its own")
    problems.raise_if_any()
    _check_hours(book.places, str(path))
    brought = {place.id for place in book.places}
    request = PlanRequest(
        day=plan.day,
        time_zone=plan.time_zone,
        hubs=plan.hubs,
        vehicles=plan.vehicles,
        places=(*book.places, *(place for place in plan.places if place.id not in brought)),
        orders=(*book.orders, *book.changed),
        delivery_days=plan.delivery_days,
        transfers=plan.transfers,
    )
    with blaming(str(path)):
        return book, check_request(request, city)


def require_city_of(plan: Plan, city: City, given: str | None) -> None:
    """Refuse a plan made on another city before its orders are called out of place."""
    if plan.city != city.name:
        message = f"the plan was made on {plan.city!r}, the city file holds {city.name!r}"
        raise InputError("wrong_city", message, given or "--city", "give the city file the plan was made with")


def load_statuses(path: Path | None) -> tuple[VehicleStatus, ...]:
    """Return the statuses of a JSON file: an array of vehicle statuses."""
    if path is None:
        return ()
    found = codec.items(read_bytes(str(path)), VehicleStatus, str(path))
    problems = Problems()
    where = ((f"{path}#/{row}/vehicle_id", status.vehicle_id) for row, status in enumerate(found))
    check_unique_at(where, problems, "one status per vehicle")
    problems.raise_if_any()
    return found


def load_conditions(city: City, traffic: Path | None, weather: str | None) -> tuple[Conditions, tuple[str, ...]]:
    """Return how fast traffic is: the city's own speeds by the hour, what is reported, the weather; and notes."""
    reported, notes = (Traffic(), ()) if traffic is None else read_traffic(traffic, city.streets)
    return Conditions(curves=city_curves(city), traffic=reported, weather=_weather_factor(weather)), notes


def _weather_factor(text: str | None) -> float:
    """Return the share of the usual speed that a weather's name, or a number, stands for."""
    if text is None:
        return 1.0
    factor = WEATHER.get(text.strip().casefold(), parse_number(text))
    if factor is None or not LEAST_FACTOR <= factor <= 1.0:
        action = near_miss(text, WEATHER) or f"one of {', '.join(WEATHER)}, or a factor from {LEAST_FACTOR:g} to 1"
        raise InputError("bad_weather", f"{text!r} is no weather", "--weather", action)
    return factor


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
        action = "write 10:30, or 2026-11-24T10:30:00+01:00"
        raise InputError("bad_time", f"{text!r} is no time of day", "--freeze-before", action)
    return instant


def require_room(orders: Iterable[Any], vehicles: Iterable[Any], source: str) -> None:
    """Refuse what this machine can't hold: travel times between all places, once per class of vehicle at least.

    Raises
    ------
    TooLargeError
        ``too_many_places``.
    """
    places = len({option.place_id for order in orders for option in order.options})
    classes = len({(vehicle.category, vehicle.critair) for vehicle in vehicles})
    need, have = places * places * classes * BYTES_PER_PAIR, _memory_bytes()
    if need > have:
        message = f"travel times between {places} places need {need / 1e9:.0f} GB, this machine has {have / 1e9:.0f}"
        raise TooLargeError("too_many_places", message, f"{source}#/orders", "plan each hub on its own")


def _memory_bytes() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _check_facts(holder: PlanRequest | Plan, source: str) -> None:
    """Refuse what has the right type and still means nothing: days of another age, unknown clocks, unreadable hours."""
    if not 2000 <= holder.day.year < 2100:
        raise InputError("bad_date", f"{holder.day} is no day to plan", f"{source}#/day", "write one of this century")
    with blaming(f"{source}#/time_zone"):
        zone_named(holder.time_zone)
    _check_hours(holder.places, source)


def _check_hours(places: Iterable[Place], source: str) -> None:
    for row, place in enumerate(places):
        if place.opening_hours is not None:
            with blaming(f"{source}#/places/{row}/opening_hours"):
                parse_hours(place.opening_hours)


def _ids(key: str, holder: Plan | OrderBook, source: str) -> Iterator[tuple[str, str]]:
    yield from ((f"{source}#/{key}/{row}/id", item.id) for row, item in enumerate(getattr(holder, key)))


def _parcel_ids(holder: Plan | OrderBook, source: str) -> Iterator[tuple[str, str]]:
    for row, order in enumerate(holder.orders):
        for number, parcel in enumerate(order.parcels):
            yield f"{source}#/orders/{row}/parcels/{number}/id", parcel.id
