"""Slow, obvious oracle of the solver: plain Python, one tour simulated from start to end, every plan tried.

It shares nothing with the kernels but the tables. Times are seconds on the day axis, costs are cost units.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise, permutations, product
from math import lcm

from routing.problem import INF_TRAVEL_S, NO_LOCATION, Tables

Choice = frozenset[int]  # options, one per served order


@dataclass(frozen=True)
class Route:
    """One vehicle's options in order; ``breaks[k]`` of its breaks are taken after k stops."""

    vehicle: int
    options: tuple[int, ...]
    breaks: tuple[int, ...]


@dataclass(frozen=True)
class Drive:
    """A leg: which profile, when it leaves, when it arrives."""

    profile: int
    depart: int
    arrive: int


@dataclass(frozen=True)
class Timeline:
    """What happens on a route; ``why`` is empty if nothing is wrong, else times stop where it went wrong."""

    why: str
    departure: int
    starts: tuple[int, ...] = ()
    ends: tuple[int, ...] = ()
    drives: tuple[Drive, ...] = ()  # one per stop, then the way home (absent on an open tour)
    back: int = 0


def slices(tables: Tables, cls: int) -> list[tuple[int, int, int]]:
    """Return ``(from, until, profile)`` of a class's time slices."""
    first, last = int(tables.slice_ptr[cls]), int(tables.slice_ptr[cls + 1])
    ends = tables.slice_end_s[first:last].tolist()
    return list(zip([-(10**12), *ends[:-1]], [*ends[:-1], 10**12], tables.slice_profile[first:last].tolist()))


def closed_between(tables: Tables, cls: int, place: int, first: int, last: int) -> bool:
    """Return whether the place's zone is closed to the class at any moment of ``[first, last)``."""
    return any(
        first < until and last > since and tables.closed_loc[profile, place]
        for since, until, profile in slices(tables, cls)
    )


def safe_slices(tables: Tables, cls: int) -> list[tuple[int, int, int]]:
    """Return ``(from, until, profile)`` with everything closed that is ever closed to the class."""
    safe = tables.slice_safe[int(tables.slice_ptr[cls]) : int(tables.slice_ptr[cls + 1])].tolist()
    return [(since, until, profile) for (since, until, _), profile in zip(slices(tables, cls), safe)]


def stretches(tables: Tables, cls: int) -> list[list[tuple[int, int, int]]]:
    """Return the slices in runs over whose inner ends a leg goes on."""
    stop = tables.slice_stretch[int(tables.slice_ptr[cls]) : int(tables.slice_ptr[cls + 1])].tolist()
    return [[piece for _, piece in run] for _, run in groupby(zip(stop, slices(tables, cls)), key=lambda pair: pair[0])]


def ride(tables: Tables, pieces: Sequence[tuple[int, int, int]], source: int, target: int, depart: int) -> Drive | None:
    """Drive a leg second by second, each at the pace of its slice; None where it is not over when the slices are."""
    at = [(since, until, int(tables.duration_s[profile, source, target])) for since, until, profile in pieces]
    if any(seconds >= INF_TRAVEL_S for _, _, seconds in at):
        return None
    first = next(profile for since, until, profile in pieces if since <= depart < until)
    whole, done, clock = lcm(*(seconds for _, _, seconds in at if seconds)), 0, depart
    while True:
        seconds = next((seconds for since, until, seconds in at if since <= clock < until), None)
        if done >= whole or seconds == 0:
            return Drive(first, depart, clock)
        if seconds is None:
            return None
        done, clock = done + whole // seconds, clock + 1


def drive(tables: Tables, cls: int, source: int, target: int, leave: int) -> Drive | None:
    """Return the earliest arrival: at once on the always-safe way, or inside one stretch, if need be a later one.

    Nobody waits where it is closed. Of equal arrivals the safe way, then the first departure is taken.
    """
    ways = [ride(tables, safe_slices(tables, cls), source, target, leave)]
    alone = len(slices(tables, cls)) == 1
    for pieces in stretches(tables, cls):
        depart = max(leave, pieces[0][0])
        free = alone or not closed_between(tables, cls, source, leave, depart + 1)
        if depart < pieces[-1][1] and free:
            ways.append(ride(tables, pieces, source, target, depart))
    return min((way for way in ways if way), key=lambda way: way.arrive, default=None)


def windows(tables: Tables, cls: int, option: int) -> list[tuple[int, int, int]]:
    """Return ``(opens, closes, arrive_from)`` of an option for a class."""
    piece = slice(int(tables.win_first[cls, option]), int(tables.win_last[cls, option]))
    return list(zip(*(column[piece].tolist() for column in (tables.win_open, tables.win_close, tables.win_arrive))))


def service_start(tables: Tables, cls: int, option: int, arrive: int) -> int | None:
    """Return the first moment of a window that is not over; None if there is none or arriving so early is forbidden."""
    for opens, closes, arrive_from in sorted(windows(tables, cls, option), key=lambda window: window[1]):
        if arrive <= closes:
            return max(arrive, opens) if arrive >= arrive_from else None
    return None


def departure(tables: Tables, route: Route, frozen: int = -1) -> int:
    """Return when the tour leaves: as soon as the shift has begun and all is ready, or when it was frozen to."""
    ready = [int(tables.release_s[tables.opt_order[option]]) for option in route.options]
    return frozen if frozen >= 0 else max([int(tables.veh_open_s[route.vehicle]), *ready])


def simulate(tables: Tables, route: Route, frozen: int = -1, begin: int = 0, begin_at: int = 0) -> Timeline:
    """Drive a route as early as possible.

    With ``begin`` = k > 0 the tour is picked up when stop k - 1 ends, at ``begin_at``: what is before is not looked at.
    """
    vehicle = route.vehicle
    cls, close = int(tables.veh_class[vehicle]), int(tables.veh_close_s[vehicle])
    leaves = departure(tables, route, frozen)
    clock = begin_at if begin else leaves
    places = [int(tables.veh_start[vehicle]), *(int(tables.opt_loc[option]) for option in route.options)]
    home = int(tables.veh_end[vehicle])
    next_break = int(tables.brk_ptr[vehicle]) + sum(route.breaks[:begin])
    starts: list[int] = []
    ends: list[int] = []
    drives: list[Drive] = []

    def broken(why: str) -> Timeline:
        return Timeline(why, leaves, tuple(starts), tuple(ends), tuple(drives))

    if clock > close:
        return broken("shift")
    for stop in range(begin, len(places)):
        stood_from = clock
        pauses = range(next_break, next_break + route.breaks[stop])
        next_break += route.breaks[stop]
        last = stop == len(places) - 1
        # before the departure, a driver may have rested since the shift began
        rest_from = int(tables.veh_open_s[vehicle]) if stop == 0 else clock
        if not last:
            rested = after_rests(tables, pauses, rest_from)
            if rested is None:
                return broken("break")
            found = drive(tables, cls, places[stop], places[stop + 1], max(clock, rested))
        else:
            ends_at = way_back(tables, vehicle, places[stop], pauses, clock, rest_from)
            if ends_at is None:
                return broken("break")
            if home == NO_LOCATION:
                clock = ends_at
                if clock > stood_from and closed_between(tables, cls, places[stop], stood_from, clock):
                    return broken("stands in a closed zone")
                break
            found = drive(tables, cls, places[stop], home, ends_at)
        if found is None:
            return broken("no way")
        if found.depart > stood_from and closed_between(tables, cls, places[stop], stood_from, found.depart):
            return broken("stands in a closed zone")
        drives.append(found)
        clock = found.arrive
        if last:
            break
        option = route.options[stop]
        start = service_start(tables, cls, option, clock)
        if start is None:
            late = all(clock > closes for _, closes, _ in windows(tables, cls, option))
            return broken("window" if late else "there before the zone opens")
        setup = 0 if places[stop] == places[stop + 1] else int(tables.opt_setup_s[option])
        clock = start + setup + int(tables.opt_service_s[option])
        starts.append(start)
        ends.append(clock)
    if clock > close:
        return broken("shift")
    return Timeline("", leaves, tuple(starts), tuple(ends), tuple(drives), clock)


def after_rests(tables: Tables, pauses: Sequence[int], clock: int) -> int | None:
    """Return when some breaks, taken in turn, are over; None if one would begin too late."""
    for pause in pauses:
        clock = max(clock, int(tables.brk_open[pause]))
        if clock > tables.brk_close[pause]:
            return None
        clock += int(tables.brk_duration[pause])
    return clock


def way_back(tables: Tables, vehicle: int, place: int, pauses: Sequence[int], clock: int, rest_from: int) -> int | None:
    """Return when to leave for the end of the tour: after no more breaks than are due before it is over."""
    cls, home = int(tables.veh_class[vehicle]), int(tables.veh_end[vehicle])
    for count in range(len(pauses) + 1):
        rested = after_rests(tables, pauses[:count], rest_from)
        if rested is None:
            return None
        leave = max(clock, rested)
        found = None if home == NO_LOCATION else drive(tables, cls, place, home, leave)
        if home != NO_LOCATION and found is None:
            if count == len(pauses):
                return leave
            continue
        over = leave if found is None else found.arrive
        if all(over <= tables.brk_due[pause] for pause in pauses[count:]):
            return leave
    return None


def loads_on_board(tables: Tables, route: Route) -> list[list[int]]:
    """Return the load per dimension when leaving the start and each stop."""
    orders = [int(tables.opt_order[option]) for option in route.options]
    board = [int(sum(tables.load[order, dim] for order in orders)) for dim in range(tables.load.shape[1])]
    history = [board]
    for order in orders:
        change = (tables.pickup[order] - tables.load[order]).tolist()
        board = [now + more for now, more in zip(board, change)]
        history.append(board)
    return history


def fits(tables: Tables, route: Route) -> bool:
    """Return whether capacities hold all along a route."""
    caps = tables.veh_cap[route.vehicle].tolist()
    return all(now <= cap for board in loads_on_board(tables, route) for now, cap in zip(board, caps))


def paired(tables: Tables, route: Route) -> bool:
    """Return whether both halves of every pair are on a route, the collection first."""
    orders = [int(tables.opt_order[option]) for option in route.options]
    for order in orders:
        partner = int(tables.partner[order])
        if partner >= 0 and partner not in orders:
            return False
        if partner > order and orders.index(partner) > orders.index(order):
            return False
    return True


def together(tables: Tables, route: Route) -> bool:
    """Return whether no two orders of a route are of kinds to be kept apart."""
    orders = [int(tables.opt_order[option]) for option in route.options]
    present = [kind for kind in range(len(tables.apart)) if any(tables.kinds[order, kind] for order in orders)]
    return not any(tables.apart[one, other] for one in present for other in present)


def may_carry(tables: Tables, route: Route) -> bool:
    """Return whether the vehicle may take every order of a route."""
    return all(tables.allowed[route.vehicle, tables.opt_order[option]] for option in route.options)


def why_not(tables: Tables, route: Route, frozen: int = -1) -> str:
    """Return why a route is infeasible, empty if it is feasible."""
    if not may_carry(tables, route):
        return "not allowed"
    if not paired(tables, route):
        return "half a pair"
    if not together(tables, route):
        return "kinds"
    if not fits(tables, route):
        return "load"
    return simulate(tables, route, frozen).why


def used(tables: Tables, options: Sequence[int]) -> Counter[int]:
    """Return how much of each shared resource options take."""
    count: Counter[int] = Counter()
    for option in options:
        for entry in range(int(tables.res_ptr[option]), int(tables.res_ptr[option + 1])):
            count[int(tables.res_row[entry])] += int(tables.res_amount[entry])
    return count


def within_resources(tables: Tables, options: Sequence[int]) -> bool:
    """Return whether boxes and relay places are enough."""
    return all(amount <= tables.res_cap[row] for row, amount in used(tables, options).items())


def route_cost(tables: Tables, route: Route, line: Timeline) -> int:
    """Return fixed cost, options, kilometres, and hours driving and serving; 0 for a vehicle that stays."""
    if not route.options:
        return 0
    fixed, per_m, per_s = tables.veh_cost[route.vehicle].tolist()
    places = [int(tables.veh_start[route.vehicle]), *(int(tables.opt_loc[option]) for option in route.options)]
    places.append(int(tables.veh_end[route.vehicle]))
    cost = fixed + sum(int(tables.opt_cost[option]) for option in route.options)
    for leg, (source, target) in zip(line.drives, pairwise(places)):
        cost += per_m * int(tables.distance_m[leg.profile, source, target]) + per_s * (leg.arrive - leg.depart)
    return cost + per_s * sum(end - start for start, end in zip(line.starts, line.ends))


def splits(count: int, parts: int) -> Iterator[tuple[int, ...]]:
    """Yield every way to put ``count`` breaks, in turn, after ``parts`` nodes."""
    if parts == 1:
        yield (count,)
        return
    for first in range(count + 1):
        for rest in splits(count - first, parts - 1):
            yield (first, *rest)


def break_count(tables: Tables, vehicle: int) -> int:
    """Return how many breaks a vehicle has."""
    return int(tables.brk_ptr[vehicle + 1] - tables.brk_ptr[vehicle])


def with_breaks(tables: Tables, vehicle: int, options: Sequence[int]) -> Iterator[Route]:
    """Yield the route with every break position."""
    for breaks in splits(break_count(tables, vehicle), len(options) + 1):
        yield Route(vehicle, tuple(options), breaks)


def cheapest_routes(tables: Tables, vehicle: int) -> dict[Choice, tuple[int, Route]]:
    """Return the cheapest feasible route of one vehicle for every set of options it can serve."""
    orders = [order for order in range(len(tables.release_s)) if tables.allowed[vehicle, order]]
    ranges = [[-1, *range(int(tables.opt_ptr[order]), int(tables.opt_ptr[order + 1]))] for order in orders]
    best: dict[Choice, tuple[int, Route]] = {}
    for chosen in product(*ranges):
        options = [option for option in chosen if option >= 0]
        if not within_resources(tables, options):
            continue
        for sequence in permutations(options):
            bare = Route(vehicle, sequence, ())
            if not (fits(tables, bare) and paired(tables, bare) and together(tables, bare)):
                continue
            for route in with_breaks(tables, vehicle, sequence):
                line = simulate(tables, route)
                if not line.why:
                    cost = route_cost(tables, route, line)
                    if cost < best.get(frozenset(options), (cost + 1, route))[0]:
                        best[frozenset(options)] = (cost, route)
    best[frozenset()] = (0, Route(vehicle, (), (break_count(tables, vehicle),)))
    return best


@dataclass(frozen=True)
class Best:
    """The optima of a tiny problem: ``merit`` is (penalty of what is left out, total cost), least first."""

    merit: tuple[int, int]
    cost: int
    served: int


def optimum(tables: Tables) -> Best:
    """Try every assignment, option, sequence and break position; return the least merit, the least cost, and the
    most orders any plan serves."""
    per_vehicle = [cheapest_routes(tables, vehicle) for vehicle in range(len(tables.veh_class))]
    penalty = tables.penalty.tolist()
    plans: list[tuple[Choice, int]] = [(frozenset(), 0)]
    for routes in per_vehicle:
        merged: dict[Choice, int] = {}
        for taken, cost in plans:
            orders = {int(tables.opt_order[option]) for option in taken}
            for choice, (more, _) in routes.items():
                if orders & {int(tables.opt_order[option]) for option in choice}:
                    continue
                both = taken | choice
                if cost + more < merged.get(both, cost + more + 1):
                    merged[both] = cost + more
        plans = list(merged.items())
    found = []
    for taken, cost in plans:
        if within_resources(tables, sorted(taken)):
            out = sum(penalty) - sum(penalty[int(tables.opt_order[option])] for option in taken)
            orders = [int(tables.opt_order[option]) for option in taken]
            collections = [order for order in orders if 0 <= tables.partner[order] < order]
            found.append(((out, out + cost), len(orders) - len(collections)))
    return Best(
        merit=min(merit for merit, _ in found),
        cost=min(cost for (_, cost), _ in found),
        served=max(count for _, count in found),
    )


def insertions(tables: Tables, routes: Sequence[Route], order: int, move_breaks: bool) -> Iterator[Route]:
    """Yield every feasible route with an order, or both halves of a pair, put somewhere into a plan.

    Without ``move_breaks`` only the breaks of the node it goes after may come before or after it.
    """
    partner = int(tables.partner[order])
    if partner > order:
        for collecting in _longer(tables, routes, partner, move_breaks):
            others = [route if route.vehicle != collecting.vehicle else collecting for route in routes]
            for longer in _longer(tables, others, order, move_breaks):
                if longer.vehicle == collecting.vehicle and not why_not(tables, longer):
                    yield longer
        return
    yield from (longer for longer in _longer(tables, routes, order, move_breaks) if not why_not(tables, longer))


def _longer(tables: Tables, routes: Sequence[Route], order: int, move_breaks: bool) -> Iterator[Route]:
    """Yield every route with an order put somewhere, feasible or not, as long as boxes are enough."""
    taken = [option for route in routes for option in route.options]
    for option in range(int(tables.opt_ptr[order]), int(tables.opt_ptr[order + 1])):
        if not within_resources(tables, [*taken, option]):
            continue
        for route in routes:
            for at in range(len(route.options) + 1):
                longer = (*route.options[:at], option, *route.options[at:])
                if move_breaks:
                    candidates = list(with_breaks(tables, route.vehicle, longer))
                else:
                    candidates = [
                        Route(route.vehicle, longer,
                              (*route.breaks[:at], kept, route.breaks[at] - kept, *route.breaks[at + 1 :]))
                        for kept in range(route.breaks[at] + 1)
                    ]  # fmt: skip
                yield from candidates
