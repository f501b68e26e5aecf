"""What may be served on its own, and to whom."""

from __future__ import annotations

from enum import StrEnum


class Room(StrEnum):
    """A half of the house that can be served on its own."""

    ROUTING = "routing"
    PROMISE = "promise"


class Auth(StrEnum):
    """Whether callers need an API key; ``auto``: once there is one, and beyond this machine always."""

    AUTO = "auto"
    ON = "on"
    OFF = "off"
