"""A town of ten by ten streets, a day and a burst in it: small enough to plan in a moment."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema

from jalon.cli import main
from tests.data.osm_town import STEP_DEGREES, Town

ROOT = Path(__file__).resolve().parents[2]
CONTRACTS = ROOT / "tests" / "contracts"
DAY = "2026-11-24"
SIZE = 10
Json = dict[str, Any]


def at(clock: str) -> str:
    """Return a wall time of the planned day as an instant."""
    return f"{DAY}T{clock}:00+01:00"


def position(x: float, y: float) -> Json:
    """Return where the crossing of street x and street y is."""
    return {"lat": 47 + y * STEP_DEGREES, "lon": 2 + x * STEP_DEGREES}


def town_pbf(path: Path) -> Path:
    """Write the streets as an OpenStreetMap extract."""
    town = Town()
    for y in range(SIZE):
        for x in range(SIZE):
            town.node(1 + y * SIZE + x, x, y)
    for k in range(SIZE):
        town.way(100 + k, [1 + k * SIZE + x for x in range(SIZE)])
        town.way(200 + k, [1 + y * SIZE + k for y in range(SIZE)])
    return town.write(path)


def zone_geojson(path: Path, **rules: str) -> Path:
    """Write a low-emission zone over the east of the town (from street 5 on), always in force."""
    west, south, east, north = 2.0045, 46.99, 2.02, 47.02
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    properties = {"id": "EAST", "date_debut": "2025-01-01", "date_fin": None, **rules}
    feature = {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [ring]}, "properties": properties}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    return path


def relays_csv(path: Path) -> Path:
    """Write a locker in the middle of the town."""
    where = position(4, 4)
    path.write_text(
        "id,name,kind,lat,lon,opening_hours,capacity_small,capacity_medium,capacity_large\n"
        f"L1,Consigne,locker,{where['lat']},{where['lon']},24/7,4,2,1\n"
    )
    return path


def vehicle(name: str, **changes: Any) -> Json:
    """Return a van that works from eight to noon."""
    return {
        "id": name,
        "hub_id": "hub",
        "category": "vul",
        "critair": "V2",
        "capacity_parcels": 30,
        "capacity_g": 300_000,
        "capacity_dm3": 3_000,
        "shift": {"start_at": at("08:00"), "end_at": at("12:00")},
        "costs": {"fixed_cents": 5_000, "per_km_cents": 40, "per_hour_cents": 2_400},
        "use_per_100km_milli": 9_000,
        **changes,
    }


def home(name: str, x: float, y: float) -> Json:
    return {"id": f"home-{name}", "kind": "home", "service_s": 120, **position(x, y)}


def order(name: str, **changes: Any) -> Json:
    return {
        "id": name,
        "hub_id": "hub",
        "parcels": [{"id": f"{name}-p1", "load_g": 2_000, "volume_dm3": 6}],
        "options": [{"place_id": f"home-{name}"}],
        "promised_on": DAY,
        **changes,
    }


def request(orders: int = 8) -> Json:
    """Return a day: one hub, two vans, some homes and, for the last order, the locker."""
    names = [f"o{n}" for n in range(orders)]
    planned = [order(name) for name in names]
    planned[-1]["options"].append({"place_id": "L1", "cost_cents": 50})
    return {
        "format": "jalon.request/1",
        "day": DAY,
        "city": "town.city",
        "hubs": [{"id": "hub", "loading_s": 300, **position(0, 0)}],
        "vehicles": [vehicle("v1"), vehicle("v2")],
        "places": [home(name, 1 + (3 * n) % 8, 1 + (5 * n) % 8) for n, name in enumerate(names)],
        "orders": planned,
        "delivery_days": ["2026-11-25"],
    }


def burst(orders: int = 5) -> Json:
    """Return new orders, the last one promised for a day later."""
    names = [f"b{n}" for n in range(orders)]
    sold = [order(name) for name in names]
    sold[-1]["promised_on"] = "2026-11-25"
    places = [home(name, 2 + n % 6, 3 + n % 4) for n, name in enumerate(names)]
    return {"format": "jalon.orders/1", "places": places, "orders": sold}


def write(path: Path, value: object) -> Path:
    path.write_text(json.dumps(value))
    return path


def run(*arguments: str | Path) -> int:
    """Run the command line in this process and return its exit code."""
    try:
        main([str(argument) for argument in arguments])
    except SystemExit as leaving:
        return int(leaving.code or 0)
    raise AssertionError("main() must leave with an exit code")


def command(*arguments: str | Path) -> list[str]:
    """Return the words that run the command line in a process of its own."""
    return [sys.executable, "-c", "from jalon.cli import main; main()", *(str(argument) for argument in arguments)]


def run_apart(*arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own."""
    return subprocess.run(command(*arguments), cwd=ROOT, capture_output=True, text=True, timeout=300, **options)


def checked_against(contract: str, text: str) -> Any:
    """Return the one JSON value in ``text`` after validating it against a contract."""
    value = json.loads(text)
    jsonschema.Draft202012Validator(load_contract(contract)).validate(value)
    return value


def load_contract(name: str) -> Json:
    document: Json = json.loads((CONTRACTS / f"{name}.schema.json").read_text())
    return document
