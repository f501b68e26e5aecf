"""The OpenAPI document: what FastAPI knows of the routes, and what holds for all of them, written once.

A route says what is its own in ``openapi_extra``: its schemas as :func:`msgspec.json.schema` gives them, examples, and
``security`` as ``[{"key": ["promise:read"]}]``. Added here: the other way to send a key, the problems every operation
may answer with, ``Idempotency-Key``; and what schemas share goes to ``components``.
"""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, iter_route_contexts

from data.model.caller import Scope
from jalon.http.problems import MEDIA_TYPE, OURS, Problem

Node = dict[str, Any]

DESCRIPTION = (
    "Delivery dates that hold through a burst of orders, and the tours that keep them. Every error is a problem "
    "document (RFC 9457). Instants are RFC 3339 with their offset, weights, volumes, times and money integers in the "
    "unit their name ends in."
)
SCHEMES: Node = {
    "key": {"type": "http", "scheme": "bearer", "description": "An API key of `jalon keys add`."},
    "header": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "The same key."},
}
IDEMPOTENCY_KEY: Node = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "Sent again with the same body, a request gets the first answer and does nothing twice; 24 hours.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 130},
    "example": '"8e03978e-40d5-43dd-bc93-6894a57f9324"',
}
METHODS = frozenset({"get", "put", "post", "delete", "patch"})
READ_PROBLEMS = {500: "A defect of ours.", 503: "Not just now: `detail` says what is missing."}
KEY_PROBLEMS = {
    401: "No API key, or one that opens nothing here.",
    403: "The key has no scope for this.",
    421: "Without keys, a server answers to this machine's own names only.",
    429: "The key's share of requests is used up.",
}
INPUT_PROBLEMS = {400: "Not readable: no JSON, a bad header.", 422: "Readable, and wrong: `errors` say where."}
BODY_PROBLEMS = {
    408: "The body did not arrive in time.",
    413: "The body is too large.",
    415: "A type or an encoding of body that is not read here.",
}
WRITE_PROBLEMS = {409: "It doesn't fit what others have done meanwhile, or is still at work."}


def needs(*scopes: Scope) -> Node:
    """Return how a route says which scopes its key needs."""
    return {"security": [{"key": [str(scope) for scope in scopes]}]}


def replies(text: str, example: Any, more: dict[int, str] | None = None, kind: Any = None, status: int = 200) -> Node:
    """Return how a route says what it answers: a text, an example, the type, and other statuses it knows."""
    schema = msgspec.json.schema(kind) if kind is not None else {"type": _type_of(example)}
    media = "text/plain" if isinstance(example, str) else "application/json"
    content = {media: {"schema": schema, "example": example}}
    others = {str(code): {"description": why} for code, why in (more or {}).items()}
    return {"responses": {str(status): {"description": text, "content": content}, **others}}


def takes(example: Any, kind: Any) -> Node:
    """Return how a route says which body it takes."""
    content = {"application/json": {"schema": msgspec.json.schema(kind), "example": example}}
    return {"requestBody": {"required": True, "content": content}}


def _type_of(example: Any) -> str:
    return "string" if isinstance(example, str) else "object"


class Api(FastAPI):
    """FastAPI with the document of this file."""

    def openapi(self) -> Node:
        """Return the document, made once for the routes there are."""
        version = self.router._get_routes_version()
        if self.openapi_schema is None or self._openapi_routes_version != version:
            self.openapi_schema = _document(self)
            self._openapi_routes_version = version
        return self.openapi_schema


def _document(app: FastAPI) -> Node:
    document = get_openapi(title=app.title, version=app.version, description=DESCRIPTION, routes=app.routes)
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        if isinstance(route, APIRoute) and route.openapi_extra:
            for method in route.methods or ():
                _restore_examples(document["paths"][route.path_format][method.lower()], route.openapi_extra)
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if method in METHODS:
                _complete(operation, method, "{" in path)
    _hoist(document["paths"], schemas)
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    components["securitySchemes"] = SCHEMES
    return document


def _complete(operation: Node, method: str, has_parameters: bool) -> None:
    """Add to an operation what holds for every one of its kind."""
    responses = operation.setdefault("responses", {})
    responses.pop("422", None)  # FastAPI's own error schema
    own = {int(status): known["description"] for status, known in responses.items() if status >= "400"}
    problems = READ_PROBLEMS | own
    if operation.get("security"):
        operation["security"] = [{name: need["key"]} for need in operation["security"] for name in SCHEMES]
        problems |= KEY_PROBLEMS
    if has_parameters or operation.get("parameters"):
        problems |= INPUT_PROBLEMS
    if has_parameters:
        problems[404] = "There is nothing of that name."
    if method != "get":
        problems |= INPUT_PROBLEMS | WRITE_PROBLEMS
        operation.setdefault("parameters", []).append(IDEMPOTENCY_KEY)
    if "requestBody" in operation:
        problems |= BODY_PROBLEMS
    for status, why in problems.items():
        known = responses.setdefault(str(status), {"description": why})
        known.setdefault("content", {MEDIA_TYPE: {"schema": msgspec.json.schema(Problem), "example": _example(status)}})


def _example(status: int) -> Node:
    return {"type": f"{OURS}example", "title": "What kind of problem", "status": status, "detail": "what is wrong"}


def _restore_examples(told: Node, said: Node) -> None:
    """Give examples back their nulls, which FastAPI leaves out."""
    for key, value in said.items():
        if key == "example":
            told[key] = value
        elif isinstance(value, dict) and isinstance(told.get(key), dict):
            _restore_examples(told[key], value)


def _hoist(node: Any, schemas: Node) -> None:
    """Move every ``$defs`` to the components, and let references follow."""
    if isinstance(node, list):
        for one in node:
            _hoist(one, schemas)
    elif isinstance(node, dict):
        for name, schema in node.pop("$defs", {}).items():
            _hoist(schema, schemas)
            assert schemas.setdefault(name, schema) == schema, f"two schemas are called {name}"
        reference = node.get("$ref")
        if isinstance(reference, str) and reference.startswith("#/$defs/"):
            node["$ref"] = reference.replace("#/$defs/", "#/components/schemas/")
        for key, value in node.items():
            if key not in ("example", "examples"):
                _hoist(value, schemas)
