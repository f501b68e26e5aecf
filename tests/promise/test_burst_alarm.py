"""A burst in the orders is a fact in the outbox, once."""

from __future__ import annotations

import json

from data.clock import rng
from promise.burst_alarm import DETECTED, BurstAlarm, raised_since
from promise.reserve import Request, Reserve
from tests.promise.small_house import AT, SHOP, Clock, ask, opened, reserve
from tests.store.conftest import new_url, server, url  # noqa: F401


def test_a_burst_is_found_and_told_once(url: str) -> None:  # noqa: F811
    clock, chance = Clock(AT.replace(second=0)), rng(3)
    with opened(url, clock) as desk:
        reserve(desk, "first", ask(desk), "locker")
        place = desk.ledger.reservation(SHOP, "first")
        assert place is not None
        alarm, number = BurstAlarm(desk, SHOP.tenant), 0
        beside = BurstAlarm(desk, SHOP.tenant)
        found = []
        for minute in range(50):
            orders = int(chance.poisson(0.1 if minute < 30 else 12))
            commands = tuple(
                Reserve(id=f"o{number + k}", capacity_id=place.capacity_id, expires_s=desk.now_s + 9999)
                for k in range(orders)
            )
            number += orders
            desk.ledger.do(Request(owner=SHOP, commands=commands, now_s=desk.now_s))
            clock.move(minutes=1)
            found += [(minute, hub) for hub in alarm.look()]
        assert [hub for _, hub in found] == ["nantes"] and 30 <= found[0][0] <= 36
        (notice,) = (one for one in desk.ledger.notices() if one.kind == DETECTED)
        assert json.loads(notice.body)["hub_id"] == "nantes" and notice.shipper == ""
        assert alarm.look() == []
        assert beside.look() == [] == BurstAlarm(desk, SHOP.tenant).look()  # another server, and this one started anew
        with desk.database.read() as connection:
            assert raised_since(connection, SHOP.tenant, 0) == (notice.replace(seq=0),)
            assert raised_since(connection, SHOP.tenant, desk.now_s) == ()


def test_a_burst_is_found_by_whoever_starts_after_it(url: str) -> None:  # noqa: F811
    clock = Clock(AT.replace(second=0))
    with opened(url, clock) as desk:
        reserve(desk, "first", ask(desk), "locker")
        place = desk.ledger.reservation(SHOP, "first")
        assert place is not None
        for minute in range(20):
            clock.move(minutes=1)
            commands = tuple(
                Reserve(id=f"o{minute}-{k}", capacity_id=place.capacity_id, expires_s=desk.now_s + 9999)
                for k in range(12 if minute >= 8 else 0)
            )
            desk.ledger.do(Request(owner=SHOP, commands=commands, now_s=desk.now_s))
        clock.move(minutes=10)  # nobody was there to look
        assert BurstAlarm(desk, SHOP.tenant).look() == ["nantes"]
        assert [one.kind for one in desk.ledger.notices()].count(DETECTED) == 1
