"""The two jobs a dispatcher runs, from values to a checked plan: plan a day, re-plan it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from data import clock, codec
from data.errors import JalonError
from data.model.change import ChangePrices
from data.model.city import City
from data.model.plan import Plan
from data.model.request import OrderBook, PlanRequest, VehicleStatus
from data.model.traffic import Conditions
from routing.build import build_instance
from routing.instance import Instance
from routing.lean_engine import LeanEngine
from routing.problem import COST_PER_CENT
from routing.publish import publish, told_before
from routing.replan import Replan, prepare_replan
from routing.replan_loading import LoadingOrder
from routing.solver.engine import Engine, Progress, construct, improve, served
from routing.solver.insertion import insert_all
from routing.solver.ortools_model import OrToolsEngine
from routing.solver.search import RuinRecreateEngine
from routing.solver.stop import Stop
from routing.solver.tours import Tours, copy_tours, empty_tours, total_cost
from routing.verify import check

PUBLISH_EVERY_S = 5.0
"""Publishing costs half a second of search at 1,600 orders: better plans are told no more often, if nobody asks."""
RUIN_SHARE = 0.75
"""Part of the search time that ruin & recreate gets; OR-Tools has the rest."""
SECOND_OPINION = 1_500
"""Most orders for which OR-Tools is asked: the model of 4,000 takes five seconds to build."""
KEPT, PROPOSING_S = 1.5, 0.5
"""What is kept of the budget for the end: writing a plan, in what the first took, and proposals where they are due."""


class PlanRejectedError(JalonError):
    """The checker found a violation in our own plan: nothing is published."""

    exit_code = 5


@dataclass(frozen=True)
class Written:
    """A checked plan and how long it took.

    Attributes
    ----------
    content : bytes
        The plan as published JSON.
    first_s, total_s : float
        Wall seconds from the start of the job to the first complete checked plan, and to the end.
    """

    plan: Plan
    content: bytes
    first_s: float
    total_s: float


@dataclass(frozen=True)
class Outcome(Written):
    """A checked plan with the instance and the tours that it was written from."""

    instance: Instance
    tours: Tours


@dataclass(frozen=True)
class Settings:
    """How to search, and whom to tell.

    Attributes
    ----------
    seed : int
        Fixes the search's chance.
    improve : bool
        False stops at the first complete plan.
    threads : int
        Searches side by side.
    iterations : int, optional
        Each search ends after so many, and OR-Tools, which goes by the clock, is left out: with one thread the same
        seed then gives the same tours on any machine, if the time suffices.
    progress : callable
        Told of every improvement.
    publish : callable
        Given the first complete checked plan at once, then better ones as JSON, each better than the one before; the
        last and best one is in the outcome.
    publish_every_s : float
        Least time between two of them.
    """

    seed: int = 1
    improve: bool = True
    threads: int = 1
    iterations: int | None = None
    progress: Callable[[Progress], None] = lambda progress: None
    publish: Callable[[bytes], None] = lambda content: None
    publish_every_s: float = PUBLISH_EVERY_S


def plan_day(
    request: PlanRequest,
    city: City,
    stop: Stop,
    settings: Settings,
    conditions: Conditions | None = None,
    first: Sequence[str] = (),
) -> Outcome:
    """Return the best checked plan for a request found in the time given.

    Without ``conditions`` traffic is as fast as the city's own speeds by the hour say, see
    :func:`routing.build.build_instance`. The orders named ``first`` are inserted before all others.
    """
    instance = build_instance(request, city, conditions)
    return run(instance, None, None, stop, settings, first)


def replan_day(
    plan: Plan,
    burst: OrderBook,
    city: City,
    stop: Stop,
    settings: Settings,
    statuses: Sequence[VehicleStatus] = (),
    freeze_before: datetime | None = None,
    conditions: Conditions | None = None,
    prices: ChangePrices | None = None,
) -> Outcome:
    """Return the best checked plan that takes in ``burst`` and keeps what is done, loaded or announced.

    With ``prices``, other planned orders may change vehicle, see :func:`routing.replan.prepare_replan`.
    """
    ready = prepare_replan(plan, burst, city, statuses, freeze_before, conditions, prices)
    return run(ready.instance, ready, plan, stop, settings)


def default_engines(settings: Settings, orders: int = 0) -> tuple[Engine, ...]:
    """Return the engines of a solve in order: ours for most of the time, then OR-Tools as a second opinion.

    The first one leaves everything to the others but problems that use none of the trade's rules. OR-Tools is not asked
    about so many orders that its model, which grows with their square, takes longer to build than what time is left.
    """
    if settings.iterations is not None:
        counted = settings.iterations, settings.threads
        return LeanEngine(settings.seed, 1.0, *counted), RuinRecreateEngine(settings.seed, 1.0, *counted)
    second = orders <= SECOND_OPINION
    share = RUIN_SHARE if second else 1.0
    ours = (
        LeanEngine(settings.seed, share, threads=settings.threads),
        RuinRecreateEngine(settings.seed, share, threads=settings.threads),
    )
    return (*ours, OrToolsEngine()) if second else ours


def run(
    instance: Instance,
    begun: Replan | None,
    before: Plan | None,
    stop: Stop,
    settings: Settings,
    order_ids: Sequence[str] = (),
) -> Outcome:
    """Solve an instance, from the start of a re-plan if there is one, else from the orders named; see the callers."""

    def write(tours: Tours, propose: Stop | None = None) -> tuple[Plan, bytes]:
        plan = publish(
            instance,
            tours,
            seed=settings.seed,
            created_at=clock.now(),
            locks=begun.locks if begun else (),
            replaces=before,
            settled=begun.settled if begun else None,
            prices=begun.prices if begun else None,
            propose=propose,
        )
        return plan, checked(plan)

    loading = _loading_order(instance, begun, before)
    first = best = published = loading.kept(
        construct(instance.problem, begun.start if begun else _with(instance, order_ids))
    )
    begun_s = stop.elapsed_s()
    plan, content = write(first)
    first_s = told_s = stop.elapsed_s()
    settings.progress(_inserted(instance, first, first_s))
    settings.publish(content)
    writing_s = KEPT * (first_s - begun_s)
    search = without_last(stop, writing_s + (PROPOSING_S if plan.unassigned else 0.0))

    def report(progress: Progress, tours: Tours) -> None:
        nonlocal published, told_s
        settings.progress(progress)
        if stop.elapsed_s() - told_s < settings.publish_every_s or search.remaining_s() < writing_s:
            return
        better = loading.kept(tours)
        if loading.merit(better) < loading.merit(published):
            published = copy_tours(better)
            settings.publish(write(published)[1])
            told_s = stop.elapsed_s()

    if settings.improve and not search():
        engines = default_engines(settings, instance.problem.orders)
        found = loading.kept(improve(instance.problem, best, search, engines, report))
        best = min(best, published, found, key=loading.merit)
    if best is not first or (plan.unassigned and stop.remaining_s() > writing_s):
        plan, content = write(best, without_last(stop, writing_s))
    return Outcome(plan, content, first_s, stop.elapsed_s(), instance, best)


def _with(instance: Instance, order_ids: Sequence[str]) -> Tours | None:
    """Return tours with as many of some orders as fit, inserted in that order; ``None`` without any."""
    if not order_ids:
        return None
    rows = {order.id: row for row, order in enumerate(instance.orders)}
    tours = empty_tours(instance.problem.tables)
    sequence = [rows[order_id] for order_id in order_ids if order_id in rows]
    insert_all(instance.problem.tables, tours, np.array(sequence, dtype=np.int64))
    return tours


def _inserted(instance: Instance, tours: Tours, elapsed_s: float) -> Progress:
    """Return what is told of the first complete plan."""
    tables = instance.problem.tables
    return Progress("insertion", elapsed_s, served(tables, tours), int(total_cost(tables, tours)) // COST_PER_CENT)


def without_last(stop: Stop, seconds: float) -> Stop:
    """Return a stop that ends so many seconds before another, or with it once that is asked to."""
    return replace(stop, seconds=max(0.0, stop.seconds - seconds))


def _loading_order(instance: Instance, begun: Replan | None, before: Plan | None) -> LoadingOrder:
    """Return the sequences told by the plan before, and what leaving them counts; of no account in a first plan."""
    if begun is None or before is None:
        return LoadingOrder.told(instance, (), ChangePrices())
    return LoadingOrder.told(instance, told_before(before, instance, begun.settled), begun.prices)


def checked(plan: Plan) -> bytes:
    """Return the plan as JSON once the independent checker found nothing.

    Raises
    ------
    PlanRejectedError
        With the first violations; the plan must then not be written anywhere.
    """
    content = codec.encode(plan, indent=1)
    violations = check(json.loads(content))
    if violations:
        listing = "; ".join(f"{v.pointer}: {v.message} [{v.code}]" for v in violations[:5])
        raise PlanRejectedError("plan_rejected", f"{len(violations)} violation(s): {listing}",
                                action="this is a defect of ours: please report it with the input")  # fmt: skip
    return content
