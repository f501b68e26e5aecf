"""A city: its streets, the zones on them, and the relay points and lockers everybody may use."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.model.place import Place
from data.model.streets import StreetNetwork
from data.model.zone import Zone


@dataclass(frozen=True)
class City:
    """What is built once per city and loaded from one ``.city`` file.

    Attributes
    ----------
    zones : tuple of Zone
        In the file's order; at most 64, so that membership fits one word per arc.
    arc_zones : uint64 [arcs]
        Bit z is set where the arc lies in (or is) ``zones[z]``, dates and classes aside.
    places : tuple of Place
        Relay points, lockers and post offices.
    derived : dict of str to array
        What other rooms computed once for these streets and keep in the same file, by dotted name.
    street_hours : tuple of str
        OSM opening hours that ``streets.arc_hours`` points into.
    """

    name: str
    streets: StreetNetwork
    zones: tuple[Zone, ...]
    arc_zones: NDArray[np.uint64]
    places: tuple[Place, ...]
    derived: dict[str, NDArray[np.generic]]
    street_hours: tuple[str, ...] = ()
