"""Lockers' boxes: what nobody has collected takes its box, a collection that is told frees it."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta

from data.model.event import EventKind
from data.model.fleet import FleetSettings, TourGroup
from data.model.parcel import Dimensions
from data.model.place import BoxType, PlaceKind
from data.model.reservation import level_id
from data.store import capacity, hubs, resources
from data.store.events import Held
from data.store.resources import ResourceKind
from promise.box_room import STAY, BoxRoom, Known, room_of
from promise.desk import Desk
from tests.promise.small_house import AT, CARRIER, Clock, opened
from tests.promise.test_follow import take, told
from tests.store.conftest import new_url, server, url  # noqa: F401

MM = Dimensions(length_mm=400, width_mm=300, height_mm=200)
TODAY = AT.date()
LOCKER = Known(
    id="L",
    kind=PlaceKind.LOCKER,
    postcode="44000",
    boxes=(BoxType(size="S", free=6, inner_mm=MM), BoxType(size="L", free=4, inner_mm=MM)),
)


def lies(box: str, days: int = 0) -> Held:
    """Return a parcel that was brought some days ago."""
    return Held("L", box, f"{box}{days}", int((AT - timedelta(days=days)).timestamp()))


def test_what_lies_there_takes_boxes_until_it_is_collected() -> None:
    assert room_of([LOCKER], [], {}, TODAY, TODAY) == 10
    assert room_of([LOCKER], [lies("S"), lies("L")], {}, TODAY, TODAY) == 8
    later = [room_of([LOCKER], [lies("S")] * 6, {}, TODAY + timedelta(days=n), TODAY) for n in range(len(STAY) + 1)]
    assert later == sorted(later) and later[0] == 4 and later[-1] == 10
    old = room_of([LOCKER], [lies("S", 20)] * 6, {}, TODAY + timedelta(days=2), TODAY)
    assert old == 4  # they should have been taken back, and lie there still
    promised = room_of([LOCKER], [], Counter({TODAY: 8}), TODAY + timedelta(days=1), TODAY)
    assert 2 < promised < 10
    relay = Known(id="R", kind=PlaceKind.RELAY, daily_cap_parcels=7)
    assert room_of([relay, LOCKER], [], {}, TODAY, TODAY) == 17


def level(desk: Desk, ahead: int) -> int:
    """Return the total of the centre's lockers on a day."""
    name = level_id("nantes", TODAY + timedelta(days=ahead), "centre", "locker")
    with desk.database.read() as connection:
        return next(one.parcels for one in capacity.of_tenant(connection, CARRIER.tenant) if one.id == name)


def test_a_collection_makes_room_for_the_next_promise(url: str) -> None:  # noqa: F811
    clock = Clock()
    with opened(url, clock) as desk:
        group = TourGroup(id="g", areas=("centre",), vans=4)
        fleet = FleetSettings(hub_id="nantes", groups=(group,), parcels_per_van=50)
        body = {"id": "L", "kind": "locker", "postcode": "44000", "lat": 47.2, "lon": -1.5}
        body["boxes"] = [{"size": "S", "free": 10, "inner_mm": {"length_mm": 1, "width_mm": 1, "height_mm": 1}}]

        def tell(t: object) -> None:
            hubs.put(t, CARRIER.tenant, fleet, desk.now_s)  # type: ignore[arg-type]
            resources.put(t, CARRIER, ResourceKind.PLACE, {"L": json.dumps(body)}, desk.now_s)  # type: ignore[arg-type]

        desk.ledger.write(tell).result()
        desk.facts.publish_room(CARRIER.tenant)
        assert level(desk, 1) == 200
        room = BoxRoom(desk, CARRIER.tenant)
        assert room.refresh() > 0 and level(desk, 1) == 10
        assert room.refresh() == 0
        brought = [
            told(f"b{n}", EventKind.DELIVERED, f"o{n}", place_id="L", box="S", parcel_id=f"p{n}") for n in range(10)
        ]
        take(desk, *brought)
        room.refresh()
        full = level(desk, 0), level(desk, 1)
        assert full[0] == 0 < full[1] < 10
        take(
            desk, *(told(f"c{n}", EventKind.COLLECTED, f"o{n}", 5, place_id="L", parcel_id=f"p{n}") for n in range(10))
        )
        room.refresh()
        assert (level(desk, 0), level(desk, 1)) == (10, 10)
        assert desk.ledger.check() == []
