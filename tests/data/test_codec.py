"""JSON <-> model: what goes out comes back, and what is refused is refused at the right place."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data import codec
from data.clock import PARIS
from data.errors import InputError
from data.model.base import Value, Window
from data.model.hub import Hub
from data.model.order import Order
from data.model.plan import Plan
from data.model.request import OrderBook, VehicleStatus
from data.model.vehicle import Vehicle
from tests.drawn_values import DOCUMENTS, kinds, struct, values
from tests.faults import GONE, UNKNOWN, Fault, faults, places, pointer
from tests.plans import small_plan

BOM = b"\xef\xbb\xbf"
HUB: dict[str, Any] = {"id": "h", "lat": 47.2, "lon": -1.55}


def refused(raw: bytes | str, kind: type[Value]) -> InputError:
    """Return the error ``raw`` is refused with; any other exception fails the test."""
    with pytest.raises(InputError) as caught:
        codec.decode(raw, kind, "day.json")
    return caught.value


def spoilt_json(document: Any, fault: Fault) -> str:
    return json.dumps(fault.put_into(document))


@cache
def plan_document() -> dict[str, Any]:
    return codec.plain(codec.encode(small_plan(3)))


# --- what goes out comes back


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.__name__)
@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_round_trip(kind: type[Value], data: st.DataObject) -> None:
    value = data.draw(values(kind))
    raw = codec.encode(value)
    back = codec.decode(raw, kind)
    assert back == value
    assert codec.encode(back) == raw  # equal instants may differ in their offset: their text may not
    assert codec.decode(raw.decode(), kind) == codec.decode(BOM + raw, kind) == value
    assert codec.decode(codec.encode(value, indent=2), kind) == value


@pytest.mark.parametrize("kind", DOCUMENTS, ids=lambda kind: kind.__name__)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_round_trip_of_documents(kind: type[Value], data: st.DataObject) -> None:
    value = data.draw(values(kind))
    raw = codec.encode(value)
    assert codec.decode(raw, kind) == value
    document = codec.plain(codec.encode(value))
    assert document["format"] == value.format and next(iter(document)) == "format"
    assert list(document) == [field.encode_name for field in struct(kind).fields]  # nothing is left unsaid


@pytest.mark.parametrize("seed", range(8))
def test_round_trip_of_plans(seed: int) -> None:
    plan = small_plan(seed)
    raw = codec.encode(plan, indent=2)
    assert raw.endswith(b"}\n") and raw.startswith(b'{\n  "format": "jalon.plan/1",\n')
    assert codec.decode(raw, Plan) == plan
    assert codec.encode(codec.decode(raw, Plan), indent=2) == raw


PARIS_INSTANTS = (
    ("2026-11-24T10:30:00+01:00", datetime(2026, 11, 24, 10, 30, tzinfo=PARIS)),
    ("2026-07-14T10:30:00+02:00", datetime(2026, 7, 14, 10, 30, tzinfo=PARIS)),
    ("2026-10-25T02:30:00+02:00", datetime(2026, 10, 25, 2, 30, tzinfo=PARIS)),
    ("2026-10-25T02:30:00+01:00", datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=PARIS)),
    ("2026-11-24T10:30:00.000250+01:00", datetime(2026, 11, 24, 10, 30, 0, 250, tzinfo=PARIS)),
    ("2026-11-24T10:30:00Z", datetime(2026, 11, 24, 10, 30, tzinfo=UTC)),
)


@pytest.mark.parametrize(("text", "instant"), PARIS_INSTANTS)
def test_instants_keep_their_offset(text: str, instant: datetime) -> None:
    window = Window(start_at=instant, end_at=instant + timedelta(days=1))
    raw = codec.encode(window)
    back = codec.decode(raw, Window)
    assert json.loads(raw)["start_at"] == text
    assert back.start_at.timestamp() == instant.timestamp()
    assert back.start_at.utcoffset() == instant.utcoffset()
    assert codec.encode(back) == raw


def test_ints_stand_for_floats_and_nothing_else_is_coerced() -> None:
    hub = codec.decode('{"id": "h", "lat": 47, "lon": -1, "loading_s": 600}', Hub)
    assert (hub.lat, hub.lon) == (47.0, -1.0) and isinstance(hub.lat, float)
    for lenient in ('"47.2"', "true", "null"):
        assert refused(f'{{"id": "h", "lat": {lenient}, "lon": -1}}', Hub).where == "day.json#/lat"
    for lenient in ("600.0", '"600"', "true"):
        raw = f'{{"id": "h", "lat": 47, "lon": -1, "loading_s": {lenient}}}'
        assert refused(raw, Hub).where == "day.json#/loading_s"


def test_no_number_is_infinite() -> None:
    for number in ("1e400", "-1e400", "9" * 400):
        error = refused(json.dumps(HUB).replace("47.2", number), Hub)
        assert (error.code, error.where) == ("invalid_value", "day.json#/lat")
    assert math.isfinite(codec.decode(json.dumps(HUB).replace("47.2", "1e-400"), Hub).lat)


# --- one spoilt value


@pytest.mark.parametrize("kind", DOCUMENTS, ids=lambda kind: kind.__name__)
@settings(max_examples=35, deadline=None)
@given(data=st.data())
def test_a_fault_is_pointed_at(kind: type[Value], data: st.DataObject) -> None:
    document = codec.plain(codec.encode(data.draw(values(kind))))
    fault = data.draw(st.sampled_from(list(faults(document, kind))))
    error = refused(spoilt_json(document, fault), kind)
    assert error.where == f"day.json#{pointer(fault.where)}", str(fault)
    assert error.message and error.action
    if fault.path[-1:] == (UNKNOWN,):
        assert error.code == "unknown_key" and UNKNOWN in error.message
    else:
        assert error.code == "invalid_value"
    if fault.value is GONE:
        assert f"`{fault.path[-1]}`" in error.message and error.action == "add it"


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.__name__)
@settings(max_examples=2, deadline=None)
@given(data=st.data())
def test_every_fault_is_pointed_at(kind: type[Value], data: st.DataObject) -> None:
    document = codec.plain(codec.encode(data.draw(values(kind))))
    for fault in faults(document, kind):
        error = refused(spoilt_json(document, fault), kind)
        assert error.where == f"day.json#{pointer(fault.where)}", str(fault)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_an_almost_right_key_is_recognised_at_any_depth(data: st.DataObject) -> None:
    document = plan_document()
    objects = [(path, value) for path, value, _, _ in places(document, struct(Plan)) if isinstance(value, dict)]
    spots = [(path, key) for path, value in objects for key in value if len(key) > 3]
    path, key = data.draw(st.sampled_from(spots))
    error = refused(spoilt_json(document, Fault((*path, f"{key}x"), 1, path)), Plan)
    assert (error.code, error.where) == ("unknown_key", f"day.json#{pointer(path)}")
    assert error.message == f"unknown key `{key}x`"
    assert error.action == f"did you mean `{key}`?"


WORDS: dict[str, tuple[type[Value], dict[str, Any], str, str]] = {
    "a key": (Hub, {**HUB, "latt": 1}, "", "did you mean `lat`?"),
    "a key like nothing": (Hub, {**HUB, "zzz": 1}, "", "remove it"),
    "an empty key": (Hub, {**HUB, "": 1}, "", "remove it"),
    "a key with a line break": (Hub, {**HUB, "na\nme": 1}, "", "did you mean `name`?"),
    "a key like the parser's own words": (Hub, {**HUB, "x - at `y": 1}, "", "remove it"),
    "a key that needs escaping": (OrderBook, {"orders": [{"pri/or~ity": 1}]}, "/orders/0", "did you mean `priority`?"),
    "a French key": (Hub, {**HUB, "clé": 1}, "", "remove it"),
    "a version": (OrderBook, {"format": "jalon.orders/2"}, "/format", "one of jalon.orders/1"),
    "a member": (Vehicle, {"critair": "V6"}, "/critair", "one of EL, V1, V2, V3, V4, V5, NC"),
    "no offset": (Window, {"start_at": "2026-11-24T10:30:00"}, "/start_at", "2026-11-24T10:30:00+01:00"),
    "no instant": (Window, {"start_at": "half past ten"}, "/start_at", "2026-11-24T10:30:00+01:00"),
    "no day": (Order, {"promised_on": "tomorrow"}, "/promised_on", "2026-11-24"),
    "nothing at all": (Hub, {}, "", "add it"),
    "a number": (Hub, {"id": "h", "lat": 91}, "/lat", "`jalon schema` prints the format"),
    "a rule": (
        Vehicle,
        {"shift": {"start_at": "2026-11-24T10:30:00Z", "end_at": "2026-11-24T10:30:00+01:00"}},
        "/shift",
        "correct it",
    ),
    "a rule of statuses": (VehicleStatus, {"vehicle_id": "v", "lat": 47.2}, "", "correct it"),
}


@pytest.mark.parametrize("name", WORDS)
def test_advice(name: str) -> None:
    kind, document, where, action = WORDS[name]
    error = refused(json.dumps(document, ensure_ascii=False), kind)
    assert error.where == f"day.json#{where}"
    assert action in error.action


def test_items_are_pointed_at_by_their_row() -> None:
    rows: list[Any] = [{"vehicle_id": "v1"}, {"vehicle_id": "v2", "on_board": ["o1"]}]
    for content, where, says in (
        (rows, "s.json#/1", "needs lat, lon and at"),
        ([rows[0], {"vehicle": "v2"}], "s.json#/1", "unknown key `vehicle`"),
        ([{"vehicle_id": "v1", "done": ["o1", 2]}], "s.json#/0/done/1", "Expected `str`"),
        ([rows[0], 1], "s.json#/1", "Expected `object`"),
        ({"statuses": rows}, "s.json#", "Expected `array`"),
    ):
        with pytest.raises(InputError) as caught:
            codec.items(json.dumps(content), VehicleStatus, "s.json")
        assert caught.value.where == where and says in caught.value.message
    assert codec.items("[]", VehicleStatus) == ()
    assert codec.items(json.dumps(rows[:1]), VehicleStatus) == (VehicleStatus(vehicle_id="v1"),)


def test_a_source_may_have_any_name() -> None:
    with pytest.raises(InputError) as caught:
        codec.decode('{"orders": [{}]}', OrderBook, "day #2.json")
    assert caught.value.where == "day #2.json#/orders/0"
