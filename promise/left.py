"""What is left in the tours and on the shelves by now: the last commit's balances, beside the snapshot.

The ledger's writer puts balances here as soon as they are on disk, and quotes look at them: a place taken is seen by
the next quote. Nothing here is ever the last word, that is the ledger's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date
from typing import NamedTuple
from urllib.parse import unquote

from data.model.reservation import Balance

UNLIMITED = 2**62
DAY_BITS = 20


class Left(NamedTuple):
    """A level of capacity: what is still free of it, and what it is part of."""

    id: str
    parent_id: str
    parcels: int
    dm3: int | None


class Names:
    """The numbers of hubs, rows and options in every snapshot of one house; new hubs are added at the end."""

    def __init__(self, hubs: Mapping[str, int], rows: Mapping[str, int], columns: Mapping[str, int]) -> None:
        self.hubs, self.rows, self.columns = hubs, rows, columns

    def cell(self, area_id: str, option_id: str) -> int | None:
        """Return row * O + option."""
        if area_id in self.rows and option_id in self.columns:
            return self.rows[area_id] * len(self.columns) + self.columns[option_id]
        return None


class Levels:
    """One carrier's levels, changed in place by one thread and read by others."""

    def __init__(self, names: Names) -> None:
        self.slots: dict[str, int] = {}
        self.ids: list[str] = []
        self.parcels: list[int] = []
        self.dm3: list[int] = []
        self.likely: list[int] = []
        self.likely_dm3: list[int] = []
        """What buyers will likely take of dates that others still show them, see :mod:`promise.shown`."""
        self.cells: dict[int, tuple[int, ...]] = {}
        """Slots from the innermost level out, by hub, cell and day."""
        self.hub_days: dict[int, tuple[int, ...]] = {}
        self.shared: dict[int, tuple[int, ...]] = {}
        """The same by cell and day, of room that all hubs share."""
        self._names, self._parents = names, list[str]()

    def put(self, levels: Iterable[Left]) -> None:
        """Take over what is left of some levels."""
        new = []
        for one in levels:
            slot = self.slots.get(one.id)
            dm3 = UNLIMITED if one.dm3 is None else one.dm3
            if slot is None:
                new.append(one.id)
                self.ids.append(one.id)
                self.likely.append(0)
                self.likely_dm3.append(0)
                self.parcels.append(one.parcels)
                self.dm3.append(dm3)
                self._parents.append(one.parent_id)
                self.slots[one.id] = len(self.parcels) - 1
            else:
                self.parcels[slot], self.dm3[slot] = one.parcels, dm3
        for name in new:
            self._place(name)

    def chain(self, name: str) -> tuple[int, ...]:
        """Return the slots of a level and of all around it."""
        found = []
        while name in self.slots:
            found.append(self.slots[name])
            name = self._parents[found[-1]]
        return tuple(found)

    def cell(self, area_id: str, option_id: str) -> int | None:
        """Return the number of an area's option, as :meth:`Names.cell`."""
        return self._names.cell(area_id, option_id)

    def option(self, cell: int) -> str:
        """Return the option of a cell."""
        return list(self._names.columns)[cell % len(self._names.columns)]

    def share(self, cells: Iterable[int], day: int, chain: tuple[int, ...]) -> None:
        """Let cells without levels of their own have their room from these slots on a day (ordinal)."""
        self.shared |= {cell << DAY_BITS | day: chain for cell in cells}

    def forget(self, before: int) -> None:
        """Drop the days before one (ordinal)."""
        for table in (self.cells, self.hub_days, self.shared):
            for key in [key for key in table if key & ((1 << DAY_BITS) - 1) < before]:
                del table[key]

    def _place(self, name: str) -> None:
        """Let quotes find a level, if it is a hub's day or an area's option on one."""
        hub_id, day, *rest = (unquote(part) for part in name.split("/"))
        hub = self._names.hubs.get(hub_id)
        with suppress(ValueError):
            if hub is not None and not rest:
                self.hub_days[hub << DAY_BITS | date.fromisoformat(day).toordinal()] = self.chain(name)
            elif hub is not None and len(rest) == 2:
                cell = self._names.cell(*rest)
                if cell is not None:
                    key = (hub << DAY_BITS | cell) << DAY_BITS | date.fromisoformat(day).toordinal()
                    self.cells[key] = self.chain(name)


class RoomNow:
    """The room of one carrier under one snapshot, whose day 0 is ``first_day`` (ordinal)."""

    def __init__(self, levels: Levels, first_day: int) -> None:
        self.levels, self.first_day = levels, first_day

    def chain(self, hub: int, cell: int, day: int) -> tuple[int, ...]:
        """Return the slots an order takes."""
        levels, at = self.levels, self.first_day + day
        return (
            levels.cells.get((hub << DAY_BITS | cell) << DAY_BITS | at)
            or levels.hub_days.get(hub << DAY_BITS | at)
            or levels.shared.get(cell << DAY_BITS | at, ())
        )

    def free(self, hubs: Sequence[int], cell: int, day: int, parcels: int, dm3: int) -> list[int]:
        """Return the hubs whose tours of a day take a cart to a cell; where nothing is published they do."""
        levels, at = self.levels, self.first_day + day
        cells, hub_days, shared = levels.cells, levels.hub_days, levels.shared.get(cell << DAY_BITS | at, ())
        left_parcels, left_dm3, likely, likely_dm3 = levels.parcels, levels.dm3, levels.likely, levels.likely_dm3
        found = []
        for hub in hubs:
            for slot in cells.get((hub << DAY_BITS | cell) << DAY_BITS | at) or hub_days.get(
                hub << DAY_BITS | at, shared
            ):
                if left_parcels[slot] - likely[slot] < parcels or left_dm3[slot] - likely_dm3[slot] < dm3:
                    break
            else:
                found.append(hub)
        return found


class Taking(RoomNow):
    """The room less what the orders before in the same request take."""

    def __init__(self, room: RoomNow) -> None:
        super().__init__(room.levels, room.first_day)
        self._parcels: dict[int, int] = {}
        self._dm3: dict[int, int] = {}

    def free(self, hubs: Sequence[int], cell: int, day: int, parcels: int, dm3: int) -> list[int]:
        """Return the hubs whose tours take a cart to a cell as well."""
        return [hub for hub in super().free(hubs, cell, day, parcels, dm3) if self._fits(hub, cell, day, parcels, dm3)]

    def _fits(self, hub: int, cell: int, day: int, parcels: int, dm3: int) -> bool:
        levels = self.levels
        return all(
            levels.parcels[slot] - levels.likely[slot] - self._parcels.get(slot, 0) >= parcels
            and levels.dm3[slot] - levels.likely_dm3[slot] - self._dm3.get(slot, 0) >= dm3
            for slot in self.chain(hub, cell, day)
        )

    def take(self, chain: tuple[int, ...], parcels: int, dm3: int) -> None:
        """Take a place."""
        for slot in chain:
            self._parcels[slot] = self._parcels.get(slot, 0) + parcels
            self._dm3[slot] = self._dm3.get(slot, 0) + dm3


def left_of(balance: Balance) -> Left:
    """Return what is left of a balance."""
    return Left(balance.id, balance.parent_id, balance.left_parcels, balance.left_dm3)
