"""The independent checker: is a published plan what it claims to be?

It reads nothing but the JSON of a plan (format ``jalon.plan/1``, as a plain dict), uses the standard library only
and imports nothing of ours but its own parts: it shares no code with the solver, the model or the
codec. It recomputes everything from legs and stops in exact integers; instants are compared, never their text.

:func:`check` goes in three steps, each run only if the one before found nothing: the shape of the JSON
(``read``, ``facts``, ``format``), what ids refer to (``references``), and the rules
(``timeline``, ``trips``, ``goods``, ``assignment``, ``changes``, ``sums``).

What the format leaves open is read as follows.

Time
    Instants the plan makes (departures, arrivals, starts, ends, breaks) are whole seconds; given ones may have
    fractions and are compared exactly. The stretch before the first leg, from ``departure_at`` to its
    ``depart_at``, is the driver's like any other, and it counts as paid time. Breaks after 0 stops lie in it or, where
    the tour starts at the hub, in the shift before it, where they are not.
    A break lies between the end of its stop and the departure of the next leg, never overlapping another; which of
    several comes first is theirs. A tour that is over by ``due_at`` (by default when the window opens) may leave a
    break out. A vehicle already on the road (``start.at_hub`` false) may leave out a break whose
    window ended before ``departure_at``; one whose window is still open is due again.
    A vehicle that does not return has no last leg; ``return_at`` is the end of its last stop, or of the last break
    behind that.
    A stop at the same place as the one before (the vehicle waited or the driver had a break there) has no set-up.
    A leg on which traffic gets faster or slower has ``paces``, what all of it would take from so many seconds after
    its departure on: at each the share is driven that there is time for (Ichoua, Gendreau, Potvin 2003), and
    ``travel_s`` is the sum, less than a second away.
    Windows and opening hours include both ends. Opening hours apply wherever ``place_hours`` has an entry, and
    every place with ``opening_hours`` needs one.
Low-emission zones
    A closure excludes its end: leaving at its first instant or entering at its last is fine. At a stop the vehicle
    is inside from arrival until the next leg departs. Closures of a class's ``exempt_zone_ids`` do not apply to it.
    Every vehicle of the class must hold an exemption for the day; one may name the zone without its ``@`` date.
    An electric vehicle is of class ``EL`` whatever sticker it has.
    Waiting at the hub, or where an on-road vehicle starts, is not looked at: the plan does not say the zone.
Goods
    Parcel ids are unique in the plan. ``boxes`` belong to lockers alone, and there every parcel has one.
    ``daily_cap_parcels`` and ``free`` count what the plan's tours bring, not what ``done`` orders brought.
    A parcel must be ready ``loading_s`` of the vehicle's hub before a trip that starts at the hub; a vehicle on
    the road carries only orders that a lock of its own names (they are on board), and ``ready_at`` is past for them,
    until it is loaded again.
    An order with ``from_place`` is collected there on the way (``collects``), once, not before it is ready, and handed
    over later on the same trip; until then it takes no room. On board from the start it may only be on a vehicle
    already on the road, by a lock. Places refuse what is handed over, not what is collected; tours print the sums of
    what they hand over. Kinds are kept apart over a whole tour, whatever is handed over in between.
Locks
    Each is judged alone: a closed one admits its own ``order_ids``, what is collected on the way, and on later trips
    anything; a sequence one is a prefix of the hand-overs. An order a lock names is on the tour, not ``done``.
Changes
    ``told`` holds vehicle and hour of orders in the plan before; where there is any, ``moved`` are exactly those on
    another vehicle now. ``forced`` ones are no choice of the plan: they cost nothing and don't count against
    ``max_moves``. A minute later than told has a price, earlier has none; parts of a second of ``told`` are cut. The
    loading order counts per vehicle, over its whole day: all it keeps but the most that are still in the order told.
    What is ``presumed`` is among the ``done``.
    An overrun names an order after its window, or a vehicle after its shift, to the second (parts of a second are cut);
    a lock must name what is handed over then. Hours of places and zones are never overrun. After a failed hand-over an
    order may be presented again after its promise; it is no broken promise of the plan.
Tours
    Every tour has a stop, but for that of an on-road vehicle that only drives home. One that starts at its hub has
    the hub's exact coordinates. Hired vehicles have none: they are proposals until their role is ``own``.
Trips
    A stop with a ``loading_list``, even an empty one, is at the hub: it lasts as long as loading again does, and what
    is on board, loaded and ready is judged from one to the next. Every trip has a stop, but for the first of a vehicle
    on the road. ``start.trip`` says which trip of the day the first one is; ``max_trips`` counts those before it too.
Lateness
    An order is late by its hand-over's start after ``promised_by``, whose part of a second is cut off.
Sums
    Kilometres and hours are each rounded to the nearest cent (half up), emissions to the nearest gram, per tour, and
    so are balance and compactness; lateness is per order. Work is driving and service, loading again included. A
    tour's centre is the mean of its hand-overs' and collections' places, in whole metres from the first hub;
    an hour is counted from ``departure_at`` to ``return_at``, also for a vehicle already on the road. ``bound.orders``
    is no more than any ``by_...`` and no less than the orders served. An order may be served after its promise.
"""

from __future__ import annotations

from routing.verify.assignment import assignment
from routing.verify.changes import changes
from routing.verify.format import FORMAT, Plan
from routing.verify.goods import goods
from routing.verify.read import Violation, read
from routing.verify.references import index, unresolved
from routing.verify.sums import sums
from routing.verify.timeline import times

__all__ = ["Violation", "check"]


def check(plan: object) -> list[Violation]:
    """Return every rule the published ``plan`` breaks; an empty list is a valid plan.

    Parameters
    ----------
    plan : dict
        The plan as ``json.loads`` gives it. Anything else, however malformed, is a violation, never an exception.

    Returns
    -------
    list of Violation
        Code, JSON pointer and message each.
    """
    if isinstance(plan, dict) and plan.get("format", FORMAT) != FORMAT:
        return [Violation("unknown_format", "/format", f"this checker reads {FORMAT}")]
    document, found = read(plan, Plan)
    if document is None:
        return found
    known = index(document)
    found = list(unresolved(document, known))
    if found:
        return found
    return [violation for rule in (assignment, changes, times, goods, sums) for violation in rule(document, known)]
