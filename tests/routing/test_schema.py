"""The published JSON Schemas say what the codec does: a document is valid by one exactly when the other reads it.

What a schema can't say, or says otherwise, is listed in :data:`DIFFERENCES`.
"""

from __future__ import annotations

import json
import re
from datetime import date, datetime
from functools import cache
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data import codec
from data.errors import InputError
from data.model.base import Value, Window
from data.model.hub import Hub
from data.model.plan import Plan
from data.model.request import VehicleStatus
from tests.drawn_values import DOCUMENTS, kinds, struct, values
from tests.faults import Fault, faults, places
from tests.plans import small_plan

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:(?P<second>\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)  # RFC 3339
FORMATS = jsonschema.FormatChecker(formats=())
RULES = ("window closes", "a vehicle that has left", "a vehicle with orders on_board")


@FORMATS.checks("date-time", raises=ValueError)
def _is_instant(text: object) -> bool:
    if not isinstance(text, str):
        return True
    found = INSTANT.fullmatch(text)
    leap = found is not None and found["second"] == "60"
    return bool(found and datetime.fromisoformat(text.replace(":60", ":59", 1) if leap else text))


@FORMATS.checks("date", raises=ValueError)
def _is_date(text: object) -> bool:
    return not isinstance(text, str) or (len(text) == 10 and bool(date.fromisoformat(text)))


@cache
def validator(kind: type[Value]) -> jsonschema.Draft202012Validator:
    schema = codec.schema(kind)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema, format_checker=FORMATS)


def read(document: Any, kind: type[Value]) -> str:
    """Return why the codec refuses a document, or an empty string."""
    try:
        codec.decode(json.dumps(document), kind)
    except InputError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.__name__)
@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_a_value_is_valid_and_a_spoilt_one_is_not(kind: type[Value], data: st.DataObject) -> None:
    document = codec.plain(codec.encode(data.draw(values(kind))))
    validator(kind).validate(document)
    for fault in data.draw(st.lists(st.sampled_from(list(faults(document, kind))), min_size=1, max_size=4)):
        spoilt = fault.put_into(document)
        assert read(spoilt, kind), str(fault)
        assert not validator(kind).is_valid(spoilt), str(fault)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text(max_size=3) | st.floats(-1e6, 1e6) | st.text(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=3,
).filter(lambda value: not (isinstance(value, float) and value.is_integer()))


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.__name__)
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_anything_anywhere(kind: type[Value], data: st.DataObject) -> None:
    document = codec.plain(codec.encode(data.draw(values(kind))))
    path = data.draw(st.sampled_from([path for path, _, _, _ in places(document, struct(kind))]))
    changed = Fault(path, data.draw(ANYTHING), path).put_into(document)
    refusal = read(changed, kind)
    if not any(rule in refusal for rule in RULES):
        assert validator(kind).is_valid(changed) == (not refusal), refusal


@pytest.mark.parametrize("seed", range(6))
def test_plans_are_valid(seed: int) -> None:
    document = codec.plain(codec.encode(small_plan(seed)))
    validator(Plan).validate(document)
    assert read(document, Plan) == ""


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.__name__)
def test_schemas_are_closed_and_their_defaults_valid(kind: type[Value]) -> None:
    schema = json.loads(json.dumps(codec.schema(kind)))
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    for name, part in schema["$defs"].items():
        if "properties" not in part:
            continue
        assert part["additionalProperties"] is False, name
        assert part.get("description"), f"{name} says nothing about itself"
        for key, rule in part["properties"].items():
            if key.endswith("_at") or key == "at":
                assert "date-time" in json.dumps(rule), f"{name}.{key} is no instant"
            if "default" in rule:
                local = {**rule, "$defs": schema["$defs"]}
                assert jsonschema.Draft202012Validator(local).is_valid(rule["default"]), f"{name}.{key}"


def test_an_array_of_statuses() -> None:
    schema = codec.schema(tuple[VehicleStatus, ...])
    checked = jsonschema.Draft202012Validator(schema, format_checker=FORMATS)
    trials: list[Any] = [[], [{"vehicle_id": "v"}], [{"vehicle_id": ""}], [{}], {}, [1]]
    for rows in trials:
        try:
            codec.items(json.dumps(rows), VehicleStatus)
        except InputError:
            assert not checked.is_valid(rows)
        else:
            assert checked.is_valid(rows)


def window(start_at: str, end_at: str = "2026-11-24T12:00:00Z") -> dict[str, str]:
    return {"start_at": start_at, "end_at": end_at}


# type, document, whether the schema takes it; the codec does the opposite
DIFFERENCES: dict[str, tuple[type[Value], Any, bool]] = {
    "a window that closes before it opens": (Window, window("2026-11-24T12:00:01Z"), True),
    "a leap second": (Window, window("2026-06-30T23:59:60Z"), True),
    "an instant with a space": (Window, window("2026-11-24 10:00:00Z"), False),
    "an instant in small letters": (Window, window("2026-11-24t10:00:00z"), False),
    "an offset without colon": (Window, window("2026-11-24T10:00:00+0100"), False),
    "a position without its instant": (VehicleStatus, {"vehicle_id": "v", "lat": 47, "lon": -1}, True),
    "orders on board of a vehicle that has no position": (VehicleStatus, {"vehicle_id": "v", "on_board": ["o"]}, True),
    "a whole float where an integer is due": (Hub, {"id": "h", "lat": 47, "lon": -1, "loading_s": 600.0}, True),
}


@pytest.mark.parametrize("name", DIFFERENCES)
def test_known_differences(name: str) -> None:
    kind, document, valid = DIFFERENCES[name]
    assert validator(kind).is_valid(document) == valid
    assert bool(read(document, kind)) == valid


def test_a_key_given_twice() -> None:
    """JSON leaves it open; a schema never sees the first; we check both and keep the last."""
    hub = codec.decode('{"id": "a", "id": "b", "lat": 47, "lon": -1}', Hub)
    assert hub.id == "b"
    with pytest.raises(InputError):
        codec.decode('{"id": 1, "id": "b", "lat": 47, "lon": -1}', Hub)


@pytest.mark.parametrize("kind", DOCUMENTS, ids=lambda kind: kind.__name__)
def test_a_format_is_only_read_as_itself(kind: type[Value]) -> None:
    (named,) = codec.schema(kind)["$defs"][kind.__name__]["properties"]["format"]["enum"]
    for other in DOCUMENTS:
        if other is not kind:
            assert "#/format" in read({"format": named}, other)
            assert not validator(other).is_valid({"format": named})
