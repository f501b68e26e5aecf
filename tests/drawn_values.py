"""Hypothesis strategies for the values of the model, built from what msgspec knows of their types.

The model grows without this file: only rules that no type can say (:data:`RULED`) are written by hand.
"""

from __future__ import annotations

from datetime import timedelta, timezone
from functools import cache
from typing import Any

from hypothesis import strategies as st
from msgspec import inspect

from data.model.base import Value, Window
from data.model.plan import Plan
from data.model.request import OrderBook, PlanRequest, VehicleStatus

DOCUMENTS: tuple[type[Value], ...] = (PlanRequest, OrderBook, Plan)
"""What is read and written on its own, with a ``format``."""

Draws = st.SearchStrategy[Any]


def bare(node: inspect.Type) -> inspect.Type:
    """Return a type without its metadata."""
    return bare(node.type) if isinstance(node, inspect.Metadata) else node


def members(node: inspect.Type) -> list[inspect.Type]:
    """Return the types a union is made of, or the type itself."""
    node = bare(node)
    return [bare(inner) for inner in node.types] if isinstance(node, inspect.UnionType) else [node]


@cache
def struct(kind: type[Value]) -> inspect.StructType:
    """Return what msgspec knows of a model type."""
    node = bare(inspect.type_info(kind))
    assert isinstance(node, inspect.StructType)
    return node


@cache
def kinds() -> tuple[type[Value], ...]:
    """Return every model type that occurs in a document, in the order of their names."""
    found: set[type[Any]] = set()
    todo: list[inspect.Type] = [struct(kind) for kind in DOCUMENTS]
    while todo:
        for node in members(todo.pop()):
            if isinstance(node, inspect.VarTupleType):
                todo.append(node.item_type)
            elif isinstance(node, inspect.StructType) and node.cls not in found:
                found.add(node.cls)
                todo += [field.type for field in node.fields]
    return tuple(sorted(found, key=lambda kind: kind.__name__))


@cache
def values(kind: type[Value]) -> Draws:
    """Return a strategy for any valid value of ``kind``; keys that have a default may be left out."""
    return RULED[kind]() if kind in RULED else _drawn(kind)


@cache
def instants() -> Draws:
    """Any aware instant; offsets are whole minutes, as RFC 3339 wants them."""
    minutes = st.integers(-23 * 60 - 59, 23 * 60 + 59)
    return st.datetimes(timezones=minutes.map(lambda number: timezone(timedelta(minutes=number))))


def _drawn(kind: type[Value], **instead: Draws) -> Draws:
    """Draw each field on its own, or as ``instead`` says."""
    needed: dict[str, Draws] = {}
    optional: dict[str, Draws] = {}
    for field in struct(kind).fields:
        part = needed if field.required or field.name in instead else optional
        part[field.name] = instead.get(field.name, _typed(field.type))
    return st.fixed_dictionaries(needed, optional=optional).map(lambda fields: kind(**fields))


def _windows() -> Draws:
    return st.tuples(instants(), instants()).map(lambda pair: Window(start_at=min(pair), end_at=max(pair)))


def _statuses() -> Draws:
    waiting = _drawn(VehicleStatus, lat=st.none(), lon=st.none(), at=st.none(), on_board=st.just(()))
    driving = _drawn(VehicleStatus, lat=st.floats(-90, 90), lon=st.floats(-180, 180), at=instants())
    return st.one_of(waiting, driving)


RULED = {Window: _windows, VehicleStatus: _statuses}


def _typed(node: inspect.Type) -> Draws:
    return st.one_of([_TYPED[type(member)](member) for member in members(node)])


def _integers(node: inspect.IntType) -> Draws:
    return st.integers(node.ge, node.le) if node.le is not None else st.integers(-(2**80), 2**80)


def _arrays(node: inspect.VarTupleType) -> Draws:
    least = node.min_length or 0
    return st.lists(_typed(node.item_type), min_size=least, max_size=least + 2).map(tuple)


_TYPED: dict[Any, Any] = {
    inspect.NoneType: lambda node: st.none(),
    inspect.BoolType: lambda node: st.booleans(),
    inspect.IntType: _integers,
    inspect.FloatType: lambda node: st.floats(node.ge, node.le),
    inspect.StrType: lambda node: st.text(min_size=node.min_length or 0, max_size=min(node.max_length or 9, 9)),
    inspect.DateType: lambda node: st.dates(),
    inspect.DateTimeType: lambda node: instants(),
    inspect.EnumType: lambda node: st.sampled_from(list(node.cls)),
    inspect.LiteralType: lambda node: st.sampled_from(node.values),
    inspect.VarTupleType: _arrays,
    inspect.StructType: lambda node: values(node.cls),
}
