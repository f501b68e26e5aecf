"""Plain JSON to typed records, for the checker alone: standard library only.

A second, independent reader: it shares nothing with the model or the codec, so that a fault in either is seen.
Whatever has the wrong shape becomes a violation, never an exception. Instants are read as seconds since 1970: those
a plan makes (:data:`Second`) must be whole, those it was given (:data:`Moment`) are exact, fractions included.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import cache
from types import UnionType
from typing import Annotated, Any, NamedTuple, TypeVar, Union, get_args, get_origin, get_type_hints

COUNT_MAX = 2_000_000_000

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Violation(NamedTuple):
    """One rule a plan breaks: a stable ``code``, where (JSON pointer, RFC 6901), and a sentence for people."""

    code: str
    pointer: str
    message: str


T = TypeVar("T")
Reader = Callable[[object, str, list[Violation]], Any]


# Scalars: each function returns the value or raises ValueError("what was expected").


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("a string")
    return value


def _id(value: object) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= 128:
        raise ValueError("a string of 1 to 128 characters")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError("an integer")
    return value


def _count(value: object) -> int:
    number = _whole(value)
    if not 0 <= number <= COUNT_MAX:
        raise ValueError(f"an integer from 0 to {COUNT_MAX}")
    return number


def _percent(value: object) -> int:
    number = _whole(value)
    if not 0 <= number <= 100:
        raise ValueError("an integer from 0 to 100")
    return number


def _degrees(limit: int) -> Callable[[object], float]:
    def read(value: object) -> float:
        # NaN is in no range; an int of any size compares exactly, where turning it into a float may overflow.
        if isinstance(value, bool) or not isinstance(value, int | float) or not -limit <= value <= limit:
            raise ValueError(f"a number from -{limit} to {limit}")
        return value

    return read


def _day(value: object) -> date:
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise ValueError("a date, YYYY-MM-DD")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError("a date of the calendar") from None


def _moment(value: object) -> int | Fraction:
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        raise ValueError("an RFC 3339 instant with an offset")
    try:
        since = datetime.fromisoformat(value) - _EPOCH
    except (ValueError, OverflowError):
        raise ValueError("an instant of the calendar") from None
    seconds = since // timedelta(seconds=1)
    return seconds + Fraction(since.microseconds, 1_000_000) if since.microseconds else seconds


def _second(value: object) -> int:
    moment = _moment(value)
    if isinstance(moment, Fraction):
        raise ValueError("an instant in whole seconds")
    return moment


def _one_of(*names: str) -> Callable[[object], str]:
    def read(value: object) -> str:
        if not isinstance(value, str) or value not in names:
            raise ValueError("one of " + ", ".join(names))
        return value

    return read


Text = Annotated[str, _text]
Id = Annotated[str, _id]
Flag = Annotated[bool, _flag]
Whole = Annotated[int, _whole]
Count = Annotated[int, _count]
Percent = Annotated[int, _percent]
Latitude = Annotated[float, _degrees(90)]
Longitude = Annotated[float, _degrees(180)]
Day = Annotated[date, _day]
Second = Annotated[int, _second]
Moment = Annotated[int | Fraction, _moment]
Category = Annotated[str, _one_of("vp", "vul", "pl", "2rm", "cargo_bike")]
Critair = Annotated[str, _one_of("EL", "V1", "V2", "V3", "V4", "V5", "NC")]
Energy = Annotated[str, _one_of("diesel", "petrol", "e10", "e85", "electric", "human")]
PlaceKind = Annotated[str, _one_of("home", "relay", "locker", "post_office")]
FailureReason = Annotated[str, _one_of("absent", "closed", "full", "late", "refused", "address", "damaged")]
Role = Annotated[str, _one_of("own", "reserve", "hired")]
_STATES = ("announced", "at_merchant", "linehaul", "at_hub", "sorted", "loaded", "delivered", "failed", "returning")
ParcelState = Annotated[str, _one_of(*_STATES)]


# Composites: built once per type from the records' annotations.


def read(value: object, kind: Callable[..., T]) -> tuple[T | None, list[Violation]]:
    """Return the record ``kind`` held in plain JSON ``value``, or ``None`` with what is wrong with its shape.

    ``kind`` is a NamedTuple whose annotations are the scalars above, other such records, ``tuple[X, ...]`` and
    ``X | None``; its defaults are those of the keys. A method ``flaw`` may say what is wrong with a whole record.
    """
    found: list[Violation] = []
    record = _reader_of(kind)(value, "", found)
    return (None if found else record), found


@cache
def _reader_of(hint: Any) -> Reader:
    origin = get_origin(hint)
    if origin is Annotated:
        return _scalar(hint.__metadata__[0])
    if origin is tuple:
        return _array(_reader_of(get_args(hint)[0]))
    if origin in (Union, UnionType):
        return _nullable(_reader_of(get_args(hint)[0]))
    return _record(hint)


def _scalar(parse: Callable[[object], object]) -> Reader:
    def read_scalar(value: object, pointer: str, found: list[Violation]) -> object:
        try:
            return parse(value)
        except ValueError as error:
            found.append(Violation("bad_value", pointer, f"expected {error}, got {_shown(value)}"))
            return None

    return read_scalar


def _nullable(inner: Reader) -> Reader:
    def read_nullable(value: object, pointer: str, found: list[Violation]) -> object:
        return None if value is None else inner(value, pointer, found)

    return read_nullable


def _array(inner: Reader) -> Reader:
    def read_array(value: object, pointer: str, found: list[Violation]) -> tuple[object, ...]:
        if not isinstance(value, list):
            found.append(Violation("bad_value", pointer, f"expected an array, got {_shown(value)}"))
            return ()
        return tuple(inner(item, f"{pointer}/{index}", found) for index, item in enumerate(value))

    return read_array


def _record(kind: Any) -> Reader:
    hints = get_type_hints(kind, include_extras=True)
    readers = {name: _reader_of(hints[name]) for name in kind._fields}
    has_flaw = hasattr(kind, "flaw")
    required = [name for name in kind._fields if name not in kind._field_defaults]

    def read_record(value: object, pointer: str, found: list[Violation]) -> object:
        if not isinstance(value, dict):
            found.append(Violation("bad_value", pointer, f"expected an object, got {_shown(value)}"))
            return None
        before = len(found)
        missing = [Violation("missing_key", f"{pointer}/{name}", "required") for name in required if name not in value]
        found.extend(missing)
        values: dict[str, Any] = {}
        for key, item in value.items():
            if key in readers:
                values[key] = readers[key](item, f"{pointer}/{key}", found)
            else:
                found.append(
                    Violation("unknown_key", f"{pointer}/{_escaped(key)}", f"a {kind.__name__} has no such key")
                )
        if len(found) > before:
            return None
        record = kind(**values)
        flaw = record.flaw() if has_flaw else ""
        if flaw:
            found.append(Violation("bad_value", pointer, flaw))
        return record

    return read_record


def _escaped(key: object) -> str:
    return key.replace("~", "~0").replace("/", "~1") if isinstance(key, str) else type(key).__name__


def _shown(value: object) -> str:
    if isinstance(value, str):
        return repr(value if len(value) <= 40 else value[:40] + "...")
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value) if isinstance(value, float) else type(value).__name__
