"""Prices of a plan's shape, where it has any: late hand-overs, long work, tours that spread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.jit import inner
from routing.problem import EVEN_UNIT, SPREAD_UNIT
from routing.solver.rules import Rules, is_reload

if TYPE_CHECKING:
    from routing.solver.tours import Tours


@inner
def late_cost(rules: Rules, order: int, start_s: int) -> int:
    """Return what it costs to serve an order from ``start_s`` on."""
    if len(rules.late) == 0:
        return 0
    return max(0, start_s - rules.late[order, 0]) * rules.late[order, 1]


@inner
def even_cost(price: int, work_s: int) -> int:
    """Return what it costs that so much work is on one tour."""
    return price * work_s * work_s // EVEN_UNIT


@inner
def spread_cost(price: int, points: int, east: int, north: int, squares: int) -> int:
    """Return what it costs that so many points are away from their mean."""
    if points == 0:
        return 0
    return price * ((points * squares - east * east - north * north) // points) // SPREAD_UNIT


@inner
def shape_cost(rules: Rules, tours: Tours, vehicle: int) -> int:
    """Return what the work on a tour costs for being long, and its points for being far apart."""
    if len(rules.prices) == 0:
        return 0
    tour = tours.fleet[vehicle]
    spread = spread_cost(rules.prices[1], 0 + tour.points, 0 + tour.east, 0 + tour.north, 0 + tour.squares)
    return even_cost(rules.prices[0], 0 + tour.work_s) + spread


@inner
def more_shape_cost(rules: Rules, tours: Tours, vehicle: int, option: int, more_s: int) -> int:
    """Return what it adds to :func:`shape_cost` to work ``more_s`` longer for an option."""
    if len(rules.prices) == 0:
        return 0
    tour = tours.fleet[vehicle]
    points, east, north, squares = 0 + tour.points, 0 + tour.east, 0 + tour.north, 0 + tour.squares
    work = 0 + tour.work_s
    if tour.stops == 0:  # the way home of a vehicle that stays is no work
        work -= tours.nodes[len(rules.orders) + 2 * vehicle + 1].travel_s
    before = even_cost(rules.prices[0], work) + spread_cost(rules.prices[1], points, east, north, squares)
    if not is_reload(rules, 0 + rules.options[option].order):
        place = rules.options[option].place
        points += 1
        east += rules.spot_m[place, 0]
        north += rules.spot_m[place, 1]
        squares += rules.spot_m[place, 0] ** 2 + rules.spot_m[place, 1] ** 2
    after = even_cost(rules.prices[0], 0 + tour.work_s + more_s)
    return after + spread_cost(rules.prices[1], points, east, north, squares) - before


@inner
def note_point(rules: Rules, tours: Tours, vehicle: int, order: int, place: int, sign: int) -> None:
    """Count the place of an order on a tour in (sign 1) or out (sign -1)."""
    if len(rules.prices) > 0 and not is_reload(rules, order):
        tour = tours.fleet[vehicle]
        east, north = rules.spot_m[place, 0], rules.spot_m[place, 1]
        tour.points += sign
        tour.east += sign * east
        tour.north += sign * north
        tour.squares += sign * (east * east + north * north)
