"""Delay tables learnt from the house's own scans."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from data.clock import rng
from data.model.event import EventKind
from data.store import legs
from promise.learn_legs import LEAST_PARCELS, lanes, learned
from promise.refresh_worker import Facts, snapshot_from
from tests.promise.small_house import AT, CARRIER, Clock, ask, house, opened, reserve
from tests.promise.test_follow import take, told
from tests.store.conftest import new_url, server, url  # noqa: F401


def test_a_lane_that_takes_two_days_is_told_so() -> None:
    state, chance, today = house(), rng(1), AT.toordinal()
    scans = []
    for day in range(today - 25, today):
        left_at = AT + timedelta(days=day - today)
        for _ in range(12):
            took = 1 if chance.random() < 0.25 else 2
            came_at = left_at + timedelta(days=took)
            came_s = int(came_at.timestamp()) if came_at.toordinal() < today else 0
            scans.append((f"nantes/{left_at.date()}/centre/home", int(left_at.timestamp()), came_s))
    scans += [("rennes/2026-11-20/north/home", int((AT - timedelta(days=4)).timestamp()), 0)] * (LEAST_PARCELS - 1)
    counted = lanes(scans)
    assert sum(lane.parcels for lane in counted) == len(scans) and len(counted) < 80
    (curve,) = learned(state, counted, today)
    assert (curve.option, curve.areas, curve.hubs) == ("home", ("centre",), ("nantes",))
    within = np.array(curve.within)
    assert within[0] < 0.03 and abs(within[1] - 0.25) < 0.08 and within[2] > 0.93
    assert learned(state, (), today) == ()
    slower = state.replace(curves=(*state.curves, curve))
    asked = snapshot_from(Facts(state=slower, now_s=int(AT.timestamp()))).ontime
    before = snapshot_from(Facts(state=state, now_s=int(AT.timestamp()))).ontime
    assert asked[0, 0, 0, 0, 0, 1] < 0.4 < before[0, 0, 0, 0, 0, 1]


def test_scans_become_lanes(url: str) -> None:  # noqa: F811
    clock = Clock()
    with opened(url, clock) as desk:
        for name in ("o1", "o2"):
            reserve(desk, name, ask(desk))
        take(desk, *(told(f"l{name}", EventKind.LOADED, name, 60, shipper="shop") for name in ("o1", "o2")))
        clock.move(days=1)
        take(desk, told("d", EventKind.DELIVERED, "o1", 24 * 60, shipper="shop"))
        with desk.database.read() as connection:
            found = legs.since(connection, CARRIER.tenant, 0)
        today = AT.toordinal()
        got = [(one.name, one.left_day, one.came_day, one.parcels) for one in lanes(found)]
        place = found[0].capacity_id.split("/")
        assert got == [("/".join((place[0], *place[2:])), today, came, 1) for came in (0, today + 1)]
