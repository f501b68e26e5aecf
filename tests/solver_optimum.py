"""The best plan of a tiny problem, by trying every one; and every way to put an order into a plan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, permutations, product, zip_longest

from routing.problem import Tables
from tests.solver_naive import (
    Route,
    drives_too_much,
    fits,
    may_carry,
    paired,
    route_cost,
    simulate,
    together,
    why_not,
    within_resources,
)

Choice = frozenset[int]  # options, one per served order


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
        for sequence in loaded_again(tables, vehicle, options):
            bare = Route(vehicle, sequence, ())
            if not (may_carry(tables, bare) and fits(tables, bare) and paired(tables, bare) and together(tables, bare)):
                continue
            for route in with_breaks(tables, vehicle, sequence):
                line = simulate(tables, route)
                if not (line.why or drives_too_much(tables, route, line)):
                    cost = route_cost(tables, route, line)
                    if cost < best.get(frozenset(options), (cost + 1, route))[0]:
                        best[frozenset(options)] = (cost, route)
    best[frozenset()] = (0, Route(vehicle, (), (break_count(tables, vehicle),)))
    return best


def loaded_again(tables: Tables, vehicle: int, options: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Yield every sequence of options with the vehicle loaded again anywhere, but never for nothing.

    A vehicle that starts elsewhere may come to its hub first.
    """
    rows = range(0) if tables.extras is None else range(*tables.extras.reload_ptr[vehicle : vehicle + 2].tolist())
    away = any(tables.opt_loc[tables.opt_ptr[row]] != tables.veh_start[vehicle] for row in rows)
    first_cut = 0 if away else 1
    for sequence in permutations(options):
        for count in range(min(len(rows), max(0, len(options) - first_cut)) + 1):
            for cuts in combinations(range(first_cut, len(options)), count):
                parts = [sequence[first:last] for first, last in zip((0, *cuts), (*cuts, len(options)))]
                again = [(int(tables.opt_ptr[row]),) for row in rows[:count]]
                yield tuple(
                    option for part in zip_longest(parts, again, fillvalue=()) for each in part for option in each
                )


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
