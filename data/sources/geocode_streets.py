"""The streets of each town, compared with what somebody wrote: letters in the wrong place, words missing or turned."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

from data.sources.address_text import split_kind
from data.sources.ban import Register

MOST = 4
"""Streets kept of a town for one name."""
LEAST = 0.6
NO_KIND, OTHER_KIND, TURNED, PART = 0.95, 0.9, 0.98, 0.84
SURE = 0.9
AT_ONCE = 512
F32 = NDArray[np.float32]
Ranked = list[tuple[int, float]]


class _Names(NamedTuple):
    """Names of streets, each the three ways it is compared: without its kind, in alphabetical order, whole."""

    cores: list[str]
    turned: list[str]
    whole: list[str]
    kinds: NDArray[np.str_]


class Streets:
    """A register's streets by town."""

    def __init__(self, register: Register) -> None:
        self._exact: dict[tuple[int, str], list[int]] = defaultdict(list)
        self._of_town: list[tuple[tuple[int, ...], _Names]] = []
        for index, town in enumerate(register.towns):
            parts = [(register.streets[k].kind, register.streets[k].core) for k in town.streets]
            for k, (kind, core) in zip(town.streets, parts, strict=True):
                self._exact[index, f"{kind} {core}".strip()].append(k)
            self._of_town.append((town.streets, _names(parts)))

    def has(self, town: int, name: str) -> bool:
        """Return whether a street is called exactly so."""
        return (town, name) in self._exact

    def like(self, town: int, names: Sequence[str]) -> dict[str, Ranked]:
        """Return, for each name, the town's streets it may stand for with how much alike they are, 0..1, best first."""
        ids, known = self._of_town[town]
        found: dict[str, Ranked] = {}
        rest = []
        for name in names:
            if exact := self._exact.get((town, name)):
                found[name] = [(k, 1.0) for k in exact]
            else:
                rest.append(name)
        for begin in range(0, len(rest), AT_ONCE):
            some = rest[begin : begin + AT_ONCE]
            alike = _alike(_names([split_kind(name) for name in some]), known)
            for name, row in zip(some, alike, strict=True):
                found[name] = _best(ids, row)
        return found


def _names(parts: Sequence[tuple[str, str]]) -> _Names:
    return _Names(
        [core for _, core in parts],
        [" ".join(sorted(core.split())) for _, core in parts],
        [f"{kind} {core}".strip() for kind, core in parts],
        np.array([kind for kind, _ in parts], dtype=np.str_),
    )


def _alike(asked: _Names, known: _Names) -> F32:
    """Return how much alike names are, 0..1, float32 [asked, known]."""
    cores = np.maximum(_ratio(asked.cores, known.cores), TURNED * _ratio(asked.turned, known.turned))
    unsure = np.flatnonzero(cores.max(axis=1) < SURE)
    if len(unsure):
        some = [asked.cores[k] for k in unsure]
        part = process.cdist(some, known.cores, scorer=fuzz.token_set_ratio, dtype=np.float32, score_cutoff=90)
        cores[unsure] = np.maximum(cores[unsure], PART / 100 * part)
    without = asked.kinds == ""
    same = asked.kinds[:, None] == known.kinds[None, :]
    alike: F32 = cores * np.where(same, 1.0, np.where(without, NO_KIND, OTHER_KIND)[:, None]).astype(np.float32)
    bare = np.flatnonzero(without)
    if len(bare):  # its kind may be what is misspelt
        alike[bare] = np.maximum(alike[bare], _ratio([asked.whole[k] for k in bare], known.whole))
    return alike


def _ratio(asked: Sequence[str], known: Sequence[str]) -> F32:
    found: F32 = process.cdist(asked, known, scorer=fuzz.ratio, dtype=np.float32, score_cutoff=100 * LEAST)
    return found / np.float32(100)


def _best(ids: Sequence[int], row: F32) -> Ranked:
    top = np.argpartition(-row, min(MOST, len(row) - 1))[:MOST] if len(row) > MOST else np.arange(len(row))
    ranked = sorted(((ids[int(k)], float(row[k])) for k in top if row[k] >= LEAST), key=lambda one: (-one[1], one[0]))
    return ranked
