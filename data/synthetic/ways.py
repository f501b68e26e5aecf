"""Streets as people see them: runs of edges that carry straight on through their junctions, one id for each."""

from __future__ import annotations

import numpy as np

from data.synthetic.graph import Edge, Graph, Points

STRAIGHT_RAD = 0.62
FIRST_WAY = 900_000_001
End = tuple[int, bool]  # edge index, True for its v end


def join_ways(graph: Graph) -> list[list[int]]:
    """Number the streets: set every edge's ``way`` and turn the edges of a street the same way round.

    Returns
    -------
    list of list of int
        Edge indices of each street, first to last.
    """
    partner = _straight_on(graph)
    ways: list[list[int]] = []
    seen = [False] * len(graph.edges)
    for index in _starts_first(graph, partner):
        if not seen[index]:
            ways.append(_follow(graph, partner, index, seen))
    for number, indices in enumerate(ways):
        for index in indices:
            graph.edges[index].way = FIRST_WAY + number
    return ways


def _straight_on(graph: Graph) -> dict[End, End]:
    """Pair, at each junction, the edge ends that continue each other best; sharp turns and class changes don't."""
    partner: dict[End, End] = {}
    for node, indices in sorted(graph.incident().items()):
        ends = [(index, far) for index in indices for far in (False, True) if _node(graph.edges[index], far) == node]
        headings = {end: _heading(graph.edges[end[0]], end[1]) for end in ends}
        pairs = []
        for k, first in enumerate(ends):
            for second in ends[k + 1 :]:
                if first[0] != second[0] and _may_join(graph.edges[first[0]], graph.edges[second[0]]):
                    turn = abs((headings[first] - headings[second] + 2 * np.pi) % (2 * np.pi) - np.pi)
                    pairs.append((turn, first, second))
        for turn, first, second in sorted(pairs):
            if turn < STRAIGHT_RAD and first not in partner and second not in partner:
                partner[first], partner[second] = second, first
    return partner


def _may_join(first: Edge, second: Edge) -> bool:
    fixed = first.oneway or second.oneway  # the ring, its slip roads, circles: already directed
    return first.road_class == second.road_class and not fixed


def _node(edge: Edge, far: bool) -> int:
    return edge.v if far else edge.u


def _heading(edge: Edge, far: bool) -> float:
    """Return the direction in which the edge leaves its end, in radians."""
    points: Points = edge.points[::-1] if far else edge.points
    step = points[1] - points[0]
    return float(np.arctan2(step[1], step[0]))


def _starts_first(graph: Graph, partner: dict[End, End]) -> list[int]:
    """Return all edges, those at the end of a street before those inside one (closed streets start anywhere)."""
    inside = [(index, False) in partner and (index, True) in partner for index in range(len(graph.edges))]
    return sorted(range(len(graph.edges)), key=lambda index: inside[index])


def _follow(graph: Graph, partner: dict[End, End], start: int, seen: list[bool]) -> list[int]:
    turned = (start, False) in partner and (start, True) not in partner  # walk from the open end
    way, end = [], (start, not turned)
    while not seen[end[0]]:
        index, leaving_by_v = end
        seen[index] = True
        way.append((index, not leaving_by_v))
        follower = partner.get(end)
        if follower is None:
            break
        end = (follower[0], not follower[1])
    for index, reverse in way:
        if reverse:
            graph.edges[index].reverse()
    return [index for index, _ in way]
