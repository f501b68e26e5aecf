"""OR-Tools as a second opinion: loads a plan, improves it with guided local search, hands it back to be checked.

The model is built per group of vehicles and orders that have anything to do with each other (in practice: a hub).
Where it can't say what the kernels know, it is stricter (a tour never leaves earlier than it does now, zones closed
at any time of the day stay closed all day) or it is corrected afterwards: every answer is scheduled exactly by
:mod:`routing.solver.sequences`, and orders that do not fit then are inserted again or left out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from ortools.constraint_solver import pywrapcp, routing_enums_pb2

from routing.problem import FAR_FUTURE_S, INF_TRAVEL_S, NO_LOCATION, Problem, Tables
from routing.solver.insertion import insert_all
from routing.solver.ortools_groups import Group, safe_profiles, split_groups
from routing.solver.sequences import append_sequence, tour_breaks, tour_nodes
from routing.solver.stop import Stop
from routing.solver.tours import Tours, empty_tours, merit, schedule_tour

COST_SCALE = 36_000
"""OR-Tools counts in 1/100 cent: small enough for its penalties, exact enough for ours."""


@dataclass(frozen=True)
class OrToolsEngine:
    """Improves a plan with OR-Tools' routing solver."""

    name: str = "ortools"

    def improve(self, problem: Problem, tours: Tours, stop: Stop, report: Callable[[Tours], None]) -> Tours:
        """Return the plan with each group improved in turn; see :class:`routing.solver.engine.Engine`."""
        best = tours
        groups = split_groups(problem.tables, best)
        for index, group in enumerate(groups):
            share = stop.share(1 / (len(groups) - index))
            best = self._improve_group(problem, best, group, share, report)
        return best

    def _improve_group(
        self, problem: Problem, tours: Tours, group: Group, stop: Stop, report: Callable[[Tours], None]
    ) -> Tours:
        best = [tours]

        def offer(sequences: dict[int, list[int]]) -> None:
            found = rebuild(problem.tables, best[0], sequences)
            if merit(problem.tables, found) < merit(problem.tables, best[0]):
                best[0] = found
                report(found)

        GroupModel(problem.tables, tours, group).search(stop, offer)
        return best[0]


def rebuild(tables: Tables, tours: Tours, sequences: dict[int, list[int]]) -> Tours:
    """Return tours with the given vehicles' sequences of options replaced, exactly scheduled, the rest kept.

    Sealed heads keep their times; ``tours`` come back as they are where one could not.
    """
    fresh = empty_tours(tables)
    fresh.frozen_start_s[:] = tours.frozen_start_s
    for vehicle in range(len(tables.veh_class)):
        schedule_tour(tables, fresh, vehicle)
    for vehicle in range(len(tables.veh_class)):
        now = [int(tours.option[node]) for node in tour_nodes(tables, tours, vehicle)]
        head = tours.sealed[vehicle] if vehicle in sequences else len(now)
        pinned = tour_breaks(tables, tours, vehicle)[:head]
        dropped = append_sequence(tables, fresh, vehicle, sequences.get(vehicle, now), pinned)
        if set(now[:head]) & set(dropped):
            return tours
    fresh.sealed[:] = tours.sealed
    left = np.flatnonzero((fresh.vehicle < 0) & (tours.vehicle >= 0))
    insert_all(tables, fresh, left.astype(np.int64))
    insert_all(tables, fresh, np.flatnonzero(fresh.vehicle < 0).astype(np.int64))
    return fresh


class GroupModel:
    """One OR-Tools model: nodes are the options, then a start and an end per vehicle."""

    def __init__(self, tables: Tables, tours: Tours, group: Group) -> None:
        self.tables, self.tours, self.group = tables, tours, group
        count = len(group.options)
        starts = list(range(count, count + 2 * len(group.vehicles), 2))
        ends = [start + 1 for start in starts]
        self.manager = pywrapcp.RoutingIndexManager(count + 2 * len(group.vehicles), len(starts), starts, ends)
        self.model = pywrapcp.RoutingModel(self.manager)
        self.locations = self._locations()
        self.row_of = {option: node for node, option in enumerate(group.options)}
        self._transits()
        self._add_loads()
        self._add_limits()
        self._add_time()
        self._add_orders()
        self._add_shared()
        self._keep_apart()

    def search(self, stop: Stop, offer: Callable[[dict[int, list[int]]], None]) -> None:
        """Improve the loaded plan until ``stop``; ``offer`` every better solution as sequences of options."""
        parameters = pywrapcp.DefaultRoutingSearchParameters()
        parameters.local_search_metaheuristic = routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
        parameters.time_limit.FromMilliseconds(max(1, int(stop.remaining_s() * 1000)))
        self.model.AddSearchMonitor(self.model.solver().CustomLimit(stop.__call__))
        self.model.CloseModelWithParameters(parameters)
        warm = self.model.ReadAssignmentFromRoutes(self._routes(), True)
        if warm is None or stop():
            return
        solution = self.model.SolveFromAssignmentWithParameters(warm, parameters)
        if solution is not None:
            offer(self._sequences(solution))

    def _locations(self) -> NDArray[np.int64]:
        tables = self.tables
        ends = [[tables.veh_start[v], max(tables.veh_end[v], 0)] for v in self.group.vehicles]
        return np.concatenate([tables.opt_loc[self.group.options], np.array(ends, dtype=np.int64).ravel()])

    def _transits(self) -> None:
        """Register travel time and cost once per distinct (class, prices)."""
        tables = self.tables
        self.time_of: list[int] = []
        kinds: dict[tuple[int, ...], tuple[int, int]] = {}
        for row, vehicle in enumerate(self.group.vehicles):
            kind = (int(tables.veh_class[vehicle]), *tables.veh_cost[vehicle, 1:].tolist())
            kind = (*kind, int(tables.veh_end[vehicle] == NO_LOCATION))
            if kind not in kinds:
                seconds, cost = self._matrices(vehicle)
                kinds[kind] = (
                    self.model.RegisterTransitMatrix(seconds.tolist()),
                    self.model.RegisterTransitMatrix(cost.tolist()),
                )
            self.time_of.append(kinds[kind][0])
            self.model.SetArcCostEvaluatorOfVehicle(kinds[kind][1], row)
            self.model.SetFixedCostOfVehicle(int(tables.veh_cost[vehicle, 0]) // COST_SCALE, row)

    def _matrices(self, vehicle: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return int64 [n, n]: seconds from "set up at i" to "set up at j", and cost in 1/100 cent.

        The model knows one time per leg: that of the slowest hour of the day.
        """
        tables, where = self.tables, self.locations
        options = self.group.options
        seconds, metres = self._legs(vehicle, tables.duration_s), self._legs(vehicle, tables.distance_m)
        apart = where[:, None] != where[None, :]
        count = len(options)
        service = np.zeros(len(where), dtype=np.int64)
        setup = np.zeros(len(where), dtype=np.int64)
        extra = np.zeros(len(where), dtype=np.int64)
        service[:count], setup[:count] = tables.opt_service_s[options], tables.opt_setup_s[options]
        extra[:count] = tables.opt_cost[options]
        busy = seconds + service[:, None] + setup[None, :] * apart
        _, per_m, per_s = tables.veh_cost[vehicle].tolist()
        cost = (metres * per_m + busy * per_s + extra[None, :]) // COST_SCALE
        cut = seconds >= INF_TRAVEL_S
        busy[cut], cost[cut] = FAR_FUTURE_S, FAR_FUTURE_S
        return busy, cost

    def _add_loads(self) -> None:
        tables = self.tables
        for dim in range(tables.load.shape[1]):
            if (tables.pickup[:, dim] > 0).any():
                self._add_two_way_load(dim)
            else:
                self._add_load(tables.load[:, dim], f"load{dim}", dim)

    def _add_load(self, amounts: NDArray[np.int64], name: str, dim: int) -> None:
        node_load = [int(amounts[self.tables.opt_order[option]]) for option in self.group.options]
        node_load += [0] * (2 * len(self.group.vehicles))
        index = self.model.RegisterUnaryTransitVector(node_load)
        caps = [int(self.tables.veh_cap[vehicle, dim]) for vehicle in self.group.vehicles]
        self.model.AddDimensionWithVehicleCapacity(index, 0, caps, True, name)

    def _add_two_way_load(self, dim: int) -> None:
        """Load on board = deliveries still to come + pickups done; both dimensions end with what they began."""
        change = self.tables.pickup[:, dim] - self.tables.load[:, dim]
        node_load = [int(change[self.tables.opt_order[option]]) for option in self.group.options]
        node_load += [0] * (2 * len(self.group.vehicles))
        index = self.model.RegisterUnaryTransitVector(node_load)
        caps = [int(self.tables.veh_cap[vehicle, dim]) for vehicle in self.group.vehicles]
        self._add_load(self.tables.load[:, dim], f"out{dim}", dim)
        self.model.AddDimensionWithVehicleCapacity(index, 0, caps, False, f"board{dim}")
        out = self.model.GetDimensionOrDie(f"out{dim}")
        board = self.model.GetDimensionOrDie(f"board{dim}")
        for row in range(len(self.group.vehicles)):
            solver = self.model.solver()
            solver.Add(board.CumulVar(self.model.Start(row)) == out.CumulVar(self.model.End(row)))

    def _add_limits(self) -> None:
        """How long and how far each vehicle may drive, at the slowest hour of the day."""
        extras, vehicles = self.tables.extras, self.group.vehicles
        if extras is None or extras.most is None or extras.length_m is None:
            return
        for column, (name, table) in enumerate((("drive_s", self.tables.duration_s), ("drive_m", extras.length_m))):
            most = extras.most[vehicles, column].tolist()
            kinds: dict[tuple[int, bool], int] = {}
            for vehicle in vehicles:
                kind = int(self.tables.veh_class[vehicle]), bool(self.tables.veh_end[vehicle] == NO_LOCATION)
                if kind not in kinds:
                    kinds[kind] = self.model.RegisterTransitMatrix(self._legs(vehicle, table).tolist())
            ways = [
                kinds[int(self.tables.veh_class[each]), bool(self.tables.veh_end[each] == NO_LOCATION)]
                for each in vehicles
            ]
            self.model.AddDimensionWithVehicleTransitAndCapacity(ways, 0, most, True, name)

    def _legs(self, vehicle: int, table: NDArray[np.int32]) -> NDArray[np.int64]:
        """Return int64 [n, n]: the most of a table over the profiles a vehicle may meet; nothing to an open end."""
        where = self.locations
        legs = table[np.ix_(safe_profiles(self.tables, vehicle), where, where)].max(axis=0).astype(np.int64)
        if self.tables.veh_end[vehicle] == NO_LOCATION:
            legs[:, np.arange(len(self.group.options) + 1, len(where), 2)] = 0
        return legs

    def _add_time(self) -> None:
        tables, model = self.tables, self.model
        horizon = max(int(tables.veh_close_s[self.group.vehicles].max()), *map(self.departure, self.group.vehicles), 0)
        model.AddDimensionWithVehicleTransits(self.time_of, horizon, horizon, False, "time")
        self.time = model.GetDimensionOrDie("time")
        for node, option in enumerate(self.group.options):
            self._limit_start(self.time.CumulVar(self.manager.NodeToIndex(node)), option, horizon)
        visits = [0] * model.Size()
        for node, option in enumerate(self.group.options):
            visits[self.manager.NodeToIndex(node)] = int(tables.opt_service_s[option])
        for row, vehicle in enumerate(self.group.vehicles):
            departure, close = self.departure(vehicle), int(tables.veh_close_s[vehicle])
            self.time.CumulVar(model.Start(row)).SetRange(departure, max(departure, close))
            self.time.CumulVar(model.End(row)).SetRange(departure, max(departure, close))
            own = range(tables.brk_ptr[vehicle], tables.brk_ptr[vehicle + 1])
            breaks = [self._break(row, vehicle, index) for index in own]
            if breaks:
                self.time.SetBreakIntervalsOfVehicle(breaks, row, visits)

    def departure(self, vehicle: int) -> int:
        """Return when the tour leaves now; an empty one may wait for everything to be ready."""
        tables = self.tables
        start = len(tables.release_s) + 2 * vehicle
        if self.tours.size[vehicle]:
            return int(self.tours.end_s[start])
        orders = tables.opt_order[self.group.options]
        ready = int(tables.release_s[orders].max())
        opening = int(tables.veh_open_s[vehicle])
        return max(opening, ready) if ready < int(tables.veh_close_s[vehicle]) else opening

    def _break(self, row: int, vehicle: int, index: int) -> pywrapcp.IntervalVar:
        """Return a break that has to be taken on a tour that is not over by when it is due."""
        tables, solver, end = self.tables, self.model.solver(), self.time.CumulVar(self.model.End(row))
        opens, closes, due = (int(column[index]) for column in (tables.brk_open, tables.brk_close, tables.brk_due))
        may_be_over = end.Min() <= due
        taken = solver.FixedDurationIntervalVar(
            opens, closes, int(tables.brk_duration[index]), may_be_over, f"break {vehicle} {index}"
        )
        if may_be_over:
            solver.Add(taken.PerformedExpr() >= solver.IsGreaterCstVar(end, due))
        return taken

    def _limit_start(self, cumul: pywrapcp.IntVar, option: int, horizon: int) -> None:
        """Allow "set up at" inside the option's windows, each shifted by the set-up."""
        spans = self._strictest_windows(option)
        setup = int(self.tables.opt_setup_s[option])
        if not spans:
            cumul.SetRange(horizon, horizon)
            return
        cumul.SetRange(max(0, min(horizon, spans[0][0])), min(horizon, spans[-1][1] + setup))
        for (_, closes), (opens, _) in zip(spans, spans[1:], strict=False):
            if closes + setup + 1 <= opens - 1:
                cumul.RemoveInterval(closes + setup + 1, opens - 1)

    def _strictest_windows(self, option: int) -> list[tuple[int, int]]:
        tables = self.tables
        classes = {int(tables.veh_class[vehicle]) for vehicle in self.allowed_vehicles(option)}
        pieces = [slice(tables.win_first[cls, option], tables.win_last[cls, option]) for cls in classes]
        spans = [
            list(zip(tables.win_open[part].tolist(), tables.win_close[part].tolist(), strict=True)) for part in pieces
        ]
        return max(spans, key=len, default=[])

    def allowed_vehicles(self, option: int) -> list[int]:
        """Return the group's vehicles that may take an option: the same windows for all of their classes."""
        tables, tours = self.tables, self.tours
        order = int(tables.opt_order[option])
        now = int(tours.vehicle[order])
        may = [
            vehicle
            for vehicle in self.group.vehicles
            if tables.allowed[vehicle, order]
            and tables.win_first[tables.veh_class[vehicle], option] < tables.win_last[tables.veh_class[vehicle], option]
            and tables.release_s[order] <= self.departure(vehicle)
        ]
        if now in self.group.vehicles and now not in may and tours.option[order] == option:
            may.append(now)
        if not may:
            return []
        lead = int(tables.veh_class[now]) if now in may else int(tables.veh_class[may[0]])
        key = (tables.win_first[lead, option], tables.win_last[lead, option])
        return [v for v in may if (tables.win_first[tables.veh_class[v], option],
                                   tables.win_last[tables.veh_class[v], option]) == key]  # fmt: skip

    def _add_orders(self) -> None:
        """One of an order's options is visited, or its penalty paid; sealed orders stay where they are."""
        tables = self.tables
        nodes: dict[int, list[int]] = {}
        disjunction: dict[int, int] = {}
        for node, option in enumerate(self.group.options):
            nodes.setdefault(int(tables.opt_order[option]), []).append(self.manager.NodeToIndex(node))
        rows = {vehicle: row for row, vehicle in enumerate(self.group.vehicles)}
        for order, indices in nodes.items():
            disjunction[order] = self.model.AddDisjunction(indices, int(tables.penalty[order]) // COST_SCALE, 1)
        for node, option in enumerate(self.group.options):
            may = [rows[vehicle] for vehicle in self.allowed_vehicles(option)]
            self.model.VehicleVar(self.manager.NodeToIndex(node)).SetValues([-1, *may])
        for order, indices in nodes.items():
            if (partner := int(tables.partner[order])) > order:
                self.model.AddPickupAndDeliverySets(disjunction[partner], disjunction[order])
                self._pair(nodes[partner], indices)
        for vehicle in self.group.vehicles:
            self._seal(rows[vehicle], vehicle)

    def _pair(self, collections: list[int], handovers: list[int]) -> None:
        """Collect and hand over on the same tour, or neither; the collection first."""
        model, solver = self.model, self.model.solver()
        vehicle, other = (solver.Max([model.VehicleVar(index) for index in half]) for half in (collections, handovers))
        solver.Add(vehicle == other)
        for collection in collections:
            for handover in handovers:
                unused = 2 - model.ActiveVar(collection) - model.ActiveVar(handover)
                begun, over = self.time.CumulVar(collection), self.time.CumulVar(handover)
                solver.Add(begun <= over + unused * self.time.CumulVar(handover).Max() + unused * begun.Max())

    def _seal(self, row: int, vehicle: int) -> None:
        """Fix the head of a tour: each sealed node follows the one before it."""
        sealed = int(self.tours.sealed[vehicle])
        previous = self.model.Start(row)
        for order in tour_nodes(self.tables, self.tours, vehicle)[:sealed]:
            node = self.manager.NodeToIndex(self.row_of[int(self.tours.option[order])])
            self.model.NextVar(previous).SetValue(node)
            previous = node

    def _add_shared(self) -> None:
        """Boxes and relay places: what this group uses stays within what the others leave."""
        tables, solver = self.tables, self.model.solver()
        mine: dict[int, list[tuple[int, int]]] = {}
        used = self.tours.used.copy()
        in_group = {int(tables.opt_order[option]) for option in self.group.options}
        for node, option in enumerate(self.group.options):
            for entry in range(tables.res_ptr[option], tables.res_ptr[option + 1]):
                mine.setdefault(int(tables.res_row[entry]), []).append((node, int(tables.res_amount[entry])))
        for order in in_group:
            option = int(self.tours.option[order])
            if option >= 0:
                for entry in range(tables.res_ptr[option], tables.res_ptr[option + 1]):
                    used[tables.res_row[entry]] -= tables.res_amount[entry]
        for resource, users in mine.items():
            room = int(tables.res_cap[resource] - used[resource])
            if sum(amount for _, amount in users) > room:
                terms = [self.model.ActiveVar(self.manager.NodeToIndex(node)) * amount for node, amount in users]
                solver.Add(solver.Sum(terms) <= room)

    def _keep_apart(self) -> None:
        """Kinds that may not be on one tour: per vehicle, at most one of two is more than none at its end."""
        tables, solver = self.tables, self.model.solver()
        present = []
        for kind in range(len(tables.apart)):
            counts = [int(tables.kinds[tables.opt_order[option], kind]) for option in self.group.options]
            index = self.model.RegisterUnaryTransitVector([*counts, *[0] * (2 * len(self.group.vehicles))])
            self.model.AddDimension(index, 0, sum(counts), True, f"kind{kind}")
            ends = [self.model.End(row) for row in range(len(self.group.vehicles))]
            carried = self.model.GetDimensionOrDie(f"kind{kind}")
            present.append([solver.IsGreaterOrEqualCstVar(carried.CumulVar(end), 1) for end in ends])
        for kind, other in np.argwhere(np.tril(tables.apart)).tolist():
            for one, two in zip(present[kind], present[other], strict=True):
                solver.Add(one + two <= 1)

    def _routes(self) -> list[list[int]]:
        return [
            [self.manager.NodeToIndex(self.row_of[int(self.tours.option[order])])
             for order in tour_nodes(self.tables, self.tours, vehicle)]
            for vehicle in self.group.vehicles
        ]  # fmt: skip

    def _sequences(self, solution: pywrapcp.Assignment) -> dict[int, list[int]]:
        sequences = {}
        for row, vehicle in enumerate(self.group.vehicles):
            index = solution.Value(self.model.NextVar(self.model.Start(row)))
            options = []
            while not self.model.IsEnd(index):
                options.append(self.group.options[self.manager.IndexToNode(index)])
                index = solution.Value(self.model.NextVar(index))
            sequences[vehicle] = options
        return sequences
