"""``Idempotency-Key``: read, checked and left for the room, which keeps its reply with what the request did.

The reply to a key that was used before comes from the store, in the transaction that would else act again. Here the
header is read, and a second request is refused while the first with its key is still at work.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager

from data.model.reservation import Owner
from jalon.http.problems import Refused, problem

UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})
QUOTED = re.compile(rb'"((?:[ !#-\[\]-~]|\\["\\])*)"')
"""A structured-field string (RFC 9651)."""
BARE = re.compile(rb"[A-Za-z0-9!#$%&'*+.^_`|~:/=-]+")
LONGEST = 128


def key_of(header: bytes) -> str | None:
    """Return the key in a header, quoted or bare; ``None`` where there is none in it, or too much."""
    text = header.strip()
    if quoted := QUOTED.fullmatch(text):
        text = re.sub(rb"\\(.)", rb"\1", quoted[1])
    elif not BARE.fullmatch(text):
        return None
    return text.decode() if 0 < len(text) <= LONGEST else None


class Idempotency:
    """The keys at work in this process."""

    def __init__(self) -> None:
        self._at_work: set[tuple[Owner, str]] = set()

    @contextmanager
    def held(self, owner: Owner, header: bytes) -> Iterator[str]:
        """Yield the key in a header, which nobody else of its owner may use until the block ends.

        Raises
        ------
        Refused
            400 where it is no key, 409 where it is at work.
        """
        key = key_of(header)
        if key is None:
            detail = f"Idempotency-Key holds no key of 1 to {LONGEST} visible characters"
            raise Refused(problem(400, "invalid_idempotency_key", detail, 'send a UUID in quotes, "8e03978e-40d5-..."'))
        if (owner, key) in self._at_work:
            detail = "a request with this Idempotency-Key is still at work"
            told = problem(409, "idempotency_key_in_flight", detail, "wait for its answer, then send it again")
            raise Refused(told, ((b"retry-after", b"1"),))
        self._at_work.add((owner, key))
        try:
            yield key
        finally:
            self._at_work.discard((owner, key))


def fingerprint(method: str, path: str, query: bytes, body: bytes) -> str:
    """Return what tells one request from another under the same key."""
    line = f"{method} {path}?{query.decode('latin-1')}\n"
    return hashlib.sha256(line.encode() + body).hexdigest()
