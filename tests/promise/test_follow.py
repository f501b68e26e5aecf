"""Events: kept once, in whatever order they come; orders and goods follow them, promises are looked at again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import date, timedelta
from itertools import permutations

import pytest

from data.clock import PARIS
from data.errors import ForbiddenError, InputError
from data.model.event import Event, EventKind
from data.model.order import Order, PlaceOption
from data.model.parcel import Parcel, ParcelState
from data.model.reservation import Owner
from data.model.stored_order import OrderState, StoredOrder
from data.store import events, orders, outbox
from promise.desk import Desk
from promise.follow.desk import Follower
from promise.follow.kpis import Asked, Kpis
from promise.follow.states import followed
from promise.follow.values import Reported, Taken, from_json, from_lines, from_table
from promise.watch import Watcher
from tests.promise.small_house import (
    AT,
    CARRIER,
    FIRST,
    OTHER_SHOP,
    SECOND,
    SHOP,
    Clock,
    ask,
    opened,
    put_stock,
    refresh,
    reserve,
    run,
)
from tests.store.conftest import new_url, server, url  # noqa: F401


def stored(order_id: str, day: date = FIRST, parcels: int = 1, shipper: str = "shop") -> StoredOrder:
    """Return an order as intake keeps it."""
    order = Order(
        id=order_id,
        hub_id="nantes",
        parcels=tuple(Parcel(id=f"{order_id}-{number}", load_g=500, volume_dm3=2) for number in range(parcels)),
        options=(PlaceOption(place_id=order_id),),
        promised_on=day,
        shipper=shipper,
    )
    return StoredOrder(order=order)


def told(name: str, kind: EventKind, order_id: str = "o1", minutes: float = 0, **more: str) -> Reported:
    """Return an event."""
    return Reported(id=name, kind=kind, at=AT + timedelta(minutes=minutes), order_id=order_id, **more)


def keep(desk: Desk, owner: Owner, *values: StoredOrder) -> None:
    """Keep orders."""
    named = {one.order.id: one for one in values}
    desk.ledger.write(lambda t: orders.put(t, owner, named, desk.now_s)).result()


def state_of(desk: Desk, owner: Owner, name: str) -> StoredOrder:
    """Return an order."""
    with desk.database.read() as connection:
        return orders.load(connection, owner, (name,))[name]


def follower(desk: Desk) -> Follower:
    """Return what takes events in."""
    return Follower(desk.database, desk.ledger, Watcher(desk, CARRIER.tenant), desk.now)


def take(desk: Desk, *reported: Reported, owner: Owner = CARRIER) -> Taken:
    """Tell events."""
    return asyncio.run(follower(desk).take(owner, reported))


def test_the_order_of_arrival_does_not_matter() -> None:
    way = [
        *(told("1", EventKind.RECEIVED, minutes=0, parcel_id="o1-0"), told("2", EventKind.LOADED, minutes=1)),
        *(told("3", EventKind.FAILED, minutes=2, parcel_id="o1-1"), told("4", EventKind.DELIVERED, minutes=3)),
    ]
    one = stored("o1", parcels=2)
    for some in permutations(way):
        after = followed(one, sorted(some, key=lambda event: event.at))
        assert after.state is OrderState.DELIVERED
        assert {parcel.state for parcel in after.order.parcels} == {ParcelState.DELIVERED}
    assert followed(one, way[:3]).state is OrderState.FAILED
    assert followed(one, way[:2]).state is OrderState.LOADED
    assert followed(one, way[:1]).state is OrderState.ACCEPTED
    back = followed(followed(one, way[:3]), [*way[:3], told("5", EventKind.RECEIVED, minutes=9, hub_id="rennes")])
    assert back.state is OrderState.ACCEPTED and {parcel.hub_id for parcel in back.order.parcels} == {"rennes"}
    gone = one.replace(state=OrderState.CANCELLED)
    assert followed(gone, way[:3]).state is OrderState.CANCELLED
    assert followed(gone, way).state is OrderState.DELIVERED
    assert followed(one, [told("6", EventKind.RETURNED)]).state is OrderState.RETURNED
    assert followed(one, [told("7", EventKind.OPENED)]) == one


def test_events_have_their_effects_once(url: str) -> None:  # noqa: F811
    with opened(url) as desk:
        put_stock(desk, "mug", 5)
        reserve(desk, "o1", ask(desk, "mug"))
        run(desk.places.confirm(SHOP, "o1"))
        keep(desk, SHOP, stored("o1"), stored("o2"))
        loaded = told("scan-1", EventKind.LOADED, shipper="shop")
        assert take(desk, loaded, told("scan-2", EventKind.SORTED, "o2", shipper="shop")) == Taken(
            kept=2, known=0, orders_changed=2
        )
        assert state_of(desk, SHOP, "o1").state is OrderState.LOADED
        assert [(one.units, one.reserved) for one in desk.stock(SHOP, "mug")] == [(4, 0)]
        assert take(desk, loaded) == Taken(kept=0, known=1, orders_changed=0)
        assert [(one.units, one.reserved) for one in desk.stock(SHOP, "mug")] == [(4, 0)]
        assert take(desk, told("scan-3", EventKind.DELIVERED, minutes=5), owner=SHOP).orders_changed == 1
        assert state_of(desk, SHOP, "o1").state is OrderState.DELIVERED
        assert desk.ledger.check() == []


def test_a_shipper_tells_of_its_own_orders(url: str) -> None:  # noqa: F811
    with opened(url) as desk:
        keep(desk, SHOP, stored("o1"))
        with pytest.raises(ForbiddenError):
            take(desk, told("1", EventKind.DELIVERED, shipper="shop"), owner=OTHER_SHOP)
        assert take(desk, told("1", EventKind.DELIVERED), owner=OTHER_SHOP) == Taken(kept=1, known=0)
        assert state_of(desk, SHOP, "o1").state is OrderState.ACCEPTED


def test_a_collection_frees_its_box(url: str) -> None:  # noqa: F811
    with opened(url) as desk:
        box = {"place_id": "locker-1", "box": "M", "parcel_id": "o1-0", "shipper": "shop"}
        take(
            desk,
            told("1", EventKind.DELIVERED, **box),
            told("2", EventKind.DELIVERED, "o2", **box | {"parcel_id": "p"}),
        )
        with desk.database.read() as connection:
            assert len(events.waiting(connection, CARRIER.tenant, ["locker-1"])) == 2
        take(desk, told("3", EventKind.COLLECTED, minutes=9, **box))
        with desk.database.read() as connection:
            assert [one.parcel_id for one in events.waiting(connection, CARRIER.tenant, ["locker-1"])] == ["p"]


def test_a_failure_on_the_day_is_told_with_it(url: str) -> None:  # noqa: F811
    clock = Clock()
    with opened(url, clock) as desk:
        for name in ("o1", "o2"):
            reserve(desk, name, ask(desk))
        reserve(desk, "o3", ask(desk), "locker")
        clock.move(days=1, hours=1)
        late = [
            told(f"f{name}", EventKind.FAILED, name, 24 * 60, shipper="shop", reason="absent") for name in ("o1", "o3")
        ]
        take(desk, *late)
        take(desk, *late)
        notices = [one for one in desk.ledger.notices() if one.kind == "promise.at_risk"]
        assert [(one.subject, one.shipper) for one in notices] == [("o1", "shop")]  # o3 has until tomorrow
        body = json.loads(notices[0].body)
        assert (body["date"], body["probability"], body["cause"]) == (FIRST.isoformat(), 0.0, "failure")
        assert "mercredi 25 novembre" in body["text_fr"] and "Wednesday 25 November" in body["text_en"]


def test_forms() -> None:
    one = {"id": "1", "kind": "delivered", "at": "2026-11-24T10:30:00+01:00", "order_id": "o1"}
    raw = json.dumps(one).encode()
    table = "scan_id;événement;horodatage;commande\n1;delivered;2026-11-24T10:30;o1\n".encode()
    assert from_json(raw) == from_json(b"[" + raw + b"]") == from_lines(raw + b"\n\n") == from_table(table)
    for wrong, where in (
        (b"id;kind;at\n1;flown;2026-11-24\n", "body:2"),
        (b"id;kind;at\n1;delivered;soon\n", "body:2"),
        (b"id;kind;at\n;delivered;2026-11-24\n", "body:2"),
        (b"id;kind\n1;delivered\n", "body:1"),
    ):
        with pytest.raises(InputError) as said:
            from_table(wrong)
        assert said.value.where == where
    with pytest.raises(InputError):
        from_json(b"[]")
    with pytest.raises(InputError):
        from_json(b'{"id": "1", "kind": "delivered", "at": "2026-11-24T10:30:00+01:00", "name": "Ada"}')


def test_kpis_count_what_is_stored(new_url: Callable[[], str]) -> None:  # noqa: F811
    clock = Clock()
    with opened(new_url(), clock) as desk:
        for name in ("o1", "o2", "o3"):
            reserve(desk, name, ask(desk))
            run(desk.places.confirm(SHOP, name))
        reserve(desk, "o4", ask(desk), "locker")
        clock.move(days=1)
        take(desk, told("1", EventKind.DELIVERED, "o1", 24 * 60, shipper="shop"))
        clock.move(days=1)
        take(desk, told("2", EventKind.DELIVERED, "o2", 48 * 60, shipper="shop"))
        refresh(desk)
        found = Kpis(desk.database, desk.now).report(SHOP, Asked()).figures
        assert (found.orders, found.due, found.kept, found.late) == (3, 3, 1, 2)
        assert (found.service_level, found.late_share) == (0.3333, 0.6667)
        assert Kpis(desk.database, desk.now).report(CARRIER, Asked()).figures.orders == 3
        assert Kpis(desk.database, desk.now).report(OTHER_SHOP, Asked()).figures.orders == 0
        assert SECOND > FIRST and AT.tzinfo is PARIS


def test_nothing_is_told_twice_by_the_same_event(url: str) -> None:  # noqa: F811
    with opened(url) as desk:
        reserve(desk, "o1", ask(desk))
        one = Event(id="x", kind=EventKind.INCIDENT, at=AT, hub_id="nantes")
        desk.ledger.write(lambda t: events.append(t, CARRIER, [one], desk.now_s)).result()
        assert Watcher(desk, CARRIER.tenant).outages() == {"nantes": desk.now_s + 4 * 3600}
        with desk.database.read() as connection:
            assert outbox.waiting(connection) == ()
