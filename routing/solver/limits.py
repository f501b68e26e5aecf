"""Limits of a tour, where vehicles have any: for how long it drives, and how far."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.jit import inner, part
from routing.problem import NO_LOCATION
from routing.solver.links import log_tour, succ
from routing.solver.rules import Rules

if TYPE_CHECKING:
    from routing.solver.tours import Tours


@inner
def length_m(rules: Rules, profile: int, source: int, target: int) -> int:
    """Return how long a leg is; 0 for the missing way home of an open tour."""
    return 0 if profile < 0 else 0 + rules.length_m[profile, source, target]


@part
def drive_holds(rules: Rules, tours: Tours, vehicle: int) -> bool:
    """Sum up how long and how far a scheduled tour drives; return whether its vehicle may."""
    if len(rules.most) == 0:
        return True
    end = len(rules.orders) + 2 * vehicle + 1
    seconds, metres, node = 0, 0, end - 1
    while node != end:
        target = succ(tours, node)
        there = tours.nodes[target]
        seconds += there.travel_s
        metres += length_m(rules, 0 + there.profile, 0 + tours.nodes[node].place, 0 + there.place)
        node = target
    log_tour(tours, vehicle)
    tours.fleet[vehicle].drive_s, tours.fleet[vehicle].drive_m = seconds, metres
    return tours.fleet[vehicle].stops == 0 or may_drive(rules, vehicle, seconds, metres)


@inner
def may_drive(rules: Rules, vehicle: int, seconds: int, metres: int) -> bool:
    """Return whether a vehicle may drive for so long and so far on its tour."""
    return seconds <= rules.most[vehicle, 0] and metres <= rules.most[vehicle, 1]


@inner
def may_call(
    rules: Rules, tours: Tours, vehicle: int, after: int, place: int, more_s: int, there_by: int, on_by: int
) -> bool:
    """Return whether a tour may drive ``more_s`` longer, over a place right after a node.

    ``there_by`` and ``on_by`` are the profiles of the legs to that place and on from it.
    """
    tour, here, there = tours.fleet[vehicle], tours.nodes[after], tours.nodes[tours.nodes[after].succ]
    metres = length_m(rules, there_by, 0 + here.place, place) + length_m(rules, on_by, place, 0 + there.place)
    metres -= length_m(rules, 0 + there.profile, 0 + here.place, 0 + there.place)
    return may_drive(rules, vehicle, tour.drive_s + more_s, tour.drive_m + metres)


@part
def may_swap(rules: Rules, tours: Tours, before: int, last: int) -> bool:
    """Return whether two tours of vehicles that are the same may drive with what follows two nodes exchanged.

    New legs are taken to last as long as they ever do at least: the exact pass decides.
    """
    one, other = 0 + tours.nodes[before].vehicle, 0 + tours.nodes[last].vehicle
    rest, after = succ(tours, before), succ(tours, last)
    rest_s, rest_m = drive_from(rules, tours, rest)
    after_s, after_m = drive_from(rules, tours, after)
    into_rest, into_after = tours.nodes[rest], tours.nodes[after]
    seconds = tours.fleet[one].drive_s - rest_s + after_s - into_rest.travel_s
    metres = tours.fleet[one].drive_m - rest_m + after_m
    metres -= length_m(rules, 0 + into_rest.profile, 0 + tours.nodes[before].place, 0 + into_rest.place)
    if not may_join(rules, tours, one, before, after, seconds, metres):
        return False
    seconds = tours.fleet[other].drive_s - after_s + rest_s - into_after.travel_s
    metres = tours.fleet[other].drive_m - after_m + rest_m
    metres -= length_m(rules, 0 + into_after.profile, 0 + tours.nodes[last].place, 0 + into_after.place)
    return may_join(rules, tours, other, last, rest, seconds, metres)


@inner
def drive_from(rules: Rules, tours: Tours, node: int) -> tuple[int, int]:
    """Return for how long and how far a tour drives from a node on."""
    seconds, metres = 0, 0
    while node < len(rules.orders):
        target = succ(tours, node)
        there = tours.nodes[target]
        seconds += there.travel_s
        metres += length_m(rules, 0 + there.profile, 0 + tours.nodes[node].place, 0 + there.place)
        node = target
    return seconds, metres


@inner
def may_join(rules: Rules, tours: Tours, vehicle: int, before: int, after: int, seconds: int, metres: int) -> bool:
    """Return whether a vehicle may drive so much and a leg between two nodes."""
    place, there = 0 + tours.nodes[before].place, tours.nodes[after]
    if there.place != NO_LOCATION:
        seconds += rules.low[place, there.place].out_s
        metres += length_m(rules, 0 + there.profile, place, 0 + there.place)
    return may_drive(rules, vehicle, seconds, metres)
