"""Geocoding: postal addresses in, points out, behind one door whoever finds them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from data.model.address import Address, Located
from data.sources.geocode_apart import ApartGeocoder
from data.sources.geocode_http import HttpGeocoder


class Geocoder(Protocol):
    """Whatever finds addresses. It may take long: never ask it while a buyer waits for a quote."""

    def locate(self, addresses: Sequence[Address]) -> list[Located]:
        """Return where addresses are, in order.

        Raises
        ------
        UnavailableError
            Who is asked does not answer; try later.
        """
        ...


def open_geocoder(ban: Path | None, url: str = "") -> ApartGeocoder | HttpGeocoder | None:
    """Return a geocoder for a server: the register's own file where there is one, else the service at ``url``.

    The register is held by a process of its own; whoever opens a geocoder closes it.

    Raises
    ------
    InputError
        As :func:`data.sources.ban.read_ban`.
    """
    if ban is not None:
        return ApartGeocoder(ban)
    return HttpGeocoder(url) if url else None
