"""Other people's solvers on instances of the literature: each returns routes numbered as the instance's locations.

The ``peers`` extra installs PyVRP and VROOM; OR-Tools comes with Jalon. None, where a solver doesn't know the rules.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from jalon.vrp.convert import classic_of, routes_of
from jalon.vrp.instance import DIMACS, EXACT_HUNDREDTHS, ROUNDED, THOUSANDTHS, Convention, Instance
from routing.solver.lean.classic import Classic
from routing.solver.lean.search import Found, search, warm
from routing.solver.stop import Stop

Routes = list[list[int]]
Tours = list[tuple[int, tuple[int, ...]]]
ROUNDING = {ROUNDED: "round", DIMACS: "dimacs", THOUSANDTHS: "exact", EXACT_HUNDREDTHS: "exact"}


def routes(instance: Instance, tours: Tours) -> Routes:
    """Return tours of the classic problem as routes of the instance."""
    return routes_of(instance, Found(tuple(tours), 0, 0, 0.0, 0))


def jalon(path: Path, instance: Instance, way: Convention, seconds: float, seed: int) -> Routes | None:
    """Solve with ours, on one thread."""
    return routes_of(instance, search(classic_of(instance, way), Stop(seconds), seed))


def compile_kernels(instance: Instance, way: Convention) -> None:
    """Compile what ours needs for an instance, before any clock runs."""
    warm(classic_of(instance, way))


def pyvrp(path: Path, instance: Instance, way: Convention, seconds: float, seed: int) -> Routes | None:
    """Solve with PyVRP, on the file as PyVRP reads it."""
    from pyvrp import read, solve
    from pyvrp.stop import MaxRuntime

    data = read(path, round_func=ROUNDING[way])
    best = solve(data, MaxRuntime(seconds), seed=seed, collect_stats=False, display=False).best
    customers = [at for at in range(len(instance.demand)) if at not in instance.depots]
    free = [[int(name) for name in kind.name.split(",")] for kind in data.vehicle_types()]
    found: Routes = [[] for _ in instance.vehicles]
    for route in best.routes():
        found[free[route.vehicle_type()].pop(0)] = [customers[visit.idx] for visit in route if visit.is_client()]
    return found


def vroom(path: Path, instance: Instance, way: Convention, seconds: float, seed: int) -> Routes | None:
    """Solve with VROOM at its highest level, on one thread; it takes what it takes up to the time limit."""
    import vroom as engine

    classic = classic_of(instance, way)
    kinds, times = classic.kinds, classic.times
    if classic.group is not None or any(kind.longest is not None or kind.fixed or kind.unit != 1 for kind in kinds):
        return None
    problem = engine.Input()
    problem.set_durations_matrix("car", (classic.distance if times is None else times.duration).astype("uint32"))
    fleet = [kind for kind, vehicles in enumerate(kinds) for _ in range(vehicles.count)]
    for number, kind in enumerate(fleet):
        depot, capacity = classic.stops + kinds[kind].depot, [kinds[kind].capacity]
        window = None if times is None else engine.TimeWindow(int(times.opens[depot]), int(times.closes[depot]))
        problem.add_vehicle(engine.Vehicle(number, start=depot, end=depot, capacity=capacity, time_window=window))
    for stop in range(classic.stops):
        more = {}
        if times is not None:
            windows = [engine.TimeWindow(int(times.opens[stop]), int(times.closes[stop]))]
            more = {"default_service": int(times.service[stop]), "time_windows": windows}
        problem.add_job(engine.Job(stop, location=stop, delivery=[int(classic.demand[stop])], **more))
    solution = problem.solve(exploration_level=5, nb_threads=1, timeout=timedelta(seconds=seconds))
    steps = solution.routes[solution.routes["type"] == "job"]
    tours = [(fleet[number], tuple(steps.id[steps.vehicle_id == number])) for number in steps.vehicle_id.unique()]
    return routes(instance, [(kind, tuple(int(stop) for stop in stops)) for kind, stops in tours])


def ortools(path: Path, instance: Instance, way: Convention, seconds: float, seed: int) -> Routes | None:
    """Solve with OR-Tools' routing library: cheapest insertion, then guided local search. It takes no seed."""
    from ortools.constraint_solver import pywrapcp, routing_enums_pb2

    classic = classic_of(instance, way)
    fleet = [kind for kind, vehicles in enumerate(classic.kinds) for _ in range(min(vehicles.count, classic.stops))]
    depots = [classic.stops + classic.kinds[kind].depot for kind in fleet]
    manager = pywrapcp.RoutingIndexManager(len(classic.distance), len(fleet), depots, depots)
    model = pywrapcp.RoutingModel(manager)
    for vehicle, kind in enumerate(fleet):
        prices = classic.kinds[kind]
        callback = model.RegisterTransitMatrix((classic.distance.astype("int64") * prices.unit).tolist())
        model.SetArcCostEvaluatorOfVehicle(callback, vehicle)
        model.SetFixedCostOfVehicle(prices.fixed, vehicle)
    demand = [*classic.demand.tolist(), *[0] * (len(classic.distance) - classic.stops)]
    capacity = [classic.kinds[kind].capacity for kind in fleet]
    model.AddDimensionWithVehicleCapacity(model.RegisterUnaryTransitVector(demand), 0, capacity, True, "load")
    add_times(model, manager, classic, fleet)
    add_groups(model, manager, classic)
    settings = pywrapcp.DefaultRoutingSearchParameters()
    settings.first_solution_strategy = routing_enums_pb2.FirstSolutionStrategy.PARALLEL_CHEAPEST_INSERTION
    settings.local_search_metaheuristic = routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
    settings.time_limit.FromMilliseconds(int(1000 * seconds))
    solution = model.SolveWithParameters(settings)
    if solution is None:
        return []
    tours: Tours = []
    for vehicle, kind in enumerate(fleet):
        stops, index = [], solution.Value(model.NextVar(model.Start(vehicle)))
        while not model.IsEnd(index):
            stops.append(manager.IndexToNode(index))
            index = solution.Value(model.NextVar(index))
        if stops:
            tours.append((kind, tuple(stops)))
    return routes(instance, tours)


def add_times(model: object, manager: object, classic: Classic, fleet: list[int]) -> None:
    """Add windows, service and longest tours to OR-Tools' model."""
    if (times := classic.times) is None:
        return
    takes = times.duration.astype("int64") + times.service[:, None]
    last = int(times.closes.max())
    model.AddDimension(model.RegisterTransitMatrix(takes.tolist()), last, last, False, "time")
    clock = model.GetDimensionOrDie("time")
    for stop in range(classic.stops):
        clock.CumulVar(manager.NodeToIndex(stop)).SetRange(int(times.opens[stop]), int(times.closes[stop]))
    for vehicle, kind in enumerate(fleet):
        if (longest := classic.kinds[kind].longest) is not None:
            clock.SetSpanUpperBoundForVehicle(longest, vehicle)


def add_groups(model: object, manager: object, classic: Classic) -> None:
    """Let OR-Tools serve exactly one stop of each group."""
    if classic.group is not None:
        for group in range(int(classic.group.max()) + 1):
            members = [manager.NodeToIndex(int(stop)) for stop in (classic.group == group).nonzero()[0]]
            model.AddDisjunction(members)


SOLVERS = {"jalon": jalon, "PyVRP": pyvrp, "VROOM": vroom, "OR-Tools": ortools}
