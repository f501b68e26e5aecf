"""Coordinates people hand in: in range, finite, and not swapped."""

from __future__ import annotations

import math

# Metropolitan France and its neighbours. Swapped, it lies off the Horn of Africa, where no delivery of ours goes.
_LAT = (41.0, 52.0)
_LON = (-9.9, 10.0)


def look_swapped(lat: float, lon: float) -> bool:
    """Return whether a latitude and a longitude of France stand in each other's place."""
    return _LON[0] <= lat <= _LON[1] and _LAT[0] <= lon <= _LAT[1]


def trouble(lat: float, lon: float) -> str:
    """Return what is wrong with a WGS84 position in degrees, or an empty string."""
    if not (math.isfinite(lat) and math.isfinite(lon)):
        return "coordinates must be finite numbers"
    if look_swapped(lat, lon):
        return f"lat and lon look swapped: lat {lat}, lon {lon}"
    if not -90 <= lat <= 90:
        return f"latitude {lat} is not between -90 and 90"
    if not -180 <= lon <= 180:
        return f"longitude {lon} is not between -180 and 180"
    return ""
