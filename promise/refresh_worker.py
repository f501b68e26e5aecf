"""A process of its own that turns facts into snapshots: the work would keep the server from answering.

It reads frames from standard input and answers each on standard output: eight bytes of length, then MessagePack. A
snapshot's arrays go into a file that the server maps, so that handing over 20 MB costs it nothing.
"""

from __future__ import annotations

import os
import pickle
import sys
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import IO

import msgspec
import numpy as np
from numpy.typing import NDArray

from data.clock import rng
from data.errors import JalonError
from data.frames import read_frame, write_frame
from data.model.base import Count, Value
from data.model.live import Live, PastLive, Signal
from data.model.promise_state import PromiseState, StageCurve
from data.model.schedule import STEP_S
from promise import habits, nowcast
from promise.learn_legs import Lane, learned
from promise.odds import Watched, odds
from promise.snapshot import Snapshot, local_day
from promise.state import SCENARIOS, Since, snapshot_of
from promise.stock import PARCELS_PER_ORDER

NICER = 5
COUNT_GOOD_FOR = timedelta(days=2)
"""Older backlogs are taken as they are: the queue isn't run over all the days since."""
ALIGN = 64


class OnAir(Value):
    """A live and what was seen of it."""

    live: Live
    signals: tuple[Signal, ...] = ()


class Facts(Value):
    """What a snapshot is made of.

    Attributes
    ----------
    state : PromiseState
        The house; its backlogs were counted at ``state.at``.
    now_s : int
        Unix seconds.
    arrived : dict
        Parcels of orders taken, by hub and Unix second at which a step of theirs begins.
    lives : tuple of OnAir
        Those that are on, or to come.
    past : tuple of OnAir
        Lives that are over: what is usual is learnt from them.
    driven : tuple of Lane
        What has left hubs and come since: delay tables are learnt from it, and told with the answer.
    watched : tuple of Watched
        Promises whose odds are asked for beside the snapshot.
    outages : dict
        Hubs that stand still, each with the Unix second until which that is reckoned with.
    """

    state: PromiseState
    now_s: Count
    arrived: dict[str, dict[int, int]] = msgspec.field(default_factory=dict)
    lives: tuple[OnAir, ...] = ()
    past: tuple[OnAir, ...] = ()
    driven: tuple[Lane, ...] = ()
    watched: tuple[Watched, ...] = ()
    outages: dict[str, int] = msgspec.field(default_factory=dict)


class Answer(msgspec.Struct):
    """A snapshot's pickle without its buffers, and where those are in the file; or why there is none.

    ``odds`` are those of the promises watched, ``None`` where nothing tells; ``curves`` what was learnt.
    """

    head: bytes = b""
    spans: list[tuple[int, int]] = []
    odds: list[float | None] = []
    curves: list[StageCurve] = []
    error: dict[str, str] = {}


def snapshot_from(facts: Facts) -> Snapshot:
    """Return the snapshot of what is known.

    Raises
    ------
    InputError
    """
    return snapshot_of(facts.state, since=since_of(facts))


def since_of(facts: Facts) -> Since:
    """Return what has happened since the hubs were counted."""
    counted_s = int(facts.state.at.timestamp())
    if not 0 <= facts.now_s - counted_s <= COUNT_GOOD_FOR.total_seconds():
        counted_s = facts.now_s
    arrived = {
        hub: {(at_s - counted_s) // STEP_S: count for at_s, count in steps.items() if at_s >= counted_s}
        for hub, steps in facts.arrived.items()
    }
    return Since(counted_s, facts.now_s, arrived, _expected(facts, counted_s), facts.outages)


def odds_from(facts: Facts) -> list[float | None]:
    """Return how likely the promises watched are to be kept, ``None`` where nothing tells."""
    found = odds(facts.state, since_of(facts), facts.watched) if facts.watched else np.zeros(0)
    return [None if np.isnan(one) else float(one) for one in found]


def _expected(facts: Facts, counted_s: int) -> dict[str, NDArray[np.float32]]:
    """Return the parcels of lives by hub, float32 [SCENARIOS, T], shared out as their goods lie in the hubs."""
    usual = _usual(facts.past)
    hub_ids = [load.schedule.hub_id for load in facts.state.hubs]
    steps = (facts.now_s - counted_s) // STEP_S + facts.state.horizon_days * 86_400 // STEP_S
    found: dict[str, NDArray[np.float32]] = {}
    for number, one in enumerate(facts.lives):
        believed = nowcast.live(usual, one.live, one.signals, facts.now_s)
        orders = believed.to_come(SCENARIOS, rng(number)).sum(axis=0)
        first = (believed.begin_s - counted_s) // STEP_S
        steps_on = np.arange(orders.shape[1]) + first
        within = (steps_on >= 0) & (steps_on < steps)
        for hub, share in _shares(one.live, hub_ids).items():
            parcels = found.setdefault(hub, np.zeros((SCENARIOS, steps), np.float32))
            parcels[:, steps_on[within]] += PARCELS_PER_ORDER * share * orders[:, within]
    return found


@lru_cache(1)
def _usual(past: tuple[OnAir, ...]) -> habits.Habits:
    """Return what lives that are over have taught."""
    seen = {one.live.id: one.signals for one in past}
    return habits.learn([_past(one) for one in past if one.signals], seen)


def _past(one: OnAir) -> PastLive:
    during = sum(signal.orders for signal in one.signals if signal.at <= one.live.end_at)
    return PastLive(live=one.live, orders=sum(signal.orders for signal in one.signals), orders_during=during)


def _shares(live: Live, hub_ids: list[str]) -> dict[str, float]:
    units = {hub: sum(group.stock.get(hub, 0) for group in live.sku_groups) for hub in hub_ids}
    total = sum(units.values())
    return {hub: units[hub] / total if total else 1 / len(hub_ids) for hub in hub_ids}


def main(source: IO[bytes], target: IO[bytes], file: Path) -> None:
    """Answer until there are no more questions."""
    os.nice(NICER)
    while (raw := read_frame(source)) is not None:
        try:
            facts = msgspec.msgpack.decode(raw, type=Facts)
            curves = learned(facts.state, facts.driven, local_day(facts.now_s)) if facts.driven else ()
            facts = facts.replace(state=facts.state.replace(curves=(*facts.state.curves, *curves)))
            answer = _written(snapshot_from(facts), file)
            answer.odds, answer.curves = odds_from(facts), list(curves)
        except JalonError as error:
            answer = Answer(error=error.as_dict())
        write_frame(target, msgspec.msgpack.encode(answer))


def _written(snapshot: Snapshot, file: Path) -> Answer:
    _ = snapshot.until_s  # laid out here rather than there
    buffers: list[pickle.PickleBuffer] = []
    head = pickle.dumps(snapshot, protocol=5, buffer_callback=buffers.append)
    spans = []
    with file.open("wb") as out:
        for buffer in buffers:
            out.write(b"\0" * (-out.tell() % ALIGN))
            begin = out.tell()
            out.write(buffer.raw())
            spans.append((begin, out.tell()))
    return Answer(head, spans)


if __name__ == "__main__":
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever else is printed is no answer
    main(sys.stdin.buffer, answers, Path(sys.argv[1]))
