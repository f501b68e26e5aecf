"""Emission factors against the figures of the arrêtés, worked out by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.emissions import FACTOR_SETS, FR_2017, co2e_mg_per_km, factor_set_on
from data.errors import InputError
from data.model.base import Window
from data.model.vehicle import Category, Energy, Vehicle

SHIFT = Window(start_at=datetime(2026, 11, 24, 8, tzinfo=UTC), end_at=datetime(2026, 11, 24, 18, tzinfo=UTC))
KG_PER_UNIT = {"diesel": "3.17", "petrol": "2.79", "e10": "2.77", "e85": "1.46", "electric": "0.048"}


def vehicle(category: Category, energy: Energy, use: int = 0) -> Vehicle:
    return Vehicle(
        id="v",
        hub_id="h",
        category=category,
        energy=energy,
        capacity_parcels=1,
        capacity_g=1,
        capacity_dm3=1,
        shift=SHIFT,
        use_per_100km_milli=use,
    )


@pytest.mark.parametrize(
    ("category", "energy", "use", "mg_per_km"),
    [
        (Category.VUL, Energy.DIESEL, 0, 507_200),  # 0.160 l/km x 3.17 kg/l
        (Category.VUL, Energy.DIESEL, 8_000, 253_600),
        (Category.VUL, Energy.ELECTRIC, 0, 12_000),  # 0.25 kWh/km x 0.048 kg/kWh
        (Category.CARGO_BIKE, Energy.ELECTRIC, 0, 960),
        (Category.CARGO_BIKE, Energy.HUMAN, 0, 0),
        (Category.CARGO_BIKE, Energy.ELECTRIC, 1, 1),  # rounded up
    ],
)
def test_by_hand(category: Category, energy: Energy, use: int, mg_per_km: int) -> None:
    assert co2e_mg_per_km(vehicle(category, energy, use), FR_2017) == mg_per_km


@given(st.sampled_from(sorted(KG_PER_UNIT)), st.integers(1, 200_000))
def test_a_given_use_counts_exactly(energy: str, use: int) -> None:
    exact = Fraction(use, 1000) / 100 * Fraction(KG_PER_UNIT[energy]) * 1_000_000
    found = co2e_mg_per_km(vehicle(Category.VUL, Energy(energy), use), FR_2017)
    assert 0 <= found - exact < 1


def test_every_motor_vehicle_has_a_default_and_its_ground() -> None:
    for category in set(Category) - {Category.CARGO_BIKE}:
        for energy in set(Energy) - {Energy.HUMAN}:
            assert co2e_mg_per_km(vehicle(category, energy), FR_2017) > 0
            assert FR_2017.uses[category, energy].ground
    assert "level-1" in FR_2017.uses[Category.VUL, Energy.DIESEL].ground


def test_a_diesel_cargo_bike_is_refused() -> None:
    with pytest.raises(InputError, match="cargo_bike on diesel"):
        co2e_mg_per_km(vehicle(Category.CARGO_BIKE, Energy.DIESEL), FR_2017)


def test_sets_are_dated() -> None:
    assert factor_set_on(date(2026, 11, 24)) is FR_2017
    assert all(name == known.id for name, known in FACTOR_SETS.items())
    with pytest.raises(InputError):
        factor_set_on(date(2017, 4, 25))
