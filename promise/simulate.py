"""Promises tried out in a world with a known truth: ours against two static rules and against the best there is.

All rules promise the same orders. Hubs and trucks don't care what was promised; tours do (what is due goes first), so
each rule drives its own. An order counts as on time if it is delivered by the promised day. Where nothing within the
horizon is sure enough, the widest date is a way of not offering: such an option counts as withheld, and as a miss,
because the oracle always offers one; nothing is gained by offering only what is easy.

The *oracle* knows the world's true distributions and capacities, not the draws to come, and sells the room in the tours
by the same ledger. It pays for each day and each broken promise and gets, by bisection on the price of a day, the share
on time that we had: then days compare.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.errors import InputError
from data.synthetic.world import World
from data.synthetic.world_orders import F64, I64
from data.synthetic.world_roads import LastLeg
from promise.simulate_engine import promise_all
from promise.simulate_oracle import ontime_odds
from promise.simulate_rules import static_conformal, static_table, warm_days
from promise.simulate_tours import promised_by_cost
from promise.simulate_truth import Truth, draw_truth

ORACLE_SEED = 9_000_001
FLOOR = 0.75
"""No order is promised a day that the oracle holds less likely than this."""
PRICES = (0.002, 1.0)
BISECTIONS = 9


@dataclass(frozen=True)
class Outcome:
    """What one rule promised and what came of it, over the scored orders: arrays [n].

    Attributes
    ----------
    rule : str
    days : int64
        Calendar days from the order to the promised day.
    ontime : bool
        Delivered by then, and offered.
    offered : bool
    """

    rule: str
    days: I64
    ontime: NDArray[np.bool_]
    offered: NDArray[np.bool_]


@dataclass(frozen=True)
class Simulation:
    """A world lived through.

    Attributes
    ----------
    truth : Truth
    rows : int64 [n]
        The scored orders.
    in_burst : bool [n]
        Which of them came in during a burst.
    outcomes : tuple of Outcome
        Ours, the static table, the static conformal rule, the oracle at our share on time.
    oracle_days : float
        Mean days of the oracle at exactly our share, between two prices where none gives it.
    """

    seed: int
    truth: Truth
    rows: I64
    in_burst: NDArray[np.bool_]
    outcomes: tuple[Outcome, ...]
    oracle_days: float


def simulate(world: World, seed: int, burst: float) -> Simulation:
    """Live through a world under every rule.

    Parameters
    ----------
    burst : float
        Orders during a big live over those of an ordinary day at the same hours, at least 1.

    Raises
    ------
    InputError
        ``invalid_burst`` or ``invalid_seed``.
    """
    if not 1 <= burst <= 100:
        raise InputError("invalid_burst", f"a burst of {burst:g} times the usual", "--burst", "give 1 to 100")
    if seed < 0:
        raise InputError("invalid_seed", f"{seed} is negative", "--seed", "give 0 or more")
    truth = draw_truth(world, seed, burst)
    rows = truth.scored()
    learnt = warm_days(truth)
    table = static_table(truth, *learnt)
    unscored = np.where(truth.placed_day < truth.scored_days.start, truth.placed_day, table)
    run = promise_all(truth, unscored.copy())
    ours = outcome("ours", truth, rows, run.leg, run.due_day)
    offered = np.isfinite(run.confidence[rows])
    ours = replace(ours, ontime=ours.ontime & offered, offered=offered)
    static = [_driven(truth, rows, name, due) for name, due in
              (("static_table", table), ("static_conformal", static_conformal(truth, *learnt)))]  # fmt: skip
    oracle, oracle_days = _oracle(truth, rows, seed, float(ours.ontime.mean()), unscored)
    return Simulation(seed, truth, rows, truth.in_burst()[rows], (ours, *static, oracle), oracle_days)


def outcome(rule: str, truth: Truth, rows: I64, leg: LastLeg, due_day: I64) -> Outcome:
    """Return what came of the promises of some orders (rows)."""
    ontime = leg.delivered_day[rows] <= due_day[rows]
    return Outcome(rule, due_day[rows] - truth.placed_day[rows], ontime, np.ones(len(rows), dtype=bool))


def _driven(truth: Truth, rows: I64, name: str, due_day: I64) -> Outcome:
    leg = LastLeg(truth.world, truth.draws, truth.orders, truth.depot_day, due_day)
    for day in range(truth.first_day, truth.first_day + truth.world.days):
        leg.deliver(day)
    return outcome(name, truth, rows, leg, due_day)


def _oracle(truth: Truth, rows: I64, seed: int, share: float, unscored: I64) -> tuple[Outcome, float]:
    """Return the oracle's outcome nearest to a share on time from above, and its mean days at that very share."""
    odds = ontime_odds(truth, rows, ORACLE_SEED + seed)
    tried: dict[float, Outcome] = {}
    low, high = np.log(PRICES)
    for _ in range(BISECTIONS):
        price = float(np.exp((low + high) / 2))
        due_day = unscored.copy()
        leg = promised_by_cost(truth, odds, price, FLOOR, due_day)
        tried[price] = outcome("oracle", truth, rows, leg, due_day)
        enough = tried[price].ontime.mean() >= share
        low, high = (np.log(price), high) if enough else (low, np.log(price))
    shares = np.array([one.ontime.mean() for one in tried.values()])
    days = np.array([one.days.mean() for one in tried.values()])
    turn = np.argsort(shares, kind="stable")
    above = [one for one in tried.values() if one.ontime.mean() >= share]
    best = min(above or tried.values(), key=lambda one: float(one.days.mean()))
    return best, float(np.interp(share, shares[turn], days[turn]))


def cells(simulation: Simulation) -> list[tuple[str, str, NDArray[np.bool_]]]:
    """Return the hub, the option and the scored orders (a mask [n]) of each cell."""
    world, orders, rows = simulation.truth.world, simulation.truth.orders, simulation.rows
    return [
        (hub.schedule.hub_id, option.option.id, (orders.hub[rows] == h) & (orders.option[rows] == o))
        for h, hub in enumerate(world.hubs)
        for o, option in enumerate(world.options)
    ]


def share_within(simulation: Simulation, delivery_days: int) -> F64:
    """Return 1 for each of our promises within J+``delivery_days`` by the option's calendar, [n]."""
    truth, rows = simulation.truth, simulation.rows
    first = truth.first_day
    within = np.zeros(len(rows))
    for option, one in enumerate(truth.world.options):
        opened = np.concatenate([[0], np.cumsum(one.option.calendar.open_mask(first, truth.world.days + 90))])
        mine = truth.orders.option[rows] == option
        today = truth.placed_day[rows[mine]] - first
        due = np.minimum(today + simulation.outcomes[0].days[mine], len(opened) - 2)
        within[mine] = opened[due + 1] - opened[today + 1] <= delivery_days
    return within


def report(simulation: Simulation) -> dict[str, Any]:
    """Return the figures of a simulation as plain values: what ``jalon promise simulate --json`` prints."""
    ours, burst = simulation.outcomes[0], simulation.in_burst
    return {
        "seed": simulation.seed,
        "burst": simulation.truth.burst,
        "nominal": simulation.truth.world.nominal,
        "n": len(simulation.rows),
        "n_burst": int(burst.sum()),
        "ontime": _mean(ours.ontime),
        "ontime_burst": _mean(ours.ontime[burst]),
        "by_hub_option": [
            {"hub": hub, "option": option, "n": int(mine.sum()), "ontime": _mean(ours.ontime[mine])}
            for hub, option, mine in cells(simulation)
        ],
        "mean_promised_days": _mean(ours.days[ours.offered]),
        "oracle_days": round(simulation.oracle_days, 4),
        "withheld_share": _mean(~ours.offered),
        "share_j1_j2": _mean(share_within(simulation, 2)),
        "rules": [_line(simulation, one) for one in simulation.outcomes],
    }


def _line(simulation: Simulation, one: Outcome) -> dict[str, Any]:
    burst = simulation.in_burst
    return {
        "rule": one.rule,
        "ontime": _mean(one.ontime),
        "ontime_burst": _mean(one.ontime[burst]),
        "worst_cell": min((_mean(one.ontime[mine]) for _, _, mine in cells(simulation) if mine.any()), default=0.0),
        "mean_promised_days": _mean(one.days[one.offered]),
        "mean_promised_days_burst": _mean(one.days[burst & one.offered]),
    }


def _mean(values: NDArray[np.bool_] | I64 | F64) -> float:
    return round(float(values.mean()), 4) if len(values) else 0.0
