"""What somebody wrote on an envelope, taken apart: number, street, postcode, town; the rest is left out.

All text is compared without case, accents and punctuation, with its abbreviations spelt out.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from data.model.address import Address
from data.sources.address_words import ARTICLES, KIND_OF, MONTHS, NUMBERED_ROADS, REPS, TITLES

_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "Œ": "oe", "Æ": "ae", "ß": "ss", "’": "'", "°": "o "})
_BREAK = re.compile(r"[,;\n\r\t|()]+|\s[-–—/]\s")
_NO_WORD = re.compile(r"[^a-z0-9]+")
_POSTCODE = re.compile(r"(?<![0-9])(?:f[ -]?)?([0-9]{2}) ?([0-9]{3})(?![0-9])")
_POST_BOX = re.compile(r"\b(?:b\.? ?p\.?|c\.? ?s\.?|tsa)\s*(?:n\s*)?[0-9][0-9 ]*\b")
_CEDEX = re.compile(r"\bcedex\b(?:\s*[0-9]{1,2})?\b")
_CARE_OF = re.compile(r"(?:\bc/\s?o\b|\bchez\b|\ba l'attention de\b|\battn\b)[^,;\n|0-9]*")
_INSIDE = re.compile(
    r"\b(?:appartements?|appart|appt|apt|app|batiment|bat|bt|immeuble|imm|escalier|esc|etage|etg|porte|pte|digicode|code"
    r"|interphone|bte|boite|bal|hall|entree|entr|logement|chambre|chbre|studio|cage|tour|bloc)\s*[.:n]*\s*"
    r"(?:[a-z]?[0-9]+[a-z0-9]*|[a-z]{1,2}(?![a-z']))(?![a-z])",
)
_FLOOR = re.compile(
    r"\b(?:[0-9]{1,2}\s*(?:er|ere|e|eme|ieme|nd|nde|o)\s*(?:etage|etg)|rdc|rez de chaussee|dernier etage)\b"
)
_NUMBER = re.compile(r"([0-9]{1,4})(?:\s?(bis|ter|quater|quinquies|[a-z]))?(?![a-z0-9])")
_ORDINAL = re.compile(r"\s(?:[0-9]{1,2}|[ivx]+)(?:er|e|eme)?(?: arrondissement| arr)?$")


class Parsed(NamedTuple):
    """An address taken apart.

    Attributes
    ----------
    number : int, optional
    rep : str
        ``bis``, ``ter``, a letter, or empty.
    street : str
        Its name with its kind, spelt out, without articles; empty where none was found.
    postcode : str
        Five digits, or empty.
    city : str
        The town, spelt out.
    cedex : bool
        The postcode may be one of large receivers, which no register has.
    others : tuple of str
        What else was written, one of them perhaps the town.
    line : str
        The line with the street, in plain letters: without who lives there and where inside.
    """

    number: int | None
    rep: str
    street: str
    postcode: str
    city: str
    cedex: bool = False
    others: tuple[str, ...] = ()
    line: str = ""

    @property
    def key(self) -> str:
        """The address in one line, the same for all ways of writing it that are told apart by nothing else."""
        number = "" if self.number is None else f"{self.number}{self.rep}"
        return "|".join((number, self.street, self.postcode, self.city))


def plain(text: str) -> str:
    """Return text in lower case, its letters without accents; punctuation stays."""
    return unicodedata.normalize("NFKD", text.translate(_LIGATURES)).encode("ascii", "ignore").decode().lower()


def words(text: str) -> list[str]:
    """Return the words and numbers of plain text."""
    return _NO_WORD.sub(" ", text).split()


@lru_cache(100_000)
def street_name(text: str) -> str:
    """Return a street's name to compare: ``Av. du Gal de Gaulle`` is ``avenue general gaulle``."""
    found = words(plain(text))
    if not found:
        return ""
    spelt = [KIND_OF.get(found[0], TITLES.get(found[0], found[0])), *(TITLES.get(word, word) for word in found[1:])]
    kept = [word for word in spelt if word not in ARTICLES]
    return " ".join(kept or spelt)


@lru_cache(100_000)
def city_name(text: str) -> str:
    """Return a town's name to compare, without its arrondissement: ``St-Cyr s/ Loire`` is ``saint cyr sur loire``."""
    text = re.sub(r"\bs\s?/\s?s\b", "sous", plain(text))
    text = re.sub(r"\bs\s?/", "sur ", text)
    found = [TITLES.get(word, word) if word in ("st", "ste", "sts") else word for word in words(text)]
    name = " ".join(word for word in found if word not in ("france", "cedex"))
    return _ORDINAL.sub("", name)


def split_kind(street: str) -> tuple[str, str]:
    """Return the kind of a street and the rest of its name; without a kind, an empty one."""
    first, _, rest = street.partition(" ")
    if first == "rond" and rest.startswith("point"):
        return "rond point", rest.removeprefix("point").strip() or street
    if first in ("grande", "grand") and rest == "rue":
        return "", street
    return (first, rest) if first in KIND_OF and rest else ("", street)


def parse(address: Address) -> Parsed:
    """Return an address taken apart; never fails."""
    text, cedex = _without_boxes(plain(address.text))
    town, far = _without_boxes(plain(address.city))
    postcode = _postcode(plain(address.postcode)) or _postcode(town)
    town = _POSTCODE.sub(" ", town)
    segments = [part.strip() for part in _BREAK.split(_CARE_OF.sub(",", text)) if part.strip()]
    segments, found, tail = _take_town(segments)
    postcode, city = postcode or found, city_name(town) or city_name(tail)
    cedex = cedex or far or "cedex" in plain(address.postcode)
    segments = [_inside_out(part) for part in segments]
    chosen, (number, rep, street) = _best(segments)
    others = tuple(city_name(part) for k, part in enumerate(segments) if k != chosen and part)
    line = " ".join(segments[chosen].split()) if street else ""
    if number is not None and str(number) not in line:
        line = f"{number} {line}"
    return Parsed(number, rep, street, postcode, city, cedex, others, line)


def _without_boxes(text: str) -> tuple[str, bool]:
    """Return text without post boxes and CEDEX, and whether there was one."""
    bare = _CEDEX.sub(" ", text)
    return _POST_BOX.sub(" ", bare), bare != text


def _postcode(text: str) -> str:
    found = _POSTCODE.search(text)
    return found[1] + found[2] if found else ""


def _take_town(segments: list[str]) -> tuple[list[str], str, str]:
    """Return the segments without the one that has the postcode in it, the postcode, and the town beside it."""
    for at in reversed(range(len(segments))):
        found = _POSTCODE.search(segments[at])
        if found is None:
            continue
        before, after = segments[at][: found.start()].strip(), segments[at][found.end() :].strip()
        rest, number = segments[:at] + segments[at + 1 :], found[1] + found[2]
        if rest and not _looks_like_street(before):
            return (rest, number, after or before)
        if after:
            return ([*rest, before] if before else rest), number, after
        return [*rest, before], number, ""
    return segments, "", ""


def _looks_like_street(segment: str) -> bool:
    found = words(segment)
    return bool(found) and (found[0].isdigit() or any(word in KIND_OF and len(word) > 1 for word in found))


def _inside_out(segment: str) -> str:
    """Return a segment without what is inside a building: flat, stairs, floor, door code."""
    return _FLOOR.sub(" ", _INSIDE.sub(" ", segment)).strip()


def _best(segments: list[str]) -> tuple[int, tuple[int | None, str, str]]:
    """Return which segment looks most like a street; its number, repetition and street."""
    chosen, most = -1, -1
    best: tuple[int | None, str, str] = (None, "", "")
    lone: tuple[int, str] | None = None
    for at, segment in enumerate(segments):
        number, rep, rest = _numbered(words(segment))
        if not rest:
            lone = (number, rep) if number is not None else lone
            continue
        kind = _kind_at(rest)
        if kind and (number is None or rest[kind - 1][:1].isdigit()):
            number, rep, rest = _before_kind(rest, kind)
        rank = 4 * (kind is not None) + 2 * (number is not None) + (kind == 0)
        if rank > most:
            chosen, most, best = at, rank, (number, rep, street_name(" ".join(rest)))
    if best[0] is None and lone is not None:
        best = (*lone, best[2])
    return chosen, best


def _kind_at(rest: list[str]) -> int | None:
    """Return where the kind of street is: after a number if there is one (`residence lilas 12 rue port`)."""
    at = [k for k, word in enumerate(rest) if word in KIND_OF and (len(word) > 1 or k == 0)]
    after = [k for k in at if k and rest[k - 1][:1].isdigit() and rest[k - 1] not in ("1er", "2e")]
    return next(iter(after or at), None)


def _before_kind(rest: list[str], kind: int) -> tuple[int | None, str, list[str]]:
    """Return number, repetition and street where a kind of street stands in the middle."""
    head = rest[:kind]
    rep = REPS.get(head[-1], head[-1] if len(head[-1]) == 1 and head[-1].isalpha() else "") if len(head) > 1 else ""
    digits = head[-2] if rep else head[-1]
    found = _NUMBER.fullmatch(digits)
    if found is None:
        return None, "", rest
    return int(found[1]), rep or REPS.get(found[2] or "", found[2] or ""), rest[kind:]


def _numbered(found: list[str]) -> tuple[int | None, str, list[str]]:
    """Return the house number, its repetition and the words that are left."""
    while found and found[0] in ("n", "no", "numero", "num", "au"):
        found = found[1:]
    if not found:
        return None, "", []
    first = _NUMBER.fullmatch(found[0])
    if first and not (len(found) > 1 and found[1] in MONTHS):
        return _leading(int(first[1]), first[2] or "", found[1:])
    last = _NUMBER.fullmatch(found[-1])
    if last and len(found) > 1 and found[-2] not in NUMBERED_ROADS and not _is_year(found[-2:]):
        return int(last[1]), REPS.get(last[2] or "", last[2] or ""), _without_number_sign(found[:-1])
    if len(found) > 2 and found[-1] in REPS and found[-2].isdigit() and len(found[-2]) < 5:
        return int(found[-2]), REPS[found[-1]], _without_number_sign(found[:-2])
    return None, "", found


def _is_year(last: list[str]) -> bool:
    """Return whether the last two words end a date."""
    return last[0] in MONTHS and len(last[1]) == 4


def _without_number_sign(found: list[str]) -> list[str]:
    return found[:-1] if len(found) > 1 and found[-1] in ("n", "no", "numero", "num") else found


def _leading(number: int, rep: str, rest: list[str]) -> tuple[int, str, list[str]]:
    """Return a leading number with what repeats it; of a range (12-14) the first."""
    while len(rest) > 1 and (rest[0].isdigit() or (rest[0] == "a" and rest[1].isdigit())) and rest[1] not in MONTHS:
        rest = rest[1:]
    if not rep and rest and (rest[0] in ("bis", "ter", "quater", "quinquies") or _is_letter(rest)):
        return number, REPS.get(rest[0], rest[0]), rest[1:]
    return number, REPS.get(rep, rep), rest


def _is_letter(rest: list[str]) -> bool:
    """Return whether a single letter repeats the number: ``12 b rue``, unlike ``12 r du port`` and ``12 l'abbaye``."""
    return len(rest[0]) == 1 and rest[0].isalpha() and len(rest) > 1 and rest[1] in KIND_OF
