"""A plan as one HTML file: our own streets behind the tours, no network, no tiles, no fonts.

Python builds the GeoJSON and the page around it; the scripts only draw it. User text reaches the page through JSON
and ``textContent`` alone, and the page's Content-Security-Policy names the hashes of its own scripts, so that nothing
else runs even if a text got out.
"""

from __future__ import annotations

import base64
import hashlib
import html
import importlib.resources
import importlib.util
import json
import re
from collections.abc import Mapping
from importlib.resources.abc import Traversable
from typing import Any

from data.model.city import City
from data.model.plan import Plan
from routing.map.layers import place_features, street_features, zone_features
from routing.map.plan import Shapes, assignments, plan_view, vehicle_colours

OSM_ATTRIBUTION = "© contributeurs OpenStreetMap (ODbL)"


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
    page = _own("map.html").read_text("utf-8")
    scripts = {
        "maplibre_js": _maplibre("maplibre-gl.js"),
        "panel_js": _own("panel.js").read_text("utf-8"),
        "page_js": _own("map.js").read_text("utf-8"),
    }
    day = after.day.strftime("%d/%m/%Y")
    parts = {
        **scripts,
        "policy": _policy(*scripts.values()),
        "title": html.escape(f"Tournées · {after.city or city.name} · {day}"),
        "maplibre_css": _maplibre("maplibre-gl.css"),
        "page_css": _own("map.css").read_text("utf-8"),
        "data": inline_json(payload(city, after, before, shapes, attribution)),
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match[1]], page)


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


def inline_json(value: object) -> str:
    """Return ``value`` as JSON that is inert inside ``<script>``: no ``<``, ``>``, ``&``, U+2028 or U+2029."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return re.sub("[<>&\u2028\u2029]", lambda match: f"\\u{ord(match[0]):04x}", text)


def _policy(*scripts: str) -> str:
    digests = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests)
    return (
        f"default-src 'none'; script-src {allowed}; worker-src blob:; child-src blob:; "
        "style-src 'unsafe-inline'; img-src data: blob:; connect-src data: blob:"
    )


def _own(name: str) -> Traversable:
    return importlib.resources.files("routing.map").joinpath(name)


def _maplibre(name: str) -> str:
    # Importing maplibre would install a log handler: its module object is enough to reach the files.
    spec = importlib.util.find_spec("maplibre")
    if spec is None:
        raise ModuleNotFoundError("the map needs the maplibre package", name="maplibre")
    package = importlib.util.module_from_spec(spec)
    text = importlib.resources.files(package).joinpath("srcjs", name).read_text("utf-8")
    return text.partition("//# sourceMappingURL=")[0]
