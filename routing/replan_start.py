"""The start of a re-plan: tours in force as the problem's tours, frozen heads sealed, late where it must be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import takewhile

import numpy as np

from data.model.plan import Lock, Tour
from data.model.request import VehicleStatus
from routing.instance import Instance
from routing.problem import COST_PER_CENT, Tables
from routing.replan_late import with_late_windows, with_shift_end, without_shift
from routing.replan_visits import Visit, breaks_before, frozen_head, visits_ahead
from routing.solver.insertion import insert_all
from routing.solver.rules import INFEASIBLE, rules_of
from routing.solver.sequences import append_sequence, clear_tour, tour_nodes
from routing.solver.tours import Tours, drop_idle_reloads, empty_tours, schedule_tour

ANNOUNCED_CENTS = 100_000
"""Added to what leaving out an order costs once a customer was told its hour."""
ON_BOARD_CENTS = 10_000_000
"""Added once it is in the vehicle: it is delivered or the plan is useless."""

Relaxed = Callable[[Instance], Instance]


@dataclass
class Begun:
    """A start as it grows, vehicle by vehicle; ``undeliverable`` orders are on board and fit in nowhere."""

    instance: Instance
    start: Tours
    locks: tuple[Lock, ...] = ()
    undeliverable: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Head:
    """What one vehicle has ahead.

    ``frozen`` visits keep their order, ``aboard`` are rows that stay on it; ``left`` says that it is on the road.
    """

    column: int
    tour: Tour | None
    status: VehicleStatus | None
    ahead: Sequence[Visit]
    frozen: Sequence[Visit]
    aboard: Sequence[int] = field(default=())

    @property
    def left(self) -> bool:
        """Whether it is on the road."""
        return self.status is not None and self.status.has_left

    def must(self, instance: Instance) -> set[int]:
        """Return the rows it keeps, late or not: on the road what is on board, else what is frozen."""
        return set(self.aboard) if self.left else set(_rows(instance, self.frozen))


def begin(instance: Instance, tours: dict[str, Tour], freeze_before: datetime | None) -> Begun:
    """Return the tours in force; the instance comes back with rules relaxed where they can't be kept any more."""
    begun = Begun(instance, empty_tours(instance.problem.tables))
    for column, vehicle in enumerate(instance.vehicles):
        _begin_tour(begun, _head(begun.instance, column, tours.get(vehicle.id), freeze_before))
    return begun


def _head(instance: Instance, column: int, tour: Tour | None, freeze_before: datetime | None) -> _Head:
    status = instance.statuses.get(instance.vehicles[column].id)
    allowed = instance.problem.tables.allowed[column]
    mine = {order.id for row, order in enumerate(instance.orders) if allowed[row]}
    ahead = visits_ahead(instance, tour, mine)
    on_board = status.on_board if status else ()
    rows = {order.id: row for row, order in enumerate(instance.orders)}
    aboard = [rows[order_id] for order_id in on_board if order_id in rows]
    return _Head(column, tour, status, ahead, frozen_head(ahead, status, freeze_before), aboard)


def _begin_tour(begun: Begun, head: _Head) -> None:
    """Put one vehicle's tour in; where what it holds does not fit, its windows give way, then its shift."""
    own = sorted(head.must(begun.instance))
    _leave_as_told(begun, head)
    as_it_is = begun.instance
    attempts: list[Relaxed] = [
        lambda instance: instance,
        lambda instance: with_late_windows(instance, head.column, own),
        lambda instance: without_shift(with_late_windows(instance, head.column, own), head.column, own),
    ]
    lost: list[set[int]] = []
    for relaxed in attempts:
        begun.instance = relaxed(as_it_is)
        lost.append(_put(begun, head, whole=len(lost) < 2))
        if not lost[-1]:
            break
    best = min(range(len(lost)), key=lambda attempt: len(lost[attempt]))
    if best < len(lost) - 1:
        begun.instance = attempts[best](as_it_is)
        _put(begun, head, whole=best < 2)
    if best == 2:
        end = begun.start.orders + 2 * head.column + 1
        begun.instance = with_shift_end(begun.instance, head.column, int(begun.start.start_s[end]), own)
    _bar(begun, head, lost[best])
    if lock := _lock(begun.instance, head, lost[best]):
        begun.locks = (*begun.locks, lock)


def _leave_as_told(begun: Begun, head: _Head) -> None:
    """Let a tour that can't leave as soon as its orders are ready leave as late as told: a zone may be closed before.

    The tours here leave as soon as they can.
    """
    if head.tour is None or not head.tour.start.at_hub or head.left or head.frozen:
        return
    tables, options = begun.instance.problem.tables, [visit.option for visit in head.ahead]
    if not append_sequence(tables, begun.start, head.column, options):
        return
    told_s = begun.instance.day_s(head.tour.departure_at)
    for row in _rows(begun.instance, head.ahead):
        tables.release_s[row] = max(int(tables.release_s[row]), told_s)


def _rows(instance: Instance, visits: Sequence[Visit]) -> list[int]:
    """Return the orders of visits, each by its hand-over."""
    rows = {order.id: row for row, order in enumerate(instance.orders)}
    return [rows[visit.order_id] for visit in visits if visit.order_id]


def _put(begun: Begun, head: _Head, whole: bool) -> set[int]:
    """Put a tour on its vehicle, without ``whole`` only what it must keep; return the rows of that which don't fit."""
    tables, start, column = begun.instance.problem.tables, begun.start, head.column
    clear_tour(rules_of(tables), start, column)
    start.sealed[column], start.frozen_start_s[column] = 0, -1
    pinned: list[int] = []
    if head.tour is not None and head.frozen and not head.left:
        start.frozen_start_s[column] = begun.instance.day_s(head.tour.departure_at)
        schedule_tour(tables, start, column)
        pinned = breaks_before(head.tour, begun.instance.vehicles[column], head.frozen)
    must = head.must(begun.instance)
    kept = [visit for visit in head.ahead if whole or not visit.order_id or _rows(begun.instance, [visit])[0] in must]
    full = _without_room(tables, start, kept)
    if full:
        kept = [visit for visit in kept if visit.order_id not in full]
        held_still = [visit for visit in head.frozen if visit.order_id not in full]
        pinned = breaks_before(head.tour, begun.instance.vehicles[column], held_still) if pinned and head.tour else []
    dropped = set(append_sequence(tables, start, column, [visit.option for visit in kept], pinned))
    dropped |= {visit.option for visit in head.ahead if visit.order_id in full}
    drop_idle_reloads(tables, start, column)
    served = (int(start.option[node]) for node in tour_nodes(tables, start, column))
    held = {visit.option for visit in head.frozen}
    start.sealed[column] = sum(1 for _ in takewhile(held.__contains__, served))
    if not start.sealed[column] and start.frozen_start_s[column] >= 0:  # nobody is left who was told an hour
        start.frozen_start_s[column] = -1
        schedule_tour(tables, start, column)
    lost = must & set(_rows(begun.instance, [visit for visit in head.frozen if visit.option in dropped]))
    return lost | _load_aboard(begun.instance, start, head.aboard)


def _without_room(tables: Tables, start: Tours, visits: Sequence[Visit]) -> set[str]:
    """Return the orders for which a locker or relay point has no room any more, with what is on earlier tours."""
    used, full = start.used.copy(), set()
    for visit in visits:
        takes = slice(tables.res_ptr[visit.option], tables.res_ptr[visit.option + 1])
        rows, amounts = tables.res_row[takes], tables.res_amount[takes]
        if (used[rows] + amounts > tables.res_cap[rows]).any():
            full.add(visit.order_id)
        else:
            used[rows] += amounts
    return full


def _load_aboard(instance: Instance, start: Tours, aboard: Sequence[int]) -> set[int]:
    """Put what is on board but on no tour yet (it was planned elsewhere) onto its vehicle; return what can't be."""
    tables = instance.problem.tables
    at_any_price = tables._replace(penalty=np.full_like(tables.penalty, INFEASIBLE))
    insert_all(at_any_price, start, np.array([row for row in aboard if start.vehicle[row] < 0], dtype=np.int64))
    return {row for row in aboard if start.vehicle[row] < 0}


def _bar(begun: Begun, head: _Head, lost: set[int]) -> None:
    """Keep what does not fit off a vehicle that takes nothing new; what is on board of it is undeliverable."""
    tables, loading = begun.instance.problem.tables, head.status is not None and head.status.loading_started
    for row in lost:
        if row in head.aboard:
            tables.allowed[:, row] = 0
            begun.undeliverable = (*begun.undeliverable, begun.instance.orders[row].id)
        elif loading:
            tables.allowed[head.column, row] = 0


def hold(instance: Instance, start: Tours, free: set[int]) -> None:
    """Keep what is on a tour there: nobody else may take it, and leaving it out costs more than any new order.

    Orders in the rows ``free`` may go to another vehicle.
    """
    tables = instance.problem.tables
    aboard = {order_id for status in instance.statuses.values() for order_id in status.on_board}
    for row in np.flatnonzero(start.vehicle[: len(instance.orders)] >= 0).tolist():
        vehicle = int(start.vehicle[row])
        if row not in free:
            kept = int(tables.allowed[vehicle, row])
            tables.allowed[:, row] = 0
            tables.allowed[vehicle, row] = kept
        cents = ON_BOARD_CENTS if instance.orders[row].id in aboard else ANNOUNCED_CENTS
        tables.penalty[row] += cents * COST_PER_CENT
    halves = np.arange(len(instance.orders), instance.first_reload)
    tables.allowed[:, halves] = tables.allowed[:, tables.partner[halves]]


def _lock(instance: Instance, head: _Head, lost: set[int]) -> Lock | None:
    vehicle_id = instance.vehicles[head.column].id
    if head.left:
        aboard = tuple(instance.orders[row].id for row in head.aboard if row not in lost)
        if not aboard:
            return None
        return Lock(vehicle_id=vehicle_id, order_ids=aboard, sequence=False, closed_to_others=True, reason="on board")
    if not head.frozen:
        return None
    loading = head.status is not None and head.status.loading_started
    reason = "loading has started" if loading else "announced before the freeze time"
    gone = {instance.orders[row].id for row in lost}
    held = tuple(v.order_id for v in head.frozen if v.order_id and not v.collects and v.order_id not in gone)
    return Lock(vehicle_id=vehicle_id, order_ids=held, sequence=True, closed_to_others=loading, reason=reason)
