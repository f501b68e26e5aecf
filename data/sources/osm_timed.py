"""Streets that are open at certain hours: OSM's ``...:conditional`` tags as opening hours.

See the OSM wiki, Conditional restrictions. A clause ``value @ hours`` means that the key has this value at these hours;
the last clause that holds wins. Clauses that ask for more than a clock (weight, weather, a permit) are left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from data.errors import InputError
from data.hours import normalise_hours

_SUFFIX = ":conditional"
_CLAUSE = re.compile(r"(?P<value>[^@;()]+)@\s*(?:\((?P<group>[^()]*)\)|(?P<bare>[^;()]+))")
# `delivery` is a purpose, not a vehicle: whoever delivers is told by it before all else.
_WHO_DELIVERS = ("goods", "motorcar", "hgv", "motorcycle")
_GENERAL_FIRST = ("access", "vehicle", "motor_vehicle", "double_tracked_motor_vehicle", *_WHO_DELIVERS, "delivery")


class Clause(NamedTuple):
    """At ``hours``, these keys have this value."""

    keys: tuple[str, ...]
    value: str
    hours: str


def clauses(tags: Mapping[str, str]) -> tuple[list[Clause], bool]:
    """Return the timed clauses of a way, speeds aside, and whether there are others that no clock can tell.

    The more a key tells, the later its clauses come: one on vans, on one direction, counts before one on all vehicles.
    """
    found: list[Clause] = []
    unreadable = False
    for key, text in sorted(tags.items(), key=_how_specific):
        name = key.removesuffix(_SUFFIX)
        if name == key or name.startswith("maxspeed"):
            continue
        kind, colon, rest = name.partition(":")
        keys = tuple(f"{one}{colon}{rest}" for one in _WHO_DELIVERS) if kind == "delivery" else (name,)
        matches = list(_CLAUSE.finditer(text))
        unreadable |= not matches
        for match in matches:
            try:
                hours, _ = normalise_hours(match["group"] or match["bare"] or "")
            except InputError:
                unreadable = True
            else:
                found.append(Clause(keys, match["value"].strip(), hours))
    return found, unreadable


def _how_specific(tag: tuple[str, str]) -> tuple[bool, int, str]:
    kind, _, rest = tag[0].removesuffix(_SUFFIX).partition(":")
    return bool(rest), _GENERAL_FIRST.index(kind) if kind in _GENERAL_FIRST else -1, tag[0]


def hours_for(
    tags: Mapping[str, str], timed: Sequence[Clause], may_drive: Callable[[Mapping[str, str]], bool]
) -> tuple[str, set[Clause]]:
    """Return when one may drive where ``may_drive`` tells from tags without hours, and the clauses that decided it.

    Returns
    -------
    hours : str
        OSM opening hours; empty where the clauses change nothing.
    applied : set of Clause
    """
    always = may_drive(tags)
    rules = "24/7" if always else ""
    applied: set[Clause] = set()
    changed = False
    for clause in timed:
        now, yes, no = (
            may_drive({**tags, **dict.fromkeys(clause.keys, value)}) for value in (clause.value, "yes", "no")
        )
        if yes == no:
            continue  # this key is not what counts here
        applied.add(clause)
        changed |= now != always
        rules = _opened(rules, clause.hours) if now else _closed(rules, clause.hours)
    if not changed:
        return "", applied
    try:
        return normalise_hours(rules)[0], applied
    except InputError:
        return "", set()


def _opened(rules: str, hours: str) -> str:
    """Return ``rules`` with ``hours`` on top; what is no single rule can't be added to others, and won't parse."""
    if not rules:
        return hours
    # A comma adds a rule to those before it, if the rule names days; a semicolon would replace their hours.
    added = f"Mo-Su {hours}" if hours[:1].isdigit() else hours
    return f"{rules}, {added}" if ";" not in hours else f"{rules}, ({added})"


def _closed(rules: str, hours: str) -> str:
    """Return ``rules`` without ``hours``: ``Mo-Fr 11:00-19:00`` closes, ``PH off`` lifts the ban for a day."""
    if not rules:
        return ""
    parts = [part.strip() for part in hours.split(";")]
    turned = [f"{part.removesuffix('off')}00:00-24:00" if part.endswith(" off") else f"{part} off" for part in parts]
    return "; ".join([rules, *turned])
