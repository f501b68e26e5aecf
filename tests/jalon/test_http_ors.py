"""openrouteservice's clients, unchanged, against a live server: openrouteservice-py 2.3.3 and routingpy's ORS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import openrouteservice
import polyline
import pytest
import routingpy
from openrouteservice.optimization import Job, Shipment, ShipmentStep, Vehicle

from tests.conftest import ROOT
from tests.jalon.compat_server import SPOTS, Live, live
from tests.jalon.http_server import key

Json = dict[str, Any]
SCHEMA = json.loads((ROOT / "tests/contracts/vroom-solution.schema.json").read_text())
METADATA = {"attribution", "service", "timestamp", "query", "engine"}
ENGINE = {"version", "build_date", "graph_date"}
SECONDS = [[0, 300, 700], [310, 0, 400], [690, 410, 0]]


@contextmanager
def ors_client(url: str, secret: str | None = None) -> Iterator[openrouteservice.Client]:
    """Yield a client whose connections are closed in the end, which it leaves to the garbage collector."""
    client = openrouteservice.Client(key=secret, base_url=url)
    yield client
    client._session.close()


@pytest.fixture
def client(compat: Live) -> Iterator[openrouteservice.Client]:
    with ors_client(compat.url) as one:
        yield one


def solved(answer: Json) -> Json:
    jsonschema.validate(answer, SCHEMA)
    assert answer["code"] == 0
    return answer


def test_optimization_of_jobs_with_geometry(client: openrouteservice.Client) -> None:
    jobs = [Job(id=n, location=spot, amount=[1], service=60) for n, spot in enumerate(SPOTS[1:])]
    vans = [Vehicle(id=n, start=SPOTS[0], end=SPOTS[0], capacity=[2]) for n in (1, 2)]
    plain = solved(client.optimization(jobs=jobs, vehicles=vans))
    assert plain["summary"]["delivery"] == [4] and plain["summary"]["routes"] == 2
    assert "geometry" not in plain["routes"][0]
    drawn = solved(client.optimization(jobs=jobs, vehicles=vans, geometry=True))
    line = polyline.decode(drawn["routes"][0]["geometry"])
    assert line[0] == pytest.approx(SPOTS[0][::-1], abs=1e-5) == line[-1]
    assert drawn["routes"][0]["distance"] > 0


def test_optimization_of_shipments(client: openrouteservice.Client) -> None:
    shipments = [
        Shipment(
            pickup=ShipmentStep(id=n, location=SPOTS[n], service=30, time_windows=[[0, 7200]]),
            delivery=ShipmentStep(id=n, location=SPOTS[n + 2], service=30),
            amount=[1],
            skills=[1],
            priority=10,
        )
        for n in (1, 2)
    ]
    bike = Vehicle(id=1, profile="cycling-regular", start=SPOTS[0], capacity=[1], skills=[1], time_window=[0, 7200])
    answer = solved(client.optimization(shipments=shipments, vehicles=[bike]))
    assert [step["type"] for step in answer["routes"][0]["steps"][1:-1]] == ["pickup", "delivery"] * 2
    assert answer["summary"]["priority"] == 40 and not answer["unassigned"]


@pytest.mark.parametrize("profile", ["driving-car", "driving-hgv", "cycling-regular"])
def test_optimization_with_the_deprecated_matrix(client: openrouteservice.Client, profile: str) -> None:
    """The client sends `matrix` whatever the vehicles' profile, which it always sends."""
    jobs = [Job(id=n, location_index=n, service=10) for n in (1, 2)]
    van = Vehicle(id=1, profile=profile, start_index=0, end_index=0)
    answer = solved(client.optimization(jobs=jobs, vehicles=[van], matrix=SECONDS))
    assert answer["summary"]["duration"] == 300 + 400 + 690 and answer["summary"]["service"] == 20


def test_what_is_wrong_passes_through_as_vroom_tells_it(client: openrouteservice.Client) -> None:
    with pytest.raises(openrouteservice.exceptions.ApiError) as caught:
        client.optimization(jobs=[Job(id=1, location=SPOTS[0], priority=101)], vehicles=[Vehicle(id=1, start=SPOTS[0])])
    status, told = caught.value.args
    assert status == 400 and told == {"code": 2, "error": "Invalid priority value for job 1."}


def test_distance_matrix(client: openrouteservice.Client, compat: Live) -> None:
    told = client.distance_matrix(
        SPOTS, profile="driving-car", metrics=["duration", "distance"], resolve_locations=True
    )
    assert told.keys() == {"durations", "distances", "sources", "destinations", "metadata"}
    assert told["metadata"].keys() == METADATA and told["metadata"]["engine"].keys() == ENGINE
    assert told["metadata"]["service"] == "matrix" and told["metadata"]["query"]["profile"] == "driving-car"
    assert all(spot.keys() == {"location", "snapped_distance"} for spot in told["sources"] + told["destinations"])
    osrm = httpx.get(f"{compat.url}/table/v1/car/" + ";".join(f"{lon},{lat}" for lon, lat in SPOTS)).json()
    assert told["durations"] == osrm["durations"]
    part = client.distance_matrix(
        SPOTS, sources=[0], destinations=[1, 2], metrics=["distance"], units="km", optimized=False
    )
    assert part.keys() == {"distances", "sources", "destinations", "metadata"}
    assert part["distances"] == [[round(metres / 1000, 2) for metres in told["distances"][0][1:3]]]


def test_directions(client: openrouteservice.Client) -> None:
    told = client.directions(SPOTS[:3], profile="driving-car", language="fr", maneuvers=True)
    assert told.keys() == {"bbox", "routes", "metadata"} and told["metadata"].keys() == METADATA
    (route,) = told["routes"]
    assert route.keys() == {"summary", "segments", "bbox", "geometry", "way_points"}
    line = polyline.decode(route["geometry"])
    assert route["way_points"][0] == 0 and route["way_points"][-1] == len(line) - 1 and len(route["segments"]) == 2
    for segment, first, last in zip(route["segments"], route["way_points"][:-1], route["way_points"][1:], strict=True):
        assert segment.keys() == {"distance", "duration", "steps"}
        stretches = [step["way_points"] for step in segment["steps"]]
        assert stretches[0][0] == first and stretches[-1] == [last, last] and segment["steps"][-1]["type"] == 10
        assert all(a[1] == b[0] for a, b in pairwise(stretches))
        assert sum(step["duration"] for step in segment["steps"]) == pytest.approx(segment["duration"], abs=0.5)
    assert route["segments"][0]["steps"][0]["instruction"].startswith("Prendre la direction")
    shape = client.directions(SPOTS[:3], profile="driving-car", format="geojson", instructions=False)
    (feature,) = shape["features"]
    assert feature["geometry"]["coordinates"][0] == pytest.approx(SPOTS[0], abs=1e-6)
    assert feature["properties"]["summary"] == route["summary"] and "segments" not in feature["properties"]


def test_routingpy_matrix_and_directions(compat: Live) -> None:
    client = routingpy.ORS(api_key="none needed here", base_url=compat.url)
    matrix = client.matrix(SPOTS, profile="driving-car", metrics=["duration", "distance"])
    part = client.matrix(SPOTS, profile="driving-car", sources=[1], destinations=[0, 3], metrics=["duration"])
    assert part.durations == [[matrix.durations[1][0], matrix.durations[1][3]]]
    for form in ("json", "geojson"):
        way = client.directions(SPOTS[:2], profile="driving-car", format=form)
        assert (way.duration, way.distance) == (matrix.durations[0][1], matrix.distances[0][1])
        assert len(way.geometry) > 1
    client.client._session.close()


def test_as_vrooms_client_and_a_browser_ask(compat: Live) -> None:
    """VROOM sends flags as texts, below /ors; the short form of directions is a GET."""
    asked = {"coordinates": SPOTS[:2], "geometry_simplify": "false", "continue_straight": "false"}
    route = httpx.post(f"{compat.url}/ors/v2/directions/driving-car", json=asked).json()["routes"][0]
    matrix = {"locations": SPOTS[:2], "metrics": ["duration", "distance"]}
    told = httpx.post(f"{compat.url}/ors/v2/matrix/driving-car", json=matrix).json()
    assert route["segments"][0]["duration"] == told["durations"][0][1]
    ends = {name: f"{lon},{lat}" for name, (lon, lat) in zip(("start", "end"), SPOTS, strict=False)}
    short = httpx.get(f"{compat.url}/v2/directions/driving-car", params=ends)
    assert short.headers["content-type"] == "application/geo+json"
    assert short.json()["features"][0]["properties"]["summary"] == route["summary"]
    assert httpx.get(f"{compat.url}/v2/health").json() == {"status": "ready"}


WRONG: list[tuple[str, Any, int, int]] = [
    ("matrix/driving-car", b"{", 400, 6000),
    ("matrix/driving-car", b"\xff", 400, 6000),
    ("matrix/driving-car", {}, 400, 6001),
    ("matrix/driving-car", {"locations": 5}, 400, 6002),
    ("matrix/driving-car", {"locations": [["2", "47"]]}, 400, 6002),
    ("matrix/driving-car", {"locations": [[2, 147]]}, 400, 6003),
    ("matrix/driving-car", {"locations": [[2, 47]] * 1001}, 400, 6004),
    ("matrix/driving-car", {"locations": [[9, 50]]}, 404, 6010),
    ("matrix/driving-car", {"locations": SPOTS, "place": 1}, 400, 6011),
    ("matrix/driving-car", {"locations": SPOTS, "metrics": ["speed"]}, 400, 6003),
    ("matrix/driving-car", {"locations": SPOTS, "sources": [9]}, 400, 6003),
    ("matrix/driving-car", {"locations": SPOTS, "units": "ft"}, 400, 6003),
    ("matrix/foot-walking", {"locations": SPOTS}, 400, 6003),
    ("directions/driving-car", b"[1", 400, 2000),
    ("directions/driving-car", {}, 400, 2001),
    ("directions/driving-car", {"coordinates": SPOTS[:1]}, 400, 2002),
    ("directions/driving-car", {"coordinates": [[2, 47], [9, 50]]}, 404, 2010),
    ("directions/driving-car", {"coordinates": SPOTS, "preference": "shortest"}, 400, 2003),
    ("directions/driving-car", {"coordinates": SPOTS, "options": {"avoid_features": ["ferries"]}}, 400, 2003),
    ("directions/driving-car", {"coordinates": SPOTS, "language": "de"}, 400, 2003),
    ("directions/driving-car", {"coordinates": SPOTS, "instructions": 7}, 400, 2002),
    ("directions/driving-car", {"coordinates": [[2.00005, 47.00005], [2, 47]], "radiuses": [1]}, 404, 2010),
    ("directions/driving-car", {"coordinates": SPOTS, "elevation": True}, 400, 2003),
    ("directions/driving-car/gpx", {"coordinates": SPOTS}, 406, 2007),
]


@pytest.mark.parametrize(("path", "body", "status", "code"), WRONG)
def test_what_is_wrong_is_told_in_its_codes(compat: Live, path: str, body: Any, status: int, code: int) -> None:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    reply = httpx.post(f"{compat.url}/v2/{path}", content=raw, headers={"content-type": "application/json"})
    told = reply.json()
    assert (reply.status_code, told["error"]["code"]) == (status, code), told
    assert told.keys() == {"error", "info"} and told["info"].keys() == {"engine", "timestamp"}
    assert told["error"]["message"]


def test_a_raw_key_opens_and_a_wrong_one_is_told_in_json(tmp_path: Path) -> None:
    jobs, vans = [Job(id=1, location_index=1)], [Vehicle(id=1, start_index=0)]
    with live(tmp_path) as server:
        with httpx.Client(base_url=server.url) as first:
            secret = key(first, "admin")["authorization"].removeprefix("Bearer ")
        with ors_client(server.url, secret) as client:
            answer = solved(client.optimization(jobs=jobs, vehicles=vans, matrix=SECONDS))
            assert answer["summary"]["duration"] == 300
        for wrong in ("guessed", None):
            with ors_client(server.url, wrong) as client:
                with pytest.raises(openrouteservice.exceptions.ApiError) as caught:
                    client.optimization(jobs=jobs, vehicles=vans, matrix=SECONDS)
                assert caught.value.args[0] == 401 and caught.value.args[1]["code"] == 2
                with pytest.raises(openrouteservice.exceptions.ApiError) as caught:
                    client.distance_matrix(SPOTS)
                assert caught.value.args[0] == 401 and caught.value.args[1]["error"]["code"] == 401
        assert httpx.get(f"{server.url}/v2/health").status_code == 200


def test_without_a_city(tmp_path: Path) -> None:
    with live(tmp_path) as server:
        lost = httpx.post(f"{server.url}/v2/matrix/driving-car", json={"locations": SPOTS})
        assert lost.status_code == 404 and lost.json()["error"]["code"] == 6010
        lost = httpx.get(f"{server.url}/table/v1/car/2,47;2.1,47")
        assert lost.status_code == 400 and lost.json()["code"] == "NoSegment"
        assert httpx.post(f"{server.url}/v1/matrix", json={}).status_code == 503
        assert not server.defects()


def test_no_defect_was_met(compat: Live) -> None:
    assert not compat.defects()
