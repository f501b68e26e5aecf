"""What if a single rule did not hold? One order alone on one vehicle, with that rule lifted: the proof of a reason."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import numpy as np

from data.model.place import refuses
from routing.build_orders import busy_s, closed_spans, visit_windows
from routing.instance import Instance
from routing.problem import FAR_FUTURE_S, Tables
from routing.slices import Profile
from routing.solver.insertion import insert_each
from routing.solver.rules import INFEASIBLE, Rules, rules_of
from routing.solver.schedule import tours_cost
from routing.solver.tours import Tours, copy_tours, empty_tours

_STATE = ("nodes", "boards", "fleet", "aboard", "carried", "used", "tally")
"""The fields of tours that are more than a log."""


class Rule(StrEnum):
    """Rules that can be lifted."""

    NONE = "none"
    RELEASE = "release"
    BOXES = "boxes"
    HOURS = "hours"
    ZONES = "zones"


class Alone:
    """Tries orders alone on vehicles of one instance; what does not change from one to the next is packed once."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.rules = priceless(instance.problem.tables)
        self.empty = empty_tours(instance.problem.tables)
        self.scratch = copy_tours(self.empty)

    def fits(self, row: int, column: int, lifted: Rule = Rule.NONE) -> bool:
        """Return whether order ``row`` could be all that vehicle ``column`` does, were one rule lifted.

        Zones can't be lifted where they are closed all day to every vehicle of the category: there are no travel times
        without them, and the answer is no. Where there are none for an hour, those of another hour stand in.
        """
        rules, empty, tables = self.rules, self.empty, self.instance.problem.tables
        only = np.zeros_like(tables.allowed)
        only[column, row] = 1
        if lifted is Rule.RELEASE:
            orders = rules.orders.copy()
            orders["release_s"] = np.minimum(orders["release_s"], self.instance.present_s)
            rules = rules._replace(orders=orders)
        elif lifted is Rule.BOXES:
            rules = rules._replace(res_cap=np.full_like(tables.res_cap, FAR_FUTURE_S))
        elif lifted is Rule.HOURS:
            rules = priceless(_with_windows(self.instance, tables, row, column, lifted))
        elif lifted is Rule.ZONES:
            category, profiles = self.instance.vehicles[column].category, self.instance.travel.profiles
            free = [p for p, profile in enumerate(profiles) if profile.category is category and not profile.closed]
            if not free:
                return False
            tables = _without_zones(tables, column, free, profiles)
            tables = _with_windows(self.instance, tables, row, column, lifted)
            rules, empty = priceless(tables), empty_tours(tables)
        return insertion_cost(rules._replace(allowed=only), empty, row, self.scratch) is not None


def priceless(tables: Tables) -> Rules:
    """Return the rules under which every order is inserted wherever it fits, at any price."""
    return rules_of(tables._replace(penalty=np.full_like(tables.penalty, INFEASIBLE)))


def insertion_cost(rules: Rules, tours: Tours, row: int, scratch: Tours | None = None) -> int | None:
    """Return what putting an order where it is cheapest adds; ``None`` where it fits nowhere.

    Parameters
    ----------
    rules : Rules
        Of :func:`priceless`: packing them is dearer than an insertion, so it is done once for many.
    scratch : Tours, optional
        Tours of the same problem to try it in: copies are dearer than an insertion, too.
    """
    if scratch is None:
        trial = copy_tours(tours)
    else:
        trial = scratch
        for name in _STATE:
            np.copyto(getattr(trial, name), getattr(tours, name))
    if not insert_each(rules, trial, np.array([row], dtype=np.int64)):
        return None
    return int(tours_cost(rules, trial)) - int(tours_cost(rules, tours))


def mixed(tables: Tables) -> Tables:
    """Return the tables with every kind of goods allowed beside every other."""
    return tables._replace(apart=np.zeros_like(tables.apart))


def _without_zones(tables: Tables, column: int, free: Sequence[int], profiles: Sequence[Profile]) -> Tables:
    """Return the tables with, at all times, the most alike of the ``free`` profiles for the vehicle's class."""
    cls = int(tables.veh_class[column])
    chosen, safe = tables.slice_profile.copy(), tables.slice_safe.copy()
    for piece in range(tables.slice_ptr[cls], tables.slice_ptr[cls + 1]):
        now = profiles[tables.slice_profile[piece]]
        chosen[piece] = safe[piece] = min(free, key=lambda p: _unlike(profiles[p], now))
    return tables._replace(slice_profile=chosen, slice_safe=safe, closed_loc=np.zeros_like(tables.closed_loc))


def _unlike(profile: Profile, other: Profile) -> tuple[bool, bool, bool]:
    return profile.speed != other.speed, profile.hours != other.hours, profile.blocked != other.blocked


def _with_windows(instance: Instance, tables: Tables, row: int, column: int, lifted: Rule) -> Tables:
    """Return the tables with the order's windows for the vehicle's class drawn anew, without hours or zones."""
    cls = int(tables.veh_class[column])
    epoch_at = instance.problem.epoch_at
    closures = closed_spans(instance.access_of(column), instance.city.zones, epoch_at)
    first, last = tables.win_first.copy(), tables.win_last.copy()
    pool = list(zip(tables.win_open.tolist(), tables.win_close.tolist(), tables.win_arrive.tolist(), strict=True))
    order = instance.orders[row]
    for k, option in enumerate(order.options, start=int(tables.opt_ptr[row])):
        place = instance.places[option.place_id]
        if any(refuses(parcel, place) for parcel in order.parcels):
            continue
        hours = None if lifted is Rule.HOURS else instance.hours.get(place.id)
        zone = instance.location_zone[int(tables.opt_loc[k])]
        closed = () if lifted is Rule.ZONES else closures.get(zone, ())
        pieces = visit_windows(option, hours, closed, busy_s(option, place), epoch_at)
        first[cls, k], last[cls, k] = len(pool), len(pool) + len(pieces)
        pool += pieces
    columns = np.array(pool, dtype=np.int64).reshape(-1, 3).T
    opens, closes, arrive = (np.ascontiguousarray(values) for values in columns)
    return tables._replace(win_first=first, win_last=last, win_open=opens, win_close=closes, win_arrive=arrive)
