"""Faults in a tour's times: a second here or there, windows, opening hours, breaks, zones."""

from __future__ import annotations

from random import Random

from tests.mutants.kinds import (
    Json,
    between,
    by_id,
    class_of,
    close_zone,
    handovers,
    later,
    leaves_at,
    mutant,
    off_by_one,
    pick,
    stops,
    vehicle_of,
    when,
    window,
)


@mutant("wrong_arrival")
def arrival_off_by_a_second(plan: Json, rng: Random) -> None:
    _, _, stop = pick(rng, stops(plan))
    stop["arrival_at"] = later(stop["arrival_at"], off_by_one(rng))


@mutant("wrong_arrival")
def travel_off_by_a_second(plan: Json, rng: Random) -> None:
    tour, k, _ = pick(rng, stops(plan))
    tour["legs"][k]["travel_s"] += 1


@mutant("wrong_arrival")
def stops_swapped(plan: Json, rng: Random) -> None:
    tour, k, stop = pick(rng, ((tour, k, stop) for tour, k, stop in stops(plan) if k))
    when(stop["arrival_at"] != tour["stops"][k - 1]["arrival_at"])
    tour["stops"][k - 1 : k + 1] = [stop, tour["stops"][k - 1]]


@mutant("wrong_travel")
def pace_off(plan: Json, rng: Random) -> None:
    """The share driven at each pace must add up to the leg: a slower last pace makes it longer."""
    legs = (leg for tour in plan["tours"] for leg in tour["legs"] if leg.get("paces"))
    leg = pick(rng, legs)
    first, last = leg["paces"]
    left = 1 - last["from_s"] / first["whole_s"]
    last["whole_s"] += int(2 / left) + 1


@mutant("wrong_return")
def return_off_by_a_second(plan: Json, rng: Random) -> None:
    tour = pick(rng, plan["tours"])
    tour["return_at"] = later(tour["return_at"], off_by_one(rng))


@mutant("leg_too_early")
def leaves_before_the_end(plan: Json, rng: Random) -> None:
    tour, k, stop = pick(rng, ((tour, k, stop) for tour, k, stop in stops(plan) if k + 1 < len(tour["legs"])))
    tour["legs"][k + 1]["depart_at"] = later(stop["end_at"], -1)


@mutant("leg_too_early")
def first_leg_before_departure(plan: Json, rng: Random) -> None:
    tour = pick(rng, plan["tours"])
    tour["departure_at"] = later(tour["legs"][0]["depart_at"], 1)


@mutant("start_before_arrival")
def starts_before_arrival(plan: Json, rng: Random) -> None:
    """The whole service moves, so that it fits in itself."""
    _, _, stop = pick(rng, stops(plan))
    earlier_s = between(stop["arrival_at"], stop["start_at"]) + 1
    for moved in (stop, *stop["handovers"]):
        moved["start_at"] = later(moved["start_at"], -earlier_s)
    stop["end_at"] = later(stop["end_at"], -earlier_s)


@mutant("wrong_end")
def end_off_by_a_second(plan: Json, rng: Random) -> None:
    _, _, stop = pick(rng, stops(plan))
    stop["end_at"] = later(stop["end_at"], off_by_one(rng))


@mutant("wrong_handover_start")
def handover_off_by_a_second(plan: Json, rng: Random) -> None:
    _, _, handover = pick(rng, handovers(plan))
    handover["start_at"] = later(handover["start_at"], off_by_one(rng))


@mutant("wrong_handover_start")
def setup_after_the_first_handover_is_forgotten(plan: Json, rng: Random) -> None:
    several = (stop for _, _, stop in stops(plan) if len(stop["handovers"]) > 1 and stop["setup_s"])
    stop = pick(rng, several)
    for handover in stop["handovers"][1:]:
        handover["start_at"] = later(handover["start_at"], -stop["setup_s"])


@mutant("wrong_service")
def service_off_by_a_second(plan: Json, rng: Random) -> None:
    _, _, handover = pick(rng, handovers(plan))
    handover["service_s"] += 1


@mutant("wrong_setup")
def setup_off_by_a_second(plan: Json, rng: Random) -> None:
    _, _, stop = pick(rng, stops(plan))
    stop["setup_s"] += 1


@mutant("legs_count")
def leg_home_of_a_vehicle_that_does_not_return(plan: Json, rng: Random) -> None:
    tour = pick(rng, plan["tours"])
    vehicle = vehicle_of(plan, tour)
    vehicle["returns"] = not vehicle.get("returns", True)


@mutant("legs_count")
def leg_dropped(plan: Json, rng: Random) -> None:
    pick(rng, plan["tours"])["legs"].pop()


@mutant("before_shift")
def shift_starts_later(plan: Json, rng: Random) -> None:
    tour = pick(rng, plan["tours"])
    shift = vehicle_of(plan, tour)["shift"]
    shift["start_at"] = later(tour["departure_at"], 1)
    when(between(shift["start_at"], shift["end_at"]) >= 0)


@mutant("after_shift")
def shift_ends_earlier(plan: Json, rng: Random) -> None:
    said = {overrun["vehicle_id"] for overrun in plan.get("overruns", [])}
    tour = pick(rng, (tour for tour in plan["tours"] if tour["vehicle_id"] not in said))
    shift = vehicle_of(plan, tour)["shift"]
    shift["end_at"] = later(tour["return_at"], -1)
    when(between(shift["start_at"], shift["end_at"]) >= 0)


@mutant("outside_window")
def window_opens_later(plan: Json, rng: Random) -> None:
    _, _, handover = pick(rng, handovers(plan))
    option = by_id(plan["orders"], handover["order_id"])["options"][handover["option"]]
    option["windows"] = [window(later(handover["start_at"], 1), later(handover["start_at"], 3600))]


@mutant("outside_window")
def window_closes_earlier(plan: Json, rng: Random) -> None:
    said = {overrun.get("order_id") for overrun in plan.get("overruns", [])}
    _, _, handover = pick(rng, (each for each in handovers(plan) if each[2]["order_id"] not in said))
    option = by_id(plan["orders"], handover["order_id"])["options"][handover["option"]]
    option["windows"] = [window(later(handover["start_at"], -3600), later(handover["start_at"], -1))]


@mutant("place_closed")
def place_closed_for_a_while(plan: Json, rng: Random) -> None:
    _, stop, handover = pick(rng, handovers(plan))
    before = window(later(handover["start_at"], -9999), later(handover["start_at"], -1))
    after = window(later(handover["start_at"], 1), later(handover["start_at"], 9999))
    others = [hours for hours in plan["place_hours"] if hours["place_id"] != stop["place_id"]]
    plan["place_hours"] = [*others, {"place_id": stop["place_id"], "open": [before, after]}]


@mutant("hours_missing")
def hours_not_resolved(plan: Json, rng: Random) -> None:
    place = pick(rng, plan["places"])
    place["opening_hours"] = "Mo-Fr 09:00-12:00"
    plan["place_hours"] = [hours for hours in plan["place_hours"] if hours["place_id"] != place["id"]]


@mutant("break_missing")
def break_dropped(plan: Json, rng: Random) -> None:
    tour = pick(rng, (tour for tour in plan["tours"] if tour.get("breaks")))
    tour["breaks"].remove(pick(rng, tour["breaks"]))


@mutant("break_twice")
def break_taken_twice(plan: Json, rng: Random) -> None:
    tour = pick(rng, (tour for tour in plan["tours"] if tour.get("breaks")))
    tour["breaks"].append(pick(rng, tour["breaks"]))


def _break(plan: Json, rng: Random) -> tuple[Json, Json, Json]:
    """Return a tour, a break of it that lasts, and the break its vehicle is due."""
    tour, taken = pick(
        rng, ((tour, taken) for tour in plan["tours"] for taken in tour.get("breaks", []) if taken["duration_s"])
    )
    return tour, taken, by_id(vehicle_of(plan, tour)["breaks"], taken["break_id"])


def _move_break(taken: Json, due: Json, start_at: str) -> None:
    """Move a break, and the window it is due in with it."""
    taken["start_at"], due["window"] = start_at, window(start_at, start_at)


@mutant("break_misplaced")
def break_while_driving(plan: Json, rng: Random) -> None:
    tour, taken, due = _break(plan, rng)
    when(taken["after_stop"] < len(tour["legs"]))
    _move_break(taken, due, later(leaves_at(tour, taken["after_stop"] - 1), 1 - taken["duration_s"]))


@mutant("break_misplaced")
def break_during_service(plan: Json, rng: Random) -> None:
    tour, taken, due = _break(plan, rng)
    when(taken["after_stop"] > 0)
    _move_break(taken, due, later(tour["stops"][taken["after_stop"] - 1]["end_at"], -1))


@mutant("break_misplaced")
def breaks_at_the_same_time(plan: Json, rng: Random) -> None:
    tour, taken, due = _break(plan, rng)
    vehicle_of(plan, tour)["breaks"].append(due | {"id": "another"})
    tour["breaks"].append(taken | {"break_id": "another"})


@mutant("break_duration")
def break_cut_short(plan: Json, rng: Random) -> None:
    _, taken, _ = _break(plan, rng)
    taken["duration_s"] -= 1


@mutant("break_outside_window")
def break_window_shrunk(plan: Json, rng: Random) -> None:
    _, taken, due = _break(plan, rng)
    due["window"] = window(later(taken["start_at"], 1), later(taken["start_at"], 600))


@mutant("zone_closed")
def leg_enters_a_closed_zone(plan: Json, rng: Random) -> None:
    """One second of a leg is inside."""
    legs = ((tour, leg) for tour in plan["tours"] for leg in tour["legs"] if leg["travel_s"])
    tour, leg = pick(rng, legs)
    enter_s = rng.randrange(leg["travel_s"])
    leg.setdefault("zones", []).append({"zone_id": "shut", "enter_s": enter_s, "exit_s": enter_s + 1})
    close_zone(plan, tour, "shut", later(leg["depart_at"], enter_s), later(leg["depart_at"], 9999))


@mutant("zone_closed")
def zone_on_the_way_closes_earlier(plan: Json, rng: Random) -> None:
    """A zone a leg already crosses closes a second before the vehicle is out."""
    crossings = (
        (tour, leg, crossing)
        for tour in plan["tours"]
        for leg in tour["legs"]
        for crossing in leg.get("zones", [])
        if crossing["exit_s"] > crossing["enter_s"]
        and crossing["zone_id"] not in class_of(plan, tour).get("exempt_zone_ids", [])
    )
    tour, leg, crossing = pick(rng, crossings)
    out_at = later(leg["depart_at"], crossing["exit_s"])
    close_zone(plan, tour, crossing["zone_id"], later(out_at, -1), later(out_at, 60))


@mutant("zone_closed")
def stop_inside_a_closed_zone(plan: Json, rng: Random) -> None:
    tour, k, stop = pick(rng, stops(plan))
    when(between(stop["arrival_at"], leaves_at(tour, k)) > 0)
    stop.setdefault("zone_ids", []).append("shut")
    close_zone(plan, tour, "shut", later(stop["arrival_at"], -60), later(stop["arrival_at"], 1))


@mutant("zone_closed")
def lingers_in_a_closed_zone(plan: Json, rng: Random) -> None:
    """The service is over in time, but a break or a wait follows."""
    lingering = ((tour, stop) for tour, k, stop in stops(plan) if between(stop["end_at"], leaves_at(tour, k)) > 0)
    tour, stop = pick(rng, lingering)
    stop.setdefault("zone_ids", []).append("shut")
    close_zone(plan, tour, "shut", stop["end_at"], later(stop["end_at"], 60))


@mutant("zone_closed")
def exemption_withdrawn(plan: Json, rng: Random) -> None:
    exempt = (
        (tour, stop, zone_id)
        for tour, _, stop in stops(plan)
        for zone_id in stop.get("zone_ids", [])
        if zone_id in class_of(plan, tour).get("exempt_zone_ids", []) and stop["end_at"] != stop["arrival_at"]
    )
    tour, stop, zone_id = pick(rng, exempt)
    class_of(plan, tour)["exempt_zone_ids"].remove(zone_id)
    close_zone(plan, tour, zone_id, stop["arrival_at"], stop["end_at"])


@mutant("break_missing")
def tour_lasts_too_long_to_do_without(plan: Json, rng: Random) -> None:
    tour = pick(rng, plan["tours"])
    taken = {each["break_id"] for each in tour.get("breaks", [])}
    left_out = (each for each in vehicle_of(plan, tour)["breaks"] if each["id"] not in taken)
    item = pick(rng, (each for each in left_out if not each["id"].endswith(".earlier")))
    item["due_at"] = later(tour["return_at"], -1)


@mutant("break_misplaced")
def rest_before_the_shift(plan: Json, rng: Random) -> None:
    resting = (
        (tour, taken)
        for tour in plan["tours"]
        for taken in tour.get("breaks", [])
        if tour["start"].get("at_hub", True) and between(taken["start_at"], tour["departure_at"]) > 0
    )
    tour, taken = pick(rng, resting)
    vehicle_of(plan, tour)["shift"]["start_at"] = later(taken["start_at"], 1)


@mutant("breaks_unknown")
def break_rule_not_spelt_out(plan: Json, rng: Random) -> None:
    pick(rng, plan["vehicles"])["break_rule"] = "fr-labour"
