"""OSRM's clients, unchanged, against a live server: routingpy, a socket that reads as VROOM's does, plain HTTP."""

from __future__ import annotations

import json
import socket
from typing import Any
from urllib.parse import urlsplit

import httpx
import polyline
import pytest
import routingpy

from tests.jalon.compat_server import SPOTS, Live, lon_lat

Json = dict[str, Any]
EXACT = {"code", "durations", "distances", "sources", "destinations"}
WAYPOINT = {"name", "location", "distance", "hint"}


def coordinates(spots: list[list[float]] = SPOTS) -> str:
    return ";".join(f"{lon},{lat}" for lon, lat in spots)


def asked(compat: Live, path: str, **options: str) -> Json:
    """Return a good answer."""
    reply = httpx.get(f"{compat.url}/{path}", params=options)
    assert reply.status_code == 200, reply.text
    assert reply.headers["content-type"] == "application/json" and "content-length" in reply.headers
    assert "content-encoding" not in reply.headers and "transfer-encoding" not in reply.headers
    told: Json = reply.json()
    assert told["code"] == "Ok"
    return told


def refused(reply: httpx.Response, code: str) -> str:
    """Return the message of an error in OSRM's words."""
    assert reply.status_code == 400, reply.text
    told = reply.json()
    assert told.keys() == {"code", "message"} and told["code"] == code, told
    message: str = told["message"]
    return message


def test_routingpy_matrix_and_directions(compat: Live) -> None:
    client = routingpy.OSRM(base_url=compat.url)
    matrix = client.matrix(locations=SPOTS, profile="car")
    assert len(matrix.durations) == len(matrix.distances) == len(SPOTS)
    part = client.matrix(locations=SPOTS, profile="car", sources=[0, 2], destinations=[1])
    assert part.durations == [[matrix.durations[0][1]], [matrix.durations[2][1]]]
    way = client.directions(locations=SPOTS[:3], profile="car")
    assert way.duration == matrix.durations[0][1] + matrix.durations[1][2]
    assert way.distance == matrix.distances[0][1] + matrix.distances[1][2]
    assert way.geometry[0] == pytest.approx(SPOTS[0], abs=1e-5)
    plain = client.directions(
        locations=SPOTS[:2], profile="bike", geometries="geojson", overview="full", radiuses=[50, 50]
    )
    assert plain.geometry[-1] == pytest.approx(SPOTS[1], abs=1e-5)
    client.client._session.close()


def vroom_get(compat: Live, path: str) -> Json:
    """Ask as VROOM's own client does: one send, all until the socket closes, from the first brace to the last.

    Written from the description of that client, it shares no code with it.
    """
    address = urlsplit(compat.url)
    with socket.create_connection((address.hostname, address.port)) as line:
        line.sendall(
            f"GET /{path} HTTP/1.1\r\nHost: {address.netloc}\r\nAccept: */*\r\nConnection: close\r\n\r\n".encode()
        )
        whole = b""
        while part := line.recv(512):
            whole += part
    text = whole.decode()
    found: Json = json.loads(text[text.index("{") : text.rindex("}") + 1])
    return found


def test_vroom_reads_our_table_and_our_route(compat: Live) -> None:
    radiuses = ";".join(["35000"] * len(SPOTS))
    table = vroom_get(compat, f"table/v1/car/{coordinates()}?annotations=duration,distance&radiuses={radiuses}")
    assert table["code"] == "Ok" and len(table["durations"]) == len(table["distances"][0]) == len(SPOTS)
    options = "alternatives=false&steps=false&overview=full&continue_straight=false"
    route = vroom_get(compat, f"route/v1/car/{coordinates()}?{options}&radiuses={radiuses}")
    legs = route["routes"][0]["legs"]
    assert [leg["duration"] for leg in legs] == [table["durations"][n][n + 1] for n in range(len(SPOTS) - 1)]
    assert [leg["distance"] for leg in legs] == [table["distances"][n][n + 1] for n in range(len(SPOTS) - 1)]
    assert polyline.decode(route["routes"][0]["geometry"])[0] == pytest.approx(SPOTS[0][::-1], abs=1e-5)
    lost = vroom_get(compat, f"table/v1/car/{coordinates([*SPOTS, [9.0, 50.0]])}?annotations=duration,distance")
    assert lost == {"code": "NoSegment", "message": f"Could not find a matching segment for coordinate {len(SPOTS)}"}


def test_a_table_to_the_key(compat: Live) -> None:
    told = asked(compat, f"table/v1/driving/{coordinates()}", annotations="duration,distance")
    assert told.keys() == EXACT
    assert all(spot.keys() == WAYPOINT for spot in told["sources"])
    assert all(told["durations"][n][n] == 0 for n in range(len(SPOTS)))
    alone = asked(
        compat, f"table/v1/driving/{coordinates()}.json", sources="2", destinations="all", generate_hints="false"
    )
    assert alone.keys() == EXACT - {"distances"} and alone["durations"] == [told["durations"][2]]
    assert alone["sources"][0].keys() == WAYPOINT - {"hint"}
    twice = asked(compat, f"table/v1/driving/{coordinates()}", sources="3;0;3", skip_waypoints="true", scale_factor="2")
    assert twice.keys() == {"code", "durations"}
    assert twice["durations"][0] == twice["durations"][2] == [2 * value for value in told["durations"][3]]


def test_polylines_hints_and_bodies(compat: Live) -> None:
    told = asked(compat, f"table/v1/car/{coordinates()}")
    for precision, name in ((5, "polyline"), (6, "polyline6")):
        line = polyline.encode([(lat, lon) for lon, lat in SPOTS], precision)
        assert asked(compat, f"table/v1/car/{name}({httpx.URL('/' + line).raw_path.decode()[1:]})") == told
    hints = ";".join(spot["hint"] for spot in told["sources"])
    assert asked(compat, f"table/v1/car/{coordinates()}", hints=hints) == told
    bodies: list[Json] = [
        {"coordinates": SPOTS},
        {"coordinates": polyline.encode([(lat, lon) for lon, lat in SPOTS])},
        {"coordinates": SPOTS, "annotations": ["duration"], "radiuses": [None, 30, "unlimited", 9.5, 1]},
    ]
    for body in bodies:
        assert httpx.post(f"{compat.url}/table/v1/car", json=body).json() == told
    route = httpx.post(
        f"{compat.url}/route/v1/car", json={"coordinates": SPOTS[:2], "steps": True, "overview": "false"}
    )
    assert route.json()["routes"][0].keys() == {"distance", "duration", "weight", "weight_name", "legs"}


@pytest.mark.parametrize("geometries", ["polyline", "polyline6", "geojson"])
def test_a_route_in_every_detail(compat: Live, geometries: str) -> None:
    told = asked(
        compat, f"route/v1/car/{coordinates()}",
        steps="true", annotations="true", geometries=geometries, overview="full", alternatives="3",
    )  # fmt: skip
    (route,) = told["routes"]
    assert route.keys() == {"distance", "duration", "weight", "weight_name", "geometry", "legs"}
    line = points(route["geometry"], geometries)
    assert len(told["waypoints"]) == len(SPOTS) and len(route["legs"]) == len(SPOTS) - 1
    joined = [line[0]]
    for leg in route["legs"]:
        assert leg.keys() == {"distance", "duration", "weight", "summary", "steps", "annotation"}
        assert sum(step["duration"] for step in leg["steps"]) == pytest.approx(
            leg["duration"], abs=0.1 * len(leg["steps"])
        )
        assert sum(step["distance"] for step in leg["steps"]) == pytest.approx(
            leg["distance"], abs=0.1 * len(leg["steps"])
        )
        assert leg["steps"][0]["maneuver"]["type"] == "depart" and leg["steps"][-1]["maneuver"]["type"] == "arrive"
        shape = [points(step["geometry"], geometries) for step in leg["steps"]]
        joined += [point for one in shape[:-1] for point in one[1:]]
        stretches = sum(len(one) - 1 for one in shape[:-1])
        known = leg["annotation"]
        assert {len(known[key]) for key in ("duration", "distance", "speed", "weight", "datasources")} == {stretches}
        assert sum(known["distance"]) == pytest.approx(leg["distance"], abs=0.1 * stretches)
        assert len(known["nodes"]) == stretches - 1 and all(known["nodes"])
    assert joined == line


def points(geometry: Any, kind: str) -> list[tuple[float, float]]:
    """Return a geometry's points to five digits."""
    if kind == "geojson":
        pairs = geometry["coordinates"]
    else:
        pairs = [(lon, lat) for lat, lon in polyline.decode(geometry, 6 if kind == "polyline6" else 5)]
    return [(round(lon, 5), round(lat, 5)) for lon, lat in pairs]


def test_turns_are_told(compat: Live) -> None:
    corner = coordinates([lon_lat(1, 1.5), lon_lat(3.5, 4)])
    steps = asked(compat, f"route/v1/car/{corner}", steps="true")["routes"][0]["legs"][0]["steps"]
    turns = [(step["maneuver"]["type"], step["maneuver"].get("modifier")) for step in steps]
    assert turns[0] == ("depart", None) and turns[-1] == ("arrive", None)
    assert {modifier for kind, modifier in turns if kind == "turn"} <= {"left", "right"} and len(turns) > 2
    assert all(step["intersections"][0]["location"] == step["maneuver"]["location"] for step in steps)


def test_waypoints_and_overviews(compat: Live) -> None:
    through = asked(compat, f"route/v1/car/{coordinates()}", waypoints="0;4", overview="by_legs", steps="true")
    every = asked(compat, f"route/v1/car/{coordinates()}", overview="false")
    (leg,) = through["routes"][0]["legs"]
    assert leg["duration"] == every["routes"][0]["duration"] and "geometry" in leg
    assert "geometry" not in through["routes"][0] and "geometry" not in every["routes"][0]
    kinds = [step["maneuver"]["type"] for step in leg["steps"]]
    assert kinds.count("arrive") == kinds.count("depart") == 1
    simple = asked(compat, f"route/v1/car/{coordinates()}")["routes"][0]["geometry"]
    full = asked(compat, f"route/v1/car/{coordinates()}", overview="full")["routes"][0]["geometry"]
    assert len(simple) < len(full)


def test_nearest_streets(compat: Live) -> None:
    lon, lat = lon_lat(1.4, 1.1)
    told = asked(compat, f"nearest/v1/car/{lon},{lat}", number="4")
    away = [one["distance"] for one in told["waypoints"]]
    assert told.keys() == {"code", "waypoints"} and len(away) == 4 and away == sorted(away)
    assert all(one.keys() == WAYPOINT | {"nodes"} and len(one["nodes"]) == 2 for one in told["waypoints"])
    assert sorted(told["waypoints"][0]["nodes"]) == [12, 13]
    near = asked(compat, f"nearest/v1/car/{lon},{lat}", number="4", radiuses="20")
    assert [one["distance"] for one in near["waypoints"]] == [one for one in away if one <= 20]


WRONG = [
    ("table/v1/car/2.0", "InvalidUrl"),
    ("table/v1/car/2.0,47;x,y", "InvalidUrl"),
    ("table/v1/car/polyline(~~)", "InvalidUrl"),
    ("table/v1/car/polyline()", "InvalidUrl"),
    ("table/v2/car/2,47;2,47.001", "InvalidVersion"),
    ("table/v1/car/200,47;2,47", "InvalidValue"),
    ("table/v1/foot/2,47;2,47.001", "InvalidValue"),
    ("table/v1/car/2,47;2,47.001.flatbuffers", "NotImplemented"),
    ("table/v1/car/2,47;2,47.001?annotations=speed", "InvalidQuery"),
    ("table/v1/car/2,47;2,47.001?steps=true", "InvalidQuery"),
    ("table/v1/car/2,47;2,47.001?annotations", "InvalidQuery"),
    ("table/v1/car/2,47;2,47.001?&", "InvalidQuery"),
    ("table/v1/car/2,47;2,47.001?radiuses=-1;3", "InvalidQuery"),
    ("table/v1/car/2,47;2,47.001?fallback_speed=0", "InvalidQuery"),
    ("table/v1/car/2,47;2,47.001?scale_factor=1e999", "InvalidQuery"),
    ("table/v1/car/2,47;2,47.001?radiuses=3", "InvalidOptions"),
    ("table/v1/car/2,47;2,47.001?sources=2", "InvalidOptions"),
    ("table/v1/car/2,47;2,47.001?exclude=motorway", "InvalidValue"),
    ("table/v1/car/2,47;2,47.001?approaches=curb;curb", "NotImplemented"),
    ("table/v1/car/2,47;2,47.001?bearings=10,20;", "NotImplemented"),
    ("table/v1/car/2.00005,47.00005;2,47.001?radiuses=1;unlimited", "NoSegment"),
    ("route/v1/car/2,47", "InvalidOptions"),
    ("route/v1/car/2,47;2,47.001?waypoints=0", "InvalidValue"),
    ("route/v1/car/2,47;2,47.001?continue_straight=true", "NotImplemented"),
    ("route/v1/car/9,50;2,47.001", "NoSegment"),
    ("nearest/v1/car/2,47;2,47.001", "InvalidOptions"),
    ("nearest/v1/car/2,47?number=0", "InvalidOptions"),
    ("nearest/v1/car/2,47?number=101", "TooBig"),
    ("nearest/v1/car/9,50", "NoSegment"),
    ("table/v1/car/" + ";".join(["2,47"] * 1001), "TooBig"),
    ("route/v1/car/" + ";".join(["2,47"] * 501), "TooBig"),
]


@pytest.mark.parametrize(("path", "code"), WRONG, ids=[f"{code}-{path[:40]}" for path, code in WRONG])
def test_what_is_wrong_is_told_in_osrms_codes(compat: Live, path: str, code: str) -> None:
    assert refused(httpx.get(f"{compat.url}/{path}"), code)


def test_wrong_bodies(compat: Live) -> None:
    url = f"{compat.url}/table/v1/car"
    for body in (b"", b"{", b"[]", b"\xff", b"[" * 50_000, b'"x"'):
        refused(httpx.post(url, content=body, headers={"content-type": "application/json"}), "InvalidOptions")
    odd: list[Any] = [None, 7, {}, [], [7], [[1]], [["a", "b"]], [[1, 2, 3]], [[None, 2]], "{", "\u0001", [[True, 2]]]
    for given in odd:
        reply = httpx.post(url, json={"coordinates": given})
        assert reply.status_code == 400 and reply.json()["code"].startswith("Invalid"), given
    for option in ({"sources": [-1]}, {"sources": "x"}, {"radiuses": {}}, {"": 1}, {"annotations": []}):
        refused(httpx.post(url, json={"coordinates": SPOTS, **option}), "InvalidQuery")
    reply = httpx.post(url, content=b"{}", headers={"content-type": "text/plain"})
    assert refused(reply, "InvalidOptions")
    assert httpx.put(url).json()["code"] == "InvalidUrl"


def test_a_full_table_by_url(compat: Live) -> None:
    """1,000 coordinates in a URL of 20 kB, as VROOM sends them."""
    spots = [lon_lat(1 + n % 8, 1 + (n // 8) % 8) for n in range(1000)]
    reply = httpx.get(
        f"{compat.url}/table/v1/car/{coordinates(spots)}", params={"annotations": "duration,distance"}, timeout=60
    )
    told = reply.json()
    assert len(told["durations"]) == len(told["distances"][999]) == 1000
    assert told["durations"][0][8] == told["durations"][64][72] > 0


def test_anybodys_pages_may_ask(compat: Live) -> None:
    page = {"origin": "https://tms.example"}
    reply = httpx.get(f"{compat.url}/nearest/v1/car/2,47", headers=page)
    assert reply.headers["access-control-allow-origin"] == "*"
    asks = {
        **page,
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type,authorization",
    }
    flight = httpx.options(f"{compat.url}/table/v1/car", headers=asks)
    assert flight.status_code == 200 and "content-type" in flight.headers["access-control-allow-headers"].lower()
    ours = httpx.options(f"{compat.url}/v1/cities", headers=asks)
    assert "access-control-allow-origin" not in ours.headers


def test_no_defect_was_met(compat: Live) -> None:
    assert not compat.defects()
