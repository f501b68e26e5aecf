"""Orders as flat arrays: options with their windows per access class, shared boxes, penalties, release times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from data.model.base import Window
from data.model.order import Order, PlaceOption
from data.model.place import Place, PlaceKind, refuses, smallest_box
from data.model.plan import AccessClass
from data.model.request import PlanRequest
from data.model.zone import Zone
from routing.instance import elapsed_s
from routing.problem import COST_PER_CENT, FAR_FUTURE_S

I64 = NDArray[np.int64]
Span = tuple[int, int]

BROKEN_CENTS = 20_000
"""What leaving an order out costs when that breaks its promise: far above any detour."""
POSTPONED_CENTS = 3_000
"""What leaving it out costs when another day still keeps the promise: above most detours."""
PRIORITY_CENTS = 100
"""Added per point of priority."""


@dataclass(frozen=True)
class OptionTables:
    """The option part of :class:`routing.problem.Tables`, with the place behind each option."""

    ptr: I64
    order: I64
    location: I64
    service_s: I64
    setup_s: I64
    cost: I64
    win_first: I64
    win_last: I64
    win_open: I64
    win_close: I64
    win_arrive: I64
    res_ptr: I64
    res_row: I64
    res_amount: I64
    res_cap: I64
    place_ids: tuple[str, ...]
    indices: tuple[int, ...]


@dataclass
class _WindowPool:
    """Windows shared by equal (place, windows, closures) combinations."""

    entries: list[tuple[int, int, int]] = field(default_factory=list)
    known: dict[tuple[object, ...], Span] = field(default_factory=dict)

    def add(self, key: tuple[object, ...], pieces: list[tuple[int, int, int]]) -> Span:
        self.known[key] = (len(self.entries), len(self.entries) + len(pieces))
        self.entries.extend(pieces)
        return self.known[key]


def order_release_s(order: Order, loading_s: int, epoch_at: datetime) -> int:
    """Return the earliest departure of a tour with this order: its last parcel is ready, then loaded.

    What is collected on the way holds no departure up. With several trips it is the departure of the order's own.
    """
    ready_s = ready_from_s(order, epoch_at)
    return 0 if ready_s is None or order.from_place is not None else max(0, ready_s + loading_s)


def ready_from_s(order: Order, epoch_at: datetime) -> int | None:
    """Return when the last parcel of an order is ready; ``None``: all always are."""
    ready = [elapsed_s(epoch_at, parcel.ready_at, up=True) for parcel in order.parcels if parcel.ready_at is not None]
    return max(ready, default=None)


def order_penalty_cents(order: Order, request: PlanRequest) -> int:
    """Return what leaving an order out of the day costs, by whether its promise survives that."""
    later = any(request.day < day <= order.promised_on for day in request.delivery_days)
    return (POSTPONED_CENTS if later else BROKEN_CENTS) + PRIORITY_CENTS * order.priority


def option_tables(
    orders: Sequence[Order],
    places: dict[str, Place],
    hours: dict[str, tuple[Window, ...]],
    location: dict[str, int],
    access: Sequence[AccessClass],
    zones: Sequence[Zone],
    zone_of: NDArray[np.int16],
    epoch_at: datetime,
    collected: Sequence[int] = (),
) -> OptionTables:
    """Return the options of all orders; one whose place refuses a parcel keeps its row but has no window.

    Behind them come the places at which the orders in rows ``collected`` are collected.
    """
    pairs = [(order, option) for order in orders for option in order.options]
    handed_over = len(pairs)
    pairs += [(orders[row], there) for row in collected if (there := orders[row].from_place) is not None]
    closures = [closed_spans(group, zones, epoch_at) for group in access]
    pool = _WindowPool()
    first = np.zeros((len(access), len(pairs)), dtype=np.int64)
    last = np.zeros_like(first)
    for k, (order, option) in enumerate(pairs):
        place, ready_s = places[option.place_id], 0
        if k >= handed_over:
            ready_s = max(0, ready_from_s(order, epoch_at) or 0)
        elif any(refuses(parcel, place) for parcel in order.parcels):
            continue
        zone = int(zone_of[location[place.id]])
        busy = busy_s(option, place)
        for cls, closed in enumerate(closures):
            spans = closed.get(zone, ())
            key = (place.id if place.id in hours else "", option.windows, ready_s, spans, busy if spans else 0)
            found = pool.known.get(key)
            if found is None:
                found = pool.add(key, visit_windows(option, hours.get(place.id), spans, busy, epoch_at, ready_s))
            first[cls, k], last[cls, k] = found
    columns = np.array(pool.entries, dtype=np.int64).reshape(-1, 3)
    resources = _resources(pairs[:handed_over], places, len(pairs))
    options = [*(len(order.options) for order in orders), *(1 for _ in collected)]
    return OptionTables(
        ptr=np.cumsum([0, *options], dtype=np.int64),
        order=np.repeat(np.arange(len(options)), options).astype(np.int64),
        location=np.array([location[option.place_id] for _, option in pairs], dtype=np.int64),
        service_s=np.array([_service_s(option, places[option.place_id]) for _, option in pairs], dtype=np.int64),
        setup_s=np.array([places[option.place_id].setup_s for _, option in pairs], dtype=np.int64),
        cost=np.array([option.cost_cents * COST_PER_CENT for _, option in pairs], dtype=np.int64),
        win_first=first,
        win_last=last,
        win_open=columns[:, 0].copy(),
        win_close=columns[:, 1].copy(),
        win_arrive=columns[:, 2].copy(),
        res_ptr=resources[0],
        res_row=resources[1],
        res_amount=resources[2],
        res_cap=resources[3],
        place_ids=tuple(option.place_id for _, option in pairs),
        indices=tuple(index for count in options for index in range(count)),
    )


def _service_s(option: PlaceOption, place: Place) -> int:
    return place.service_s if option.service_s is None else option.service_s


def busy_s(option: PlaceOption, place: Place) -> int:
    """Return how long a visit of its own lasts: set-up, then service."""
    return place.setup_s + _service_s(option, place)


def visit_windows(
    option: PlaceOption,
    hours: Sequence[Window] | None,
    closed: Sequence[Span],
    busy_s: int,
    epoch_at: datetime,
    ready_s: int = 0,
) -> list[tuple[int, int, int]]:
    """Return when an option may be served, as ``(opens, closes, arrive from)``.

    Parameters
    ----------
    option : PlaceOption
    hours : sequence of Window, optional
        When the place is open; ``None`` is always.
    closed : sequence of (start, end)
        When its zone is closed, in seconds, sorted and apart.
    busy_s : int
        How long the visit lasts; all of it lies outside of ``closed``.
    ready_s : int
        When what is to be collected is ready.
    """
    wanted = _spans(option.windows, epoch_at) if option.windows else [(0, FAR_FUTURE_S)]
    if ready_s:
        wanted = _intersect(wanted, [(ready_s, FAR_FUTURE_S)])
    return outside(_intersect(wanted, None if hours is None else _spans(hours, epoch_at)), closed, busy_s)


def _spans(windows: Sequence[Window], epoch_at: datetime) -> list[Span]:
    spans = [(elapsed_s(epoch_at, window.start_at, up=True), elapsed_s(epoch_at, window.end_at)) for window in windows]
    return _merged([span for span in spans if span[0] <= span[1]])


def _merged(spans: list[Span]) -> list[Span]:
    """Return the spans sorted, those that meet as one: the kernels look for the first that is not over."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def _intersect(left: list[Span], right: list[Span] | None) -> list[Span]:
    if right is None:
        return left
    common = [(max(a, c), min(b, d)) for a, b in left for c, d in right]
    return sorted(span for span in common if span[0] <= span[1])


def closed_spans(group: AccessClass, zones: Sequence[Zone], epoch_at: datetime) -> dict[int, tuple[Span, ...]]:
    """Return, per zone index, when it is closed to the class: several of its rules may ban it."""
    index = {zone.id: row for row, zone in enumerate(zones)}
    spans: dict[int, list[Span]] = {}
    for closure in group.closures:
        closed = [(elapsed_s(epoch_at, w.start_at), elapsed_s(epoch_at, w.end_at, up=True)) for w in closure.closed]
        spans.setdefault(index[closure.zone_id], []).extend(closed)
    return {zone: tuple(_merged(closed)) for zone, closed in spans.items()}


def outside(base: list[Span], closed: Sequence[Span], busy_s: int) -> list[tuple[int, int, int]]:
    """Cut windows so that the whole visit lies between two closures; add from when the vehicle may be there."""
    pieces = []
    opens = -FAR_FUTURE_S
    for start, end in [*closed, (FAR_FUTURE_S * 2, FAR_FUTURE_S * 2)]:
        for first, last in base:
            earliest, latest = max(first, opens), min(last, start - busy_s)
            if earliest <= latest:
                pieces.append((earliest, latest, opens))
        opens = end
    return pieces


def _resources(
    pairs: Sequence[tuple[Order, PlaceOption]], places: dict[str, Place], options: int
) -> tuple[I64, I64, I64, I64]:
    """Return ``(ptr, row, amount, capacity)`` of shared resources; ``options`` beyond ``pairs`` need none.

    A locker with sizes 0..S-1 has one row per size s: parcels that need s or larger against free boxes from s on
    (Hall's condition, exact because needs are nested). A relay with a daily cap has one row in parcels.
    """
    rows: dict[tuple[str, int], int] = {}
    capacity: list[int] = []
    for place in places.values():
        for size in range(len(place.boxes)):
            rows[place.id, size] = len(capacity)
            capacity.append(sum(box.free for box in place.boxes[size:]))
        if place.daily_cap_parcels is not None:
            rows[place.id, -1] = len(capacity)
            capacity.append(place.daily_cap_parcels)
    ptr, row, amount = [0], [], []
    for order, option in pairs:
        place = places[option.place_id]
        if place.kind is PlaceKind.LOCKER:
            needs = [smallest_box(parcel, place) for parcel in order.parcels]
            for size in range(len(place.boxes)):
                wanting = sum(1 for need in needs if need is not None and need >= size)
                if wanting:
                    row.append(rows[place.id, size])
                    amount.append(wanting)
        if place.daily_cap_parcels is not None:
            row.append(rows[place.id, -1])
            amount.append(len(order.parcels))
        ptr.append(len(row))
    ptr += [len(row)] * (options - len(pairs))
    return tuple(np.array(column, dtype=np.int64) for column in (ptr, row, amount, capacity))  # type: ignore[return-value]
