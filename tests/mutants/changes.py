"""Faults in what a plan says of the plan before, of failures, and of the rules it can't keep."""

from __future__ import annotations

from random import Random

from tests.mutants.kinds import Json, handovers, mutant, off_by_one, pick, when


@mutant("wrong_moved")
def move_not_listed(plan: Json, rng: Random) -> None:
    when(bool(plan.get("told")))
    plan["moved"].remove(pick(rng, plan["moved"]))


@mutant("too_many_moves")
def one_move_more_than_allowed(plan: Json, rng: Random) -> None:
    told = {one["order_id"]: one for one in plan.get("told", [])}
    free = [one for one in plan["moved"] if one in told and not told[one].get("forced")]
    when(bool(free))
    plan["change_prices"]["max_moves"] = len(free) - 1


@mutant("wrong_total")
def later_than_told_for_nothing(plan: Json, rng: Random) -> None:
    when(plan["totals"].get("change_cents", 0) > 0)
    plan["totals"]["change_cents"] += off_by_one(rng)


@mutant("down_used")
def vehicle_that_is_down_drives(plan: Json, rng: Random) -> None:
    plan["down"].append(pick(rng, plan["tours"])["vehicle_id"])


@mutant("cancelled_kept")
def cancelled_order_still_there(plan: Json, rng: Random) -> None:
    plan["cancelled"].append(pick(rng, plan["orders"])["id"])


@mutant("wrong_failed")
def failed_order_called_a_broken_promise(plan: Json, rng: Random) -> None:
    plan["failed"].append({"order_id": pick(rng, plan["unassigned"])["order_id"], "reason": "absent"})


@mutant("wrong_second")
def second_presentation_without_a_first(plan: Json, rng: Random) -> None:
    second = pick(rng, (item for item in plan["postponed"] if item.get("second")))
    plan["failed"] = [failure for failure in plan["failed"] if failure["order_id"] != second["order_id"]]


@mutant("order_missing")
def returned_order_forgotten(plan: Json, rng: Random) -> None:
    plan["returned"].remove(pick(rng, plan["returned"]))


@mutant("wrong_overrun")
def late_by_another_second(plan: Json, rng: Random) -> None:
    pick(rng, plan.get("overruns", []))["late_s"] += off_by_one(rng)


@mutant("after_shift")
def overtime_unsaid(plan: Json, rng: Random) -> None:
    overrun = pick(rng, (item for item in plan.get("overruns", []) if not item.get("order_id")))
    plan["overruns"].remove(overrun)


@mutant("outside_window")
def lateness_unsaid(plan: Json, rng: Random) -> None:
    overrun = pick(rng, (item for item in plan.get("overruns", []) if item.get("order_id")))
    plan["overruns"].remove(overrun)


@mutant("overrun_unlocked")
def overtime_for_what_is_not_loaded(plan: Json, rng: Random) -> None:
    overrun = pick(rng, plan.get("overruns", []))
    for lock in plan["locks"]:
        if lock["vehicle_id"] == overrun["vehicle_id"]:
            lock["order_ids"] = [one for one in lock["order_ids"] if one != overrun.get("order_id", one)]


@mutant("wrong_presumed")
def presumed_and_yet_to_be_handed_over(plan: Json, rng: Random) -> None:
    vehicle = pick(rng, plan["vehicles"])["id"]
    served = pick(rng, handovers(plan))[2]["order_id"]
    plan.setdefault("presumed", []).append({"order_id": served, "vehicle_id": vehicle})
