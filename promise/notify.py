"""What a customer is told when a date becomes unlikely, and when it moves; in French and in English, without a name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from enum import StrEnum

import msgspec

from data.model.base import Value
from data.model.place import PlaceKind
from data.model.reservation import Owner
from data.store.outbox import Notice
from promise import wording
from promise.desk_values import Terms

AT_RISK, MOVED = "promise.at_risk", "promise.moved"


class Cause(StrEnum):
    """Why a date became unlikely; ``cache``: it was shown from a copy that was out of date when the order came;
    ``address``: the order goes somewhere else than before.
    """

    LOAD = "load"
    CAPACITY = "capacity"
    PLAN = "plan"
    FAILURE = "failure"
    INCIDENT = "incident"
    CACHE = "cache"
    ADDRESS = "address"


class Choice(Value, omit_defaults=False):
    """Another way to get the goods, as the customer reads it."""

    option_id: str
    kind: PlaceKind
    date: date
    text_fr: str
    text_en: str


class AtRisk(Value, omit_defaults=False):
    """The body of ``promise.at_risk``; ``probability`` that the date is kept, null where nothing tells."""

    order_id: str
    option_id: str
    date: date
    probability: float | None
    cause: Cause
    text_fr: str
    text_en: str


class Moved(Value, omit_defaults=False):
    """The body of ``promise.moved``: the place is held for ``date`` already.

    ``quote_id`` is good for any of the ``choices``: ``POST /v1/promises/{order_id}/change``.
    """

    order_id: str
    option_id: str
    from_date: date
    date: date
    cause: Cause
    choices: tuple[Choice, ...]
    quote_id: str
    text_fr: str
    text_en: str


def choice(option_id: str, kind: PlaceKind, day: date, today: date) -> Choice:
    """Return another way to get the goods."""
    return Choice(
        option_id=option_id,
        kind=kind,
        date=day,
        text_fr=wording.promise_fr(kind, day, today),
        text_en=wording.promise_en(kind, day, today),
    )


def at_risk(
    owner: Owner, order_id: str, terms: Terms, kind: PlaceKind, probability: float | None, cause: Cause, today: date
) -> Notice:
    """Return the notice that a date may not be kept."""
    told = AtRisk(
        order_id=order_id,
        option_id=terms.option_id,
        date=terms.date,
        probability=None if probability is None else round(probability, 4),
        cause=cause,
        text_fr=wording.at_risk_fr(kind, terms.date, today),
        text_en=wording.at_risk_en(kind, terms.date, today),
    )
    return _notice(owner, AT_RISK, order_id, told)


def moved(
    owner: Owner,
    order_id: str,
    before: Terms,
    after: Terms,
    kind: PlaceKind,
    cause: Cause,
    choices: Sequence[Choice],
    today: date,
    quote_id: str = "",
) -> Notice:
    """Return the notice that a promise has moved, with what the customer may choose instead."""
    told = Moved(
        order_id=order_id,
        option_id=after.option_id,
        from_date=before.date,
        date=after.date,
        cause=cause,
        choices=tuple(choices),
        quote_id=quote_id,
        text_fr=wording.moved_fr(kind, before.date, after.date, [one.text_fr for one in choices], today),
        text_en=wording.moved_en(kind, before.date, after.date, [one.text_en for one in choices], today),
    )
    return _notice(owner, MOVED, order_id, told)


def _notice(owner: Owner, kind: str, order_id: str, told: Value) -> Notice:
    body = msgspec.json.encode(told).decode()
    return Notice(tenant=owner.tenant, shipper=owner.shipper, kind=kind, body=body, subject=order_id)
