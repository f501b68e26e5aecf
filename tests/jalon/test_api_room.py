"""The loop closes: a plan that is put in force tells the promise how much its hubs can carry on its day."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from data.model.fleet import FleetSettings
from data.model.plan import Plan
from jalon.http import app as app_module
from jalon.http.app import Server
from routing.room import plan_capacities
from tests.jalon import town
from tests.jalon.http_server import client
from tests.jalon.test_http_auth import SAMPLE
from tests.jalon.workers_here import Here


def test_a_commit_publishes_the_room_of_its_day(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = json.loads(SAMPLE.read_text())
    hub, area = state["hubs"][0]["schedule"]["hub_id"], state["areas"][0]
    monkeypatch.setattr(app_module, "Cluster", Here)
    asked = town.request(4) | {"city": ""}
    asked["hubs"][0]["id"] = hub
    for one in (*asked["vehicles"], *asked["orders"]):
        one["hub_id"] = hub
    for place in asked["places"]:
        place["postcode"] = area["postcodes"][0]
    with client(tmp_path, promise=SAMPLE, city=built / "town.city") as one:
        while one.get("/v1/cities").status_code != 200:
            pass
        fleet = {"hub_id": hub, "parcels_per_van": 50, "groups": [{"id": "g", "areas": [area["id"]], "vans": 1}]}
        assert one.put(f"/v1/hubs/{hub}/fleet", json=fleet).status_code == 200
        plan = one.post("/v1/plans?budget_s=0", json=asked).json()
        served: Server = one.app.state.server  # type: ignore[attr-defined]
        assert served.desk is not None
        assert one.post(f"/v1/plans/{plan['id']}/commit", headers={"if-match": "*"}).status_code == 200
        told = {balance.id: balance.parcels for balance in served.desk.ledger.balances("default")}
        where = msgspec.convert(fleet, FleetSettings)
        wanted = plan_capacities(
            msgspec.convert(plan, Plan), [where], lambda lat, lon: area["id"], ["home", "relay", "locker"]
        )
        assert len(wanted) == 5 and wanted[0].parcels > 4
        assert {level.id: level.parcels for level in wanted}.items() <= told.items()
