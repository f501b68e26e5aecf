"""The rows and columns of a snapshot: areas, then the country beyond them, by options."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import h3
import numpy as np
from numpy.typing import NDArray

from data.calendar import ALSACE, MOSELLE, region_of
from data.model.promise import Area, DeliveryOption, Pool, QuoteRequest

H3_RESOLUTION = 8
ELSEWHERE = ("", MOSELLE, ALSACE)
"""The regions beyond the areas known, one row each; overseas there is none."""

UNBOUNDED = 2**31 - 1


@dataclass(frozen=True, eq=False)
class Grid:
    """R rows, the A areas and then one per region of :data:`ELSEWHERE`, by O options."""

    areas: tuple[Area, ...]
    options: tuple[DeliveryOption, ...]

    @cached_property
    def regions(self) -> tuple[str, ...]:
        """Whose holidays hold in each row."""
        return (*(_region(area) for area in self.areas), *ELSEWHERE)

    @cached_property
    def row_ids(self) -> tuple[str, ...]:
        """The area of each row, empty beyond them."""
        return (*(area.id for area in self.areas), *("" for _ in ELSEWHERE))

    @cached_property
    def option_index(self) -> dict[str, int]:
        """Column of each option."""
        return {option.id: column for column, option in enumerate(self.options)}

    def row_of(self, request: QuoteRequest) -> int | None:
        """Return the row of a destination, ``None`` overseas where no area is known.

        The H3 cell of its coordinates goes before its postcode. Where neither is known, coordinates alone get the
        row with the most holidays: a closed day is never promised.
        """
        if request.lat is not None and request.lon is not None:
            row = self._row_by_cell.get(h3.latlng_to_cell(request.lat, request.lon, H3_RESOLUTION))
            if row is not None:
                return row
        if request.postcode is None:
            return len(self.areas) + ELSEWHERE.index(ALSACE)
        row = self._row_by_postcode.get(request.postcode)
        region = region_of(request.postcode)
        if row is None and region in ELSEWHERE:
            row = len(self.areas) + ELSEWHERE.index(region)
        return row

    def open_days(self, first_day: int, days: int) -> NDArray[np.bool_]:
        """Return on which days each option delivers in each row.

        Parameters
        ----------
        first_day : int
            Its ordinal.

        Returns
        -------
        bool [R, O, days]
        """
        mask = np.empty((len(self.regions), len(self.options), days), bool)
        for region in set(self.regions):
            rows = [row for row, own in enumerate(self.regions) if own == region]
            for column, option in enumerate(self.options):
                mask[rows, column] = option.calendar.at(region).open_mask(first_day, days)
        return mask

    def room_left(
        self, pools: tuple[Pool, ...], first_day: int, days: int
    ) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Return what is left of the smallest pool that holds each row and option on each day.

        Returns
        -------
        parcels, dm3 : int32 [R, O, days]
            :data:`UNBOUNDED` where no pool holds them; never below 0.
        """
        shape = (len(self.regions), len(self.options), days)
        parcels, dm3 = np.full(shape, UNBOUNDED, np.int32), np.full(shape, UNBOUNDED, np.int32)
        for pool in pools:
            day = pool.day.toordinal() - first_day
            if 0 <= day < days:
                held = np.ix_(self._rows(pool.areas), self._columns(pool.options), [day])
                left = max(0, pool.parcels - pool.reserved - pool.expected)
                parcels[held] = np.minimum(parcels[held], left)
                if pool.dm3 is not None:
                    dm3[held] = np.minimum(dm3[held], max(0, pool.dm3 - pool.reserved_dm3))
        return parcels, dm3

    def serves(self, areas: tuple[str, ...]) -> NDArray[np.bool_]:
        """Return which rows are named by ``areas``, all where it is empty; bool [R]."""
        mask = np.zeros(len(self.regions), bool)
        mask[self._rows(areas)] = True
        return mask

    def _rows(self, areas: tuple[str, ...]) -> list[int]:
        return [self._row_by_id[area] for area in areas] if areas else list(range(len(self.regions)))

    def _columns(self, options: tuple[str, ...]) -> list[int]:
        return [self.option_index[option] for option in options] if options else list(range(len(self.options)))

    @cached_property
    def _row_by_id(self) -> dict[str, int]:
        return {area.id: row for row, area in enumerate(self.areas)}

    @cached_property
    def _row_by_cell(self) -> dict[str, int]:
        return {cell: row for row, area in enumerate(self.areas) for cell in area.cells}

    @cached_property
    def _row_by_postcode(self) -> dict[str, int]:
        return {postcode: row for row, area in enumerate(self.areas) for postcode in area.postcodes}


def _region(area: Area) -> str:
    return area.region or (region_of(area.postcodes[0]) if area.postcodes else "")
