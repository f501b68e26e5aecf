"""Orders as they come in, on both stores: the date shown is the date owed, and nothing is taken twice."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from data.errors import ConflictError, InputError, NotFoundError
from data.model.parcel import Parcel
from data.model.plan import Handover, Stop, Tour, TourStart
from data.model.promise import Cart, CartLine
from data.model.reservation import State
from data.model.stored_order import OrderState
from data.store import orders, plans
from promise.intake.build import parcels_of
from promise.intake.table import orders_of
from promise.intake.values import OnTour, OrderChange
from tests.promise.order_house import CENTRE, NORTH, POINT, Town, contact, new, notices, stored, take, taking
from tests.promise.small_house import (
    AT,
    CARRIER,
    FIRST,
    PLACES,
    SECOND,
    SHOP,
    Clock,
    ask,
    day_of,
    put_stock,
    refresh,
    reserve,
    run,
)
from tests.store.conftest import new_url, server, url  # noqa: F401
from tests.store.test_plans import a_plan


def test_an_order_takes_its_place_and_is_kept_apart_from_who_it_is_for(url: str) -> None:  # noqa: F811
    with taking(url) as desk:
        quoted = ask(desk.desk)
        (told,) = take(desk, new("o1", quote_id=quoted.quote_id))
        assert (told.state, told.new, told.problem) == (OrderState.ACCEPTED, True, None)
        assert told.promise and (told.promise.state, told.promise.date) == (State.CONFIRMED, FIRST)
        kept = stored(desk, "o1")["o1"]
        assert (kept.order.promised_on, kept.order.options[0].place_id) == (FIRST, "o1")
        assert contact(desk, "o1") == POINT
        with desk.database.read() as connection:
            page = str(orders.page(connection, SHOP))
        assert "Martin" not in page and "Paix" not in page
        (again,) = take(desk, new("o1", quote_id=quoted.quote_id))
        assert (again.new, again.promise) == (False, told.promise)
        assert desk.ledger.check() == []


def test_the_same_orders_again_and_twice_in_one_request_change_nothing(url: str) -> None:  # noqa: F811
    with taking(url) as desk:
        some = [new(f"o{number}", to=NORTH.replace(lat=47.2, lon=-1.5)) for number in range(5)]
        first = take(desk, *some, some[0])
        assert [one.new for one in first] == [True] * 5 + [False]
        second = take(desk, *some)
        assert [one.promise for one in second] == [one.promise for one in first[:5]]
        assert not any(one.new for one in second)


def test_an_old_quote_is_honoured_while_there_is_room(url: str) -> None:  # noqa: F811
    clock = Clock(AT.replace(hour=16, minute=50))
    with taking(url, clock) as desk:
        quoted = ask(desk.desk)
        clock.move(minutes=45)
        refresh(desk.desk)
        assert day_of(ask(desk.desk)) == SECOND
        (told,) = take(desk, new("o1", quote_id=quoted.quote_id))
        assert told.promise and told.promise.date == FIRST and told.moved_from is None


def test_where_the_place_is_gone_it_is_owed_and_moved(url: str) -> None:  # noqa: F811
    with taking(url) as desk:
        quoted = ask(desk.desk)
        told = take(desk, *(new(f"o{number}", quote_id=quoted.quote_id) for number in range(PLACES + 2)))
        dates = [one.promise.date for one in told if one.promise]
        assert dates == [FIRST] * PLACES + [SECOND] * 2
        assert [one.moved_from for one in told] == [None] * PLACES + [FIRST] * 2
        moved = notices(desk, "promise.moved")
        assert [one.subject for one in moved] == ["o3", "o4"]
        body = json.loads(moved[0].body)
        assert (body["from_date"], body["date"]) == (str(FIRST), str(SECOND))
        assert "jeudi 26 novembre" in body["text_fr"] and body["choices"]
        assert notices(desk, "capacity.deficit")
        assert stored(desk, "o4")["o4"].order.promised_on == SECOND
        assert desk.ledger.check() == []
        assert sum(one.deficit_parcels for one in desk.ledger.balances("carrier")) == 0


def test_where_nothing_is_left_at_all_the_date_stays_as_a_deficit(url: str) -> None:  # noqa: F811
    with taking(url) as desk:
        quoted = ask(desk.desk, parcels=PLACES)
        count = 3
        told = take(desk, *(new(f"o{number}", quote_id=quoted.quote_id) for number in range(count)))
        assert all(one.problem is None for one in told)
        assert desk.ledger.check() == []


def test_a_date_without_a_proof_is_owed_too(url: str) -> None:  # noqa: F811
    with taking(url) as desk:
        (told,) = take(desk, new("o1", shown_on=SECOND + timedelta(days=1)))
        assert told.promise and told.promise.date == SECOND + timedelta(days=1)
        (late,) = take(desk, new("o2", shown_on=FIRST - timedelta(days=3)))
        assert late.promise and late.promise.date == FIRST and late.moved_from == FIRST - timedelta(days=3)
        assert [one.subject for one in notices(desk, "promise.moved")] == ["o2"]


def test_a_place_that_was_reserved_is_the_orders(url: str) -> None:  # noqa: F811
    with taking(url) as desk:
        held = reserve(desk.desk, "o1", ask(desk.desk))
        (told,) = take(desk, new("o1", option_id=""))
        assert told.promise and (told.promise.state, told.promise.date) == (State.CONFIRMED, held.date)
        run(desk.desk.places.release(SHOP, reserve(desk.desk, "o2", ask(desk.desk)).id))
        (gone,) = take(desk, new("o2"))
        assert gone.problem and gone.problem.code == "released"


def test_goods_are_owed_beyond_the_shelf_and_unknown_ones_are_not_counted(url: str) -> None:  # noqa: F811
    with taking(url) as desk:
        put_stock(desk.desk, "mug", 1)
        cart = Cart(lines=(CartLine(sku="mug"), CartLine(sku="never-seen")))
        told = take(desk, *(new(f"o{number}", cart=cart) for number in range(2)))
        assert [one.problem for one in told] == [None, None]
        (shelf,) = desk.desk.stock(SHOP, "mug")
        assert (shelf.reserved, shelf.deficit) == (2, 1)
        assert notices(desk, "stock.deficit")


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"option_id": "hoem"}, "unknown_option"),
        ({"quote_id": "x"}, "unknown_quote"),
        ({"shown_on": FIRST + timedelta(days=400)}, "date_out_of_range"),
        ({"cart": Cart(parcels=201)}, "too_many_parcels"),
        ({"to": CENTRE.replace(postcode="")}, "no_destination"),
        ({"to": CENTRE.replace(postcode="SW1A 1AA")}, "no_destination"),
    ],
)
def test_a_bad_order_is_refused_alone(url: str, more: dict[str, object], code: str) -> None:  # noqa: F811
    with taking(url) as desk:
        bad, good = take(desk, new("bad", **more), new("good"))
        assert bad.problem and bad.problem.code == code
        assert good.problem is None and set(stored(desk, "bad", "good")) == {"good"}


def test_addresses_are_found_beside_the_way_in(url: str) -> None:  # noqa: F811
    town = Town()
    with taking(url, town=town) as desk:
        told = take(desk, new("o1", to=CENTRE), new("o2", to=CENTRE.replace(address="nowhere")))
        assert [one.state for one in told] == [OrderState.UNLOCATED] * 2
        assert desk.locating
        desk.locating.all()
        assert {name: one.state for name, one in stored(desk, "o1", "o2").items()} == {
            "o1": OrderState.ACCEPTED,
            "o2": OrderState.ADDRESS_DOUBTFUL,
        }
        assert contact(desk, "o1") == POINT and contact(desk, "o2").lat is None  # type: ignore[union-attr]
        view = desk.views.order(SHOP, "o2")
        assert [one.label for one in view.suggestions] == ["12 Rue de la Paix"]
        (notice,) = notices(desk, "address.doubtful")
        assert notice.subject == "o2" and "nowhere" not in notice.body
        town.known["nowhere"] = (47.3, -1.5)
        desk.locating.corrected(SHOP.tenant)
        desk.locating.all()
        assert stored(desk, "o2")["o2"].state is OrderState.ACCEPTED


def test_a_cancelled_order_gives_its_place_back(url: str) -> None:  # noqa: F811
    with taking(url) as desk:
        take(desk, *(new(f"o{number}") for number in range(PLACES)))
        assert day_of(ask(desk.desk)) == SECOND
        for _ in range(2):
            assert desk.changes.cancel(SHOP, "o0") is OrderState.CANCELLED
        assert day_of(ask(desk.desk)) == FIRST
        assert stored(desk, "o0")["o0"].state is OrderState.CANCELLED
        (again,) = take(desk, new("o0"))
        assert (again.state, again.new) == (OrderState.CANCELLED, False)
        with pytest.raises(NotFoundError):
            desk.changes.cancel(SHOP, "never")
        with desk.database.write() as t:
            orders.set_state(t, SHOP, ("o1",), OrderState.LOADED, 1)
        with pytest.raises(ConflictError, match="loaded"):
            desk.changes.cancel(SHOP, "o1")
        assert desk.clerk.places(SHOP, ("o1",))["o1"].holds


def test_a_new_address_keeps_the_date_where_it_can(url: str) -> None:  # noqa: F811
    with taking(url, town=Town()) as desk:
        take(desk, new("o1"))
        desk.changes.change(SHOP, "o1", OrderChange(to=NORTH))
        view = desk.views.order(SHOP, "o1")
        assert view.promise and (view.promise.date, view.promise.area_id) == (FIRST, "north")
        assert view.state is OrderState.UNLOCATED and contact(desk, "o1") == NORTH
        assert day_of(ask(desk.desk)) == FIRST
        take(desk, *(new(f"p{number}") for number in range(PLACES)))
        desk.changes.change(SHOP, "o1", OrderChange(to=CENTRE))
        view = desk.views.order(SHOP, "o1")
        assert view.promise and (view.promise.date, view.promise.area_id) == (SECOND, "centre")
        assert [one.subject for one in notices(desk, "promise.moved")] == ["o1"]
        desk.changes.change(SHOP, "o1", OrderChange(to=CENTRE.replace(phone="+33600000000")))
        assert len(notices(desk, "promise.moved")) == 1
        assert desk.ledger.check() == []


def test_another_date_is_had_by_a_quote(url: str) -> None:  # noqa: F811
    with taking(url) as desk:
        take(desk, new("o1"))
        quoted = ask(desk.desk)
        desk.changes.change(SHOP, "o1", OrderChange(quote_id=quoted.quote_id, option_id="locker"))
        view = desk.views.order(SHOP, "o1")
        assert view.promise and view.promise.option_id == "locker" and view.promised_on == SECOND
        assert notices(desk, "promise.moved") == []


def test_a_table_with_french_headers() -> None:
    body = "commande;nom;adresse;code postal;ville;poids;téléphone\na1;Zoé;2 quai;44000;Nantes;1,5;06\n".encode()
    (one,) = orders_of(body, "body")
    assert (one.id, one.to.phone, one.to.address, one.cart.load_g) == ("a1", "06", "2 quai", 1500)
    with pytest.raises(InputError, match="order"):
        orders_of(b"code postal\n44000\n", "body")
    with pytest.raises(InputError) as told:
        orders_of(b"order;postcode\n;44000\nb;44000;9\n", "body")
    assert "body:2" in str(told.value) and "body:3" in str(told.value)


def test_parcels_are_as_packed_or_alike() -> None:
    packed = Parcel(id="x", load_g=1, volume_dm3=1)
    assert [one.load_g for one in parcels_of("o", Cart(parcels=3, load_g=10))] == [4, 3, 3]
    assert new("o", parcels=(packed,)).parcels == (packed,)


def test_an_order_is_shown_with_its_tour(url: str) -> None:  # noqa: F811
    with taking(url) as desk:
        take(desk, new("o1"), new("o2"))
        stops = tuple(stop(order_id, minutes) for order_id, minutes in (("o2", 0), ("o1", 20)))
        counts = dict.fromkeys(
            ("parcels", "load_g", "load_dm3", "distance_m", "travel_s", "service_s", "waiting_s", "cost_cents"), 0
        )
        tour = Tour(
            vehicle_id="van",
            start=TourStart(lat=47.2, lon=-1.5),
            departure_at=AT,
            return_at=AT,
            legs=(),
            stops=stops,
            co2e_mg_per_km=0,
            co2e_g=0,
            loading_list=(),
            **counts,
        )
        plan = a_plan("p").replace(day=FIRST, tours=(tour,))
        with desk.database.write() as t:
            plans.add(t, CARRIER, plan, 1)
        assert desk.views.order(SHOP, "o1").tour is None
        with desk.database.write() as t:
            assert plans.commit(t, CARRIER, "p", 1, 2)
        view = desk.views.order(SHOP, "o1")
        assert view.tour == OnTour(plan_id="p", vehicle_id="van", stop=2, start_at=AT + timedelta(minutes=20))


def stop(order_id: str, minutes: int) -> Stop:
    """Return a stop at an order's home."""
    at = AT + timedelta(minutes=minutes)
    handover = Handover(order_id=order_id, option=0, start_at=at, service_s=60)
    return Stop(place_id=order_id, arrival_at=at, start_at=at, end_at=at, setup_s=0, handovers=(handover,))
