"""Wrong shapes for the independent checker: it answers with violations that point somewhere, and never raises."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.verify import check
from routing.verify.read import COUNT_MAX
from tests.plans import published, small_plan


@cache
def samples() -> list[dict[str, Any]]:
    """Return published sample plans."""
    return [published(small_plan(seed)) for seed in range(12)]


BOUNDS: list[tuple[str, list[Any], list[Any]]] = [
    ("/seed", [-1, 10**400], [True, 1.5, "1", None]),
    ("/id", ["x", "x" * 128], ["", "x" * 129, 3, None]),
    ("/orders/0/priority", [0, 100], [-1, 101, True, 1.0]),
    ("/vehicles/0/use_per_100km_milli", [0, 2_000_000_000], [-1, 2_000_000_001, False, "1"]),
    ("/places/0/lat", [-90, 90.0, 0, 45.5], [-90.1, 90.1, 10**400, True, "0", float("nan"), float("inf")]),
    ("/places/0/lon", [-180, 180.0], [-180.1, 180.1, None]),
    ("/orders/0/parcels/0/state", ["loaded"], ["lost", ["loaded"], None, 1]),
    ("/orders/0/created_at", [None, "2026-11-24T10:00:00.123456Z"], ["2026-11-24T10:00:00", 1]),
    ("/tours/0/start/at_hub", [], [0, "true", None]),
    ("/day", [], ["2026-11-31", "2026-1-1", "20261124", None]),
    ("/hubs", [], [{}, None, "hub"]),
    ("/hubs/0", [], [[], None]),
]


@pytest.mark.parametrize(("pointer", "good", "bad"), BOUNDS)
def test_each_kind_of_value_has_its_range(pointer: str, good: list[Any], bad: list[Any]) -> None:
    for value in good:
        assert check(_with(pointer, value)) == [], value
    for value in bad:
        assert [violation[:2] for violation in check(_with(pointer, value))] == [("bad_value", pointer)], value


def _with(pointer: str, value: object) -> dict[str, Any]:
    """Return a sample plan with one value replaced."""
    plan: Any = copy.deepcopy(samples()[0])
    *way, last = [int(part) if part.isdigit() else part for part in pointer.split("/")[1:]]
    item = plan
    for part in way:
        item = item[part]
    item[last] = value
    return plan  # type: ignore[no-any-return]


@pytest.mark.parametrize("plan", [None, [], "plan", 3, {}, {"format": []}, {1: 2}])
def test_what_is_no_plan_is_a_violation(plan: object) -> None:
    assert check(plan)


@pytest.mark.parametrize(
    "instant",
    ["2026-11-24", "2026-02-30T10:00:00Z", "2026-11-24T10:00:00", "2026-11-24 10:00:00Z", "2026-11-24T10:00:60Z", ""]
    + ["2026-11-24T10:00:00+25:00", "２026-11-24T10:00:00Z", "0000-01-01T00:00:00Z", 1_795_000_000, None, ["x"]],
)
def test_instants_are_rfc_3339_with_an_offset(instant: object) -> None:
    plan = copy.deepcopy(samples()[0])
    plan["tours"][0]["departure_at"] = instant
    assert [violation[:2] for violation in check(plan)] == [("bad_value", "/tours/0/departure_at")]


EXTREMES = st.sampled_from(
    ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "0001-01-01", "9999-12-31", "", "locker0", "v0", "o"]
    + [
        0,
        1,
        -1,
        COUNT_MAX,
        COUNT_MAX + 1,
        10**5000,
        True,
        None,
        0.5,
        float("nan"),
        float("inf"),
        [],
        {},
        [[]],
        "\ud800",
    ]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
GARBAGE = EXTREMES | st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)


def _slots(value: object) -> Iterator[tuple[Any, Any]]:
    """Yield every place in a JSON value, as its container and key."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else []
    for key in keys:
        yield value, key
        yield from _slots(value[key])  # type: ignore[index]


def _drop(container: Any, key: Any, _: object) -> None:
    del container[key]


def _replace(container: Any, key: Any, garbage: object) -> None:
    container[key] = copy.deepcopy(garbage)  # drawn twice it is one object, which could come to hold itself


def _double(container: Any, key: Any, _: object) -> None:
    if isinstance(container, list):
        container.append(copy.deepcopy(container[key]))
    else:
        container[f"{key}~/"] = copy.deepcopy(container[key])


CHANGES: list[Callable[[Any, Any, object], None]] = [_drop, _replace, _double]


@settings(max_examples=400, deadline=None)
@given(st.integers(0, 11), st.lists(st.tuples(st.sampled_from(CHANGES), st.integers(0), GARBAGE), max_size=4))
def test_garbage_in_a_plan_never_raises(seed: int, changes: list[Any]) -> None:
    plan = copy.deepcopy(samples()[seed])
    for change, where, garbage in changes:
        slots = list(_slots(plan))
        container, key = slots[where % len(slots)]
        change(container, key, garbage)
    for violation in check(plan):
        assert _resolves(plan, violation.pointer), violation
        assert violation.code and violation.message


@settings(max_examples=200, deadline=None)
@given(GARBAGE)
def test_garbage_for_a_plan_never_raises(garbage: object) -> None:
    assert check(garbage)


def _resolves(plan: object, pointer: str) -> bool:
    """Whether a JSON pointer leads somewhere; the last part of it may be absent (a missing key, a default)."""
    value: Any = plan
    parts = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
    for n, part in enumerate(parts):
        if isinstance(value, dict) and part in value:
            value = value[part]
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            return isinstance(value, dict) and n == len(parts) - 1
    return True
