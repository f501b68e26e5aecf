"""The public service, played by a fake that answers as addok does: what is sent, what is made of it, retries."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
import stamina

from data.errors import UnavailableError
from data.model.address import Address, Level
from data.sources.geocode import open_geocoder
from data.sources.geocode_http import HttpGeocoder

PORT = Address(text="c/o Mme Zyx, appt 4, 12 bis r. du Port", postcode="99100", city="Port-Fictif")


def feature(score: float = 0.93, kind: str = "housenumber", lon: float = 1.0, **more: Any) -> dict[str, Any]:
    """Return one feature as the service tells it."""
    told = {
        "label": "12 bis Rue du Port 99100 Port-Fictif",
        "score": score,
        "housenumber": "12 bis",
        "id": "99001_0040_00012_bis",
        "banId": None,
        "name": "12 bis Rue du Port",
        "postcode": "99100",
        "citycode": "99001",
        "x": 355_000.1,
        "y": 6_689_000.2,
        "city": "Port-Fictif",
        "context": "99, Fiction",
        "type": kind,
        "importance": 0.5,
        "street": "Rue du Port",
        "_type": "address",
    }
    geometry = {"type": "Point", "coordinates": [lon, 45.0]}
    return {"type": "Feature", "geometry": geometry, "properties": told | more}


class Service:
    """The fake: it answers with what it was given, and keeps what it was asked."""

    def __init__(self, *answers: Any) -> None:
        self.answers, self.asked = list(answers), []
        self.geocoder = HttpGeocoder("https://geo.test/geocodage/", 10_000, 0.001, httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/geocodage/search"
        self.asked.append(dict(request.url.params))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, int):
            return httpx.Response(answer, text="no")
        return httpx.Response(200, content=answer if isinstance(answer, bytes) else json.dumps(answer))


def collection(*features: dict[str, Any]) -> dict[str, Any]:
    return {"type": "FeatureCollection", "version": "draft", "features": list(features), "licence": "x", "limit": 5}


def test_what_is_sent_and_found() -> None:
    service = Service(collection(feature()))
    (found,) = service.geocoder.locate([PORT])
    assert service.asked == [{"q": "12 bis r. du port 99100 port fictif", "limit": "5", "autocomplete": "0"}]
    assert (found.lat, found.lon, found.level, found.citycode) == (45.0, 1.0, Level.HOUSENUMBER, "99001")
    assert (found.score, found.doubtful, found.source) == (0.93, False, "geoplateforme")
    assert found.label == "12 bis Rue du Port 99100 Port-Fictif"


def test_one_question_for_one_address() -> None:
    service = Service(collection(feature()))
    found = service.geocoder.locate([PORT, PORT.replace(text="12BIS R. du Port"), Address(), PORT])
    assert len(service.asked) == 2
    assert [one.doubtful for one in found] == [False, False, True, False]
    assert (found[2].reason, found[2].lat) == ("no_street_given", None)


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ([feature(score=0.4)], "low_score"),
        ([feature(street="Rue de la Paix")], "low_score"),
        ([feature(housenumber="14")], "number_unknown"),
        ([feature(kind="street", housenumber="")], "number_unknown"),
        ([feature(postcode="98700", city="Autreville")], "other_town"),
        ([feature(postcode="98700", city="Port-Fictif")], "other_town"),
        ([feature(), feature(score=0.91, lon=1.1)], "ambiguous"),
    ],
)
def test_doubts(told: list[dict[str, Any]], reason: str) -> None:
    (found,) = Service(collection(*told)).geocoder.locate([PORT])
    assert (found.doubtful, found.reason) == (True, reason)
    assert found.lat == 45.0 and found.suggestions[0].label == told[0]["properties"]["label"]


@pytest.mark.parametrize("town", [feature(kind="municipality", name="Port-Fictif", housenumber="")])
def test_a_towns_middle_is_no_point(town: dict[str, Any]) -> None:
    (found,) = Service(collection(town)).geocoder.locate([PORT])
    assert (found.lat, found.lon, found.level, found.doubtful) == (None, None, Level.MUNICIPALITY, True)
    assert found.suggestions == ()
    (nothing,) = Service(collection()).geocoder.locate([PORT])
    assert (nothing.lat, nothing.level, nothing.reason) == (None, None, "no_street")
    (refused,) = Service(400).geocoder.locate([PORT])
    assert refused.doubtful


def test_a_street_without_a_number_is_flagged() -> None:
    street = feature(kind="street", housenumber="", name="Rue du Port", street="")
    (found,) = Service(collection(street)).geocoder.locate([Address(text="rue du Port", city="Port-Fictif")])
    assert (found.level, found.reason) == (Level.STREET, "no_number")


@pytest.mark.parametrize("failure", [429, 503, httpx.ConnectError("away"), httpx.ReadTimeout("slow")])
def test_it_tries_again(failure: Any) -> None:
    service = Service(failure, failure, collection(feature()))
    with stamina.set_testing(True, attempts=4):
        (found,) = service.geocoder.locate([PORT])
    assert not found.doubtful and len(service.asked) == 3


@pytest.mark.parametrize("failure", [429, 500, 404, httpx.ConnectError("away"), b"<html>", b'{"features": 3}'])
def test_it_gives_up_aloud(failure: Any) -> None:
    service = Service(failure)
    with stamina.set_testing(True, attempts=2), pytest.raises(UnavailableError, match="geocoder_unavailable"):
        service.geocoder.locate([PORT])


def test_which_geocoder() -> None:
    assert isinstance(open_geocoder(None, "https://geo.test"), HttpGeocoder)
    assert open_geocoder(None, "") is None
