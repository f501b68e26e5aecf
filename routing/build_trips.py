"""Trips and the prices of a plan's shape, as flat arrays: rows for loading again, lateness, where tours spread."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from data.model.hub import Hub
from data.model.order import Order
from data.model.plan import AccessClass
from data.model.request import PlanRequest, VehicleStatus
from data.model.vehicle import Vehicle
from data.model.zone import Zone
from routing.build_orders import OptionTables, closed_spans, outside
from routing.instance import elapsed_s
from routing.problem import FAR_FUTURE_S, I64, Extras

EARTH_M = 6_371_009
"""Mean radius of the Earth (GRS 80, as most tools round it)."""


@dataclass(frozen=True)
class Reloads:
    """How often each vehicle may be loaded again, and how long that takes; one row per time, vehicle after vehicle."""

    slots: tuple[int, ...]
    service_s: tuple[int, ...]

    @property
    def vehicles(self) -> list[int]:
        """The vehicle of each row."""
        return [vehicle for vehicle, count in enumerate(self.slots) for _ in range(count)]


def fleet_reloads(
    vehicles: Sequence[Vehicle], hubs: Sequence[Hub], statuses: dict[str, VehicleStatus], orders: int
) -> Reloads:
    """Return how often each vehicle may still be loaded again; more trips than ``orders`` have no use."""
    loading_s = {hub.id: hub.loading_s for hub in hubs}
    done = [statuses[vehicle.id].trip if vehicle.id in statuses else 1 for vehicle in vehicles]
    return Reloads(
        slots=tuple(
            max(0, min(vehicle.max_trips - trip, orders)) for vehicle, trip in zip(vehicles, done, strict=True)
        ),
        service_s=tuple(loading_s[v.hub_id] if v.reload_s is None else v.reload_s for v in vehicles),
    )


def with_reloads(
    options: OptionTables,
    reloads: Reloads,
    vehicles: Sequence[Vehicle],
    location: dict[str, int],
    access: Sequence[AccessClass],
    zones: Sequence[Zone],
    zone_of: np.ndarray,
    epoch_at: datetime,
) -> OptionTables:
    """Return the options with one more, at its hub, per row of ``reloads``; open whenever its zone is."""
    rows = reloads.vehicles
    if not rows:
        return options
    hubs = [vehicles[row].hub_id for row in rows]
    first, last, pool = [options.win_first], [options.win_last], list(_columns(options))
    closures = [closed_spans(group, zones, epoch_at) for group in access]
    for row, hub_id in zip(rows, hubs, strict=True):
        opens, closes = [], []
        for closed in closures:
            spans = closed.get(int(zone_of[location[hub_id]]), ())
            opens.append(len(pool))
            pool += outside([(0, FAR_FUTURE_S)], spans, reloads.service_s[row])
            closes.append(len(pool))
        first.append(np.array(opens, dtype=np.int64)[:, None])
        last.append(np.array(closes, dtype=np.int64)[:, None])
    columns = np.array(pool, dtype=np.int64).reshape(-1, 3)
    more = np.zeros(len(rows), dtype=np.int64)
    orders = len(options.ptr) - 1
    return replace(
        options,
        ptr=np.concatenate([options.ptr, options.ptr[-1] + 1 + np.arange(len(rows))]),
        order=np.concatenate([options.order, orders + np.arange(len(rows))]),
        location=np.concatenate([options.location, [location[hub_id] for hub_id in hubs]]),
        service_s=np.concatenate([options.service_s, [reloads.service_s[row] for row in rows]]),
        setup_s=np.concatenate([options.setup_s, more]),
        cost=np.concatenate([options.cost, more]),
        win_first=np.concatenate(first, axis=1),
        win_last=np.concatenate(last, axis=1),
        win_open=columns[:, 0].copy(),
        win_close=columns[:, 1].copy(),
        win_arrive=columns[:, 2].copy(),
        res_ptr=np.concatenate([options.res_ptr, more + options.res_ptr[-1]]),
        place_ids=(*options.place_ids, *hubs),
        indices=(*options.indices, *(0 for _ in rows)),
    )


def _columns(options: OptionTables) -> list[tuple[int, int, int]]:
    return list(zip(options.win_open.tolist(), options.win_close.tolist(), options.win_arrive.tolist(), strict=True))


def plan_extras(
    request: PlanRequest,
    orders: Sequence[Order],
    rows: int,
    reloads: Reloads,
    point: tuple[np.ndarray, np.ndarray],
    epoch_at: datetime,
) -> Extras | None:
    """Return what the request asks of trips, lateness, balance and compactness; None if nothing.

    ``rows`` come before those for loading again, ``point`` holds latitudes and longitudes of the locations.
    """
    rows_late = _lateness(orders, rows + len(reloads.vehicles), epoch_at)
    prices = 5 * request.balance_cents_per_h2, 18 * request.compactness_cents_per_km2
    if not (any(reloads.slots) or rows_late[:, 1].any() or any(prices)):
        return None
    lat, lon = point
    spots = [spot_m(request.hubs[0], *each) for each in zip(lat.tolist(), lon.tolist(), strict=True)]
    return Extras(
        late=rows_late,
        reload_ptr=np.cumsum([rows, *reloads.slots], dtype=np.int64),
        even_price=prices[0],
        spread_price=prices[1],
        spot_m=np.array(spots, dtype=np.int64),
    )


def _lateness(orders: Sequence[Order], rows: int, epoch_at: datetime) -> I64:
    """Return int64 [rows, 2]: the second after which each order is late, and its price per second."""
    late = np.full((rows, 2), (FAR_FUTURE_S, 0), dtype=np.int64)
    for row, order in enumerate(orders):
        if order.promised_by is not None:
            late[row] = elapsed_s(epoch_at, order.promised_by), order.late_cents_per_hour * 1000
    return late


def spot_m(origin: Hub, lat: float, lon: float) -> tuple[int, int]:
    """Return whole metres east and north of a hub, on a plane at its latitude.

    A checker must come to the same metre: plain Python, point by point.
    """
    metres = EARTH_M * math.pi / 180
    return round((lon - origin.lon) * math.cos(origin.lat * math.pi / 180) * metres), round((lat - origin.lat) * metres)
