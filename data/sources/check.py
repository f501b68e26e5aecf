"""What must hold for a request before anything is computed: ids, references, coordinates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, time, timedelta

from data.errors import near_miss
from data.hours import zone_named
from data.model.base import Window
from data.model.change import Transfer
from data.model.city import City
from data.model.hub import Hub
from data.model.order import Order
from data.model.place import Place
from data.model.request import PlanRequest
from data.model.vehicle import Category, Energy, Vehicle
from data.sources.coordinates import trouble
from data.sources.table import Problems
from data.units import haversine_m
from data.zoning import published_id

FAR_M = 5_000.0
Bounds = tuple[float, float, float, float]
"""West, south, east, north in degrees."""
_MOTORS = {Energy.DIESEL, Energy.PETROL, Energy.E10, Energy.E85}


def check_request(request: PlanRequest, city: City | None) -> tuple[str, ...]:
    """Check a decoded request against itself and the city it is for.

    Without the city, a place that the request doesn't bring is taken to be one of the city it names.

    Returns
    -------
    tuple of str
        Warnings: what is allowed and yet looks like a mistake.

    Raises
    ------
    InputError
        One problem as it is, several as one list; ``where`` holds JSON pointers into the request.
    """
    problems = Problems()
    for name in ("hubs", "vehicles", "places", "orders"):
        check_unique(f"#/{name}", [item.id for item in getattr(request, name)], problems)
    parcels = [
        (f"#/orders/{i}/parcels/{j}/id", p.id) for i, o in enumerate(request.orders) for j, p in enumerate(o.parcels)
    ]
    check_unique_at(parcels, problems)
    _check_references(request, city, problems)
    _check_statuses(request, problems)
    _check_exemptions(request, city, problems)
    _check_kinds(request, problems)
    bounds = city.streets.bounds() if city else None
    for where, item in _positions(request):
        _check_position(where, item, city, bounds, problems)
    for index, vehicle in enumerate(request.vehicles):
        if vehicle.category is Category.CARGO_BIKE and vehicle.energy in _MOTORS:
            message = f"cargo bike `{vehicle.id}` runs on {vehicle.energy}"
            problems.add("invalid_value", message, f"#/vehicles/{index}/energy", "write electric or human")
        if not _works_on_day(vehicle.shift, request):
            message = f"the shift of `{vehicle.id}` is not on the planned day {request.day}"
            problems.add("shift_outside_day", message, f"#/vehicles/{index}/shift", "change `day` or the shift")
    problems.raise_if_any()
    return tuple(_warnings(request))


def _works_on_day(shift: Window, request: PlanRequest) -> bool:
    """Return whether a shift touches the planned day, its night until 6 o'clock included."""
    midnight = datetime.combine(request.day, time(), tzinfo=zone_named(request.time_zone))
    return shift.end_at > midnight and shift.start_at < midnight + timedelta(hours=30)


def check_unique(pointer: str, ids: Iterable[str], problems: Problems) -> None:
    """Note every id of a list that was used before in it."""
    check_unique_at(((f"{pointer}/{index}/id", value) for index, value in enumerate(ids)), problems)


def check_unique_at(ids: Iterable[tuple[str, str]], problems: Problems, action: str = "give each its own id") -> None:
    """Note every id, given with its pointer, that was used before."""
    seen: dict[str, str] = {}
    for where, value in ids:
        if value in seen:
            problems.add("duplicate_id", f"`{value}` is already used at {seen[value]}", where, action)
        seen.setdefault(value, where)


def _check_references(request: PlanRequest, city: City | None, problems: Problems) -> None:
    hubs = {hub.id for hub in request.hubs}
    places = {place.id for place in request.places} | {place.id for place in (city.places if city else ())}
    all_known = city is not None or not request.city
    for index, vehicle in enumerate(request.vehicles):
        _check_known(vehicle.hub_id, hubs, "hub", f"#/vehicles/{index}/hub_id", problems)
    for index, order in enumerate(request.orders):
        where = f"#/orders/{index}"
        _check_known(order.hub_id, hubs, "hub", f"{where}/hub_id", problems)
        for number, option in enumerate(order.options if all_known else ()):
            _check_known(option.place_id, places, "place", f"{where}/options/{number}/place_id", problems)
        if order.from_place is not None and all_known:
            _check_known(order.from_place.place_id, places, "place", f"{where}/from_place/place_id", problems)
        _check_hubs_of_parcels(order, hubs, request.transfers, where, problems)


def _check_hubs_of_parcels(
    order: Order, hubs: set[str], transfers: Iterable[Transfer], where: str, problems: Problems
) -> None:
    for number, parcel in enumerate(order.parcels):
        pointer = f"{where}/parcels/{number}/hub_id"
        if parcel.hub_id:
            _check_known(parcel.hub_id, hubs, "hub", pointer, problems)
        brought = any(transfer.takes(parcel, order.hub_id) for transfer in transfers)
        if parcel.hub_id not in ("", order.hub_id) and not brought:
            message = (
                f"parcel `{parcel.id}` leaves from hub `{parcel.hub_id}`, its order `{order.id}` from `{order.hub_id}`"
            )
            problems.add(
                "several_hubs", message, pointer, "one tour leaves from one hub: split the order, or name a transfer"
            )


def _check_known(name: str, known: set[str], noun: str, where: str, problems: Problems) -> None:
    if name not in known:
        hint = near_miss(name, known) or f"add the {noun} or correct its id"
        problems.add(f"unknown_{noun}", f"no {noun} is called `{name}`", where, hint)


def _check_statuses(request: PlanRequest, problems: Problems) -> None:
    vehicles = {vehicle.id for vehicle in request.vehicles}
    orders = {order.id for order in request.orders}
    check_unique_at(((f"#/statuses/{i}/vehicle_id", s.vehicle_id) for i, s in enumerate(request.statuses)), problems)
    held: list[tuple[str, str]] = []
    for index, status in enumerate(request.statuses):
        _check_known(status.vehicle_id, vehicles, "vehicle", f"#/statuses/{index}/vehicle_id", problems)
        for name in ("done", "on_board"):
            held += [(f"#/statuses/{index}/{name}/{n}", order_id) for n, order_id in enumerate(getattr(status, name))]
    check_unique_at(held, problems, "an order is done or on board once, on one vehicle")
    held += [(f"#/done/{n}", order_id) for n, order_id in enumerate(request.done)]
    for where, order_id in held:
        _check_known(order_id, orders, "order", where, problems)


def _check_exemptions(request: PlanRequest, city: City | None, problems: Problems) -> None:
    vehicles = {vehicle.id for vehicle in request.vehicles}
    zones = {name for zone in city.zones for name in (zone.id, published_id(zone))} if city else None
    for index, exemption in enumerate(request.exemptions):
        where = f"#/exemptions/{index}"
        _check_known(exemption.vehicle_id, vehicles, "vehicle", f"{where}/vehicle_id", problems)
        if zones is not None:
            _check_known(exemption.zone_id, zones, "zone", f"{where}/zone_id", problems)


def _check_kinds(request: PlanRequest, problems: Problems) -> None:
    """An order's parcels go together, so no two of them may have to be kept apart."""
    for index, pair in enumerate(request.apart):
        if pair.kind == pair.other:
            problems.add("invalid_value", f"`{pair.kind}` can't be kept apart from itself", f"#/apart/{index}/other")
    for index, order in enumerate(request.orders):
        for pair in request.apart:
            if {pair.kind, pair.other} <= order.kinds:
                message = f"order `{order.id}` holds {pair.kind} and {pair.other}, which may not be on one tour"
                problems.add("kinds_together", message, f"#/orders/{index}/parcels", "split the order")


def _positions(request: PlanRequest) -> Iterator[tuple[str, Hub | Place]]:
    yield from ((f"#/hubs/{index}", hub) for index, hub in enumerate(request.hubs))
    yield from ((f"#/places/{index}", place) for index, place in enumerate(request.places))


def _check_position(
    where: str, item: Hub | Place, city: City | None, bounds: Bounds | None, problems: Problems
) -> None:
    if wrong := trouble(item.lat, item.lon):
        problems.add("invalid_coordinates", f"`{item.id}`: {wrong}", f"{where}/lat")
    elif city is not None and bounds is not None:
        away_m = _distance_m(item.lat, item.lon, bounds)
        if away_m > FAR_M and _distance_m(item.lon, item.lat, bounds) <= FAR_M:
            problems.add("invalid_coordinates", f"`{item.id}`: lat and lon look swapped", f"{where}/lat")
        elif away_m > FAR_M:
            message = f"`{item.id}` is {away_m / 1000:.0f} km outside the streets of {city.name}"
            problems.add("outside_city", message, f"{where}/lat", "correct it, or build the city larger")


def _distance_m(lat: float, lon: float, bounds: Bounds) -> float:
    """Return how far a point lies outside ``(min_lon, min_lat, max_lon, max_lat)``."""
    if not -90 <= lat <= 90:
        return float("inf")
    west, south, east, north = bounds
    return haversine_m(lat, lon, min(max(lat, south), north), min(max(lon, west), east))


def _warnings(request: PlanRequest) -> Iterator[str]:
    by_hub: dict[str, list[Vehicle]] = {}
    for vehicle in request.vehicles:
        by_hub.setdefault(vehicle.hub_id, []).append(vehicle)
    for index, order in enumerate(request.orders):
        shifts = [vehicle.shift for vehicle in by_hub.get(order.hub_id, [])]
        windows = [window for option in order.options for window in option.windows]
        anytime = any(not option.windows for option in order.options)
        met = any(w.start_at <= shift.end_at and shift.start_at <= w.end_at for w in windows for shift in shifts)
        if not anytime and not met:
            yield f"#/orders/{index}: no vehicle of hub {order.hub_id} works in any window of order {order.id}"
        if order.late_cents_per_hour and order.promised_by is None:
            yield f"#/orders/{index}: order {order.id} has a price on being late but no `promised_by`"
        if order.promised_on < request.day:
            yield f"#/orders/{index}: order {order.id} was promised for {order.promised_on}, before {request.day}"
