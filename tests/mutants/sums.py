"""Faults in the printed sums, and in the shape of the JSON."""

from __future__ import annotations

from random import Random

from tests.mutants.kinds import Json, by_id, handovers, later, mutant, off_by_one, pick, stops


def _add(item: Json, key: str, rng: Random) -> int:
    """Change a sum by one, never below zero; return the change."""
    by = off_by_one(rng) if item[key] else 1
    item[key] += by
    return by


@mutant("wrong_sum")
def leg_off_by_a_metre(plan: Json, rng: Random) -> None:
    tour = pick(rng, plan["tours"])
    _add(pick(rng, tour["legs"]), "distance_m", rng)


@mutant("wrong_sum")
def tour_sum_off_by_one(plan: Json, rng: Random) -> None:
    """The plan's total is wrong in the same way."""
    key = rng.choice(["distance_m", "travel_s", "service_s", "waiting_s"])
    plan["totals"][key] += _add(pick(rng, plan["tours"]), key, rng)


@mutant("wrong_cost")
def cost_off_by_a_cent(plan: Json, rng: Random) -> None:
    by = _add(pick(rng, plan["tours"]), "cost_cents", rng)
    plan["totals"]["vehicle_cents"] += by
    plan["totals"]["cost_cents"] += by


@mutant("wrong_co2e")
def emissions_off_by_a_gram(plan: Json, rng: Random) -> None:
    plan["totals"]["co2e_g"] += _add(pick(rng, plan["tours"]), "co2e_g", rng)


@mutant("wrong_total")
def total_off_by_one(plan: Json, rng: Random) -> None:
    _add(plan["totals"], pick(rng, plan["totals"]), rng)


@mutant("wrong_total")
def option_cost_forgotten(plan: Json, rng: Random) -> None:
    _, _, handover = pick(rng, handovers(plan))
    option = by_id(plan["orders"], handover["order_id"])["options"][handover["option"]]
    option["cost_cents"] = option.get("cost_cents", 0) + 1


@mutant("wrong_bound")
def bound_over_a_resource(plan: Json, rng: Random) -> None:
    bound = plan["bound"]
    bound["orders"] = min(bound[key] for key in ("by_parcels", "by_load_g", "by_volume_dm3", "by_boxes", "by_time")) + 1


@mutant("wrong_bound")
def bound_beaten(plan: Json, rng: Random) -> None:
    served = len(list(handovers(plan)))
    plan["bound"]["orders"] = pick(rng, range(served))


@mutant("unknown_format")
def another_format(plan: Json, rng: Random) -> None:
    plan["format"] = rng.choice(["jalon.plan/2", "jalon.request/1", None, 1])


@mutant("missing_key")
def required_key_missing(plan: Json, rng: Random) -> None:
    tour, _, stop = pick(rng, stops(plan))
    item, keys = rng.choice([(plan, ["day", "tours", "totals"]), (tour, ["legs", "parcels"]), (stop, ["place_id"])])
    del item[rng.choice(keys)]


@mutant("unknown_key")
def key_misspelt(plan: Json, rng: Random) -> None:
    tour, _, stop = pick(rng, stops(plan))
    rng.choice([plan, tour, stop, plan["bound"]])["zone/~s"] = []


@mutant("bad_value")
def instant_without_an_offset(plan: Json, rng: Random) -> None:
    _, _, stop = pick(rng, stops(plan))
    stop["arrival_at"] = stop["arrival_at"][:19]


@mutant("bad_value")
def instant_within_a_second(plan: Json, rng: Random) -> None:
    _, _, stop = pick(rng, stops(plan))
    stop["arrival_at"] = f"{stop['arrival_at'][:19]}.5{stop['arrival_at'][19:]}"


@mutant("bad_value")
def order_of_nothing(plan: Json, rng: Random) -> None:
    pick(rng, plan["orders"])[rng.choice(["parcels", "options"])] = []


@mutant("bad_value")
def window_closes_before_it_opens(plan: Json, rng: Random) -> None:
    shift = pick(rng, plan["vehicles"])["shift"]
    shift["start_at"], shift["end_at"] = later(shift["end_at"], 1), shift["start_at"]


@mutant("duplicate_id")
def id_given_twice(plan: Json, rng: Random) -> None:
    items = plan[rng.choice(["hubs", "vehicles", "places", "orders", "access"])]
    items.append(pick(rng, items))


@mutant("unknown_place")
def stop_at_no_known_place(plan: Json, rng: Random) -> None:
    pick(rng, stops(plan))[2]["place_id"] = "nowhere"


@mutant("unknown_vehicle")
def tour_of_no_known_vehicle(plan: Json, rng: Random) -> None:
    pick(rng, plan["tours"])["vehicle_id"] = "nobody"


@mutant("unknown_hub")
def hub_not_known(plan: Json, rng: Random) -> None:
    pick(rng, [*plan["orders"], *plan["vehicles"]])["hub_id"] = "nowhere"


@mutant("unknown_break")
def break_not_due(plan: Json, rng: Random) -> None:
    tour = pick(rng, (tour for tour in plan["tours"] if tour.get("breaks")))
    pick(rng, tour["breaks"])["break_id"] = "siesta"


@mutant("unknown_order")
def order_not_known(plan: Json, rng: Random) -> None:
    pick(rng, handovers(plan))[2]["order_id"] = "nothing"


@mutant("unknown_option")
def option_out_of_range(plan: Json, rng: Random) -> None:
    _, _, handover = pick(rng, handovers(plan))
    handover["option"] = len(by_id(plan["orders"], handover["order_id"])["options"])


@mutant("unknown_stop")
def break_after_too_many_stops(plan: Json, rng: Random) -> None:
    tour = pick(rng, (tour for tour in plan["tours"] if tour.get("breaks")))
    pick(rng, tour["breaks"])["after_stop"] = len(tour["stops"]) + 1
