"""A sales channel as it is configured: a table ``[channels.NAME]`` of the server's TOML file, secrets in variables."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from data.errors import UnauthenticatedError
from data.model.reservation import Owner


class ChannelKind(StrEnum):
    """Whose contract a channel speaks."""

    SHOPIFY = "shopify"
    TIKTOK = "tiktok"
    GENERIC = "generic"


class ChannelSettings(BaseModel):
    """What a channel needs to be told; ``JALON_CHANNELS__NAME__SECRET`` and ``..__ACCESS_TOKEN`` hold its secrets."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    kind: ChannelKind = Field(description="shopify, tiktok or generic")
    shipper: str = Field(default="", max_length=128, description="whose orders these are; empty: the carrier's own")
    secret: SecretStr = Field(min_length=8, description="signs what the channel sends; generic: whsec_...")
    shop: str = Field(
        default="", max_length=256, description="the shop's domain (Shopify) or shop_id (TikTok); empty: any"
    )
    options: tuple[str, ...] = Field(default=(), description="options that are offered; empty: all that go home")
    parcel_dm3: int = Field(default=5, ge=0, le=100_000, description="volume of an order that says none")
    cache_s: int = Field(default=900, ge=0, le=86_400, description="seconds that the shop keeps a rate (Shopify)")
    conversion: float = Field(
        default=0.5, gt=0, le=1, description="part of the rates shown that become orders, at first"
    )
    app_key: str = Field(default="", max_length=256, description="TikTok: the app's key")
    access_token: SecretStr | None = Field(default=None, description="TikTok: opens the shop's orders")
    shop_cipher: str = Field(default="", max_length=256, description="TikTok: names the shop in calls")
    api_url: str = Field(default="https://open-api.tiktokglobalshop.com", description="TikTok: where its API is")
    carrier_id: str = Field(default="", max_length=128, description="TikTok: our id among its shipping providers")
    tell_before_s: int = Field(
        default=1800, ge=0, le=172_800, description="TikTok: told so long before rts_sla_time at the latest"
    )


class Channel(NamedTuple):
    """A channel by its name."""

    name: str
    tenant: str
    settings: ChannelSettings

    @property
    def owner(self) -> Owner:
        """Whose its orders are."""
        return Owner(self.tenant, self.settings.shipper)

    @property
    def secret(self) -> bytes:
        """The key its signatures are made with."""
        return self.settings.secret.get_secret_value().encode()

    def is_of(self, shop: str) -> bool:
        """Whether it is a shop's."""
        return not self.settings.shop or self.settings.shop.casefold() == shop.casefold()


def signed_by(tags: Iterable[tuple[Channel, bytes, bytes]]) -> Channel:
    """Return the channel whose tag is the given one, each (channel, tag given, tag right).

    Every one is compared, each in constant time.

    Raises
    ------
    UnauthenticatedError
        ``bad_signature``.
    """
    found = [channel for channel, given, right in tags if hmac.compare_digest(given, right)]
    if not found:
        action = "sign the raw body with the channel's secret"
        raise UnauthenticatedError("bad_signature", "the signature is missing or wrong", action=action)
    return found[0]
