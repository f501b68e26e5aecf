"""Planning a day and re-planning it, from JSON to JSON, in a worker process."""

from __future__ import annotations

from collections.abc import Callable

from data import codec
from data.errors import InputError
from data.model.city import City
from data.model.job import Step
from data.model.request import PlanRequest
from data.model.traffic import Conditions, Report, Traffic
from data.sources.check import check_request
from data.sources.incidents import incidents_of
from data.sources.traffic import segment_speeds_of
from routing.borders import plan_border
from routing.conditions import city_curves
from routing.job import Settings, plan_day, replan_day
from routing.joining import Checked
from routing.large import Spread, by_workers, in_threads, is_large, plan_large, plan_part
from routing.solver.engine import Progress
from routing.solver.stop import Stop
from routing.task import BorderBody, Driving, ReplanBody, Task, Told

BODY = "body"


def plan(task: Task, city: City | None, stop: Stop, told: Told, spread: Spread | None = None) -> bytes:
    """Return the best checked plan for a :class:`data.model.request.PlanRequest`; a large day is done by ``spread``."""
    here = needed(city)
    request = codec.decode(task.body, PlanRequest, BODY)
    check_request(request, here)
    settings, conditions = _settings(task, told), conditions_of(here, task.driving)
    if is_large(request):
        alone = in_threads(here, settings, conditions, task.threads)
        lanes, solve = (task.threads, alone) if spread is None else (spread.lanes, by_workers(task, spread))
        return plan_large(request, here, stop, task.seed, lanes, solve, _whole(stop, told))[1]
    return plan_day(request, here, stop, settings, conditions).content


def part(task: Task, city: City | None, stop: Stop, told: Told) -> bytes:
    """Return the best checked plan for a part of a large day, a :class:`data.model.request.PlanRequest`."""
    here, request = needed(city), codec.decode(task.body, PlanRequest, BODY)
    check_request(request, here)
    return plan_part(request, here, stop, _settings(task, told), conditions_of(here, task.driving)).content


def border(task: Task, city: City | None, stop: Stop, told: Told) -> bytes:
    """Return a checked plan of two hubs, no worse than the one in a :class:`routing.task.BorderBody`."""
    here, given = needed(city), codec.decode(task.body, BorderBody, BODY)
    settings = Settings(task.seed, True, task.threads, task.iterations)
    conditions = conditions_of(here, task.driving)
    return codec.encode(plan_border(given.request, given.tours, here, stop, settings, conditions))


def replan(task: Task, city: City | None, stop: Stop, told: Told) -> bytes:
    """Return the best checked plan for a :class:`routing.task.ReplanBody`: a proposal."""
    here = needed(city)
    given = codec.decode(task.body, ReplanBody, BODY)
    if given.plan.city != here.name:
        message = f"the plan was made on {given.plan.city!r}, the city asked for is {here.name!r}"
        raise InputError("wrong_city", message, f"{BODY}#/plan/city", "name the city the plan was made on")
    outcome = replan_day(
        given.plan,
        given.burst,
        here,
        stop,
        _settings(task, told),
        given.statuses,
        given.freeze_before,
        conditions_of(here, task.driving),
        given.prices,
    )
    return outcome.content


def needed(city: City | None) -> City:
    """Return the city of work that can't do without; raises ``InputError`` where none is named."""
    if city is None:
        raise InputError("no_city", "no city is named", action="name one that the server has open")
    return city


def conditions_of(city: City, driving: Driving) -> Conditions:
    """Return how fast traffic is: the city's own speeds by the hour, and what is told beside them."""
    reports: tuple[Report, ...] = ()
    if driving.speeds:
        reports += segment_speeds_of(driving.speeds, "speeds", city.streets)[0].reports
    if driving.incidents:
        reports += incidents_of(driving.incidents, "incidents", city.streets)[0].reports
    return Conditions(curves=city_curves(city), traffic=Traffic(reports), weather=driving.weather)


def _whole(stop: Stop, told: Told) -> Callable[[Checked], None]:
    """Return what tells of the plans of a large day."""

    def tell(found: Checked) -> None:
        totals = found[0].totals
        step = Step(engine="parts", elapsed_s=stop.elapsed_s(), served=totals.served, cost_cents=totals.cost_cents)
        told(step, found[1])

    return tell


def _settings(task: Task, told: Told) -> Settings:
    """Return how to search; a complete plan is told with the newest figures of the search."""
    last = Step(engine="insertion", elapsed_s=0.0, served=0, cost_cents=0)

    def progress(found: Progress) -> None:
        nonlocal last
        last = Step(engine=found.engine, elapsed_s=found.elapsed_s, served=found.served, cost_cents=found.cost_cents)
        told(last, None)

    def publish(content: bytes) -> None:
        told(last, content)

    return Settings(task.seed, True, task.threads, task.iterations, progress, publish)
