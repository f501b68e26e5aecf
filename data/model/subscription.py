"""Whom a shop or a carrier wants to be told, and of what."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from data.model.base import Id, Value

Kind = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[a-z_]+(\.[a-z_]+)*$")]
Url = Annotated[str, Meta(min_length=8, max_length=2048)]


class SubscriptionState(StrEnum):
    """Whether notices are sent; ``gone``: the receiver has answered 410, nothing more is sent until it is set anew."""

    ON = "on"
    OFF = "off"
    GONE = "gone"


class Subscription(Value):
    """A receiver of notices.

    Attributes
    ----------
    kinds : tuple of str
        Which kinds of notices it gets; empty: all.
    secret : str
        Signs what is sent (Standard Webhooks): ``whsec_`` and base64.
    """

    id: Id
    url: Url
    kinds: tuple[Kind, ...] = ()
    secret: str
    state: SubscriptionState = SubscriptionState.ON

    def wants(self, kind: str) -> bool:
        """Whether notices of a kind are for it."""
        return self.state is SubscriptionState.ON and (not self.kinds or kind in self.kinds)
