"""The Base Adresse Nationale as it is published: one CSV per département, read into streets and their numbers."""

from __future__ import annotations

import csv
import gzip
import io
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from data.errors import InputError
from data.sources.address_text import city_name, split_kind, street_name
from data.sources.table import read_text

NEEDED = ("numero", "rep", "nom_voie", "code_postal", "code_insee", "nom_commune", "lon", "lat")
NO_NUMBER = 99_999
"""The register's number of a hamlet that has none."""


class Town(NamedTuple):
    """A commune, or a former one that keeps its own street names.

    Attributes
    ----------
    names : tuple of str
        To compare with: its own, the commune's it belongs to, the post office's.
    streets : tuple of int
    """

    name: str
    citycode: str
    names: tuple[str, ...]
    postcodes: frozenset[str]
    streets: tuple[int, ...]


class Street(NamedTuple):
    """A street or hamlet of a town; its doors are rows [``first``, ``last``) of the register."""

    name: str
    kind: str
    core: str
    town: int
    postcode: str
    first: int
    last: int


class Register:
    """Streets and doors.

    Attributes
    ----------
    towns, streets : list
    number : int32 [N]
        By street, ascending; 0 where there is none.
    rep : list of str
    lat, lon : float64 [N]
        WGS84 degrees.
    """

    def __init__(self, rows: Iterator[tuple[str, ...]]) -> None:
        grouped, names, postcodes = _grouped(rows)
        self.towns: list[Town] = []
        self.streets: list[Street] = []
        self.rep: list[str] = []
        self._number: list[int] = []
        self._lat: list[float] = []
        self._lon: list[float] = []
        for (citycode, old), of_town in grouped.items():
            first = len(self.streets)
            for name, doors in of_town.items():
                self._add_street(name, doors)
            known = tuple(dict.fromkeys(city_name(one) for one in names[citycode, old]))
            inside = tuple(range(first, len(self.streets)))
            self.towns.append(
                Town(names[citycode, old][0], citycode, known, frozenset(postcodes[citycode, old]), inside)
            )
        self.number = np.array(self._number, dtype=np.int32)
        self.lat, self.lon = np.array(self._lat), np.array(self._lon)
        del self._number, self._lat, self._lon

    def _add_street(self, name: str, doors: list[_Door]) -> None:
        doors.sort()
        plain = street_name(name)
        kind, core = split_kind(plain)
        postcode = Counter(door.postcode for door in doors).most_common(1)[0][0]
        first = len(self.rep)
        self.streets.append(Street(name, kind, core, len(self.towns), postcode, first, first + len(doors)))
        self.rep += [door.rep for door in doors]
        self._number += [door.number for door in doors]
        self._lat += [door.lat for door in doors]
        self._lon += [door.lon for door in doors]


class _Door(NamedTuple):
    number: int
    rep: str
    lat: float
    lon: float
    postcode: str


_Towns = dict[tuple[str, str], dict[str, list[_Door]]]


def read_ban(path: Path) -> Register:
    """Read the register from one CSV (or .csv.gz), or from all in a folder.

    Raises
    ------
    InputError
        ``unreadable_file``, ``missing_column``, ``invalid_number`` with ``file:line``, ``empty_file``.
    """
    files = (
        sorted(file for file in path.iterdir() if file.name.endswith((".csv", ".csv.gz"))) if path.is_dir() else [path]
    )
    register = Register(row for file in files for row in _rows(file))
    if not register.streets:
        raise InputError("empty_file", "there is no address in it", str(path), "download adresses-XX.csv.gz of the BAN")
    return register


def _rows(path: Path) -> Iterator[tuple[str, ...]]:
    """Yield the cells we need of each line, where it stands last."""
    reader = csv.reader(io.StringIO(_text(path), newline=""), delimiter=";")
    header = next(reader, [])
    missing = [name for name in NEEDED if name not in header]
    if missing:
        action = "give a file of the BAN in its own columns, separated by semicolons"
        raise InputError("missing_column", f"no column {', '.join(missing)}", f"{path}:1", action)
    more = [name for name in ("nom_ancienne_commune", "libelle_acheminement") if name in header]
    at = [header.index(name) for name in (*NEEDED, *more)]
    blank = ("",) * (2 - len(more))
    for cells in reader:
        if len(cells) > max(at):
            yield (*(cells[k] for k in at), *blank, f"{path}:{reader.line_num}")


def _text(path: Path) -> str:
    if path.suffix != ".gz":
        return read_text(path)
    try:
        return gzip.decompress(path.read_bytes()).decode("utf-8-sig")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise InputError("unreadable_file", str(error), str(path), "download it again") from None


def _grouped(
    rows: Iterator[Sequence[str]],
) -> tuple[_Towns, dict[tuple[str, str], list[str]], dict[tuple[str, str], set[str]]]:
    """Return doors by town and street; each town's names, the own one first; each town's postcodes."""
    grouped: _Towns = defaultdict(lambda: defaultdict(list))
    names: dict[tuple[str, str], list[str]] = {}
    postcodes: dict[tuple[str, str], set[str]] = defaultdict(set)
    for numero, rep, street, postcode, citycode, commune, lon, lat, old, post_office, where in rows:
        try:
            number, place = int(numero or 0), (float(lat), float(lon))
        except ValueError:
            raise InputError("invalid_number", f"`{numero}`, `{lon}`, `{lat}`", where, "download it again") from None
        key = citycode, old if old != commune else ""
        door = _Door(0 if number == NO_NUMBER else number, rep.strip().lower(), *place, postcode)
        grouped[key][street.strip()].append(door)
        postcodes[key].add(postcode)
        known = names.setdefault(key, [commune])
        for name in (old, post_office):
            if name and name not in known:
                known.append(name)
    return grouped, names, postcodes
