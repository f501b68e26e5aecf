"""Which hub a home's parcels go through: the nearer one, borders moved until each hub gets what its fleet takes."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from data.model.hub import Hub
from data.model.vehicle import Role, Vehicle
from data.synthetic.addresses import METRES_PER_DEGREE, Address, Addresses
from data.synthetic.fleet import orders_per_day

PROBES, ROUNDS = 1500, 200
RATE_S = 260.0  # only the vehicles' proportion matters here


class HubAreas:
    """Areas of ``hubs``, sized by their own vehicles on a probe of the city's addresses."""

    def __init__(self, rng: np.random.Generator, addresses: Addresses, hubs: Sequence[Hub], fleet: Sequence[Vehicle]):
        self._hubs = list(hubs)
        shrink = math.cos(math.radians(hubs[0].lat))
        self._scale = np.array([METRES_PER_DEGREE, METRES_PER_DEGREE * shrink])
        self._handicap_m = np.zeros(len(hubs))
        away = self._away_m(addresses.sample(rng, PROBES))
        wanted = np.array(
            [
                sum(
                    orders_per_day(vehicle, RATE_S)
                    for vehicle in fleet
                    if vehicle.hub_id == hub.id and vehicle.role is Role.OWN
                )
                for hub in hubs
            ]
        )
        wanted = wanted / wanted.sum() if wanted.sum() else np.full(len(hubs), 1 / len(hubs))
        for turn in range(ROUNDS):
            share = np.bincount((away + self._handicap_m).argmin(axis=1), minlength=len(hubs)) / PROBES
            self._handicap_m += (share - wanted) * away.mean() * 2 / (1 + turn / 20)

    def hub_for(self, rng: np.random.Generator, door: Address, other_share: float) -> Hub:
        """Return a door's hub, or now and then another one: that is where the merchant's lorry goes."""
        ranked = (self._away_m([door])[0] + self._handicap_m).argsort(kind="stable")
        if len(ranked) > 1 and rng.random() < other_share:
            return self._hubs[int(ranked[int(rng.integers(1, len(ranked)))])]
        return self._hubs[int(ranked[0])]

    def _away_m(self, doors: Sequence[Address]) -> NDArray[np.float64]:
        """Return metres from each door to each hub, as the crow flies."""
        spots = np.array([(door.lat, door.lon) for door in doors])[:, None, :]
        sites = np.array([(hub.lat, hub.lon) for hub in self._hubs])[None, :, :]
        metres: NDArray[np.float64] = np.linalg.norm((spots - sites) * self._scale, axis=2)
        return metres
