"""Addresses as customers type them: doors of the invented city, spoilt in ways that are drawn here.

It knows nothing of how addresses are read (``data.sources.address_*``): what it spoils is written down here anew.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from data.model.address import Address
from data.synthetic.ban import AROUND, TOWN, Commune, Door

COMMUNES = (TOWN, *AROUND)
SHORT = {
    "avenue": ("av", "av.", "AV", "ave"),
    "boulevard": ("bd", "Bd.", "bld", "boul."),
    "rue": ("r", "r.", "R"),
    "allée": ("all", "all.", "ALL"),
    "impasse": ("imp", "imp."),
    "place": ("pl", "pl."),
    "chemin": ("chem", "che.", "chem."),
    "route": ("rte", "rte."),
    "square": ("sq", "sq."),
    "passage": ("pass.", "pas"),
}
INSIDE = (
    *("Appt {n}", "apt. {n}", "Appartement {c}{n}", "Bât. {c}", "Bâtiment {c}", "{n}ème étage", "Esc. {c}"),
    *("porte {n}", "RDC", "digicode {n}{n}A", "Interphone {n}"),
)
RESIDENCES = ("Résidence les Terrasses", "Rés. Bellevue", "Immeuble Horizon", "Le Parc")
CARE_OF = ("c/o Mme Bertin", "chez M. Lenoir", "C/O Atelier Sud")
SOUNDS = {
    "ph": "f",
    "eau": "o",
    "au": "o",
    "qu": "k",
    "ll": "l",
    "nn": "n",
    "tt": "t",
    "ss": "c",
    "ai": "è",
    "gue": "gé",
}
NEIGHBOURS = dict(zip("abcdefghijlmnoprstuv", "znvsrdhjokkbipteryibc", strict=False))


class Written(NamedTuple):
    """An address as typed, the door meant, how it was spoilt."""

    address: Address
    door: Door
    kind: str


class _Parts:
    """An envelope's fields while they are spoilt."""

    def __init__(self, door: Door, streets: frozenset[tuple[Commune, str]]) -> None:
        self.door, self.streets = door, streets
        self.number, self.rep, self.street = str(door.number), door.rep, door.street
        self.postcode, self.city = door.commune.postcode, door.commune.name
        self.before: list[str] = []
        self.after: list[str] = []
        self.turned = False

    def street_line(self) -> str:
        number = f"{self.number} {self.rep}".strip()
        line = f"{self.street} {number}" if self.turned else f"{number} {self.street}"
        return ", ".join([*self.before, line.strip(), *self.after])


Spoil = Callable[[np.random.Generator, _Parts], None]


def _pick(rng: np.random.Generator, among: tuple[str, ...]) -> str:
    return among[int(rng.integers(len(among)))]


def _typo(rng: np.random.Generator, word: str) -> str:
    """Return a word with a letter left out, doubled, exchanged for its neighbour, or two turned."""
    k = int(rng.integers(len(word) - 1))
    way = int(rng.integers(4))
    if way == 0:
        return word[:k] + word[k + 1 :]
    if way == 1:
        return word[:k] + word[k] + word[k:]
    if way == 2:
        return word[:k] + NEIGHBOURS.get(word[k].lower(), "e") + word[k + 1 :]
    return word[:k] + word[k + 1] + word[k] + word[k + 2 :]


def _misspelt(rng: np.random.Generator, text: str, count: int) -> str:
    found = text.split(" ")
    for _ in range(count):
        long = [k for k, word in enumerate(found) if len(word) > 4]
        if long:
            k = long[int(rng.integers(len(long)))]
            found[k] = _typo(rng, found[k])
    return " ".join(found)


def _name_of(street: str) -> tuple[str, str]:
    kind, _, name = street.partition(" ")
    return kind, name


def street_typo(rng: np.random.Generator, parts: _Parts) -> None:
    kind, name = _name_of(parts.street)
    parts.street = f"{kind} {_misspelt(rng, name, 1)}"


def two_typos(rng: np.random.Generator, parts: _Parts) -> None:
    parts.street = _misspelt(rng, parts.street, 2)


def by_ear(rng: np.random.Generator, parts: _Parts) -> None:
    """Spell the street as it sounds; where it is spelt so already, glue two of its words together."""
    kind, name = _name_of(parts.street)
    heard = name
    for letters, others in SOUNDS.items():
        heard = heard.replace(letters, others)
    parts.street = f"{kind} {heard if heard != name else name.replace(' ', '', 1)}"


def town_typo(rng: np.random.Generator, parts: _Parts) -> None:
    parts.city = _misspelt(rng, parts.city, 1)


def abbreviated(rng: np.random.Generator, parts: _Parts) -> None:
    kind, name = _name_of(parts.street)
    name = name.replace("Saint-", "St ").replace("Sainte-", "Ste ").replace("Général", "Gal").replace("Docteur", "Dr")
    name = name.replace("Maréchal", "Mal").replace("Commandant", "Cdt").replace("Président", "Pdt")
    parts.street = f"{_pick(rng, SHORT.get(kind, (kind,)))} {name}"
    parts.city = parts.city.replace("Saint-", "St ").replace("Sainte-", "Ste-").replace("-sur-", " s/ ")


def shouted(rng: np.random.Generator, parts: _Parts) -> None:
    accents = str.maketrans("éèêëàâîïôöùûüçœÉÈÊÀÂÎÔÛÇ", "eeeeaaiioouuucoEEEAAIOUC")
    parts.street = parts.street.replace("œ", "oe").replace("Œ", "Oe").translate(accents).upper()
    parts.city = parts.city.translate(accents).replace("-", " ").upper()
    if rng.random() < 0.5:
        parts.street = parts.street.replace("'", " ")


def no_articles(rng: np.random.Generator, parts: _Parts) -> None:
    for article in (" de la ", " des ", " du ", " de l'", " de "):
        parts.street = parts.street.replace(article, " ")


def no_number(rng: np.random.Generator, parts: _Parts) -> None:
    parts.number = parts.rep = ""


def number_glued(rng: np.random.Generator, parts: _Parts) -> None:
    rep = parts.rep or ("bis" if rng.random() < 0.5 else "ter")
    written = {"bis": ("bis", " BIS", "B", " b"), "ter": ("ter", " Ter", "T")}.get(rep, (f" {rep}",))
    parts.number, parts.rep = parts.number + _pick(rng, written), ""


def cedex(rng: np.random.Generator, parts: _Parts) -> None:
    parts.city += f" CEDEX {int(rng.integers(1, 10))}" if rng.random() < 0.6 else " Cedex"
    if rng.random() < 0.5:
        parts.after.append(_pick(rng, ("BP 123", "CS 40012", "B.P. 7", "TSA 80001")))
    if rng.random() < 0.7:
        parts.postcode = f"{parts.postcode[:2]}9{int(rng.integers(10, 99))}"


def wrong_postcode(rng: np.random.Generator, parts: _Parts) -> None:
    right = parts.postcode
    while parts.postcode == right:
        way = int(rng.integers(4))
        k = int(rng.integers(4))
        if way == 0:
            parts.postcode = _pick(rng, tuple(commune.postcode for commune in COMMUNES))
        elif way == 1:
            parts.postcode = f"{right[:2]}000"
        elif way == 2:
            parts.postcode = right[:k] + right[k + 1] + right[k] + right[k + 2 :]
        else:
            parts.postcode = right[: k + 1] + str(int(rng.integers(10))) + right[k + 2 :]


def wrong_town(rng: np.random.Generator, parts: _Parts) -> None:
    """Name another town; not one with this postcode and such a street: that is another address, and a right one."""
    door = parts.door
    others = [
        commune.name
        for commune in COMMUNES
        if commune != door.commune
        and not (commune.postcode == door.commune.postcode and (commune, door.street) in parts.streets)
    ]
    parts.city = _pick(rng, tuple(others))


def no_postcode(rng: np.random.Generator, parts: _Parts) -> None:
    parts.postcode = ""


def no_town(rng: np.random.Generator, parts: _Parts) -> None:
    parts.city = ""


def turned(rng: np.random.Generator, parts: _Parts) -> None:
    parts.turned = True


def inside(rng: np.random.Generator, parts: _Parts) -> None:
    for _ in range(int(rng.integers(1, 3))):
        text = _pick(rng, INSIDE).format(n=int(rng.integers(1, 40)), c="ABCD"[int(rng.integers(4))])
        (parts.before if rng.random() < 0.5 else parts.after).append(text)


def residence(rng: np.random.Generator, parts: _Parts) -> None:
    parts.before.append(_pick(rng, RESIDENCES))


def care_of(rng: np.random.Generator, parts: _Parts) -> None:
    parts.before.append(_pick(rng, CARE_OF))


def no_kind(rng: np.random.Generator, parts: _Parts) -> None:
    parts.street = _name_of(parts.street)[1]


def as_is(rng: np.random.Generator, parts: _Parts) -> None:
    """Leave it as it is."""


ONE: tuple[Spoil, ...] = (
    *(
        as_is,
        street_typo,
        two_typos,
        by_ear,
        town_typo,
        abbreviated,
        shouted,
        no_articles,
        no_number,
        number_glued,
        cedex,
    ),
    *(wrong_postcode, wrong_town, no_postcode, no_town, turned, inside, residence, care_of, no_kind),
)
TOGETHER: tuple[Spoil, ...] = (
    *(street_typo, town_typo, abbreviated, shouted, no_articles),
    *(cedex, wrong_postcode, turned, inside),
)
HELD_OUT, MANY = "number_unregistered", "several"


def write_down(rng: np.random.Generator, doors: list[Door], held_out: list[Door], count: int) -> list[Written]:
    """Return ``count`` addresses: each way of spoiling as often as any other, and two or three of them at once.

    Parameters
    ----------
    held_out : list of Door
        Doors the register must not have: their numbers are missing there.
    """
    kinds = [*ONE, HELD_OUT, MANY]
    streets = frozenset((door.commune, door.street) for door in doors)
    written = []
    for k in range(count):
        kind = kinds[k % len(kinds)]
        among = held_out if kind == HELD_OUT else doors
        written.append(_written(rng, kind, among[int(rng.integers(len(among)))], streets))
    return written


def _written(
    rng: np.random.Generator, kind: Spoil | str, door: Door, streets: frozenset[tuple[Commune, str]]
) -> Written:
    parts = _Parts(door, streets)
    if kind == MANY:
        for k in rng.choice(len(TOGETHER), int(rng.integers(2, 4)), replace=False):
            TOGETHER[int(k)](rng, parts)
    elif not isinstance(kind, str):
        kind(rng, parts)
    name = kind if isinstance(kind, str) else kind.__name__
    return Written(_address(rng, parts), door, name)


def _address(rng: np.random.Generator, parts: _Parts) -> Address:
    """Return the fields as three, as one line with commas, or as one line without any."""
    line, way = parts.street_line(), rng.random()
    if way < 0.5:
        return Address(text=line, postcode=parts.postcode, city=parts.city)
    town = f"{parts.postcode} {parts.city}".strip()
    return Address(text=f"{line}, {town}" if way < 0.85 or not parts.postcode else f"{line} {town}")
