"""The OpenAPI document: complete, stable, and its examples fit its schemas."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from jalon import __version__
from jalon.http.auth import PUBLIC
from tests.jalon.http_server import client
from tests.jalon.test_http_auth import SAMPLE

STABLE = {
    "getLiveness": "GET /livez",
    "getReadiness": "GET /readyz",
    "getMetrics": "GET /metrics",
    "addKey": "POST /v1/keys",
    "listKeys": "GET /v1/keys",
    "revokeKey": "DELETE /v1/keys/{key_id}",
    "quotePromises": "POST /v1/promises/quote",
    "createPlan": "POST /v1/plans",
    "listPlans": "GET /v1/plans",
    "getPlan": "GET /v1/plans/{plan_id}",
    "replan": "POST /v1/plans/{plan_id}/replan",
    "diffPlan": "GET /v1/plans/{plan_id}/diff",
    "commitPlan": "POST /v1/plans/{plan_id}/commit",
    "quoteSlots": "POST /v1/plans/{plan_id}/slots",
    "exportGeojson": "GET /v1/plans/{plan_id}/export.geojson",
    "measureMatrix": "POST /v1/matrix",
    "listCities": "GET /v1/cities",
    "putVehicles": "PUT /v1/vehicles",
    "putTraffic": "PUT /v1/traffic",
    "putIncidents": "PUT /v1/incidents",
}
"""Clients are generated from these: a name that is here stays."""


@pytest.fixture(scope="module")
def document(built: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return the document of a server with all rooms open."""
    with client(tmp_path_factory.mktemp("openapi"), promise=SAMPLE, city=built / "town.city") as one:
        reply = one.get("/openapi.json")
        assert one.get("/openapi.json").content == reply.content
        found: dict[str, Any] = reply.json()
        return found


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every operation with its method and path."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def test_names_are_stable(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1") and document["info"]["version"] == __version__
    named = {operation["operationId"]: where for where, operation in operations(document)}
    assert len(named) == len(list(operations(document)))
    assert all(re.fullmatch("[a-z][A-Za-z]+", name) for name in named)
    assert named.items() >= STABLE.items()


def test_security(document: dict[str, Any]) -> None:
    assert set(document["components"]["securitySchemes"]) == {"key", "header"}
    for where, operation in operations(document):
        public = where.partition(" ")[2] in PUBLIC
        assert bool(operation["security"]) is not public
        assert [set(one) for one in operation["security"]] == ([] if public else [{"key"}, {"header"}])


def test_problems_are_documented(document: dict[str, Any]) -> None:
    for where, operation in operations(document):
        wanted = {"500", "503"} | ({"401", "403", "429"} if operation["security"] else set())
        wanted |= {"400", "408", "413", "415", "422"} if "requestBody" in operation else set()
        wanted |= {"404"} if "{" in where else set()
        assert operation["responses"].keys() >= wanted, where
        for status, reply in operation["responses"].items():
            assert reply["description"]
            if status >= "400":
                schema = reply["content"]["application/problem+json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/Problem"}
        unsafe = not where.startswith("GET")
        named = [one["name"] for one in operation.get("parameters", [])]
        assert ("Idempotency-Key" in named) is unsafe, where


def bodies(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield everything that goes in and comes out."""
    for where, operation in operations(document):
        for kind, media in operation.get("requestBody", {"content": {}})["content"].items():
            yield f"{where} takes", kind, media
        for status, reply in operation["responses"].items():
            for kind, media in reply.get("content", {}).items():
                yield f"{where} {status}", kind, media


def test_every_example_fits_its_schema(document: dict[str, Any]) -> None:
    seen = 0
    for where, kind, media in bodies(document):
        assert "example" in media or "examples" in media, f"{where} {kind}"
        if "json" in kind and "ndjson" not in kind:
            rooted = {**media["schema"], "components": document["components"]}
            validator = jsonschema.Draft202012Validator(rooted)
            for error in validator.iter_errors(media["example"]):
                raise AssertionError(f"{where} {kind}: {error.json_path}: {error.message}")
            seen += 1
    assert seen > 50


def test_no_reference_leads_nowhere(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]

    def references(node: Any) -> Iterator[str]:
        if isinstance(node, dict):
            for name, value in node.items():
                yield from [value] if name == "$ref" else references(value)
        elif isinstance(node, list):
            for one in node:
                yield from references(one)

    found = set(references(document))
    assert found and all(one.removeprefix("#/components/schemas/") in schemas for one in found)


def test_a_city_room_alone(tmp_path: Path, built: Path) -> None:
    with client(tmp_path, only="routing", city=built) as one:
        for _ in range(100):
            if one.get("/readyz").status_code == 200:
                break
        (city,) = one.get("/v1/cities").json()
        assert (city["name"], city["junctions"], city["zones"]) == ("town", 100, 1)
        assert one.post("/v1/promises/quote", json={}).status_code == 404
    with client(tmp_path, only="promise") as one:
        assert one.get("/v1/cities").status_code == 404
