"""Slow and obvious: drawn classic problems, their optimum by trying everything, and an audit of its records."""

from __future__ import annotations

from functools import cache
from itertools import pairwise, permutations, product

import numpy as np
from numpy.typing import NDArray

from routing.solver.lean.classic import Classic, Kind, Times
from routing.solver.lean.layout import lean_of
from routing.solver.lean.state import ABSENT, LEG, NOWHERE, USED, Lean, Plan, Work

NEVER = 10**12
RULES = ("capacity", "windows", "asymmetric", "fleet", "depots", "groups")


def drawn(rules: str, stops: int, seed: int) -> Classic:
    """Return a problem of ``stops`` stops on a plane of 100 x 100 with one of :data:`RULES`."""
    rng = np.random.default_rng(seed)
    depots = 2 if rules == "depots" else 1
    places = stops + depots
    x, y = rng.integers(0, 100, (2, places))
    distance = np.hypot(x[:, None] - x, y[:, None] - y).round().astype(np.int32)
    demand = rng.integers(1, 10, stops).astype(np.int32)
    capacity = max(int(demand.max()), int(demand.sum() // 2 + 3))
    kinds = [Kind(capacity, depot, count=stops) for depot in range(depots)]
    times, group = None, None
    if rules in ("windows", "asymmetric", "depots"):
        opens = np.concatenate([rng.integers(0, 200, stops), np.zeros(depots, dtype=np.int64)])
        closes = opens + np.concatenate([rng.integers(150, 300, stops), np.full(depots, 900)])
        service = np.concatenate([rng.integers(0, 20, stops), np.zeros(depots, dtype=np.int64)])
        duration = distance + (rng.integers(0, 30, distance.shape) if rules == "asymmetric" else 0)
        times = Times(*(values.astype(np.int32) for values in (duration, service, opens, closes)))
    if rules == "asymmetric":
        distance = distance + rng.integers(0, 20, distance.shape).astype(np.int32)
    if rules == "depots":
        kinds = [Kind(capacity, depot, count=2 if depot else stops, longest=420) for depot in range(depots)]
    if rules == "fleet":
        small = Kind(max(int(demand.max()), capacity // 2), count=3, fixed=40, unit=2)
        kinds = [small, Kind(capacity, count=1, fixed=90, unit=3), Kind(capacity + 5, count=2, fixed=150, unit=4)]
    if rules == "groups":
        group = np.concatenate([np.arange((stops + 1) // 2), np.arange(stops // 2)]).astype(np.int32)
        demand = demand[group]
    return Classic(distance, demand, tuple(kinds), times, group)


def with_every_rule(classic: Classic, order: NDArray[np.int64]) -> Lean:
    """Return a problem for the kernels that know every rule: one compilation for all tests but the soak."""
    lean = lean_of(classic, order)
    legs = {"out": lean.out.astype(LEG), "back": lean.back.astype(LEG)}
    return lean._replace(**legs, windows=True, shifts=True, mixed=True, groups=True)


def optimum(classic: Classic) -> int:
    """Return the least cost there is, :data:`NEVER` where nothing is feasible."""
    groups = np.arange(classic.stops) if classic.group is None else classic.group
    members = [np.flatnonzero(groups == group).tolist() for group in range(int(groups.max()) + 1)]

    @cache
    def tour(served: frozenset[int], kind: int) -> int:
        chosen = product(*(members[group] for group in served))
        tours = (order for stops in chosen for order in permutations(stops))
        return min((tour_cost(classic, order, classic.kinds[kind]) for order in tours), default=NEVER)

    @cache
    def rest(left: frozenset[int], used: tuple[int, ...]) -> int:
        if not left:
            return 0
        first, best = min(left), NEVER
        others = sorted(left - {first})
        for mask in range(2 ** len(others)):
            served = frozenset([first, *(one for bit, one in enumerate(others) if mask >> bit & 1)])
            for kind, vehicles in enumerate(classic.kinds):
                if used[kind] < vehicles.count and (cost := tour(served, kind)) < NEVER:
                    more = tuple(count + (at == kind) for at, count in enumerate(used))
                    best = min(best, cost + rest(left - served, more))
        return best

    return rest(frozenset(range(len(members))), (0,) * len(classic.kinds))


def tour_cost(classic: Classic, order: tuple[int, ...], kind: Kind) -> int:
    """Return what a tour costs, :data:`NEVER` where its vehicle can't drive it."""
    stations = [classic.stops + kind.depot, *order, classic.stops + kind.depot]
    legs = list(pairwise(stations))
    if sum(int(classic.demand[stop]) for stop in order) > kind.capacity:
        return NEVER
    if classic.times is not None and not in_time(classic.times, legs, kind.longest):
        return NEVER
    return sum(int(classic.distance[leg]) for leg in legs) * kind.unit + kind.fixed


def in_time(times: Times, legs: list[tuple[int, int]], longest: int | None) -> bool:
    """Return whether a vehicle can be everywhere in time, by trying every minute it could leave."""
    depot = legs[0][0]
    last = times.opens[depot] if longest is None else times.closes[depot]
    for leave in range(int(times.opens[depot]), int(last) + 1):
        at = leave
        for start, end in legs:
            at = max(
                at + (times.service[start] if start != depot else 0) + times.duration[start, end], times.opens[end]
            )
            if at > times.closes[end]:
                break
        else:
            if longest is None or at - leave <= longest:
                return True
    return False


def tours_of_plan(lean: Lean, plan: Plan) -> list[tuple[int, list[int]]]:
    """Return depot node and stops of each tour that has some, following the links one way and back."""
    n, found = len(lean.stops), []
    for tour in range(len(plan.tours)):
        ring, back = [n + tour], [n + tour]
        while int(plan.nodes[ring[-1]]["succ"]) != n + tour:
            ring.append(int(plan.nodes[ring[-1]]["succ"]))
        while int(plan.nodes[back[-1]]["pred"]) != n + tour:
            back.append(int(plan.nodes[back[-1]]["pred"]))
        assert ring[1:] == back[:0:-1]
        assert plan.tours[tour]["size"] == len(ring) - 1
        assert all(plan.nodes[node]["tour"] == tour for node in ring)
        if len(ring) > 1:
            found.append((n + tour, ring[1:]))
    return found


def audit(lean: Lean, plan: Plan, work: Work) -> int:
    """Check every record of a plan against what follows from its links; return the plan's cost, absent stops priced."""
    n, total = len(lean.stops), 0
    free = lean.kinds["count"].astype(np.int64)
    served: list[int] = []
    tours = tours_of_plan(lean, plan)
    for depot, stops in tours:
        kind_at = int(plan.tours[depot - n]["kind"])
        kind = lean.kinds[kind_at]
        free[kind_at] -= 1
        served += stops
        assert plan.tours[depot - n]["room"] == kind["capacity"] - sum(
            int(lean.stops[stop]["demand"]) for stop in stops
        )
        assert plan.tours[depot - n]["room"] >= 0
        places = [int(kind["place"]), *stops, int(kind["place"])]
        legs = [int(lean.out[leg]["m"]) for leg in pairwise(places)]
        assert [int(plan.nodes[node]["leg"]) for node in (depot, *stops)] == legs
        total += sum(legs) * int(kind["unit"]) + int(kind["fixed"])
        if lean.windows is not None:
            audit_times(lean, plan, depot, stops, kind)
    groups = lean.group[served].tolist()
    absent = work.absent[: work.tally[ABSENT]].tolist()
    kind = lean.kinds[0]
    for stop in absent:
        place = int(kind["place"])
        total += int(lean.out[place, stop]["m"] + lean.out[stop, place]["m"]) * int(kind["unit"]) + int(kind["fixed"])
    assert sorted(groups + lean.group[absent].tolist()) == list(range(len(lean.group_ptr) - 1))
    assert all(plan.nodes[stop]["tour"] == NOWHERE for stop in set(range(n)) - set(served))
    assert work.tally[USED] == len(tours)
    if lean.mixed:
        assert plan.free.tolist() == free.tolist() and (free >= 0).all()
    return total


def audit_times(lean: Lean, plan: Plan, depot: int, stops: list[int], kind: np.void) -> None:
    """Check earliest, latest and lengths of a tour's parts by simulation."""
    places = [int(kind["place"]), *stops, int(kind["place"])]
    seconds = [int(lean.out[leg]["s"]) for leg in pairwise(places)]
    ready, driven, leave = [int(kind["opens"])], [0], [int(kind["closes"])]
    for stop, taken in zip(stops, seconds):
        record = lean.stops[stop]
        begin = max(ready[-1] + taken, int(record["opens"]))
        assert begin <= record["closes"]
        leave.append(min(leave[-1], int(record["closes"]) - driven[-1] - taken))
        ready.append(begin + int(record["service"]))
        driven.append(driven[-1] + taken + int(record["service"]))
    assert ready[-1] + seconds[-1] <= kind["closes"]
    length = driven[-1] + seconds[-1]
    length = max(length, ready[-1] + seconds[-1] - min(leave[-1], int(kind["closes"]) - length))
    assert length <= kind["longest"]
    late, rest, home = [int(kind["closes"])], [0], [int(kind["opens"])]
    for stop, taken in zip(reversed(stops), reversed(seconds[1:])):
        record, takes = lean.stops[stop], int(lean.stops[stop]["service"]) + taken
        late.append(min(late[-1] - takes, int(record["closes"])))
        rest.append(rest[-1] + takes)
        home.append(max(home[-1], int(record["opens"]) + rest[-1]))
    assert [int(plan.nodes[node]["ready"]) for node in (depot, *stops)] == ready
    assert [int(plan.nodes[node]["late"]) for node in (*stops, depot)] == late[::-1]
    if lean.shifts:
        spans = [plan.spans[node].tolist() for node in (depot, *stops)]
        assert [span[0] for span in spans] == driven and [span[1] for span in spans] == leave
        spans = [plan.spans[node].tolist() for node in (*stops, depot)]
        assert [span[2] for span in spans] == rest[::-1] and [span[3] for span in spans] == home[::-1]
