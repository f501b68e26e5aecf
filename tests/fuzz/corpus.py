"""What nobody should send: bodies, and what can be done to a good one."""

from __future__ import annotations

import copy
import gzip
import json
from collections.abc import Iterator
from typing import Any

DEEP = 50_000
NO_JSON = {
    "nothing": b"",
    "blank": b" \n\t ",
    "bare NaN": b"NaN",
    "bare infinity": b"-Infinity",
    "cut off": b'{"a": [1, 2',
    "two values": b"{} {}",
    "not UTF-8": b'{"id": "\xff\xfe"}',
    "UTF-16": '{"id": "a"}'.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf{}",
    "NUL": b"\0" * 64,
    "a lone surrogate": rb'{"id": "\ud800"}',
    "a lone surrogate in UTF-8": b'{"id": "\xed\xa0\x80"}',
    "deep arrays": b"[" * DEEP + b"]" * DEEP,
    "deep objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "arrays without end": b"[" * DEEP,
    "an integer of 100,000 digits": b'{"id": ' + b"9" * 100_000 + b"}",
    "a float of 100,000 digits": b'{"id": 0.' + b"9" * 100_000 + b"}",
    "a tiny exponent": b'{"id": 1e-999999999}',
    "a huge exponent": b'{"id": 1e999999999}',
    "a comment": b"{} // hello",
    "a trailing comma": b'{"a": 1,}',
    "single quotes": b"{'a': 1}",
    "a list of a million nulls": b"[" + b"null," * 1_000_000 + b"null]",
    "null": b"null",
    "true": b"true",
    "a number": b"1e308",
    "a string": b'"order"',
    "a list": b"[]",
    "lists of lists": b"[[],[[]]]",
    "an object": b"{}",
    "unknown keys": b'{"__proto__": {"admin": true}, "constructor": 1, "$ref": "#"}',
    "keys that are empty": b'{"": {"": {"": 1}}}',
}
VALUES: tuple[Any, ...] = (
    *(None, True, -1, 0, 2**31, 2**53 + 1, 2**63, -(2**63) - 1, 10**400),
    *(1e308, -1e308, 5e-324, float("nan"), float("inf"), float("-inf"), 0.1),
    *("", " ", "a" * 100_000, "\0", "\u202e", "é" * 200, "../../etc/passwd", "'; DROP TABLE promises; --", "{{7*7}}"),
    *("2026-02-30", "2026-03-29T02:30:00+01:00", "2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00", "0000-00-00"),
    *("9999-12-31T23:59:59+00:00", "0001-01-01T00:00:00+14:00", "2026-06-30T23:59:60Z", "24:00:00", "-01:00:00"),
    *("9" * 400, "99999", "00000", "97100", "2A004", "NaN"),
    *([], {}, [[]], [None] * 1000, {"a": {"b": {"c": []}}}),
)


def spoilt(good: Any) -> Iterator[bytes]:
    """Yield a good body with one thing wrong at a time: a value, a key twice, a key nobody knows, places swapped."""
    for path in list(_paths(good)):
        for value in VALUES:
            yield json.dumps(_with(good, path, value)).encode()
        if path:
            yield json.dumps(_without(good, path)).encode()
    text = json.dumps(good)
    if isinstance(good, dict):
        yield json.dumps({**good, "nobody_knows_this": 1}).encode()
        yield (text[:-1] + "," + text[1:]).encode()  # every key twice
        if "lat" not in text:
            yield json.dumps({**good, "lat": -1.55, "lon": 47.21}).encode()  # swapped
    yield json.dumps([good, good]).encode()  # every id twice
    yield json.dumps([good] * 3000).encode()
    yield (text + "\n" + text + "\n").encode()


def bombs() -> Iterator[tuple[str, bytes]]:
    """Yield bodies that are small until they are unpacked."""
    yield "zeroes", gzip.compress(bytes(60_000_000))
    yield "nested", gzip.compress(gzip.compress(bytes(20_000_000)))
    yield "brackets", gzip.compress(b"[" * 20_000_000)
    yield "members", gzip.compress(b" " * 1000) * 20_000


def _paths(value: Any) -> Iterator[tuple[str | int, ...]]:
    yield ()
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in pairs:
        for rest in _paths(inner):
            yield (name, *rest)


def _with(good: Any, path: tuple[str | int, ...], value: Any) -> Any:
    if not path:
        return value
    changed = copy.deepcopy(good)
    _at(changed, path[:-1])[path[-1]] = value
    return changed


def _without(good: Any, path: tuple[str | int, ...]) -> Any:
    changed = copy.deepcopy(good)
    del _at(changed, path[:-1])[path[-1]]
    return changed


def _at(value: Any, path: tuple[str | int, ...]) -> Any:
    for name in path:
        value = value[name]
    return value
