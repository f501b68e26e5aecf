"""JSON <-> model, versioned, with errors that say where.

Decoding is strict: unknown keys, naive datetimes, NaN and wrong types are refused with a JSON pointer and, for an
unknown key, the nearest known one; what is no JSON at all, with ``file:line:column``. Ints are accepted for floats,
nothing else is coerced.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

from data.errors import InputError, near_miss
from data.model.base import Value

V = TypeVar("V", bound=Value)

_PATH = re.compile(r"^(?P<message>.*?)(?: - at `(?P<path>\$[^`]*)`)?$", re.DOTALL)
_UNKNOWN = re.compile(r"unknown field `(?P<word>.*)`$", re.DOTALL)
_NO_MEMBER = re.compile(r"^Invalid enum value '(?P<word>.*)'$", re.DOTALL)
_AT_BYTE = re.compile(r"^(?P<message>.*) \(byte (?P<byte>\d+)\)$")
_NO_NUMBER = re.compile(rb"-?Infinity|NaN")
_ACTIONS = (
    ("timezone component", "add the offset, as in 2026-11-24T10:30:00+01:00"),
    ("RFC3339 encoded datetime", "write it like 2026-11-24T10:30:00+01:00"),
    ("RFC3339 encoded date", "write it like 2026-11-24"),
    ("missing required field", "add it"),
    ("", "correct it; `jalon schema` prints the format"),
)


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
    value: V = _decoded(raw, kind, source)
    return value


def items(raw: bytes | str, kind: type[V], source: str = "input") -> tuple[V, ...]:
    """Return the ``kind`` values of a JSON array; errors as in :func:`decode`."""
    values: tuple[V, ...] = _decoded(raw, tuple[kind, ...], source)  # type: ignore[valid-type]
    return values


def plain(raw: bytes | str, source: str = "input") -> Any:
    """Return any JSON value as plain types; raises ``InputError`` where it is no JSON."""
    return _decoded(raw, Any, source)


def one_line(raw: bytes) -> bytes:
    """Return JSON without the white space between its parts."""
    return msgspec.json.format(raw, indent=-1)


def schema(kind: Any) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of ``kind``, a model type or a tuple of them."""
    document = msgspec.json.schema(kind)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **document}


def read(path: Path, kind: type[V]) -> V:
    """Read and decode one file; see :func:`decode` for errors."""
    try:
        raw = path.read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise InputError("unreadable_file", _reason(error), str(path), "check the path") from None
    return decode(raw, kind, str(path))


def write_whole(path: Path, content: bytes) -> None:
    """Write ``content`` to ``path`` so that a reader sees the old file or the whole new one, never a part.

    Raises
    ------
    InputError
        ``unwritable_file``.
    """
    with whole(path) as draft:
        draft.write_bytes(content)


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Yield where to write a file that takes its place at ``path`` once the block ends well, else nothing is left.

    Raises
    ------
    InputError
        ``unwritable_file``, also where the block itself can't write.
    """
    try:
        if path.is_dir():
            raise IsADirectoryError("it is a folder")
        if "\0" in str(path):
            raise FileNotFoundError("there is a null byte in its name")
        draft = path.with_name(f".{path.name}.part")
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield draft
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        reason = _reason(error)
        raise InputError("unwritable_file", f"can't be written: {reason}", str(path), "name another path") from None


def _reason(error: OSError | ValueError) -> str:
    return getattr(error, "strerror", None) or str(error)


def _decoded(raw: bytes | str, kind: Any, source: str) -> Any:
    data = _bytes(raw, source)
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.ValidationError as error:
        _require_json(data, source)
        raise _explain(error, kind, source) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _malformed(error, data, source) from None


def _require_json(data: bytes, source: str) -> None:
    """Raise where ``data`` is no JSON further on: a typed decoder stops at the first value of a wrong type."""
    try:
        msgspec.json.decode(data)
    except msgspec.ValidationError:
        return  # a number beyond all bounds, told better with its pointer
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _malformed(error, data, source) from None


def _bytes(raw: bytes | str, source: str) -> bytes:
    """Return ``raw`` without BOM, sure not to be blank."""
    data = raw.encode(errors="surrogatepass") if isinstance(raw, str) else raw
    data = data.removeprefix(b"\xef\xbb\xbf")
    if not data.strip():
        raise InputError("empty_file", "the file is empty", source, "expected JSON")
    return data


def _line_column(data: bytes, at: int, source: str) -> str:
    """Return ``source:line:column`` of a byte; the column counts characters."""
    before = data[:at].decode(errors="replace")
    return f"{source}:{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"


def _malformed(error: Exception, data: bytes, source: str) -> InputError:
    """Return the error for what is no JSON, with the line and column where it stops being it."""
    found = _AT_BYTE.match(str(error))
    message, at = (found["message"], int(found["byte"])) if found else (str(error), len(data))
    if isinstance(error, RecursionError):
        return InputError("invalid_json", "arrays or objects are nested too deep", source)
    if isinstance(error, UnicodeDecodeError):
        return _no_utf8(data, source)
    where = _line_column(data, at, source)
    number = next((match[0].decode() for match in _NO_NUMBER.finditer(data) if match.start() <= at < match.end()), "")
    if number:
        return InputError("invalid_json", f"{number} is no JSON number", where, "give a number, or leave the key out")
    return InputError("invalid_json", message, where, "check the syntax here" if found else "the file is cut off")


def _no_utf8(data: bytes, source: str) -> InputError:
    """Return the error for the first byte that is no UTF-8; the parser's own error counts from the string's start."""
    text = data.decode(errors="surrogateescape")
    at = next(at for at, char in enumerate(text) if "\udc80" <= char <= "\udcff")
    where = _line_column(text[:at].encode(), len(data), source)
    return InputError("invalid_json", f"byte 0x{ord(text[at]) - 0xDC00:02x} is no UTF-8", where, "save it as UTF-8")


def _explain(error: msgspec.ValidationError, kind: Any, source: str) -> InputError:
    found = _PATH.match(str(error))
    message, path = (found["message"], found["path"] or "$") if found else (str(error), "$")
    parts = [name or index for name, index in re.findall(r"\.([^.\[]+)|\[(\d+|\.\.\.)\]", path)]
    where = f"{source}#" + "".join(f"/{part}" for part in parts)
    if unknown := _UNKNOWN.search(message):
        action = near_miss(unknown["word"], _words_at(kind, parts)) or "remove it"
        return InputError("unknown_key", f"unknown key `{unknown['word']}`", where, action)
    action = next(advice for sign, advice in _ACTIONS if sign in message)
    if _NO_MEMBER.match(message):
        action = f"one of {', '.join(_words_at(kind, parts))}"
    return InputError("invalid_value", message, where, action)


def _words_at(kind: Any, parts: list[str]) -> list[str]:
    """Return the keys or the enum values that are known at a path."""
    nodes = [inspect.type_info(kind)]
    for part in parts:
        nodes = [child for node in nodes for child in _children(node, part)]
    words = [field.encode_name for node in nodes if isinstance(node, inspect.StructType) for field in node.fields]
    words += [str(member.value) for node in nodes if isinstance(node, inspect.EnumType) for member in node.cls]
    return words + [str(value) for node in nodes if isinstance(node, inspect.LiteralType) for value in node.values]


def _children(node: inspect.Type, part: str) -> list[inspect.Type]:
    """Return the types a key or an index leads to, unions taken apart."""
    if isinstance(node, inspect.StructType):
        found = [field.type for field in node.fields if field.encode_name == part]
    else:
        found = [inner for name in ("item_type", "value_type") if (inner := getattr(node, name, None)) is not None]
    return [one for inner in found for one in (inner.types if isinstance(inner, inspect.UnionType) else (inner,))]
