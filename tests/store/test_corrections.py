"""Corrected addresses: remembered per carrier under a digest, and told before any geocoder is asked."""

from __future__ import annotations

from collections.abc import Sequence

from data.locator import Locator
from data.model.address import Address, Level, Located
from data.store import corrections
from data.store.corrections import Point, digest
from data.store.database import Database

DOOR = Address(text="12 bis av. du Gal de Gaulle", postcode="99100", city="St-Port")
SAME = Address(text="Appt 3, 12B Avenue du Général de Gaulle 99100 Saint-Port")
OTHER = Address(text="14 avenue du Général de Gaulle", postcode="99100", city="Saint-Port")


class Asked:
    """A geocoder that counts."""

    def __init__(self) -> None:
        self.seen: list[Address] = []

    def locate(self, addresses: Sequence[Address]) -> list[Located]:
        self.seen += addresses
        return [Located(lat=1.0, lon=2.0, score=0.5, level=Level.STREET, label=one.text) for one in addresses]


def test_they_win_for_their_carrier(url: str) -> None:
    assert digest(DOOR) == digest(SAME) != digest(OTHER) and digest(Address(city="Saint-Port")) == ""
    geocoder = Asked()
    with Database(url) as database:
        locator = Locator(geocoder, database)
        with database.write() as writing:
            corrections.put(writing, "carrier", {digest(DOOR): Point(45.5, 1.5)}, 10)
        first, second, third = locator.locate("carrier", [OTHER, SAME, Address()])
        assert (first.lat, third.lat, geocoder.seen) == (1.0, 1.0, [OTHER, Address()])
        assert (second.lat, second.lon, second.doubtful, second.source) == (45.5, 1.5, False, "correction")
        assert locator.locate("another", [SAME])[0].lat == 1.0
        with database.write() as writing:
            corrections.put(writing, "carrier", {digest(SAME): Point(45.6, 1.6), digest(OTHER): Point(0.0, 0.0)}, 11)
        assert [one.lat for one in locator.locate("carrier", [DOOR, OTHER])] == [45.6, 0.0]
        with database.write() as writing:
            assert corrections.drop(writing, "another", [digest(DOOR)]) == 0
            assert corrections.drop(writing, "carrier", [digest(DOOR), "unknown"]) == 1
            assert corrections.drop(writing, "carrier", []) == 0
        assert [one.lat for one in locator.locate("carrier", [DOOR, OTHER])] == [1.0, 0.0]
        assert locator.locate("carrier", []) == []
