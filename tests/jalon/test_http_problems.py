"""Errors are problem documents that say what, where, why and what to do; defects tell nothing of themselves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI, Query
from pydantic import BaseModel, ConfigDict
from starlette.testclient import TestClient

from data import errors
from data.store.database import StoreError
from tests.jalon.http_server import LOCAL, Told, app, problem

RAISED = [
    (errors.InputError("late", "too late", "body#/orders/3/at", "send it sooner"), 422, "late"),
    (errors.InputError("invalid_json", "no JSON", "body:1:7"), 400, "invalid_json"),
    (errors.InputError("empty_file", "nothing", "body"), 400, "empty_file"),
    (errors.ReusedKeyError("idempotency_key_reused", "other body"), 422, "idempotency_key_reused"),
    (errors.NotFoundError("unknown_order", "no such order"), 404, "unknown_order"),
    (errors.ConflictError("full", "no room"), 409, "full"),
    (errors.ForbiddenError("missing_scope", "no scope"), 403, "missing_scope"),
    (errors.TooLargeError("too_many_stops", "20,001 stops"), 413, "too_many_stops"),
    (errors.RoutingDataError("no_way", "no way there"), 422, "no_way"),
    (errors.UnavailableError("no_city", "no city is open"), 503, "no_city"),
    (StoreError("store_failed", "the store failed", "postgresql://me@host/x", "look"), 503, "store_failed"),
]


class Point(BaseModel):
    """A body that FastAPI itself reads."""

    model_config = ConfigDict(allow_inf_nan=False)

    lat: float
    lon: float


@pytest.fixture
def log() -> Told:
    return Told()


@pytest.fixture
def served(tmp_path: Path, log: Told) -> FastAPI:
    """Return a server with routes that raise."""
    one = app(tmp_path, log)

    @one.get("/v1/raise/{number}")
    async def fails(number: int) -> None:
        raise RAISED[number][0]

    @one.get("/v1/defect")
    async def defect() -> None:
        raise ValueError("12 rue de la Paix")

    @one.post("/v1/points")
    async def points(points: list[Point], most: int = Query(3, le=9)) -> int:
        return len(points)

    return one


@pytest.fixture
def client(served: FastAPI) -> Iterator[TestClient]:
    with TestClient(served, base_url=LOCAL, raise_server_exceptions=False) as one:
        yield one


@pytest.mark.parametrize("number", range(len(RAISED)))
def test_an_error_of_a_room(client: TestClient, number: int) -> None:
    error, status, code = RAISED[number]
    reply = client.get(f"/v1/raise/{number}")
    told = problem(reply, status, code)
    assert told["detail"] == error.message and told["errors"][0]["code"] == code
    assert (reply.headers.get("retry-after") == "1") is (status == 503)
    assert "me@host" not in reply.text


def test_where_is_a_pointer(client: TestClient) -> None:
    (fault,) = client.get("/v1/raise/0").json()["errors"]
    assert fault == {"detail": "too late", "code": "late", "pointer": "#/orders/3/at"}
    assert client.get("/v1/raise/0").json()["action"] == "send it sooner"
    assert "pointer" not in client.get("/v1/raise/1").json()["errors"][0]


def test_a_defect_tells_nothing_of_itself(client: TestClient, log: Told) -> None:
    reply = client.get("/v1/defect")
    told = problem(reply, 500, "defect")
    assert "Paix" not in reply.text and "Traceback" not in reply.text and "ValueError" not in reply.text
    assert reply.headers["x-request-id"] in told["action"]
    line = next(line for line in log.lines if line["event"] == "defect")
    assert line["error"] == "ValueError" and "Paix" not in str(log.lines)
    assert any("test_http_problems.py" in frame for frame in line["at"])


def test_what_the_framework_refuses(client: TestClient) -> None:
    problem(client.get("/nowhere"), 404, "not_found")
    refused = client.put("/v1/defect")
    problem(refused, 405, "method_not_allowed")
    assert refused.headers["allow"] == "GET"
    problem(client.get("/v1/raise/x"), 422, "int_parsing")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'[{"lat": NaN, "lon": 1}]', 422),
        (b'[{"lat": 1e999, "lon": "x"}]', 422),
        (b'[{"lat": -Infinity}]', 422),
        (b'[{"lat": 1, "lon": 2}', 400),
        (b"\xff\xfe", 400),
        (b"[" * 100_000, 400),
        (b"9" * 5_000, 400),
        (b'{"lat":1}', 422),
        (b'["\\ud800"]', 422),
        (b"", 422),
    ],
)
def test_a_body_that_the_framework_reads(client: TestClient, body: bytes, status: int) -> None:
    reply = client.post("/v1/points", content=body, headers={"content-type": "application/json"})
    told = problem(reply, status)
    assert all(fault["code"] and fault["detail"] for fault in told.get("errors", []))


def test_a_wrong_field_has_its_pointer_and_no_value(client: TestClient) -> None:
    reply = client.post("/v1/points?most=77", json=[{"lat": 1, "lon": 1}, {"lat": "rue Secrète"}])
    told = problem(reply, 422)
    assert [fault.get("pointer") for fault in told["errors"]] == [None, "#/1/lat", "#/1/lon"]
    assert "most" in told["errors"][0]["detail"]
    assert "Secr" not in reply.text


def test_names_of_a_request(client: TestClient, log: Told) -> None:
    first, second = (client.get("/livez").headers["x-request-id"] for _ in range(2))
    assert first != second
    assert client.get("/livez", headers={"x-request-id": "shop-1:a/b"}).headers["x-request-id"] == "shop-1:a/b"
    for bad in ("a b", "x" * 129, "é".encode(), 'a"b', ""):
        assert client.get("/livez", headers={"x-request-id": bad}).headers["x-request-id"] != bad
    came = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    goes = client.get("/livez", headers={"traceparent": came}).headers["traceparent"]
    assert goes[:36] == came[:36] and goes[36:52] != came[36:52] and goes[52:] == "-01" and len(goes) == 55
    assert log.lines[-1]["trace_id"] == came[3:35]
    for bad in ("00-" + "0" * 32 + "-b7ad6b7169203331-01", came + "-x", "ff" + came[2:], came[:-1], "nonsense"):
        assert "traceparent" not in client.get("/livez", headers={"traceparent": bad}).headers
    assert "traceparent" in client.get("/livez", headers={"traceparent": "01" + came[2:] + "-more"}).headers


def test_the_log_knows_no_path_and_no_query(client: TestClient, log: Told) -> None:
    client.get("/v1/raise/4?name=Dupont")
    client.get("/Dupont")
    assert [line["route"] for line in log.lines] == ["/v1/raise/{number}", "(none)"]
    assert "Dupont" not in str(log.lines)


def test_figures(client: TestClient) -> None:
    for _ in range(3):
        client.get("/v1/raise/5")
    client.post("/v1/promises/quote", json={})
    told = client.get("/metrics").text
    assert 'http_request_duration_seconds_count{method="GET",route="/v1/raise/{number}",status="409"} 3.0' in told
    assert 'promise_latency_seconds_count{operation="POST /v1/promises/{rest:path}"} 1.0' in told
    assert "http_requests_in_progress 1.0" in told and "process_resident_memory_bytes" in told
