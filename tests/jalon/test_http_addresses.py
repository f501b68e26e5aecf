"""Addresses over HTTP: found in a register, corrected by the carrier, corrections told to whoever waits for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from data.store.database import Database
from tests.jalon.http_server import client, key, problem

REGISTER = """numero;rep;nom_voie;code_postal;code_insee;nom_commune;lon;lat
12;;Rue du Port;99100;99001;Port-Fictif;1.0;45.0
14;;Rue du Port;99100;99001;Port-Fictif;1.01;45.0
"""
RIGHT = {"text": "12 r. du Port", "postcode": "99100", "city": "Port-Fictif"}
WRONG = {"text": "99 rue du Port", "postcode": "99100", "city": "Port-Fictif"}


@pytest.fixture
def ban(tmp_path: Path) -> Path:
    file = tmp_path / "ban.csv"
    file.write_text(REGISTER, encoding="utf-8")
    return file


def test_found_corrected_forgotten(tmp_path: Path, ban: Path) -> None:
    with client(tmp_path, ban=ban) as one:
        sure, doubtful = one.post("/v1/addresses/geocode", json=[RIGHT, WRONG]).json()
        assert (sure["lat"], sure["lon"], sure["doubtful"], sure["level"]) == (45.0, 1.0, False, "housenumber")
        assert (doubtful["doubtful"], doubtful["reason"]) == (True, "number_unknown")
        assert doubtful["suggestions"][0]["label"] == "Rue du Port 99100 Port-Fictif"
        point = {"lat": 45.5, "lon": 1.5}
        kept = one.put("/v1/addresses/corrections", json=[{"address": WRONG, **point}])
        assert kept.json() == {"kept": 1, "forgotten": 0}
        told = one.post("/v1/addresses/geocode", json=[WRONG]).json()[0]
        assert (told["lat"], told["lon"], told["source"], told["doubtful"]) == (45.5, 1.5, "correction", False)
        assert one.put("/v1/addresses/corrections", json=[{"address": WRONG}]).json() == {"kept": 0, "forgotten": 1}
        assert one.post("/v1/addresses/geocode", json=[WRONG]).json() == [doubtful]


def test_who_may(tmp_path: Path, ban: Path) -> None:
    with client(tmp_path, ban=ban) as one:
        admin = key(one, "admin")
        reader = key(one, "promise:read", by=admin)
        shop = key(one, "plan:write", shipper="nord", by=admin)
        assert one.post("/v1/addresses/geocode", json=[RIGHT], headers=reader).status_code == 200
        told: dict[str, Any] = {"json": [{"address": RIGHT, "lat": 1, "lon": 2}]}
        problem(one.put("/v1/addresses/corrections", headers=reader, **told), 403, "missing_scope")
        problem(one.put("/v1/addresses/corrections", headers=shop, **told), 403, "carrier_only")
        problem(one.post("/v1/addresses/geocode", json=[RIGHT]), 401)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ([{"address": {"city": "Port-Fictif"}, "lat": 1, "lon": 2}], "no_street_given"),
        ([{"address": RIGHT, "lat": 1}], "invalid_value"),
        ([{"address": RIGHT, "lat": 91, "lon": 2}], "invalid_value"),
        ([{"address": RIGHT, "lon": 2, "lat": 1, "name": "M. X"}], "unknown_key"),
    ],
)
def test_what_is_refused(tmp_path: Path, body: list[dict[str, Any]], code: str) -> None:
    with client(tmp_path) as one:
        assert problem(one.put("/v1/addresses/corrections", json=body), 422, code)["errors"][0]["pointer"]


def test_too_many_and_none_to_ask(tmp_path: Path) -> None:
    with client(tmp_path) as one:
        problem(one.post("/v1/addresses/geocode", json=[RIGHT] * 5001), 413, "too_many_addresses")
        told = problem(one.post("/v1/addresses/geocode", json=[RIGHT]), 503, "no_geocoder")
        assert "JALON_BAN" in told["action"]


def test_no_address_is_readable_in_the_store(tmp_path: Path) -> None:
    with client(tmp_path) as one:
        one.put("/v1/addresses/corrections", json=[{"address": RIGHT, "lat": 1.0, "lon": 2.0}])
    with Database(f"sqlite:///{tmp_path}/server.db"):
        held = b"".join(file.read_bytes() for file in tmp_path.glob("server.db*"))
    assert b"Port" not in held and b"port" not in held
