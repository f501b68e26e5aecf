"""Calls of TikTok Shop's API: signed, patient with its limits, never on the event loop.

How calls are signed and how a package is told to be on its way is from memory of its documentation (version 202309);
the rest is the contract's.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import httpx
import msgspec

from data.errors import UnavailableError
from data.retries import retry
from promise.compat.channel import Channel
from promise.compat.tiktok_values import Detail, Reply

ORDERS = "/order/202309/orders"
IDS_MAX = 50
TIMEOUT_S, PATIENCE_S, TRIES = 10.0, 5.0, 5
DEFAULT_RETRY_S = 1.0
_decode = msgspec.json.Decoder(Reply).decode


class ApiError(UnavailableError):
    """The API did not do what it was asked; ``retry_s``: when it may be asked again, ``None``: never like this."""

    def __init__(self, code: str, message: str, retry_s: float | None) -> None:
        super().__init__(code, message, action="it is tried again")
        self.retry_s = retry_s


def worth_waiting(error: Exception) -> bool | float:
    """Return for how long to wait before another try; ``False`` where that is too long, or useless."""
    if isinstance(error, ApiError) and error.retry_s is not None and error.retry_s <= PATIENCE_S:
        return error.retry_s
    return False


class TikTokClient:
    """The API of one shop."""

    def __init__(self, channel: Channel, now_s: Callable[[], int]) -> None:
        self._channel, self._now_s = channel, now_s
        self._http = httpx.Client(base_url=channel.settings.api_url, timeout=TIMEOUT_S)

    def orders(self, ids: Sequence[str]) -> dict[str, Detail]:
        """Return orders as they are now, by id; what it doesn't know is left out.

        Raises
        ------
        ApiError
        """
        raw = self._call("GET", ORDERS, {"ids": ",".join(ids)}, b"")
        reply = _read(raw)
        return {one.id: one for one in (reply.data.orders if reply.data else None) or ()}

    def ship(self, package_id: str, tracking: str) -> None:
        """Tell carrier and tracking number of a package; raises :class:`ApiError`."""
        shipment = {"tracking_number": tracking, "shipping_provider_id": self._channel.settings.carrier_id}
        body = msgspec.json.encode({"self_shipment": shipment})
        self._call("POST", f"/fulfillment/202309/packages/{package_id}/ship", {}, body)

    def close(self) -> None:
        """Close its connections."""
        self._http.close()

    @retry(on=worth_waiting, attempts=TRIES, timeout=30.0)
    def _call(self, method: str, path: str, query: Mapping[str, str], body: bytes) -> bytes:
        settings = self._channel.settings
        params = {**query, "app_key": settings.app_key, "timestamp": str(self._now_s())}
        if settings.shop_cipher:
            params["shop_cipher"] = settings.shop_cipher
        params["sign"] = sign(self._channel.secret, path, params, body)
        token = settings.access_token.get_secret_value() if settings.access_token else ""
        headers = {"x-tts-access-token": token, "content-type": "application/json"}
        try:
            reply = self._http.request(method, path, params=params, headers=headers, content=body or None)
        except httpx.TransportError as error:
            raise ApiError("channel_unreachable", type(error).__name__, DEFAULT_RETRY_S) from None
        if reply.status_code == 429 or reply.status_code >= 500:
            message = f"the channel answers {reply.status_code}"
            raise ApiError("channel_busy", message, _retry_s(reply.headers.get("retry-after", "")))
        if reply.status_code != 200:
            raise ApiError("channel_refuses", f"the channel answers {reply.status_code}", None)
        told = _read(reply.content)
        if told.code:
            raise ApiError("channel_refuses", f"the channel answers {told.code}: {told.message[:200]}", None)
        return reply.content


def sign(secret: bytes, path: str, params: Mapping[str, Any], body: bytes) -> str:
    """Return the signature of a call: its path, its parameters by name and its body, between the secret twice."""
    told = "".join(f"{name}{params[name]}" for name in sorted(params) if name not in ("sign", "access_token"))
    return hmac.digest(secret, secret + path.encode() + told.encode() + body + secret, "sha256").hex()


def _read(raw: bytes) -> Reply:
    try:
        return _decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise ApiError("channel_garbled", "the channel's answer can't be read", None) from None


def _retry_s(header: str) -> float:
    try:
        return max(0.0, float(header))
    except ValueError:
        return DEFAULT_RETRY_S
