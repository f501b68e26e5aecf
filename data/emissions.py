"""CO2e of driving, well to wheel, by dated sets of factors.

Factors: arrêté du 26 avril 2017 (information GES des prestations de transport), annexe, mainland France. The text at
hand stops after the liquid fuels and electricity; gas and biodiesel have no factor here, so they are no
:class:`~data.model.vehicle.Energy`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from data.errors import InputError
from data.model.vehicle import Category, Energy, Vehicle


@dataclass(frozen=True)
class Factor:
    """Grams of CO2e per litre or kWh: making it available, and using it."""

    upstream_g: int
    operation_g: int

    @property
    def total_g(self) -> int:
        """Well to wheel."""
        return self.upstream_g + self.operation_g


@dataclass(frozen=True)
class DefaultUse:
    """What a vehicle is taken to use where its own figure isn't given, in ml or Wh per 100 km, and on what ground."""

    per_100km_milli: int
    ground: str


@dataclass(frozen=True)
class FactorSet:
    """One edition of the factors. ``id`` is what a plan names as its ``emission_factors``."""

    id: str
    published: date
    source: str
    factors: Mapping[Energy, Factor]
    uses: Mapping[tuple[Category, Energy], DefaultUse]


_ASSUMED = "assumption"
_LEVEL_1 = "level-1 default for vans of 3.5 t in express delivery, arrêté du 10 avril 2012, annexe II"
_FUELS = (Energy.DIESEL, Energy.PETROL, Energy.E10, Energy.E85)

FR_2017 = FactorSet(
    id="fr-2017-04-26",
    published=date(2017, 4, 26),
    source="arrêté du 26 avril 2017, annexe (JORFARTI000034502756), mainland France",
    factors=MappingProxyType(
        {
            Energy.DIESEL: Factor(660, 2510),
            Energy.PETROL: Factor(530, 2260),
            Energy.E10: Factor(550, 2220),
            Energy.E85: Factor(1090, 370),
            Energy.ELECTRIC: Factor(48, 0),
            Energy.HUMAN: Factor(0, 0),
        }
    ),
    uses=MappingProxyType(
        {
            (Category.VUL, Energy.DIESEL): DefaultUse(16_000, _LEVEL_1),
            **{(Category.VUL, fuel): DefaultUse(16_000, _ASSUMED) for fuel in _FUELS[1:]},
            **{(Category.VP, fuel): DefaultUse(7_000, _ASSUMED) for fuel in _FUELS},
            **{(Category.PL, fuel): DefaultUse(30_000, _ASSUMED) for fuel in _FUELS},
            **{(Category.TWO_WHEELER, fuel): DefaultUse(4_000, _ASSUMED) for fuel in _FUELS},
            (Category.VUL, Energy.ELECTRIC): DefaultUse(25_000, _ASSUMED),
            (Category.VP, Energy.ELECTRIC): DefaultUse(20_000, _ASSUMED),
            (Category.PL, Energy.ELECTRIC): DefaultUse(100_000, _ASSUMED),
            (Category.TWO_WHEELER, Energy.ELECTRIC): DefaultUse(5_000, _ASSUMED),
            (Category.CARGO_BIKE, Energy.ELECTRIC): DefaultUse(2_000, _ASSUMED),
        }
    ),
)

FACTOR_SETS: Mapping[str, FactorSet] = MappingProxyType({FR_2017.id: FR_2017})


def factor_set_on(day: date) -> FactorSet:
    """Return the newest set published by ``day``.

    Raises
    ------
    InputError
        ``no_emission_factors``: the day is before the first set.
    """
    published = [known for known in FACTOR_SETS.values() if known.published <= day]
    if not published:
        raise InputError("no_emission_factors", f"no emission factors were published by {day}", action="check the day")
    return max(published, key=lambda known: known.published)


def co2e_mg_per_km(vehicle: Vehicle, factor_set: FactorSet) -> int:
    """Return milligrams of CO2e per kilometre, well to wheel, rounded up.

    ``vehicle.use_per_100km_milli`` counts where it is given; else the set's default for its category and energy.

    Raises
    ------
    InputError
        ``no_default_use``: nobody drives such a vehicle, e.g. a cargo bike on diesel.
    """
    if vehicle.energy is Energy.HUMAN:
        return 0
    use_milli = vehicle.use_per_100km_milli
    if not use_milli:
        default = factor_set.uses.get((vehicle.category, vehicle.energy))
        if default is None:
            message = f"no default consumption for a {vehicle.category} on {vehicle.energy} (vehicle `{vehicle.id}`)"
            raise InputError("no_default_use", message, action="correct its energy or give use_per_100km_milli")
        use_milli = default.per_100km_milli
    # ml per 100 km x g per l = mg per 100 km; the same holds for Wh and kWh
    return -(-use_milli * factor_set.factors[vehicle.energy].total_g // 100)
