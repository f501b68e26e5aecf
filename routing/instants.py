"""Instants that no clock of ours reaches are refused before anything counts with them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from data import codec
from data.errors import InputError

BODY = "body"
_FAR = re.compile(rb'"(?!(?:19|20|21)\d\d-)\d{4}-\d\d-\d\d[Tt ]')
"""An instant before 1900 or after 2199, as JSON writes it."""


def check_instants(raw: bytes) -> None:
    """Raise ``InputError`` ``bad_date`` where a body names an instant of another age; it says which.

    Looked for in the text: a walk through all the values of a thousand orders would take longer than reading them.
    """
    if not _FAR.search(raw):
        return
    for pointer, text in _texts(codec.plain(raw, BODY), ""):
        if _FAR.match(b'"' + text.encode(errors="replace")):
            where = f"{BODY}#{pointer}"
            raise InputError(
                "bad_date", f"`{text[:40]}` is no instant to plan with", where, "write one of this century"
            )


def _texts(node: Any, pointer: str) -> Iterator[tuple[str, str]]:
    """Yield every text with its pointer."""
    if isinstance(node, str):
        yield pointer, node
    elif isinstance(node, dict):
        for name, value in node.items():
            yield from _texts(value, f"{pointer}/{name}")
    elif isinstance(node, list):
        for row, value in enumerate(node):
            yield from _texts(value, f"{pointer}/{row}")
