"""Who may come in: API keys as ``Authorization: Bearer`` or ``X-API-Key``; on this machine alone, everybody.

A bare ``Authorization: KEY``, as openrouteservice's clients send it, is as good.
"""

from __future__ import annotations

import ipaddress
from functools import lru_cache

from data.errors import InputError
from data.model.caller import Caller, Scope
from jalon.http.keys import Keyring
from jalon.http.problems import Refused, problem
from jalon.rooms import Auth
from jalon.settings import Settings
from routing.compat import contracts

PUBLIC = frozenset({"/livez", "/readyz", "/openapi.json"}) | contracts.OPEN
CHALLENGE = ((b"www-authenticate", b'Bearer realm="jalon"'),)
LOCAL_NAMES = frozenset({"localhost", "ip6-localhost"})
Headers = dict[bytes, bytes]


def is_loopback(host: str) -> bool:
    """Whether an address or a name means this machine alone."""
    name = host.strip("[]").lower()
    if name in LOCAL_NAMES:
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def is_signed(path: str, headers: Headers) -> bool:
    """Whether whoever sends this proves who it is by a signature, which its handler checks."""
    return path.startswith("/webhooks/") or (path.startswith("/compat/") and b"x-shopify-hmac-sha256" in headers)


class Door:
    """When a key is needed, and who comes in."""

    def __init__(self, settings: Settings) -> None:
        self.keyring = Keyring()
        self.mode = settings.auth
        self.is_local = is_loopback(settings.host)
        self.stranger = Caller(tenant=settings.tenant)
        self.anyone = Caller(tenant=settings.tenant, scopes=frozenset(Scope))

    @property
    def is_open(self) -> bool:
        """Whether callers need no key."""
        return self.mode is Auth.OFF or (self.mode is Auth.AUTO and self.is_local and not self.keyring.was_used)

    def require_a_key(self) -> None:
        """Raise where keys are needed and there is none: nobody could come in, or everybody would have to."""
        if not self.is_open and not len(self.keyring):
            why = "callers need an API key" if self.is_local else "beyond this machine callers need an API key"
            action = "make one with `jalon keys add`, or say --no-auth where another gate stands before this server"
            raise InputError("no_api_keys", f"{why}, and there is none", "--host", action)

    def admit(self, headers: Headers) -> Caller:
        """Return who asks; raises ``Refused`` where nobody we know does."""
        if self.is_open:
            if self.is_local and not _means_us(headers.get(b"host", b"")):
                action = "call it 127.0.0.1 or localhost, or make a key: `jalon keys add`"
                detail = "without keys this server answers to local names only"
                raise Refused(problem(421, "misdirected_request", detail, action))
            return self.anyone
        secret = _secret(headers)
        caller = self.keyring.caller(secret) if secret else None
        if caller is None:
            why = "this key opens nothing here" if secret else "an API key is needed"
            action = "send Authorization: Bearer KEY, or X-API-Key: KEY"
            raise Refused(problem(401, "unauthenticated", why, action), CHALLENGE)
        return caller


def _secret(headers: Headers) -> bytes:
    """Return the key a request carries, empty without."""
    given = headers.get(b"authorization", b"").strip()
    kind, space, secret = given.partition(b" ")
    if kind.lower() == b"bearer":
        return secret.strip()
    return given if given and not space else headers.get(b"x-api-key", b"")


@lru_cache(maxsize=256)
def _means_us(host: bytes) -> bool:
    """Whether the name asked for is this machine's: a page elsewhere may point its own name here (DNS rebinding)."""
    name = host.decode("latin-1")
    return is_loopback(name.partition("]")[0] if name.startswith("[") else name.partition(":")[0])
