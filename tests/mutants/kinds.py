"""What a mutant is: one fault put into a valid published plan, and the code the checker must answer with."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any, TypeVar

Json = dict[str, Any]
T = TypeVar("T")


class NotApplicable(Exception):
    """The plan has nothing this kind of fault could be put into."""


@dataclass(frozen=True)
class Mutant:
    """A kind of fault: calling it gives a changed copy of a plan, or ``None`` where it does not apply."""

    name: str
    code: str
    change: Callable[[Json, Random], None]

    def __call__(self, plan: Json, rng: Random) -> Json | None:
        changed = copy.deepcopy(plan)
        try:
            self.change(changed, rng)
        except NotApplicable:
            return None
        return changed


KINDS: list[Mutant] = []


def mutant(code: str) -> Callable[[Callable[[Json, Random], None]], Callable[[Json, Random], None]]:
    """Enter a function that changes a plan in place into the catalog, as one that ``code`` must catch."""

    def enter(change: Callable[[Json, Random], None]) -> Callable[[Json, Random], None]:
        KINDS.append(Mutant(change.__name__, code, change))
        return change

    return enter


def pick(rng: Random, items: Iterable[T]) -> T:
    """Return one of ``items``; with none, the kind does not apply."""
    choices = list(items)
    if not choices:
        raise NotApplicable
    return rng.choice(choices)


def when(possible: bool) -> None:
    """Go on only if the fault is possible in this plan."""
    if not possible:
        raise NotApplicable


def later(instant: str, seconds: int) -> str:
    """Return an instant that is ``seconds`` later."""
    return (datetime.fromisoformat(instant) + timedelta(seconds=seconds)).isoformat()


def between(first: str, last: str) -> int:
    """Return the seconds from ``first`` to ``last``."""
    return int((datetime.fromisoformat(last) - datetime.fromisoformat(first)).total_seconds())


def window(start_at: str, end_at: str) -> Json:
    """Return a window."""
    return {"start_at": start_at, "end_at": end_at}


def off_by_one(rng: Random) -> int:
    """Return one more or one less."""
    return rng.choice([-1, 1])


def by_id(items: Iterable[Json], identifier: str) -> Json:
    """Return the item with that id."""
    return next(item for item in items if item["id"] == identifier)


def vehicle_of(plan: Json, tour: Json) -> Json:
    """Return the vehicle of a tour."""
    return by_id(plan["vehicles"], tour["vehicle_id"])


def class_of(plan: Json, tour: Json) -> Json:
    """Return the access class of a tour's vehicle."""
    return next(group for group in plan["access"] if tour["vehicle_id"] in group["vehicle_ids"])


def stops(plan: Json) -> Iterator[tuple[Json, int, Json]]:
    """Yield every tour, stop number and stop, but for those at the hub."""
    for tour in plan["tours"]:
        for k, stop in enumerate(tour["stops"]):
            if stop.get("loading_list") is None:
                yield tour, k, stop


def reloads(plan: Json) -> Iterator[tuple[Json, int, Json]]:
    """Yield every tour, stop number and stop at which a vehicle is loaded again."""
    for tour in plan["tours"]:
        for k, stop in enumerate(tour["stops"]):
            if stop.get("loading_list") is not None:
                yield tour, k, stop


def leaves_at(tour: Json, k: int) -> str:
    """Return when a vehicle leaves stop ``k``, or its day is over there."""
    instant: str = tour["legs"][k + 1]["depart_at"] if k + 1 < len(tour["legs"]) else tour["return_at"]
    return instant


def one_trip(tour: Json) -> bool:
    """Return whether a tour's vehicle is loaded only once."""
    return all(stop.get("loading_list") is None for stop in tour["stops"])


def handovers(plan: Json) -> Iterator[tuple[Json, Json, Json]]:
    """Yield every tour, stop and hand-over."""
    for tour, _, stop in stops(plan):
        for handover in stop["handovers"]:
            if not handover.get("collects"):
                yield tour, stop, handover


def collections(plan: Json) -> Iterator[tuple[Json, Json, Json]]:
    """Yield every tour, stop and collection."""
    for tour, _, stop in stops(plan):
        for handover in stop["handovers"]:
            if handover.get("collects"):
                yield tour, stop, handover


def collected(tour: Json) -> set[str]:
    """Return the orders a tour takes in on its way."""
    return {each["order_id"] for stop in tour["stops"] for each in stop["handovers"] if each.get("collects")}


def loaded(plan: Json) -> Iterator[tuple[Json, Json, Json]]:
    """Yield every tour, stop and parcel that is handed over and was on board from the start."""
    for tour, stop, handover in handovers(plan):
        if handover["order_id"] not in collected(tour):
            for parcel in by_id(plan["orders"], handover["order_id"])["parcels"]:
                yield tour, stop, parcel


def parcels(plan: Json) -> Iterator[tuple[Json, Json, Json]]:
    """Yield every tour, stop and parcel that is handed over."""
    for tour, stop, handover in handovers(plan):
        for parcel in by_id(plan["orders"], handover["order_id"])["parcels"]:
            yield tour, stop, parcel


def order_ids(tour: Json) -> list[str]:
    """Return the orders of a tour as they are handed over."""
    return [each["order_id"] for stop in tour["stops"] for each in stop["handovers"] if not each.get("collects")]


def close_zone(plan: Json, tour: Json, zone_id: str, start_at: str, end_at: str) -> None:
    """Close a zone to the class of a tour's vehicle."""
    closure = {"zone_id": zone_id, "first_banned": "V2", "hours": "", "closed": [window(start_at, end_at)]}
    class_of(plan, tour).setdefault("closures", []).append(closure)
