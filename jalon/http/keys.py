"""API keys: made with 256 bits of chance, stored as digests, held in memory so that no request waits for the store."""

from __future__ import annotations

import hashlib
import secrets
import threading
from typing import Annotated, NamedTuple

from msgspec import Meta

from data import clock
from data.errors import ForbiddenError, NotFoundError
from data.model.base import Id, Value
from data.model.caller import Caller, Scope
from data.store import api_keys
from data.store.api_keys import ApiKey
from data.store.database import Database

BYTES = 32
"""Of chance in a key: with 256 bits, one round of SHA-256 is as good as a slow hash."""
SHOWN = 8
"""Hex digits of the public name that a key begins with."""


class KeyRequest(Value):
    """What a key is asked for.

    Attributes
    ----------
    shipper : str
        Whose orders it is for; empty: the carrier itself.
    expires_s : int, optional
        From when on it is no good, Unix seconds.
    """

    scopes: Annotated[tuple[Scope, ...], Meta(min_length=1)]
    shipper: Annotated[str, Meta(max_length=128)] = ""
    label: Annotated[str, Meta(max_length=128)] = ""
    expires_s: Annotated[int, Meta(ge=0, le=253_402_300_799)] | None = None


class KeySeen(Value, omit_defaults=False):
    """A key as it is told; ``secret`` once, when it is made."""

    id: Id
    tenant: str
    shipper: str
    scopes: tuple[str, ...]
    label: str
    created_s: int
    expires_s: int | None
    revoked_s: int | None
    secret: str | None = None


def make(database: Database, tenant: str, asked: KeyRequest) -> KeySeen:
    """Store a new key and return it with its secret."""
    name = f"jal_{secrets.token_hex(SHOWN // 2)}"  # not a draw of data/clock: nobody may guess it
    secret = f"{name}_{secrets.token_urlsafe(BYTES)}"
    key = ApiKey(
        id=name,
        digest=_digest(secret.encode()),
        tenant=tenant,
        shipper=asked.shipper,
        scopes=tuple(sorted(set(asked.scopes))),
        label=asked.label,
        created_s=int(clock.now().timestamp()),
        expires_s=asked.expires_s,
    )
    with database.write() as transaction:
        api_keys.add(transaction, key)
    return _seen(key, secret)


def known_to(database: Database, caller: Caller) -> tuple[KeySeen, ...]:
    """Return the keys a caller may manage: a carrier's, or a shipper's own."""
    with database.read() as transaction:
        keys = api_keys.of_tenant(transaction, caller.tenant)
    return tuple(_seen(key) for key in keys if caller.shipper in ("", key.shipper))


def revoke(database: Database, caller: Caller, key_id: str) -> None:
    """Make a key useless; raises ``NotFoundError`` where the caller has no such key that is still good."""
    mine = {key.id for key in known_to(database, caller)}
    with database.write() as transaction:
        if key_id not in mine or not api_keys.revoke(transaction, caller.tenant, key_id, int(clock.now().timestamp())):
            raise NotFoundError("unknown_key", "there is no such key, or it was revoked before")


def require_own_shipper(caller: Caller, shipper: str) -> None:
    """Raise where a shipper asks for a key of another one, or of the carrier."""
    if caller.shipper and shipper != caller.shipper:
        raise ForbiddenError("other_shipper", "a shipper's key makes keys for that shipper only")


class Keyring:
    """Every key that opens this server now.

    Attributes
    ----------
    was_used : bool
        There is or was a key: from the first one on nobody comes in without, also when all are revoked.
    """

    def __init__(self) -> None:
        self.was_used = False
        self._known: dict[str, _Known] = {}
        self._loading = threading.Lock()

    def __len__(self) -> int:
        return len(self._known)

    def load(self, database: Database) -> None:
        """Take the keys that are stored and not revoked; requests see the old ones or the new ones, never a mixture."""
        with self._loading:  # else an older look at the store might come last
            with database.read() as transaction:
                keys = api_keys.read_all(transaction)
            self._known = {key.digest: _known(key) for key in keys if key.revoked_s is None}
            self.was_used = bool(keys)

    def caller(self, secret: bytes) -> Caller | None:
        """Return whose key it is, ``None`` where it is none or no more."""
        known = self._known.get(_digest(secret))
        if known is None or (known.expires_s is not None and known.expires_s <= clock.now().timestamp()):
            return None
        return known.caller


class _Known(NamedTuple):
    caller: Caller
    expires_s: int | None


def _known(key: ApiKey) -> _Known:
    """Return a key as requests need it; a scope that only a newer version knows opens nothing here."""
    scopes = frozenset(scope for scope in Scope if scope in key.scopes)
    return _Known(Caller(tenant=key.tenant, shipper=key.shipper, scopes=scopes, key=key.id), key.expires_s)


def _digest(secret: bytes) -> str:
    return hashlib.sha256(secret).hexdigest()


def _seen(key: ApiKey, secret: str | None = None) -> KeySeen:
    return KeySeen(
        id=key.id,
        tenant=key.tenant,
        shipper=key.shipper,
        scopes=key.scopes,
        label=key.label,
        created_s=key.created_s,
        expires_s=key.expires_s,
        revoked_s=key.revoked_s,
        secret=secret,
    )
