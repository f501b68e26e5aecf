"""Examples of what the room's routes take and answer: two orders in a small town, their plan, and a third one."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

Node = dict[str, Any]


def _sample(name: str) -> Node:
    found: Node = json.loads((files("data") / "samples" / name).read_text(encoding="utf-8"))
    return found


REQUEST = _sample("plan_request.json")
PLAN = _sample("plan.json")
PLAN_ID: str = PLAN["id"]
NEW_HOME: Node = {"id": "home-o3", "kind": "home", "lat": 47.005, "lon": 2.004}
NEW_ORDER: Node = {
    "id": "o3",
    "hub_id": "hub",
    "parcels": [{"id": "o3-p1", "load_g": 1500, "volume_dm3": 5}],
    "options": [{"place_id": "home-o3"}],
    "promised_on": "2026-11-24",
}
LINE: Node = {
    "id": PLAN_ID,
    "day": "2026-11-24",
    "state": "proposed",
    "version": 1,
    "changed_at": "2026-11-23T18:00:01+01:00",
}
REPLAN: Node = {
    "places": [NEW_HOME],
    "orders": [NEW_ORDER],
    "cancelled": ["o2"],
    "prices": {"move_cents": 300, "max_moves": 10},
}
COMMITTED: Node = {"plan_id": PLAN_ID, "state": "committed", "version": 2, "replaces": ""}
DIFF: Node = {
    "plan_id": PLAN_ID,
    "against": "p-before",
    "added": ["o3"],
    "moved": [],
    "dropped": [],
    "eta_moved": 1,
    "eta_shifts": [{"order": "o1", "before": "2026-11-24T08:40:00+01:00", "after": "2026-11-24T09:20:00+01:00"}],
    "tours": [{"vehicle": "v1", "orders_before": 2, "orders_after": 3, "added": ["o3"], "eta_shift_s": [0, 2400]}],
}
MORNING: Node = {"start_at": "2026-11-24T09:00:00+01:00", "end_at": "2026-11-24T11:00:00+01:00"}
SLOT_QUERY: Node = {"places": [NEW_HOME], "orders": [NEW_ORDER], "windows": [MORNING]}
SLOT: Node = {
    "option": 0,
    "place_id": "home-o3",
    "window": MORNING,
    "fits": True,
    "vehicle_id": "v1",
    "eta_at": "2026-11-24T09:00:00+01:00",
    "cost_cents": 95,
    "delayed": 0,
    "delay_s": 0,
    "reason": "",
    "text": "",
}
SLOTS: Node = {
    "plan_id": PLAN_ID,
    "time_zone": "Europe/Paris",
    "orders": [{"order_id": "o3", "slots": [SLOT], "best": 0}],
}
GEOJSON: Node = {
    "type": "FeatureCollection",
    "bbox": [2.0, 47.0, 2.003, 47.004],
    "features": [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [2.003, 47.004]},
            "properties": {"kind": "stop", "vehicle": "v1", "stop": 1, "place": "home-o1", "orders": ["o1"]},
        }
    ],
}
GPX = '<?xml version="1.0" encoding="UTF-8"?><gpx version="1.1"><rte><name>v1 2026-11-24</name></rte></gpx>'
CSV = "vehicle,stop,arrive,start,leave,action,order,place,name\r\nv1,1,08:35,08:35,08:37,deliver,o1,home-o1,\r\n"
WAVES: list[Node] = [
    {
        "hub": "hub",
        "wave": "1",
        "departs_at": "2026-11-24T08:05:00+01:00",
        "order": "o1",
        "parcel": "o1-p1",
        "vehicle": "v1",
        "trip": "1",
        "position": "2",
        "stop": "1",
        "place": "home-o1",
    }
]
