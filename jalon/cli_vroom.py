"""VROOM's JSON on ``jalon solve``: VROOM's answer, VROOM's exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from data import codec
from jalon.inputs import load_city
from jalon.terminal import SearchLine, interruptible, print_json, say, warm_if_cold
from routing.compat.vroom import is_vroom, solve_vroom
from routing.job import Settings, default_engines
from routing.solver.stop import Stop


def vroom_document(raw: bytes) -> dict[str, Any] | None:
    """Return the document if it is VROOM's; leave every complaint to the request's own reader."""
    try:
        keys = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
        return msgspec.json.decode(raw, type=dict[str, Any]) if is_vroom(keys) else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def solve_document(
    document: dict[str, Any],
    city: str | None,
    stop: Stop,
    settings: Settings,
    output: Path | None,
    geometry: bool,
    strict: bool,
) -> int:
    """Solve a VROOM document, print or write the answer and return VROOM's code, or 1 and 130 as ``solve`` does."""
    place = load_city(city, "", Path()) if city else None
    if geometry:
        document = {**document, "options": {**document.get("options", {}), "g": True}}
    warm_if_cold()
    with SearchLine("solve", unit="in VROOM's cost", per_unit=1) as line, interruptible(stop):
        answer = solve_vroom(
            document, place, stop, default_engines(settings), lambda progress, _: line(progress), _warn
        )
    if output is not None and "error" not in answer:
        codec.write_whole(output, json.dumps(answer).encode())
    else:
        print_json(answer)
    if answer["code"] == 0 and stop.flag.is_set():
        return 130
    return int(answer["code"]) or int(strict and bool(answer["unassigned"]))


def _warn(text: str) -> None:
    say("vroom", text, "yellow")
