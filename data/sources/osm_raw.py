"""What every OpenStreetMap reader hands to the builder: ways, barriers and turn rules, not yet cut at junctions."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from data.sources.osm_nodes import Obstacle, barrier_blocks, obstacle_at
from data.sources.osm_tags import WayRules


@dataclass(frozen=True)
class TurnRule:
    """A turn restriction between ways; ``via_node`` is set, or else ``via_ways`` is not empty.

    ``concerned`` is an or of ``ACCESS_BIT``: whom it binds.
    """

    relation_id: int
    from_way: int
    to_way: int
    via_node: int | None
    via_ways: tuple[int, ...]
    only: bool
    concerned: int


@dataclass(frozen=True)
class RawStreets:
    """A reader's harvest, filled way by way.

    Attributes
    ----------
    way_id, way_points : array of int64
        Per way: the source's id and how many points it has.
    rules : list of WayRules
        Per way.
    ref : array of int64
        Per point: its node's id; two ways meet where they share one.
    lat, lon : array of double
        Per point, degrees.
    barriers : dict of int to int
        Node id to an or of ``ACCESS_BIT``: who is blocked there.
    obstacles : dict of int to Obstacle
        Node id to what is lost there.
    turns : list of TurnRule
    ignored_turns : Counter of str
        Why restrictions were left out, and how many.
    warnings : list of str
    """

    way_id: array[int] = field(default_factory=lambda: array("q"))
    way_points: array[int] = field(default_factory=lambda: array("q"))
    rules: list[WayRules] = field(default_factory=list)
    ref: array[int] = field(default_factory=lambda: array("q"))
    lat: array[float] = field(default_factory=lambda: array("d"))
    lon: array[float] = field(default_factory=lambda: array("d"))
    barriers: dict[int, int] = field(default_factory=dict)
    obstacles: dict[int, Obstacle] = field(default_factory=dict)
    turns: list[TurnRule] = field(default_factory=list)
    ignored_turns: Counter[str] = field(default_factory=Counter)
    warnings: list[str] = field(default_factory=list)

    def add_way(
        self, way_id: int, rules: WayRules, refs: Sequence[int], lats: Sequence[float], lons: Sequence[float]
    ) -> None:
        """Append one way, its points in the way's order."""
        self.way_id.append(way_id)
        self.way_points.append(len(refs))
        self.rules.append(rules)
        self.ref.extend(refs)
        self.lat.extend(lats)
        self.lon.extend(lons)

    def add_node(self, node_id: int, tags: Mapping[str, str]) -> None:
        """Keep whom a node on a street stops, and what it costs the others."""
        blocked = barrier_blocks(tags)
        if blocked:
            self.barriers[node_id] = blocked
        obstacle = obstacle_at(tags)
        if obstacle:
            self.obstacles[node_id] = obstacle


@dataclass(frozen=True)
class SourceReport:
    """What a source left out, what its user should know, and what its city needs besides the streets.

    Attributes
    ----------
    dropped_ways : int
        ``highway`` ways that no vehicle may use, or that lie apart from the network.
    ignored_restrictions : int
        Turn restrictions that could not be applied; ``warnings`` says why.
    warnings : tuple of str
    street_hours : tuple of str
        OSM opening hours that the network's ``arc_hours`` points into.
    """

    dropped_ways: int
    ignored_restrictions: int
    warnings: tuple[str, ...]
    street_hours: tuple[str, ...] = ()
