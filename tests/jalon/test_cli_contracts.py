"""Every ``--json`` says exactly what its contract says; the schemas we print are those our files follow."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.jalon import town

NAMES = (
    *(
        "demo",
        "solve",
        "replan",
        "replan-frontier",
        "commit",
        "export",
        "check",
        "city-build",
        "city-info",
        "city-sample",
        "bench-matrix",
        "bench-vrp",
        "schema",
    ),
    *("route", "matrix", "warm", "error"),
)
DEMANDED = (
    *("orders_planned", "orders_burst", "served", "postponed", "unassigned", "fleet_capacity_bound", "moved"),
    *("violations", "replan_first_s", "replan_s", "km", "co2e_kg", "cost_cents", "plan_path", "map_path"),
)
COUNTS = ("orders_planned", "orders_burst", "served", "postponed", "fleet_capacity_bound", "moved", "violations")


def objects(node: Any) -> Iterator[dict[str, Any]]:
    """Yield every object schema inside a schema."""
    if isinstance(node, dict):
        if "properties" in node:
            yield node
        for value in node.values():
            yield from objects(value)


@pytest.mark.parametrize("name", NAMES)
def test_a_contract_leaves_nothing_open(name: str) -> None:
    contract = town.load_contract(name)
    jsonschema.Draft202012Validator.check_schema(contract)
    assert contract["description"]
    for one in objects(contract):
        assert one["additionalProperties"] is False
        assert set(one["required"]) == set(one["properties"])
        for key, value in one["properties"].items():
            assert "type" in value and value.get("description"), key


def test_the_demo_tells_what_was_asked_for() -> None:
    properties = town.load_contract("demo")["properties"]
    assert set(DEMANDED) <= properties.keys()
    assert all(properties[name]["type"] == "integer" for name in COUNTS)
    assert {"order", "reason"} <= properties["unassigned"]["items"]["properties"].keys()


def test_city_commands(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    built = folder / "again.city"
    assert town.run("city", "build", folder / "town.osm.pbf", "-o", built, "--name", "town", "--json") == 0
    told = capsys.readouterr()
    figures = town.checked_against("city-build", told.out)
    assert (figures["junctions"], figures["arcs"], figures["zones"], figures["places"]) == (100, 360, 0, 0)
    assert figures["notes"] and f"note {figures['notes'][0]}" in told.err
    assert "step: ordering streets" in told.err
    assert town.run("city", "info", built, "--json") == 0
    assert figures["id"] == town.checked_against("city-info", capsys.readouterr().out)["id"]
    assert town.run("city", "info", folder / "town.city", "--json") == 0
    figures = town.checked_against("city-info", capsys.readouterr().out)
    assert (figures["zones"], figures["places"], figures["bounds"]) == (1, 1, [2.0, 47.0, 2.009, 47.009])
    assert town.run("city", "info", built) == 0
    told = capsys.readouterr()
    assert told.out == "" and "junctions 100" in told.err


def test_schemas_are_those_of_our_files(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert town.run("schema") == 0
    schemas = town.checked_against("schema", capsys.readouterr().out)
    assert town.run("schema", "plan", "--json") == 0
    assert json.loads(capsys.readouterr().out) == schemas["plan"]
    examples = {
        "request": town.request(),
        "orders": town.burst(),
        "plan": json.loads((folder / "plan.json").read_text()),
        "status": [{"vehicle_id": "v1", "loading_started": True}],
    }
    for name, example in examples.items():
        validator = jsonschema.Draft202012Validator(schemas[name])
        validator.check_schema(schemas[name])
        validator.validate(example)
        spoilt = [*example, {}] if isinstance(example, list) else {**example, "unknown": 1}
        assert not validator.is_valid(spoilt)


def test_check(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = json.loads((folder / "plan.json").read_text())
    plan["totals"]["served"] += 1
    broken = town.write(folder / "broken.json", plan)
    assert town.run("check", broken, "--json") == 1
    report = town.checked_against("check", capsys.readouterr().out)
    assert report["violations"] == len(report["list"]) > 0
    assert report["list"][0]["pointer"].startswith("/totals")
    assert town.run("check", folder / "plan.json") == 0
    told = capsys.readouterr()
    assert told.out == "" and "0 violations" in told.err
    assert town.run("check", town.write(folder / "list.json", [1])) == 1


def test_warm(capsys: pytest.CaptureFixture[str]) -> None:
    assert town.run("warm", "--json") == 0
    town.checked_against("warm", capsys.readouterr().out)
