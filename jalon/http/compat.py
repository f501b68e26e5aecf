"""The contracts of others, as this server is set: their limits, its cities and its workers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fastapi import APIRouter

from jalon import __version__
from jalon.settings import Settings
from routing.compat import ors_api, osrm_api, vroom_api, vroom_request
from routing.compat.cities import Opened

SPARE_S = 5.0
"""What a solve leaves of the time until a reply must have begun."""


def router(
    settings: Settings,
    opened: Mapping[str, Opened],
    solve: vroom_api.Solve,
    is_ready: Callable[[], bool],
    is_opening: Callable[[], bool],
) -> APIRouter:
    """Return the routes of VROOM, openrouteservice and OSRM; ``opened`` may still be filled, ``is_opening`` tells."""
    most = settings.vroom_max_locations
    search_s = max(1.0, settings.reply_timeout_s - SPARE_S)
    routes = APIRouter()
    limits = vroom_request.Limits(most, settings.vroom_max_vehicles, search_s)
    routes.include_router(vroom_api.router(solve, limits, opened, is_ready))
    service = ors_api.Service(opened, ors_api.Limits(settings.table_max, settings.route_max), __version__)
    routes.include_router(ors_api.router(service, is_ready))
    sizes = {"table": settings.table_max, "route": settings.route_max, "nearest": settings.nearest_max}
    routes.include_router(osrm_api.router(opened, sizes, is_opening))
    return routes
