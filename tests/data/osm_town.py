"""Hand-drawn maps for the tests of OpenStreetMap sources."""

from __future__ import annotations

from pathlib import Path

import osmium
from osmium.osm import mutable

from data.model.streets import StreetNetwork
from data.sources.osm import SourceReport, streets_from_pbf

# About 111 m.
STEP_DEGREES = 0.001


class Town:
    """A map in the making; node (x, y) lies x steps east and y steps north of 47 N, 2 E."""

    def __init__(self) -> None:
        self.nodes: list[mutable.Node] = []
        self.ways: list[mutable.Way] = []
        self.relations: list[mutable.Relation] = []
        self.at: dict[tuple[float, float], int] = {}

    def node(self, ref: int, x: float, y: float, **tags: str) -> None:
        lon, lat = round(2 + x * STEP_DEGREES, 7), round(47 + y * STEP_DEGREES, 7)
        self.at[lon, lat] = ref
        self.nodes.append(mutable.Node(id=ref, location=(lon, lat), tags=tags))

    def way(self, ref: int, nodes: list[int], highway: str = "residential", **tags: str) -> None:
        tags = {key.replace("__", ":"): value for key, value in tags.items()}
        self.ways.append(mutable.Way(id=ref, nodes=nodes, tags={"highway": highway, **tags}))

    def turn(self, members: list[tuple[str, int, str]], **tags: str) -> None:
        """Add a restriction; members are (type, id, role)."""
        tags = {key.replace("__", ":"): value for key, value in tags.items()}
        self.relations.append(
            mutable.Relation(id=len(self.relations) + 1, members=members, tags={"type": "restriction", **tags})
        )

    def write(self, path: Path) -> Path:
        with osmium.SimpleWriter(str(path), overwrite=True) as writer:
            for node in sorted(self.nodes, key=lambda one: one.id):
                writer.add_node(node)
            for way in self.ways:
                writer.add_way(way)
            for relation in self.relations:
                writer.add_relation(relation)
        return path

    def load(self, folder: Path) -> tuple[StreetNetwork, SourceReport]:
        return streets_from_pbf(self.write(folder / "town.osm.pbf"))

    def ref(self, network: StreetNetwork, node: int) -> int:
        """Return the map's id of a junction."""
        return self.at[round(float(network.node_lon[node]), 7), round(float(network.node_lat[node]), 7)]

    def arcs(self, network: StreetNetwork) -> list[tuple[int, int, int]]:
        """Return (tail, head, access) of every arc, by the map's ids."""
        ends = zip(network.tail.tolist(), network.head.tolist(), network.access.tolist())
        return sorted((self.ref(network, tail), self.ref(network, head), access) for tail, head, access in ends)

    def turns(self, network: StreetNetwork) -> list[tuple[list[int], bool, int]]:
        """Return (nodes along the arcs, only, except) of every restriction, by the map's ids."""
        found = []
        for k in range(len(network.restriction_only)):
            arcs = network.restriction_arcs[network.restriction_ptr[k] : network.restriction_ptr[k + 1]].tolist()
            path = [network.tail[arcs[0]], *(network.head[arc] for arc in arcs)]
            nodes = [self.ref(network, node) for node in path]
            found.append((nodes, bool(network.restriction_only[k]), int(network.restriction_except[k])))
        return found


def crossroads() -> Town:
    """Return a cross of four streets (ways 10 west, 11 east, 12 north, 13 south) that meet in node 1."""
    town = Town()
    for ref, x, y in ((1, 0, 0), (2, -1, 0), (3, 1, 0), (4, 0, 1), (5, 0, -1)):
        town.node(ref, x, y)
    for way, end in ((10, 2), (11, 3), (12, 4), (13, 5)):
        town.way(way, [end, 1])
    return town
