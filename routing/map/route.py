"""A few vehicles' drives between the same points as one HTML file: who drives around a zone, and how far."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from data.model.city import City
from routing.map.layers import Feature, collection, feature, position, simplify_line, street_features, zone_features
from routing.map.page import OSM_ATTRIBUTION, render_page
from routing.trip import Ban, Trip

# Okabe and Ito's colours (Color Universal Design, 2008) that stand out from green zones and yellow main roads.
COLOURS = ("#D55E00", "#0072B2", "#AA4499", "#332288", "#882255", "#5F6B7A")


def render_route(
    city: City,
    trips: Sequence[Trip],
    points: Sequence[tuple[float, float]],
    depart_at: datetime,
    attribution: str = OSM_ATTRIBUTION,
) -> str:
    """Return one self-contained HTML page that shows the drives over the streets and zones.

    Parameters
    ----------
    points : sequence of (lat, lon)
        From, via, to.
    depart_at : aware datetime
        Its day and clock are shown as they are.
    attribution : str
        Whom the streets are owed to.
    """
    data = route_payload(city, trips, points, depart_at, attribution)
    title = f"Trajet · {city.name} · {depart_at:%d/%m/%Y %H:%M}"
    return render_page("route.html", ("base.js", "route.js"), ("map.css", "route.css"), title, data)


def route_payload(
    city: City,
    trips: Sequence[Trip],
    points: Sequence[tuple[float, float]],
    depart_at: datetime,
    attribution: str,
) -> dict[str, Any]:
    """Return all that the page draws, as plain JSON types."""
    bans = {(ban.zone.id, trip.access.category): _ban(ban, trip) for trip in trips for ban in trip.avoided}
    return {
        "city": city.name,
        "attribution": attribution,
        "day": depart_at.date().isoformat(),
        "time": f"{depart_at:%H:%M}",
        "streets": street_features(city.streets),
        "zones": zone_features(city.zones, depart_at.date()),
        "lines": collection(_lines(trips)),
        "ends": [position(lon, lat) for lat, lon in points],
        "routes": [_route(trip, _colour(rank)) for rank, trip in enumerate(trips)],
        "bans": list(bans.values()),
    }


def _colour(rank: int) -> str:
    return COLOURS[rank % len(COLOURS)]


def _lines(trips: Sequence[Trip]) -> Iterator[Feature]:
    for rank, trip in enumerate(trips):
        line = simplify_line([(lon, lat) for lon, lat in trip.way.points.tolist()])
        yield feature("LineString", line, rank=rank, colour=_colour(rank))


def _route(trip: Trip, colour: str) -> dict[str, Any]:
    return {
        "colour": colour,
        "category": trip.access.category.value,
        "critair": trip.access.critair.value,
        "energy": trip.access.energy.value,
        "travel_s": trip.way.travel_s,
        "distance_m": trip.way.distance_m,
        "extra_s": trip.extra_s,
        "extra_m": trip.extra_m,
        "avoided": [ban.zone.name or ban.zone.id for ban in trip.avoided],
    }


def _ban(ban: Ban, trip: Trip) -> dict[str, str]:
    return {
        "name": ban.zone.name or ban.zone.id,
        "category": trip.access.category.value,
        "first_banned": ban.closure.first_banned.value,
        "hours": ban.closure.hours,
        "until": f"{ban.until_at:%H:%M}" if ban.until_at else "",
        "decree_url": ban.closure.decree_url,
    }
