"""Plans for those who carry them out: maps, run sheets, waves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import NamedTuple

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from data.errors import InputError, NotFoundError, near_miss
from data.model.caller import Scope
from data.model.plan import Plan, Tour
from data.model.reservation import Owner
from routing.api import examples
from routing.api.asked import owner_of
from routing.export import (
    LOAD_COLUMNS,
    STOP_COLUMNS,
    WAVE_COLUMNS,
    as_csv,
    as_gpx,
    as_pages,
    loading_rows,
    run_sheet_rows,
    wave_rows,
)
from routing.export_geojson import as_geojson
from routing.plans import PlanRoom
from routing.schemas import Node, query


class Form(NamedTuple):
    """A kind of file: its media type, how it is made of a plan, and what it holds."""

    media: str
    made: Callable[[Plan], bytes]
    text: str
    example: str | Node | list[Node]


FORMS = {
    "geojson": Form("application/geo+json", as_geojson, "Hubs, tours and stops (RFC 7946).", examples.GEOJSON),
    "gpx": Form("application/gpx+xml", lambda plan: as_gpx(plan, *plan.tours), "A route per tour.", examples.GPX),
    "csv": Form("text/csv", lambda plan: _rows(plan, STOP_COLUMNS, run_sheet_rows), "Run sheets.", examples.CSV),
    "html": Form("text/html", as_pages, "Run sheets and loading lists to print, a tour a page.", "<!doctype html>"),
    "loading.csv": Form("text/csv", lambda plan: _rows(plan, LOAD_COLUMNS, loading_rows), "Loading lists.", "vehicle,"),
    "waves.csv": Form("text/csv", lambda plan: as_csv(WAVE_COLUMNS, wave_rows(plan)), "Order, tour, wave.", "order,"),
    "waves.json": Form(
        "application/json",
        lambda plan: msgspec.json.encode(list(wave_rows(plan))),
        "Order, tour, wave.",
        examples.WAVES,
    ),
}


def router(room: PlanRoom) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["exports"])
    for name in FORMS:
        _add(routes, room, name)
    return routes


def _add(routes: APIRouter, room: PlanRoom, name: str) -> None:
    form = FORMS[name]
    schema = {"type": "string"} if isinstance(form.example, str) else {}
    content = {form.media: {"schema": schema, "example": form.example}}
    told: Node = {
        "security": [{"key": [str(Scope.PLAN_READ)]}],
        "responses": {"200": {"description": form.text, "content": content}},
        "parameters": [query("vehicle", "Only the tour of this vehicle", "v1", type="string")],
    }

    @routes.get(
        f"/v1/plans/{{plan_id}}/export.{name}",
        operation_id=f"export{''.join(word.capitalize() for word in name.split('.'))}",
        summary=form.text,
        openapi_extra=told,
        response_class=Response,
    )
    async def export(request: Request, plan_id: str) -> Response:
        owner = owner_of(request, Scope.PLAN_READ)
        for given in request.query_params:
            if given != "vehicle":
                hint = near_miss(given, ("vehicle",)) or "vehicle"
                raise InputError("unknown_parameter", f"unknown parameter `{given[:80]}`", "", hint)
        raw = await asyncio.to_thread(_made, room, owner, plan_id, form, request.query_params.get("vehicle"))
        return Response(raw, media_type=form.media)


def _made(room: PlanRoom, owner: Owner, plan_id: str, form: Form, vehicle_id: str | None) -> bytes:
    plan = room.whole(owner, plan_id).plan
    if vehicle_id is not None:
        tours = tuple(tour for tour in plan.tours if tour.vehicle_id == vehicle_id)
        if not tours:
            hint = near_miss(vehicle_id[:128], (tour.vehicle_id for tour in plan.tours)) or "see the plan's tours"
            raise NotFoundError("unknown_tour", f"`{vehicle_id[:80]}` has no tour in this plan", action=hint)
        plan = plan.replace(tours=tours)
    return form.made(plan)


def _rows(plan: Plan, columns: tuple[str, ...], rows_of: Callable[[Plan, Tour], Iterator[dict[str, str]]]) -> bytes:
    return as_csv(columns, (row for tour in plan.tours for row in rows_of(plan, tour)))
