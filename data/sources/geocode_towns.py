"""Which towns an address may be in, going by its postcode and by the name of its town: either may be wrong."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from data.sources.address_text import Parsed
from data.sources.ban import Town

LEAST_LIKE = 80.0
POSTCODE_ONLY, NAME_ONLY, NEAR, SAME_DEPARTMENT, FAR = 0.86, 0.95, 0.96, 0.93, 0.68
NOT_NAMED, ANYWHERE = 0.97, 0.6
MISSPELT = 0.3


class Towns:
    """The towns of a register, found by name and by postcode."""

    def __init__(self, towns: Sequence[Town]) -> None:
        self.towns = towns
        self._by_name: dict[str, list[int]] = defaultdict(list)
        self._by_postcode: dict[str, list[int]] = defaultdict(list)
        for index, town in enumerate(towns):
            for name in town.names:
                self._by_name[name].append(index)
            for postcode in town.postcodes:
                self._by_postcode[postcode].append(index)
        self._names = list(self._by_name)
        self.named = lru_cache(50_000)(self._named)
        self._cached = lru_cache(50_000)(self._likely)

    def is_name(self, text: str) -> bool:
        """Return whether a town is called exactly so."""
        return text in self._by_name

    def coded(self, postcode: str) -> Sequence[int]:
        """Return the towns that have a postcode."""
        return self._by_postcode.get(postcode, ())

    def town_at_end(self, street: str) -> str:
        """Return the longest town's name a street's text ends with, or an empty string."""
        found = street.split()
        for k in range(max(1, len(found) - 6), len(found)):
            name = " ".join(found[k:])
            if name in self._by_name:
                return name
        return ""

    def of(self, parsed: Parsed) -> tuple[tuple[int, float], ...]:
        """Return towns an address may be in with how likely each is, 0..1, the likeliest first."""
        found: tuple[tuple[int, float], ...] = self._cached(parsed.postcode, parsed.city, parsed.cedex)
        return found

    def _named(self, city: str) -> dict[int, float]:
        """Return the towns called so or nearly so, with how much alike the names are, 0..1."""
        if not city:
            return {}
        exact = self._by_name.get(city)
        if exact:
            return dict.fromkeys(exact, 1.0)
        like: dict[int, float] = {}
        for name, score, _ in process.extract(city, self._names, scorer=fuzz.ratio, score_cutoff=LEAST_LIKE, limit=5):
            for index in self._by_name[name]:
                like[index] = max(like.get(index, 0.0), score / 100)
        if not like:  # `Valmont` for `Valmont-sur-Loire`, never the other way round
            begun = [name for name in self._names if name.startswith(f"{city} ")]
            like = {index: 0.9 for name in begun for index in self._by_name[name]} if len(begun) == 1 else {}
        return like

    def _likely(self, postcode: str, city: str, cedex: bool) -> tuple[tuple[int, float], ...]:
        by_name = self.named(city)
        by_code = self.coded(postcode)
        found = {index: self._agrees(index, like, postcode, cedex) for index, like in by_name.items()}
        for index in by_code:
            found.setdefault(index, POSTCODE_ONLY if city else NOT_NAMED)
        if not found:
            found = dict.fromkeys(range(len(self.towns)), ANYWHERE)
        return tuple(sorted(found.items(), key=lambda one: (-one[1], one[0])))

    def _agrees(self, index: int, like: float, postcode: str, cedex: bool) -> float:
        """Return how likely a town is whose name was given, going by the postcode beside it."""
        spelt = 1 - MISSPELT * (1 - like)
        codes = self.towns[index].postcodes
        if not postcode:
            return NAME_ONLY * spelt
        if postcode in codes:
            return spelt
        if not cedex and any(OSA.distance(postcode, code) == 1 for code in codes):
            return NEAR * spelt
        return (SAME_DEPARTMENT if any(code[:2] == postcode[:2] for code in codes) else FAR) * spelt
