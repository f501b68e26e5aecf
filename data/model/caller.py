"""Who asks: a carrier's or a shipper's key, and what it may be used for."""

from __future__ import annotations

from enum import StrEnum

from data.errors import ForbiddenError
from data.model.base import Value
from data.model.reservation import Owner


class Scope(StrEnum):
    """What a key may be used for; ``admin`` is all of it, keys included."""

    PLAN_READ = "plan:read"
    PLAN_WRITE = "plan:write"
    PROMISE_READ = "promise:read"
    PROMISE_WRITE = "promise:write"
    LIVE_WRITE = "live:write"
    OPS_READ = "ops:read"
    ADMIN = "admin"


class Caller(Value):
    """The owner of what a request reads and writes.

    Attributes
    ----------
    shipper : str
        Empty: the carrier itself.
    scopes : frozenset of Scope
    key : str
        Its key's public name; empty where no key was asked for.
    """

    tenant: str
    shipper: str = ""
    scopes: frozenset[Scope] = frozenset()
    key: str = ""

    @property
    def owner(self) -> Owner:
        """Return whose rows the caller sees."""
        return Owner(self.tenant, self.shipper)

    def require(self, scope: Scope) -> None:
        """Raise ``ForbiddenError`` where the key wasn't made for that."""
        if scope not in self.scopes and Scope.ADMIN not in self.scopes:
            action = "use a key that has it: `jalon keys add --scope` makes one"
            raise ForbiddenError("missing_scope", f"this key has no scope {scope}", action=action)
