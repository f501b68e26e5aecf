"""Matrices of a VROOM document: those it brings, checked and cut down to the locations in use, and those of a city."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from data.errors import JalonError
from data.model.city import City
from routing.compat.open_roads import CATEGORIES, Drives, drives
from routing.compat.vroom_fields import MAX_UINT, Json, refusal
from routing.compat.vroom_values import DEFAULT_PER_HOUR, I64, ROUTING, Matrices, Spot, Vehicle, VroomError

KINDS = ("durations", "distances", "costs")

Given = dict[str, dict[str, I64]]


def given_matrices(document: Json) -> Given:
    """Return the document's matrices by profile and kind, whole.

    Raises
    ------
    VroomError
        Code 2 where one is not square, not of whole numbers or empty.
    """
    profiles = document.get("matrices")
    if profiles is None:
        return _old_style(document)
    if not isinstance(profiles, dict):
        raise refusal("Unexpected matrices value.", "#/matrices")
    return {
        profile: {
            kind: _matrix(values[kind], kind, profile, f"#/matrices/{profile}/{kind}")
            for kind in KINDS
            if kind in values
        }
        for profile, values in profiles.items()
        if isinstance(values, dict)
    }


def _old_style(document: Json) -> Given:
    """Return ``matrix`` as the durations of ``car`` and of whatever else is driven.

    openrouteservice's client sends it with vehicles that are ``driving-car`` unless they are told otherwise.
    """
    if "matrix" not in document:
        return {}
    durations = _matrix(document["matrix"], "durations", "car", "#/matrix")
    driven = {vehicle.get("profile") or "car" for vehicle in document["vehicles"]}
    return {profile: {"durations": durations} for profile in {"car", *driven}}


def _matrix(rows: Any, kind: str, profile: str, where: str) -> I64:
    if not isinstance(rows, list):
        raise refusal("Invalid matrix.", where)
    if not rows:
        raise refusal(f"Empty {kind} matrix for {profile} profile.", where)
    for index, row in enumerate(rows):
        if not isinstance(row, list) or len(row) != len(rows):
            raise refusal("Unexpected matrix line length.", f"{where}/{index}", f"{len(rows)} rows: as many columns")
        for column, value in enumerate(row):
            if type(value) is not int or not 0 <= value <= MAX_UINT:
                raise refusal("Invalid matrix entry.", f"{where}/{index}/{column}", "whole numbers of 0 or more")
    return np.array(rows, dtype=np.int64)


def check_matrices(given: Given, vehicles: Sequence[Vehicle], spots: Sequence[Spot]) -> None:
    """Raise where matrices, locations and prices contradict each other."""
    indices = [spot.index for spot in spots if spot.index is not None]
    brought = any(given.values())
    if brought and not indices:
        raise refusal("Missing location index.", "#", "with matrices every location needs its row")
    if indices and not brought:
        raise refusal("Unexpected location index while no custom matrices provided.", "#", "add `matrices`")
    measured = any("distances" in kinds for kinds in given.values())
    for profile in dict.fromkeys(vehicle.profile for vehicle in vehicles):
        kinds = given.get(profile, {})
        if measured and "distances" not in kinds:
            raise refusal(f"Missing distances matrix for {profile} profile.", "#/matrices")
        if "distances" in kinds and "durations" not in kinds:
            message = f"Custom matrix provided for distances but not for durations for {profile} profile."
            raise refusal(message, f"#/matrices/{profile}")
        for kind, matrix in kinds.items():
            if len(matrix) <= max(indices):
                raise refusal(f"location_index exceeding {kind} matrix size for {profile} profile.", "#/matrices")
    for row, vehicle in enumerate(vehicles):
        if "costs" in given.get(vehicle.profile, {}) and vehicle.per_hour != DEFAULT_PER_HOUR:
            message = "Custom costs are incompatible with using a per_hour value."
            raise refusal(message, f"#/vehicles/{row}/costs/per_hour")


def streets_needed(given: Given, vehicles: Sequence[Vehicle], geometry: bool) -> list[str]:
    """Return the profiles for which the document's own matrices don't suffice."""
    return list(
        dict.fromkeys(
            vehicle.profile
            for vehicle in vehicles
            if geometry
            or "durations" not in given.get(vehicle.profile, {})
            or (vehicle.per_km and not {"distances", "costs"} & given[vehicle.profile].keys())
            or (vehicle.max_distance_m is not None and "distances" not in given[vehicle.profile])
        )
    )


def on_streets(
    city: City | None, spots: Sequence[Spot], profiles: Sequence[str], owners: Mapping[object, tuple[str, str]]
) -> dict[str, Drives]:
    """Return the drives between ``spots`` on the city's streets by profile, nothing closed.

    ``owners`` says by a spot's key where the document gives it, as JSON pointer and in words, for the errors.

    Raises
    ------
    VroomError
        Code 2 for missing coordinates or an unknown profile; code 3 without a city, or for a location off its streets.
    """
    points = [spot.lon_lat for spot in spots if spot.lon_lat is not None]
    if len(points) < len(spots):
        raise refusal("Missing coordinates for routing engine.", "#", "give every location its [lon, lat]")
    for profile in profiles:
        if profile not in CATEGORIES:
            raise refusal(f"Invalid profile: {profile}.", "#/vehicles", f"known are {', '.join(sorted(CATEGORIES))}")
    if city is None:
        message = f"no streets to route on for {', '.join(profiles)}: give `matrices`, or name a city with --city"
        raise VroomError(ROUTING, message, "#")
    lon, lat = np.array(points, dtype=np.float64).T
    try:
        found = {category: drives(city, category, lat, lon) for category in {CATEGORIES[one] for one in profiles}}
    except JalonError as error:
        raise _off_streets(error, spots, owners) from error
    return {profile: found[CATEGORIES[profile]] for profile in profiles}


def _off_streets(error: JalonError, spots: Sequence[Spot], owners: Mapping[object, tuple[str, str]]) -> VroomError:
    """Return the error of the streets in the document's terms: a point is where and whose it was given."""
    point = re.fullmatch(r"#/(\d+)", error.where)
    if point is None:
        return VroomError(ROUTING, error.message, error.where, error.action)
    where, name = owners[spots[int(point[1])].key]
    return VroomError(ROUTING, error.message.replace(f"point {point[1]}", name, 1), where, error.action)


def used_matrices(
    given: Given, streets: Mapping[str, Drives], vehicles: Sequence[Vehicle], spots: Sequence[Spot]
) -> dict[str, Matrices]:
    """Return each driven profile's matrices between the locations in use, the document's own where it brings them."""
    used = {}
    for profile in dict.fromkeys(vehicle.profile for vehicle in vehicles):
        kinds: dict[str, I64] = {}
        if profile in streets:
            duration_s, distance_m = streets[profile].table()
            assert distance_m is not None
            kinds |= {"durations": duration_s.astype(np.int64), "distances": distance_m.astype(np.int64)}
        rows = np.array([spot.index or 0 for spot in spots])
        kinds |= {kind: matrix[np.ix_(rows, rows)] for kind, matrix in given.get(profile, {}).items()}
        used[profile] = Matrices(kinds["durations"], kinds.get("distances"), kinds.get("costs"))
    return used
