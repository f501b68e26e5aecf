"""Plans of the small town: searched for a little, published, checked, and read back from their JSON."""

from __future__ import annotations

import json

from data import codec
from data.model.plan import Plan
from data.model.request import PlanRequest
from data.model.zone import Zone
from routing.build import build_instance
from routing.publish import publish
from routing.solver.engine import solve
from routing.solver.search import RuinRecreateEngine
from routing.solver.stop import Stop
from routing.verify import check
from tests.small_town import THURSDAY, at, town


def planned(wanted: PlanRequest, *zones: Zone) -> Plan:
    """Return the plan of a request in the town with these zones, made on Thursday at five."""
    instance = build_instance(wanted, town(*zones))
    tours = solve(instance.problem, Stop(60), [RuinRecreateEngine(iterations=200)])
    return read_back(publish(instance, tours, seed=1, created_at=at(THURSDAY, 5)))


def read_back(plan: Plan) -> Plan:
    """Return the plan as its JSON tells it, found valid by the checker."""
    assert check(json.loads(codec.encode(plan))) == []
    return codec.decode(codec.encode(plan), Plan)
