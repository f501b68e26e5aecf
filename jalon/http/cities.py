"""The cities a server has open."""

from __future__ import annotations

from pathlib import Path

from data.cityfile import read_city
from data.errors import InputError
from routing.api import OpenCity, seen


def files_of(path: Path) -> tuple[Path, ...]:
    """Return the city files that a path names: one, or those in a folder; raises ``InputError`` where there is none."""
    files = tuple(sorted(path.glob("*.city"))) if path.is_dir() else (path,)
    if not files or not files[0].is_file():
        action = "build one with `jalon city build`"
        raise InputError("no_city_file", "there is no .city file", str(path), action)
    return files


def open_cities(files: tuple[Path, ...]) -> dict[str, OpenCity]:
    """Return cities by name; raises where a file is none, or two have one name."""
    found: dict[str, OpenCity] = {}
    for file in files:
        city = read_city(file)
        if city.name in found:
            raise InputError("duplicate_id", f"two files hold a city `{city.name}`", str(file), "keep one of them")
        found[city.name] = OpenCity(seen(city), city, str(file.resolve()))
    return found
