"""The promise's routes: bytes in, bytes out; what they mean is :mod:`promise.desk`'s.

The shell around leaves in a request's state who calls (``caller``), the whole ``body``, ``idempotency_key`` and
``fingerprint``, and turns errors into problem documents.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec
from fastapi import APIRouter, Request, Response
from starlette.types import ASGIApp, Receive, Send
from starlette.types import Scope as AsgiScope

from data import codec
from data.errors import ForbiddenError, TooLargeError
from data.model.base import Value
from data.model.caller import Scope
from data.model.fleet import FleetSettings
from data.model.live import Live, Signal
from data.model.promise import QuoteRequest
from data.model.reservation import Owner
from data.model.schedule import HubSchedule
from data.model.stock import Stock, StockBalance
from promise import schemas
from promise.desk import Desk
from promise.desk_values import Bulk, Held, Order, Quoted, Seen, StockPut, Swap
from promise.schemas import described

V = TypeVar("V", bound=Value)
State = Mapping[str, Any]
"""Of a request, as the shell leaves it."""
Answer = Callable[[State], Awaitable[bytes]]

BODY = "body"
QUOTE_PATH, RESERVE_PATH = "/v1/promises/quote", "/v1/promises"
NDJSON = b"application/x-ndjson"
ORDERS_MAX = 10_000
_encode = msgspec.json.Encoder().encode
_asked = msgspec.json.Decoder(QuoteRequest).decode


def router(desk: Desk) -> APIRouter:
    """Return the routes of a desk."""
    routes = APIRouter()
    _checkout(routes, desk)
    _orders(routes, desk)
    _house(routes, desk)
    _hubs(routes, desk)
    return routes


class Express:
    """A route as a bare ASGI app: the framework's own way to a handler costs as much as the handler."""

    def __init__(self, path: str, answer: Answer) -> None:
        self.path, self.answer = path, answer

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Answer with JSON."""
        scope["route"] = self  # whoever counts requests asks it for its path
        reply = await self.answer(scope["state"])
        headers = [(b"content-length", b"%d" % len(reply)), (b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": reply})


def express_routes(desk: Desk) -> dict[tuple[str, str], ASGIApp]:
    """Return what the shell may let answer before the framework looks at a request, by method and path."""
    answers = {QUOTE_PATH: _quoting(desk), RESERVE_PATH: _reserving(desk)}
    return {("POST", path): Express(path, answer) for path, answer in answers.items()}


def _quoting(desk: Desk) -> Answer:
    """Return what answers a cart with its dated options."""
    quote = desk.quotes.quote

    async def answer(state: State) -> bytes:
        caller, body = state["caller"], state["body"]
        caller.require(Scope.PROMISE_READ)
        try:
            asked = _asked(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            asked = codec.decode(body, QuoteRequest, BODY)  # says where it is wrong
        return _encode(quote(caller.owner, asked))

    return answer


def _reserving(desk: Desk) -> Answer:
    """Return what answers one order, or many, with the places they hold."""
    places = desk.places

    async def answer(state: State) -> bytes:
        owner, key, fingerprint = _writer(state)
        body, lines = state["body"], _is_ndjson(state)
        if body.lstrip()[:1] == b"[" or lines:
            return _encode(await places.bulk(owner, _many(body, lines), key, fingerprint))
        return _encode(await places.reserve(owner, codec.decode(body, Order, BODY), key, fingerprint))

    return answer


def _checkout(routes: APIRouter, desk: Desk) -> None:
    answer = _quoting(desk)

    @routes.post(
        QUOTE_PATH,
        operation_id="quotePromises",
        tags=["promises"],
        openapi_extra=described(Scope.PROMISE_READ, Quoted, schemas.QUOTED, takes=QuoteRequest, asked=schemas.ASKED),
    )
    async def quote(request: Request) -> Response:
        """Dated options for a cart and a destination; a postcode alone is enough."""
        return Response(await answer(request.scope["state"]), media_type="application/json")


def _orders(routes: APIRouter, desk: Desk) -> None:
    places, answer = desk.places, _reserving(desk)

    @routes.post(
        RESERVE_PATH,
        operation_id="reservePromises",
        tags=["promises"],
        openapi_extra=described(
            Scope.PROMISE_WRITE,
            Held,
            schemas.HELD,
            takes=Order | tuple[Order, ...],
            asked=schemas.ORDER,
            lines=schemas.ORDER,
            many=Bulk,
        ),
    )
    async def reserve(request: Request) -> Response:
        """Hold places: of one order, or of many (an array, or NDJSON), each held or refused on its own."""
        return Response(await answer(request.scope["state"]), media_type="application/json")

    @routes.get(
        "/v1/promises/{order_id}",
        operation_id="getPromise",
        tags=["promises"],
        openapi_extra=described(Scope.PROMISE_READ, Held, schemas.HELD),
    )
    async def read(request: Request, order_id: str) -> Response:
        """An order's place as it stands."""
        owner = _caller(request, Scope.PROMISE_READ)
        return _reply(await asyncio.to_thread(places.promise, owner, order_id))

    @routes.post(
        "/v1/promises/{order_id}/confirm",
        operation_id="confirmPromise",
        tags=["promises"],
        openapi_extra=described(Scope.PROMISE_WRITE, Held, schemas.HELD),
    )
    async def confirm(request: Request, order_id: str) -> Response:
        """The order is paid: its place is held for good, on the date it was quoted."""
        owner, key, fingerprint = _writer(request.scope["state"])
        return _reply(await places.confirm(owner, order_id, key, fingerprint))

    @routes.post(
        "/v1/promises/{order_id}/change",
        operation_id="changePromise",
        tags=["promises"],
        openapi_extra=described(Scope.PROMISE_WRITE, Held, schemas.HELD, takes=Swap, asked=schemas.SWAP),
    )
    async def change(request: Request, order_id: str) -> Response:
        """Swap an order's place for one of another quote; it keeps its own until the new one is held."""
        owner, key, fingerprint = _writer(request.scope["state"])
        swap = codec.decode(request.state.body, Swap, BODY)
        return _reply(await places.change(owner, order_id, swap, key, fingerprint))

    @routes.delete(
        "/v1/promises/{order_id}",
        operation_id="releasePromise",
        tags=["promises"],
        openapi_extra=described(Scope.PROMISE_WRITE, Held, schemas.HELD),
    )
    async def release(request: Request, order_id: str) -> Response:
        """Give an order's place and goods back."""
        owner, key, fingerprint = _writer(request.scope["state"])
        return _reply(await places.release(owner, order_id, key, fingerprint))


def _house(routes: APIRouter, desk: Desk) -> None:
    @routes.put(
        "/v1/stock/{sku}",
        operation_id="putStock",
        tags=["stock"],
        openapi_extra=described(
            Scope.PROMISE_WRITE, tuple[StockBalance, ...], schemas.BALANCES, takes=StockPut, asked=schemas.STOCK
        ),
    )
    async def put_stock(request: Request, sku: str) -> Response:
        """Set what there is of a product, by hub and channel."""
        owner, _, _ = _writer(request.scope["state"])
        put = codec.decode(request.state.body, StockPut, BODY)
        stocks = [Stock(sku=sku, **msgspec.structs.asdict(one)) for one in put.shelves]
        return _reply(await desk.put_stock(owner, stocks, put.available))

    @routes.get(
        "/v1/stock/{sku}",
        operation_id="getStock",
        tags=["stock"],
        openapi_extra=described(Scope.PROMISE_READ, tuple[StockBalance, ...], schemas.BALANCES),
    )
    async def get_stock(request: Request, sku: str) -> Response:
        """What there is of a product and how many are promised, by hub and channel."""
        return _reply(desk.stock(_caller(request, Scope.PROMISE_READ), sku))

    @routes.put(
        "/v1/lives/{live_id}",
        operation_id="putLive",
        tags=["lives"],
        openapi_extra=described(Scope.LIVE_WRITE, Live, schemas.LIVE, takes=Live, asked=schemas.LIVE),
    )
    async def put_live(request: Request, live_id: str) -> Response:
        """Put a live on the calendar, or change it; dates take its orders into account."""
        owner = _caller(request, Scope.LIVE_WRITE)
        live = codec.decode(request.state.body, Live, BODY)
        await desk.facts.put_live(owner, live_id, live)
        return _reply(live)

    @routes.post(
        "/v1/lives/{live_id}/signals",
        operation_id="addSignals",
        tags=["lives"],
        openapi_extra=described(
            Scope.LIVE_WRITE, Seen, {"kept": 1}, takes=tuple[Signal, ...], asked=[schemas.SIGNAL], lines=schemas.SIGNAL
        ),
    )
    async def add_signals(request: Request, live_id: str) -> Response:
        """What is seen of a live while it is on: viewers, additions to cart, orders."""
        owner = _caller(request, Scope.LIVE_WRITE)
        seen = _values(request.state.body, Signal, _is_ndjson(request.scope["state"]))
        return _reply(Seen(kept=await desk.facts.add_signals(owner, live_id, seen)))


def _hubs(routes: APIRouter, desk: Desk) -> None:
    @routes.put(
        "/v1/hubs/{hub_id}/schedule",
        operation_id="putHubSchedule",
        tags=["hubs"],
        openapi_extra=described(
            Scope.LIVE_WRITE, HubSchedule, schemas.SCHEDULE, takes=HubSchedule, asked=schemas.SCHEDULE
        ),
    )
    async def put_schedule(request: Request, hub_id: str) -> Response:
        """Set when a hub works and what leaves it; for the carrier."""
        tenant = _carrier(request)
        schedule = codec.decode(request.state.body, HubSchedule, BODY)
        await desk.facts.put_schedule(tenant, hub_id, schedule)
        return _reply(schedule)

    @routes.put(
        "/v1/hubs/{hub_id}/fleet",
        operation_id="putHubFleet",
        tags=["hubs"],
        openapi_extra=described(
            Scope.LIVE_WRITE, FleetSettings, schemas.FLEET, takes=FleetSettings, asked=schemas.FLEET
        ),
    )
    async def put_fleet(request: Request, hub_id: str) -> Response:
        """Set what a hub's vans carry: the room of the days ahead, until a plan says better; for the carrier."""
        tenant = _carrier(request)
        fleet = codec.decode(request.state.body, FleetSettings, BODY)
        await desk.facts.put_fleet(tenant, hub_id, fleet)
        return _reply(fleet)


def _caller(request: Request, scope: Scope) -> Owner:
    """Return who calls, with the scope for it."""
    caller = request.state.caller
    caller.require(scope)
    owner: Owner = caller.owner
    return owner


def _carrier(request: Request) -> str:
    """Return the carrier that calls about its hubs."""
    owner = _caller(request, Scope.LIVE_WRITE)
    if owner.shipper:
        raise ForbiddenError("carrier_only", "hubs are the carrier's", action="ask with a key of the carrier")
    return owner.tenant


def _writer(state: State) -> tuple[Owner, str, str]:
    """Return who calls, the idempotency key and the fingerprint it came with."""
    state["caller"].require(Scope.PROMISE_WRITE)
    return state["caller"].owner, state["idempotency_key"], state["fingerprint"]


def _reply(value: Any) -> Response:
    return Response(_encode(value), media_type="application/json")


def _is_ndjson(state: State) -> bool:
    return bool(state["headers"].get(b"content-type", b"").startswith(NDJSON))


def _many(body: bytes, lines: bool) -> Sequence[Order]:
    orders = _values(body, Order, lines)
    if len(orders) > ORDERS_MAX:
        message = f"{len(orders):,} orders in one request, {ORDERS_MAX:,} is the most"
        raise TooLargeError("too_many_orders", message, f"{BODY}#", "send several requests")
    return orders


def _values(body: bytes, kind: type[V], lines: bool) -> tuple[V, ...]:
    """Return the values of an array, or of NDJSON: one a line."""
    if not lines:
        return codec.items(body, kind, BODY)
    return tuple(
        codec.decode(line, kind, f"{BODY}, line {number}")
        for number, line in enumerate(body.splitlines(), 1)
        if line.strip()
    )
