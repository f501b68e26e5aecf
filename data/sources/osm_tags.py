"""What an OpenStreetMap way's tags mean: its class, its speeds, who may drive on it and when."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache, partial
from typing import NamedTuple

from data.model.streets import ACCESS_BIT, RoadClass
from data.model.vehicle import Category
from data.sources.osm_access import ACCESS_KEYS, HIGHWAYS, ROUNDABOUTS, Highway, may_drive
from data.sources.osm_speed import SPEED_KEYS, cruise_kmh, limit_kmh
from data.sources.osm_timed import Clause, clauses, hours_for

_RELEVANT = ACCESS_KEYS | SPEED_KEYS | frozenset({"highway", "area", "impassable", "delivery"})
# The van first: it is what delivers.
_MOTOR = (Category.VUL, Category.VP, Category.PL, Category.TWO_WHEELER)


class Course(NamedTuple):
    """One direction of a way: legal limit, what a car keeps up, who may drive (an or of ``ACCESS_BIT``).

    ``hours`` are OSM opening hours: motor vehicles may drive then only; empty where they may at any time.
    """

    limit_kmh: int
    cruise_kmh: float
    access: int
    hours: str


class WayRules(NamedTuple):
    """What a way's tags say; ``ignores_hours`` where some of its timed rules can't be applied."""

    road_class: RoadClass
    roundabout: bool
    forward: Course
    backward: Course
    ignores_hours: bool


@lru_cache(maxsize=4096)
def is_relevant(key: str) -> bool:
    """Return whether a tag of this key can change :func:`way_rules`."""
    return key in _RELEVANT or key.partition(":")[0] in _RELEVANT


def way_rules(tags: Mapping[str, str]) -> WayRules | None:
    """Return what the ``tags`` of a way say, or ``None`` where no vehicle may go."""
    return _way_rules(frozenset((key, value) for key, value in tags.items() if is_relevant(key)))


@lru_cache(maxsize=65_536)
def _way_rules(items: frozenset[tuple[str, str]]) -> WayRules | None:
    tags = dict(items)
    name = tags.get("highway", "").split(";")[0].strip()
    highway = HIGHWAYS.get(name)
    # Only the outline of a square is worth following; the outline of a car park is not a street.
    if highway is None or (tags.get("area") == "yes" and name != "pedestrian") or _is_impassable(tags):
        return None
    timed, unreadable = clauses(tags)
    forward, forward_used = _course(tags, highway, "forward", timed)
    backward, backward_used = _course(tags, highway, "backward", timed)
    if not forward.access | backward.access:
        return None
    return WayRules(
        road_class=highway.road_class,
        roundabout=tags.get("junction") in ROUNDABOUTS,
        forward=forward,
        backward=backward,
        ignores_hours=unreadable or len(forward_used | backward_used) < len(set(timed)),
    )


def _is_impassable(tags: Mapping[str, str]) -> bool:
    return tags.get("impassable") == "yes" or tags.get("smoothness") == "impassable"


def _course(
    tags: Mapping[str, str], highway: Highway, direction: str, timed: list[Clause]
) -> tuple[Course, set[Clause]]:
    """Return one direction of a way, and the timed rules its access and hours follow."""
    open_to = {one for one in ACCESS_BIT if may_drive(tags, highway, one, direction)}
    hours, applied = "", set[Clause]()
    if timed:
        hours, admitted, applied = _street_hours(tags, highway, direction, timed, open_to)
        open_to |= admitted
    course = Course(
        limit_kmh=limit_kmh(tags, highway.road_class, direction, highway.limit_kmh),
        cruise_kmh=cruise_kmh(tags, highway.road_class, direction, highway.cruise_kmh),
        access=sum(ACCESS_BIT[one] for one in open_to),
        hours=hours,
    )
    return course, applied


def _street_hours(
    tags: Mapping[str, str], highway: Highway, direction: str, timed: list[Clause], always: set[Category]
) -> tuple[str, set[Category], set[Clause]]:
    """Return the hours of a street, who may drive at them, and the timed rules they follow.

    One set of hours has to do for all motor vehicles: the van's, or the first one's that may drive at any time. A rule
    that gives another vehicle other hours does not count, and what holds for it at all other times holds always.
    """
    found = {
        one: hours_for(tags, timed, partial(may_drive, highway=highway, category=one, direction=direction))
        for one in _MOTOR
    }
    hours = next((found[one][0] for one in _MOTOR if one in always or found[one][0]), "")
    same = {one for one in _MOTOR if found[one][0] == hours}
    applied = set[Clause]().union(*(found[one][1] for one in same))
    return hours, same if hours else set(), applied
