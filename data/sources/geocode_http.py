"""Geocoding by a public service that answers as addok does: the Géoplateforme's, or one of one's own.

It is asked for one address at a time (``GET {url}/search?q=&limit=&autocomplete=0``, a GeoCodeJSON comes back), some
at once, never more than :data:`PER_SECOND`: the Géoplateforme lets an address of the network send 50 requests a second
and answers 429 for some seconds after that (geoservices.ign.fr, «API Géoplateforme - Géocodage»). Names, flats and
door codes stay here: only the line with the street, the postcode and the town are sent.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import httpx
import msgspec
from rapidfuzz import fuzz

from data import clock
from data.errors import UnavailableError
from data.model.address import Address, Level, Located, Suggestion
from data.retries import retry_context
from data.sources.address_text import Parsed, city_name, parse, street_name
from data.sources.geocode_number import metres

GEOPLATEFORME = "https://data.geopf.fr/geocodage"
PER_SECOND, AT_ONCE = 40.0, 6
TRIES, TIMEOUT_S, BUSY_S = 4, 10.0, 5.0
LIMIT = 5
QUERY_MOST = 200
DOUBTFUL_BELOW = 0.6
"""Of the service's own score: one for a street without its number is around 0.5."""
MARGIN, SAME_PLACE_M = 0.05, 50.0
LIKE_LEAST = 85.0
LEVELS = {"housenumber": Level.HOUSENUMBER, "street": Level.STREET, "locality": Level.LOCALITY}


class _Properties(msgspec.Struct):
    """What we read of a feature; whatever else is there is left alone."""

    label: str = ""
    score: float = 0.0
    type: str = ""
    name: str = ""
    street: str = ""
    housenumber: str = ""
    postcode: str = ""
    citycode: str = ""
    city: str = ""


class _Geometry(msgspec.Struct):
    coordinates: tuple[float, float]


class _Feature(msgspec.Struct):
    properties: _Properties
    geometry: _Geometry


class _Answer(msgspec.Struct):
    features: list[_Feature] = []


_decode = msgspec.json.Decoder(_Answer).decode


class HttpGeocoder:
    """Asks a service.

    Parameters
    ----------
    url : str
        Where ``/search`` is.
    per_second : float
        Requests it is sent at most.
    busy_s : float
        So long it is left alone once it has said 429.
    transport : httpx.BaseTransport, optional
        Where requests go instead of the network.
    """

    source = "geoplateforme"

    def __init__(
        self,
        url: str = GEOPLATEFORME,
        per_second: float = PER_SECOND,
        busy_s: float = BUSY_S,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._url, self._every_s, self._busy_s = url.rstrip("/"), 1 / per_second, busy_s
        self._client = httpx.Client(timeout=TIMEOUT_S, transport=transport, headers={"accept": "application/json"})
        self._door = threading.Lock()
        self._next_s = 0.0

    def locate(self, addresses: Sequence[Address]) -> list[Located]:
        """Return where addresses are, in order; the same address is asked for once.

        Raises
        ------
        UnavailableError
            ``geocoder_unavailable``: it does not answer, or nothing that can be read.
        """
        asked = [parse(one) for one in addresses]
        queries = list(dict.fromkeys(query for one in asked if (query := _query(one))))
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="geocode") as pool:
            answers = dict(zip(queries, pool.map(self._search, queries), strict=True))
        return [self._located(one, answers.get(_query(one), [])) for one in asked]

    def close(self) -> None:
        """Let the connections go."""
        self._client.close()

    def _search(self, query: str) -> list[_Feature]:
        try:
            for attempt in retry_context(on=self._again, attempts=TRIES, timeout=60.0):
                with attempt:
                    self._wait()
                    reply = self._client.get(
                        f"{self._url}/search", params={"q": query, "limit": LIMIT, "autocomplete": 0}
                    )
                    if reply.status_code == 400:  # too short, or nothing in it: an answer
                        return []
                    reply.raise_for_status()
                    return _decode(reply.content).features
        except (httpx.HTTPError, msgspec.MsgspecError, UnicodeDecodeError) as error:
            message = f"the geocoder does not answer ({type(error).__name__})"
            raise UnavailableError("geocoder_unavailable", message, self._url, "try again later") from None
        return []

    def _again(self, error: Exception) -> bool | float:
        """Return whether to try again, or in how many seconds."""
        if isinstance(error, httpx.HTTPStatusError):
            return self._busy_s if error.response.status_code == 429 else error.response.status_code >= 500
        return isinstance(error, httpx.TransportError)

    def _wait(self) -> None:
        """Wait for one's turn."""
        with self._door:
            now_s = clock.elapsed_s()
            turn_s = max(now_s, self._next_s)
            self._next_s = turn_s + self._every_s
        if turn_s > now_s:
            threading.Event().wait(turn_s - now_s)

    def _located(self, asked: Parsed, features: list[_Feature]) -> Located:
        if not features:
            return Located(reason="no_street" if asked.street else "no_street_given", source=self.source)
        best = features[0]
        told = best.properties
        level = LEVELS.get(told.type)
        reason = _doubt(asked, features) if level else "no_street"
        lon, lat = best.geometry.coordinates
        others = tuple(_suggestion(one) for one in features if one.properties.type in LEVELS)
        return Located(
            lat=lat if level else None,
            lon=lon if level else None,
            score=_share(told.score),
            level=level or Level.MUNICIPALITY,
            citycode=told.citycode,
            label=told.label,
            postcode=told.postcode,
            city=told.city,
            doubtful=bool(reason),
            reason=reason,
            suggestions=others if reason else (),
            source=self.source,
        )


def _query(asked: Parsed) -> str:
    """Return what is sent: the street's line, postcode and town; a CEDEX postcode is in no register."""
    if not asked.line:
        return ""
    city = asked.city or ("" if asked.postcode or not asked.others else asked.others[-1])
    return " ".join(part for part in (asked.line, "" if asked.cedex else asked.postcode, city) if part)[:QUERY_MOST]


def _doubt(asked: Parsed, features: list[_Feature]) -> str:
    """Return why the first answer may not be what was meant, or an empty string."""
    told = features[0].properties
    street = street_name(told.street or told.name.removeprefix(told.housenumber))
    if told.type != "housenumber":
        return "no_number" if asked.number is None else "number_unknown"
    if told.score < DOUBTFUL_BELOW or fuzz.ratio(street, asked.street) < LIKE_LEAST:
        return "low_score"
    if asked.number is None or not re.fullmatch(rf"{asked.number}(?![0-9]).*", told.housenumber):
        return "no_number" if asked.number is None else "number_unknown"
    if not _same_town(asked, told):
        return "other_town"
    lon, lat = features[0].geometry.coordinates
    for other in features[1:]:
        other_lon, other_lat = other.geometry.coordinates
        close = metres(lat, lon, other_lat, other_lon) <= SAME_PLACE_M
        if other.properties.score >= told.score - MARGIN and not close and other.properties.type == told.type:
            return "ambiguous"
    return ""


def _same_town(asked: Parsed, told: _Properties) -> bool:
    """Return whether the postcode or the town is the one that was asked for; one that was not given says nothing."""
    if not asked.postcode and not asked.city:
        return False
    if asked.postcode and asked.postcode == told.postcode:
        return True
    alike = bool(asked.city) and fuzz.ratio(asked.city, city_name(told.city)) >= LIKE_LEAST
    return alike and (not asked.postcode or asked.postcode[:2] == told.postcode[:2])


def _suggestion(feature: _Feature) -> Suggestion:
    told = feature.properties
    lon, lat = feature.geometry.coordinates
    level = LEVELS[told.type]
    return Suggestion(label=told.label, score=_share(told.score), level=level, citycode=told.citycode, lat=lat, lon=lon)


def _share(score: float) -> float:
    return round(min(max(score, 0.0), 1.0), 4)
