"""The routes of orders: bytes in, bytes out; what they mean is :mod:`promise.intake`'s."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec
from fastapi import APIRouter, Request, Response

from data import codec
from data.errors import InputError, JalonError, TooLargeError
from data.model.caller import Scope
from data.model.reservation import Owner
from promise import schemas
from promise.desk_values import problem_of
from promise.intake.desk import OrderDesk
from promise.intake.table import orders_of
from promise.intake.values import Accepted, Intake, NewOrder, OrderChange, OrderView
from promise.schemas import described

BODY = "body"
ORDERS_MAX = 10_000
_encode = msgspec.json.Encoder().encode
_raws = msgspec.json.Decoder(list[msgspec.Raw]).decode
_line = msgspec.json.Decoder(NewOrder).decode

ORDER: schemas.Node = {
    "id": "order-1",
    "to": {
        "name": "Camille Martin",
        "phone": "+33600000000",
        "address": "12 rue de la Paix",
        "postcode": "44000",
        "city": "Nantes",
    },
    "option_id": "home",
    "quote_id": "Y2hlY2tlZA",
    "cart": {"parcels": 1, "load_g": 800, "volume_dm3": 6},
}
PLACE: schemas.Node = schemas.HELD | {"state": "confirmed", "expires_at": None}
TAKEN: schemas.Node = {
    "id": "order-1",
    "state": "unlocated",
    "new": True,
    "promise": PLACE,
    "moved_from": None,
    "problem": None,
}
VIEW: schemas.Node = {
    "id": "order-1",
    "state": "planned",
    "channel": "shop",
    "promised_on": "2026-11-26",
    "promise": PLACE,
    "tour": {"plan_id": "plan-1", "vehicle_id": "van-3", "stop": 7, "start_at": "2026-11-26T10:42:00+01:00"},
    "suggestions": [],
}
CHANGE: schemas.Node = {"to": {"name": "Camille Martin", "address": "3 quai de la Fosse", "postcode": "44000"}}
TABLE = "commande;nom;adresse;code_postal;ville;poids_kg\norder-1;Camille Martin;12 rue de la Paix;44000;Nantes;0,8\n"


def router(desk: OrderDesk) -> APIRouter:
    """Return the routes of orders."""
    routes = APIRouter()
    _intake(routes, desk)
    _one(routes, desk)
    return routes


def _intake(routes: APIRouter, desk: OrderDesk) -> None:
    told = described(
        Scope.PROMISE_WRITE,
        Intake,
        {"accepted": 1, "orders": [TAKEN]},
        takes=NewOrder | tuple[NewOrder, ...],
        asked=ORDER,
        lines=ORDER,
    )
    told["requestBody"]["content"]["text/csv"] = {
        "schema": {"type": "string"},
        "example": TABLE,
    }

    @routes.post("/v1/orders", operation_id="addOrders", tags=["orders"], openapi_extra=told)
    async def add(request: Request) -> Response:
        """Orders that are placed: each takes its place on the date it was shown, or is refused, on its own.

        One order, an array, NDJSON or CSV. An order that is known by its id changes nothing.
        """
        owner = _caller(request, Scope.PROMISE_WRITE)
        read = _read(request)
        orders = [one for one in read if isinstance(one, NewOrder)]
        taken = iter(await asyncio.to_thread(desk.clerk.take, owner, orders))
        found = tuple(next(taken) if isinstance(one, NewOrder) else one for one in read)
        desk.wake()
        accepted = sum(one.problem is None for one in found)
        return _reply(Intake(accepted=accepted, orders=found))


def _one(routes: APIRouter, desk: OrderDesk) -> None:
    @routes.get(
        "/v1/orders/{order_id}",
        operation_id="getOrder",
        tags=["orders"],
        openapi_extra=described(Scope.PROMISE_READ, OrderView, VIEW),
    )
    async def read(request: Request, order_id: str) -> Response:
        """An order as it stands: its promise, and its place in the tour that is driven."""
        owner = _caller(request, Scope.PROMISE_READ)
        return _reply(await asyncio.to_thread(desk.views.order, owner, order_id))

    @routes.post(
        "/v1/orders/{order_id}/change",
        operation_id="changeOrder",
        tags=["orders"],
        openapi_extra=described(Scope.PROMISE_WRITE, OrderView, VIEW, takes=OrderChange, asked=CHANGE),
    )
    async def change(request: Request, order_id: str) -> Response:
        """Another address or another date, until the order leaves the hub."""
        owner = _caller(request, Scope.PROMISE_WRITE)
        wanted = codec.decode(request.state.body, OrderChange, BODY)
        await asyncio.to_thread(desk.changes.change, owner, order_id, wanted)
        desk.wake()
        return _reply(await asyncio.to_thread(desk.views.order, owner, order_id))

    @routes.delete(
        "/v1/orders/{order_id}",
        operation_id="cancelOrder",
        tags=["orders"],
        openapi_extra=described(Scope.PROMISE_WRITE, OrderView, VIEW | {"state": "cancelled", "tour": None}),
    )
    async def cancel(request: Request, order_id: str) -> Response:
        """Cancel an order: its place and its goods are given back."""
        owner = _caller(request, Scope.PROMISE_WRITE)
        await asyncio.to_thread(desk.changes.cancel, owner, order_id)
        return _reply(await asyncio.to_thread(desk.views.order, owner, order_id))


def _read(request: Request) -> Sequence[NewOrder | Accepted]:
    """Return the orders of a body; a line of NDJSON, or an order of an array, that is none is refused on its own."""
    body, kind = request.state.body, request.state.headers.get(b"content-type", b"")
    found: list[NewOrder | Accepted]
    if kind.startswith(b"text/csv"):
        found = list(orders_of(body, BODY))
    elif kind.startswith(b"application/x-ndjson"):
        lines = [(number, raw) for number, raw in enumerate(body.splitlines(), 1) if raw.strip()]
        found = [_decoded(raw, f"{BODY}, line {number}") for number, raw in lines]
    elif body.lstrip()[:1] == b"[":
        try:
            raws = _raws(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return codec.items(body, NewOrder, BODY)  # says where it is wrong
        found = [_decoded(bytes(raw), f"{BODY}#/{number}") for number, raw in enumerate(raws)]
    else:
        return [codec.decode(body, NewOrder, BODY)]
    if not found:
        raise InputError("no_orders", "there is no order in it", f"{BODY}#", "send at least one")
    if len(found) > ORDERS_MAX:
        message = f"{len(found):,} orders in one request, {ORDERS_MAX:,} is the most"
        raise TooLargeError("too_many_orders", message, f"{BODY}#", "send several requests")
    return found


def _decoded(raw: bytes, where: str) -> NewOrder | Accepted:
    try:
        return _line(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        pass
    try:
        return codec.decode(raw, NewOrder, where)
    except JalonError as error:
        return Accepted(id="", problem=problem_of(error))


def _caller(request: Request, scope: Scope) -> Owner:
    caller = request.state.caller
    caller.require(scope)
    owner: Owner = caller.owner
    return owner


def _reply(value: Any) -> Response:
    return Response(_encode(value), media_type="application/json")
