"""Who may drive on an OpenStreetMap way: the access hierarchy for the five vehicle categories.

Rules: the hierarchy (``access`` < ``vehicle`` < ``motor_vehicle`` < the vehicle's own key), implied one-way streets
and default permissions follow the OSM wiki pages Key:access, Key:oneway and "OSM tags for routing". A delivery
vehicle is one for which ``delivery`` and ``destination`` hold.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from data.model.streets import ACCESS_BIT, RoadClass
from data.model.vehicle import Category

ALL = sum(ACCESS_BIT.values())
BIKE = ACCESS_BIT[Category.CARGO_BIKE]
MOTOR = ALL & ~BIKE


def words(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


# Most specific key first. A van falls back on the car's sign: who closes a street to cars means vans as well.
KEYS: dict[Category, tuple[str, ...]] = {
    Category.VP: ("motorcar", "double_tracked_motor_vehicle", "motor_vehicle", "vehicle", "access"),
    Category.VUL: ("goods", "motorcar", "double_tracked_motor_vehicle", "motor_vehicle", "vehicle", "access"),
    Category.PL: ("hgv", "double_tracked_motor_vehicle", "motor_vehicle", "vehicle", "access"),
    Category.TWO_WHEELER: ("motorcycle", "motor_vehicle", "vehicle", "access"),
    Category.CARGO_BIKE: ("bicycle", "vehicle", "access"),
}
_GENERAL = ("vehicle", "access")

PERMITS = words("yes designated official permissive public delivery destination customers local")
DENIES = words(
    "no private restricted residents permit employees staff military emergency agricultural forestry"
    " psv bus taxi hov foot dismount use_sidepath none"
)


class Highway(NamedTuple):
    """A ``highway`` value: its class, speeds where no limit is tagged, who may use it, whom general keys may let in.

    The limit is that of the French Code de la route (R413-2, R413-3, R110-2) inside built-up areas. ``cruise_kmh`` is
    what a car keeps up: OSRM's figure (see ``osm_speed``), and ours from the pedestrian street on, where OSRM has none.
    """

    road_class: RoadClass
    limit_kmh: int
    cruise_kmh: int
    open_to: int
    general_opens: int = 0


HIGHWAYS: dict[str, Highway] = {
    "motorway": Highway(RoadClass.MOTORWAY, 130, 90, MOTOR),
    "motorway_link": Highway(RoadClass.MOTORWAY, 70, 45, MOTOR),
    # In France a trunk is most often a "route pour automobiles", closed to bicycles.
    "trunk": Highway(RoadClass.TRUNK, 110, 85, MOTOR),
    "trunk_link": Highway(RoadClass.TRUNK, 70, 40, MOTOR),
    "primary": Highway(RoadClass.PRIMARY, 50, 65, ALL),
    "primary_link": Highway(RoadClass.PRIMARY, 50, 30, ALL),
    "secondary": Highway(RoadClass.SECONDARY, 50, 55, ALL),
    "secondary_link": Highway(RoadClass.SECONDARY, 50, 25, ALL),
    "tertiary": Highway(RoadClass.TERTIARY, 50, 40, ALL),
    "tertiary_link": Highway(RoadClass.TERTIARY, 50, 20, ALL),
    "unclassified": Highway(RoadClass.UNCLASSIFIED, 50, 25, ALL),
    "residential": Highway(RoadClass.RESIDENTIAL, 50, 25, ALL),
    "living_street": Highway(RoadClass.LIVING_STREET, 20, 10, ALL),
    "service": Highway(RoadClass.SERVICE, 20, 15, ALL),
    "road": Highway(RoadClass.UNCLASSIFIED, 50, 25, ALL),
    "pedestrian": Highway(RoadClass.PEDESTRIAN, 6, 6, BIKE, general_opens=MOTOR),
    "track": Highway(RoadClass.TRACK, 20, 10, BIKE, general_opens=MOTOR),
    "cycleway": Highway(RoadClass.CYCLEWAY, 25, 15, BIKE),
    "path": Highway(RoadClass.CYCLEWAY, 15, 10, 0),
    "footway": Highway(RoadClass.CYCLEWAY, 6, 6, 0),
    "busway": Highway(RoadClass.SERVICE, 30, 25, 0),
    "bus_guideway": Highway(RoadClass.SERVICE, 30, 25, 0),
}
BIKE_HIGHWAYS = frozenset({"pedestrian", "cycleway", "path", "footway"})
"""What a source must hold some of, or else it leaves out where bikes get through and cars don't."""

_WEIGHT = re.compile(r"^(\d+(?:[.,]\d+)?)\s*(t|kg|lbs?)?$")
_UNIT_TONNES = {"kg": 0.001, "lb": 0.000_453_592, "lbs": 0.000_453_592}
_LIGHT_TONNES = 3.5

_FORWARD_ONLY = frozenset({"yes", "true", "1"})
_BACKWARD_ONLY = frozenset({"-1", "reverse"})
_BOTH_WAYS = frozenset({"no", "false", "0", "alternating"})
ROUNDABOUTS = frozenset({"roundabout", "circular"})

ACCESS_KEYS = words("oneway junction cycleway motorroad service maxweight maxweightrating").union(*KEYS.values())
"""Keys, before any colon, that :func:`may_drive` reads."""


def may_drive(tags: Mapping[str, str], highway: Highway, category: Category, direction: str) -> bool:
    """Return whether a way's tags let a category drive in one direction, ``forward`` or ``backward``."""
    bit = ACCESS_BIT[category]
    keys = KEYS[category]
    if category is Category.PL and _too_light(tags):
        return False
    signed = stated(tags, [f"{key}:{direction}" for key in keys])
    if signed is not None:
        return signed
    if not _oneway_allows(tags, category, direction):
        return False
    own_keys = [key for key in keys if key not in _GENERAL]
    if highway.open_to & bit:
        if _closed_by_kind(tags, category):
            return stated(tags, own_keys) is True
        return stated(tags, keys) is not False
    return stated(tags, keys if highway.general_opens & bit else own_keys) is True


def _closed_by_kind(tags: Mapping[str, str], category: Category) -> bool:
    if category is Category.CARGO_BIKE:
        return tags.get("motorroad") == "yes"
    return tags.get("service") == "emergency_access"


def stated(tags: Mapping[str, str], keys: Sequence[str]) -> bool | None:
    """Return what the first of ``keys`` with a known value says, ``None`` where nobody says anything."""
    for key in keys:
        value = tags.get(key)
        if value is None:
            continue
        parts = {part.strip() for part in value.split(";")}
        if parts & PERMITS:
            return True
        if parts & DENIES:
            return False
    return None


def _oneway_allows(tags: Mapping[str, str], category: Category, direction: str) -> bool:
    own = next((tags[name] for key in KEYS[category] if (name := f"oneway:{key}") in tags), None)
    value = own or tags.get("oneway") or _implied_oneway(tags)
    if category is Category.CARGO_BIKE and own is None and _has_contraflow_lane(tags):
        return True
    if value in _BOTH_WAYS:
        return True
    if value in _FORWARD_ONLY:
        return direction == "forward"
    if value in _BACKWARD_ONLY:
        return direction == "backward"
    # A reversible lane changes by the hour, which we can't know; any other value is a typing error.
    return value != "reversible"


def _implied_oneway(tags: Mapping[str, str]) -> str:
    return "yes" if tags.get("junction") in ROUNDABOUTS or tags.get("highway") == "motorway" else "no"


def _has_contraflow_lane(tags: Mapping[str, str]) -> bool:
    for key in ("cycleway", "cycleway:both", "cycleway:left", "cycleway:right"):
        if tags.get(key, "").startswith("opposite") or tags.get(f"{key}:oneway") in ("no", "-1"):
            return True
    return False


def _too_light(tags: Mapping[str, str]) -> bool:
    for key in ("maxweight", "maxweightrating", "maxweightrating:hgv"):
        match = _WEIGHT.match(tags.get(key, "").strip().lower())
        if match and float(match[1].replace(",", ".")) * _UNIT_TONNES.get(match[2], 1.0) <= _LIGHT_TONNES:
            return True
    return False
