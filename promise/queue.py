"""The kernels of a hub's queue: parcels flow through kinds of work one after the other and leave with waves.

A fluid queue in steps of five minutes. Each kind of work gets through so much in a step; classes of a higher priority
go first at every station and aboard every wave, within a class the first come is the first served. What leaves one
kind of work may be taken up by the next in the same step.

To find the waves of orders placed at given moments, each class carries further counts beside the flow: the parcels
*ahead* of each such order, itself included, and nothing that comes after it. They see the capacity that higher classes
leave, exactly as the flow does; the order is gone with the wave that takes the last of them.

Everything is counted in whole thousandths of a parcel, so that nothing is lost and the laws below hold to the last
digit, scenario by scenario: with more backlog, more arrivals or a later moment, no order of any class leaves earlier.
(A class's share of a step only shrinks when higher classes hold more at any station; with fewer parcels through, and a
place further back, its departures come no earlier.)
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from data.jit import inner, kernel

PARCEL = 1000
"""A parcel, in the unit of the kernels."""

F64 = NDArray[np.float64]
F32 = NDArray[np.float32]
I64 = NDArray[np.int64]


class Line(NamedTuple):
    """What a hub can do from a moment on: K kinds of work over T steps on D days, then W waves of several lanes.

    Parameters
    ----------
    capacity : float64 [K, T]
        Thousandths of a parcel each kind of work gets through in a step, at nominal pace.
    day : int64 [T]
        Which row of a scenario's paces holds in each step.
    cut_step : int64 [W]
        A wave takes what is loaded by the end of that many steps, ascending.
    lane : int64 [W]
        Waves of one lane serve the same destinations; each order goes with one lane.
    room : int64 [W]
        Thousandths of a parcel a wave holds, divided by its lane's share of all parcels.
    """

    capacity: F64
    day: I64
    cut_step: I64
    lane: I64
    room: I64


class Work(NamedTuple):
    """What comes in: S scenarios of T steps, P classes of priority, the first goes first.

    Parameters
    ----------
    arrivals : float32 [S, T]
        Parcels ordered in each step.
    shares : float64 [P]
        What share of them each class is.
    backlog : int64 [P, K + 1]
        Thousandths of a parcel that wait for each kind of work, and last those loaded.
    pace : float64 [S, D, K]
        True over nominal pace, by scenario, day and kind of work.
    """

    arrivals: F32
    shares: F64
    backlog: I64
    pace: F64


@inner
def arrive(flow: I64, work: Work, scenario: int, step: int) -> None:
    """Add the orders of a step to what waits for the first kind of work."""
    for rank in range(len(work.shares)):
        flow[rank, 0] += np.int64(np.rint(work.arrivals[scenario, step] * work.shares[rank] * PARCEL))


@inner
def serve(flow: I64, ahead: I64, todo: I64, line: Line, work: Work, scenario: int, step: int) -> None:
    """Move a step's work on through all kinds of work; each ``ahead`` still to do takes what its class could have."""
    for kind in range(line.capacity.shape[0]):
        left = np.int64(line.capacity[kind, step] * work.pace[scenario, line.day[step], kind])
        for rank in range(flow.shape[0]):
            for order in range(len(todo)):
                if todo[order]:
                    moved = min(ahead[order, rank, kind], left)
                    ahead[order, rank, kind] -= moved
                    ahead[order, rank, kind + 1] += moved
            moved = min(flow[rank, kind], left)
            flow[rank, kind] -= moved
            flow[rank, kind + 1] += moved
            left -= moved


@inner
def board(flow: I64, ahead: I64, aboard: I64, line: Line, wave: int) -> None:
    """Fill a wave: ``aboard`` counts what its lane has taken so far, of the flow and of those ahead, [L, 1 + E, P].

    The last column of ``flow`` and ``ahead`` counts everything ever loaded: each lane takes from it on its own.
    """
    lane, left, loaded = line.lane[wave], line.room[wave], flow.shape[1] - 1
    for rank in range(flow.shape[0]):
        for order in range(ahead.shape[0]):
            aboard[lane, 1 + order, rank] += min(ahead[order, rank, loaded] - aboard[lane, 1 + order, rank], left)
        taken = min(flow[rank, loaded] - aboard[lane, 0, rank], left)
        aboard[lane, 0, rank] += taken
        left -= taken


@kernel
def waves_of_orders(line: Line, work: Work, lanes: int, placed_step: I64, before: F64) -> NDArray[np.int32]:
    """Return the waves that E orders leave with, by scenario, lane and class: int32 [S, E, lanes, P], W for none.

    Each is placed in its step ``placed_step``, after the share ``before`` (0..1) of that step's orders.
    """
    scenarios, steps = work.arrivals.shape
    ranks, waves, orders = len(work.shares), len(line.cut_step), len(placed_step)
    found = np.full((scenarios, orders, lanes, ranks), waves, dtype=np.int32)
    for scenario in range(scenarios):
        flow = work.backlog.copy()
        ahead = np.zeros((orders, ranks, flow.shape[1]), dtype=np.int64)
        ahead[:] = flow
        aboard = np.zeros((lanes, 1 + orders, ranks), dtype=np.int64)
        todo = np.full(orders, lanes * ranks)
        wave = 0
        for step in range(steps + 1):
            while wave < waves and line.cut_step[wave] == step:
                board(flow, ahead, aboard, line, wave)
                note_gone(found[scenario], todo, ahead, aboard, line, wave, placed_step)
                wave += 1
            if step == steps or wave == waves or todo.sum() == 0:
                break
            queue_up(ahead, work, scenario, step, placed_step, before)
            arrive(flow, work, scenario, step)
            serve(flow, ahead, todo, line, work, scenario, step)
    return found


@inner
def queue_up(ahead: I64, work: Work, scenario: int, step: int, placed_step: I64, before: F64) -> None:
    """Add a step's orders to those ahead of each order, as far as they come before it, and the order itself."""
    for order in range(ahead.shape[0]):
        if step > placed_step[order]:
            continue
        part = before[order] if step == placed_step[order] else 1.0
        for rank in range(len(work.shares)):
            come = np.rint(work.arrivals[scenario, step] * work.shares[rank] * PARCEL)
            ahead[order, rank, 0] += np.int64(come * part)
            if step == placed_step[order]:
                ahead[order, rank, 0] += PARCEL


@inner
def note_gone(
    found: NDArray[np.int32], todo: I64, ahead: I64, aboard: I64, line: Line, wave: int, placed_step: I64
) -> None:
    """Write down the classes whose orders have just left with ``wave``, and count them off ``todo``."""
    lane = line.lane[wave]
    for order in range(len(todo)):
        if line.cut_step[wave] <= placed_step[order]:
            continue
        for rank in range(ahead.shape[1]):
            if found[order, lane, rank] == len(line.cut_step):
                if aboard[lane, 1 + order, rank] == ahead[order, rank].sum():
                    found[order, lane, rank] = wave
                    todo[order] -= 1


class Flows(NamedTuple):
    """What goes on in a hub: means over scenarios where S is missing, thousandths of a parcel.

    Parameters
    ----------
    waiting : float64 [K, T]
        Before each kind of work, at the end of each step.
    loaded : int64 [S, T]
        Everything ever loaded, by the end of each step.
    come : int64 [S, T]
        Everything ever come in, the first backlog included.
    taken : int64 [S, W]
        Aboard each wave, as if all parcels went with its lane.
    """

    waiting: F64
    loaded: I64
    come: I64
    taken: I64


@kernel
def run_flows(line: Line, work: Work, lanes: int) -> Flows:
    """Let all scenarios run to the end and return what happened."""
    scenarios, steps = work.arrivals.shape
    kinds, ranks, waves = line.capacity.shape[0], len(work.shares), len(line.cut_step)
    waiting = np.zeros((kinds, steps))
    loaded, come = np.zeros((scenarios, steps), np.int64), np.zeros((scenarios, steps), np.int64)
    taken = np.zeros((scenarios, waves), np.int64)
    nobody, nothing = np.zeros((0, ranks, kinds + 1), dtype=np.int64), np.zeros(0, dtype=np.int64)
    for scenario in range(scenarios):
        flow = work.backlog.copy()
        aboard = np.zeros((lanes, 1, ranks), dtype=np.int64)
        wave = 0
        for step in range(steps + 1):
            while wave < waves and line.cut_step[wave] == step:
                before = aboard[line.lane[wave], 0].sum()
                board(flow, nobody, aboard, line, wave)
                taken[scenario, wave] = aboard[line.lane[wave], 0].sum() - before
                wave += 1
            if step == steps:
                break
            arrive(flow, work, scenario, step)
            serve(flow, nobody, nothing, line, work, scenario, step)
            for rank in range(ranks):
                for kind in range(kinds):
                    waiting[kind, step] += flow[rank, kind] / scenarios
                    come[scenario, step] += flow[rank, kind]
                loaded[scenario, step] += flow[rank, kinds]
            come[scenario, step] += loaded[scenario, step]
    return Flows(waiting, loaded, come, taken)
