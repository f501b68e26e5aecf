"""Addresses taken apart: forms that French envelopes have, and that nothing anybody types makes it fail."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from data.model.address import Address
from data.sources.address_text import city_name, parse, split_kind, street_name

ONE_LINE = [
    ("12 bis av. du Gal de Gaulle, 99100 Port-Fictif", 12, "bis", "avenue general gaulle", "99100", "port fictif"),
    ("12B r Victor Hugo 99100 PORT S/ FICTIF", 12, "bis", "rue victor hugo", "99100", "port sur fictif"),
    ("4 T bd St-Martin 99100 Port", 4, "ter", "boulevard saint martin", "99100", "port"),
    ("7 a impasse des Ifs, 99100 Port", 7, "a", "impasse ifs", "99100", "port"),
    ("Appt 12, Bât. C, 3ème étage, 4 impasse des Œillets 99100 Port", 4, "", "impasse oeillets", "99100", "port"),
    ("Esc. B porte 4, 17 quater quai de la Levée, 99100 Port", 17, "quater", "quai levee", "99100", "port"),
    ("rue des Tanneurs 12 ter, 99100 Port", 12, "ter", "rue tanneurs", "99100", "port"),
    ("rue des Tanneurs n° 12, 99100 Port", 12, "", "rue tanneurs", "99100", "port"),
    ("rue du 8 Mai 1945, 99100 Port", None, "", "rue 8 mai 1945", "99100", "port"),
    ("3 rue du 8 Mai 1945 99100 Port", 3, "", "rue 8 mai 1945", "99100", "port"),
    ("route du 14 Juillet 781, 99100 Port", 781, "", "route 14 juillet", "99100", "port"),
    ("5 Route départementale 12, 99100 Port", 5, "", "route departementale 12", "99100", "port"),
    ("Résidence les Lilas 12 rue du Port, 99100 Port", 12, "", "rue port", "99100", "port"),
    ("Résidence les Lilas, 12 rue du Port, 99100 Port", 12, "", "rue port", "99100", "port"),
    ("12-14 rue du Port, 99100 Port", 12, "", "rue port", "99100", "port"),
    ("12, rue du Port, 99100 Port", 12, "", "rue port", "99100", "port"),
    ("99100 Port, 4 place de l'Église", 4, "", "place eglise", "99100", "port"),
    ("4 place de l’Église\n99 100 Port", 4, "", "place eglise", "99100", "port"),
    ("F-99100 Port", None, "", "", "99100", "port"),
    ("1 Grande Rue, 99100 Port", 1, "", "grande rue", "99100", "port"),
    ("12 l'Abbaye, 99100 Port", 12, "", "abbaye", "99100", "port"),
    ("2 rond-point du Lac, 99100 Port", 2, "", "rond point lac", "99100", "port"),
]


@pytest.mark.parametrize(("text", "number", "rep", "street", "postcode", "city"), ONE_LINE)
def test_one_line(text: str, number: int | None, rep: str, street: str, postcode: str, city: str) -> None:
    assert parse(Address(text=text))[:5] == (number, rep, street, postcode, city)


@pytest.mark.parametrize(
    ("address", "cedex"),
    [
        (Address(text="9 rue du Port", postcode="99103 CEDEX", city="Port"), True),
        (Address(text="9 rue du Port, BP 123", postcode="99103", city="Port CEDEX 9"), True),
        (Address(text="9 rue du Port, C.S. 40 012, 99103 PORT Cedex"), True),
        (Address(text="TSA 80001, 9 rue du Port", postcode="99103", city="Port"), False),
    ],
)
def test_post_boxes_and_cedex_are_left_out(address: Address, cedex: bool) -> None:
    parsed = parse(address)
    assert (parsed.number, parsed.street, parsed.postcode, parsed.city) == (9, "rue port", "99103", "port")
    assert parsed.cedex is cedex


@pytest.mark.parametrize("who", ["c/o Mme Zyx", "chez M. Zyx", "C/O Atelier Zyx"])
def test_names_are_in_no_part_that_goes_on(who: str) -> None:
    parsed = parse(Address(text=f"{who}, 3 all. des Ifs, digicode 12A", postcode="99100", city="Port"))
    assert (parsed.number, parsed.street, parsed.line) == (3, "allee ifs", "3 all. des ifs")
    assert "zyx" not in f"{parsed.key} {parsed.line}"


def test_streets_and_towns_are_spelt_out() -> None:
    assert street_name("Av. du Mal Foch") == street_name("AVENUE DU MARECHAL FOCH") == "avenue marechal foch"
    assert street_name("R. Ste-Anne") == street_name("rue Sainte Anne") == "rue sainte anne"
    assert city_name("ST AUBIN S/ LOIRE") == city_name("Saint-Aubin-sur-Loire") == "saint aubin sur loire"
    assert city_name("Lyon 3e arrondissement") == city_name("Lyon 3") == "lyon"
    assert split_kind("avenue marechal foch") == ("avenue", "marechal foch")
    assert split_kind("tanneurs") == ("", "tanneurs")
    assert split_kind("rond point lac") == ("rond point", "lac")


def test_ways_of_writing_have_one_key() -> None:
    ways = [
        Address(text="12 bis av. du Gal de Gaulle", postcode="99100", city="St-Port"),
        Address(text="Appt 4, 12bis Avenue du Général de Gaulle, 99100 SAINT PORT"),
        Address(text="12B AVENUE DU GENERAL DE GAULLE 99100 Saint-Port"),
    ]
    assert len({parse(one).key for one in ways}) == 1
    assert parse(ways[0].replace(text="12 ter av. du Gal de Gaulle")).key != parse(ways[0]).key


TEXTS = st.text(max_size=80) | st.lists(
    st.sampled_from(
        ["12", "bis", "rue", "r", "av.", "du", "8", "mai", "1945", ",", "99100", "cedex", "bp 12", "c/o", "appt", "b"]
        + ["-", "port", "n°", "résidence", "rond", "point", "grande", "chez", "\n", "(", "1er", "étage", "s/"]
    ),
    max_size=9,
).map(" ".join)


@given(TEXTS, TEXTS, TEXTS)
@example("12", "", "")
@example("rue", "99100", "99100")
@example("grande rue", "", "")
def test_nothing_makes_it_fail(text: str, postcode: str, city: str) -> None:
    parsed = parse(Address(text=text[:512], postcode=postcode, city=city))
    assert parsed.number is None or 0 <= parsed.number <= 9999
    assert parsed.postcode == "" or (len(parsed.postcode) == 5 and parsed.postcode.isdigit())
    assert parsed == parse(Address(text=text[:512], postcode=postcode, city=city))
