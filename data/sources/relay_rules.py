"""What every source of relay points shares: kinds, default hours, default boxes, and notes on what was assumed."""

from __future__ import annotations

from collections import Counter

from data.errors import InputError
from data.hours import normalise_hours
from data.model.parcel import Dimensions
from data.model.place import BoxType, PlaceKind

DEFAULT_HOURS: dict[PlaceKind, str | None] = {
    PlaceKind.POST_OFFICE: "Mo-Fr 09:00-12:30,14:00-18:00; Sa 09:00-12:00; PH off",
    PlaceKind.RELAY: "Tu-Sa 09:00-12:30,14:30-19:00; PH off",
    PlaceKind.LOCKER: None,  # OSM: a parcel locker without hours is open around the clock
}
"""Hours of a place whose source gives none: what most of its kind keep. An assumption, and always said in the notes."""

BOX_SIZES: dict[str, Dimensions] = {
    "small": Dimensions(length_mm=640, width_mm=380, height_mm=80),
    "medium": Dimensions(length_mm=640, width_mm=380, height_mm=190),
    "large": Dimensions(length_mm=640, width_mm=380, height_mm=410),
}
"""Inner sizes of the three default boxes, nested; modelled on the A, B and C boxes of InPost's lockers."""

BOX_MAX_LOAD_G = 25_000
ASSUMED_FREE = (8, 6, 2)
"""Free small, medium and large boxes of a locker whose source doesn't say. An assumption, said in the notes."""


class Notes:
    """What a loader left out or assumed, counted, for the user to read."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._lines: list[str] = []

    def count(self, what: str) -> None:
        """Count one more place for which ``what`` is true."""
        self._counts[what] += 1

    def say(self, line: str) -> None:
        """Add one line of its own."""
        self._lines.append(line)

    def lines(self) -> tuple[str, ...]:
        """Return the counted notes, then the single ones."""
        return (*(f"{what}: {number}" for what, number in self._counts.items()), *self._lines)


def boxes(free: tuple[int, int, int], max_load_g: int | None = None) -> tuple[BoxType, ...]:
    """Return a locker's boxes of the three default sizes, smallest first."""
    limit = BOX_MAX_LOAD_G if max_load_g is None else max_load_g
    return tuple(
        BoxType(size=size, free=count, inner_mm=inner, max_load_g=limit)
        for (size, inner), count in zip(BOX_SIZES.items(), free)
    )


def usable_hours(text: str, kind: PlaceKind, place_id: str, notes: Notes) -> tuple[bool, str | None]:
    """Return whether a place's hours can be used, and the hours (``None`` is always open).

    A place without hours gets those of its kind; one whose hours can't be read is to be left out, and is named.
    """
    if not text.strip():
        hours = DEFAULT_HOURS[kind]
        notes.count(f"{kind} without hours, `{hours or '24/7'}` assumed")
        return True, hours
    try:
        hours, note = normalise_hours(text)
    except InputError as error:
        notes.say(f"{place_id} left out: {error.message}")
        return False, None
    if note:
        notes.say(f"{place_id}: {note}")
    return True, hours
