"""Slow, obvious oracle of the solver: plain Python, one tour simulated from start to end, every plan tried.

It shares nothing with the kernels but the tables. Times are seconds on the day axis, costs are cost units.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby, pairwise
from math import floor, lcm

from routing.problem import EVEN_UNIT, FIRST_TRIP, INF_TRAVEL_S, LATER_TRIPS, NO_LOCATION, SPREAD_UNIT, Tables


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
    ready = trip_ready(tables, trips(tables, route.options)[0])
    return frozen if frozen >= 0 else max(int(tables.veh_open_s[route.vehicle]), ready)


def reloads(tables: Tables, option: int) -> bool:
    """Return whether an option stands for loading the vehicle again."""
    return tables.extras is not None and bool(tables.opt_order[option] >= tables.extras.reload_ptr[0])


def trips(tables: Tables, options: Sequence[int]) -> list[list[int]]:
    """Return the options between one loading and the next."""
    found: list[list[int]] = [[]]
    for option in options:
        if reloads(tables, option):
            found.append([])
        else:
            found[-1].append(option)
    return found


def trip_ready(tables: Tables, options: Sequence[int]) -> int:
    """Return when all that is loaded for a trip may leave."""
    return max([0, *(int(tables.release_s[tables.opt_order[option]]) for option in options)])


def loaded(tables: Tables, cls: int, options: Sequence[int], arrive: int) -> int | None:
    """Return when loading the vehicle again begins, for the options behind the first; None if it can't."""
    again, start = options[0], service_start(tables, cls, options[0], arrive)
    if start is None:
        return None
    ready = trip_ready(tables, trips(tables, options[1:])[0]) - int(tables.opt_service_s[again])
    closes = next(closes for _, closes, _ in sorted(windows(tables, cls, again)) if arrive <= closes)
    return max(start, ready) if max(start, ready) <= closes else None


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
        if reloads(tables, option):
            start = loaded(tables, cls, route.options[stop:], clock)
        else:
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
    """Return the load per dimension when leaving the start and each stop, the hub included."""
    history = []
    for trip in trips(tables, route.options):
        orders = [int(tables.opt_order[option]) for option in trip]
        board = [int(sum(tables.load[order, dim] for order in orders)) for dim in range(tables.load.shape[1])]
        history.append(board)
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
    """Return whether both halves of every pair are on one trip of a route, the collection first."""
    for trip in trips(tables, route.options):
        orders = [int(tables.opt_order[option]) for option in trip]
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
    """Return whether the vehicle may take every order of a route on the trip it is on."""
    first, *later = trips(tables, route.options)
    values = [[int(tables.allowed[route.vehicle, tables.opt_order[option]]) for option in trip]
              for trip in (first, [option for trip in later for option in trip])]  # fmt: skip
    return set(values[0]) <= {1, FIRST_TRIP} and set(values[1]) <= {1, LATER_TRIPS}


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
    line = simulate(tables, route, frozen)
    return line.why or ("drive" if drives_too_much(tables, route, line) else "")


def drives_too_much(tables: Tables, route: Route, line: Timeline) -> bool:
    """Return whether a route is longer, in seconds or metres, than its vehicle may drive; one that stays never is."""
    if tables.extras is None or tables.extras.most is None or not route.options:
        return False
    places = [int(tables.veh_start[route.vehicle]), *(int(tables.opt_loc[option]) for option in route.options)]
    places.append(int(tables.veh_end[route.vehicle]))
    lengths = tables.extras.length_m
    metres = sum(int(lengths[leg.profile, *ends]) for leg, ends in zip(line.drives, pairwise(places)))
    seconds = sum(leg.arrive - leg.depart for leg in line.drives)
    most_s, most_m = tables.extras.most[route.vehicle].tolist()
    return seconds > most_s or metres > most_m


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
    cost += per_s * sum(end - start for start, end in zip(line.starts, line.ends))
    return cost + late_cost(tables, route, line) + shape_cost(tables, route, line)


def late_cost(tables: Tables, route: Route, line: Timeline) -> int:
    """Return what hand-overs cost for beginning late."""
    if tables.extras is None:
        return 0
    rows = tables.extras.late[tables.opt_order[list(route.options)]].tolist()
    return sum(price * max(0, start - due) for (due, price), start in zip(rows, line.starts))


def shape_cost(tables: Tables, route: Route, line: Timeline) -> int:
    """Return what long work and a spread tour cost."""
    if tables.extras is None:
        return 0
    work = sum(leg.arrive - leg.depart for leg in line.drives)
    work += sum(end - start for start, end in zip(line.starts, line.ends))
    visited = [option for option in route.options if not reloads(tables, option)]
    spots = tables.extras.spot_m[tables.opt_loc[visited]].tolist()
    centre = [Fraction(sum(axis), len(spots)) for axis in zip(*spots)]
    away = sum((at - mean) ** 2 for spot in spots for at, mean in zip(spot, centre))
    return tables.extras.even_price * work**2 // EVEN_UNIT + tables.extras.spread_price * floor(away) // SPREAD_UNIT
