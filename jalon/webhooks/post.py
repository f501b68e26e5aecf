"""How a webhook is sent (Standard Webhooks): signed, thin, in a bounded time, to a checked address, no redirects."""

from __future__ import annotations

import asyncio
import json
import ssl
from datetime import UTC, datetime
from typing import NamedTuple, Protocol
from urllib.parse import urlsplit

import httpcore
from standardwebhooks import Webhook

from data.clock import PARIS
from data.errors import InputError
from data.store.deliveries import Delivery
from jalon import __version__
from jalon.webhooks.targets import Forbidden, PublicOnly, require_allowed

TIMEOUT_S = 15.0
REPLY_MAX_BYTES = 64 * 1024
BODY_MAX_BYTES = 20_000
GONE = 410


class Answer(NamedTuple):
    """What became of an attempt: the receiver's status (0: it gave none), and what was wrong."""

    status: int
    problem: str

    @property
    def is_good(self) -> bool:
        """Whether the receiver has taken it."""
        return 200 <= self.status < 300


class Post(Protocol):
    """Sends."""

    async def __call__(self, one: Delivery, now: datetime) -> Answer:
        """Make one attempt; never raises on what a receiver does."""
        ...


def body_of(one: Delivery) -> bytes:
    """Return what is sent: the same bytes at every attempt.

    Raises
    ------
    InputError
        ``notice_too_large``: over :data:`BODY_MAX_BYTES`.
    """
    at = datetime.fromtimestamp(one.at_s, PARIS).isoformat()
    told = {"type": one.kind, "timestamp": at, "data": json.loads(one.body)}
    body = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
    if len(body) > BODY_MAX_BYTES:
        message = f"a notice of {len(body):,} bytes, {BODY_MAX_BYTES:,} is the most"
        raise InputError("notice_too_large", message, one.kind, "tell less, and where the rest is to be had")
    return body


def headers_of(one: Delivery, body: bytes, now: datetime) -> dict[str, str]:
    """Return the headers of an attempt; ``webhook-id`` is the same for all of them."""
    at_s = int(now.timestamp())
    # the library takes the wall clock of what it is given for UTC's
    signed_at = datetime.fromtimestamp(at_s, UTC)
    return {
        "content-type": "application/json",
        "user-agent": f"jalon/{__version__}",
        "webhook-id": one.message,
        "webhook-timestamp": str(at_s),
        "webhook-signature": Webhook(one.secret).sign(one.message, signed_at, body.decode()),
    }


class HttpPost:
    """Sends over HTTPS; every attempt makes its own connection, so every one is checked.

    Parameters
    ----------
    network : AsyncNetworkBackend
        What connects.
    loopback : bool
        Whether plain HTTP to this machine is allowed too.
    """

    def __init__(
        self,
        network: httpcore.AsyncNetworkBackend | None = None,
        loopback: bool = False,
        timeout_s: float = TIMEOUT_S,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._loopback, self._timeout_s = loopback, timeout_s
        self._network = network or PublicOnly(loopback=loopback)
        self._tls = tls or ssl.create_default_context()

    async def __call__(self, one: Delivery, now: datetime) -> Answer:
        """Make one attempt."""
        try:
            require_allowed(one.url, self._loopback)
            body = body_of(one)
            async with asyncio.timeout(self._timeout_s):
                return await self._sent(one, body, headers_of(one, body, now))
        except InputError as error:
            return Answer(0, error.message)
        except TimeoutError:
            return Answer(0, f"no answer within {self._timeout_s:g} s")
        except Forbidden as error:
            return Answer(0, f"refused: {error}")
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, OSError) as error:
            return Answer(0, f"no connection ({type(error).__name__})")

    async def _sent(self, one: Delivery, body: bytes, headers: dict[str, str]) -> Answer:
        headers |= {"host": urlsplit(one.url).netloc}
        async with (
            httpcore.AsyncConnectionPool(self._tls, max_keepalive_connections=0, network_backend=self._network) as pool,
            pool.stream("POST", one.url, headers=list(headers.items()), content=body) as reply,
        ):
            size = 0
            async for part in reply.aiter_stream():
                size += len(part)
                if size > REPLY_MAX_BYTES:
                    break
            status = int(reply.status)
        if 300 <= status < 400:
            return Answer(status, f"answered {status}: redirects are not followed")
        return Answer(status, "" if 200 <= status < 300 else f"answered {status}")
