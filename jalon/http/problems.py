"""Errors as RFC 9457 problem documents: what, where, why, what to do; never a stack, never the input itself.

On the paths of other contracts they are told as these tell them, see :mod:`routing.compat.contracts`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from http import HTTPStatus

import msgspec
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Scope

from data.errors import (
    ConflictError,
    ForbiddenError,
    InputError,
    JalonError,
    NotFoundError,
    PreconditionError,
    PreconditionMissingError,
    TooLargeError,
    UnauthenticatedError,
    UnavailableError,
)
from data.store.database import StoreError
from routing.compat import contracts

MEDIA_TYPE = "application/problem+json"
OURS = "urn:jalon:problem:"
QUOTA = "https://iana.org/assignments/http-problem-types#quota-exceeded"
REDUCED = "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity"
LONGEST = 500
"""Characters of a message that are told; libraries quote what they refuse, however long."""

STATUS: tuple[tuple[type[JalonError], HTTPStatus], ...] = (
    (NotFoundError, HTTPStatus.NOT_FOUND),
    (PreconditionError, HTTPStatus.PRECONDITION_FAILED),
    (PreconditionMissingError, HTTPStatus.PRECONDITION_REQUIRED),
    (ConflictError, HTTPStatus.CONFLICT),
    (UnauthenticatedError, HTTPStatus.UNAUTHORIZED),
    (ForbiddenError, HTTPStatus.FORBIDDEN),
    (TooLargeError, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (UnavailableError, HTTPStatus.SERVICE_UNAVAILABLE),
    (StoreError, HTTPStatus.SERVICE_UNAVAILABLE),
    (JalonError, HTTPStatus.UNPROCESSABLE_ENTITY),
)
NO_JSON = frozenset({"invalid_json", "empty_file"})
RETRY_AFTER_S = 1
FORMAT = ("`jalon schema` prints the format", "/openapi.json has the format")
"""What the command line's advice is over HTTP."""


class Fault(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing wrong with a request; ``pointer`` is an RFC 6901 fragment, ``#/orders/3/lat``."""

    detail: str
    code: str
    pointer: str = ""


class Problem(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """RFC 9457, with what to do about it (``action``) and, of a rate limit, which one."""

    type: str
    title: str
    status: int
    detail: str = ""
    instance: str = ""
    action: str = ""
    errors: tuple[Fault, ...] = ()
    violated_policies: tuple[str, ...] = msgspec.field(default=(), name="violated-policies")


def problem(status: int, code: str, detail: str, action: str = "", errors: tuple[Fault, ...] = ()) -> Problem:
    """Return the problem that a code of ours names."""
    kind = REDUCED if status == HTTPStatus.SERVICE_UNAVAILABLE else OURS + code
    title = HTTPStatus(status).phrase
    return Problem(type=kind, title=title, status=status, detail=detail[:LONGEST], action=action, errors=errors)


def of_error(error: JalonError) -> Problem:
    """Return what a caller is told of an error of a room; the store's own name and place stay inside."""
    status = next(status for kind, status in STATUS if isinstance(error, kind))
    if error.code in NO_JSON:
        status = HTTPStatus.BAD_REQUEST
    pointer = _pointer(error.where) if isinstance(error, InputError) else ""
    faults = (Fault(error.message[:LONGEST], error.code, pointer),)
    action = "try again in a second" if isinstance(error, StoreError) else error.action.replace(*FORMAT)
    return problem(status, error.code, error.message, action[:LONGEST], faults)


def _pointer(where: str) -> str:
    """Return the JSON pointer in ``body#/orders/3`` or ``#/orders/3``, nothing of ``body:1:17``."""
    _, sharp, path = where.partition("#")
    return sharp + path


class Refused(Exception):
    """A request is answered with a problem before any handler sees it."""

    def __init__(self, problem: Problem, headers: Sequence[tuple[bytes, bytes]] = ()) -> None:
        self.problem, self.headers = problem, headers


def response(problem: Problem, scope: Scope, headers: Sequence[tuple[bytes, bytes]] = ()) -> Response:
    """Return a problem as the reply to the request of ``scope``."""
    named = scope.get("state", {}).get("request_id", "")
    told = msgspec.structs.replace(problem, instance=f"urn:jalon:request:{named}") if named else problem
    foreign = contracts.tell(scope["method"], scope["path"], problem.status, problem.detail)
    if foreign is not None:
        reply = Response(foreign.body, foreign.status, media_type=contracts.MEDIA_TYPE)
    else:
        reply = Response(msgspec.json.encode(told), problem.status, media_type=MEDIA_TYPE)
    reply.raw_headers += headers
    if problem.status == HTTPStatus.SERVICE_UNAVAILABLE:
        reply.headers.setdefault("retry-after", str(RETRY_AFTER_S))
    return reply


async def _on_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, JalonError)
    return response(of_error(error), request.scope)


async def _on_http(request: Request, error: Exception) -> Response:
    """Answer what the framework itself refuses: no such path, no such method, a body that is no JSON."""
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    code = status.name.lower()
    actions = {404: "see /openapi.json for the paths", 405: "see the Allow header"}
    told = problem(status, code, status.description or status.phrase, actions.get(status, ""))
    headers = [(name.encode(), value.encode()) for name, value in (error.headers or {}).items()]
    return response(told, request.scope, headers)


async def _on_invalid(request: Request, error: Exception) -> Response:
    """Answer a request that doesn't fit its declared parameters: where and why, not what it held."""
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    status = HTTPStatus.BAD_REQUEST if found[0]["type"] == "json_invalid" else HTTPStatus.UNPROCESSABLE_ENTITY
    faults = tuple(_fault(one["loc"], one["msg"], one["type"]) for one in found[:20])
    return response(problem(status, "invalid_request", faults[0].detail, errors=faults), request.scope)


def _fault(loc: tuple[int | str, ...], message: str, code: str) -> Fault:
    """Return a validation error; a parameter has no pointer, its name is told instead."""
    place, *path = loc
    if place == "body":
        escaped = (re.sub(r"/", "~1", str(part).replace("~", "~0")) for part in path)
        return Fault(message[:LONGEST], code, "#/" + "/".join(escaped) if path else "#")
    return Fault(f"{place} parameter `{'.'.join(map(str, path))}`: {message}"[:LONGEST], code)


def register(app: FastAPI) -> None:
    """Let every error of ``app`` be told as a problem; defects are told by the outermost layer."""
    app.exception_handler(JalonError)(_on_error)
    app.exception_handler(HTTPException)(_on_http)
    app.exception_handler(RequestValidationError)(_on_invalid)
