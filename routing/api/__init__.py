"""The routing room's routes, by what they are about."""

from __future__ import annotations

from typing import NamedTuple

from fastapi import APIRouter

from routing.api import changes, cities, exports, matrix, plans, resources
from routing.api.asked import Limits
from routing.api.cities import Cities, CitySeen, OpenCity, seen
from routing.jobs import Jobs
from routing.plans import PlanRoom
from routing.resources import ResourceRoom
from routing.standby import Standby

__all__ = ["Cities", "CitySeen", "Limits", "OpenCity", "Parts", "router", "seen"]


class Parts(NamedTuple):
    """What the routes ask; ``cities`` may still be filled."""

    plans: PlanRoom
    resources: ResourceRoom
    jobs: Jobs
    cities: Cities
    standby: Standby
    limits: Limits


def router(parts: Parts) -> APIRouter:
    """Return all routes of the solver's own API but those of jobs."""
    routes = APIRouter()
    routes.include_router(cities.router(parts.cities))
    routes.include_router(plans.router(parts.plans, parts.jobs, parts.cities, parts.limits))
    routes.include_router(changes.router(parts.plans, parts.jobs, parts.cities, parts.standby, parts.limits))
    routes.include_router(exports.router(parts.plans))
    routes.include_router(matrix.router(parts.plans, parts.jobs, parts.cities, parts.limits))
    routes.include_router(resources.router(parts.resources, parts.cities))
    return routes
