"""Addresses found in a register: exact, misspelt, between numbers, in one of two towns; flagged where in doubt."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import InputError, UnavailableError
from data.model.address import Address, Level, Located
from data.sources.ban import Register, read_ban
from data.sources.geocode import open_geocoder
from data.sources.geocode_apart import ApartGeocoder
from data.sources.geocode_ban import BanGeocoder
from data.sources.geocode_number import metres
from tests.data.test_address_text import TEXTS

METRE = 1 / 111_195
PORT, AVAL = ("99100", "99001", "Port-Fictif"), ("99110", "99002", "Saint-Aval-sur-Fleuve")
NEXT = ("99100", "99003", "Brévelles")
STREETS = {
    ("Rue des Tanneurs", *PORT): (0, 0),
    ("Avenue du Général de Gaulle", *PORT): (1000, 0),
    ("Rue de la Mairie", *PORT): (2000, 0),
    ("Rue de la Mairie", *AVAL): (2000, 9000),
    ("Rue de la Mairie", *NEXT): (2000, -9000),
    ("Impasse du Lavoir", *PORT): (3000, 0),
    ("Chemin du Lavoir", *PORT): (4000, 0),
    ("Rue Jean Marquet", *PORT): (5000, 0),
    ("Rue Jean Barquet", *PORT): (6000, 0),
    ("Rue Pierre Olivault", *NEXT): (7000, -9000),
}
"""Where number 1 is, metres east and north; numbers stand 10 m apart eastwards."""
NUMBERS = [*range(1, 10), *range(21, 31)]


def rows() -> Iterator[tuple[str, ...]]:
    """Yield a register's lines: numbers 1 to 9 and 21 to 30, a 4 bis, and a hamlet without numbers."""
    for (street, postcode, citycode, town), (east, north) in STREETS.items():
        for number, rep in [*((n, "") for n in NUMBERS), (4, "bis")]:
            lon, lat = (east + 10 * (number - 1)) * METRE, north * METRE
            yield str(number), rep, street, postcode, citycode, town, str(lon), str(lat), "", "", "ban.csv:2"
    yield "99999", "", "Les Quatre Vents", *AVAL, "0.02", "0.09", "", "", "ban.csv:9"


@pytest.fixture(scope="module")
def geocoder() -> BanGeocoder:
    return BanGeocoder(Register(rows()))


def one(geocoder: BanGeocoder, text: str, postcode: str = "", city: str = "") -> Located:
    return geocoder.locate([Address(text=text, postcode=postcode, city=city)])[0]


def away_m(found: Located, street: tuple[str, ...], number: float) -> float:
    """Return how far a point is from a number of a street."""
    assert found.lat is not None and found.lon is not None
    east, north = STREETS[street]  # type: ignore[index]
    return metres(found.lat, found.lon, north * METRE, (east + 10 * (number - 1)) * METRE)


TANNEURS = ("Rue des Tanneurs", *PORT)
MAIRIE, MAIRIE_AVAL = ("Rue de la Mairie", *PORT), ("Rue de la Mairie", *AVAL)


@pytest.mark.parametrize(
    ("text", "postcode", "city"),
    [
        ("3 rue des Tanneurs", "99100", "Port-Fictif"),
        ("3 R. DES TANNEURS 99100 PORT FICTIF", "", ""),
        ("3 rue des Taneurs", "99100", "Port Fictif"),
        ("3 rue des Tanneurs", "99100", "Port Ficitf"),
        ("3 rue des Tanneurs", "", "Port-Fictif"),
        ("3 rue des Tanneurs, Port-Fictif", "", ""),
        ("3 rue des tanneurs port fictif", "", ""),
        ("3 rue des Tanneurs", "99100", ""),
        ("3 rue des Tanneurs", "99010", "Port-Fictif"),  # two digits turned
        ("3 rue des Tanneurs", "99000", "Port-Fictif"),
        ("3 rue des Tanneurs", "99100", "Brévelles"),
        ("3 rue des Tanneurs", "99109", "Port-Fictif CEDEX 9"),
        ("Appt 12, 3 rue des Tanneurs, BP 40", "99100", "Port-Fictif"),
        ("3 Tanneurs", "99100", "Port-Fictif"),
        ("Tanneurs rue 3", "99100", "Port-Fictif"),
        ("3 bouelvard des Tanneurs", "99100", "Port-Fictif"),
    ],
)
def test_the_door_is_found(geocoder: BanGeocoder, text: str, postcode: str, city: str) -> None:
    found = one(geocoder, text, postcode, city)
    assert away_m(found, TANNEURS, 3) < 1
    assert (found.level, found.citycode, found.postcode) == (Level.HOUSENUMBER, "99001", "99100")
    assert found.label == "3 Rue des Tanneurs 99100 Port-Fictif"
    assert found.doubtful is bool(found.reason)
    if not text.startswith("Tanneurs") and "bouelvard" not in text:
        assert not found.doubtful and found.score >= 0.8 and not found.suggestions


def test_numbers(geocoder: BanGeocoder) -> None:
    for text, number, level, reason in [
        ("4 bis", 4, Level.HOUSENUMBER, ""),
        ("4 ter", 4, Level.HOUSENUMBER, ""),
        ("15", 15, Level.INTERPOLATION, ""),
        ("32", 30, Level.INTERPOLATION, ""),
        ("300", 30, Level.STREET, "number_unknown"),
    ]:
        found = one(geocoder, f"{text} rue des Tanneurs", *PORT[::2])
        assert (found.level, found.reason) == (level, reason), text
        assert away_m(found, TANNEURS, number) < 1
    nowhere = one(geocoder, "rue des Tanneurs", *PORT[::2])
    assert (nowhere.level, nowhere.reason, nowhere.doubtful) == (Level.STREET, "no_number", True)
    assert nowhere.suggestions[0].label == "Rue des Tanneurs 99100 Port-Fictif"
    hamlet = one(geocoder, "Les Quatre Vents", *AVAL[::2])
    assert (hamlet.level, hamlet.lat, hamlet.reason) == (Level.LOCALITY, 0.09, "no_number")


def test_a_street_short_enough_needs_no_number() -> None:
    few = [row for row in rows() if row[2] == "Impasse du Lavoir" and int(row[0]) < 10]
    found = one(BanGeocoder(Register(iter(few))), "impasse du Lavoir", *PORT[::2])
    assert (found.level, found.doubtful) == (Level.STREET, False)


def test_streets_of_one_name_in_two_towns(geocoder: BanGeocoder) -> None:
    assert away_m(one(geocoder, "5 rue de la Mairie", *PORT[::2]), MAIRIE, 5) < 1
    assert not one(geocoder, "5 rue de la Mairie", *PORT[::2]).doubtful
    assert away_m(one(geocoder, "5 rue de la Mairie", *AVAL[::2]), MAIRIE_AVAL, 5) < 1
    for postcode, city in [("99100", ""), ("99110", "Port-Fictif"), ("99100", AVAL[2]), ("", "")]:
        found = one(geocoder, "5 rue de la Mairie", postcode, city)
        assert found.doubtful and len({meant.citycode for meant in found.suggestions}) > 1, (postcode, city)


def test_what_may_be_another_street_is_flagged(geocoder: BanGeocoder) -> None:
    assert one(geocoder, "3 rue Jean Arquet", *PORT[::2]).reason == "ambiguous"
    assert not one(geocoder, "3 rue Jean Marquet", *PORT[::2]).doubtful
    assert one(geocoder, "3 du Lavoir", *PORT[::2]).reason == "ambiguous"
    assert one(geocoder, "3 rue du Lavoir", *PORT[::2]).doubtful
    assert not one(geocoder, "3 rue Marquet", *PORT[::2]).doubtful  # half a name, and only one that fits
    assert one(geocoder, "3 rue des Tanneurs", "75011", "Paris").doubtful
    assert one(geocoder, "3 rue des Tanneurs", "13100", "Port-Fictif").doubtful  # another département


def test_a_town_alone_has_no_point(geocoder: BanGeocoder) -> None:
    for text in ("", "Zzyx Qwv", "rue Zzyxqwv Bcdfg"):
        found = one(geocoder, text, *PORT[::2])
        assert (found.lat, found.lon, found.level, found.doubtful) == (None, None, Level.MUNICIPALITY, True)
        assert found.label == "Port-Fictif" and found.reason in ("no_street", "no_street_given")
    assert one(geocoder, "", "", "").level is None


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(TEXTS, TEXTS, TEXTS), max_size=5))
def test_whatever_is_asked_for(texts: list[tuple[str, str, str]]) -> None:
    asked = [Address(text=text, postcode=postcode, city=city) for text, postcode, city in texts]
    found = SHARED.locate(asked)
    assert len(found) == len(asked) and found == [SHARED.locate([each])[0] for each in asked]
    for each in found:
        assert 0 <= each.score <= 1 and (each.lat is None) == (each.lon is None)
        assert each.doubtful is bool(each.reason)
        assert each.doubtful or (each.lat is not None and each.score >= 0.8)
        assert each.doubtful or each.level not in (Level.MUNICIPALITY, Level.LOCALITY)


@settings(deadline=None, max_examples=200)
@given(st.sampled_from(sorted(STREETS)), st.sampled_from(NUMBERS), st.data())
def test_one_wrong_letter_is_near_or_flagged(street: tuple[str, ...], number: int, data: st.DataObject) -> None:
    name = street[0]
    k = data.draw(st.integers(0, len(name) - 1))
    typed = name[:k] + data.draw(st.sampled_from("aeinrtz-' ")) + name[k + data.draw(st.integers(0, 1)) :]
    found = one(SHARED, f"{number} {typed}", street[1], street[3])
    assert found.doubtful or away_m(found, street, number) < 50, (typed, found)


SHARED = BanGeocoder(Register(rows()))


def test_former_communes_keep_their_streets(tmp_path: Path) -> None:
    header = (
        "id;numero;rep;nom_voie;code_postal;code_insee;nom_commune;nom_ancienne_commune;lon;lat;libelle_acheminement"
    )
    lines = [
        "a;1;;Rue de l'Église;99200;99050;Vallons;Haut-Val;1.0;45.0;HAUT VAL",
        "b;1;;Rue de l'Église;99200;99050;Vallons;Bas-Val;1.2;45.2;BAS VAL",
    ]
    file = tmp_path / "adresses-99.csv.gz"
    file.write_bytes(gzip.compress("\n".join([header, *lines]).encode()))
    geocoder = BanGeocoder(read_ban(tmp_path))
    assert one(geocoder, "1 rue de l'Église", "99200", "Bas-Val").lat == 45.2
    assert one(geocoder, "1 rue de l'Église", "99200", "Haut Val").lat == 45.0
    assert one(geocoder, "1 rue de l'Église", "99200", "Vallons").reason == "ambiguous"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a;b\n1;2\n", "missing_column"),
        ("numero;rep;nom_voie;code_postal;code_insee;nom_commune;lon;lat\n", "empty_file"),
        ("numero;rep;nom_voie;code_postal;code_insee;nom_commune;lon;lat\nx;;Rue;1;1;T;1;1\n", "invalid_number"),
    ],
)
def test_a_register_that_is_none_is_refused(tmp_path: Path, text: str, code: str) -> None:
    file = tmp_path / "ban.csv"
    file.write_text(text)
    with pytest.raises(InputError, match=code):
        read_ban(file)
    with pytest.raises(InputError, match="unreadable_file"):
        read_ban(tmp_path / "none.csv")


def test_a_process_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "ban.csv"
    file.write_text(
        "numero;rep;nom_voie;code_postal;code_insee;nom_commune;lon;lat\n3;;Rue du Lac;99100;99001;Port;1;45\n"
    )
    geocoder = open_geocoder(file)
    assert isinstance(geocoder, ApartGeocoder)
    asked = [Address(text="3 r. du Lac", postcode="99100"), Address()]
    try:
        found = geocoder.locate(asked)
        assert found == BanGeocoder(read_ban(file)).locate(asked) and found[0].lat == 45
        geocoder._worker.end()
        assert geocoder.locate(asked) == found and geocoder.locate([]) == []
    finally:
        geocoder.close()
    with pytest.raises(UnavailableError, match="geocoder_died"):
        geocoder.locate(asked)
    with pytest.raises(InputError, match="unreadable_file"):
        open_geocoder(tmp_path / "none.csv")
