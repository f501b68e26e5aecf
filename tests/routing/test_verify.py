"""The independent checker: accepts valid plans, answers every mutant with its code, never crashes."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from itertools import pairwise
from random import Random
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import msgspec
import pytest

from data.model import plan as model
from data.model.base import Value
from routing.verify import Violation, check
from routing.verify import format as wire
from routing.verify.facts import Costs
from routing.verify.sums import tour_cents, tour_co2e_g
from tests.conftest import ROOT
from tests.mutants.catalog import KINDS, Mutant, escaped
from tests.mutants.kinds import close_zone, later, leaves_at, order_ids, pick, stops, vehicle_of, window
from tests.plans import published, small_plan

Json = dict[str, Any]
SOURCES = sorted((ROOT / "routing" / "verify").glob("*.py"))


@cache
def samples(count: int) -> list[Json]:
    """Return published sample plans; tests copy before they change one."""
    return [published(small_plan(seed)) for seed in range(count)]


def sample(seed: int = 0) -> Json:
    """Return one published sample plan of one's own."""
    return published(small_plan(seed))


def codes(plan: object) -> set[str]:
    """Return the codes of the violations in ``plan``."""
    return {violation.code for violation in check(plan)}


# ------------------------------------------------------------------------------------- valid plans and mutants


def test_sample_plans_have_no_violation() -> None:
    for seed in range(150):
        assert check(published(small_plan(seed))) == [], f"seed {seed}"


def test_sample_plans_show_every_feature() -> None:
    """What no sample shows, no mutant can touch."""
    plans = samples(12)
    tours = [tour for plan in plans for tour in plan["tours"]]
    assert {place["kind"] for plan in plans for place in plan["places"]} == {"home", "relay", "locker", "post_office"}
    assert {tour["start"].get("at_hub", True) for tour in tours} == {True, False}
    assert any(len(tour.get("breaks", [])) == 2 for tour in tours)
    assert any(len(stop["handovers"]) > 1 for tour in tours for stop in tour["stops"])
    assert any(leg.get("zones") for tour in tours for leg in tour["legs"])
    assert any(lock.get("closed_to_others") for plan in plans for lock in plan["locks"])


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_mutant_is_caught(kind: Mutant) -> None:
    made, survivors = escaped(kind, samples(12), 15, 1, check)
    assert made == 15
    assert not survivors, survivors[:3]


@pytest.mark.soak
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_mutant_is_caught_a_thousand_times(kind: Mutant) -> None:
    made, survivors = escaped(kind, samples(250), 1_000, 2, check)
    assert made == 1_000
    assert not survivors, survivors[:3]


def test_names_of_mutants_are_unique() -> None:
    assert len({kind.name for kind in KINDS}) == len(KINDS)


def test_every_code_has_a_mutant() -> None:
    """A rule that no mutant triggers may be dead."""
    said = {code for path in SOURCES for code in _codes_said(ast.parse(path.read_text(encoding="utf-8")))}
    assert said == {kind.code for kind in KINDS}


def _codes_said(tree: ast.Module) -> Iterator[str]:
    """Yield what is passed as the code of a violation, or as the noun of an unknown one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
            first = node.args[0]
            if node.func.id == "Violation" and isinstance(first, ast.Constant):
                yield first.value
            elif node.func.id in {"_named", "_all_named"} and isinstance(first, ast.Constant):
                yield f"unknown_{first.value}"
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "code":
            yield from (leaf.value for leaf in ast.walk(node.value) if _is_code(leaf))
        elif isinstance(node, ast.Tuple) and node.elts and _is_code(node.elts[0]):
            yield node.elts[0].value  # type: ignore[attr-defined]


def _is_code(node: ast.AST) -> bool:
    words = ("wrong_", "order_", "break_", "box_")
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith(words)


# ------------------------------------------------------------------------------------------------ independence


def test_the_checker_imports_the_standard_library_and_itself_only() -> None:
    assert SOURCES
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for name in names:
                own = name.startswith("routing.verify")
                assert own or name.partition(".")[0] in sys.stdlib_module_names, f"{path.name} imports {name}"


def test_the_checker_knows_every_key_of_the_model() -> None:
    """Written twice on purpose, so kept together here: keys, defaults, nesting."""
    seen: set[str] = set()
    _compare(model.Plan, wire.Plan, seen)
    assert {"Plan", "Tour", "Stop", "Handover", "Vehicle", "Order", "Parcel", "Place", "AccessClass"} <= seen


def _compare(ours: type[Value], theirs: Any, seen: set[str]) -> None:
    if ours.__name__ in seen:
        return
    seen.add(ours.__name__)
    fields = {field.name: field for field in msgspec.structs.fields(ours)}
    assert set(fields) == set(theirs._fields), ours
    ours_hints, hints = get_type_hints(ours), get_type_hints(theirs)
    for name, field in fields.items():
        default = theirs._field_defaults.get(name, msgspec.NODEFAULT)
        if isinstance(field.default, Value):
            assert tuple(msgspec.structs.astuple(field.default)) == tuple(default), (ours, name)
        else:
            assert field.default == default, (ours, name)
        inner, other = _struct(ours_hints[name], Value), _struct(hints[name], tuple)
        assert (inner is None) == (other is None), (ours, name)
        if inner is not None:
            _compare(inner, other, seen)


def _struct(hint: Any, base: type) -> Any:
    """Return the record type inside ``X``, ``X | None`` or ``tuple[X, ...]``, or ``None``."""
    if get_origin(hint) in (tuple, Union, UnionType, Annotated):
        return next((found for inner in get_args(hint) if (found := _struct(inner, base))), None)
    return hint if isinstance(hint, type) and issubclass(hint, base) and hint is not tuple else None


# ----------------------------------------------------------------------------- readings the format leaves open


def test_defaults_may_be_written_out() -> None:
    plan = sample()
    plan["format"] = "jalon.plan/1"
    for vehicle in plan["vehicles"]:
        vehicle.setdefault("role", "own")
        vehicle.setdefault("breaks", [])
        vehicle.setdefault("max_mm", None)
    assert check(plan) == []


def test_instants_are_compared_whatever_their_offset() -> None:
    plan = sample(3)
    for tour, _, stop in stops(plan):
        for item in (tour, stop):
            for key in ("departure_at", "return_at", "arrival_at", "start_at", "end_at"):
                if key in item:
                    item[key] = datetime.fromisoformat(item[key]).astimezone(UTC).isoformat().replace("+00:00", "Z")
    assert check(plan) == []


def test_given_instants_are_exact_to_the_microsecond() -> None:
    plan = sample()
    _, _, stop = pick(Random(0), stops(plan))
    handover = stop["handovers"][0]
    order = next(order for order in plan["orders"] if order["id"] == handover["order_id"])
    start_at = handover["start_at"]
    just_after = f"{start_at[:19]}.000001{start_at[19:]}"
    just_before = f"{later(start_at, -1)[:19]}.999999{start_at[19:]}"
    order["options"][handover["option"]]["windows"] = [window(just_before, just_after)]
    assert check(plan) == []
    order["options"][handover["option"]]["windows"] = [window(just_after, later(start_at, 9))]
    assert codes(plan) == {"outside_window"}


def test_closures_are_half_open_and_windows_closed() -> None:
    """Leaving as the zone closes and arriving as it opens are fine; so is starting at either end of a window."""
    plan = sample()
    tour, k, stop = pick(Random(1), stops(plan))
    left_at = leaves_at(tour, k)
    stop.setdefault("zone_ids", []).append("touching")
    close_zone(plan, tour, "touching", later(stop["arrival_at"], -600), stop["arrival_at"])
    close_zone(plan, tour, "touching", left_at, later(left_at, 600))
    handover = stop["handovers"][0]
    option = next(order for order in plan["orders"] if order["id"] == handover["order_id"])["options"]
    option[handover["option"]]["windows"] = [window(handover["start_at"], handover["start_at"])]
    assert check(plan) == []


def test_staying_at_a_place_needs_no_second_setup() -> None:
    """The driver hands over, waits for the next window, and hands over again: two stops, one set-up."""
    plan = next(plan for plan in map(sample, range(40)) if any(map(_stays, _pairs(plan))))
    assert check(plan) == []
    second = next(second for first, second in _pairs(plan) if _stays((first, second)))
    next(place for place in plan["places"] if place["id"] == second["place_id"])["setup_s"] = second["setup_s"] = 7
    assert "wrong_setup" in codes(plan)


def _pairs(plan: Json) -> Iterator[tuple[Json, Json]]:
    return (pair for tour in plan["tours"] for pair in pairwise(tour["stops"]))


def _stays(pair: tuple[Json, Json]) -> bool:
    return bool(pair[0]["place_id"] == pair[1]["place_id"])


def test_an_electric_vehicle_is_of_the_cleanest_class() -> None:
    plan = sample()
    group = next(group for group in plan["access"] if group["vehicle_ids"])
    for vehicle in plan["vehicles"]:
        if vehicle["id"] in group["vehicle_ids"]:
            vehicle |= {"energy": "electric", "critair": "NC"}
    group |= {"energy": "electric", "critair": "EL"}
    assert group["vehicle_ids"]
    assert check(plan) == []


def test_an_exemption_may_name_a_zone_without_its_date() -> None:
    plan = sample()
    group = next(group for group in plan["access"] if group["vehicle_ids"])
    group.setdefault("exempt_zone_ids", []).append("zone@2026-01-01")
    plan["exemptions"] += [
        {"vehicle_id": vehicle_id, "zone_id": "zone", "valid_from": plan["day"], "valid_to": plan["day"]}
        for vehicle_id in group["vehicle_ids"]
    ]
    assert check(plan) == []


@pytest.mark.parametrize(
    ("distance_m", "duration_s", "cents"), [(499, 1799, 100), (500, 0, 101), (0, 1800, 101), (1500, 5400, 104)]
)
def test_kilometres_and_hours_are_rounded_on_their_own(distance_m: int, duration_s: int, cents: int) -> None:
    assert tour_cents(Costs(fixed_cents=100, per_km_cents=1, per_hour_cents=1), distance_m, duration_s) == cents


@pytest.mark.parametrize(
    ("distance_m", "mg_per_km", "co2e_g"),
    [(1000, 499, 0), (1, 499_999, 0), (1000, 500, 1), (1000, 1499, 1), (999_999, 1000, 1000)],
)
def test_emissions_are_rounded_to_the_gram(distance_m: int, mg_per_km: int, co2e_g: int) -> None:
    assert tour_co2e_g(distance_m, mg_per_km) == co2e_g


def _on_the_road(plan: Json) -> Json:
    """Put a tour on the road, with its orders on board; return it."""
    tour: Json = plan["tours"][0]
    tour["start"] = {"lat": 47.0, "lon": -1.0, "at_hub": False}
    lock = {"vehicle_id": tour["vehicle_id"], "order_ids": order_ids(tour), "sequence": False, "reason": "on board"}
    plan["locks"].append(lock)
    return tour


def test_a_vehicle_on_the_road_skips_only_breaks_that_are_over() -> None:
    plan = sample()
    tour = _on_the_road(plan)
    over = {"id": "over", "duration_s": 900}
    over["window"] = window(later(tour["departure_at"], -900), later(tour["departure_at"], -1))
    vehicle_of(plan, tour).setdefault("breaks", []).append(over)
    assert check(plan) == []
    over["window"]["end_at"] = tour["departure_at"]
    assert codes(plan) == {"break_missing"}


def test_a_vehicle_on_the_road_may_only_drive_home() -> None:
    plan = sample()
    hired = next(vehicle for vehicle in plan["vehicles"] if vehicle["id"] == "idle")
    plan["down"] = []
    start_at = hired["shift"]["start_at"]
    zero = dict.fromkeys(("parcels", "load_g", "load_dm3", "distance_m", "service_s", "waiting_s"), 0)
    leg = {"depart_at": start_at, "travel_s": 60, "distance_m": 0}
    sums = {"travel_s": 60, "cost_cents": 0, "co2e_mg_per_km": 0, "co2e_g": 0, "loading_list": []}
    home = {"vehicle_id": "idle", "start": {"lat": 47.0, "lon": -1.0, "at_hub": False}, "departure_at": start_at}
    plan["tours"].append(home | zero | sums | {"return_at": later(start_at, 60), "legs": [leg], "stops": []})
    plan["totals"]["tours"] += 1
    plan["totals"]["travel_s"] += 60
    assert check(plan) == []


def test_an_order_may_be_served_after_its_promise() -> None:
    plan = sample()
    served = order_ids(plan["tours"][0])[0]
    next(order for order in plan["orders"] if order["id"] == served)["promised_on"] = "2026-11-01"
    assert check(plan) == []


def test_a_violation_says_where() -> None:
    plan = sample()
    plan["tours"][1]["stops"][0]["arrival_at"] = later(plan["tours"][1]["stops"][0]["arrival_at"], -1)
    wrong = [violation for violation in check(plan) if violation.code == "wrong_arrival"]
    assert wrong == [
        Violation("wrong_arrival", "/tours/1/stops/0/arrival_at", "-1 s from departure + travel of its leg")
    ]


def test_a_hired_vehicle_may_save_everything() -> None:
    plan = sample()
    saved = [item["order_id"] for item in plan["postponed"] + plan["unassigned"]]
    plan["hire_options"][0] |= {"saves_order_ids": saved, "cost_cents": 10_000, "cents_per_order": 2_500}
    assert len(saved) == 4
    assert check(plan) == []
