"""Promises watched: what becomes unlikely is told at risk, then moves, by one commit with what the customer reads."""

from __future__ import annotations

import json
from datetime import date, time, timedelta
from typing import Any

import numpy as np
import pytest

from data.model.event import EventKind
from data.model.plan import Postponed, Reason, Unassigned
from data.model.promise_state import PromiseState
from data.model.reservation import Capacity, Key, State
from data.model.schedule import Shift, Workload
from data.store import capacity, orders, plans, watches
from data.store.database import Transaction
from promise.desk import Desk
from promise.odds import Watched, odds, on_the_road
from promise.plan_risks import not_by
from promise.refresh_worker import Facts, odds_from, snapshot_from
from promise.reserve import Publish, Request
from promise.state import Since
from promise.watch import Watcher
from tests.promise.small_house import AT, CARRIER, FIRST, SECOND, SHOP, Clock, ask, house, opened, reserve, run
from tests.promise.test_follow import keep, stored, take, told
from tests.store.conftest import new_url, server, url  # noqa: F401
from tests.store.test_plans import a_plan

THIRD = date(2026, 11, 27)


def look(desk: Desk) -> Watcher:
    """Look at all promises once, as the server does with a snapshot."""
    watcher = Watcher(desk, CARRIER.tenant)
    facts = Facts(state=desk.state, now_s=desk.now_s, watched=watcher.watched(), outages=watcher.outages())
    desk.swap(snapshot_from(facts))
    watcher.look(facts.watched, odds_from(facts))
    return watcher


def notices(desk: Desk) -> list[tuple[str, str, dict[str, Any]]]:
    """Return what waits in the outbox, of promises."""
    return [
        (one.subject, one.kind, json.loads(one.body))
        for one in desk.ledger.notices()
        if one.kind.startswith("promise.")
    ]


def cut(desk: Desk, day: date, parcels: int) -> None:
    """Cut the room of the centre's homes on a day."""
    with desk.database.read() as connection:
        level = next(one for one in capacity.of_tenant(connection, CARRIER.tenant) if one.day == day and not one.hub_id)
    fields = {name: getattr(level, name) for name in Capacity.__struct_fields__}
    command = Publish(capacity=Capacity(**fields | {"parcels": parcels}))
    desk.ledger.do(Request(owner=CARRIER, commands=(command,), now_s=desk.now_s))


def test_all_is_well(url: str) -> None:  # noqa: F811
    with opened(url) as desk:
        reserve(desk, "o1", ask(desk))
        assert look(desk).figures() == {"at_risk": 0, "moved": 0, "stuck": 0}
        assert notices(desk) == []


def test_a_cut_moves_those_that_came_last(url: str) -> None:  # noqa: F811
    clock = Clock()
    with opened(url, clock) as desk:
        for name in ("o1", "o2", "o3"):
            reserve(desk, name, ask(desk))
            run(desk.places.confirm(SHOP, name))
            clock.move(seconds=1)
        keep(desk, SHOP, *(stored(name) for name in ("o1", "o2", "o3")))
        cut(desk, FIRST, 1)
        assert [one.kind for one in desk.ledger.notices()] == ["capacity.deficit"]
        look(desk)
        look(desk)
        found = notices(desk)
        assert [(name, kind) for name, kind, _ in found] == [
            *(("o2", "promise.at_risk"), ("o3", "promise.at_risk")),
            *(("o2", "promise.moved"), ("o3", "promise.moved")),
        ]
        for _, kind, body in found:
            assert body["cause"] == "capacity"
            if kind == "promise.moved":
                assert (body["from_date"], body["date"]) == (FIRST.isoformat(), SECOND.isoformat())
                assert [one["option_id"] for one in body["choices"]] == ["locker"] and body["quote_id"]
                assert body["text_fr"].startswith("Votre colis sera livré jeudi 26 novembre, au lieu de mercredi 25")
        days = {name: desk.places.promise(SHOP, name) for name in ("o1", "o2", "o3")}
        assert [one.date for one in days.values()] == [FIRST, SECOND, SECOND]
        assert {one.state for one in days.values()} == {State.CONFIRMED}
        with desk.database.read() as connection:
            assert not any(one.deficit_parcels for one in capacity.of_tenant(connection, CARRIER.tenant))
            assert orders.load(connection, SHOP, ("o3",))["o3"].order.promised_on == SECOND
        assert desk.ledger.check() == []


def test_a_hub_that_stands_still_moves_what_it_can_not_send(url: str) -> None:  # noqa: F811
    with opened(url) as desk:
        held = reserve(desk, "o1", ask(desk))
        reserve(desk, "o2", ask(desk), "locker")
        for hub in ("nantes", "rennes"):
            take(desk, told(f"closed-{hub}", EventKind.CLOSED, "", hub_id=hub))
        watcher = look(desk)
        assert watcher.figures() == {"at_risk": 2, "moved": 2, "stuck": 0}
        assert {body["cause"] for _, _, body in notices(desk)} == {"incident"}
        assert held.date == FIRST and desk.places.promise(SHOP, "o1").date > FIRST
        take(desk, told("open", EventKind.OPENED, "", 1, hub_id="nantes"))
        take(desk, told("open2", EventKind.OPENED, "", 1, hub_id="rennes"))
        assert look(desk).figures() == {"at_risk": 0, "moved": 0, "stuck": 0}


def test_a_failure_is_tried_again_the_next_day(url: str) -> None:  # noqa: F811
    clock = Clock()
    with opened(url, clock) as desk:
        reserve(desk, "o1", ask(desk))
        run(desk.places.confirm(SHOP, "o1"))
        keep(desk, SHOP, stored("o1"))
        take(desk, told("1", EventKind.LOADED, minutes=60, shipper="shop"))
        clock.move(days=1)
        look(desk)
        assert notices(desk) == []
        take(desk, told("2", EventKind.FAILED, minutes=24 * 60 - 1, shipper="shop", reason="absent"))
        look(desk)
        assert [(kind, body["cause"]) for _, kind, body in notices(desk)] == [
            ("promise.at_risk", "failure"),
            ("promise.moved", "failure"),
        ]
        assert desk.places.promise(SHOP, "o1").date == SECOND
        look(desk)
        assert len(notices(desk)) == 2
        with desk.database.read() as connection:
            assert list(watches.of_tenant(connection, CARRIER.tenant)) == [Key(*SHOP, "o1")]
        clock.move(days=1)
        take(desk, told("3", EventKind.DELIVERED, minutes=48 * 60 - 1, shipper="shop"))
        with desk.database.read() as connection:
            assert watches.of_tenant(connection, CARRIER.tenant) == {}


def test_a_change_that_finds_no_room_keeps_the_old_place(url: str) -> None:  # noqa: F811
    with opened(url) as desk:
        for name in ("o1", "o2", "o3"):
            reserve(desk, name, ask(desk))
        cut(desk, FIRST, 2)
        for day in (SECOND, THIRD):
            cut(desk, day, 0)
        watcher = look(desk)
        assert watcher.figures() == {"at_risk": 1, "moved": 1, "stuck": 0}  # beyond what is published there is room
        moved = notices(desk)[-1][2]
        assert date.fromisoformat(moved["date"]) == THIRD + timedelta(days=1)
        assert desk.ledger.check() == []


def test_odds_know_where_an_order_is() -> None:
    state: PromiseState = house()
    now_s = int(AT.timestamp())
    since = Since(now_s, now_s)
    one = Watched(hub_id="nantes", area_id="centre", option_id="home", day=FIRST, placed_s=now_s)
    late_s = int(AT.replace(hour=23).timestamp())
    rows = [
        (one, 1.0),
        (one.replace(day=AT.date()), 0.0),
        (one.replace(option_id="locker"), 0.0),
        (one.replace(option_id="locker", day=SECOND), 1.0),
        (one.replace(inside=True), 1.0),
        (one.replace(left_s=now_s), 1.0),
        (one.replace(left_s=now_s, day=AT.date()), 0.0),
        (one.replace(left_s=now_s - 86_400, day=AT.date()), 1.0),
        (one.replace(left_s=now_s - 86_400, day=AT.date(), tried=True), 0.0),
    ]
    assert odds(state, since, [row for row, _ in rows]).tolist() == [chance for _, chance in rows]
    assert np.isnan(odds(state, since, [one.replace(hub_id="else"), one.replace(area_id="else")])).all()
    after = Since(now_s, late_s)
    still = [one.replace(placed_s=now_s), one.replace(placed_s=now_s, inside=True), one.replace(placed_s=late_s)]
    assert odds(state, after, still).tolist() == [1.0, 0.0, 0.0]  # what is still there has missed its wave
    stopped = Since(now_s, now_s, outages={"nantes": late_s})
    assert odds(state, stopped, [one, one.replace(hub_id="rennes")]).tolist() == [0.0, 1.0]


def test_odds_of_many_are_those_of_each() -> None:
    state = house()
    slow = state.hubs[0].schedule.replace(
        shifts=(Shift(workload=Workload.PICK, begins=time(0), ends=time(23, 59), stations=1, parcels_per_hour=60),)
    )
    state = state.replace(hubs=(state.hubs[0].replace(schedule=slow), state.hubs[1]))
    now_s = int(AT.timestamp())
    steps = 5 * 12  # five hours of ten orders a step: those of the last one miss the wave at six
    since = Since(now_s, now_s + steps * 300, arrived={"nantes": dict.fromkeys(range(steps), 10)})
    one = Watched(hub_id="nantes", area_id="centre", option_id="home", day=FIRST, placed_s=now_s)
    many = [one.replace(placed_s=now_s + 90 * number) for number in range(200)]
    together = odds(state, since, many)
    alone = np.array([odds(state, since, [each])[0] for each in many[5::10]])
    assert together[0] > 0.95 and together[-1] < 0.05 and (np.diff(together) <= 0).all()
    assert (together[5::10] - alone).mean() == pytest.approx(0, abs=0.005)


CHANCES = [(-1, 1, 0.5), (0, 1, 0.5), (1, 2, 0.8), (1, 1, 0.0), (3, 2, 0.0), (2, 3, float("nan"))]


@pytest.mark.parametrize(("before", "due", "chance"), CHANCES)
def test_on_the_road(before: int, due: int, chance: float) -> None:
    assert on_the_road(np.array([0.0, 0.5, 0.9]), before, due) == pytest.approx(chance, nan_ok=True)


def test_what_a_plan_does_not_bring(url: str) -> None:  # noqa: F811
    with opened(url) as desk:
        for name in ("o1", "o2", "o3"):
            reserve(desk, name, ask(desk))
        asked = [stored(name).order for name in ("o1", "o2", "o3", "o4")]
        why = (Reason(code="NO_VEHICLE", text="no vehicle is left"),)
        plan = a_plan("plan-1").replace(
            day=FIRST,
            orders=tuple(asked),
            unassigned=(Unassigned(order_id="o1", reasons=why), Unassigned(order_id="o4", reasons=why)),
            postponed=(Postponed(order_id="o2", to_day=SECOND, reasons=why),),
        )
        assert {key.id: day for key, day in not_by(plan, "carrier").items()} == dict.fromkeys(("o1", "o2", "o4"), FIRST)

        def drive(t: Transaction) -> None:
            plans.add(t, CARRIER, plan, desk.now_s)
            assert plans.commit(t, CARRIER, plan.id, 1, desk.now_s)

        desk.ledger.write(drive).result()
        assert look(desk).figures() == {"at_risk": 2, "moved": 2, "stuck": 0}
        assert {(name, body["cause"]) for name, _, body in notices(desk)} == {("o1", "plan"), ("o2", "plan")}
        assert [desk.places.promise(SHOP, name).date for name in ("o1", "o2", "o3")] == [SECOND, SECOND, FIRST]
        assert look(desk).figures() == {"at_risk": 0, "moved": 0, "stuck": 0}
