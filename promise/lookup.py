"""A snapshot laid out for single look-ups: a quote indexes flat memory and makes no array.

A day is sure enough for an order until some instant: the chance to be there by then only falls from epoch to epoch, so
one number per cell, class, day and hub says for how long that day may be promised. Of several hubs the last one counts.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

NEVER_S = 2**62
"""Later than all that counts."""
MIXED = 255


class Room(Protocol):
    """What is left in the tours."""

    def free(self, hubs: Sequence[int], cell: int, day: int, parcels: int, dm3: int) -> list[int]:
        """Return the hubs whose tours of a day take a cart to a cell, row * O + option."""
        ...


class Table:
    """The room a snapshot was built with, int32 [R, O, D] each."""

    def __init__(self, parcels: NDArray[np.int32], dm3: NDArray[np.int32]) -> None:
        self._parcels, self._dm3, self._days = parcels.reshape(-1).data, dm3.reshape(-1).data, parcels.shape[-1]

    def free(self, hubs: Sequence[int], cell: int, day: int, parcels: int, dm3: int) -> list[int]:
        """Return all of the hubs or none: they share the tours."""
        place = cell * self._days + day
        return list(hubs) if self._parcels[place] >= parcels and self._dm3[place] >= dm3 else []


def until_s(ontime: NDArray[np.float32], level: NDArray[np.float32], epochs_s: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return until when each day is sure enough for an order placed, Unix seconds.

    Parameters
    ----------
    ontime : float32 [H, E, P, R, O, D]
        Not increasing along E.
    level : float32 [H, R, O]
    epochs_s : int64 [H, E]

    Returns
    -------
    int64 [R, O, P, D, H]
        0 where it never is, :data:`NEVER_S` where it stays so.
    """
    epochs = (ontime >= level[:, None, None, :, :, None]).sum(axis=1, dtype=np.int8)
    ends_s = np.concatenate(
        [np.zeros_like(epochs_s[:, :1]), epochs_s[:, 1:], np.full_like(epochs_s[:, :1], NEVER_S)], 1
    )
    found = np.empty((*epochs.shape[2:4], epochs.shape[1], epochs.shape[4], len(epochs)), np.int64)
    for hub, ends in enumerate(ends_s):
        found[..., hub] = ends[epochs[hub]].transpose(1, 2, 0, 3)
    return found


class Lookup:
    """Flat tables of one snapshot; the arguments are its arrays.

    Attributes
    ----------
    shape : tuple of int
        H hubs, E epochs, P classes, R rows, O options, D days.
    every_hub : tuple of int
        All hubs.
    open_days : list of tuple of int
        Delivery days by cell, row * O + option.
    known : bytes [R * O, H]
        What each hub's curve rests on.
    common : bytes [R * O]
        The same where it is one for all hubs, else :data:`MIXED`.
    until, latest : memoryview [R, O, P, D, H] and [R, O, P, D]
        See :func:`until_s`; the latest of all hubs.
    room : Room
        As it was when the snapshot was built.
    """

    def __init__(
        self,
        ontime: NDArray[np.float32],
        until: NDArray[np.int64],
        epochs_s: NDArray[np.int64],
        quality: NDArray[np.uint8],
        open_days: NDArray[np.bool_],
        room: Room,
    ) -> None:
        self.shape = ontime.shape
        self.every_hub = tuple(range(ontime.shape[0]))
        self.open_days = _days(open_days)
        self.known = quality.transpose(1, 2, 0).tobytes()
        self.common = np.where((quality == quality[:1]).all(axis=0), quality[0], MIXED).astype(np.uint8).tobytes()
        self.until, self.latest = until.reshape(-1).data, until.max(axis=-1).reshape(-1).data
        self.room = room
        self._ontime = ontime.reshape(-1).data
        self._edges_s = np.unique(epochs_s[epochs_s < NEVER_S]).tolist()
        self._offsets = [self._offsets_at(epochs_s, at_s) for at_s in [self._edges_s[0], *self._edges_s]]

    def offsets(self, now_s: int) -> tuple[int, ...]:
        """Return where the chances of an order placed now begin, by hub."""
        return self._offsets[bisect_right(self._edges_s, now_s)]

    def surest(self, hubs: Sequence[int], now_s: int, priority: int, cell: int, day: int) -> tuple[float, int]:
        """Return P(delivered by the end of a day | ordered now) from the hub where it is highest, and that hub."""
        _, _, _, rows, options, days = self.shape
        at, ontime, offsets = (priority * rows * options + cell) * days + day, self._ontime, self.offsets(now_s)
        best, sure = hubs[0], ontime[offsets[hubs[0]] + at]
        for hub in hubs:
            chance = ontime[offsets[hub] + at]
            if chance > sure:
                best, sure = hub, chance
        return sure, best

    def _offsets_at(self, epochs_s: NDArray[np.int64], at_s: int) -> tuple[int, ...]:
        """What was placed before the snapshot counts as placed with it."""
        epoch = np.maximum((epochs_s <= at_s).sum(axis=1) - 1, 0)
        of_epoch = int(np.prod(self.shape[2:]))
        return tuple(((np.arange(len(epoch)) * self.shape[1] + epoch) * of_epoch).tolist())


def _days(open_days: NDArray[np.bool_]) -> list[tuple[int, ...]]:
    """Return the open days of each cell; rows alike share one tuple."""
    days = open_days.shape[-1]
    kinds, which = np.unique(open_days.reshape(-1, days), axis=0, return_inverse=True)
    named = [tuple(np.flatnonzero(kind).tolist()) for kind in kinds]
    return [named[kind] for kind in which.reshape(-1).tolist()]
