"""Tiny problems drawn at random for the solver's tests: every feature can be switched on alone.

A day lasts 600 s, legs 5 to 40 s, so that windows, breaks, slices and shifts all bite.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random

import numpy as np
from hypothesis import strategies as st

from routing.problem import FIRST_TRIP, INF_TRAVEL_S, LATER_TRIPS, NO_LOCATION, Extras, Problem, Tables
from routing.solver.sequences import tour_nodes
from routing.solver.tours import Tours
from tests.solver_naive import Route

DAY_S = 600
FAR_S = 10**9


@dataclass(frozen=True)
class Features:
    """What a drawn problem has; the defaults are the plainest."""

    orders: int = 4
    vehicles: int = 2
    options: int = 1
    places: int = 5
    metric: bool = False
    slices: int = 1
    speeds: int = 1
    windows: int = 0
    breaks: int = 0
    setup: bool = False
    release: bool = False
    open_end: bool = False
    pickups: bool = False
    shared: bool = False
    loads: bool = True
    picky: bool = False
    cheap_to_skip: bool = False
    pairs: bool = False
    kinds: bool = False
    trips: int = 0
    late: bool = False
    even: bool = False
    spread: bool = False
    most: bool = False


def features(**fixed: object) -> st.SearchStrategy[Features]:
    """Return a strategy of features; ``fixed`` ones are not drawn."""
    drawn: dict[str, st.SearchStrategy[object]] = {
        "orders": st.integers(0, 6),
        "vehicles": st.integers(1, 3),
        "options": st.integers(1, 3),
        "slices": st.integers(1, 3),
        "speeds": st.sampled_from([1, 1, 2, 3]),
        "windows": st.integers(0, 2),
        "breaks": st.integers(0, 2),
        **{name: st.booleans() for name in
           ("metric", "setup", "release", "open_end", "pickups", "shared", "loads", "picky", "cheap_to_skip",
            "pairs", "kinds", "late", "even", "spread", "most")},
        "trips": st.sampled_from([0, 0, 1, 2]),
    }  # fmt: skip
    return st.builds(Features, **{**drawn, **{name: st.just(value) for name, value in fixed.items()}})


def draw_problem(seed: int, wanted: Features) -> Problem:
    """Return the problem of a seed; class 0 meets closed zones where there are several slices, class 1 never."""
    rng = Random(seed)
    tables = _Drawer(rng, wanted).tables()
    return Problem(
        tables=tables,
        epoch_at=datetime(2026, 1, 5, tzinfo=UTC),
        order_ids=tuple(f"o{n}" for n in range(len(tables.release_s))),
        vehicle_ids=tuple(f"v{n}" for n in range(wanted.vehicles)),
        location_names=tuple(f"l{n}" for n in range(wanted.places)),
    )


def routes_of(tables: Tables, tours: Tours) -> list[Route]:
    """Return what a state says, as plain routes."""
    found = []
    for vehicle in range(len(tables.veh_class)):
        nodes = tour_nodes(tables, tours, vehicle)
        start = len(tables.release_s) + 2 * vehicle
        breaks = tuple(int(tours.breaks_after[node]) for node in (start, *nodes))
        found.append(Route(vehicle, tuple(int(tours.option[node]) for node in nodes), breaks))
    return found


def numbers(values: object) -> np.ndarray:
    """Return an int64 array."""
    return np.array(values, dtype=np.int64)


class _Drawer:
    def __init__(self, rng: Random, wanted: Features) -> None:
        self.rng = rng
        self.wanted = wanted
        self.closed_places = {place for place in range(1, wanted.places) if wanted.slices > 1 and rng.random() < 0.4}
        cuts = sorted(rng.sample(range(60, 400, 10), wanted.slices - 1))
        first_closed = rng.random() < 0.5
        self.slice_ends = [*cuts, FAR_S]
        self.slice_closed = [(n % 2 == 0) == first_closed for n in range(wanted.slices)]
        if wanted.slices == 1:
            self.slice_closed = [False]
        # speeds change when they like; what is left of a run after its last change keeps the last speed
        self.speed_ends = [*sorted(rng.sample(range(30, 500, 7), 3 * (wanted.speeds - 1))), FAR_S]
        self.speed = [rng.randrange(wanted.speeds) for _ in self.speed_ends]

    def tables(self) -> Tables:
        """Return everything."""
        rng, wanted = self.rng, self.wanted
        fleet = range(wanted.vehicles)
        opt_ptr = np.cumsum([0, *(rng.randint(1, wanted.options) for _ in range(wanted.orders))], dtype=np.int64)
        count = int(opt_ptr[-1])
        self.opt_loc = [rng.randrange(1, wanted.places) for _ in range(count)]
        self.service = [rng.randint(0, 20) for _ in range(count)]
        self.setup = [rng.choice([0, 15]) if wanted.setup else 0 for _ in range(count)]
        duration, distance = self._matrices()
        tables = Tables(
            duration_s=duration,
            distance_m=distance,
            **self._slices(),
            closed_loc=np.array([[0] * wanted.places, [int(p in self.closed_places) for p in range(wanted.places)]]
                                * wanted.speeds, dtype=np.uint8),
            opt_ptr=opt_ptr,
            opt_order=np.repeat(np.arange(wanted.orders), np.diff(opt_ptr)).astype(np.int64),
            opt_loc=numbers(self.opt_loc),
            opt_service_s=numbers(self.service),
            opt_setup_s=numbers(self.setup),
            opt_cost=numbers([rng.choice([0, 0, 50]) for _ in range(count)]),
            **self._windows(count),
            **self._shared(count),
            load=self._loads(),
            pickup=self._loads() if wanted.pickups else np.zeros((wanted.orders, 2), dtype=np.int64),
            penalty=numbers([rng.randint(20, 400) if wanted.cheap_to_skip else 10**7 + rng.randint(0, 10**5)
                             for _ in range(wanted.orders)]),
            release_s=numbers([rng.choice([0, rng.randint(0, 200)]) if wanted.release else 0
                               for _ in range(wanted.orders)]),
            **self._kinds(),
            partner=np.full(wanted.orders, -1, dtype=np.int64),
            veh_class=numbers([rng.randint(0, 1) for _ in fleet]),
            veh_start=numbers([rng.choice([0, 0, rng.randrange(wanted.places)]) if wanted.slices == 1 else 0
                               for _ in fleet]),
            veh_end=numbers([NO_LOCATION if wanted.open_end and rng.random() < 0.5 else 0 for _ in fleet]),
            veh_open_s=numbers([rng.randint(0, 80) for _ in fleet]),
            veh_close_s=numbers([rng.randint(200, DAY_S) for _ in fleet]),
            veh_cap=numbers([[rng.randint(2, 14) if wanted.loads else 10**6 for _ in range(2)] for _ in fleet]),
            veh_cost=numbers([[rng.choice([0, 100]), rng.randint(0, 3), rng.randint(0, 3)] for _ in fleet]),
            **self._breaks(),
            allowed=np.array([[int(not wanted.picky or rng.random() < 0.7) for _ in range(wanted.orders)]
                              for _ in fleet], dtype=np.uint8).reshape(wanted.vehicles, wanted.orders),
        )  # fmt: skip
        if wanted.pairs:
            self._pair_up(tables)
        if wanted.trips or wanted.late or wanted.even or wanted.spread or wanted.most:
            return self._with_extras(tables)
        return tables

    def _with_extras(self, tables: Tables) -> Tables:
        rng, wanted = self.rng, self.wanted
        slots = [rng.randint(0, wanted.trips) for _ in range(wanted.vehicles)]
        late = [[rng.randint(0, 400), rng.randint(0, 9) if wanted.late else 0] for _ in range(wanted.orders)]
        spots = [[rng.randint(-50, 50), rng.randint(-50, 50)] for _ in range(wanted.places)]
        extras = Extras(
            late=numbers(late + [[FAR_S, 0]] * sum(slots)).reshape(-1, 2),
            reload_ptr=np.cumsum([wanted.orders, *slots], dtype=np.int64),
            even_price=rng.randint(1, 9) if wanted.even else 0,
            spread_price=rng.randint(1, 9) if wanted.spread else 0,
            spot_m=numbers(spots),
            **(self._limits(tables) if wanted.most else {}),
        )
        return self._trips(tables, slots)._replace(extras=extras)

    def _limits(self, tables: Tables) -> dict[str, np.ndarray]:
        """For how long and how far each vehicle may drive; legs have lengths of their own, no detour is shorter."""
        most = [[self.rng.choice([FAR_S, self.rng.randint(30, 200)]) for _ in range(2)] for _ in tables.veh_class]
        lengths = [[[self.rng.randint(0, 60) for _ in row] for row in table] for table in tables.distance_m.tolist()]
        for table in lengths:
            _shortest(table)
        return {"most": numbers(most), "length_m": np.array(lengths, dtype=np.int32)}

    def _trips(self, tables: Tables, slots: list[int]) -> Tables:
        """Add a row at place 0 for each time a vehicle may be loaded again; bind some orders to a trip."""
        for vehicle, count in enumerate(slots):
            for order in range(self.wanted.orders if count else 0):
                drawn = self.rng.choice([1, 1, 1, LATER_TRIPS, FIRST_TRIP])
                if tables.partner[order] < 0 and self.wanted.picky and tables.allowed[vehicle, order]:
                    tables.allowed[vehicle, order] = drawn
        rows, options, pieces = sum(slots), len(tables.opt_loc), len(tables.win_open)
        service = [self.rng.randint(0, 20) for vehicle, count in enumerate(slots) for _ in range(count)]
        zeros = numbers([0] * rows)

        def longer(name: str, values: object) -> np.ndarray:
            return np.concatenate([getattr(tables, name), np.array(values, dtype=getattr(tables, name).dtype)])

        loads = np.zeros((rows, 2), dtype=np.int64)
        return tables._replace(
            opt_ptr=longer("opt_ptr", options + 1 + np.arange(rows)),
            opt_order=longer("opt_order", self.wanted.orders + np.arange(rows)),
            opt_service_s=longer("opt_service_s", service),
            **{name: longer(name, zeros) for name in ("opt_loc", "opt_setup_s", "opt_cost", "penalty", "release_s")},
            win_first=np.pad(tables.win_first, ((0, 0), (0, rows)), constant_values=pieces),
            win_last=np.pad(tables.win_last, ((0, 0), (0, rows)), constant_values=pieces + 1),
            win_open=longer("win_open", [0]),
            win_close=longer("win_close", [FAR_S]),
            win_arrive=longer("win_arrive", [-FAR_S]),
            res_ptr=longer("res_ptr", [tables.res_ptr[-1]] * rows),
            load=longer("load", loads),
            pickup=longer("pickup", loads),
            partner=longer("partner", zeros - 1),
            kinds=np.pad(tables.kinds, ((0, rows), (0, 0))),
            allowed=np.pad(tables.allowed, ((0, 0), (0, rows))),
        )

    def _kinds(self) -> dict[str, np.ndarray]:
        """Three kinds, of which two are kept apart from the third; many orders are of none, none is of two."""
        count = 3 if self.wanted.kinds else 0
        kinds = np.zeros((self.wanted.orders, count), dtype=np.uint8)
        apart = np.zeros((count, count), dtype=np.uint8)
        if count:
            apart[2, :2] = apart[:2, 2] = 1
            for order in range(self.wanted.orders):
                if (kind := self.rng.randint(-1, 2)) >= 0:
                    kinds[order, kind] = 1
        return {"kinds": kinds, "apart": apart}

    def _pair_up(self, tables: Tables) -> None:
        """Make pairs of some orders: the lower number is the hand-over."""
        rows = list(range(self.wanted.orders))
        self.rng.shuffle(rows)
        for _ in range(self.rng.randint(1, 2) if len(rows) > 1 else 0):
            if len(rows) > 1:
                handover, collection = sorted((rows.pop(), rows.pop()))
                tables.partner[handover], tables.partner[collection] = collection, handover
                tables.pickup[collection] = tables.load[handover]
                tables.pickup[handover] = -tables.load[handover]
                tables.load[[handover, collection]] = [0, self.rng.randint(0, 1)]
                tables.release_s[[handover, collection]] = 0
                tables.penalty[collection] = 0
                tables.allowed[:, collection] = tables.allowed[:, handover]
                tables.kinds[collection] = tables.kinds[handover]

    def _matrices(self) -> tuple[np.ndarray, np.ndarray]:
        """Return int32 [2 * speeds, L, L]: per speed nothing closed, then the zone closed."""
        drawn = [self._of_one_speed(extra_s) for extra_s in (0, 60, 30)[: self.wanted.speeds]]
        seconds, metres = (np.concatenate(parts) for parts in zip(*drawn))
        return seconds, metres

    def _of_one_speed(self, extra_s: int) -> tuple[np.ndarray, np.ndarray]:
        """Return int32 [2, L, L]: nothing closed, then the zone closed: no way there and longer ones elsewhere."""
        rng, places = self.rng, self.wanted.places
        free = [[0 if a == b else rng.randint(5, 40 + extra_s) for b in range(places)] for a in range(places)]
        if self.wanted.metric:
            _shortest(free)
        around = [[0 if a == b else free[a][b] + rng.choice([0, 0, 12]) for b in range(places)] for a in range(places)]
        for a in range(places):
            for b in range(places):
                if a != b and (a in self.closed_places or b in self.closed_places):
                    around[a][b] = INF_TRAVEL_S
        if self.wanted.metric:
            _shortest(around)
        seconds = np.array([free, around], dtype=np.int32)
        drawn = [[[rng.randint(0, 90) for _ in range(places)] for _ in range(places)] for _ in (free, around)]
        if self.wanted.metric:
            for table in drawn:
                _shortest(table)
        metres = np.array(drawn, dtype=np.int32)
        metres[:, range(places), range(places)] = 0
        metres[seconds >= INF_TRAVEL_S] = INF_TRAVEL_S
        return seconds, metres

    def _slices(self) -> dict[str, np.ndarray]:
        """Profile 2s + c: speed s, the zone closed (c = 1) or not. Equal neighbours stay apart: that is allowed."""
        zoned = [self._at(end) for end in sorted({*self.slice_ends, *self.speed_ends})]
        free = [(end, False, speed) for end, speed in zip(self.speed_ends, self.speed)]
        ever = [(2 * speed + int(any(self.slice_closed))) for _, _, speed in zoned] + [2 * speed for *_, speed in free]
        stretch = [
            start + 1 + max(last for last in range(at, len(rows)) if len({row[1] for row in rows[at : last + 1]}) == 1)
            for rows, start in ((zoned, 0), (free, len(zoned)))
            for at in range(len(rows))
        ]
        return {
            "slice_ptr": numbers([0, len(zoned), len(zoned) + len(free)]),
            "slice_end_s": numbers([end for end, _, _ in zoned + free]),
            "slice_profile": numbers([2 * speed + int(closed) for _, closed, speed in zoned + free]),
            "slice_safe": numbers(ever),
            "slice_stretch": numbers(stretch),
        }

    def _at(self, end: int) -> tuple[int, bool, int]:
        """Return the slice of class 0 that ends there: its end, whether the zone is closed, the speed."""
        closed = next(closed for until, closed in zip(self.slice_ends, self.slice_closed) if end <= until)
        return end, closed, next(speed for until, speed in zip(self.speed_ends, self.speed) if end <= until)

    def _windows(self, count: int) -> dict[str, np.ndarray]:
        """Windows per class, equal ones shared; for class 0 the whole visit lies where the zone is open."""
        pool: list[tuple[int, int, int]] = []
        known: dict[tuple[tuple[int, int, int], ...], int] = {}
        first, last = np.zeros((2, count), dtype=np.int64), np.zeros((2, count), dtype=np.int64)
        for option in range(count):
            base = [(0, FAR_S)] if self.wanted.windows == 0 else self._drawn_windows()
            busy = self.service[option] + self.setup[option]
            for cls in (0, 1):
                zoned = cls == 0 and self.opt_loc[option] in self.closed_places
                pieces = self._open_pieces(base, busy) if zoned else [(a, b, -FAR_S) for a, b in base]
                if tuple(pieces) not in known:
                    known[tuple(pieces)] = len(pool)
                    pool += pieces
                first[cls, option] = known[tuple(pieces)]
                last[cls, option] = first[cls, option] + len(pieces)
        columns = numbers(pool).reshape(-1, 3)
        names = ("win_open", "win_close", "win_arrive")
        return {"win_first": first, "win_last": last,
                **{name: columns[:, k].copy() for k, name in enumerate(names)}}  # fmt: skip

    def _drawn_windows(self) -> list[tuple[int, int]]:
        edges = sorted(self.rng.sample(range(0, DAY_S - 100, 5), 2 * self.rng.randint(1, self.wanted.windows)))
        return list(zip(edges[::2], edges[1::2]))

    def _open_pieces(self, base: list[tuple[int, int]], busy: int) -> list[tuple[int, int, int]]:
        since, pieces = -FAR_S, []
        for until, closed in zip(self.slice_ends, self.slice_closed):
            if not closed:
                for opens, closes in base:
                    if max(opens, since) <= min(closes, until - busy):
                        pieces.append((max(opens, since), min(closes, until - busy), since))
            since = until
        return pieces

    def _shared(self, count: int) -> dict[str, np.ndarray]:
        """Two resources; many options take one or both."""
        ptr, rows, amounts = [0], [], []
        for _ in range(count):
            for row in (0, 1):
                if self.wanted.shared and self.rng.random() < 0.5:
                    rows.append(row)
                    amounts.append(self.rng.randint(1, 2))
            ptr.append(len(rows))
        return {"res_ptr": numbers(ptr), "res_row": numbers(rows), "res_amount": numbers(amounts),
                "res_cap": numbers([self.rng.randint(0, 4), self.rng.randint(1, 4)])}  # fmt: skip

    def _loads(self) -> np.ndarray:
        return numbers([[self.rng.randint(0, 5) for _ in range(2)] for _ in range(self.wanted.orders)]).reshape(-1, 2)

    def _breaks(self) -> dict[str, np.ndarray]:
        ptr, rows = [0], []
        for _ in range(self.wanted.vehicles):
            own = []
            for _ in range(self.rng.randint(0, self.wanted.breaks)):
                opens = self.rng.randint(0, 300)
                closes = opens + self.rng.randint(0, 150)
                due = self.rng.choice([-FAR_S, opens, opens, closes])
                own.append((opens, closes, self.rng.randint(0, 40), due))
            rows += sorted(own)
            ptr.append(len(rows))
        columns = numbers(rows).reshape(-1, 4)
        names = ("brk_open", "brk_close", "brk_duration", "brk_due")
        return {"brk_ptr": numbers(ptr), **{name: columns[:, k].copy() for k, name in enumerate(names)}}


def _shortest(seconds: list[list[int]]) -> None:
    """Make every entry the shortest way (Floyd and Warshall)."""
    places = range(len(seconds))
    for via in places:
        for a in places:
            for b in places:
                seconds[a][b] = min(seconds[a][b], seconds[a][via] + seconds[via][b])
