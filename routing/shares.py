"""How the parts of a day share the room of places that several of them name: boxes, and what relay places take.

Room is given where it keeps promises: a minimum-cost flow takes the parcels that can go nowhere else to boxes, those
first whose orders count most when they are left out, whichever part they are of. What no such parcel needs is divided
by how many orders name the place.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
from ortools.graph.python import min_cost_flow

from data.model.city import City
from data.model.order import Order
from data.model.place import Place, refuses, smallest_box
from data.model.request import PlanRequest
from routing.build_orders import order_penalty_cents

Shares = dict[str, int]
"""A part's share of something, by hub."""
Bin = tuple[str, int]
"""Place, and the size of its boxes; :data:`CAP` for what a relay place takes in a day."""
CAP = -1
Confined = tuple[Order, list[tuple[Bin, int]]]
"""An order that can only go where room is limited, and the bins it may go to, each with what its place costs."""


def shared_places(
    request: PlanRequest, orders: Mapping[str, Sequence[Order]], known: Mapping[str, Place]
) -> dict[str, dict[str, Place]]:
    """Return the places with limited room that several parts name, as each part is to see them: by place and hub.

    Parameters
    ----------
    orders : mapping
        Those of each part, by its hub.
    known : mapping
        Places by id.
    """
    wanted: dict[str, Shares] = defaultdict(Counter)
    for hub_id, own in orders.items():
        for order in own:
            for option in order.options:
                wanted[option.place_id][hub_id] += 1
    shared = {
        place_id: by_hub
        for place_id, by_hub in wanted.items()
        if len(by_hub) > 1 and (place := known.get(place_id)) and _bins(place)
    }
    needed = _needed(request, orders, known) if shared else {}
    found: dict[str, dict[str, Place]] = {}
    for place_id, by_hub in shared.items():
        place = known[place_id]
        room = {one: _shared_out(free, by_hub, needed.get(one, Counter())) for one, free in _bins(place).items()}
        found[place_id] = {hub_id: _with_room(place, room, hub_id) for hub_id in by_hub}
    return found


def divided(room: int, wanted: Mapping[str, int]) -> Shares:
    """Return ``room`` in whole parts in proportion to what is wanted; what is left goes to the largest fractions."""
    total = sum(wanted.values())
    shares = {hub_id: room * count // total for hub_id, count in wanted.items()}
    fractions = sorted(wanted, key=lambda hub_id: (-(room * wanted[hub_id] % total), hub_id))
    for hub_id in fractions[: room - sum(shares.values())]:
        shares[hub_id] += 1
    return shares


def _shared_out(free: int, wanted: Mapping[str, int], needed: Mapping[str, int]) -> Shares:
    rest = divided(free - sum(needed.values()), wanted)
    return {hub_id: needed.get(hub_id, 0) + more for hub_id, more in rest.items()}


def _bins(place: Place) -> dict[Bin, int]:
    """Return the room of a place, in parcels; none where it is not limited."""
    bins = {(place.id, size): box.free for size, box in enumerate(place.boxes)}
    if place.daily_cap_parcels is not None:
        bins[place.id, CAP] = place.daily_cap_parcels
    return bins


def _with_room(place: Place, room: Mapping[Bin, Shares], hub_id: str) -> Place:
    return place.replace(
        boxes=tuple(box.replace(free=room[place.id, size][hub_id]) for size, box in enumerate(place.boxes)),
        daily_cap_parcels=None if place.daily_cap_parcels is None else room[place.id, CAP][hub_id],
    )


def placed_first(request: PlanRequest, city: City) -> list[str]:
    """Return the orders that can only go where room is limited and that get it, those first that count most.

    Whoever inserts them before others gives no room away to those who may as well go home.
    """
    known = {place.id: place for place in (*city.places, *request.places)}
    confined = _confined(request, request.orders, known)
    out = {row for row, to, _ in _flow(request, confined, known) if to is None}
    placed = [order for row, (order, _) in enumerate(confined) if row not in out]
    return [order.id for order in sorted(placed, key=lambda order: -order_penalty_cents(order, request))]


def _needed(
    request: PlanRequest, orders: Mapping[str, Sequence[Order]], known: Mapping[str, Place]
) -> dict[Bin, Counter[str]]:
    """Return the parcels of each hub that go to each bin, such that what has to be left out counts least."""
    hub_of = {order.id: hub_id for hub_id, own in orders.items() for order in own}
    confined = _confined(request, [order for own in orders.values() for order in own], known)
    needed: dict[Bin, Counter[str]] = defaultdict(Counter)
    for row, to, parcels in _flow(request, confined, known):
        if to is not None:
            needed[to][hub_of[confined[row][0].id]] += parcels
    return needed


def _confined(request: PlanRequest, orders: Sequence[Order], known: Mapping[str, Place]) -> list[Confined]:
    """Return the orders that can only go where room is limited."""
    return [(order, bins) for order in orders if order.id not in request.done and (bins := _open_to(order, known))]


def _flow(
    request: PlanRequest, confined: Sequence[Confined], known: Mapping[str, Place]
) -> list[tuple[int, Bin | None, int]]:
    """Return how many parcels of the order in which row go to which bin; to none: they are left out."""
    places = dict.fromkeys(one[0] for _, bins in confined for one, _ in bins)
    free = {one: room for place_id in places for one, room in _bins(known[place_id]).items()}
    number = {one: len(confined) + row for row, one in enumerate(free)}
    out = len(confined) + len(free)
    arcs: list[tuple[int, Bin | None, int]] = []
    parcels = [len(order.parcels) for order, _ in confined]
    for row, (order, bins) in enumerate(confined):
        arcs += [(row, one, cents) for one, cents in bins]
        arcs.append((row, None, order_penalty_cents(order, request) // parcels[row]))
    flow = min_cost_flow.SimpleMinCostFlow()
    inner = flow.add_arcs_with_capacity_and_unit_cost(
        np.array([row for row, _, _ in arcs], dtype=np.int64),
        np.array([out if one is None else number[one] for _, one, _ in arcs], dtype=np.int64),
        np.array([parcels[row] for row, _, _ in arcs], dtype=np.int64),
        np.array([cents for _, _, cents in arcs], dtype=np.int64),
    )
    for one, room in free.items():
        flow.add_arc_with_capacity_and_unit_cost(number[one], out, room, 0)
    supplies = np.array([*parcels, *([0] * len(free)), -sum(parcels)], dtype=np.int64)
    flow.set_nodes_supplies(np.arange(out + 1), supplies)
    assert flow.solve() == flow.OPTIMAL, "every order may be left out"
    used = flow.flows(inner).tolist()
    return [(row, one, units) for (row, one, _), units in zip(arcs, used, strict=True) if units]


def _open_to(order: Order, known: Mapping[str, Place]) -> list[tuple[Bin, int]]:
    """Return the bins an order's parcels may go to, with what the place costs; none where some place has room for all.

    A place with boxes counts by its boxes alone: every size from which on all its parcels fit.
    """
    found: list[tuple[Bin, int]] = []
    for option in order.options:
        place = known.get(option.place_id)
        if place is None or any(refuses(parcel, place) for parcel in order.parcels):
            continue
        if not _bins(place):
            return []
        needs = [smallest_box(parcel, place) for parcel in order.parcels]
        least = max((need for need in needs if need is not None), default=0)
        sizes = range(least, len(place.boxes)) if place.boxes else (CAP,)
        found += [((place.id, size), option.cost_cents) for size in sizes]
    return found
