"""How fast one drives on an OpenStreetMap way: the legal limit, and what a car keeps up where nothing stops it.

Limits are the tagged ones (OSM wiki, Key:maxspeed). What a car keeps up follows the figures of OSRM's car profile
(Project-OSRM/osrm-backend 26, ``profiles/car.lua`` and ``profiles/lib/way_handlers.lua``): four fifths of a tagged
limit, or else a speed by kind of road, and no more than the surface allows. OSRM's factors for narrow roads, single
lanes, side roads and car-park aisles change which way it prefers, not how long it takes, and have no part here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from data.model.streets import RoadClass

_NUMBER = re.compile(r"^(\d+(?:\.\d+)?)\s*(km/h|kmh|kph|mph|knots)?$")
_ZONE = re.compile(r"^(?:[a-z]{2}:)?(?:zone)?:?(\d+)$")
_UNIT_KMH = {"mph": 1.609344, "knots": 1.852}
_WORDS = {"urban": 50, "rural": 80, "trunk": 110, "motorway": 130, "living_street": 20, "walk": 6}
# Where `maxspeed` is absent, mappers write the sign that sets it in one of these.
_LIMIT_KEYS = ("maxspeed", "maxspeed:type", "source:maxspeed", "zone:maxspeed")

SHARE_OF_LIMIT = 0.8
"""What a car keeps up between junctions where a limit is posted."""

_MOVABLE_BRIDGE_KMH = 5
_MOST_KMH: dict[str, dict[str, int]] = {
    "surface": {
        **dict.fromkeys(("cement", "compacted", "fine_gravel"), 80),
        **dict.fromkeys(("paving_stones", "metal", "bricks"), 60),
        **dict.fromkeys(("grass", "wood", "sett", "grass_paver", "gravel", "unpaved", "ground", "dirt"), 40),
        **dict.fromkeys(("pebblestone", "tartan"), 40),
        **dict.fromkeys(("cobblestone", "clay", "snow"), 30),
        **dict.fromkeys(("earth", "stone", "rocky", "sand", "ice"), 20),
        "laterite": 15,
        "mud": 10,
    },
    "tracktype": {"grade1": 60, "grade2": 40, "grade3": 30, "grade4": 25, "grade5": 20},
    "smoothness": {"intermediate": 80, "bad": 40, "very_bad": 20, "horrible": 10, "very_horrible": 5},
}
SPEED_KEYS = frozenset({"maxspeed", "source:maxspeed", "zone:maxspeed", "bridge", *_MOST_KMH})


def limit_kmh(tags: Mapping[str, str], road_class: RoadClass, direction: str, default_kmh: int) -> int:
    """Return the legal limit of a way in one direction, ``forward`` or ``backward``."""
    return _tagged_kmh(tags, road_class, direction, _LIMIT_KEYS) or default_kmh


def cruise_kmh(tags: Mapping[str, str], road_class: RoadClass, direction: str, default_kmh: int) -> float:
    """Return what a car keeps up in one direction; ``default_kmh`` where no limit is tagged."""
    posted = _tagged_kmh(tags, road_class, direction, ("maxspeed:advisory", *_LIMIT_KEYS))
    if posted is not None:
        kmh = SHARE_OF_LIMIT * posted
    else:
        kmh = _MOVABLE_BRIDGE_KMH if tags.get("bridge") == "movable" else default_kmh
    return min(kmh, *(most.get(tags.get(key, ""), kmh) for key, most in _MOST_KMH.items()))


def parse_speed(value: str, road_class: RoadClass | None = None) -> int | None:
    """Return a ``maxspeed`` value in km/h, the lowest where it lists several, or ``None`` where it says none.

    >>> parse_speed("30 mph"), parse_speed("FR:zone30"), parse_speed("50; 40"), parse_speed("signals")
    (48, 30, 40, None)
    """
    speeds = [_one_speed(part.strip().lower(), road_class) for part in re.split(r"[;|]", value)]
    known = [speed for speed in speeds if speed is not None]
    return min(known) if known else None


def _tagged_kmh(tags: Mapping[str, str], road_class: RoadClass, direction: str, keys: tuple[str, ...]) -> int | None:
    for key in keys:
        for name in (f"{key}:{direction}", key):
            if name in tags:
                kmh = parse_speed(tags[name], road_class)
                if kmh is not None:
                    return kmh
    return None


def _one_speed(text: str, road_class: RoadClass | None) -> int | None:
    if text == "none":
        return 130 if road_class is RoadClass.MOTORWAY else None
    number = _NUMBER.match(text)
    if number:
        kmh = round(float(number[1]) * _UNIT_KMH.get(number[2], 1.0))
    else:
        zone = _ZONE.match(text)
        kmh = int(zone[1]) if zone else _WORDS.get(text.rpartition(":")[2], 0)
    return kmh if 1 <= kmh <= 255 else None
