"""How soon a burst is seen and how well a live or a burst is forecast, on seeded synthetic months.

Run: ``OPENBLAS_NUM_THREADS=1 python benchmarks/nowcast.py [--hubs 12] [--days 120] [--worlds 8] [--lives 40]``.
Bursts: hubs of 300 to 3000 orders a day, three months to learn from, then ``--days`` watched by the minute; the
interval is that of what is still to come. Lives: in each of some worlds, of 12 creators each, 80 past ones to learn
from, then ``--lives``; the interval is that of the total. Peers: the last hour once more; the seasonal baseline, for a
live the usual orders per viewer of its reach, spread evenly over its time. The bounds beside ours are told the truth
that a forecast has to guess (nowcast_bounds.py): the best test at as many false alarms, the best forecast by one who
knows how bursts are drawn, and by one who knows the very burst or live but not the chances to come. The data come from
data/synthetic/signals.py and live_signals.py, whose truth is not what the forecast assumes.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from datetime import date

import numpy as np
from nowcast_bounds import found_in_time, next_hour
from rich.console import Console
from rich.table import Table

from data.clock import cpu_s
from data.clock import rng as seeded
from data.synthetic.live_signals import SeenLive, lives
from data.synthetic.signals import Counts, TrueBurst, hub_counts
from promise import baseline, nowcast, surge
from promise.bursts import MINUTE_S, Watch
from promise.habits import Habits
from promise.reach import USUAL_CONVERSION, hours

BEGIN, LEARN_DAYS, PAST_LIVES = date(2025, 3, 3), 90, 80
MINUTES_PER_DAY, STEPS_PER_DAY = 1440, 288
QUIET_S, MATCH_S, OVER_S = 4 * 3600, 6 * 3600, 8 * 3600
AFTER_MIN, LIVE_MIN, SCENARIOS = (5, 10, 20, 30, 60), (-60, 5, 10, 20, 30, 60), 400
LEAST_ORDERS = 20


@dataclass(frozen=True)
class Watched:
    """What a watch over months found: delays in minutes of the bursts found, bursts in all, alarms without one."""

    delays_min: list[float]
    bursts: int
    false_alarms: int
    hub_months: float
    sizes: list[float]


def fitted(counts: Counts) -> tuple[list[baseline.Baseline], np.ndarray]:
    """Return a baseline per hub from the first months, and their means of each minute, float64 [M, H]."""
    steps, rain = counts.per_step(counts.orders), counts.rain_mm.reshape(-1, 5).mean(axis=1)
    known = LEARN_DAYS * STEPS_PER_DAY
    found = [baseline.fit(counts.begin_s, column[:known], weather=rain[:known]) for column in steps.T]
    means = [np.repeat(one.mean(counts.begin_s, len(steps), rain) / 5, 5) for one in found]
    return found, np.stack(means, axis=1)


def watch(counts: Counts, baselines: list[baseline.Baseline], means: np.ndarray) -> Watched:
    """Feed the watch minute by minute; after an alarm a hub is quiet for hours."""
    begin, orders = LEARN_DAYS * MINUTES_PER_DAY, counts.orders.astype(np.float64)
    guard = Watch(np.array([one.minute_dispersion for one in baselines]))
    quiet_s, found, false_alarms = np.zeros(len(baselines)), {}, 0
    true = [one for one in counts.bursts if one.onset_s >= counts.begin_s + begin * MINUTE_S]
    for minute in range(begin, len(orders)):
        at_s = counts.begin_s + minute * MINUTE_S
        onsets = guard.step(at_s, orders[minute], means[minute], at_s < quiet_s)
        for hub in np.flatnonzero(onsets >= 0).tolist():
            quiet_s[hub] = at_s + QUIET_S
            near = [one for one in true if one.hub == hub and one.onset_s <= at_s < one.onset_s + MATCH_S]
            if near and (hub, near[-1].onset_s) not in found:
                found[hub, near[-1].onset_s] = (at_s + MINUTE_S - near[-1].onset_s) / 60, float(near[-1].expected.max())
            else:
                false_alarms += 1
    months = len(baselines) * (len(orders) - begin) / MINUTES_PER_DAY / 30
    delays = [delay for delay, _ in found.values()]
    return Watched(delays, len(true), false_alarms, months, [size for _, size in found.values()])


def seen_of(counts: Counts, means: np.ndarray, one: TrueBurst, after_min: int) -> surge.Burst:
    """Return what is known of a burst some minutes after its onset."""
    first = (one.onset_s - counts.begin_s) // MINUTE_S
    step = np.arange(first, first + after_min) // 5 - first // 5
    told = slice(first, first + after_min)
    return surge.Burst(
        one.onset_s,
        one.onset_s + after_min * MINUTE_S,
        np.bincount(step, counts.orders[told, one.hub]),
        np.bincount(step, means[told, one.hub]),
    )


def burst_rows(counts: Counts, means: np.ndarray, table: Table) -> None:
    """Forecast the next hour of every burst after the learning months, at several ages."""
    split_s = counts.begin_s + LEARN_DAYS * MINUTES_PER_DAY * MINUTE_S
    past = [one for one in counts.bursts if one.onset_s + OVER_S < split_s]
    usual = surge.learn([seen_of(counts, means, one, OVER_S // MINUTE_S) for one in past])
    ahead = [one for one in counts.bursts if one.onset_s >= split_s and len(one.orders) > OVER_S // MINUTE_S]
    for after in AFTER_MIN:
        errors, inside = [], []
        for number, one in enumerate(ahead):
            first = (one.onset_s - counts.begin_s) // MINUTE_S + after
            true = counts.orders[first : first + 60, one.hub].sum()
            usual_hour = means[first : first + 60, one.hub].sum()
            found = surge.nowcast(seen_of(counts, means, one, after), usual)
            now_s, rng = one.onset_s + after * MINUTE_S, seeded(number)
            ours = np.median(found.between(now_s, now_s + 3600, SCENARIOS, rng)) + usual_hour
            last = counts.orders[first - 60 : first, one.hub].sum()
            errors.append(
                [value / true - 1 for value in (ours, last, usual_hour, *next_hour(counts, one, after, number))]
            )
            to_come = found.between(now_s, now_s + surge.HORIZON_S, SCENARIOS, rng)
            low, high = np.quantile(to_come, (0.1, 0.9))
            inside.append(low <= one.orders[after:].sum() <= high)
        add(table, f"burst, {after} min after its onset", np.array(errors), inside, None)


def live_rows(worlds: int, each: int, seed: int, table: Table) -> None:
    """Forecast totals and next hours of the lives that come after those learnt from, in worlds of other creators."""
    ahead: list[tuple[Habits, SeenLive]] = []
    for world in range(worlds):
        seen = lives(BEGIN, PAST_LIVES + each, seed * 100 + world)
        known = seen[:PAST_LIVES]
        learnt = nowcast.learn([one.past for one in known], {one.past.live.id: one.signals for one in known})
        ahead += [(learnt, one) for one in seen[PAST_LIVES:]]
    for after in LIVE_MIN:
        errors, inside, totals = [], [], []
        for number, (learnt, one) in enumerate(ahead):
            live, rng = one.past.live, seeded(number)
            now_s = int(live.start_at.timestamp()) + after * 60
            found = nowcast.live(learnt, live, one.signals, now_s)
            low, middle, high = np.quantile(found.total(SCENARIOS, rng), (0.1, 0.5, 0.9))
            inside.append(low <= one.past.orders <= high)
            totals.append(abs(middle / max(one.past.orders, 1) - 1))
            true = one.orders[max(after, 0) : after + 60].sum()
            if 0 <= after <= hours(live) * 60 - 60 and true >= LEAST_ORDERS:
                ours = np.median(found.between(now_s, now_s + 3600, SCENARIOS, rng))
                usual = live.reach * USUAL_CONVERSION / hours(live)
                last = one.orders[max(after - 60, 0) : after].sum()
                known = one.expected[max(after, 0) : after + 60].sum()
                errors.append([value / true - 1 for value in (ours, last, usual, np.nan, known)])
        add(table, f"live, {after} min after its start", np.array(errors), inside, float(np.median(totals)))


def add(table: Table, name: str, errors: np.ndarray, inside: list[bool], total: float | None) -> None:
    """Add a row: errors of ours, the last hour, the baseline and both bounds."""
    cells = []
    for column in errors.T if len(errors) else []:
        known = not np.isnan(column).any()
        cells.append(f"{np.median(abs(column)):.0%} / {(abs(column) < 0.2).mean():.0%}" if known else "–")
    said = "–" if total is None else f"{total:.0%}"
    table.add_row(name, str(len(errors)), *(cells or ["–"] * 5), f"{np.mean(inside):.0%} of {len(inside)}", said)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, usual in (("hubs", 12), ("days", 120), ("worlds", 8), ("lives", 40), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=usual)
    asked, console = parser.parse_args(), Console(width=150)
    rates = tuple(np.geomspace(300, 3000, asked.hubs).tolist())
    counts = hub_counts(BEGIN, LEARN_DAYS + asked.days, rates, asked.seed)
    began_s = cpu_s()
    baselines, means = fitted(counts)
    console.print(f"baselines: {asked.hubs} fitted in {cpu_s() - began_s:.1f} CPU s")
    found = watch(counts, baselines, means)
    delays, sizes = np.array(found.delays_min), np.array(found.sizes)
    spread = " ".join(f"p{q}={np.percentile(delays, q):.0f}" for q in (10, 50, 75, 90, 99))
    soon = (delays <= 5).sum() / found.bursts
    large = delays[sizes >= 5]
    console.print(f"watch: {found.bursts} bursts, {len(delays)} found; delay in minutes {spread}; within 5: {soon:.0%}")
    console.print(f"       of bursts of 5 orders a minute or more: within 5: {(large <= 5).mean():.0%} of {len(large)}")
    rate = found.false_alarms / found.hub_months
    console.print(
        f"       {rate:.2f} false alarms a month and hub ({found.false_alarms} in {found.hub_months:.0f} months)"
    )
    best = found_in_time(counts, LEARN_DAYS * MINUTES_PER_DAY, rates, rate)
    console.print(f"       best test at as many false alarms, told the truth: within 5: {best.mean():.0%}")
    table = Table(title="next hour's orders: median error / share within 20 %", title_justify="left")
    for name in (
        "",
        "n",
        "ours",
        "last hour",
        "baseline",
        "best forecast",
        "oracle",
        "80 % interval covers",
        "error of the total",
    ):
        table.add_column(name)
    burst_rows(counts, means, table)
    live_rows(asked.worlds, asked.lives, asked.seed, table)
    console.print(table)


if __name__ == "__main__":
    main()
