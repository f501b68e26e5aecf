"""The routes that erase who orders are for, while a server holds the store."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from data.model.caller import Scope
from data.model.reservation import Owner
from data.store import contacts
from data.store.database import Database, Transaction
from jalon.http.openapi import needs, replies

Erase = Callable[[Transaction, Owner], int]
ERASED: dict[str, Any] = needs(Scope.ADMIN) | replies("How many contacts were erased.", {"contacts": 1})


def router(database: Database) -> APIRouter:
    """Return the routes; what they erase is gone from the store's files too."""
    routes = APIRouter(tags=["privacy"])

    @routes.delete(
        "/v1/orders/{order_id}/contact",
        operation_id="eraseOrderContact",
        summary="Erase who an order is for; the order and its promise stay",
        openapi_extra=ERASED,
    )
    async def of_order(request: Request, order_id: str) -> Response:
        return await _erased(request, lambda writing, owner: contacts.erase_orders(writing, owner, (order_id,)))

    @routes.delete(
        "/v1/contacts/{customer_id}",
        operation_id="eraseCustomer",
        summary="Erase a customer from all of their orders",
        openapi_extra=ERASED,
    )
    async def of_customer(request: Request, customer_id: str) -> Response:
        return await _erased(request, lambda writing, owner: contacts.erase_customer(writing, owner, customer_id))

    async def _erased(request: Request, erase: Erase) -> Response:
        request.state.caller.require(Scope.ADMIN)
        count = await run_in_threadpool(_erase, database, request.state.caller.owner, erase)
        return Response(msgspec.json.encode({"contacts": count}), media_type="application/json")

    return routes


def _erase(database: Database, owner: Owner, erase: Erase) -> int:
    with database.write() as writing:
        count = erase(writing, owner)
    database.scrub()
    return count
