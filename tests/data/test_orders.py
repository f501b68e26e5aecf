"""Orders from CSV as merchants export it, from JSON, and back."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data import codec
from data.clock import PARIS
from data.errors import InputError
from data.model.base import Window
from data.model.order import Order, PlaceOption
from data.model.parcel import Dimensions, Parcel, ParcelState
from data.model.place import Place, PlaceKind
from data.model.request import OrderBook
from data.sources.orders import read_orders, write_orders_csv

DAY = date(2026, 11, 24)


def read(folder: Path, text: str, name: str = "orders.csv") -> OrderBook:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return read_orders(path, "HUB", DAY, "Europe/Paris")


def refused(folder: Path, text: str, name: str = "orders.csv") -> InputError:
    with pytest.raises(InputError) as caught:
        read(folder, text, name)
    return caught.value


def test_a_french_export(tmp_path: Path) -> None:
    text = (
        "\ufeffN° commande;Adresse;Code postal;Ville;Latitude;Longitude;Créneau début;Créneau fin;Poids (kg);"
        "Volume (l);Téléphone;Priorité;Promis le;Compétences\n"
        "C1;12 rue du Port;44000;Nantes;47,2100;-1,5400;09:00;12h30;2,5;12;0600000000;50;25/11/2026;froid|etage\n"
    )
    book = read(tmp_path, text)
    (order,), (home,) = book.orders, book.places
    assert (order.id, order.hub_id, order.priority, order.promised_on) == ("C1", "HUB", 50, date(2026, 11, 25))
    assert order.skills == ("froid", "etage")
    (parcel,) = order.parcels
    assert (parcel.id, parcel.load_g, parcel.volume_dm3) == ("C1-1", 2500, 12)
    (option,) = order.options
    assert option.place_id == home.id == "home-C1"
    assert [(w.start_at.isoformat(), w.end_at.isoformat()) for w in option.windows] == [
        ("2026-11-24T09:00:00+01:00", "2026-11-24T12:30:00+01:00")
    ]
    assert (home.kind, home.lat, home.lon) == (PlaceKind.HOME, 47.21, -1.54)
    assert (home.address, home.postcode) == ("12 rue du Port, Nantes", "44000")
    assert b"0600000000" not in codec.encode(book)


def test_relays_as_alternatives_and_alone(tmp_path: Path) -> None:
    book = read(tmp_path, "order,lat,lon,weight_kg,relays\nA,47.2,-1.5,1,R1|R2=150\nB,,,1,R3\n")
    assert [[(o.place_id, o.cost_cents) for o in order.options] for order in book.orders] == [
        [("home-A", 0), ("R1", 0), ("R2", 150)],
        [("R3", 0)],
    ]
    assert [place.id for place in book.places] == ["home-A"]


def test_parcels(tmp_path: Path) -> None:
    rows = ["A,P1,47.2,-1.5,1,,30x20x10", "A,P2,,,2,,", "B,,47.2,-1.5,1,48,", "C,,47.2,-1.5,1,,10x10x10"]
    book = read(tmp_path, "order,parcel,lat,lon,weight_kg,volume_l,dims_cm\n" + "\n".join(rows))
    parcels = [[(p.id, p.load_g, p.volume_dm3, str(p.size_mm)) for p in order.parcels] for order in book.orders]
    assert parcels == [
        [("P1", 1000, 6, "300x200x100"), ("P2", 2000, 6, "300x200x100")],
        [("B-1", 1000, 48, "600x400x200")],
        [("C-1", 1000, 1, "100x100x100")],
    ]
    (order,) = read(tmp_path, "order,lat,lon,weight_kg,volume_l,nb_colis\nA,47.2,-1.5,10,12,3\n").orders
    assert [(p.id, p.load_g, p.volume_dm3) for p in order.parcels] == [(f"A-{n}", 3334, 4) for n in (1, 2, 3)]


@pytest.mark.parametrize(
    ("start", "end", "window"),
    [
        ("9h", "24:00", ("2026-11-24T09:00:00+01:00", "2026-11-25T00:00:00+01:00")),
        ("09:00", "", ("2026-11-24T09:00:00+01:00", "2026-11-25T00:00:00+01:00")),
        ("", "12:00", ("2026-11-24T00:00:00+01:00", "2026-11-24T12:00:00+01:00")),
        ("2026-11-24T09:00Z", "2026-11-24T12:00:30+02:00", ("2026-11-24T09:00:00+00:00", "2026-11-24T12:00:30+02:00")),
        ("24/11/2026 09:00", "2026-11-24 10:00", ("2026-11-24T09:00:00+01:00", "2026-11-24T10:00:00+01:00")),
        ("2026-03-29 02:30", "2026-03-29 04:00", ("2026-03-29T03:30:00+02:00", "2026-03-29T04:00:00+02:00")),
    ],
)
def test_slots(tmp_path: Path, start: str, end: str, window: tuple[str, str]) -> None:
    book = read(tmp_path, f"order,lat,lon,weight_kg,slot_start,slot_end\nA,47.2,-1.5,1,{start},{end}\n")
    (found,) = book.orders[0].options[0].windows
    assert (found.start_at.isoformat(), found.end_at.isoformat()) == window


@pytest.mark.parametrize(
    ("row", "code", "said"),
    [
        ("A,abc,-1.5,1,,,,", "invalid_number", "lat is not a number: `abc`"),
        ("A,nan,-1.5,1,,,,", "invalid_number", "lat is not a number: `nan`"),
        ("A,-1.5,47.2,1,,,,", "invalid_coordinates", "swapped"),
        ("A,47.2,,1,,,,", "missing_coordinates", "only one"),
        ("A,,,1,,,12 rue du Port,", "missing_coordinates", "add latitude and longitude"),
        ("A,,,1,,,,", "missing_coordinates", "neither coordinates nor relay points"),
        ("A,47.2,-1.5,,,,,", "missing_value", "no weight"),
        ("A,47.2,-1.5,-1,,,,", "out_of_range", "weight_kg is -1"),
        ("A,47.2,-1.5,1,12:00,09:00,,", "invalid_slot", "closes (09:00) before it opens (12:00)"),
        ("A,47.2,-1.5,1,25:00,,,", "invalid_time", "write 14:30"),
        ("A,47.2,-1.5,1,2026-11-24,,,", "invalid_time", "write 14:30"),
        ("A,47.2,-1.5,1,,,,200", "out_of_range", "priority is 200"),
        (",47.2,-1.5,1,,,,", "missing_value", "no id"),
    ],
)
def test_errors_say_the_line(tmp_path: Path, row: str, code: str, said: str) -> None:
    header = "order,lat,lon,weight_kg,slot_start,slot_end,address,priority\n"
    error = refused(tmp_path, header + "OK,47.2,-1.5,1,,,,\n" + row + "\n")
    assert (error.code, error.where) == (code, f"{tmp_path / 'orders.csv'}:3")
    assert said in str(error)


def test_orders_given_twice(tmp_path: Path) -> None:
    header = "order,parcel,lat,lon,weight_kg,priority,place\n"
    assert refused(tmp_path, header + "A,,47.2,-1.5,1,,\nA,,47.2,-1.5,1,,\n").code == "duplicate_id"
    assert refused(tmp_path, header + "A,P,47.2,-1.5,1,,\nA,P,,,1,,\n").code == "duplicate_id"
    assert refused(tmp_path, header + "A,P,47.2,-1.5,1,5,\nA,Q,,,1,6,\n").code == "conflicting_rows"
    assert refused(tmp_path, header + "A,P,47.2,-1.5,1,,X\nB,Q,47.3,-1.5,1,,X\n").code == "conflicting_rows"
    assert len(read(tmp_path, header + "A,P,47.2,-1.5,1,,X\nB,Q,47.2,-1.5,1,,X\n").places) == 1


def test_headers(tmp_path: Path) -> None:
    misspelt = refused(tmp_path, "order,lat,lon,weight_kg,creneau_debu\nA,47.2,-1.5,1,\n")
    assert (misspelt.code, misspelt.action) == ("unknown_column", "did you mean `creneau_debut`?")
    assert refused(tmp_path, "order,lat,lon\nA,47.2,-1.5\n").code == "missing_column"
    no_position = refused(tmp_path, "order,adresse,weight_kg\nA,12 rue du Port,1\n")
    assert (no_position.code, "add latitude and longitude" in no_position.action) == ("missing_column", True)
    assert refused(tmp_path, "  \n").code == "empty_file"


def test_at_most_twenty_problems_are_listed(tmp_path: Path) -> None:
    rows = "".join(f"A{n},x,-1.5,1\n" for n in range(30))
    error = refused(tmp_path, "order,lat,lon,weight_kg\n" + rows)
    assert error.message.startswith("30 problems:")
    assert error.message.count("is not a number") == 20
    assert "and 10 more" in error.message


def test_each_problem_has_one_code(tmp_path: Path) -> None:
    error = refused(tmp_path, "order,lat,lon,weight_kg\nA,47.2,-1.5,x\nB,47.2,-1.5,y\n")
    assert str(error).count("[invalid_number]") == 2
    assert str(error).splitlines()[0].endswith("2 problems:")


@pytest.mark.parametrize("raw", [b"PK\x03\x04more", b"\xd0\xcf\x11\xe0more", "order;lat".encode("utf-16")])
def test_what_excel_saves_is_named(raw: bytes, tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_bytes(raw)
    with pytest.raises(InputError, match="this is an Excel file") as caught:
        read_orders(path, "HUB", DAY, "Europe/Paris")
    assert caught.value.code == "invalid_encoding" and "CSV UTF-8" in caught.value.action


def test_an_old_windows_encoding_is_named_with_the_cell(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_bytes("commande;nom;poids_kg\nA;Café du Port;1\n".encode("cp1252"))
    with pytest.raises(InputError, match="`Café du Port`, which looks like windows-1252") as caught:
        read_orders(path, "HUB", DAY, "Europe/Paris")
    assert caught.value.where == f"{path}:2"


def test_json(tmp_path: Path) -> None:
    book = read(tmp_path, "order,lat,lon,weight_kg\nA,47.2,-1.5,1\nB,47.3,-1.5,1\n")
    text = codec.encode(book).decode()
    assert read(tmp_path, text, "orders.json") == book
    twice = codec.encode(book.replace(orders=book.orders * 2)).decode()
    error = refused(tmp_path, twice, "orders.json")
    assert error.where.endswith("orders.json#/orders/2/id")


instants = st.integers(1_767_225_600, 1_798_761_600).map(lambda stamp: datetime.fromtimestamp(stamp, UTC))
texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"]), max_size=12).map(str.strip)
ids = st.text("abcdefgh-0123", min_size=1, max_size=8)
sides = st.integers(1, 2000)


@st.composite
def books(draw: st.DrawFn) -> OrderBook:
    orders, places = [], []
    for number in range(draw(st.integers(1, 4))):
        slot = tuple(sorted(draw(st.tuples(instants, instants))))
        windows = (Window(start_at=slot[0], end_at=slot[1]),) if draw(st.booleans()) else ()
        relays = draw(st.lists(ids, unique=True, max_size=3))
        options = [PlaceOption(place_id=name, cost_cents=draw(st.integers(0, 500))) for name in relays]
        if draw(st.booleans()) or not relays:
            home = Place(
                id=f"H{number}",
                kind=PlaceKind.HOME,
                lat=draw(st.floats(41, 51)),
                lon=draw(st.floats(-5, 9)),
                address=draw(texts),
                name=draw(texts),
                setup_s=draw(st.integers(0, 900)),
            )
            places.append(home)
            options.insert(0, PlaceOption(place_id=home.id, windows=windows))
        else:
            options = [option.replace(windows=windows) for option in options]
        parcels = tuple(
            Parcel(
                id=f"P{number}-{k}",
                load_g=draw(st.integers(0, 100_000)),
                volume_dm3=draw(st.integers(1, 5000)),
                size_mm=Dimensions(length_mm=draw(sides), width_mm=draw(sides), height_mm=draw(sides)),
                state=draw(st.sampled_from(ParcelState)),
                ready_at=draw(st.none() | instants),
                hub_id=draw(st.sampled_from(["", "HUB"])),
            )
            for k in range(draw(st.integers(1, 3)))
        )
        orders.append(
            Order(
                id=f"O{number}",
                hub_id="H",
                parcels=parcels,
                options=tuple(options),
                promised_on=draw(st.dates(date(2026, 1, 1), date(2027, 1, 1))),
                priority=draw(st.integers(0, 100)),
                skills=tuple(draw(st.lists(ids, max_size=2))),
                shipper=draw(texts),
                created_at=draw(st.none() | instants),
            )
        )
    return OrderBook(orders=tuple(orders), places=tuple(places))


@given(book=books())
@settings(max_examples=80, deadline=None)
def test_there_and_back(tmp_path_factory: pytest.TempPathFactory, book: OrderBook) -> None:
    path = tmp_path_factory.mktemp("book") / "orders.csv"
    write_orders_csv(book, path)
    assert read_orders(path, "OTHER", DAY, "Europe/Paris") == book


def test_what_a_row_cannot_say_is_refused(tmp_path: Path) -> None:
    book = read(tmp_path, "order,lat,lon,weight_kg,relays\nA,47.2,-1.5,1,R1\n")
    (order,), (home,) = book.orders, book.places
    window = Window(start_at=datetime(2026, 11, 24, 9, tzinfo=PARIS), end_at=datetime(2026, 11, 24, 10, tzinfo=PARIS))
    first, second = order.options
    for options in (
        (first.replace(windows=(window, window)), second),
        (first, second.replace(windows=(window,))),
        (first, second.replace(service_s=5)),
        (second, first),
        (first.replace(cost_cents=5), second),
    ):
        with pytest.raises(InputError) as caught:
            write_orders_csv(book.replace(orders=(order.replace(options=options),)), tmp_path / "out.csv")
        assert caught.value.code == "not_representable"
    for places in ((home.replace(opening_hours="24/7"),), (home, home.replace(id="unused"))):
        with pytest.raises(InputError):
            write_orders_csv(book.replace(places=places), tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()
