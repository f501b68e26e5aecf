"""What a request is called: its own id, and its place in the caller's trace (W3C Trace Context)."""

from __future__ import annotations

import re
import secrets
from itertools import count
from typing import NamedTuple

GIVEN_ID = re.compile(rb"[A-Za-z0-9._:/+=-]{1,128}")
TRACEPARENT = re.compile(rb"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})(-.*)?")


class Trace(NamedTuple):
    """Names of one request; ``parent`` is the ``traceparent`` that whatever it causes goes on with, or empty."""

    request_id: str
    trace_id: str = ""
    parent: str = ""


class Names:
    """Gives every request a name no other one has, also not one of another process."""

    def __init__(self) -> None:
        self._process = secrets.token_hex(8)  # not a draw of data/clock: it must never come twice
        self._numbers = count(1)

    def of(self, headers: dict[bytes, bytes]) -> Trace:
        """Return a request's names: the caller's own id where it may stand in a header and a log, else a new one."""
        number = next(self._numbers)
        given = headers.get(b"x-request-id", b"")
        named = given.decode() if GIVEN_ID.fullmatch(given) else f"{self._process}-{number:x}"
        came = headers.get(b"traceparent")
        if came is None or not (found := TRACEPARENT.fullmatch(came)) or (came[:2] == b"00" and found[3]):
            return Trace(named)
        trace, flags = found[1].decode(), found[2].decode()
        span = f"{(int(self._process, 16) ^ number) or 1:016x}"
        return Trace(named, trace, f"00-{trace}-{span}-{flags}")
