"""The routes that manage API keys while a server holds the store."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from data import codec
from data.model.caller import Caller, Scope
from data.store.database import Database
from jalon.http import keys
from jalon.http.keys import KeyRequest, Keyring, KeySeen
from jalon.http.openapi import needs, replies, takes

ASKED = {"scopes": ["promise:read", "promise:write"], "shipper": "atelier-nord", "label": "checkout"}
SEEN: dict[str, Any] = {
    "id": "jal_4f2a90c1",
    "tenant": "default",
    "shipper": "atelier-nord",
    "scopes": ["promise:read", "promise:write"],
    "label": "checkout",
    "created_s": 1_795_460_000,
    "expires_s": None,
    "revoked_s": None,
}
FRESH = SEEN | {"secret": "jal_4f2a90c1_example"}
ADMIN = needs(Scope.ADMIN)


def router(database: Database, ring: Keyring) -> APIRouter:
    """Return the routes; what they change opens or shuts this server at once."""
    routes = APIRouter(tags=["keys"])
    _making(routes, database, ring)
    _managing(routes, database, ring)
    return routes


def _making(routes: APIRouter, database: Database, ring: Keyring) -> None:
    @routes.post(
        "/v1/keys",
        status_code=201,
        operation_id="addKey",
        summary="Make a key; its secret is told this once",
        openapi_extra=ADMIN | takes(ASKED, KeyRequest) | replies("The key.", FRESH, kind=KeySeen, status=201),
    )
    async def add(request: Request) -> Response:
        caller = _admin(request)
        asked = codec.decode(request.state.body, KeyRequest, "body")
        keys.require_own_shipper(caller, asked.shipper)
        made = await run_in_threadpool(keys.make, database, caller.tenant, asked)
        await run_in_threadpool(ring.load, database)
        return _reply(made, 201)


def _managing(routes: APIRouter, database: Database, ring: Keyring) -> None:
    @routes.get(
        "/v1/keys",
        operation_id="listKeys",
        summary="The keys there are and were, without their secrets",
        openapi_extra=ADMIN | replies("The keys.", [SEEN], kind=tuple[KeySeen, ...]),
    )
    async def all_keys(request: Request) -> Response:
        return _reply(await run_in_threadpool(keys.known_to, database, _admin(request)))

    @routes.delete(
        "/v1/keys/{key_id}",
        status_code=204,
        operation_id="revokeKey",
        summary="Make a key useless",
        openapi_extra=ADMIN,
    )
    async def revoke(request: Request, key_id: str) -> Response:
        await run_in_threadpool(keys.revoke, database, _admin(request), key_id)
        await run_in_threadpool(ring.load, database)
        return Response(status_code=204)


def _admin(request: Request) -> Caller:
    caller: Caller = request.state.caller
    caller.require(Scope.ADMIN)
    return caller


def _reply(value: Any, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, media_type="application/json")
