"""Faults in who serves whom: orders lost or doubled, vehicles, access classes, locks, promises."""

from __future__ import annotations

import copy
from datetime import date, timedelta
from random import Random

from tests.mutants.kinds import (
    Json,
    by_id,
    class_of,
    collected,
    handovers,
    mutant,
    one_trip,
    order_ids,
    pick,
    stops,
    vehicle_of,
    when,
)


@mutant("order_missing")
def stop_dropped(plan: Json, rng: Random) -> None:
    """A stop and the leg to it disappear."""
    tour, k, _ = pick(rng, stops(plan))
    del tour["stops"][k], tour["legs"][k]
    tour["breaks"] = [taken for taken in tour.get("breaks", []) if taken["after_stop"] <= len(tour["stops"])]


@mutant("order_missing")
def handover_dropped(plan: Json, rng: Random) -> None:
    _, stop, handover = pick(rng, handovers(plan))
    stop["handovers"].remove(handover)


@mutant("order_missing")
def order_forgotten(plan: Json, rng: Random) -> None:
    order = copy.deepcopy(pick(rng, plan["orders"])) | {"id": "forgotten"}
    for p, parcel in enumerate(order["parcels"]):
        parcel["id"] = f"forgotten.{p}"
    plan["orders"].append(order)


@mutant("order_twice")
def order_served_twice(plan: Json, rng: Random) -> None:
    _, stop, handover = pick(rng, handovers(plan))
    stop["handovers"].append(copy.deepcopy(handover))


@mutant("order_twice")
def stop_served_by_another_vehicle_too(plan: Json, rng: Random) -> None:
    when(len(plan["tours"]) > 1)
    tour, other = rng.sample(plan["tours"], 2)
    k = pick(rng, range(len(tour["stops"])))
    other["stops"].append(copy.deepcopy(tour["stops"][k]))
    other["legs"].append(copy.deepcopy(tour["legs"][k]))


@mutant("order_twice")
def served_order_also_unassigned(plan: Json, rng: Random) -> None:
    _, _, handover = pick(rng, handovers(plan))
    reasons = [{"code": "full", "text": "Every vehicle is full."}]
    plan["unassigned"].append({"order_id": handover["order_id"], "reasons": reasons})


@mutant("order_twice")
def served_order_already_done(plan: Json, rng: Random) -> None:
    _, _, handover = pick(rng, handovers(plan))
    plan.setdefault("done", []).append(handover["order_id"])


@mutant("vehicle_twice")
def vehicle_on_two_tours(plan: Json, rng: Random) -> None:
    when(len(plan["tours"]) > 1)
    tour, other = rng.sample(plan["tours"], 2)
    other["vehicle_id"] = tour["vehicle_id"]
    other["breaks"] = []


@mutant("hired_vehicle_used")
def proposed_vehicle_used(plan: Json, rng: Random) -> None:
    vehicle_of(plan, pick(rng, plan["tours"]))["role"] = "hired"


@mutant("access_class")
def vehicle_in_two_classes(plan: Json, rng: Random) -> None:
    vehicle = pick(rng, plan["vehicles"])
    pick(rng, plan["access"])["vehicle_ids"].append(vehicle["id"])


@mutant("access_class")
def vehicle_in_no_class(plan: Json, rng: Random) -> None:
    group = pick(rng, (group for group in plan["access"] if group["vehicle_ids"]))
    group["vehicle_ids"].remove(pick(rng, group["vehicle_ids"]))


@mutant("access_class")
def vehicle_passed_off_as_cleaner(plan: Json, rng: Random) -> None:
    vehicle = pick(rng, plan["vehicles"])
    key, values = rng.choice([("critair", ["EL", "V5"]), ("energy", ["human", "e85"]), ("category", ["vp", "pl"])])
    when(key != "critair" or vehicle.get("energy") != "electric")
    group = class_of(plan, {"vehicle_id": vehicle["id"]})
    vehicle[key] = next(value for value in values if value != group[key])


@mutant("no_exemption")
def exemption_not_held(plan: Json, rng: Random) -> None:
    vehicle = pick(rng, plan["vehicles"])
    class_of(plan, {"vehicle_id": vehicle["id"]}).setdefault("exempt_zone_ids", []).append("elsewhere")


@mutant("no_exemption")
def exemption_used_up(plan: Json, rng: Random) -> None:
    group = pick(rng, (group for group in plan["access"] if group.get("exempt_zone_ids") and group["vehicle_ids"]))
    vehicle_id = pick(rng, group["vehicle_ids"])
    change = rng.choice([{"yearly_quota": 3, "used_days": 3}, {"valid_from": "2100-01-01"}, {"valid_to": "2000-01-01"}])
    for exemption in plan["exemptions"]:
        if exemption["vehicle_id"] == vehicle_id:
            exemption.update(change)


@mutant("start_not_at_hub")
def starts_away_from_the_hub(plan: Json, rng: Random) -> None:
    tour = pick(rng, (tour for tour in plan["tours"] if tour["start"].get("at_hub", True)))
    tour["start"]["lat"] += 0.0001


@mutant("not_on_board")
def order_not_on_board(plan: Json, rng: Random) -> None:
    """A vehicle on the road cannot take what is still at the hub."""
    tour = pick(rng, (tour for tour in plan["tours"] if tour["stops"] and one_trip(tour)))
    tour["start"]["at_hub"] = False
    left_behind = pick(rng, (each for each in order_ids(tour) if each not in collected(tour)))
    for lock in plan["locks"]:
        lock["order_ids"] = [order_id for order_id in lock["order_ids"] if order_id != left_behind]


@mutant("empty_tour")
def tour_with_nothing_to_do(plan: Json, rng: Random) -> None:
    tour = pick(rng, (tour for tour in plan["tours"] if tour["start"].get("at_hub", True)))
    tour["stops"], tour["legs"], tour["breaks"] = [], tour["legs"][-1:], []


@mutant("empty_stop")
def stop_with_nothing_to_do(plan: Json, rng: Random) -> None:
    pick(rng, stops(plan))[2]["handovers"] = []


@mutant("unknown_vehicle")
def hire_of_no_known_vehicle(plan: Json, rng: Random) -> None:
    pick(rng, plan.get("hire_options", []))["vehicle_id"] = "nobody"


def _lock(plan: Json, tour: Json, ids: list[str], sequence: bool, closed: bool = False) -> None:
    lock = {"vehicle_id": tour["vehicle_id"], "order_ids": ids, "sequence": sequence, "reason": "loaded"}
    plan["locks"].append(lock | {"closed_to_others": closed})


@mutant("lock_sequence")
def locked_orders_swapped(plan: Json, rng: Random) -> None:
    tour = pick(rng, (tour for tour in plan["tours"] if len(order_ids(tour)) > 1))
    first, second, *rest = order_ids(tour)
    _lock(plan, tour, [second, first, *rest[: rng.randint(0, len(rest))]], sequence=True)


@mutant("lock_sequence")
def locked_order_not_first(plan: Json, rng: Random) -> None:
    tour = pick(rng, (tour for tour in plan["tours"] if len(order_ids(tour)) > 1))
    _lock(plan, tour, [pick(rng, order_ids(tour)[1:])], sequence=True)


@mutant("lock_vehicle")
def locked_order_on_another_vehicle(plan: Json, rng: Random) -> None:
    when(len(plan["tours"]) > 1)
    tour, other = rng.sample(plan["tours"], 2)
    _lock(plan, tour, [pick(rng, order_ids(other))], sequence=rng.random() < 0.5)


@mutant("lock_closed")
def extra_order_on_a_closed_tour(plan: Json, rng: Random) -> None:
    with_loaded = (tour for tour in plan["tours"] if tour["stops"] and order_ids(tour)[-1] not in collected(tour))
    tour = pick(rng, filter(one_trip, with_loaded))
    _lock(plan, tour, order_ids(tour)[:-1], sequence=True, closed=True)


@mutant("postponed_day")
def postponed_beyond_its_promise(plan: Json, rng: Random) -> None:
    item = pick(rng, (item for item in plan["postponed"] if not item.get("second")))
    promised_on = date.fromisoformat(by_id(plan["orders"], item["order_id"])["promised_on"])
    item["to_day"] = (promised_on + timedelta(days=1)).isoformat()


@mutant("postponed_day")
def postponed_to_the_same_day(plan: Json, rng: Random) -> None:
    pick(rng, plan["postponed"])["to_day"] = plan["day"]
    plan["delivery_days"].append(plan["day"])


@mutant("postponed_day")
def postponed_to_a_day_without_delivery(plan: Json, rng: Random) -> None:
    plan["delivery_days"].remove(pick(rng, plan["postponed"])["to_day"])


@mutant("reason_missing")
def no_reason_given(plan: Json, rng: Random) -> None:
    item = pick(rng, [*plan["postponed"], *plan["unassigned"]])
    item["reasons"] = rng.choice([[], [{"code": "full", "text": " "}]])


@mutant("wrong_moved")
def moved_though_nothing_is_replaced(plan: Json, rng: Random) -> None:
    plan["replaces"], plan["moved"] = "", [pick(rng, handovers(plan))[2]["order_id"]]


@mutant("wrong_hire_option")
def own_vehicle_proposed_for_hire(plan: Json, rng: Random) -> None:
    hire = pick(rng, plan.get("hire_options", []))
    hire["vehicle_id"] = pick(rng, plan["tours"])["vehicle_id"]


@mutant("wrong_moved")
def moved_twice(plan: Json, rng: Random) -> None:
    plan["replaces"], plan["moved"] = "before", [pick(rng, handovers(plan))[2]["order_id"]] * 2


@mutant("wrong_moved")
def moved_but_not_served(plan: Json, rng: Random) -> None:
    plan["replaces"], plan["moved"] = "before", [pick(rng, plan["unassigned"])["order_id"]]


@mutant("wrong_hire_option")
def hire_saves_nothing(plan: Json, rng: Random) -> None:
    pick(rng, plan.get("hire_options", []))["saves_order_ids"] = []


@mutant("wrong_hire_option")
def hire_saves_an_order_twice(plan: Json, rng: Random) -> None:
    hire = pick(rng, plan.get("hire_options", []))
    hire["saves_order_ids"].append(pick(rng, hire["saves_order_ids"]))


@mutant("wrong_hire_option")
def hire_saves_what_is_served(plan: Json, rng: Random) -> None:
    hire = pick(rng, plan.get("hire_options", []))
    hire["saves_order_ids"].append(pick(rng, handovers(plan))[2]["order_id"])


@mutant("wrong_hire_option")
def hire_price_per_order_too_low(plan: Json, rng: Random) -> None:
    hire = pick(rng, plan.get("hire_options", []))
    hire["cost_cents"] = (hire["cents_per_order"] + 1) * len(hire["saves_order_ids"])
