"""What a re-plan must not change, read off the two published plans."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import takewhile

from data.model.plan import Handover, Plan, Stop, Tour
from data.model.request import VehicleStatus
from routing.publish import publish
from routing.replan import Replan
from routing.solver.tours import Tours


def published(begun: Replan, tours: Tours, before: Plan, made_at: datetime) -> Plan:
    """Return the plan of a re-plan's tours."""
    return publish(
        begun.instance, tours, seed=1, created_at=made_at, locks=begun.locks, replaces=before, settled=begun.settled,
        prices=begun.prices,
    )  # fmt: skip


def handovers(tour: Tour) -> list[Handover]:
    """Return a tour's hand-overs in order, collections left out."""
    return [handover for stop in tour.stops for handover in stop.handovers if not handover.collects]


def first_trip(tour: Tour) -> list[Stop]:
    """Return the stops until the vehicle is loaded again."""
    return list(takewhile(lambda stop: stop.loading_list is None, tour.stops))


def _but_boxes(tour: Tour) -> Tour:
    """Return the tour without its boxes: which of the sizes that fit is settled when the locker is filled."""
    stops = [
        stop.replace(handovers=tuple(handover.replace(boxes=()) for handover in stop.handovers)) for stop in tour.stops
    ]
    return tour.replace(stops=tuple(stops))


def check_what_was_kept(
    before: Plan, after: Plan, statuses: Sequence[VehicleStatus], freeze_before: datetime | None
) -> None:
    """Assert that what is done, on board, being loaded or announced is as it was."""
    now = {tour.vehicle_id: tour for tour in after.tours}
    status_of = {status.vehicle_id: status for status in statuses}
    silent = {each.order_id for each in after.presumed}
    done = {order_id for status in statuses for order_id in status.done} | set(before.done) | silent
    present = max((status.at for status in statuses if status.at is not None), default=None)
    loading = {lock.vehicle_id for lock in before.locks if lock.closed_to_others} - status_of.keys()
    assert set(after.done) == done
    assert not done & {handover.order_id for tour in after.tours for handover in handovers(tour)}
    for tour in before.tours:
        status = status_of.get(tour.vehicle_id)
        planned = [handover.order_id for handover in handovers(tour) if handover.order_id not in done]
        kept = now.get(tour.vehicle_id)
        served = [] if kept is None else [handover.order_id for handover in handovers(kept)]
        gone = not tour.start.at_hub or (present is not None and tour.departure_at < present)
        assert kept is None or not gone or not kept.start.at_hub, "who had to leave by now has left"
        assert set(planned) <= set(served), "what was planned stays on its vehicle"
        if (status is not None and status.has_left) or gone:
            away = {order.id for order in after.orders if order.from_place is not None}
            aboard = [] if kept is None else [each.order_id for stop in first_trip(kept) for each in stop.handovers]
            more = set(aboard) - set(planned)
            assert more <= away, "a vehicle on the road takes nothing new but what it collects, till it is loaded again"
        elif tour.vehicle_id in loading or (status is not None and status.loading_started):
            assert kept is not None and first_trip(_but_boxes(kept)) == first_trip(_but_boxes(tour)), (
                "a trip that is being loaded is not touched"
            )
            if all(stop.loading_list is None for stop in (*tour.stops, *kept.stops)):
                assert _but_boxes(kept) == _but_boxes(tour)
        elif freeze_before is not None and kept is not None:
            told = [
                (handover.order_id, handover.start_at)
                for stop in tour.stops
                if stop.start_at < freeze_before
                for handover in stop.handovers
                if not handover.collects
            ]
            head = [(handover.order_id, handover.start_at) for handover in handovers(kept)][: len(told)]
            assert head == told, "what was announced keeps its place and its time"
    if before.totals.orders:
        assert after.totals.served >= before.totals.served - len(done - set(before.done))
