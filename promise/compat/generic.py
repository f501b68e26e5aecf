"""Any other channel: orders by a webhook signed as Standard Webhooks are.

``order.created`` brings an order as ``POST /v1/orders`` takes it, ``order.changed`` what ``/change`` takes beside its
``id``, ``order.cancelled`` an ``id``, ``customer.erased`` a ``customer_id``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec
from fastapi import APIRouter, Request, Response
from standardwebhooks import Webhook, WebhookVerificationError

from data import codec
from data.errors import InputError, JalonError, NotFoundError, UnauthenticatedError
from data.model.base import Id, Value
from promise.compat.channel import Channel
from promise.compat.inbox import Inbox
from promise.intake.values import NewOrder, OrderChange, Signed

WEBHOOK = "/webhooks/generic/{channel}"


class Named(Value):
    """An order."""

    id: Id


class Customer(Value):
    """A customer."""

    customer_id: Id


class Generic:
    """Channels without a contract of their own."""

    def __init__(self, inbox: Inbox, channels: Mapping[str, Channel]) -> None:
        self._inbox, self._channels = inbox, channels

    def router(self) -> APIRouter:
        """Return the route."""
        routes = APIRouter()

        @routes.post(WEBHOOK, include_in_schema=False)
        async def webhook(request: Request, channel: str) -> Response:
            known = self._channels.get(channel)
            if known is None:
                action = "configure it: a table [channels.NAME]"
                raise NotFoundError("unknown_channel", f"there is no channel `{channel[:128]}`", action=action)
            name = self._verified(known, request)
            told = codec.decode(request.state.body, Signed, "body")
            await asyncio.to_thread(self._hear, known, name, told)
            return Response(b"{}", media_type="application/json")

        return routes

    def _verified(self, channel: Channel, request: Request) -> str:
        """Return the message's id, once its signature and its time are right."""
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in request.state.headers.items()}
        try:
            Webhook(channel.settings.secret.get_secret_value()).verify(request.state.body, headers, json_parse=False)
        except (WebhookVerificationError, ValueError) as error:
            why = str(error) if isinstance(error, WebhookVerificationError) else "Invalid Signature Headers"
            action = "sign `webhook-id.webhook-timestamp.body` with the channel's secret"
            raise UnauthenticatedError("bad_signature", why, action=action) from None
        return headers["webhook-id"][:100]

    def _hear(self, channel: Channel, name: str, told: Signed) -> None:
        """Do what a message tells; sent again, it changes nothing: orders are known by their ids."""
        desk, owner = self._inbox.desk, channel.owner
        if told.type == "order.created":
            self._inbox.take(channel, _data(told, NewOrder))
        elif told.type == "order.cancelled":
            self._inbox.cancel(channel, _data(told, Named).id)
        elif told.type == "customer.erased":
            self._inbox.erase(owner, _data(told, Customer).customer_id, [])
        elif told.type == "order.changed":
            order_id = _data(told.replace(data={"id": told.data.get("id")}), Named).id
            rest = {key: value for key, value in told.data.items() if key != "id"}
            change = _data(told.replace(data=rest), OrderChange)
            if not self._inbox.is_known(channel, name):  # an old change must not undo a newer one
                desk.changes.change(owner, order_id, change, lambda t: self._inbox.keep(t, channel, name))


def _data(told: Signed, kind: Any) -> Any:
    try:
        return codec.decode(msgspec.json.encode(told.data), kind, "body#/data")
    except JalonError as error:
        raise InputError(error.code, error.message, "#/data", error.action) from None
