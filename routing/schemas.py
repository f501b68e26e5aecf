"""How the routing room's routes describe themselves in OpenAPI: the model's own types, examples, scopes."""

from __future__ import annotations

from typing import Any

import msgspec

from data.model.caller import Scope

Node = dict[str, Any]

RENAMED = {"Order": "PlannedOrder"}
"""Schemas whose name another room's routes use for something else."""

EXTENDED = ("Hub", "Vehicle", "Place", "PlannedOrder")
"""Schemas of what comes back with what a caller's system has told of it beside, see :mod:`data.model.told`."""


def described(
    scope: Scope,
    kind: Any,
    example: Any,
    takes: Any = None,
    asked: Any = None,
    also: dict[int, str] | None = None,
    parameters: tuple[Node, ...] = (),
    status: int = 200,
) -> Node:
    """Return the ``openapi_extra`` of a route.

    Parameters
    ----------
    kind, takes
        Types of the answer and of the body (``None``: any object); ``example`` and ``asked`` are examples of them.
    also : dict
        Other statuses it answers with.
    parameters : tuple of dict
        Query and header parameters that the handler reads itself.
    """
    content = {"application/json": {"schema": _schema(kind), "example": example}}
    responses: Node = {str(status): {"description": "Done.", "content": content}}
    responses |= {str(code): {"description": why} for code, why in (also or {}).items()}
    told: Node = {"security": [{"key": [str(scope)]}], "responses": responses}
    if takes is not None:
        body = {"application/json": {"schema": _schema(takes), "example": asked}}
        told["requestBody"] = {"required": True, "content": body}
    if parameters:
        told["parameters"] = list(parameters)
    return told


def query(name: str, text: str, example: Any, required: bool = False, **schema: Any) -> Node:
    """Return the description of a query parameter."""
    return {
        "name": name,
        "in": "query",
        "description": text,
        "required": required,
        "schema": schema,
        "example": example,
    }


def header(name: str, text: str, example: str, required: bool = False) -> Node:
    """Return the description of a header."""
    told = {"name": name, "in": "header", "description": text, "required": required}
    return {**told, "schema": {"type": "string"}, "example": example}


def _schema(kind: Any) -> Node:
    if kind is dict:
        return {"type": "object"}
    text = msgspec.json.encode(msgspec.json.schema(kind)).decode()
    for name, ours in RENAMED.items():
        text = text.replace(f'"#/$defs/{name}"', f'"#/$defs/{ours}"').replace(
            f'"{name}":{{"title"', f'"{ours}":{{"title"'
        )
    found: Node = msgspec.json.decode(text)
    for name in EXTENDED:
        if name in found.get("$defs", {}):
            found["$defs"][name]["properties"]["extensions"] = {"type": "object"}
    return found
