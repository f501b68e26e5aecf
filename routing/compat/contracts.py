"""Which paths speak whose contract, and how each of them tells that something is wrong.

What goes wrong before a handler sees a request (no key, too large a body, too late) is told here in the caller's own
language too: a client of VROOM, openrouteservice or OSRM can't read problem documents.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

Json = dict[str, Any]

MEDIA_TYPE = "application/json"
OPEN = frozenset({"/health", "/v2/health", "/ors/v2/health"})
"""Paths that watchers ask without a key."""
OSRM = ("/table/", "/route/", "/nearest/")
ORS = ("/v2/", "/ors/v2/")
VROOM = ("/optimization", "/health")
UNREADABLE = frozenset({400, 415, 422})
"""What these contracts tell with 400: a body or a query they can't read."""


class Told(NamedTuple):
    """An error as a contract tells it."""

    status: int
    body: bytes


def is_foreign(method: str, path: str) -> bool:
    """Whether a request is answered in a contract of others."""
    return _contract(method, path) is not None


def tell(method: str, path: str, status: int, detail: str) -> Told | None:
    """Return an error in the contract of a path, ``None`` where it is one of ours."""
    contract = _contract(method, path)
    if contract is None:
        return None
    return contract(400 if status in UNREADABLE else status, detail)


def vroom_error(status: int, detail: str) -> Told:
    """Return ``{"code", "error"}``, the code that vroom-express has for a status."""
    code = 4 if status == 413 else 1 if status >= 500 else 2
    return Told(status, msgspec.json.encode({"code": code, "error": detail}))


def ors_error(status: int, detail: str) -> Told:
    """Return an error as openrouteservice's gateway and server tell what is in no endpoint's own list."""
    return Told(status, msgspec.json.encode({"error": {"code": status, "message": detail}}))


def osrm_error(status: int, detail: str) -> Told:
    """Return ``{"code", "message"}``."""
    codes = {404: "InvalidUrl", 405: "InvalidUrl", 413: "TooBig"}
    code = codes.get(status, "InvalidOptions" if status < 500 else "DisabledDataset")
    return Told(status, msgspec.json.encode({"code": code, "message": detail}))


def _contract(method: str, path: str) -> Callable[[int, str], Told] | None:
    if path.startswith(OSRM):
        return osrm_error
    if path.startswith(ORS):
        return ors_error
    return vroom_error if path in VROOM or (path == "/" and method in ("POST", "OPTIONS")) else None
