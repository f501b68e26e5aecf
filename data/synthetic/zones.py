"""The invented city's low-emission zones: one of each kind of rule a real file holds."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import shapely
from shapely import LineString, Polygon

from data.model.streets import RoadClass
from data.model.vehicle import Category, Critair
from data.model.zone import Zone, ZoneKind, ZoneRule
from data.synthetic.graph import Graph
from data.synthetic.network import to_degrees
from data.synthetic.outline import Outline

SIREN = "999000001"  # of no real authority
ZFE_ID, CORE_ID, ROAD_ID, FUTURE_ID = (
    f"{SIREN}-ZFE-001",
    f"{SIREN}-ZFE-002",
    "TRONROUT0000099900000001",
    f"{SIREN}-ZFE-003",
)
DECREE_URL = "https://example.org/arretes/2026-zfe"
FROM_RING_M, FROM_WALL_M = 85.0, 16.0


def low_emission_zones(outline: Outline, graph: Graph) -> tuple[Zone, ...]:
    """Return the zone inside the ring, its stricter core, the through route that stays open, and a future rule."""
    everywhere = _polygon(outline.within_ring.buffer(-FROM_RING_M).simplify(4))
    core = _polygon(outline.old_town.buffer(-FROM_WALL_M).simplify(2))
    base = Zone(
        id=ZFE_ID,
        rank=0,
        kind=ZoneKind.AREA,
        geometry=everywhere,
        valid_from=date(2025, 1, 1),
        rules=(_rule(Category.VUL, Critair.V3, "Mo-Fr 07:00-20:00"), _rule(Category.PL, Critair.V2, "24/7")),
        name="ZFE de Valmont-sur-Loire",
        decree_url=DECREE_URL,
    )
    stricter = base.replace(
        id=CORE_ID,
        rank=1,
        geometry=core,
        valid_from=date(2026, 1, 1),
        rules=(_rule(Category.VUL, Critair.V2, "Mo-Sa 10:00-20:00"), _rule(Category.PL, Critair.V2, "24/7")),
        name=f"{base.name}, coeur de ville",
        decree_url=f"{DECREE_URL}-coeur",
    )
    through = base.replace(
        id=ROAD_ID,
        rank=2,
        kind=ZoneKind.ROAD,
        geometry=_open_road(outline, graph),
        rules=(),
        name="Boulevard extérieur nord, traversée ouverte à tous",
    )
    future = base.replace(
        id=FUTURE_ID,
        rank=3,
        valid_from=date(2028, 1, 1),
        rules=(_rule(Category.VUL, Critair.V2, "24/7"), _rule(Category.PL, Critair.V1, "24/7")),
        name=f"{base.name}, étape 2028",
        decree_url="https://example.org/arretes/2028-zfe",
    )
    return base, stricter, through, future


def _rule(category: Category, first_banned: Critair, hours: str) -> ZoneRule:
    return ZoneRule(category=category, first_banned=first_banned, hours=hours)


def _polygon(area: Polygon) -> dict[str, Any]:
    outer = np.array(shapely.orient_polygons(area).exterior.coords)
    return {"type": "Polygon", "coordinates": [to_degrees(outer).tolist()]}


def _open_road(outline: Outline, graph: Graph) -> dict[str, Any]:
    axis = shapely.union_all(list(outline.open_axis)).buffer(6)
    shapely.prepare(axis)
    lines = [
        to_degrees(edge.points).tolist()
        for edge in graph.edges
        if edge.road_class == RoadClass.PRIMARY and axis.contains(LineString(edge.points))
    ]
    return {"type": "MultiLineString", "coordinates": lines}
