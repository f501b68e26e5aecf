"""A plan as one HTML file: our own streets behind the tours. Python builds the GeoJSON, the scripts only draw it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from data.model.city import City
from data.model.plan import Plan
from routing.map.layers import place_features, street_features, zone_features
from routing.map.page import OSM_ATTRIBUTION, inline_json, render_page
from routing.map.plan import Shapes, assignments, plan_view, vehicle_colours

__all__ = ["OSM_ATTRIBUTION", "inline_json", "payload", "render_map"]


def render_map(
    city: City,
    after: Plan,
    before: Plan | None,
    shapes: Mapping[tuple[str, str, int], list[tuple[float, float]]],
    attribution: str = OSM_ATTRIBUTION,
) -> str:
    """Return one self-contained HTML page that shows ``after`` and, on a switch, ``before``.

    Parameters
    ----------
    city : City
        Streets (the background), zones and shared places.
    after, before : Plan
        The plan to show and the one it replaces, if any.
    shapes : mapping of (plan id, vehicle id, leg index) to list of (lon, lat)
        What each leg drives along; a leg without a shape is drawn straight and dashed.
    attribution : str
        Whom the streets are owed to.

    Raises
    ------
    InputError
        ``unknown_reference`` where a plan names a place, vehicle, hub or order it does not hold.
    """
    title = f"Tournées · {after.city or city.name} · {after.day:%d/%m/%Y}"
    data = payload(city, after, before, shapes, attribution)
    return render_page("map.html", ("base.js", "panel.js", "map.js"), ("map.css",), title, data)


def payload(city: City, after: Plan, before: Plan | None, shapes: Shapes, attribution: str) -> dict[str, Any]:
    """Return all that the page draws, as plain JSON types; positions are [lon, lat] with 5 decimals (1 m)."""
    colours = vehicle_colours(after, before)
    now = assignments(after)
    was = assignments(before) if before else {}
    known = {order.id for order in before.orders} if before else set()
    return {
        "city": after.city or city.name,
        "attribution": attribution,
        "streets": street_features(city.streets),
        "zones": zone_features(city.zones, after.day),
        "places": place_features((*city.places, *after.places)),
        "moves": {order: {"was": was.get(order), "now": now.get(order)} for order in after.moved},
        "added": [order.id for order in after.orders if order.id not in known] if before else [],
        "dropped": {order: was[order] for order in was if order not in now and order not in after.done},
        "after": plan_view(after, shapes, colours),
        "before": plan_view(before, shapes, colours) if before else None,
    }
