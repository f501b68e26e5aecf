"""The routes that find addresses, and that remember where they really are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Request
from msgspec import Meta
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from data import clock, codec
from data.errors import ForbiddenError, InputError, TooLargeError, UnavailableError
from data.locator import Locator
from data.model.address import Address, Located
from data.model.base import Count, Latitude, Longitude, Value
from data.model.caller import Scope
from data.store import corrections
from data.store.corrections import Point
from data.store.database import Database
from jalon.http.openapi import needs, replies, takes

BODY = "body"
MOST = 5_000
ADDRESS: dict[str, Any] = {"text": "12 bis av. du Gal de Gaulle", "postcode": "44000", "city": "Nantes"}
FOUND: dict[str, Any] = {
    "lat": 47.2184,
    "lon": -1.5536,
    "score": 0.98,
    "level": "housenumber",
    "citycode": "44109",
    "label": "12 bis Avenue du Général de Gaulle 44000 Nantes",
    "postcode": "44000",
    "city": "Nantes",
    "doubtful": False,
    "reason": "",
    "suggestions": [],
    "source": "ban",
}


class Correction(Value):
    """Where an address is; without a point, what was said of it is forgotten."""

    address: Address
    lat: Latitude | None = None
    lon: Longitude | None = None

    def __post_init__(self) -> None:
        if (self.lat is None) != (self.lon is None):
            raise ValueError("lat and lon go together")


class Kept(Value, omit_defaults=False):
    """How many corrections are remembered, and how many forgotten."""

    kept: Count
    forgotten: Count


Addresses = Annotated[tuple[Address, ...], Meta(min_length=1, max_length=MOST)]
Corrections = Annotated[tuple[Correction, ...], Meta(min_length=1, max_length=MOST)]


def router(locator: Locator | None, database: Database, corrected: Callable[[str], object]) -> APIRouter:
    """Return the routes; without a locator, addresses can be corrected and not found.

    Parameters
    ----------
    corrected : callable
        Told the carrier whose addresses have been corrected.
    """
    routes = APIRouter(tags=["addresses"])

    @routes.post(
        "/v1/addresses/geocode",
        operation_id="geocodeAddresses",
        summary="Find addresses; doubtful ones come with suggestions, never with a town's middle",
        openapi_extra=needs(Scope.PROMISE_READ)
        | takes([ADDRESS], Addresses)
        | replies("Where they are, in order.", [FOUND], kind=tuple[Located, ...]),
    )
    async def geocode(request: Request) -> Response:
        caller = request.state.caller
        caller.require(Scope.PROMISE_READ)
        asked = _few(codec.items(request.state.body, Address, BODY))
        if locator is None:
            action = "set JALON_BAN to a file of the BAN, or JALON_GEOCODER_URL"
            raise UnavailableError("no_geocoder", "there is nothing to find addresses with", action=action)
        return _reply(await run_in_threadpool(locator.locate, caller.tenant, asked))

    @routes.put(
        "/v1/addresses/corrections",
        operation_id="correctAddresses",
        summary="Say where addresses really are; from then on that is where they are found",
        openapi_extra=needs(Scope.PLAN_WRITE)
        | takes([{"address": ADDRESS, "lat": 47.21843, "lon": -1.55362}], Corrections)
        | replies("How many are remembered.", {"kept": 1, "forgotten": 0}, kind=Kept),
    )
    async def correct(request: Request) -> Response:
        caller = request.state.caller
        caller.require(Scope.PLAN_WRITE)
        if caller.shipper:
            raise ForbiddenError("carrier_only", "corrections hold for all shippers", action="use a carrier's key")
        told = _few(codec.items(request.state.body, Correction, BODY))
        kept = await run_in_threadpool(_keep, database, caller.tenant, told)
        await run_in_threadpool(corrected, caller.tenant)
        return _reply(kept)

    return routes


def _keep(database: Database, tenant: str, told: tuple[Correction, ...]) -> Kept:
    points: dict[str, Point | None] = {}
    for number, one in enumerate(told):
        name = corrections.digest(one.address)
        if not name:
            action = "write the street, with its number if it has one"
            raise InputError("no_street_given", "there is no street in it", f"{BODY}#/{number}/address", action)
        points[name] = None if one.lat is None or one.lon is None else Point(one.lat, one.lon)
    known = {name: point for name, point in points.items() if point is not None}
    now_s = int(clock.now().timestamp())
    with database.write() as writing:
        corrections.put(writing, tenant, known, now_s)
        gone = corrections.drop(writing, tenant, points.keys() - known.keys())
    return Kept(kept=len(known), forgotten=gone)


def _few(values: tuple[Any, ...]) -> tuple[Any, ...]:
    if len(values) > MOST:
        message = f"{len(values):,} addresses in one request, {MOST:,} is the most"
        raise TooLargeError("too_many_addresses", message, f"{BODY}#", "send several requests")
    return values


def _reply(value: Any) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")
