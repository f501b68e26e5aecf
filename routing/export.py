"""A plan for those who carry it out: run sheets, loading and wave lists as rows, pages to print, GPX, GeoJSON."""

from __future__ import annotations

import csv
import html
import io
from collections.abc import Iterator, Sequence
from datetime import datetime
from xml.sax.saxutils import escape, quoteattr

from data.model.place import Place, PlaceKind
from data.model.plan import Plan, Tour

STOP_COLUMNS = (
    *("vehicle", "stop", "arrive", "start", "leave", "action", "order", "place", "name", "address", "postcode"),
    *("lat", "lon", "parcels", "parcel_ids", "boxes", "late_min"),
)
LOAD_COLUMNS = ("vehicle", "trip", "position", "parcel", "order", "stop", "place", "kg", "dm3")
WAVE_COLUMNS = ("order", "parcel", "hub", "wave", "departs_at", "vehicle", "trip", "position", "stop", "place")
ACTIONS = {PlaceKind.HOME: "deliver", PlaceKind.RELAY: "relay", PlaceKind.LOCKER: "locker"}

STYLE = """
body{font:12px/1.4 sans-serif;margin:0}
section{padding:8mm;break-after:page}
h1{font-size:18px;margin:0 0 2mm}
table{border-collapse:collapse;width:100%;margin:3mm 0 6mm}
th,td{border-bottom:1px solid #999;padding:1mm 2mm;text-align:left;vertical-align:top}
td.n,th.n{text-align:right}
td.sign{width:28mm}
.late{font-weight:bold}
"""


def run_sheet_rows(plan: Plan, tour: Tour) -> Iterator[dict[str, str]]:
    """Yield one row per hand-over, collection, break and loading of a tour, in order of time."""
    places = {place.id: place for place in plan.places}
    orders = {order.id: order for order in plan.orders}
    late = {overrun.order_id: overrun.late_s for overrun in plan.overruns}
    for number, stop in enumerate(tour.stops):
        yield from _breaks(tour, number)
        times = {"vehicle": tour.vehicle_id, "stop": str(number + 1), "arrive": _clock(stop.arrival_at)}
        if stop.loading_list is not None:
            when = {"start": _clock(stop.start_at), "leave": _clock(stop.end_at)}
            yield times | when | {"action": "load", "place": stop.place_id, "parcels": str(len(stop.loading_list))}
            continue
        place = places[stop.place_id]
        for handover in stop.handovers:
            order = orders[handover.order_id]
            late_s = max(handover.late_s, late.get(order.id, 0))
            yield times | {
                "start": _clock(handover.start_at),
                "leave": _clock(stop.end_at),
                "action": "collect" if handover.collects else ACTIONS.get(place.kind, "deliver"),
                "order": order.id,
                "place": place.id,
                "name": place.name,
                "address": place.address,
                "postcode": place.postcode,
                "lat": f"{place.lat:.6f}",
                "lon": f"{place.lon:.6f}",
                "parcels": str(len(order.parcels)),
                "parcel_ids": " ".join(parcel.id for parcel in order.parcels),
                "boxes": " ".join(f"{use.parcel_id}:{place.boxes[use.box].size}" for use in handover.boxes),
                "late_min": str(-(-late_s // 60)) if late_s else "",
            }
    yield from _breaks(tour, len(tour.stops))


def _breaks(tour: Tour, after_stop: int) -> Iterator[dict[str, str]]:
    for pause in tour.breaks:
        if pause.after_stop == after_stop:
            length = f"{pause.duration_s // 60} min"
            yield {"vehicle": tour.vehicle_id, "start": _clock(pause.start_at), "action": "break", "name": length}


def loading_rows(plan: Plan, tour: Tour) -> Iterator[dict[str, str]]:
    """Yield one row per parcel in loading order, the last stop's first, trip after trip."""
    parcels = {parcel.id: (parcel, order.id) for order in plan.orders for parcel in order.parcels}
    stops = {
        handover.order_id: (number + 1, stop.place_id)
        for number, stop in enumerate(tour.stops)
        for handover in stop.handovers
        if not handover.collects
    }
    again = [stop.loading_list for stop in tour.stops if stop.loading_list is not None]
    for trip, listed in enumerate([tour.loading_list, *again], start=tour.start.trip):
        for position, parcel_id in enumerate(listed, start=1):
            parcel, order_id = parcels[parcel_id]
            number, place_id = stops[order_id]
            yield {
                "vehicle": tour.vehicle_id,
                "trip": str(trip),
                "position": str(position),
                "parcel": parcel_id,
                "order": order_id,
                "stop": str(number),
                "place": place_id,
                "kg": f"{parcel.load_g / 1000:.3f}",
                "dm3": str(parcel.volume_dm3),
            }


def as_csv(columns: Sequence[str], rows: Iterator[dict[str, str]]) -> bytes:
    """Return rows as CSV: UTF-8 with a byte order mark, so that spreadsheets read accents.

    A cell that a spreadsheet would take for a formula is set off by an apostrophe: names are typed by customers.
    """
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({name: _plain(value) for name, value in row.items()} for row in rows)
    return text.getvalue().encode("utf-8-sig")


def _plain(value: str) -> str:
    number = value[1:].replace(".", "", 1).isdigit()
    return f"'{value}" if value[:1] in ("=", "+", "-", "@", "\t", "\r") and not number else value


def as_pages(plan: Plan) -> bytes:
    """Return run sheets and loading lists as one HTML file, a tour a page, that needs no network."""
    body = "".join(_page(plan, tour) for tour in plan.tours)
    title = html.escape(f"{plan.day} {plan.city}")
    page = f"<!doctype html><html lang=fr><meta charset=utf-8><title>{title}</title><style>{STYLE}</style>{body}</html>"
    return page.encode()


def _page(plan: Plan, tour: Tour) -> str:
    vehicle = next(vehicle for vehicle in plan.vehicles if vehicle.id == tour.vehicle_id)
    name = f"{vehicle.id} {vehicle.name}".strip()
    line = f"{plan.day:%d/%m/%Y} · départ {_clock(tour.departure_at)} · retour {_clock(tour.return_at)} · "
    line += f"{tour.distance_m / 1000:.1f} km · {tour.parcels} colis · {tour.load_g / 1000:.0f} kg"
    late = next((f" · fin de service dépassée de {-(-one.late_s // 60)} min"
                 for one in plan.overruns if one.vehicle_id == tour.vehicle_id and not one.order_id), "")  # fmt: skip
    rows = "".join(_row(row) for row in run_sheet_rows(plan, tour))
    head = _head("#", "Heure", "Adresse", "Commande", "Colis", "Casiers", "Signature")
    loads = "".join(
        _cells(row["trip"], row["position"], row["parcel"], row["stop"], row["kg"]) for row in loading_rows(plan, tour)
    )
    listed = _head("Tour", "Rang", "Colis (dernier arrêt d'abord)", "Arrêt", "kg")
    return (
        f"<section><h1>{html.escape(name)}</h1><p>{html.escape(line + late)}</p>"
        f"<table><thead>{head}</thead>{rows}</table><table><thead>{listed}</thead>{loads}</table></section>"
    )


def _row(row: dict[str, str]) -> str:
    words = {"break": "Pause", "load": "Chargement au dépôt", "collect": "ENLÈVEMENT", "relay": "Point relais",
             "locker": "Consigne", "deliver": ""}  # fmt: skip
    where = " · ".join(filter(None, (words[row["action"]], row.get("name"), row.get("address"), row.get("postcode"))))
    late = f" (+{row['late_min']} min)" if row.get("late_min") else ""
    return _cells(
        row.get("stop", ""),
        row["start"] + late,
        where or row.get("place", ""),
        row.get("order", ""),
        row.get("parcels", ""),
        row.get("boxes", ""),
        "",
    )


def _head(*names: str) -> str:
    return "<tr>" + "".join(f"<th>{html.escape(name)}</th>" for name in names) + "</tr>"


def _cells(*values: str) -> str:
    return "<tr>" + "".join(f"<td>{html.escape(value)}</td>" for value in values) + "</tr>"


def wave_rows(plan: Plan) -> Iterator[dict[str, str]]:
    """Yield one row per parcel that leaves a hub: with which wave, on which vehicle's trip, where in it.

    A wave is what leaves a hub at one instant; they are numbered by hub as the day goes on.
    """
    hub_of = {vehicle.id: vehicle.hub_id for vehicle in plan.vehicles}
    trips = [(hub_of[tour.vehicle_id], at, tour, trip) for tour in plan.tours for trip, at in _departures(tour)]
    waves: dict[tuple[str, datetime], int] = {}
    for hub_id, at in sorted({(hub_id, at) for hub_id, at, _, _ in trips}):
        waves[hub_id, at] = 1 + sum(hub == hub_id for hub, _ in waves)
    for hub_id, at, tour, trip in sorted(trips, key=lambda each: (each[0], each[1], each[2].vehicle_id)):
        for row in loading_rows(plan, tour):
            if row["trip"] == str(trip):
                listed = {
                    name: row[name] for name in ("order", "parcel", "vehicle", "trip", "position", "stop", "place")
                }
                yield {"hub": hub_id, "wave": str(waves[hub_id, at]), "departs_at": at.isoformat(), **listed}


def _departures(tour: Tour) -> Iterator[tuple[int, datetime]]:
    """Yield number and departure of each trip that goes out from the hub."""
    trip = tour.start.trip
    if tour.start.at_hub:
        yield trip, tour.departure_at
    for stop in tour.stops:
        if stop.loading_list is not None:
            trip += 1
            yield trip, stop.end_at


def as_gpx(plan: Plan, *tours: Tour) -> bytes:
    """Return tours as GPX 1.1 routes: the start, then every stop with its time."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<gpx version="1.1" creator="Jalon" xmlns="http://www.topografix.com/GPX/1/1">'
        f"{''.join(_route(plan, tour) for tour in tours)}</gpx>\n"
    ).encode()


def _route(plan: Plan, tour: Tour) -> str:
    places = {place.id: place for place in plan.places}
    hub = next(hub for hub in plan.hubs if hub.id == next(v.hub_id for v in plan.vehicles if v.id == tour.vehicle_id))
    points = [_point(tour.start.lat, tour.start.lon, tour.departure_at, "départ")]
    for number, stop in enumerate(tour.stops, start=1):
        place: Place | None = places.get(stop.place_id)
        name = f"{number} {hub.name or hub.id if place is None else place.name or place.id}"
        at = (hub.lat, hub.lon) if place is None else (place.lat, place.lon)
        points.append(_point(*at, stop.start_at, name))
    if len(tour.legs) > len(tour.stops):
        points.append(_point(hub.lat, hub.lon, tour.return_at, "retour"))
    return f"<rte><name>{escape(f'{tour.vehicle_id} {plan.day}')}</name>{''.join(points)}</rte>"


def _point(lat: float, lon: float, at: datetime, name: str) -> str:
    return (
        f"<rtept lat={quoteattr(f'{lat:.6f}')} lon={quoteattr(f'{lon:.6f}')}>"
        f"<time>{at.isoformat()}</time><name>{escape(name)}</name></rtept>"
    )


def _clock(instant: datetime) -> str:
    return f"{instant:%H:%M}"
