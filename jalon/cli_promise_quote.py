"""``jalon promise quote``: the dates a checkout would show."""

from __future__ import annotations

import json
from datetime import date
from enum import StrEnum
from importlib import resources
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from data import codec
from data.errors import InputError
from data.model.promise import Cart, Promise, Quality, QuoteRequest
from data.model.promise_state import PromiseState
from jalon.inputs import blaming, read_bytes
from jalon.kernels import warm_promise_if_cold
from jalon.options import JsonOption, departure, point
from jalon.terminal import print_json, say
from promise import wording
from promise.quote import quote as promised
from promise.state import snapshot_of

SAMPLE = "data/samples/promise.json"


class Language(StrEnum):
    """What a table is written in."""

    FR = "fr"
    EN = "en"


HEADS = {
    Language.FR: ("option", "livré au plus tard", "J+N", "sûr à", "si avant", "EUR", "d'après"),
    Language.EN: ("option", "delivered by", "J+N", "sure to", "if before", "EUR", "by"),
}
RESTS_ON = {
    Language.FR: {
        Quality.MODEL: "modèle",
        Quality.TABLE: "table",
        Quality.SLA: "transporteur",
        Quality.FALLBACK: "prudence",
    },
    Language.EN: {
        Quality.MODEL: "model",
        Quality.TABLE: "table",
        Quality.SLA: "carrier",
        Quality.FALLBACK: "caution",
    },
}


def quote(
    state_path: Annotated[
        str | None,
        typer.Argument(
            metavar="[STATE]", help="Hubs, load, options, areas, tables as JSON, or - for stdin.", show_default=False
        ),
    ] = None,
    to: Annotated[str, typer.Option("--to", metavar="PLACE", help="A postcode, or 47.2184,-1.5536.")] = "44000",
    at: Annotated[
        str | None,
        typer.Option(
            "--at", metavar="TIME", help="When it is ordered, 2026-11-24T18:30 (French time); else the state's."
        ),
    ] = None,
    options: Annotated[
        list[str] | None, typer.Option("--option", metavar="ID", help="Only this option; repeatable.")
    ] = None,
    parcels: Annotated[int, typer.Option("--parcels", min=1, max=10_000, metavar="N", help="Parcels in the cart.")] = 1,
    volume_dm3: Annotated[int, typer.Option("--dm3", min=0, metavar="N", help="Their volume in dm3.")] = 0,
    hubs: Annotated[
        list[str] | None, typer.Option("--hub", metavar="ID", help="A hub that holds all of it; repeatable; else any.")
    ] = None,
    priority: Annotated[int, typer.Option("--priority", min=0, max=9, metavar="N", help="Class, 0 leaves first.")] = 1,
    confidence: Annotated[
        float | None, typer.Option("--confidence", min=0, max=1, metavar="P", help="Be at least this sure: 0.97.")
    ] = None,
    language: Annotated[Language, typer.Option("--lang", help="Language of the table.")] = Language.FR,
    as_json: JsonOption = False,
) -> None:
    """Quote delivery dates for a cart and a destination.

    A postcode is enough. Per option: the date, J+N by its own calendar, how sure it is, until when it holds, and what
    it rests on. Without STATE, a made-up evening of two hubs in a live's burst.
    """
    name, raw = _source(state_path)
    state = codec.decode(raw, PromiseState, name)
    request = _request(
        to, options, Cart(parcels=parcels, volume_dm3=volume_dm3, hub_ids=tuple(hubs or ())), priority, confidence
    )
    now = state.at if at is None else departure(at)
    if now < state.at:
        action = f"quote from {state.at.isoformat()} on, or send the state of that time"
        raise InputError("before_state", f"the state is of {state.at.isoformat()}, later than {at}", "--at", action)
    warm_promise_if_cold()
    with blaming(name):
        snapshot = snapshot_of(state)
    promises = promised(snapshot, request, now, state.ttl_s)
    if as_json:
        asked = {"at": now.isoformat(), "postcode": request.postcode, "lat": request.lat, "lon": request.lon}
        print_json({**asked, "promises": [json.loads(codec.encode(promise)) for promise in promises]})
        return
    say("quote", f"{now:%Y-%m-%d %H:%M}, {to}", "bold")
    Console(highlight=False).print(_table(promises, state, now.date(), language))
    for fact in dict.fromkeys(fact for promise in promises for fact in promise.facts):
        say("fact", fact, "cyan")


def _source(path: str | None) -> tuple[str, bytes]:
    """Return the state's name and content; the sample's where none is given."""
    if path is None:
        return SAMPLE, (resources.files("data") / "samples" / "promise.json").read_bytes()
    return ("stdin" if path == "-" else path), read_bytes(path)


def _request(to: str, options: list[str] | None, cart: Cart, priority: int, confidence: float | None) -> QuoteRequest:
    """Return what is asked; ``to`` is a postcode or a point."""
    place: dict[str, Any] = {"postcode": to}
    if not (len(to) == 5 and to.isascii() and to.isdigit()):
        if "," not in to:
            action = "write five digits such as 44000, or latitude and longitude such as 47.2184,-1.5536"
            raise InputError("not_a_point", f"{to!r} is neither a postcode nor a point", "--to", action)
        lat, lon = point(to, "--to")
        if not (-90 <= lat <= 90 and -180 <= lon <= 180):
            raise InputError("not_a_point", f"{to} is nowhere on Earth", "--to", "write latitude, then longitude")
        place = {"lat": lat, "lon": lon}
    return QuoteRequest(cart=cart, options=tuple(options or ()), priority=priority, confidence=confidence, **place)


def _table(promises: tuple[Promise, ...], state: PromiseState, today: date, language: Language) -> Table:
    """Return what a shopkeeper reads, in less than 80 columns."""
    options = {option.id: option for option in state.options}
    table = Table(box=None, pad_edge=False)
    for column, head in enumerate(HEADS[language]):
        table.add_column(
            head, no_wrap=column > 0, justify="right" if head in ("EUR", *HEADS[language][3:4]) else "left"
        )
    for one in promises:
        option, order_by = options[one.option_id], one.order_by_at
        if language is Language.FR:
            words = option.name_fr, wording.date_fr(one.date, today), order_by and wording.moment_fr(order_by)
        else:
            words = option.name_en, wording.date_en(one.date, today), order_by and wording.moment_en(order_by)
        name, day, before = words
        sure = "-" if one.confidence is None else f"{one.confidence:.1%}"
        price = f"{one.price_cents / 100:.2f}"
        table.add_row(name or option.id, day, f"J+{one.j}", sure, before or "-", price, RESTS_ON[language][one.quality])
    return table
