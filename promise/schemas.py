"""How the promise's routes describe themselves in OpenAPI: the model's own types, examples, scopes.

Bodies are decoded and encoded by msgspec from the raw bytes, so FastAPI can't read their types off the handlers.
"""

from __future__ import annotations

from typing import Any

import msgspec

from data.model.caller import Scope

Node = dict[str, Any]


def described(
    scope: Scope, kind: Any, example: Any, takes: Any = None, asked: Any = None, lines: Any = None, many: Any = None
) -> Node:
    """Return the ``openapi_extra`` of a route.

    Parameters
    ----------
    kind, takes
        Types of the answer and of the body; ``example`` and ``asked`` are examples of them.
    lines
        An example of a line, where the body may be NDJSON too.
    many
        Type of the answer to several at once.
    """
    schema = msgspec.json.schema(kind)
    if many is not None:
        schema = {"anyOf": [schema, msgspec.json.schema(many)]}
    content = {"application/json": {"schema": schema, "example": example}}
    responses = {"200": {"description": "Done.", "content": content}}
    told: Node = {"security": [{"key": [str(scope)]}], "responses": responses}
    if takes is not None:
        bodies: Node = {"application/json": {"schema": msgspec.json.schema(takes), "example": asked}}
        if lines is not None:
            line = msgspec.json.encode(lines).decode()
            bodies["application/x-ndjson"] = {"schema": {"type": "string"}, "example": f"{line}\n"}
        told["requestBody"] = {"required": True, "content": bodies}
    return told


ASKED: Node = {"postcode": "44000", "cart": {"parcels": 1, "volume_dm3": 12}}
PROMISED: Node = {
    "option_id": "home",
    "date": "2026-11-26",
    "j": 2,
    "confidence": 0.9731,
    "quality": "model",
    "hub_id": "nantes",
    "area_id": "nantes-centre",
    "order_by_at": "2026-11-24T21:00:00+01:00",
    "expires_at": "2026-11-24T20:35:00+01:00",
    "windows": [],
    "price_cents": 590,
    "co2e_g": 420,
    "text_fr": "livré jeudi 26 novembre",
    "text_en": "delivered Thursday 26 November",
    "facts": [],
}
QUOTED: Node = {
    "quote_id": "Y2hlY2tlZA",
    "expires_at": "2026-11-24T20:35:00+01:00",
    "time_zone": "Europe/Paris",
    "options": [PROMISED],
    "short": [],
}
ORDER: Node = {"id": "order-1", "quote_id": "Y2hlY2tlZA", "option_id": "home"}
HELD: Node = {
    "id": "order-1",
    "state": "pending",
    "option_id": "home",
    "date": "2026-11-26",
    "window": None,
    "quality": "model",
    "confidence": 0.9731,
    "hub_id": "nantes",
    "area_id": "nantes-centre",
    "price_cents": 590,
    "text_fr": "livré jeudi 26 novembre",
    "text_en": "delivered Thursday 26 November",
    "expires_at": "2026-11-24T20:50:00+01:00",
    "problem": None,
}
SWAP: Node = {"quote_id": "Y2hlY2tlZA", "option_id": "locker"}
STOCK: Node = {"shelves": [{"hub_id": "nantes", "units": 120}, {"hub_id": "nantes", "channel": "live", "units": 80}]}
BALANCES: list[Node] = [{"sku": "mug", "hub_id": "nantes", "units": 120, "reserved": 3}]
LIVE: Node = {
    "id": "live-1",
    "start_at": "2026-11-24T20:00:00+01:00",
    "end_at": "2026-11-24T22:00:00+01:00",
    "reach": 40000,
}
SIGNAL: Node = {"live_id": "live-1", "at": "2026-11-24T20:05:00+01:00", "viewers": 9000, "orders": 41}
SCHEDULE: Node = {"hub_id": "nantes", "waves": [{"id": "evening", "departs": "22:30:00", "cutoff_s": 5400}]}
FLEET: Node = {
    "hub_id": "nantes",
    "parcels_per_van": 120,
    "groups": [{"id": "centre", "areas": ["nantes-centre"], "vans": 4}],
}
