"""A small city on a grid and two plans by hand: what the map's tests draw."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np

from data.model.base import Window
from data.model.city import City
from data.model.hub import Hub
from data.model.order import Order, PlaceOption
from data.model.parcel import Dimensions, Parcel
from data.model.place import BoxType, Place, PlaceKind
from data.model.plan import (
    Bound,
    BoxUse,
    BreakTaken,
    Handover,
    Leg,
    Plan,
    Postponed,
    Reason,
    Stop,
    Totals,
    Tour,
    TourStart,
    Unassigned,
)
from data.model.streets import RoadClass, StreetNetwork
from data.model.vehicle import Category, Critair, Energy, Vehicle
from data.model.zone import Zone, ZoneKind, ZoneRule

DAY = date(2026, 6, 18)
SIDE = 6  # junctions along each side of the grid
WEST, SOUTH, STEP = -1.56, 47.21, 0.003
EVIL = '</script><img src=x onerror="window.pwned=1">\u2028'
HOME_OF = {"A": (1, 1), "B": (2, 4), "C": (4, 2), "D": (3, 3), EVIL: (4, 4), "late": (0, 3), "lost": (5, 1)}


def at(hour: int, minute: int = 0) -> datetime:
    """Return an instant of the day in UTC: Paris is two hours ahead in June."""
    return datetime(DAY.year, DAY.month, DAY.day, hour, minute, tzinfo=UTC)


def point(column: float, row: float) -> tuple[float, float]:
    """Return the ``(lon, lat)`` of a junction."""
    return WEST + column * STEP, SOUTH + row * STEP


def grid() -> StreetNetwork:
    """Return a two-way grid; the southernmost street is primary and bends, the westernmost is a cycleway."""
    junctions = [(column, row) for row in range(SIDE) for column in range(SIDE)]
    arcs = [
        (tail, head)
        for tail, (a, b) in enumerate(junctions)
        for head, (c, d) in enumerate(junctions)
        if abs(a - c) + abs(b - d) == 1
    ]
    classes, bends = [], []
    for tail, head in arcs:
        (a, b), (c, d) = junctions[tail], junctions[head]
        bends.append(b == d == 0)
        classes.append(
            RoadClass.PRIMARY if b == d == 0 else RoadClass.CYCLEWAY if a == c == 0 else RoadClass.RESIDENTIAL
        )
    middle = [(min(tail, head) % SIDE + 0.5, -0.2) for (tail, head), bend in zip(arcs, bends) if bend]
    count = len(arcs)
    lonlat = np.array([point(*junction) for junction in junctions])
    shape = np.array([point(*bend) for bend in middle])
    return StreetNetwork(
        node_lat=lonlat[:, 1],
        node_lon=lonlat[:, 0],
        node_id=np.zeros(len(lonlat), np.int64),
        tail=np.array([tail for tail, _ in arcs], np.int32),
        head=np.array([head for _, head in arcs], np.int32),
        length_dm=np.full(count, 3000, np.int32),
        speed_kmh=np.full(count, 30, np.uint8),
        cruise_kmh=np.full(count, 24, np.float32),
        obstacle_ms=np.zeros(count, np.int32),
        road_class=np.array(classes, np.uint8),
        roundabout=np.zeros(count, np.bool_),
        access=np.full(count, 31, np.uint8),
        arc_hours=np.full(count, -1, np.int16),
        way_id=np.zeros(count, np.int64),
        shape_ptr=np.concatenate([[0], np.cumsum(bends)]).astype(np.int32),
        shape_lat=shape[:, 1],
        shape_lon=shape[:, 0],
        shape_node_id=np.zeros(len(shape), np.int64),
        restriction_ptr=np.zeros(1, np.int32),
        restriction_arcs=np.zeros(0, np.int32),
        restriction_only=np.zeros(0, np.bool_),
        restriction_except=np.zeros(0, np.uint8),
    )


def zone(**changes: object) -> Zone:
    """Return a low-emission zone over the grid's middle."""
    ring = [list(point(*corner)) for corner in ((1.5, 1.5), (4.5, 1.5), (4.5, 4.5), (1.5, 4.5), (1.5, 1.5))]
    plain = Zone(
        id="ZFE-1",
        rank=0,
        kind=ZoneKind.AREA,
        geometry={"type": "MultiPolygon", "coordinates": [[ring]]},
        valid_from=date(2025, 1, 1),
        rules=(ZoneRule(category=Category.VUL, first_banned=Critair.V3, hours="Mo-Fr 08:00-20:00"),),
        name="ZFE du centre",
        decree_url="https://example.fr/arrete.pdf",
    )
    return plain.replace(**changes)


def locker() -> Place:
    """Return the locker that order C goes to."""
    lon, lat = point(*HOME_OF["C"])
    inner = Dimensions(length_mm=400, width_mm=300, height_mm=200)
    boxes = (BoxType(size="S", free=4, inner_mm=inner), BoxType(size="M", free=2, inner_mm=inner))
    return Place(id="place-C", kind=PlaceKind.LOCKER, lat=lat, lon=lon, name="Consigne Gare", boxes=boxes)


def city() -> City:
    """Return the grid with its zone, an expired one, and one locker."""
    streets = grid()
    zones = (zone(), zone(id="ZFE-0", valid_to=date(2025, 12, 31)))
    arc_zones = np.zeros(streets.arcs, np.uint64)
    return City(name="Grille", streets=streets, zones=zones, arc_zones=arc_zones, places=(locker(),), derived={})


def home(order_id: str) -> Place:
    """Return where an order is handed over."""
    lon, lat = point(*HOME_OF[order_id])
    address = {"address": "3 rue des Lilas", "postcode": "44000"}
    return Place(id=f"place-{order_id}", kind=PlaceKind.HOME, lat=lat, lon=lon, **address)


def order(order_id: str) -> Order:
    """Return an order of one parcel; A and the evil one have a window."""
    windows = (Window(start_at=at(8), end_at=at(10)),) if order_id in ("A", EVIL) else ()
    return Order(
        id=order_id,
        hub_id="HUB",
        parcels=(Parcel(id=f"{order_id}-1", load_g=2_000, volume_dm3=9),),
        options=(PlaceOption(place_id=f"place-{order_id}", windows=windows),),
        promised_on=DAY,
    )


def vehicle(vehicle_id: str) -> Vehicle:
    """Return an electric van for ten parcels."""
    return Vehicle(
        id=vehicle_id,
        hub_id="HUB",
        category=Category.VUL,
        critair=Critair.EL,
        energy=Energy.ELECTRIC,
        capacity_parcels=10,
        capacity_g=40_000,
        capacity_dm3=45,
        shift=Window(start_at=at(6), end_at=at(16)),
    )


def tour(vehicle_id: str, order_ids: tuple[str, ...], start: TourStart | None = None) -> Tour:
    """Return a tour that leaves at 08:00 local time and needs ten minutes per leg and five per stop."""
    leaves = at(6)
    stops = []
    for rank, order_id in enumerate(order_ids):
        arrival = leaves + timedelta(minutes=10 + 15 * rank)
        boxes = (BoxUse(parcel_id="C-1", box=1),) if order_id == "C" else ()
        handover = Handover(order_id=order_id, option=0, start_at=arrival, service_s=300, boxes=boxes)
        end = arrival + timedelta(minutes=5)
        stops.append(
            Stop(
                place_id=f"place-{order_id}",
                arrival_at=arrival,
                start_at=arrival,
                end_at=end,
                setup_s=0,
                handovers=(handover,),
                zone_ids=("ZFE-1",) if order_id == "D" else (),
            )
        )
    count = len(order_ids)
    legs = tuple(
        Leg(depart_at=leaves + timedelta(minutes=15 * rank), travel_s=600, distance_m=2_000)
        for rank in range(count + 1)
    )
    lon, lat = point(0, 0)
    return Tour(
        vehicle_id=vehicle_id,
        start=start or TourStart(lat=lat, lon=lon),
        departure_at=leaves,
        return_at=leaves + timedelta(minutes=10 + 15 * count),
        legs=legs,
        stops=tuple(stops),
        breaks=(BreakTaken(break_id="pause", after_stop=1, start_at=at(6, 15), duration_s=1_200),),
        parcels=count,
        load_g=2_000 * count,
        load_dm3=9 * count,
        distance_m=2_000 * (count + 1),
        travel_s=600 * (count + 1),
        service_s=300 * count,
        waiting_s=0,
        cost_cents=1_000 * count,
        co2e_mg_per_km=20_000,
        co2e_g=40 * (count + 1),
        loading_list=tuple(f"{order_id}-1" for order_id in reversed(order_ids)),
    )


def plan(plan_id: str, tours: tuple[Tour, ...], **changes: object) -> Plan:
    """Return a plan with these tours; ``changes`` replace any of its fields."""
    order_ids = [handover.order_id for one in tours for stop in one.stops for handover in stop.handovers]
    lone = [each.order_id for name in ("postponed", "unassigned") for each in changes.get(name, ())]
    lon, lat = point(0, 0)
    distance_m = sum(one.distance_m for one in tours)
    totals = {name: 0 for name in Totals.__struct_fields__} | {
        "orders": len(order_ids) + len(lone),
        "served": len(order_ids),
        "postponed": len(changes.get("postponed", ())),
        "unassigned": len(changes.get("unassigned", ())),
        "tours": len(tours),
        "distance_m": distance_m,
        "cost_cents": sum(one.cost_cents for one in tours),
        "co2e_g": sum(one.co2e_g for one in tours),
    }
    made = Plan(
        id=plan_id,
        day=DAY,
        time_zone="Europe/Paris",
        created_at=at(5),
        city="Grille",
        seed=1,
        hubs=(Hub(id="HUB", lat=lat, lon=lon, name="Dépôt ouest"),),
        vehicles=(vehicle("VUL-1"), vehicle("VUL-2"), vehicle("VUL-3")),
        places=tuple(locker() if order_id == "C" else home(order_id) for order_id in (*order_ids, *lone)),
        place_hours=(),
        orders=tuple(order(order_id) for order_id in (*order_ids, *lone)),
        access=(),
        locks=(),
        tours=tours,
        postponed=(),
        unassigned=(),
        bound=Bound(orders=9, by_parcels=9, by_load_g=9, by_volume_dm3=9, by_boxes=9, by_time=9, explanation=""),
        emission_factors="none",
        totals=Totals(**totals),
    )
    return made.replace(**changes)


def before() -> Plan:
    """Return the first plan: A and B on VUL-1, C and D on VUL-2."""
    return plan("plan-1", (tour("VUL-1", ("A", "B")), tour("VUL-2", ("C", "D"))))


def after() -> Plan:
    """Return its replacement: D moved to VUL-1, the evil order added, one postponed, B not served any more."""
    lon, lat = point(2, 1)
    return plan(
        "plan-2",
        (tour("VUL-1", ("A", "D")), tour("VUL-2", ("C", EVIL), TourStart(lat=lat, lon=lon, at_hub=False))),
        replaces="plan-1",
        created_at=at(5, 30),
        moved=("D",),
        postponed=(
            Postponed(
                order_id="late", to_day=date(2026, 6, 19), reasons=(Reason(code="later", text="Demain suffit."),)
            ),
        ),
        unassigned=(
            Unassigned(order_id="lost", reasons=(Reason(code="zone_closed", text="ZFE fermée <b>aux</b> V3."),)),
            Unassigned(order_id="B", reasons=(Reason(code="FLEET_FULL", text="Plus de place."),)),
        ),
    )


def shapes() -> dict[tuple[str, str, int], list[tuple[float, float]]]:
    """Return shapes for the first two legs of VUL-1 in both plans, along the grid; the rest stays straight."""
    first = [point(0, 0), point(1, 0), point(1, 1)]
    second = [point(1, 1), point(1, 3), point(3, 3)]
    return {
        (plan_id, "VUL-1", leg): line for plan_id in ("plan-1", "plan-2") for leg, line in enumerate((first, second))
    }
