"""Geocoding from the register's own file: exact names first, then what is spelt nearly so in the likely towns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from data.model.address import Address, Level, Located, Suggestion
from data.sources.address_text import Parsed, parse
from data.sources.ban import Register, Street
from data.sources.geocode_number import Spot, metres, place
from data.sources.geocode_streets import Streets
from data.sources.geocode_towns import Towns

DOUBTFUL_BELOW = 0.8
"""A score under it is a guess."""
MARGIN = 0.07
"""Another place that scores as well but for this may be the one meant."""
EVEN = 0.01
SAME_PLACE_M = 50.0
SUGGESTIONS = 3
CANDIDATES = 6
TOWNS_TRIED = 8


class Found(NamedTuple):
    """A street that may be meant, and the point in it.

    Attributes
    ----------
    score : float
        How well all of it agrees, 0..1; ``named`` without the number, ``alike`` the street's name alone.
    """

    score: float
    named: float
    alike: float
    street: Street
    spot: Spot


class BanGeocoder:
    """Finds addresses in a register held in memory."""

    source = "ban"

    def __init__(self, register: Register) -> None:
        self._register = register
        self._towns = Towns(register.towns)
        self._streets = Streets(register)

    def locate(self, addresses: Sequence[Address]) -> list[Located]:
        """Return where addresses are, in order."""
        asked = [self._with_town(parse(one)) for one in addresses]
        towns = [self._towns.of(one) for one in asked]
        wanted: dict[int, set[str]] = defaultdict(set)
        for one, likely in zip(asked, towns, strict=True):
            if one.street:
                for town, _ in self._tried(one, likely):
                    wanted[town].add(one.street)
        like = {town: self._streets.like(town, sorted(names)) for town, names in wanted.items()}
        return [self._located(one, likely, like) for one, likely in zip(asked, towns, strict=True)]

    def _with_town(self, parsed: Parsed) -> Parsed:
        """Return the address with the town that stands in it without a postcode, if there is one."""
        if parsed.city:
            return parsed
        for other in reversed(parsed.others):
            if self._towns.is_name(other):
                return parsed._replace(city=other)
        city = self._towns.town_at_end(parsed.street)
        return parsed._replace(city=city, street=parsed.street.removesuffix(city).strip()) if city else parsed

    def _tried(self, parsed: Parsed, likely: Sequence[tuple[int, float]]) -> Sequence[tuple[int, float]]:
        """Return the towns to look for a street in: all that have it exactly, and the likeliest where they don't."""
        exact = [one for one in likely if self._streets.has(one[0], parsed.street)]
        if likely and likely[0] in exact:
            return exact
        return [one for k, one in enumerate(likely) if k < TOWNS_TRIED or one in exact]

    def _located(
        self,
        parsed: Parsed,
        likely: Sequence[tuple[int, float]],
        like: dict[int, dict[str, list[tuple[int, float]]]],
    ) -> Located:
        found = self._found(parsed, likely, like)
        if not found:
            return self._no_street(parsed)
        best = found[0]
        reason = best.spot.reason or self._doubt(parsed, found)
        street, town = best.street, self._register.towns[best.street.town]
        return Located(
            lat=best.spot.lat,
            lon=best.spot.lon,
            score=_rounded(best.score),
            level=best.spot.level,
            citycode=town.citycode,
            label=self._label(best),
            postcode=street.postcode,
            city=town.name,
            doubtful=bool(reason),
            reason=reason,
            suggestions=tuple(self._suggestion(one) for one in found[:SUGGESTIONS]) if reason else (),
            source=self.source,
        )

    def _found(
        self,
        parsed: Parsed,
        likely: Sequence[tuple[int, float]],
        like: dict[int, dict[str, list[tuple[int, float]]]],
    ) -> list[Found]:
        """Return the streets that may be meant, the best first."""
        named = [
            (likelihood * alike, alike, index)
            for town, likelihood in (self._tried(parsed, likely) if parsed.street else ())
            for index, alike in like[town].get(parsed.street, ())
        ]
        found = []
        for score, alike, index in sorted(named, reverse=True)[:CANDIDATES]:
            street = self._register.streets[index]
            spot = place(self._register, street, parsed.number, parsed.rep)
            found.append(Found(score * spot.trust, score, alike, street, spot))
        return sorted(found, key=lambda one: -one.score)

    def _doubt(self, parsed: Parsed, found: Sequence[Found]) -> str:
        """Return why the best street may not be the one meant, or an empty string."""
        best = found[0]
        if best.score < DOUBTFUL_BELOW:
            return "low_score"
        clash = self._clash(parsed)
        for other in found[1:]:
            apart_m = metres(best.spot.lat, best.spot.lon, other.spot.lat, other.spot.lon)
            if apart_m > SAME_PLACE_M and _rivals(best, other, clash):
                return "ambiguous"
        return ""

    def _clash(self, parsed: Parsed) -> bool:
        """Return whether postcode and town are both known and don't go together."""
        named = self._towns.named(parsed.city)
        coded = self._towns.coded(parsed.postcode)
        return bool(named and coded and not set(named) & set(coded))

    def _no_street(self, parsed: Parsed) -> Located:
        """Return what is known where no street is: perhaps the town, never a point in it."""
        reason = "no_street_given" if not parsed.street else "no_street"
        towns = [(index, like) for index, like in self._towns.named(parsed.city).items()]
        if not towns:
            return Located(reason=reason, source=self.source)
        town, like = self._register.towns[towns[0][0]], towns[0][1]
        return Located(
            score=_rounded(0.3 * like),
            level=Level.MUNICIPALITY,
            citycode=town.citycode,
            label=town.name,
            city=town.name,
            reason=reason,
            source=self.source,
        )

    def _label(self, found: Found) -> str:
        street, town = found.street, self._register.towns[found.street.town]
        return f"{found.spot.label} {street.name} {street.postcode} {town.name}".strip()

    def _suggestion(self, found: Found) -> Suggestion:
        return Suggestion(
            label=self._label(found),
            score=_rounded(found.score),
            level=found.spot.level,
            citycode=self._register.towns[found.street.town].citycode,
            lat=found.spot.lat,
            lon=found.spot.lon,
        )


def _rivals(best: Found, other: Found, clash: bool) -> bool:
    """Return whether another street may as well be meant.

    One whose name fits better, in a town that fits worse, is; and that a number is missing from the register tells
    little between two streets whose names fit as well as each other.
    """
    if other.alike > best.alike + EVEN:
        return True
    if other.score >= best.score - MARGIN or (clash and other.alike >= best.alike - MARGIN):
        return True
    if best.spot.level is not Level.HOUSENUMBER:
        return other.named >= best.named - MARGIN
    as_well = other.named >= best.named - EVEN
    return as_well and (best.alike < 1 or other.spot.level is Level.INTERPOLATION)


def _rounded(score: float) -> float:
    return round(min(max(score, 0.0), 1.0), 4)
