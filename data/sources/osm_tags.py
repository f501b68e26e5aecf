"""What an OpenStreetMap way's or barrier's tags mean for the five vehicle categories.

Rules: the access hierarchy (``access`` < ``vehicle`` < ``motor_vehicle`` < the vehicle's own key), implied one-way
streets and default permissions follow the OSM wiki pages Key:access, Key:oneway, Key:maxspeed and "OSM tags for
routing"; speeds are those of the French Code de la route (R413-2, R413-3, R110-2) inside built-up areas. A delivery
vehicle is one for which ``delivery`` and ``destination`` hold.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from data.model.streets import ACCESS_BIT, RoadClass
from data.model.vehicle import Category

ALL = sum(ACCESS_BIT.values())
BIKE = ACCESS_BIT[Category.CARGO_BIKE]
MOTOR = ALL & ~BIKE


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Most specific key first. A van falls back on the car's sign: who closes a street to cars means vans as well.
_KEYS: dict[Category, tuple[str, ...]] = {
    Category.VP: ("motorcar", "double_tracked_motor_vehicle", "motor_vehicle", "vehicle", "access"),
    Category.VUL: ("goods", "motorcar", "double_tracked_motor_vehicle", "motor_vehicle", "vehicle", "access"),
    Category.PL: ("hgv", "double_tracked_motor_vehicle", "motor_vehicle", "vehicle", "access"),
    Category.TWO_WHEELER: ("motorcycle", "motor_vehicle", "vehicle", "access"),
    Category.CARGO_BIKE: ("bicycle", "vehicle", "access"),
}
_GENERAL = ("vehicle", "access")

_PERMITS = _words("yes designated official permissive public delivery destination customers local")
DENIES = _words(
    "no private restricted residents permit employees staff military emergency agricultural forestry"
    " psv bus taxi hov foot dismount use_sidepath none"
)


class _Highway(NamedTuple):
    """A ``highway`` value: its class, its default speed, who may use it, whom general keys may let in as well."""

    road_class: RoadClass
    speed_kmh: int
    open_to: int
    general_opens: int = 0


_HIGHWAYS: dict[str, _Highway] = {
    "motorway": _Highway(RoadClass.MOTORWAY, 130, MOTOR),
    "motorway_link": _Highway(RoadClass.MOTORWAY, 70, MOTOR),
    # In France a trunk is most often a "route pour automobiles", closed to bicycles.
    "trunk": _Highway(RoadClass.TRUNK, 110, MOTOR),
    "trunk_link": _Highway(RoadClass.TRUNK, 70, MOTOR),
    "primary": _Highway(RoadClass.PRIMARY, 50, ALL),
    "primary_link": _Highway(RoadClass.PRIMARY, 50, ALL),
    "secondary": _Highway(RoadClass.SECONDARY, 50, ALL),
    "secondary_link": _Highway(RoadClass.SECONDARY, 50, ALL),
    "tertiary": _Highway(RoadClass.TERTIARY, 50, ALL),
    "tertiary_link": _Highway(RoadClass.TERTIARY, 50, ALL),
    "unclassified": _Highway(RoadClass.UNCLASSIFIED, 50, ALL),
    "road": _Highway(RoadClass.UNCLASSIFIED, 50, ALL),
    "residential": _Highway(RoadClass.RESIDENTIAL, 50, ALL),
    "living_street": _Highway(RoadClass.LIVING_STREET, 20, ALL),
    "service": _Highway(RoadClass.SERVICE, 20, ALL),
    "pedestrian": _Highway(RoadClass.PEDESTRIAN, 6, BIKE, general_opens=MOTOR),
    "track": _Highway(RoadClass.TRACK, 20, BIKE, general_opens=MOTOR),
    "cycleway": _Highway(RoadClass.CYCLEWAY, 25, BIKE),
    "path": _Highway(RoadClass.CYCLEWAY, 15, 0),
    "footway": _Highway(RoadClass.CYCLEWAY, 6, 0),
    "busway": _Highway(RoadClass.SERVICE, 30, 0),
    "bus_guideway": _Highway(RoadClass.SERVICE, 30, 0),
}
SLOW_HIGHWAYS = frozenset({"service", "pedestrian", "track", "cycleway", "path", "footway"})

_SPEED_NUMBER = re.compile(r"^(\d+(?:\.\d+)?)\s*(km/h|kmh|kph|mph|knots)?$")
_SPEED_ZONE = re.compile(r"^(?:[a-z]{2}:)?(?:zone)?:?(\d+)$")
_UNIT_KMH = {"mph": 1.609344, "knots": 1.852}
_SPEED_WORDS = {"urban": 50, "rural": 80, "trunk": 110, "motorway": 130, "living_street": 20, "walk": 6}
# Where `maxspeed` is absent, mappers write the sign that sets it in one of these.
_SPEED_KEYS = ("maxspeed", "maxspeed:type", "source:maxspeed", "zone:maxspeed")

_WEIGHT = re.compile(r"^(\d+(?:[.,]\d+)?)\s*(t|kg|lbs?)?$")
_UNIT_TONNES = {"kg": 0.001, "lb": 0.000_453_592, "lbs": 0.000_453_592}
_LIGHT_TONNES = 3.5

_FORWARD_ONLY = frozenset({"yes", "true", "1"})
_BACKWARD_ONLY = frozenset({"-1", "reverse"})
_BOTH_WAYS = frozenset({"no", "false", "0", "alternating"})
_ONE_WAY_JUNCTIONS = frozenset({"roundabout", "circular"})

_OPEN_BARRIERS = _words(
    "gate lift_gate swing_gate sliding_gate toll_booth cattle_grid border_control sally_port entrance no kerb"
    " height_restrictor arch hampshire_gate bump_gate"
)
_NO_BICYCLE_BARRIERS = _words(
    "stile kissing_gate turnstile full-height_turnstile cycle_barrier wall fence hedge guard_rail"
)

_RELEVANT = _words(
    "highway junction oneway cycleway motorroad area service locked barrier maxspeed source:maxspeed zone:maxspeed"
    " maxweight maxweightrating"
).union(*_KEYS.values())


class WayRules(NamedTuple):
    """What a way's tags say; access is an or of ``ACCESS_BIT`` per direction of the way's nodes."""

    road_class: RoadClass
    forward_kmh: int
    backward_kmh: int
    forward_access: int
    backward_access: int


def is_relevant(key: str) -> bool:
    """Return whether a tag of this key can change :func:`way_rules` or :func:`barrier_blocks`."""
    return key in _RELEVANT or key.partition(":")[0] in _RELEVANT


def way_rules(tags: Mapping[str, str]) -> WayRules | None:
    """Return class, speeds (km/h) and access of a way with ``tags``, or ``None`` where no vehicle may go."""
    return _way_rules(frozenset((key, value) for key, value in tags.items() if is_relevant(key)))


@lru_cache(maxsize=65_536)
def _way_rules(items: frozenset[tuple[str, str]]) -> WayRules | None:
    tags = dict(items)
    name = tags.get("highway", "").split(";")[0].strip()
    highway = _HIGHWAYS.get(name)
    # Only the outline of a square is worth following; the outline of a car park is not a street.
    if highway is None or (tags.get("area") == "yes" and name != "pedestrian"):
        return None
    access = {"forward": 0, "backward": 0}
    for category, bit in ACCESS_BIT.items():
        for direction in access:
            if _may_drive(tags, highway, category, direction):
                access[direction] |= bit
    if not any(access.values()):
        return None
    forward_kmh, backward_kmh = (_way_speed(tags, highway, direction) for direction in access)
    return WayRules(highway.road_class, forward_kmh, backward_kmh, access["forward"], access["backward"])


def barrier_blocks(tags: Mapping[str, str]) -> int:
    """Return who can't pass a node with these tags, as an or of ``ACCESS_BIT`` (0 where it is no barrier)."""
    kind = tags.get("barrier")
    if kind is None:
        return 0
    if tags.get("locked") == "yes":
        blocked = ALL
    elif kind in _OPEN_BARRIERS:
        blocked = 0
    elif kind in _NO_BICYCLE_BARRIERS:
        blocked = ALL
    else:
        blocked = MOTOR
    for category, bit in ACCESS_BIT.items():
        stated = _stated(tags, _KEYS[category])
        if stated is not None:
            blocked = blocked & ~bit if stated else blocked | bit
    return blocked


def parse_speed(value: str, road_class: RoadClass | None = None) -> int | None:
    """Return a ``maxspeed`` value in km/h, the lowest where it lists several, or ``None`` where it says none.

    >>> parse_speed("30 mph"), parse_speed("FR:zone30"), parse_speed("50; 40"), parse_speed("signals")
    (48, 30, 40, None)
    """
    speeds = [_one_speed(part.strip().lower(), road_class) for part in re.split(r"[;|]", value)]
    known = [speed for speed in speeds if speed is not None]
    return min(known) if known else None


def _one_speed(text: str, road_class: RoadClass | None) -> int | None:
    if text == "none":
        return 130 if road_class is RoadClass.MOTORWAY else None
    number = _SPEED_NUMBER.match(text)
    if number:
        kmh = round(float(number[1]) * _UNIT_KMH.get(number[2], 1.0))
    else:
        zone = _SPEED_ZONE.match(text)
        kmh = int(zone[1]) if zone else _SPEED_WORDS.get(text.rpartition(":")[2], 0)
    return kmh if 1 <= kmh <= 255 else None


def _way_speed(tags: Mapping[str, str], highway: _Highway, direction: str) -> int:
    for key in (f"maxspeed:{direction}", *_SPEED_KEYS):
        if key in tags:
            kmh = parse_speed(tags[key], highway.road_class)
            if kmh is not None:
                return kmh
    return highway.speed_kmh


def _may_drive(tags: Mapping[str, str], highway: _Highway, category: Category, direction: str) -> bool:
    bit = ACCESS_BIT[category]
    keys = _KEYS[category]
    if category is Category.PL and _too_light(tags):
        return False
    signed = _stated(tags, [f"{key}:{direction}" for key in keys])
    if signed is not None:
        return signed
    if not _oneway_allows(tags, category, direction):
        return False
    own_keys = [key for key in keys if key not in _GENERAL]
    if highway.open_to & bit:
        if _closed_by_kind(tags, category):
            return _stated(tags, own_keys) is True
        return _stated(tags, keys) is not False
    return _stated(tags, keys if highway.general_opens & bit else own_keys) is True


def _closed_by_kind(tags: Mapping[str, str], category: Category) -> bool:
    if category is Category.CARGO_BIKE:
        return tags.get("motorroad") == "yes"
    return tags.get("service") == "emergency_access"


def _stated(tags: Mapping[str, str], keys: list[str] | tuple[str, ...]) -> bool | None:
    """Return what the first of ``keys`` with a known value says, ``None`` where nobody says anything."""
    for key in keys:
        value = tags.get(key)
        if value is None:
            continue
        parts = {part.strip() for part in value.split(";")}
        if parts & _PERMITS:
            return True
        if parts & DENIES:
            return False
    return None


def _oneway_allows(tags: Mapping[str, str], category: Category, direction: str) -> bool:
    own = next((tags[name] for key in _KEYS[category] if (name := f"oneway:{key}") in tags), None)
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
    return "yes" if tags.get("junction") in _ONE_WAY_JUNCTIONS or tags.get("highway") == "motorway" else "no"


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
