"""The routes by which a shop or a carrier says where its notices go."""

from __future__ import annotations

import asyncio
import base64
import binascii
import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, TypeVar

import msgspec
from fastapi import APIRouter, Path, Request
from msgspec import Meta
from starlette.responses import Response

from data import clock, codec
from data.errors import ConflictError, InputError, NotFoundError
from data.model.base import Count, Id, Value
from data.model.caller import Scope
from data.model.reservation import Owner
from data.model.subscription import Kind, Subscription, SubscriptionState, Url
from data.store import deliveries, subscriptions
from data.store.database import Database, Transaction
from jalon.http.openapi import needs, replies, takes
from jalon.webhooks.queue import Store
from jalon.webhooks.targets import require_allowed

R = TypeVar("R")

MOST = 20
"""Receivers an owner may have."""
SECRET_BYTES = range(24, 65)
PREFIX = "whsec_"
EXAMPLE = {"url": "https://shop.example/notices", "kinds": ["promise.at_risk", "promise.moved"]}
SEEN: dict[str, Any] = {"id": "shop", **EXAMPLE, "state": "on", "secret": None}
FRESH = SEEN | {"secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}
DEAD: dict[str, Any] = {"message": "msg_1f2e", "kind": "promise.moved", "at_s": 1_795_460_000}
GIVEN_UP = DEAD | {"attempts": 10, "problem": "answered 500"}
SENT_AGAIN = {"sent_again": 1}


class WebhookPut(Value):
    """A receiver of notices: its URL, the kinds it wants (none: all), whether it is on.

    Without a ``secret`` a new one gets one of ours, and one that is known keeps what it has.
    """

    url: Url
    kinds: Annotated[tuple[Kind, ...], Meta(max_length=50)] = ()
    secret: Annotated[str, Meta(max_length=128)] | None = None
    on: bool = True


class WebhookSeen(Value, omit_defaults=False):
    """A receiver as it is told; its ``secret`` only where it has just been made."""

    id: Id
    url: str
    kinds: tuple[str, ...]
    state: SubscriptionState
    secret: str | None = None


class GivenUp(Value, omit_defaults=False):
    """A notice that never arrived, and why."""

    message: str
    kind: str
    at_s: int
    attempts: int
    problem: str


class Again(Value):
    """Which of the notices given up to send again; none: all of them."""

    messages: Annotated[tuple[Id, ...], Meta(max_length=1000)] = ()


class SentAgain(Value, omit_defaults=False):
    """How many are sent again."""

    sent_again: Count


class Receivers:
    """What may be done with an owner's receivers."""

    def __init__(
        self, database: Database, store: Store, loopback: bool = False, now: Callable[[], datetime] = clock.now
    ) -> None:
        self._database, self._store, self._loopback, self._now = database, store, loopback, now

    async def put(self, owner: Owner, name: str, asked: WebhookPut) -> WebhookSeen:
        """Set a receiver.

        Raises
        ------
        InputError, ConflictError
            ``unusable_url``, ``unusable_secret``; ``too_many_webhooks``.
        """
        require_allowed(asked.url, self._loopback)
        if asked.secret is not None:
            require_secret(asked.secret)
        fresh = PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()

        def keep(t: Transaction) -> tuple[Subscription, bool]:
            known = subscriptions.load(t, owner, name)
            if known is None and len(subscriptions.of_owner(t, owner)) >= MOST:
                raise ConflictError("too_many_webhooks", f"there are {MOST} already", action="delete one first")
            secret = asked.secret or (known.secret if known else fresh)
            state = SubscriptionState.ON if asked.on else SubscriptionState.OFF
            one = Subscription(id=name, url=asked.url, kinds=asked.kinds, secret=secret, state=state)
            subscriptions.put(t, owner, one, self._now_s)
            return one, known is None and asked.secret is None

        one, made = await self._write(keep)
        return _seen(one, one.secret if made else None)

    def of(self, owner: Owner) -> tuple[WebhookSeen, ...]:
        """Return an owner's receivers; it waits for the store."""
        with self._database.read() as connection:
            return tuple(_seen(one) for one in subscriptions.of_owner(connection, owner))

    def one(self, owner: Owner, name: str) -> WebhookSeen:
        """Return a receiver; raises ``NotFoundError`` ``unknown_webhook``."""
        with self._database.read() as connection:
            found = subscriptions.load(connection, owner, name)
        if found is None:
            raise _unknown(name)
        return _seen(found)

    async def drop(self, owner: Owner, name: str) -> None:
        """Forget a receiver and what was on its way to it."""
        if not await self._write(lambda t: subscriptions.drop(t, owner, name)):
            raise _unknown(name)

    def given_up(self, owner: Owner, name: str) -> tuple[GivenUp, ...]:
        """Return what never arrived, the oldest first."""
        self.one(owner, name)
        with self._database.read() as connection:
            return tuple(GivenUp(**one._asdict()) for one in deliveries.dead(connection, owner, name))

    async def again(self, owner: Owner, name: str, asked: Again) -> SentAgain:
        """Send again what was given up, under the ids it had."""
        await asyncio.to_thread(self.one, owner, name)
        count = await self._write(lambda t: deliveries.revive(t, owner, name, self._now_s, asked.messages))
        return SentAgain(sent_again=count)

    async def _write(self, job: Callable[[Transaction], R]) -> R:
        return await asyncio.wrap_future(self._store.write(job))

    @property
    def _now_s(self) -> int:
        return int(self._now().timestamp())


def require_secret(secret: str) -> None:
    """Raise ``InputError`` ``unusable_secret`` where a secret is none."""
    try:
        raw = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if not secret.startswith(PREFIX) or len(raw) not in SECRET_BYTES:
        message = f"a secret is `{PREFIX}` and {SECRET_BYTES[0]} to {SECRET_BYTES[-1]} bytes as base64"
        raise InputError("unusable_secret", message, "#/secret", "leave it out to get one")


def router(receivers: Receivers) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["webhooks"])
    _setting(routes, receivers)
    _repairing(routes, receivers)
    return routes


def _setting(routes: APIRouter, receivers: Receivers) -> None:
    writes, reads = needs(Scope.PROMISE_WRITE), needs(Scope.PROMISE_READ)

    @routes.put(
        "/v1/webhooks/{webhook_id}",
        operation_id="putWebhook",
        summary="Set where notices go; a secret of ours is told this once",
        openapi_extra=writes | takes(EXAMPLE, WebhookPut) | replies("The receiver.", FRESH, kind=WebhookSeen),
    )
    async def put(request: Request, webhook_id: Annotated[str, Path(min_length=1, max_length=128)]) -> Response:
        owner = _owner(request, Scope.PROMISE_WRITE)
        asked = codec.decode(request.state.body, WebhookPut, "body")
        return _reply(await receivers.put(owner, webhook_id, asked))

    @routes.get(
        "/v1/webhooks",
        operation_id="listWebhooks",
        summary="Where notices go, without the secrets",
        openapi_extra=reads | replies("The receivers.", [SEEN], kind=tuple[WebhookSeen, ...]),
    )
    async def every(request: Request) -> Response:
        return _reply(await asyncio.to_thread(receivers.of, _owner(request, Scope.PROMISE_READ)))

    @routes.get(
        "/v1/webhooks/{webhook_id}",
        operation_id="getWebhook",
        summary="A receiver, without its secret",
        openapi_extra=reads | replies("The receiver.", SEEN, kind=WebhookSeen),
    )
    async def read(request: Request, webhook_id: str) -> Response:
        return _reply(await asyncio.to_thread(receivers.one, _owner(request, Scope.PROMISE_READ), webhook_id))

    @routes.delete(
        "/v1/webhooks/{webhook_id}",
        status_code=204,
        operation_id="deleteWebhook",
        summary="Forget a receiver and what is on its way to it",
        openapi_extra=writes,
    )
    async def drop(request: Request, webhook_id: str) -> Response:
        await receivers.drop(_owner(request, Scope.PROMISE_WRITE), webhook_id)
        return Response(status_code=204)


def _repairing(routes: APIRouter, receivers: Receivers) -> None:
    @routes.get(
        "/v1/webhooks/{webhook_id}/given-up",
        operation_id="listGivenUpNotices",
        summary="Notices that never arrived, the oldest 100",
        openapi_extra=needs(Scope.PROMISE_READ) | replies("The notices.", [GIVEN_UP], kind=tuple[GivenUp, ...]),
    )
    async def given_up(request: Request, webhook_id: str) -> Response:
        return _reply(await asyncio.to_thread(receivers.given_up, _owner(request, Scope.PROMISE_READ), webhook_id))

    @routes.post(
        "/v1/webhooks/{webhook_id}/send-again",
        operation_id="sendNoticesAgain",
        summary="Send again what was given up, under the ids it had",
        openapi_extra=needs(Scope.PROMISE_WRITE)
        | takes({"messages": ["msg_1f2e"]}, Again)
        | replies("How many.", SENT_AGAIN, kind=SentAgain),
    )
    async def again(request: Request, webhook_id: str) -> Response:
        owner = _owner(request, Scope.PROMISE_WRITE)
        asked = codec.decode(request.state.body, Again, "body")
        return _reply(await receivers.again(owner, webhook_id, asked))


def _owner(request: Request, scope: Scope) -> Owner:
    caller = request.state.caller
    caller.require(scope)
    owner: Owner = caller.owner
    return owner


def _seen(one: Subscription, secret: str | None = None) -> WebhookSeen:
    return WebhookSeen(id=one.id, url=one.url, kinds=one.kinds, state=one.state, secret=secret)


def _unknown(name: str) -> NotFoundError:
    return NotFoundError("unknown_webhook", f"there is no webhook `{name}`", action=f"PUT /v1/webhooks/{name} first")


def _reply(value: Any) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")
