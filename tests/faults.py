"""Every way to spoil one value of a document: wrong types, numbers out of range, keys too many or missing.

A document is walked together with what msgspec knows of its type, so that for each fault the place an error must
point at is known.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from msgspec import inspect

from data.model.base import Value
from tests.drawn_values import members, struct

Path = tuple[str | int, ...]
GONE = object()
UNKNOWN = "no_such_key"


@dataclass(frozen=True)
class Fault:
    """``value`` (or nothing: ``GONE``) at ``path``; the error points at ``where``."""

    path: Path
    value: Any
    where: Path

    def __str__(self) -> str:
        return f"{pointer(self.path)} = {'(gone)' if self.value is GONE else json.dumps(self.value)[:40]}"

    def put_into(self, document: Any) -> Any:
        """Return a copy of ``document`` with this fault."""
        if not self.path:
            return self.value
        spoilt = deepcopy(document)
        holder = spoilt
        for part in self.path[:-1]:
            holder = holder[part]
        if self.value is GONE:
            del holder[self.path[-1]]
        else:
            holder[self.path[-1]] = self.value
        return spoilt


def pointer(path: Path) -> str:
    """Return the JSON pointer of a path; no key of the model needs escaping."""
    return "".join(f"/{part}" for part in path)


def faults(document: Any, kind: type[Value]) -> Iterator[Fault]:
    """Yield every fault that can be put into ``document``, a valid ``kind``."""
    for path, value, node, optional in places(document, struct(kind)):
        wrong = [*_WRONG_TYPE[_json_type(value)], *_wrong_values(node)]
        wrong += [] if optional else [None]
        yield from (Fault(path, instead, path) for instead in wrong)
        if isinstance(node, inspect.StructType):
            yield Fault((*path, UNKNOWN), 1, path)
            needed = [field.encode_name for field in node.fields if field.required]
            yield from (Fault((*path, key), GONE, path) for key in needed)


def places(value: Any, node: inspect.Type, path: Path = ()) -> Iterator[tuple[Path, Any, inspect.Type, bool]]:
    """Yield every value of a document with its path, its type and whether it may be null."""
    types = members(node)
    optional = any(isinstance(member, inspect.NoneType) for member in types)
    here = next(member for member in types if isinstance(member, inspect.NoneType) == (value is None))
    yield path, value, here, optional
    if isinstance(here, inspect.StructType):
        for field in here.fields:
            if field.encode_name in value:
                yield from places(value[field.encode_name], field.type, (*path, field.encode_name))
    elif isinstance(here, inspect.VarTupleType):
        for index, item in enumerate(value):
            yield from places(item, here.item_type, (*path, index))


def _json_type(value: Any) -> str:
    return next(name for name, python in _JSON_TYPES if isinstance(value, python))


_JSON_TYPES = (
    ("null", type(None)),
    ("boolean", bool),
    ("number", (int, float)),
    ("string", str),
    ("array", list),
    ("object", dict),
)
_WRONG_TYPE: dict[str, tuple[Any, ...]] = {
    "null": (True, [0]),
    "boolean": (0, "true", []),
    "number": ("1", True, [], {}),
    "string": (5, False, [], {}),
    "array": ("x", 0, {}),
    "object": ("x", 0, []),
}


def _wrong_values(node: inspect.Type) -> list[Any]:
    """Return what has the right JSON type and is still refused."""
    wrong: list[Any] = []
    match node:
        case inspect.IntType():
            wrong = [0.5, 1e300]
            wrong += [] if node.ge is None else [node.ge - 1, -(2**80)]
            wrong += [] if node.le is None else [node.le + 1, 2**63, 2**64]
        case inspect.FloatType(ge=int() | float() as least, le=int() | float() as most):
            wrong = [least - 0.01, most + 0.01, 1e300, -(2**80)]
        case inspect.StrType():
            wrong += ["" for _ in range(1) if node.min_length] + ["é" * 129 for _ in range(1) if node.max_length]
        case inspect.DateType():
            wrong = ["", "2026-02-29", "24/11/2026", "2026-11", "2026-11-24T10:30:00Z"]
        case inspect.DateTimeType():
            wrong = ["", "2026-11-24T10:30:00", "2026-11-24", "10:30", "2026-02-29T10:30:00Z", "2026-11-24T24:30:00Z"]
        case inspect.EnumType() | inspect.LiteralType():
            wrong = ["", "no such", "VUL "]
        case inspect.VarTupleType() if node.min_length:
            wrong = [[]]
    return wrong
