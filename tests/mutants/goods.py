"""Faults in what is carried: loads, sizes, places, boxes, readiness, hubs, skills, the loading list."""

from __future__ import annotations

from random import Random

from tests.mutants.kinds import (
    Json,
    between,
    by_id,
    collected,
    handovers,
    later,
    loaded,
    mutant,
    off_by_one,
    one_trip,
    parcels,
    pick,
    stops,
    vehicle_of,
    when,
)

SIZE = {"length_mm": 300, "width_mm": 200, "height_mm": 100}


@mutant("over_capacity")
def vehicle_too_small(plan: Json, rng: Random) -> None:
    tour = pick(rng, (tour for tour in plan["tours"] if not collected(tour) and one_trip(tour)))
    key, printed = rng.choice([("capacity_parcels", "parcels"), ("capacity_g", "load_g"), ("capacity_dm3", "load_dm3")])
    when(tour[printed] > 0)
    vehicle_of(plan, tour)[key] = tour[printed] - 1


@mutant("over_capacity")
def parcel_too_heavy_for_the_rest(plan: Json, rng: Random) -> None:
    tour, _, parcel = pick(rng, (each for each in parcels(plan) if not collected(each[0]) and one_trip(each[0])))
    more_g = vehicle_of(plan, tour)["capacity_g"] - tour["load_g"] + 1
    parcel["load_g"] += more_g
    tour["load_g"] += more_g


@mutant("wrong_sum")
def load_off_by_one(plan: Json, rng: Random) -> None:
    tour = pick(rng, plan["tours"])
    tour[rng.choice(["parcels", "load_g", "load_dm3"])] += 1


@mutant("wrong_sum")
def parcel_a_gram_heavier(plan: Json, rng: Random) -> None:
    _, _, parcel = pick(rng, parcels(plan))
    parcel["load_g"] += 1


@mutant("not_ready")
def ready_a_second_late(plan: Json, rng: Random) -> None:
    at_hub = (pair for pair in loaded(plan) if pair[0]["start"].get("at_hub", True) and one_trip(pair[0]))
    tour, _, parcel = pick(rng, at_hub)
    hub = by_id(plan["hubs"], vehicle_of(plan, tour)["hub_id"])
    parcel["ready_at"] = later(tour["departure_at"], 1 - hub.get("loading_s", 0))


@mutant("not_ready")
def loading_takes_longer(plan: Json, rng: Random) -> None:
    waiting = (pair for pair in loaded(plan) if pair[0]["start"].get("at_hub", True) and pair[2].get("ready_at"))
    tour, _, parcel = pick(rng, (pair for pair in waiting if one_trip(pair[0])))
    hub = by_id(plan["hubs"], vehicle_of(plan, tour)["hub_id"])
    hub["loading_s"] = max(0, between(parcel["ready_at"], tour["departure_at"])) + 1


@mutant("wrong_hub")
def order_of_another_hub(plan: Json, rng: Random) -> None:
    _, _, handover = pick(rng, handovers(plan))
    plan["hubs"].append({"id": "elsewhere", "lat": 48.1, "lon": -1.7})
    by_id(plan["orders"], handover["order_id"])["hub_id"] = "elsewhere"


@mutant("wrong_hub")
def parcel_at_another_hub(plan: Json, rng: Random) -> None:
    _, _, parcel = pick(rng, parcels(plan))
    plan["hubs"].append({"id": "elsewhere", "lat": 48.1, "lon": -1.7})
    parcel["hub_id"] = "elsewhere"


@mutant("missing_skill")
def skill_missing(plan: Json, rng: Random) -> None:
    _, _, handover = pick(rng, handovers(plan))
    by_id(plan["orders"], handover["order_id"]).setdefault("skills", []).append("juggling")


@mutant("parcel_too_large")
def parcel_longer_than_the_vehicle(plan: Json, rng: Random) -> None:
    tour, _, parcel = pick(rng, parcels(plan))
    longest = max(parcel.setdefault("size_mm", SIZE).values())
    when(longest > 0)
    vehicle_of(plan, tour)["max_mm"] = dict.fromkeys(SIZE, longest - 1)


@mutant("place_refuses")
def parcel_too_heavy_for_the_place(plan: Json, rng: Random) -> None:
    _, stop, parcel = pick(rng, parcels(plan))
    when(parcel["load_g"] > 0)
    by_id(plan["places"], stop["place_id"])["max_load_g"] = parcel["load_g"] - 1


@mutant("place_refuses")
def parcel_too_large_for_the_place(plan: Json, rng: Random) -> None:
    _, stop, parcel = pick(rng, parcels(plan))
    sides = sorted(parcel.setdefault("size_mm", SIZE).values())
    when(sides[0] > 0)
    size = {"length_mm": 9_000, "width_mm": sides[0] - 1, "height_mm": 9_000}
    by_id(plan["places"], stop["place_id"])["max_mm"] = size


@mutant("place_full")
def place_takes_one_parcel_less(plan: Json, rng: Random) -> None:
    place_id = pick(rng, stops(plan))[2]["place_id"]
    received = sum(stop["place_id"] == place_id for _, stop, _ in parcels(plan))
    by_id(plan["places"], place_id)["daily_cap_parcels"] = received - 1


def _box(plan: Json, rng: Random) -> tuple[Json, Json, Json, Json]:
    """Return a hand-over at a locker, one of its boxes in use, the locker's box, and the parcel in it."""
    uses = ((stop, item, use) for _, stop, item in handovers(plan) for use in item.get("boxes", []))
    stop, handover, use = pick(rng, uses)
    box = by_id(plan["places"], stop["place_id"])["boxes"][use["box"]]
    parcel = by_id(by_id(plan["orders"], handover["order_id"])["parcels"], use["parcel_id"])
    return handover, use, box, parcel


@mutant("boxes_exceeded")
def box_no_longer_free(plan: Json, rng: Random) -> None:
    """A buyer has not collected: one box less of a size that is used to the last."""
    handover, use, box, _ = _box(plan, rng)
    place_id = next(stop["place_id"] for _, stop, item in handovers(plan) if item is handover)
    at_place = (item for _, stop, item in handovers(plan) if stop["place_id"] == place_id)
    box["free"] = sum(other["box"] == use["box"] for item in at_place for other in item.get("boxes", [])) - 1


@mutant("box_too_small")
def parcel_a_millimetre_too_large(plan: Json, rng: Random) -> None:
    _, _, box, parcel = _box(plan, rng)
    size = dict(parcel.setdefault("size_mm", SIZE))
    side = rng.choice(sorted(size))
    when(size[side] > 0)
    box["inner_mm"] = size | {side: size[side] - 1}


@mutant("box_too_small")
def parcel_a_gram_too_heavy(plan: Json, rng: Random) -> None:
    _, _, box, parcel = _box(plan, rng)
    when(parcel["load_g"] > 0)
    box["max_load_g"] = parcel["load_g"] - 1


@mutant("box_missing")
def parcel_without_a_box(plan: Json, rng: Random) -> None:
    handover, use, _, _ = _box(plan, rng)
    handover["boxes"].remove(use)


@mutant("box_twice")
def parcel_in_two_boxes(plan: Json, rng: Random) -> None:
    handover, use, _, _ = _box(plan, rng)
    handover["boxes"].append(use)


@mutant("box_unexpected")
def box_at_a_place_without(plan: Json, rng: Random) -> None:
    boxed = (stop["place_id"] for _, stop, handover in handovers(plan) if handover.get("boxes"))
    by_id(plan["places"], pick(rng, boxed))["kind"] = "relay"


@mutant("unknown_box")
def box_of_no_known_size(plan: Json, rng: Random) -> None:
    stop, use = pick(rng, ((stop, use) for _, stop, item in handovers(plan) for use in item.get("boxes", [])))
    use["box"] = len(by_id(plan["places"], stop["place_id"])["boxes"])


@mutant("unknown_parcel")
def box_for_a_parcel_of_another_order(plan: Json, rng: Random) -> None:
    handover, use, _, _ = _box(plan, rng)
    others = (order for order in plan["orders"] if order["id"] != handover["order_id"])
    use["parcel_id"] = pick(rng, others)["parcels"][0]["id"]


@mutant("wrong_place")
def handed_over_elsewhere(plan: Json, rng: Random) -> None:
    """The vehicle stops at a place that is none of the order's options."""
    _, _, stop = pick(rng, stops(plan))
    place = by_id(plan["places"], stop["place_id"])
    plan["places"].append(place | {"id": "elsewhere"})
    plan["place_hours"].extend(
        hours | {"place_id": "elsewhere"} for hours in plan["place_hours"] if hours["place_id"] == place["id"]
    )
    stop["place_id"] = "elsewhere"


@mutant("wrong_place")
def another_option_is_named(plan: Json, rng: Random) -> None:
    several = (
        (handover, option)
        for _, stop, handover in handovers(plan)
        for option, other in enumerate(by_id(plan["orders"], handover["order_id"])["options"])
        if other["place_id"] != stop["place_id"]
    )
    handover, handover["option"] = pick(rng, several)


@mutant("loading_list")
def loaded_in_delivery_order(plan: Json, rng: Random) -> None:
    stops_of = [(tour["vehicle_id"], stop["place_id"]) for tour, stop, _ in loaded(plan) if one_trip(tour)]
    several = {vehicle for vehicle, _ in stops_of if len({place for van, place in stops_of if van == vehicle}) > 1}
    tour = pick(rng, (tour for tour in plan["tours"] if tour["vehicle_id"] in several))
    tour["loading_list"].reverse()


@mutant("loading_list")
def parcel_left_behind(plan: Json, rng: Random) -> None:
    tour = pick(rng, (tour for tour in plan["tours"] if tour["loading_list"]))
    tour["loading_list"].remove(pick(rng, tour["loading_list"]))


@mutant("loading_list")
def parcel_loaded_twice(plan: Json, rng: Random) -> None:
    tour = pick(rng, (tour for tour in plan["tours"] if tour["loading_list"]))
    tour["loading_list"].insert(rng.randint(0, len(tour["loading_list"])), pick(rng, tour["loading_list"]))


@mutant("duplicate_id")
def parcels_with_one_id(plan: Json, rng: Random) -> None:
    _, _, parcel = pick(rng, parcels(plan))
    other = pick(rng, (other for _, _, other in parcels(plan) if other is not parcel))
    other["id"] = parcel["id"]


@mutant("bad_value")
def load_is_no_count(plan: Json, rng: Random) -> None:
    _, _, parcel = pick(rng, parcels(plan))
    parcel["load_g"] = rng.choice([-1, 1.5, True, "12", None, 2_000_000_001, float("nan"), off_by_one(rng) * 10**5000])


def _kind(plan: Json, rng: Random) -> tuple[Json, Json]:
    """Return a tour and one of its parcels, which now has a kind of its own."""
    tour, _, parcel = pick(rng, parcels(plan))
    parcel["kind"] = "chemicals"
    return tour, parcel


@mutant("kind_refused")
def kind_the_vehicle_refuses(plan: Json, rng: Random) -> None:
    tour, _ = _kind(plan, rng)
    vehicle_of(plan, tour).setdefault("refused_kinds", []).append("chemicals")


@mutant("kinds_together")
def kinds_that_are_to_be_kept_apart(plan: Json, rng: Random) -> None:
    tour, parcel = _kind(plan, rng)
    other = pick(rng, (other for where, _, other in parcels(plan) if where is tour and other is not parcel))
    other["kind"] = "food"
    names = rng.sample(["food", "chemicals"], 2)
    plan.setdefault("apart", []).append({"kind": names[0], "other": names[1]})
