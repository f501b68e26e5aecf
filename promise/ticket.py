"""Quote ids: what was quoted, signed, so that it can be honoured without having been stored.

A quote id is a message and the first 16 bytes of its HMAC-SHA256 (RFC 2104) in base64url. Nothing in it is secret from
the shop that got it; nobody can make or change one.
"""

from __future__ import annotations

import base64
import binascii
import hmac

import msgspec

from data.errors import InputError
from data.model.promise import Promise, Quality

TAG_BYTES = 16


class Offer(msgspec.Struct, frozen=True, array_like=True):
    """One option of a quote; ``day`` is an ordinal."""

    option_id: str
    day: int
    confidence: float | None
    quality: Quality
    hub_id: str


class Line(msgspec.Struct, frozen=True, array_like=True):
    """Units of a product."""

    sku: str
    quantity: int


class Ticket(msgspec.Struct, frozen=True, array_like=True):
    """What a quote said, to whom, and until when (Unix seconds) it is good."""

    tenant: str
    shipper: str
    expires_s: int
    area_id: str
    parcels: int
    dm3: int
    channel: str
    hub_id: str
    """Where the goods are, for a date that says no hub."""
    lines: tuple[Line, ...]
    offers: tuple[Offer, ...]

    def offer(self, option_id: str) -> Offer:
        """Return what it says of an option.

        Raises
        ------
        InputError
            ``option_not_quoted``.
        """
        for one in self.offers:
            if one.option_id == option_id:
                return one
        known = ", ".join(one.option_id for one in self.offers) or "none: it was sold out"
        raise InputError(
            "option_not_quoted", f"the quote has no option `{option_id}`", "#/option_id", f"one of {known}"
        )


_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(Ticket).decode


def offer_of(promise: Promise) -> Offer:
    """Return what of a promise must be kept."""
    day = promise.date.toordinal()
    return Offer(promise.option_id, day, promise.confidence, promise.quality, promise.hub_id)


def sign(ticket: Ticket, secret: bytes) -> str:
    """Return the quote id of a ticket."""
    message = _pack(ticket)
    return base64.urlsafe_b64encode(_tag(message, secret) + message).rstrip(b"=").decode()


def read(quote_id: str, secret: bytes) -> Ticket:
    """Return the ticket of a quote id.

    Raises
    ------
    InputError
        ``unknown_quote``: not signed with our secret.
    """
    try:
        raw = base64.urlsafe_b64decode(quote_id.encode("ascii") + b"=" * (-len(quote_id) % 4))
        if hmac.compare_digest(raw[:TAG_BYTES], _tag(raw[TAG_BYTES:], secret)):
            return _unpack(raw[TAG_BYTES:])
    except (UnicodeEncodeError, binascii.Error, msgspec.DecodeError):
        pass
    raise InputError("unknown_quote", "this is no quote id of ours", "#/quote_id", "send it as the quote gave it")


def _tag(message: bytes, secret: bytes) -> bytes:
    return hmac.digest(secret, message, "sha256")[:TAG_BYTES]
