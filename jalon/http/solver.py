"""The solver's own API as this server is set, and what the promise is told of each plan that is put in force."""

from __future__ import annotations

from collections.abc import Callable

import h3
from fastapi import APIRouter

from data.model.plan import Plan
from data.model.reservation import Owner
from data.store import hubs
from data.store.database import Database
from jalon.settings import Settings
from promise.day_room import publish
from promise.desk import Desk
from promise.ledger import Ledger
from routing import api
from routing.jobs import Jobs
from routing.plans import PlanRoom
from routing.resources import ResourceRoom
from routing.room import plan_capacities
from routing.standby import Standby

WAIT_SPARE_S = 2.0
"""What waiting for a search leaves of the time until a reply must have begun."""
RESOLUTION = 8


def router(
    settings: Settings,
    database: Database,
    ledger: Ledger,
    jobs: Jobs,
    cities: api.Cities,
    standby: Standby,
    desk: Desk | None,
) -> APIRouter:
    """Return the routes; without a ``desk`` nobody is told of what plans leave room for."""
    told = _teller(database, ledger, desk) if desk is not None else lambda owner, plan: None
    limits = api.Limits(settings.solve_max_s, max(1.0, settings.reply_timeout_s - WAIT_SPARE_S), settings.table_max**2)
    plans, told_by_name = PlanRoom(database, ledger.write, told), ResourceRoom(database, ledger.write)
    return api.router(api.Parts(plans, told_by_name, jobs, cities, standby, limits))


def _teller(database: Database, ledger: Ledger, desk: Desk) -> Callable[[Owner, Plan], None]:
    """Return what publishes the room that a plan's hubs have on its day, as the ledger's totals."""
    state = desk.state
    area_of_cell = {cell: area.id for area in state.areas for cell in area.cells}
    area_of_postcode = {postcode: area.id for area in state.areas for postcode in area.postcodes}
    options = [option.id for option in state.options if not option.carrier]

    def told(owner: Owner, plan: Plan) -> None:
        if owner.shipper:
            return
        postcodes = {(place.lat, place.lon): place.postcode for place in plan.places}

        def area_of(lat: float, lon: float) -> str:
            cell = area_of_cell.get(h3.latlng_to_cell(lat, lon, RESOLUTION), "")
            return cell or area_of_postcode.get(postcodes.get((lat, lon), ""), "")

        with database.read() as connection:
            known = hubs.of_tenant(connection, owner.tenant)
        fleets = [stored.fleet for hub in plan.hubs if (stored := known.get(hub.id)) and stored.fleet]
        publish(ledger, owner.tenant, plan_capacities(plan, fleets, area_of, options), int(desk.now().timestamp()))

    return told
