"""Faults in trips and in the prices of a plan's shape: loading again, lateness, balance, compactness."""

from __future__ import annotations

from random import Random

from tests.mutants.kinds import (
    Json,
    between,
    by_id,
    handovers,
    later,
    mutant,
    off_by_one,
    pick,
    reloads,
    stops,
    vehicle_of,
    when,
)


def _reload(plan: Json, rng: Random) -> tuple[Json, int, Json]:
    """Return a tour, and a stop at which its vehicle is loaded again."""
    return pick(rng, reloads(plan))


@mutant("too_many_trips")
def one_trip_more_than_the_vehicle_does(plan: Json, rng: Random) -> None:
    tour, _, _ = _reload(plan, rng)
    loaded = sum(stop.get("loading_list") is not None for stop in tour["stops"])
    vehicle_of(plan, tour)["max_trips"] = loaded


@mutant("too_many_trips")
def trips_before_are_counted_too(plan: Json, rng: Random) -> None:
    tour = pick(rng, plan["tours"])
    tour["start"]["trip"] = vehicle_of(plan, tour).get("max_trips", 1) + 1


@mutant("reload_elsewhere")
def loaded_at_another_hub(plan: Json, rng: Random) -> None:
    _, _, stop = _reload(plan, rng)
    plan["hubs"].append({"id": "elsewhere", "lat": 48.1, "lon": -1.7})
    stop["place_id"] = "elsewhere"


@mutant("unknown_hub")
def loaded_at_a_home(plan: Json, rng: Random) -> None:
    _, _, stop = _reload(plan, rng)
    stop["place_id"] = pick(rng, plan["places"])["id"]


@mutant("handover_at_hub")
def handed_over_while_loading(plan: Json, rng: Random) -> None:
    tour, k, stop = _reload(plan, rng)
    stop["handovers"] = tour["stops"][k - 1]["handovers"]


@mutant("empty_trip")
def loaded_twice_in_a_row(plan: Json, rng: Random) -> None:
    tour, k, stop = _reload(plan, rng)
    tour["stops"].insert(k, stop | {"loading_list": []})
    tour["legs"].insert(k, tour["legs"][k])


@mutant("wrong_end")
def loading_off_by_a_second(plan: Json, rng: Random) -> None:
    _, _, stop = _reload(plan, rng)
    stop["end_at"] = later(stop["end_at"], off_by_one(rng))


@mutant("wrong_end")
def loading_takes_longer_than_printed(plan: Json, rng: Random) -> None:
    tour, _, stop = _reload(plan, rng)
    vehicle_of(plan, tour)["reload_s"] = between(stop["start_at"], stop["end_at"]) + 1


@mutant("wrong_setup")
def loading_with_a_set_up(plan: Json, rng: Random) -> None:
    _, _, stop = _reload(plan, rng)
    stop["setup_s"] = 1


def _parcels_of(plan: Json, tour: Json, k: int) -> list[Json]:
    """Return the parcels loaded for the stops after stop ``k``."""
    ids = tour["stops"][k]["loading_list"]
    return [parcel for order in plan["orders"] for parcel in order["parcels"] if parcel["id"] in ids]


@mutant("not_ready")
def ready_after_the_second_loading(plan: Json, rng: Random) -> None:
    tour, k, stop = _reload(plan, rng)
    hub = by_id(plan["hubs"], vehicle_of(plan, tour)["hub_id"])
    pick(rng, _parcels_of(plan, tour, k))["ready_at"] = later(stop["end_at"], 1 - hub.get("loading_s", 0))


@mutant("loading_list")
def loaded_a_trip_too_early(plan: Json, rng: Random) -> None:
    tour, k, stop = _reload(plan, rng)
    when(all(each.get("loading_list") is None for each in tour["stops"][:k]) and bool(stop["loading_list"]))
    tour["loading_list"].insert(0, stop["loading_list"].pop())


@mutant("over_capacity")
def more_loaded_the_second_time_than_fits(plan: Json, rng: Random) -> None:
    tour, _, stop = _reload(plan, rng)
    when(len(stop["loading_list"]) > 0)
    vehicle_of(plan, tour)["capacity_parcels"] = len(stop["loading_list"]) - 1


def _promised(plan: Json, rng: Random) -> tuple[Json, Json]:
    """Return a hand-over and its order, which was promised by some instant."""
    found = ((each, by_id(plan["orders"], each["order_id"])) for _, _, each in handovers(plan))
    return pick(rng, ((each, order) for each, order in found if order.get("promised_by")))


@mutant("wrong_late")
def late_off_by_a_second(plan: Json, rng: Random) -> None:
    handover, _ = _promised(plan, rng)
    handover["late_s"] = handover.get("late_s", 0) + 1


@mutant("wrong_late")
def promised_a_second_earlier(plan: Json, rng: Random) -> None:
    handover, order = _promised(plan, rng)
    order["promised_by"] = later(handover["start_at"], -handover.get("late_s", 0) - 1)


@mutant("wrong_cost")
def lateness_for_nothing(plan: Json, rng: Random) -> None:
    late = ((each, order) for each, order in
            ((each, by_id(plan["orders"], each["order_id"])) for _, _, each in handovers(plan))
            if each.get("late_s", 0) > 60)  # fmt: skip
    _, order = pick(rng, late)
    order["late_cents_per_hour"] = order.get("late_cents_per_hour", 0) + 3600


@mutant("wrong_cost")
def dearer_by_the_squared_hour(plan: Json, rng: Random) -> None:
    plan["balance_cents_per_h2"] += 3600


@mutant("wrong_cost")
def dearer_by_the_squared_kilometre(plan: Json, rng: Random) -> None:
    when(any(tour.get("compactness_cents") for tour in plan["tours"]))
    plan["compactness_cents_per_km2"] *= 2


@mutant("wrong_cost")
def place_moved_away(plan: Json, rng: Random) -> None:
    spread = {stop["place_id"] for tour, _, stop in stops(plan) if tour.get("compactness_cents")}
    place = pick(rng, (place for place in plan["places"] if place["id"] in spread))
    place["lat"] += 0.5


@mutant("wrong_total")
def price_of_the_shape_left_out(plan: Json, rng: Random) -> None:
    key = pick(rng, (key for key in ("late_cents", "balance_cents", "compactness_cents") if plan["totals"].get(key)))
    plan["totals"]["cost_cents"] -= plan["totals"][key]
