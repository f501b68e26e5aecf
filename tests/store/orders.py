"""A carrier with a hub, a tour group and two areas on one day, and what tests ask of its ledger."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from data.model.reservation import Balance, Capacity, Owner
from data.store.database import Database
from promise.ledger import Ledger
from promise.reserve import Command, Publish, Reply, Request, Reserve

CARRIER = Owner("carrier")
SHOP = Owner("carrier", "shop")
OTHER_SHOP = Owner("carrier", "other")
DAY = date(2026, 11, 24)
NOW_S = 1_795_000_000
LATER_S = NOW_S + 900


def nested(hub: int = 100, group: int = 100, area: int = 100, dm3: int | None = None) -> tuple[Capacity, ...]:
    """Return a hub's day around a tour group around two areas, the outermost first."""
    return (
        Capacity(id="hub", day=DAY, parcels=hub, dm3=dm3),
        Capacity(id="group", day=DAY, parcels=group, parent_id="hub"),
        Capacity(id="north", day=DAY, parcels=area, parent_id="group"),
        Capacity(id="south", day=DAY, parcels=area, parent_id="group"),
    )


def two_groups(hub: int = 12, group: int = 8, area: int = 6, dm3: int | None = 150) -> tuple[Capacity, ...]:
    """Return a hub's day around two tour groups of two areas each; volume binds first, in the groups."""
    day = Capacity(id="hub", day=DAY, parcels=hub, dm3=None if dm3 is None else 2 * dm3 - 60)
    found = [day]
    for name, areas in (("g1", ("a", "b")), ("g2", ("c", "d"))):
        around = day.replace(id=name, parent_id="hub", parcels=group, dm3=dm3)
        found += [around, *(around.replace(id=one, parent_id=name, parcels=area) for one in areas)]
    return tuple(found)


def publish(ledger: Ledger, *capacities: Capacity) -> tuple[Reply, ...]:
    """Publish capacities as the carrier."""
    commands = tuple(Publish(capacity=one) for one in capacities)
    return ledger.do(Request(owner=CARRIER, commands=commands, now_s=NOW_S))


def ask(ledger: Ledger, *commands: Command, owner: Owner = SHOP, now_s: int = NOW_S, key: str = "") -> Reply:
    """Ask one thing and return its reply; of several, the last one's."""
    return ledger.do(Request(owner=owner, commands=commands, now_s=now_s, key=key))[-1]


def reserve(order_id: str, capacity_id: str = "north", **more: object) -> Reserve:
    """Return the command that holds a place for a quarter of an hour."""
    return Reserve(id=order_id, capacity_id=capacity_id, **{"expires_s": LATER_S, **more})


def balances(ledger: Ledger) -> dict[str, Balance]:
    """Return the carrier's balances by id."""
    return {one.id: one for one in ledger.balances(CARRIER.tenant)}


def reserved(ledger: Ledger) -> dict[str, int]:
    """Return the parcels reserved, by level."""
    return {name: one.reserved_parcels for name, one in balances(ledger).items()}


@contextmanager
def opened(url: str) -> Iterator[Ledger]:
    """Yield the ledger of a store, closed at the end."""
    with Database(url) as database, Ledger(database) as ledger:
        yield ledger
