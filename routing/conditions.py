"""What the arcs of one profile cost: which are closed, and how long the others take in its time slice."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from data.model.city import City
from data.model.streets import RoadClass, StreetNetwork
from data.model.traffic import SPEED_FACTOR, SpeedCurves, Traffic
from data.model.vehicle import Category
from routing.matrix.cost import INF
from routing.slices import FREE_FLOW, Profile, Speed
from routing.streets import MAX_KMH, standing_ms


def city_curves(city: City) -> SpeedCurves | None:
    """Return the speed curves kept with a city, if it was built with any."""
    factor = city.derived.get(SPEED_FACTOR)
    return None if factor is None else SpeedCurves(np.asarray(factor, dtype=np.float64))


def closed_arcs(
    profile: Profile, zone_of_arc: NDArray[np.int16], arc_hours: NDArray[np.int16], traffic: Traffic
) -> NDArray[np.bool_]:
    """Return which arcs are closed in a profile, bool [m]: by a zone, by their own hours or by a report.

    Parameters
    ----------
    zone_of_arc : int16 [m]
        The zone in force, as :func:`routing.access.zone_in_force` gives it.
    arc_hours : int16 [m]
        ``StreetNetwork.arc_hours``.
    """
    closed: NDArray[np.bool_] = np.isin(zone_of_arc, list(profile.closed)) | np.isin(arc_hours, list(profile.hours))
    for index in profile.blocked:
        closed[traffic.reports[index].arc] = True
    return closed


def slice_weights(
    weights_ms: NDArray[np.int32],
    streets: StreetNetwork,
    category: Category,
    speed: Speed,
    traffic: Traffic,
    closed: NDArray[np.bool_],
) -> NDArray[np.int32]:
    """Return the milliseconds per arc at a speed, INF where closed.

    Driving is scaled, what is lost standing at lights and gates (``obstacle_ms``) is not. Reports come after the
    factors: a measured speed is what it is whatever the weather, though never above the category's own limit.

    Parameters
    ----------
    weights_ms : int32 [m]
        At free flow, obstacles included; INF where the category may not drive. Left unchanged.
    closed : bool [m]
        See :func:`closed_arcs`.

    Returns
    -------
    int32 [m]
        At least 1 where open. At free flow exactly ``weights_ms``.
    """
    if speed == FREE_FLOW:
        return np.where(closed, np.int32(INF), weights_ms)
    lost_ms = standing_ms(streets, category)
    driving_ms = np.maximum(weights_ms - lost_ms, 0) * _slowness(speed)[streets.road_class]
    for index in speed.reports:
        report = traffic.reports[index]
        arc, share = report.arc, report.share
        least_ms = (1.0 - share) * streets.length_dm[arc] * (360.0 / MAX_KMH[category])
        driving_ms[arc] = driving_ms[arc] * share + np.maximum(report.fixed_ms, least_ms)
    time_ms = np.clip(np.floor(driving_ms + 0.5) + lost_ms, 1, INF - 1).astype(np.int32)
    time_ms[closed | (weights_ms >= INF)] = INF
    return time_ms


def _slowness(speed: Speed) -> NDArray[np.float64]:
    """Return how many times as long a metre takes, by road class."""
    factor = np.array(speed.factor, dtype=np.float64)
    assert factor.shape == (len(RoadClass),)
    slowness: NDArray[np.float64] = 1.0 / factor
    return slowness
