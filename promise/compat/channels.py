"""All channels of a server, opened: their routes, and the threads that follow them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Self

from fastapi import APIRouter
from pydantic import SecretStr

from promise.compat.channel import Channel, ChannelKind, ChannelSettings
from promise.compat.generic import Generic
from promise.compat.inbox import Inbox
from promise.compat.shopify import Shopify
from promise.compat.tiktok import TikTok
from promise.compat.tiktok_client import TikTokClient
from promise.compat.tiktok_pull import Puller
from promise.intake.desk import OrderDesk


class Channels:
    """What is configured as ``[channels.NAME]``, open.

    Parameters
    ----------
    tenant : str
        The carrier whose channels they are.
    """

    def __init__(self, desk: OrderDesk, tenant: str, configured: Mapping[str, ChannelSettings]) -> None:
        self.inbox = Inbox(desk)
        known = [Channel(name, tenant, one) for name, one in configured.items()]
        by_kind = {kind: [one for one in known if one.settings.kind is kind] for kind in ChannelKind}
        unsigned = ChannelSettings(kind=ChannelKind.SHOPIFY, secret=SecretStr(secrets.token_hex(32)))
        self._shopify = Shopify(self.inbox, by_kind[ChannelKind.SHOPIFY], Channel("shopify", tenant, unsigned))
        self._generic = Generic(self.inbox, {one.name: one for one in by_kind[ChannelKind.GENERIC]})
        shops = by_kind[ChannelKind.TIKTOK]
        self.pullers = {one.name: Puller(self.inbox, one, TikTokClient(one, lambda: self.inbox.now_s)) for one in shops}
        self._tiktok = TikTok(self.inbox, shops, lambda name: self.pullers[name].wake())

    def router(self) -> APIRouter:
        """Return the routes of all channels."""
        routes = APIRouter()
        for one in (self._shopify, self._tiktok, self._generic):
            routes.include_router(one.router())
        return routes

    def figures(self) -> dict[str, float]:
        """Return what was done for all of them."""
        found: dict[str, float] = {"alarms": self.inbox.alarms}
        for puller in self.pullers.values():
            for name, value in puller.figures().items():
                found[name] = found.get(name, 0) + value
        return found

    def close(self) -> None:
        """Stop following."""
        for puller in self.pullers.values():
            puller.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
