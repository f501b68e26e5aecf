"""Bodies come in whole, counted, unpacked and of a known type, before any handler acts on them."""

from __future__ import annotations

import zlib

from starlette.concurrency import run_in_threadpool
from starlette.types import Receive

from jalon.http.problems import Refused, problem

TYPES = (b"application/json", b"application/x-ndjson", b"text/csv")
UNPACKED_HERE = 2 * 1024
"""Bytes of a packed body that the event loop unpacks itself; more goes to a thread."""
GZIP = 16 + zlib.MAX_WBITS
NUL = rb"\u0000"
"""As JSON writes it; PostgreSQL keeps no text that holds it."""
Headers = dict[bytes, bytes]


class Intake:
    """Takes bodies of at most ``most_bytes`` bytes, unpacked."""

    def __init__(self, most_bytes: int) -> None:
        self.most_bytes = most_bytes

    async def body(self, headers: Headers, receive: Receive) -> bytes | None:
        """Return a request's body, ``None`` where its caller has left.

        A length that was announced proves nothing (chunked bodies have none), so what comes is counted.

        Raises
        ------
        Refused
            413, 415, 422 for a NUL, or 400 for what only calls itself gzip.
        """
        length = headers.get(b"content-length")
        if length is None and b"transfer-encoding" not in headers:
            return b""
        if length is not None and length.isdigit() and int(length) > self.most_bytes:
            raise self._too_large()
        message = await receive()
        raw: bytes = message.get("body", b"")
        if message.get("more_body", False):
            parts = [raw]
            while message.get("more_body", False):
                if sum(map(len, parts)) > self.most_bytes:
                    raise self._too_large()
                message = await receive()
                parts.append(message.get("body", b""))
            raw = b"".join(parts)
        if message["type"] == "http.disconnect":
            return None
        if len(raw) > self.most_bytes:
            raise self._too_large()
        if raw and headers.get(b"content-type") != TYPES[0]:
            _require_known_type(headers.get(b"content-type", b""))
        packing = headers.get(b"content-encoding")
        body = raw if packing is None else await self._unpacked(raw, packing.strip().lower())
        if NUL in body:
            raise Refused(problem(422, "nul_character", "a text holds the character U+0000", "leave it out"))
        return body

    async def _unpacked(self, raw: bytes, packing: bytes) -> bytes:
        if packing in (b"", b"identity"):
            return raw
        if packing not in (b"gzip", b"x-gzip"):
            told = problem(415, "unknown_encoding", "a body may be packed with gzip, or not at all", "send it unpacked")
            raise Refused(told, ((b"accept-encoding", b"gzip"),))
        if len(raw) <= UNPACKED_HERE:
            return self._gunzip(raw)
        return await run_in_threadpool(self._gunzip, raw)

    def _gunzip(self, raw: bytes) -> bytes:
        """Return what a gzip body holds, never more than a body may be: a bomb is defused after that."""
        parts: list[bytes] = []
        size, rest = 0, raw
        try:
            while rest:
                member = zlib.decompressobj(GZIP)
                parts.append(member.decompress(rest, self.most_bytes - size + 1))
                size += len(parts[-1])
                if size > self.most_bytes:
                    raise self._too_large()
                if not member.eof:
                    raise zlib.error("it is cut off")
                rest = member.unused_data
        except zlib.error:
            raise Refused(problem(400, "invalid_gzip", "the body is no gzip", "pack it again")) from None
        return b"".join(parts)

    def _too_large(self) -> Refused:
        detail = f"a body may have {self.most_bytes} bytes, unpacked"
        return Refused(problem(413, "body_too_large", detail, "send it in several requests"))


def _require_known_type(given: bytes) -> None:
    """Raise for a type we don't read; also for none: a page elsewhere could send that without being asked (CSRF)."""
    kind = given.partition(b";")[0].strip().lower()
    if kind not in TYPES and not (kind.startswith(b"application/") and kind.endswith(b"+json")):
        known = b", ".join(TYPES)
        told = problem(415, "unknown_media_type", "this type of body is not read here", f"send {known.decode()}")
        raise Refused(told, ((b"accept", known),))
