"""A tour as trips: from the hub, or wherever it starts, to where the vehicle is loaded again. Standard library only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from routing.verify.format import Handover, Stop, Tour
from routing.verify.read import Violation
from routing.verify.references import Known


class Trip(NamedTuple):
    """Stops between two loadings; ``first`` is the number of the first of them, ``at`` points to the loading list."""

    leaves_at: int
    at_hub: bool
    loading_list: tuple[str, ...]
    at: str
    first: int
    stops: tuple[Stop, ...]

    def handovers(self) -> Iterator[tuple[int, int, Handover]]:
        """Yield stop number in the tour, number at the stop, and hand-over."""
        for s, stop in enumerate(self.stops, start=self.first):
            for h, handover in enumerate(stop.handovers):
                yield s, h, handover

    def collected(self) -> set[str]:
        """Return the orders that are taken in on this trip."""
        return {handover.order_id for _, _, handover in self.handovers() if handover.collects}

    def order_ids(self) -> list[str]:
        """Return the orders in the order they are handed over."""
        return [handover.order_id for _, _, handover in self.handovers() if not handover.collects]


def trips(tour: Tour) -> list[Trip]:
    """Return the trips of a tour; the stops at the hub between them are in none."""
    reloads = [s for s, stop in enumerate(tour.stops) if stop.loading_list is not None]
    found = []
    for before, after in zip([-1, *reloads], [*reloads, len(tour.stops)]):
        stops = tour.stops[before + 1 : after]
        if before < 0:
            found.append(Trip(tour.departure_at, tour.start.at_hub, tour.loading_list, "/loading_list", 0, stops))
        else:
            stop, at = tour.stops[before], f"/stops/{before}/loading_list"
            found.append(Trip(stop.end_at, True, stop.loading_list or (), at, before + 1, stops))
    return found


def reload_s(vehicle_id: str, known: Known) -> int:
    """Return how long it takes to load a vehicle again."""
    vehicle = known.vehicles[vehicle_id]
    return known.hubs[vehicle.hub_id].loading_s if vehicle.reload_s is None else vehicle.reload_s


def reloads(tour: Tour, at: str, known: Known) -> Iterator[Violation]:
    """Yield what is wrong with where and how often a vehicle is loaded again."""
    vehicle, parts = known.vehicles[tour.vehicle_id], trips(tour)
    count = tour.start.trip - 1 + len(parts)
    if tour.start.trip < 1 or count > max(1, vehicle.max_trips):
        yield Violation("too_many_trips", f"{at}/stops", f"trips up to {count}, {vehicle.id} does {vehicle.max_trips}")
    for s, stop in enumerate(tour.stops):
        if stop.loading_list is None:
            continue
        if stop.place_id != vehicle.hub_id:
            message = f"{vehicle.id} is loaded at {vehicle.hub_id} only"
            yield Violation("reload_elsewhere", f"{at}/stops/{s}/place_id", message)
        if stop.handovers:
            message = "nothing is handed over where the vehicle is loaded"
            yield Violation("handover_at_hub", f"{at}/stops/{s}/handovers", message)
    for n, trip in enumerate(parts):
        if len(parts) > 1 and not trip.stops and (n > 0 or trip.at_hub):
            yield Violation("empty_trip", f"{at}{trip.at}", "the vehicle is loaded for a trip without a stop")
