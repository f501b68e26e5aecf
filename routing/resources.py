"""What a carrier's own system tells by name: its fleet and places, one by one or many at once, and the traffic."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from data import clock, codec
from data.errors import InputError, NotFoundError, TooLargeError
from data.model.base import Value
from data.model.city import City
from data.model.hub import Hub
from data.model.reservation import Owner
from data.model.told import ToldDriver, ToldHub, ToldPlace, ToldVehicle
from data.sources.check import check_unique
from data.sources.incidents import incidents_of
from data.sources.table import Problems, text_of
from data.sources.traffic import segment_speeds_of
from data.store import hubs, resources
from data.store.database import Database, Transaction
from data.store.resources import ResourceKind
from routing.instants import check_instants
from routing.job_rows import Write
from routing.posted import check_places

BODY = "body"
MOST = 20_000
"""Values that one request may tell."""


class Noun(NamedTuple):
    """A kind of thing that may be told, in the plural and in the singular."""

    plural: str
    kind: ResourceKind
    value: type[Value]


NOUNS = (
    Noun("hubs", ResourceKind.HUB, ToldHub),
    Noun("vehicles", ResourceKind.VEHICLE, ToldVehicle),
    Noun("drivers", ResourceKind.DRIVER, ToldDriver),
    Noun("places", ResourceKind.PLACE, ToldPlace),
)


class TrafficSeen(Value, omit_defaults=False):
    """What was understood of a report; ``notes`` say what was not."""

    city: str
    slow_arcs: int
    closed_arcs: int
    notes: tuple[str, ...]


class ToldCount(Value, omit_defaults=False):
    """How many were kept."""

    kept: int


class ResourceRoom:
    """What is told by name; methods wait for the store, so they are called in threads."""

    def __init__(self, database: Database, write: Write, now: Callable[[], datetime] = clock.now) -> None:
        self._database, self._write, self._now = database, write, now

    def put_all(self, owner: Owner, noun: Noun, raw: bytes) -> ToldCount:
        """Keep an array of values."""
        check_instants(raw)
        values = codec.items(raw, noun.value, BODY)
        if len(values) > MOST:
            raise TooLargeError("too_many_values", f"{len(values):,} {noun.plural}, {MOST:,} is the most at once",
                                f"{BODY}#", "send several requests")  # fmt: skip
        problems = Problems()
        check_unique(f"{BODY}#", [one.id for one in values], problems)  # type: ignore[attr-defined]
        problems.raise_if_any()
        self._put(owner, noun, values)
        return ToldCount(kept=len(values))

    def put(self, owner: Owner, noun: Noun, name: str, raw: bytes) -> bytes:
        """Keep one value under the name it has; return it as JSON."""
        check_instants(raw)
        one = codec.decode(raw, noun.value, BODY)
        if one.id != name:  # type: ignore[attr-defined]
            raise InputError("ids_differ", f"the {noun.kind} is `{one.id}`", f"{BODY}#/id", f"`{name[:80]}`")  # type: ignore[attr-defined]
        self._put(owner, noun, (one,))
        return codec.encode(one)

    def all(self, owner: Owner, noun: Noun) -> bytes:
        """Return all values of a kind as a JSON array."""
        with self._database.read() as connection:
            found = resources.load(connection, owner, noun.kind)
        return msgspec.json.encode([msgspec.Raw(body.encode()) for body in found.values()])

    def one(self, owner: Owner, noun: Noun, name: str) -> bytes:
        """Return a value as JSON; raises ``NotFoundError``."""
        with self._database.read() as connection:
            found = resources.load(connection, owner, noun.kind, (name,))
        if name not in found:
            raise _unknown(noun, name)
        return found[name].encode()

    def remove(self, owner: Owner, noun: Noun, name: str) -> None:
        """Forget a value; raises ``NotFoundError``."""
        if not self._write(lambda t: resources.remove(t, owner, noun.kind, name)).result():
            raise _unknown(noun, name)

    def put_traffic(self, owner: Owner, kind: ResourceKind, city: City, raw: bytes) -> TrafficSeen:
        """Keep what is measured or reported of a city's streets, in the place of what was told before."""
        text = text_of(raw, BODY)
        read = segment_speeds_of if kind is ResourceKind.SPEEDS else incidents_of
        traffic, notes = read(text, BODY, city.streets)
        slow = sum(len(report.arc) for report in traffic.reports if not report.closed)
        shut = sum(len(report.arc) for report in traffic.reports if report.closed)
        carrier, now_s = Owner(owner.tenant), int(self._now().timestamp())
        self._write(lambda t: resources.put(t, carrier, kind, {city.name: text}, now_s)).result()
        return TrafficSeen(city=city.name, slow_arcs=slow, closed_arcs=shut, notes=notes)

    def forget_traffic(self, owner: Owner, kind: ResourceKind, city: City) -> None:
        """Forget what was measured or reported of a city's streets, if anything was."""
        self._write(lambda t: resources.remove(t, Owner(owner.tenant), kind, city.name)).result()

    def _put(self, owner: Owner, noun: Noun, values: Sequence[Any]) -> None:
        if noun.kind is ResourceKind.PLACE:
            check_places(values)
        bodies = {one.id: codec.encode(one).decode() for one in values}
        now_s = int(self._now().timestamp())

        def keep(writing: Transaction) -> None:
            resources.put(writing, owner, noun.kind, bodies, now_s)
            if noun.kind is ResourceKind.HUB and not owner.shipper:
                for one in values:
                    plain = Hub(id=one.id, lat=one.lat, lon=one.lon, name=one.name, loading_s=one.loading_s)
                    hubs.put(writing, owner.tenant, plain, now_s)

        self._write(keep).result()


def _unknown(noun: Noun, name: str) -> NotFoundError:
    action = f"tell it first: PUT /v1/{noun.plural}/{name[:80]}"
    return NotFoundError(f"unknown_{noun.kind}", f"no {noun.kind} `{name[:80]}` was told", action=action)
