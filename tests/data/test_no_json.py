"""What is no JSON is refused at the line and column where it stops being it, and never breaks the reader."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data import codec
from data.errors import InputError
from data.model.hub import Hub
from data.model.plan import Plan
from data.model.request import OrderBook
from tests.plans import small_plan

BOM = b"\xef\xbb\xbf"
LINE_COLUMN = re.compile(r"day\.json:(?P<line>\d+):(?P<column>\d+)")
PLAN = codec.encode(small_plan(3))

# content, what follows the file's name in `where`, part of the message and advice
NO_JSON: dict[str, tuple[bytes | str, str, str]] = {
    "empty": (b"", "", "empty"),
    "blank": (b" \r\n\t", "", "empty"),
    "a BOM only": (BOM, "", "empty"),
    "two BOMs": (BOM + BOM + b"{}", ":1:1", "malformed"),
    "UTF-16": ("{}".encode("utf-16"), ":1:1", "malformed"),
    "latin-1": ('{"format": "jalon.orders/1",\n "é": "é"}'.encode("latin-1"), ":2:3", "byte 0xe9 is no UTF-8"),
    "latin-1 in a value": (b'{\n"places": [{"id": "caf\xe9 \xff"}]}', ":2:23", "save it as UTF-8"),
    "half a character": (b'{"places": [{"id": "\xc3"}]}', ":1:21", "byte 0xc3 is no UTF-8"),
    "a lone surrogate": ('{"places": [{"id": "\ud800"}]}', ":1:21", "no UTF-8"),
    "an escaped lone surrogate": ('{"places": [{"id": "\\ud800 and more"}]}', ":1:27", "surrogate"),
    "a control character": (b'{"places": [{"id": "\x01"}]}', ":1:21", "malformed"),
    "NaN": ('{"places": [\n{"lat": NaN}]}', ":2:9", "NaN is no JSON number"),
    "Infinity": ('{"places": [{"lat": Infinity}]}', ":1:21", "Infinity is no JSON number"),
    "-Infinity": ('{"places": [{"lat": -Infinity}]}', ":1:22", "-Infinity is no JSON number"),
    "nan": ('{"places": [{"lat": nan}]}', ":1:25", "malformed"),
    "a leading zero": ('{"places": [{"lat": 047}]}', ":1:22", "malformed"),
    "a trailing comma": ('{"places": [],}', ":1:15", "trailing comma"),
    "a comment": ('{\n// "é"\n}', ":2:1", "malformed"),
    "single quotes": ("{'places': []}", ":1:2", "malformed"),
    "two values": ("{}\n{}", ":2:2", "trailing characters"),
    "characters, not bytes": ('{"places": [], "orders": [{"id": "éàü☃", oops}]}', ":1:42", "malformed"),
    "cut off": ('{"places": [\n', ":2:1", "cut off"),
}


@pytest.mark.parametrize("name", NO_JSON)
def test_no_json(name: str) -> None:
    raw, where, says = NO_JSON[name]
    for read in (codec.decode, codec.items, lambda raw, kind, source: codec.plain(raw, source)):
        with pytest.raises(InputError) as caught:
            read(raw, OrderBook, "day.json")
        assert caught.value.code == ("invalid_json" if where else "empty_file")
        assert caught.value.where == f"day.json{where}"
        assert says in f"{caught.value.message} {caught.value.action}"


@pytest.mark.parametrize("raw", ["[" * 200_000, "[" * 200_000 + "]" * 200_000, '{"a":' * 200_000])
def test_nested_too_deep(raw: str) -> None:
    with pytest.raises(InputError, match="nested too deep") as caught:
        codec.plain(raw, "day.json")
    assert caught.value.where == "day.json"
    with pytest.raises(InputError, match="nested too deep"):
        codec.decode(raw, OrderBook, "day.json")


@pytest.mark.parametrize(
    ("raw", "where", "says"),
    [
        ('{"vehicles": [{"id": 1', ":1:23", "truncated"),
        ('{"vehicles": [{"id": 1}],\n "matrices": [[0, NaN], [60, 0]]}', ":2:19", "NaN is no JSON number"),
    ],
)
def test_what_is_no_json_is_told_before_what_is_no_order_book(raw: str, where: str, says: str) -> None:
    with pytest.raises(InputError, match=says) as caught:
        codec.decode(raw, OrderBook, "day.json")
    assert (caught.value.code, caught.value.where) == ("invalid_json", f"day.json{where}")


def test_cut_off_anywhere() -> None:
    raw = json.dumps(json.loads(PLAN), indent=1, ensure_ascii=False).encode()
    for length in [*range(1, 400), *range(400, len(raw) - 1, 97), len(raw) - 1]:
        with pytest.raises(InputError) as caught:
            codec.decode(raw[:length], Plan, "day.json")
        assert caught.value.code == "invalid_json", raw[:length][-40:]
        place = LINE_COLUMN.fullmatch(caught.value.where)
        assert place is not None
        lines = raw[:length].decode(errors="replace").split("\n")
        assert int(place["line"]) == len(lines)
        assert 1 <= int(place["column"]) <= len(lines[-1]) + 1


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_byte_changed_is_read_orrefused(data: st.DataObject) -> None:
    raw = bytearray(PLAN)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at : at + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=3))
    try:
        plan = codec.decode(bytes(raw), Plan, "day.json")
    except InputError as error:
        assert error.where.startswith("day.json")
    else:
        assert codec.decode(codec.encode(plan), Plan) == plan


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(st.binary(max_size=40), st.text(st.characters(), max_size=40), st.text(st.sampled_from('{}[]",:0-eN\\u')))
)
def test_garbage_is_refused_or_plain_json(raw: bytes | str) -> None:
    for read in (codec.plain, lambda raw: codec.items(raw, Hub), lambda raw: codec.decode(raw, Hub)):
        try:
            read(raw)
        except InputError as error:
            assert error.code in ("invalid_json", "invalid_value", "empty_file", "unknown_key")
