"""What an area's lockers and relays can take on the days ahead, by what lies in them now: published as totals.

Boxes that hold a parcel nobody has collected are not free; a collection that is told frees one at once. Parcels
promised for the days before take boxes too, for as long as parcels usually stay.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

import h3
import msgspec

from data.clock import PARIS
from data.model.place import BoxType, PlaceKind
from data.model.promise import DeliveryOption
from data.model.reservation import Balance, Capacity, Owner, level_id
from data.store import capacity, events, resources
from data.store.events import Held
from data.store.resources import ResourceKind
from promise.day_room import publish
from promise.desk import Desk
from promise.grid import H3_RESOLUTION
from promise.place_room import InBox, free_boxes, still_there

STAY = (1.0, 0.6, 0.35, 0.2, 0.1, 0.04)
"""Share of parcels not collected n days after they were brought; after the last day they go back."""
NO_LIMIT = 2_000_000


class Known(msgspec.Struct):
    """What of a place that was told by name matters here."""

    id: str
    kind: PlaceKind
    lat: float | None = None
    lon: float | None = None
    postcode: str = ""
    opening_hours: str | None = None
    boxes: tuple[BoxType, ...] = ()
    daily_cap_parcels: int | None = None


class BoxRoom:
    """Publishes what a carrier's lockers and relays can take."""

    def __init__(self, desk: Desk, tenant: str) -> None:
        self._desk, self._tenant = desk, tenant
        self._cells = {cell: area.id for area in desk.state.areas for cell in area.cells}
        self._postcodes = {code: area.id for area in desk.state.areas for code in area.postcodes}

    def refresh(self) -> int:
        """Publish the totals that have changed; return how many did."""
        state, today = self._desk.state, self._desk.now().date()
        options = [one for one in state.options if one.kind is not PlaceKind.HOME and not one.carrier]
        with self._desk.database.read() as connection:
            told = resources.load(connection, Owner(self._tenant), ResourceKind.PLACE)
            by_area = self._by_area(told.values())
            names = [place.id for places in by_area.values() for place in places]
            held = events.waiting(connection, self._tenant, names) if names else ()
            balances = {one.id: one for one in capacity.of_tenant(connection, self._tenant)} if names else {}
        changed = []
        for (area_id, kind), places in by_area.items():
            inside = [one for one in held if one.place_id in {place.id for place in places}]
            for option in (one for one in options if one.kind is kind):
                changed += self._levels(area_id, option, places, inside, balances, today)
        publish(self._desk.ledger, self._tenant, changed, self._desk.now_s)
        return len(changed)

    def _by_area(self, told: Iterable[str]) -> dict[tuple[str, PlaceKind], list[Known]]:
        found: dict[tuple[str, PlaceKind], list[Known]] = {}
        for raw in told:
            place = msgspec.json.decode(raw, type=Known)
            area = self._postcodes.get(place.postcode, "")
            if place.lat is not None and place.lon is not None:
                area = self._cells.get(h3.latlng_to_cell(place.lat, place.lon, H3_RESOLUTION), area)
            if area and place.kind is not PlaceKind.HOME:
                found.setdefault((area, place.kind), []).append(place)
        return found

    def _levels(
        self,
        area_id: str,
        option: DeliveryOption,
        places: Sequence[Known],
        inside: Sequence[Held],
        balances: Mapping[str, Balance],
        today: date,
    ) -> list[Capacity]:
        """Return the levels of an area's option whose totals are other than published."""
        found = []
        hubs = [load.schedule.hub_id for load in self._desk.state.hubs]
        others = [one.id for one in self._desk.state.options if one.id != option.id and not one.carrier]
        for ahead in range(self._desk.state.horizon_days):
            day = today + timedelta(days=ahead)
            mine = [one for hub in hubs if (one := balances.get(level_id(hub, day, area_id, option.id)))]
            beside = {hub: [level_id(hub, day, area_id, other) for other in others] for hub in hubs}
            before = Counter[date]()
            for number in range(max(0, ahead - len(STAY) + 1), ahead):
                earlier = today + timedelta(days=number)
                names = [level_id(hub, earlier, area_id, option.id) for hub in hubs]
                before[earlier] = sum(balances[name].reserved_parcels for name in names if name in balances)
            room = room_of(places, inside, before, day, today)
            for one in mine:
                if not one.parcels and not any(
                    balances[name].parcels for name in beside[one.hub_id] if name in balances
                ):
                    continue  # nobody goes there that day
                taken = sum(other.reserved_parcels for other in mine if other is not one)
                around = balances.get(one.parent_id)
                total = min(max(0, room - taken), around.parcels if around else room)
                if total != one.parcels:
                    fields = {name: getattr(one, name) for name in Capacity.__struct_fields__}
                    found.append(Capacity(**fields | {"parcels": total}))
        return found


def room_of(places: Sequence[Known], inside: Sequence[Held], before: Mapping[date, int], day: date, today: date) -> int:
    """Return the parcels that an area's places can take on a day.

    Parameters
    ----------
    inside : sequence of Held
        What lies in them now.
    before : mapping
        Parcels promised for the days between, which will be brought by then.
    """
    total = 0
    lockers = [place for place in places if place.kind is PlaceKind.LOCKER]
    for place in places:
        if place.kind is not PlaceKind.LOCKER:
            total += place.daily_cap_parcels if place.daily_cap_parcels is not None else NO_LIMIT
    if lockers:
        sizes = max(len(place.boxes) for place in lockers)
        boxes = [sum(place.boxes[size].free for place in lockers if size < len(place.boxes)) for size in range(sizes)]
        index = {(place.id, box.size): number for place in lockers for number, box in enumerate(place.boxes)}
        ahead = (day - today).days
        taken = [
            InBox(index.get((one.place_id, one.box), 0), still_there(STAY, _days_since(one.since_s, today), ahead))
            for one in inside
        ]
        for earlier, parcels in before.items():
            stays = still_there(STAY, 0, (day - earlier).days)
            taken += [InBox(0, stays)] * parcels
        total += free_boxes(boxes, taken)[0] if boxes else 0
    return total


def _days_since(at_s: int, today: date) -> int:
    return max(0, (today - datetime.fromtimestamp(at_s, PARIS).date()).days)
