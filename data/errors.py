"""What a room raises when it can't go on: what, where, why, and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class JalonError(Exception):
    """Base of every error a user may see.

    Parameters
    ----------
    code : str
        Stable, machine-readable name, e.g. ``duplicate_id``.
    message : str
        What is wrong, in one sentence.
    where : str, optional
        JSON pointer (``orders.json#/orders/3/lat``) or ``file:line``.
    action : str, optional
        What the user can do about it.
    """

    exit_code = 2

    def __init__(self, code: str, message: str, where: str = "", action: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.where = where
        self.action = action

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        advice = f" ({self.action})" if self.action else ""
        return f"{place}{self.message}{advice} [{self.code}]"

    def as_dict(self) -> dict[str, str]:
        """Return the error as the JSON object every ``--json`` command prints on failure."""
        return {"code": self.code, "message": self.message, "where": self.where, "action": self.action}


class InputError(JalonError):
    """The user's input is wrong (exit 2)."""


class ReusedKeyError(InputError):
    """An idempotency key came before, with another request (exit 2)."""


class RoutingDataError(JalonError):
    """The streets, the city file or a place on them can't be used (exit 3)."""

    exit_code = 3


class TooLargeError(JalonError):
    """The problem is over a stated limit (exit 4)."""

    exit_code = 4


class NotFoundError(JalonError):
    """There is nothing under that name, or nothing the caller may know of (exit 2)."""


class ConflictError(JalonError):
    """What is asked for doesn't fit what others have done meanwhile; the same request may fit later (exit 2)."""


class PreconditionError(ConflictError):
    """What the caller has seen is no longer so: it must look again (exit 2)."""


class PreconditionMissingError(ConflictError):
    """The caller must say which version it has seen (exit 2)."""


class ForbiddenError(JalonError):
    """The caller's key has no scope for that (exit 2)."""


class UnauthenticatedError(JalonError):
    """Whoever sent this is not who they should be: the signature is missing, wrong or too old (exit 2)."""


class UnavailableError(JalonError):
    """Something it needs isn't there yet, or not just now (exit 3)."""

    exit_code = 3


def near_miss(word: str, known: Iterable[str]) -> str:
    """Return ``did you mean `x`?`` for the known name closest to ``word``, or an empty string."""
    names = list(known)
    match = difflib.get_close_matches(word, names, n=1, cutoff=0.6) or _abbreviated(word, names)
    return f"did you mean `{match[0]}`?" if match else ""


def _abbreviated(word: str, names: list[str]) -> list[str]:
    """Return the longest name of at least 3 letters that ``word`` begins with, ``lat`` for ``latitude``."""
    found = [name for name in names if len(name) >= 3 and word.startswith(name)]
    return [max(found, key=len)] if found else []
