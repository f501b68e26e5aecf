"""Make a problem of thousands of stops: several VRPTW instances on one map, around their common depot.

Run: ``python benchmarks/joined.py OUT.vrp FILES... [--mirrored]``.
FILES are Gehring-Homberger instances. Customers keep place, demand, window and service; the fleet is everybody's, its
capacity the smallest of theirs, its horizon the longest. ``--mirrored`` adds each instance once more, mirrored at the
map's vertical axis. No cost is known of such a problem: ``solvers.py`` then compares with the best plan of its run.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from jalon.vrp.instance import Instance
from jalon.vrp.read import read_instance

HEAD = """NAME : {name}
TYPE : VRPTW
DIMENSION : {locations}
VEHICLES : {vehicles}
CAPACITY : {capacity}
EDGE_WEIGHT_TYPE : EUC_2D
"""


def joined(name: str, instances: list[Instance], mirrored: bool) -> str:
    """Return the text of the joined instance in VRPLIB's format."""
    (x, y), *others = (instance.coords[instance.depots[0]] for instance in instances)
    if any(depot != (x, y) for depot in others):
        raise SystemExit("joined: the instances have different depots: give some of one family")
    horizon = max(instance.windows[instance.depots[0]][1] for instance in instances)
    rows = [(x, y, 0, 0, horizon, 0)]
    for instance in instances:
        for flip in (False, True) if mirrored else (False,):
            for at in range(len(instance.demand)):
                if at not in instance.depots:
                    u, v = instance.coords[at]
                    place = (2 * x - u if flip else u), v
                    rows.append((*place, instance.demand[at], *instance.windows[at], instance.service[at]))
    copies = 2 if mirrored else 1
    head = HEAD.format(
        name=name,
        locations=len(rows),
        vehicles=copies * sum(len(instance.vehicles) for instance in instances),
        capacity=min(vehicle.capacity for instance in instances for vehicle in instance.vehicles),
    )
    sections = {"NODE_COORD": (0, 1), "DEMAND": (2,), "TIME_WINDOW": (3, 4), "SERVICE_TIME": (5,)}
    body = ""
    for section, columns in sections.items():
        lines = (f"{at} " + " ".join(str(row[column]) for column in columns) for at, row in enumerate(rows, 1))
        body += f"{section}_SECTION\n" + "\n".join(lines) + "\n"
    return head + body + "DEPOT_SECTION\n1\n-1\nEOF\n"


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--mirrored", action="store_true")
    given = parser.parse_args()
    instances = [read_instance(file) for file in given.files]
    given.out.write_text(joined(given.out.stem, instances, given.mirrored), encoding="utf-8")


if __name__ == "__main__":
    main()
