"""Read ways, barriers and turn restrictions from an OpenStreetMap extract with osmium."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import osmium
from osmium.filter import KeyFilter, TagFilter
from osmium.osm import NODE, RELATION, WAY, Node, Relation, Way

from data.errors import RoutingDataError
from data.sources.osm_access import BIKE_HIGHWAYS
from data.sources.osm_raw import RawStreets
from data.sources.osm_tags import WayRules, way_rules
from data.sources.osm_turns import read_turn

Progress = Callable[[str, float], None]

# What osmium gives as coordinate of a node that is not in the file.
_NOWHERE = osmium.osm.Location().x
_PER_DEGREE = 1e7
DOWNLOAD_AGAIN = "download the extract again"


@dataclass
class _Harvest:
    """Fills ``raw`` object by object, and counts what is left out."""

    raw: RawStreets = field(default_factory=RawStreets)
    highways: Counter[str] = field(default_factory=Counter)
    dropped_ways: int = 0
    incomplete_ways: int = 0
    relations: int = 0

    def take_node(self, node: Node) -> None:
        self.raw.add_node(node.id, dict(node.tags))

    def take_way(self, way: Way) -> None:
        tags = dict(way.tags)
        self.highways[tags["highway"]] += 1
        rules = way_rules(tags)
        if rules is None:
            self.dropped_ways += 1
            return
        self._add(way, rules)

    def take_relation(self, relation: Relation) -> None:
        self.relations += 1
        members = [(member.role, member.type, member.ref) for member in relation.members]
        rules, ignored = read_turn(relation.id, dict(relation.tags), members)
        self.raw.turns.extend(rules)
        self.raw.ignored_turns.update(ignored)

    def _add(self, way: Way, rules: WayRules) -> None:
        points = [(node.ref, node.y / _PER_DEGREE, node.x / _PER_DEGREE) for node in way.nodes if node.x != _NOWHERE]
        if len(points) == len(way.nodes):
            runs = [points]
        else:
            self.incomplete_ways += 1
            runs = list(_runs(way))
        for run in runs:
            if len(run) > 1:
                refs, lats, lons = zip(*run)
                self.raw.add_way(way.id, rules, refs, lats, lons)

    def warn(self) -> None:
        """Write into ``raw.warnings`` what the user should know about the extract."""
        if self.raw.rules and not BIKE_HIGHWAYS & self.highways.keys():
            self.raw.warnings.append(drive_only_warning())
        if self.raw.rules and not self.relations:
            self.raw.warnings.append("the extract has no turn restrictions: forbidden turns will be planned")
        if self.incomplete_ways:
            self.raw.warnings.append(f"{self.incomplete_ways} ways leave the extract; only their part inside is kept")


def drive_only_warning() -> str:
    """Return the warning for a source that holds streets for cars only."""
    return (
        "the source holds roads for cars only (no cycleways, paths or pedestrian streets): "
        "cargo bikes are confined to those roads; build from a full extract to let them through"
    )


def read_extract(path: Path, progress: Progress | None = None) -> tuple[RawStreets, int]:
    """Return what an ``.osm.pbf`` (or ``.osm``, ``.osm.bz2``) file holds, and how many ways nobody may use.

    Raises
    ------
    RoutingDataError
        ``unreadable_extract`` for a file that is absent, empty, truncated or no OSM data. A PBF file cut exactly
        between two of its blobs is itself a whole file, and can't be told from one.
    """
    report = progress or (lambda stage, done: None)
    report("reading nodes", 0.0)
    harvest = _Harvest()
    try:
        _check_whole(path)
        stage = ""
        for item in _objects(path):
            if isinstance(item, Node):
                harvest.take_node(item)
            elif isinstance(item, Way):
                if stage != "ways":
                    stage = "ways"
                    report("reading ways", 0.3)
                harvest.take_way(item)
            elif isinstance(item, Relation):
                harvest.take_relation(item)
    except FileNotFoundError as error:
        raise _unreadable(path, str(error.strerror), "check the path") from None
    except (RuntimeError, OSError) as error:
        raise _unreadable(path, str(error)) from None
    if harvest.incomplete_ways and not harvest.raw.rules:
        reason = "its ways come before their nodes, lack them, or have nodes with ids below zero"
        raise _unreadable(path, reason, "sort it with `osmium sort`, or renumber it with `osmium renumber`")
    if any(abs(lat) > 90 for lat in harvest.raw.lat):
        raise _unreadable(path, "it has a latitude beyond 90 degrees")
    harvest.warn()
    return harvest.raw, harvest.dropped_ways


def _objects(path: Path) -> osmium.FileProcessor:
    """Return an iterable of barriers and signs, highways, turn restrictions; all else is filtered in C++."""
    processor = osmium.FileProcessor(path, NODE | WAY | RELATION).with_locations()
    filters = (
        (NODE, KeyFilter("barrier", "highway")),
        (WAY, KeyFilter("highway")),
        (RELATION, TagFilter(("type", "restriction"))),
    )
    for kind, wanted in filters:
        wanted.enable_for(kind)
        processor.with_filter(wanted)
    return processor


def _runs(way: Way) -> Iterator[list[tuple[int, float, float]]]:
    """Yield the stretches of ``way`` between nodes that are not in the file."""
    run: list[tuple[int, float, float]] = []
    for node in way.nodes:
        if node.x == _NOWHERE:
            yield run
            run = []
        else:
            run.append((node.ref, node.y / _PER_DEGREE, node.x / _PER_DEGREE))
    yield run


def _check_whole(path: Path) -> None:
    """Walk a PBF file's blobs from header to header, because osmium reads on when the last bytes are missing.

    Format: OSM wiki, PBF_Format: a 4-byte big-endian length, a BlobHeader of that length, then the blob.
    """
    size = path.stat().st_size
    if size == 0:
        raise _unreadable(path, "the file is empty")
    if path.suffix != ".pbf":
        return
    with path.open("rb") as file:
        while (at := file.tell()) < size:
            header_size = int.from_bytes(file.read(4), "big")
            header = file.read(header_size) if header_size <= 64 * 1024 else b""
            blob_size = _blob_size(header)
            if blob_size is None:
                raise _unreadable(path, f"not OSM PBF data at byte {at}, or cut off there")
            if file.tell() + blob_size > size:
                raise _unreadable(path, f"cut off: the blob at byte {at} is longer than the rest of the file")
            file.seek(blob_size, 1)


def _blob_size(header: bytes) -> int | None:
    """Return field 3 (``datasize``) of a protobuf-encoded BlobHeader, or ``None`` where it is damaged."""
    at = 0
    try:
        while at < len(header):
            field_number, at = _varint(header, at)
            value, at = _varint(header, at)
            if field_number == 3 << 3:
                return value
            if field_number & 7 == 2:
                at += value
    except IndexError:
        pass
    return None


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return value, at


def _unreadable(path: Path, reason: str, action: str = DOWNLOAD_AGAIN) -> RoutingDataError:
    return RoutingDataError("unreadable_extract", f"can't be read as OpenStreetMap data: {reason}", str(path), action)
