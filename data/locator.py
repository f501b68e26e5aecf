"""Where addresses are: as somebody of the carrier has put them right, else as a geocoder finds them."""

from __future__ import annotations

from collections.abc import Sequence

from data.model.address import Address, Level, Located
from data.sources.geocode import Geocoder
from data.store import corrections
from data.store.database import Database

CORRECTED = "correction"


class Locator:
    """A geocoder, and the corrections in a store. It waits for both: never ask it while a buyer waits."""

    def __init__(self, geocoder: Geocoder, database: Database) -> None:
        self._geocoder, self._database = geocoder, database

    def locate(self, tenant: str, addresses: Sequence[Address]) -> list[Located]:
        """Return where a carrier's addresses are, in order.

        Raises
        ------
        UnavailableError
            ``geocoder_unavailable``: try later.
        StoreError
        """
        names = [corrections.digest(one) for one in addresses]
        with self._database.read() as reading:
            known = corrections.load(reading, tenant, set(names))
        unknown = [one for one, name in zip(addresses, names, strict=True) if name not in known]
        found = iter(self._geocoder.locate(unknown))
        return [
            _corrected(address, known[name]) if name in known else next(found)
            for address, name in zip(addresses, names, strict=True)
        ]


def _corrected(address: Address, point: corrections.Point) -> Located:
    return Located(
        lat=point.lat,
        lon=point.lon,
        score=1.0,
        level=Level.HOUSENUMBER,
        label=", ".join(part for part in (address.text, f"{address.postcode} {address.city}".strip()) if part),
        postcode=address.postcode,
        city=address.city,
        doubtful=False,
        source=CORRECTED,
    )
