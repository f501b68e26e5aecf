"""What each aggregate keeps, and that one owner's rows are no other's, on both databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from data.clock import PARIS
from data.errors import InputError
from data.model.contact import Contact
from data.model.event import Event, EventKind
from data.model.fleet import FleetSettings, TourGroup
from data.model.hub import Hub
from data.model.live import Live, Signal
from data.model.order import Order, PlaceOption
from data.model.parcel import Parcel
from data.model.schedule import HubSchedule, Wave
from data.model.stored_order import OrderState, StoredOrder
from data.store import api_keys, contacts, events, hubs, lives, orders, settings
from data.store.api_keys import ApiKey
from data.store.database import Database
from data.store.events import Held
from tests.store.orders import CARRIER, DAY, NOW_S, OTHER_SHOP, SHOP

EVENING = datetime(2026, 11, 24, 20, tzinfo=PARIS)


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    with Database(url) as database:
        yield database


def an_order(order_id: str, hub_id: str = "H", day: date = DAY) -> StoredOrder:
    parcels = (Parcel(id=f"{order_id}-1", load_g=500, volume_dm3=3),)
    home = PlaceOption(place_id=f"home-{order_id}")
    order = Order(id=order_id, hub_id=hub_id, parcels=parcels, options=(home,), promised_on=day)
    return StoredOrder(order=order, channel="social")


def test_orders_are_found_by_owner_day_hub_and_state(database: Database) -> None:
    some = {name: an_order(name, hub) for name, hub in (("a", "H"), ("b", "I"), ("c", "H"))}
    later = an_order("d", day=DAY + timedelta(1))
    with database.write() as t:
        orders.put(t, SHOP, some | {"d": later}, NOW_S)
        orders.put(t, OTHER_SHOP, {"a": an_order("a", "Z")}, NOW_S)
        orders.set_state(t, SHOP, ["c", "nobody"], OrderState.CANCELLED, NOW_S)
        orders.put(t, SHOP, {"a": some["a"].replace(channel="site")}, NOW_S)
    with database.read() as t:
        assert orders.load(t, SHOP, ["a", "nobody"]) == {"a": some["a"].replace(channel="site")}
        assert orders.load(t, OTHER_SHOP, ["a", "b"]) == {"a": an_order("a", "Z")}
        assert set(orders.of_day(t, SHOP, DAY)) == {"a", "b", "c"}
        assert set(orders.of_day(t, SHOP, DAY, "H", (OrderState.ACCEPTED,))) == {"a"}
        assert list(orders.page(t, SHOP, most=2)) == ["a", "b"] and list(orders.page(t, SHOP, "b")) == ["c", "d"]
        assert orders.page(t, SHOP, "b")["c"].state is OrderState.CANCELLED


def test_contacts_are_erased_by_order_by_customer_and_by_age(database: Database) -> None:
    ada = Contact(customer_id="ada", name="Ada", phone="+33 6 12 34 56 78", address="1 rue d’Été", lat=47.2, lon=-1.5)
    with database.write() as t:
        contacts.put(t, SHOP, {"a": ada, "b": ada, "c": ada.replace(customer_id="bob")}, NOW_S)
        contacts.put(t, SHOP, {"d": ada.replace(customer_id="cid")}, NOW_S + 100)
        contacts.put(t, OTHER_SHOP, {"a": ada}, NOW_S)
        orders.put(t, SHOP, {"c": an_order("c"), "d": an_order("d")}, NOW_S)
    with database.read() as t:
        assert contacts.load(t, SHOP, ["a", "z"]) == {"a": ada}
        assert list(contacts.of_customer(t, SHOP, "ada")) == ["a", "b"]
    with database.write() as t:
        assert contacts.erase_orders(t, SHOP, ["a", "z"]) == 1
        assert contacts.erase_customer(t, SHOP, "ada") == 1
        assert contacts.forget(t, NOW_S + 50) == 1  # the other shop's: no order of it is open
        assert contacts.load(t, SHOP, "abcd").keys() == {"c", "d"}  # c is old, but on its way
        orders.set_state(t, SHOP, ["c", "d"], OrderState.DELIVERED, NOW_S)
        assert contacts.forget(t, NOW_S + 50) == 1
        assert contacts.load(t, SHOP, "abcd").keys() == {"d"}


def test_what_is_erased_is_in_no_file(tmp_path: Path) -> None:
    secret = "Xylophone-Quetzal"
    with Database(f"sqlite:///{tmp_path}/jalon.db") as database:
        with database.write() as t:
            contacts.put(t, SHOP, {"a": Contact(name=secret), "b": Contact(name="Bob")}, NOW_S)
        assert _files_with(tmp_path, secret)
        with database.write() as t:
            contacts.erase_orders(t, SHOP, ["a"])
        database.scrub()
        assert not _files_with(tmp_path, secret)
    assert _files_with(tmp_path, "Bob") and not _files_with(tmp_path, secret)


def _files_with(folder: Path, word: str) -> list[str]:
    return [path.name for path in folder.iterdir() if word.encode() in path.read_bytes()]


def test_an_event_counts_once(database: Database) -> None:
    def event(name: str, kind: EventKind, minute: int, **more: str) -> Event:
        return Event(id=name, kind=kind, at=EVENING + timedelta(minutes=minute), **more)

    locker = {"place_id": "L", "box": "M"}
    first = event("1", EventKind.DELIVERED, 0, parcel_id="p1", order_id="o", **locker)
    told = [first, event("2", EventKind.DELIVERED, 1, parcel_id="p2", **locker), first]
    late = event("3", EventKind.FAILED, -5, order_id="o", reason="nobody_home")
    with database.write() as t:
        assert events.append(t, SHOP, told, NOW_S) == (told[0], told[1])
        assert events.append(t, SHOP, [first, late], NOW_S) == (late,)
        assert events.append(t, OTHER_SHOP, [first], NOW_S) == (first,)
    with database.read() as t:
        assert [one for _, one in events.since(t, SHOP, 0)] == [*told[:2], late]
        after = events.since(t, SHOP, 0, most=1)[0][0]
        assert [one.id for _, one in events.since(t, SHOP, after)] == ["2", "3"]
        assert events.of_order(t, SHOP, "o") == (late, first)
        begin_s = int(EVENING.timestamp())
        held = [Held("L", "M", "p1", begin_s), Held("L", "M", "p1", begin_s), Held("L", "M", "p2", begin_s + 60)]
        assert list(events.waiting(t, CARRIER.tenant, ["L", "K"])) == held  # two shippers' p1 are two parcels
        assert events.waiting(t, "else", ["L"]) == ()
    with database.write() as t:
        events.append(t, SHOP, [event("4", EventKind.COLLECTED, 9, parcel_id="p1", **locker)], NOW_S + 9)
        assert [one.parcel_id for one in events.waiting(t, CARRIER.tenant, ["L"])] == ["p1", "p2"]
        assert events.forget(t, NOW_S + 1) == 4


def test_lives_and_their_signals(database: Database) -> None:
    live = Live(id="noël", start_at=EVENING, end_at=EVENING + timedelta(hours=2), reach=50_000)
    begin_s = int(EVENING.timestamp())
    seen = [Signal(live_id="noël", at=EVENING + timedelta(minutes=k), viewers=k) for k in range(3)]
    with database.write() as t:
        lives.put(t, SHOP, live.replace(reach=1), NOW_S)
        lives.put(t, SHOP, live, NOW_S)
        lives.put(t, OTHER_SHOP, live, NOW_S)
        assert lives.add_signals(t, SHOP, [*seen, seen[0].replace(viewers=9)]) == 3
        assert lives.add_signals(t, SHOP, seen[1:]) == 2
    with database.read() as t:
        assert lives.load(t, SHOP, ["noël", "x"]) == {"noël": live}
        assert lives.between(t, CARRIER.tenant, begin_s, begin_s + 1) == [(OTHER_SHOP, live), (SHOP, live)]
        assert lives.between(t, CARRIER.tenant, begin_s + 7200, begin_s + 9999) == []
        assert lives.signals_of(t, SHOP, "noël") == (seen[0].replace(viewers=9), *seen[1:])
        assert lives.signals_of(t, SHOP, "noël", begin_s + 61) == (seen[2],)
    with database.write() as t:
        assert lives.drop(t, SHOP, "noël") and not lives.drop(t, SHOP, "noël")
        assert lives.signals_of(t, SHOP, "noël") == ()
        assert lives.load(t, OTHER_SHOP, ["noël"])


def test_hubs_settings_and_keys(database: Database) -> None:
    hub, schedule = Hub(id="H", lat=47.2, lon=-1.5), HubSchedule(hub_id="H", waves=(Wave(id="w", departs=time(7)),))
    fleet = FleetSettings(hub_id="H", groups=(TourGroup(id="g", areas=("A",), vans=3),), parcels_per_van=90)
    key = ApiKey(id="jk_abc", digest="0" * 64, tenant="carrier", shipper="shop", scopes=("promise:read", "x"))
    with database.write() as t:
        for value in (schedule, hub, fleet):
            hubs.put(t, "carrier", value, NOW_S)
        hubs.put(t, "else", hub, NOW_S)
        settings.put(t, CARRIER, "costs", "{}", NOW_S)
        assert [settings.keep(t, CARRIER, "secret", word, NOW_S) for word in ("a", "b")] == ["a", "a"]
        api_keys.add(t, key)
    with database.read() as t:
        assert hubs.of_tenant(t, "carrier") == {"H": hubs.StoredHub(hub, schedule, fleet)}
        assert hubs.of_tenant(t, "else") == {"H": hubs.StoredHub(hub, None, None)}
        assert (settings.get(t, CARRIER, "costs"), settings.get(t, SHOP, "costs")) == ("{}", None)
        assert api_keys.find(t, "0" * 64) == key and api_keys.find(t, "1" * 64) is None
        assert api_keys.of_tenant(t, "carrier") == api_keys.read_all(t) == (key,)
    with pytest.raises(IntegrityError), database.write() as t:
        api_keys.add(t, key.replace(id="other"))
    with database.write() as t:
        assert not api_keys.revoke(t, "else", key.id, NOW_S)
        assert api_keys.revoke(t, "carrier", key.id, NOW_S) and not api_keys.revoke(t, "carrier", key.id, NOW_S)
        assert not api_keys.read_all(t)[0].good(NOW_S) and api_keys.read_all(t)[0].good(NOW_S - 1)


def test_text_of_every_kind_comes_back_or_is_refused(new_url: Callable[[], str]) -> None:
    odd = "'; DROP TABLE orders; -- \\u0000 \\ \" ' 😀 \n\t %s :x {} é"
    with Database(new_url()) as database:
        with database.write() as t:
            settings.put(t, CARRIER, odd[:128], odd, NOW_S)
            assert settings.get(t, CARRIER, odd[:128]) == odd
        with pytest.raises(InputError, match="unstorable_text"), database.write() as t:
            settings.put(t, CARRIER, "x", "a\0b", NOW_S)
