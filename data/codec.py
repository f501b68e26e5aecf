"""JSON <-> model, versioned, with errors that say where.

Decoding is strict: unknown keys, naive datetimes, NaN and wrong types are refused with a JSON pointer and, for an
unknown key, the nearest known one. Ints are accepted for floats, nothing else is coerced.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from data.errors import InputError, near_miss
from data.model.base import Value

V = TypeVar("V", bound=Value)

_PATH = re.compile(r"^(?P<message>.*?)(?: - at `(?P<path>[^`]*)`)?$", re.DOTALL)
_UNKNOWN = re.compile(r"unknown field `(?P<field>[^`]*)`")


def encode(value: Value, indent: int = 0) -> bytes:
    """Return ``value`` as UTF-8 JSON; instants keep the offset they carry."""
    raw = msgspec.json.encode(value)
    return msgspec.json.format(raw, indent=indent) + b"\n" if indent else raw


def decode(raw: bytes | str, kind: type[V], source: str = "input") -> V:
    """Return the ``kind`` held in ``raw``.

    Parameters
    ----------
    raw : bytes or str
        One JSON value, UTF-8, with or without BOM.
    kind : type of Value
        Expected type.
    source : str
        Name of the file, for error messages.

    Raises
    ------
    InputError
        ``invalid_json`` or ``invalid_value``, with a JSON pointer in ``where``.
    """
    data = raw.encode() if isinstance(raw, str) else raw
    data = data.removeprefix(b"\xef\xbb\xbf")
    if not data.strip():
        raise InputError("empty_file", "the file is empty", source, f"expected a JSON {kind.__name__}")
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.ValidationError as error:
        raise _explain(error, kind, source) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        action = "NaN and Infinity are not JSON" if re.search(rb"\b(NaN|-?Infinity)\b", data) else "check the syntax"
        raise InputError("invalid_json", str(error), source, action) from None


def to_plain(value: Value) -> dict[str, Any]:
    """Return ``value`` as plain JSON types."""
    plain: dict[str, Any] = json.loads(encode(value))
    return plain


def schema(kind: type[Value]) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of ``kind``."""
    document = msgspec.json.schema(kind)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **document}


def read(path: Path, kind: type[V]) -> V:
    """Read and decode one file; see :func:`decode` for errors."""
    try:
        return decode(path.read_bytes(), kind, str(path))
    except OSError as error:
        raise InputError("unreadable_file", error.strerror or str(error), str(path), "check the path") from None


def write_whole(path: Path, content: bytes) -> None:
    """Write ``content`` to ``path`` so that a reader sees the old file or the whole new one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.part")
    try:
        draft.write_bytes(content)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _explain(error: msgspec.ValidationError, kind: type[Value], source: str) -> InputError:
    match = _PATH.match(str(error))
    message, path = (match["message"], match["path"] or "$") if match else (str(error), "$")
    unknown = _UNKNOWN.search(message)
    action = near_miss(unknown["field"], _field_names(kind)) if unknown else ""
    code = "unknown_key" if unknown else "invalid_value"
    return InputError(code, message, f"{source}#{_pointer(path)}", action)


def _pointer(path: str) -> str:
    parts = re.findall(r"\.([^.\[]+)|\[(\d+|\.\.\.)\]", path)
    return "".join(f"/{name or index}" for name, index in parts)


def _field_names(kind: type[Value]) -> set[str]:
    return {field.encode_name for struct in _structs(kind, set()) for field in msgspec.structs.fields(struct)}


def _structs(kind: type[Value], seen: set[type[Value]]) -> Iterator[type[Value]]:
    if kind in seen:
        return
    seen.add(kind)
    yield kind
    for field in msgspec.inspect.type_info(kind).fields:  # type: ignore[attr-defined]
        for child in _struct_types(field.type):
            yield from _structs(child, seen)


def _struct_types(node: Any) -> Iterator[type[Value]]:
    if isinstance(node, msgspec.inspect.StructType):
        yield node.cls
    for name in ("item_type", "item_types", "types", "value_type"):
        inner = getattr(node, name, ())
        for child in inner if isinstance(inner, tuple) else (inner,):
            yield from _struct_types(child)
