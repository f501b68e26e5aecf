"""Units, the clock, and what an error says."""

from __future__ import annotations

import json
import math
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pyproj import Geod

from data import clock
from data.errors import (
    InputError,
    JalonError,
    RoutingDataError,
    TooLargeError,
    near_miss,
)
from data.units import EARTH_RADIUS_M, ceil_int, dm3, euros, grams, haversine_m

CONTRACTS = Path(__file__).resolve().parent.parent / "contracts"
LATITUDES, LONGITUDES = st.floats(-90, 90), st.floats(-180, 180)

# --- units


@given(st.integers(0, 8_000_000))
@example(300)  # 0.3 kg: 0.1 + 0.2 is a little more than that
def test_whole_grams_stay_what_they_are(mass_g: int) -> None:
    assert grams(mass_g / 1000) == mass_g
    assert grams(mass_g / 1000 + 0.1 + 0.2 - 0.3) == mass_g
    assert grams((mass_g + 0.01) / 1000) == mass_g + 1


@given(st.floats(0, 1e6))
def test_never_understated(value: float) -> None:
    exact = Fraction(value)
    assert 0 <= ceil_int(value) - exact + Fraction(1e-9) < 1 + Fraction(1e-8)
    assert grams(value) >= exact * 1000 - Fraction(1e-6)
    assert dm3(value) >= 1 and dm3(value) >= exact - Fraction(1e-8)


def test_volumes_are_at_least_one() -> None:
    assert [dm3(litres) for litres in (0, 0.2, 1, 1.0000000001, 1.01, 12.5)] == [1, 1, 1, 1, 2, 13]


def test_euros() -> None:
    assert euros(0) == "0.00 EUR"
    assert euros(5) == "0.05 EUR"
    assert euros(-1) == "-0.01 EUR"
    assert euros(123_456) == "1 234.56 EUR"
    assert euros(2_000_000_000) == "20 000 000.00 EUR"


@given(st.integers(-(10**11), 10**11))
def test_euros_say_every_cent(cents: int) -> None:
    number, unit = euros(cents).rsplit(" ", 1)
    assert unit == "EUR"
    assert Fraction(number.replace(" ", "")) * 100 == cents


@given(LATITUDES, LONGITUDES, LATITUDES, LONGITUDES)
@example(90, 0, -90, 0)
@example(47, -180, 47, 180)
@example(0, 0, 0, 180)
def test_haversine_is_the_great_circle(lat_a: float, lon_a: float, lat_b: float, lon_b: float) -> None:
    distance_m = haversine_m(lat_a, lon_a, lat_b, lon_b)
    _, _, oracle_m = Geod(a=EARTH_RADIUS_M, b=EARTH_RADIUS_M).inv(lon_a, lat_a, lon_b, lat_b)
    assert math.isclose(distance_m, oracle_m, rel_tol=1e-7, abs_tol=0.2)
    assert distance_m == haversine_m(lat_b, lon_b, lat_a, lon_a)
    assert 0 <= distance_m <= math.pi * EARTH_RADIUS_M * (1 + 1e-12)


def test_haversine_of_what_is_known() -> None:
    assert haversine_m(47.2, -1.5, 47.2, -1.5) == 0
    assert haversine_m(47, 2, 48, 2) == pytest.approx(math.radians(1) * EARTH_RADIUS_M)
    paris_nantes_m = haversine_m(48.8566, 2.3522, 47.2184, -1.5536)
    _, _, ellipsoid_m = Geod(ellps="WGS84").inv(2.3522, 48.8566, -1.5536, 47.2184)
    assert paris_nantes_m == pytest.approx(ellipsoid_m, rel=0.005)


# --- clock


def test_now_is_aware_and_in_paris() -> None:
    now = clock.now()
    assert now.tzinfo is clock.PARIS
    assert now.utcoffset() in (timedelta(hours=1), timedelta(hours=2))


def test_durations_never_go_back() -> None:
    for read in (clock.elapsed_s, clock.cpu_s):
        readings = [read() for _ in range(100)]
        assert readings == sorted(readings)


def test_the_same_seed_gives_the_same_numbers() -> None:
    draws = [clock.rng(seed).integers(0, 10**9, 50) for seed in (1, 1, 2)]
    assert np.array_equal(draws[0], draws[1])
    assert not np.array_equal(draws[0], draws[2])
    # frozen: a seed written into a plan must give that plan on any machine, so also after an upgrade of numpy
    assert clock.rng(1).integers(0, 1000, 5).tolist() == [473, 511, 755, 950, 34]


# --- errors

EXIT_CODES = {JalonError: 2, InputError: 2, RoutingDataError: 3, TooLargeError: 4}


@pytest.mark.parametrize("kind", EXIT_CODES, ids=lambda kind: kind.__name__)
def test_an_error_says_where_what_and_what_to_do(kind: type[JalonError]) -> None:
    error = kind("duplicate_id", "order o1 is there twice", "day.json#/orders/3/id", "rename one")
    assert str(error) == "day.json#/orders/3/id: order o1 is there twice (rename one) [duplicate_id]"
    assert error.args == ("order o1 is there twice",)
    assert error.exit_code == EXIT_CODES[kind]
    assert isinstance(error, JalonError)


def test_an_error_may_say_less() -> None:
    assert str(InputError("too_late", "it is too late")) == "it is too late [too_late]"
    assert str(InputError("too_late", "it is too late", "a.json")) == "a.json: it is too late [too_late]"
    assert str(InputError("too_late", "it is too late", action="go")) == "it is too late (go) [too_late]"


@given(*[st.text(min_size=1)] * 3)
def test_errors_keep_their_contract(message: str, where: str, action: str) -> None:
    contract = json.loads((CONTRACTS / "error.schema.json").read_text())
    for error in (InputError("a_code", message), RoutingDataError("a_code", message, where, action)):
        jsonschema.validate({"error": error.as_dict()}, contract)
    assert error.as_dict() == {"code": "a_code", "message": message, "where": where, "action": action}


@pytest.mark.parametrize(
    ("word", "known", "says"),
    [
        ("vehicels", ["hubs", "vehicles"], "did you mean `vehicles`?"),
        ("start", ["start_at", "end_at"], "did you mean `start_at`?"),
        ("hub-1", ["hub-2", "hub-11"], "did you mean `hub-11`?"),
        ("id", ["id"], "did you mean `id`?"),
        ("latitude", ["id", "lat", "lon"], "did you mean `lat`?"),
        ("longitude", ["id", "lat", "lon"], "did you mean `lon`?"),
        ("identity", ["id", "lat"], ""),
        ("zzz", ["hubs", "vehicles"], ""),
        ("hubs", [], ""),
        ("", ["hubs"], ""),
    ],
)
def test_near_miss(word: str, known: list[str], says: str) -> None:
    assert near_miss(word, known) == says
    assert near_miss(word, iter(known)) == says


@given(st.text(), st.lists(st.text()))
def test_near_miss_only_names_what_is_known(word: str, known: list[str]) -> None:
    said = near_miss(word, known)
    assert said in ["", *(f"did you mean `{name}`?" for name in known)]
    if word in known:
        assert said == f"did you mean `{word}`?"
