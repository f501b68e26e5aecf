"""Faults in what is collected on the way: never, twice, too late, too early, too much, elsewhere."""

from __future__ import annotations

import copy
from random import Random

from tests.mutants.kinds import (
    Json,
    between,
    by_id,
    collected,
    collections,
    handovers,
    later,
    mutant,
    one_trip,
    pick,
    vehicle_of,
)


@mutant("not_collected")
def collection_left_out(plan: Json, rng: Random) -> None:
    _, stop, collection = pick(rng, (each for each in collections(plan) if each[0]["start"].get("at_hub", True)))
    stop["handovers"].remove(collection)


@mutant("not_collected")
def what_was_at_the_hub_is_elsewhere(plan: Json, rng: Random) -> None:
    at_hub = (each for each in handovers(plan) if each[0]["start"].get("at_hub", True))
    _, stop, handover = pick(rng, (each for each in at_hub if each[2]["order_id"] not in collected(each[0])))
    by_id(plan["orders"], handover["order_id"])["from_place"] = {"place_id": stop["place_id"]}


@mutant("collected_twice")
def collected_a_second_time(plan: Json, rng: Random) -> None:
    _, stop, collection = pick(rng, collections(plan))
    stop["handovers"].append(copy.deepcopy(collection))


@mutant("collected_late")
def handed_over_before_it_is_there(plan: Json, rng: Random) -> None:
    tour, stop, collection = pick(rng, (each for each in collections(plan) if one_trip(each[0])))
    stop["handovers"].remove(collection)
    tour["stops"][-1]["handovers"].append(collection)


@mutant("not_handed_over")
def collected_and_kept(plan: Json, rng: Random) -> None:
    tour, _, collection = pick(rng, collections(plan))
    for stop in tour["stops"]:
        stop["handovers"] = [
            each for each in stop["handovers"] if each is collection or each["order_id"] != collection["order_id"]
        ]


@mutant("order_missing")
def collecting_is_not_handing_over(plan: Json, rng: Random) -> None:
    _, _, handover = pick(rng, (each for each in handovers(plan) if each[2]["order_id"] in collected(each[0])))
    handover["collects"] = True


@mutant("not_ready")
def collected_a_second_early(plan: Json, rng: Random) -> None:
    _, _, collection = pick(rng, collections(plan))
    parcel = pick(rng, by_id(plan["orders"], collection["order_id"])["parcels"])
    parcel["ready_at"] = later(collection["start_at"], 1)


@mutant("wrong_place")
def collected_elsewhere(plan: Json, rng: Random) -> None:
    _, stop, collection = pick(rng, collections(plan))
    others = (place["id"] for place in plan["places"] if place["id"] != stop["place_id"])
    by_id(plan["orders"], collection["order_id"])["from_place"]["place_id"] = pick(rng, others)


@mutant("outside_window")
def collected_outside_its_windows(plan: Json, rng: Random) -> None:
    _, _, collection = pick(rng, collections(plan))
    begins = later(collection["start_at"], rng.choice([1, -60]))
    ends = later(collection["start_at"], 60) if between(collection["start_at"], begins) > 0 else later(begins, 59)
    option = by_id(plan["orders"], collection["order_id"])["from_place"]
    option["windows"] = [{"start_at": begins, "end_at": ends}]


@mutant("wrong_service")
def collecting_takes_longer(plan: Json, rng: Random) -> None:
    _, _, collection = pick(rng, collections(plan))
    by_id(plan["orders"], collection["order_id"])["from_place"]["service_s"] = collection["service_s"] + 1


@mutant("over_capacity")
def no_room_for_what_is_collected(plan: Json, rng: Random) -> None:
    """One parcel less than is on board at once."""
    tour, _, _ = pick(rng, (each for each in collections(plan) if one_trip(each[0])))
    sizes = {order["id"]: len(order["parcels"]) for order in plan["orders"]}
    away = collected(tour)
    given = [each for stop in tour["stops"] for each in stop["handovers"]]
    now = most = sum(sizes[each["order_id"]] for each in given if each["order_id"] not in away)
    for each in given:
        now += sizes[each["order_id"]] if each.get("collects") else -sizes[each["order_id"]]
        most = max(most, now)
    vehicle_of(plan, tour)["capacity_parcels"] = most - 1


@mutant("unknown_option")
def collected_though_it_is_at_the_hub(plan: Json, rng: Random) -> None:
    _, _, collection = pick(rng, collections(plan))
    del by_id(plan["orders"], collection["order_id"])["from_place"]


@mutant("unknown_place")
def collected_nowhere(plan: Json, rng: Random) -> None:
    _, _, collection = pick(rng, collections(plan))
    by_id(plan["orders"], collection["order_id"])["from_place"]["place_id"] = "nowhere"


@mutant("box_unexpected")
def collected_into_a_box(plan: Json, rng: Random) -> None:
    boxed = [place["id"] for place in plan["places"] if place.get("boxes")]
    _, _, collection = pick(rng, (each for each in collections(plan) if each[1]["place_id"] in boxed))
    parcel = pick(rng, by_id(plan["orders"], collection["order_id"])["parcels"])
    collection["boxes"] = [{"parcel_id": parcel["id"], "box": 0}]


@mutant("wrong_total")
def collection_for_nothing(plan: Json, rng: Random) -> None:
    _, _, collection = pick(rng, collections(plan))
    option = by_id(plan["orders"], collection["order_id"])["from_place"]
    option["cost_cents"] = option.get("cost_cents", 0) + 1
