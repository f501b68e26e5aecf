"""What an OpenStreetMap node on a street means: whom a barrier stops, and what lights, signs and gates cost.

The delays are those of OSRM's car profile (Project-OSRM/osrm-backend 26, ``profiles/lib/obstacles.lua`` and
``profiles/car.lua``): 2 s at traffic lights, 2 s at a stop sign, 1 s at a give-way sign, 60 s at a gate.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from data.model.streets import ACCESS_BIT
from data.sources.osm_access import ALL, KEYS, MOTOR, stated, words

_GATES = words("gate lift_gate swing_gate sliding_gate hampshire_gate bump_gate")
_OPEN_BARRIERS = _GATES | words(
    "toll_booth cattle_grid border_control sally_port entrance no kerb height_restrictor arch"
)
_NO_BICYCLE_BARRIERS = words(
    "stile kissing_gate turnstile full-height_turnstile cycle_barrier wall fence hedge guard_rail"
)
_SIGN_MS = {"traffic_signals": 2_000, "stop": 2_000, "give_way": 1_000}
_GATE_MS = 60_000
_GATE_KEYS = ("access", "vehicle", "motor_vehicle", "motorcar")


class Obstacle(NamedTuple):
    """Milliseconds lost at a node, driving a way's nodes forward or backward.

    ``unsided``: a stop sign that doesn't say which direction it faces; ``minor_only``: only the lesser streets of its
    junction stop.
    """

    forward_ms: int
    backward_ms: int
    unsided: bool = False
    minor_only: bool = False


def barrier_blocks(tags: Mapping[str, str]) -> int:
    """Return who can't pass a node with these tags, as an or of ``ACCESS_BIT`` (0 where it is no barrier)."""
    kind = tags.get("barrier")
    if kind is None:
        return 0
    if tags.get("locked") == "yes":
        blocked = ALL
    elif kind in _OPEN_BARRIERS or tags.get("bollard") == "rising":
        blocked = 0
    elif kind in _NO_BICYCLE_BARRIERS:
        blocked = ALL
    else:
        blocked = MOTOR
    for category, bit in ACCESS_BIT.items():
        says = stated(tags, KEYS[category])
        if says is not None:
            blocked = blocked & ~bit if says else blocked | bit
    return blocked


def obstacle_at(tags: Mapping[str, str]) -> Obstacle | None:
    """Return what a node with these tags costs whoever passes it, or ``None``."""
    kind = tags.get("highway", "")
    lost_ms = _SIGN_MS.get(kind, 0)
    # A gate of which access is tagged stands open to those who have it.
    gate_ms = _GATE_MS if tags.get("barrier") in _GATES and not any(key in tags for key in _GATE_KEYS) else 0
    if not lost_ms + gate_ms:
        return None
    side = tags.get("direction", "")
    if kind == "traffic_signals":
        side = tags.get("traffic_signals:direction", side)
    return Obstacle(
        forward_ms=gate_ms + (0 if side == "backward" else lost_ms),
        backward_ms=gate_ms + (0 if side == "forward" else lost_ms),
        unsided=kind == "stop" and side not in ("forward", "backward", "both"),
        minor_only=kind == "stop" and tags.get("stop") == "minor",
    )
