"""Causes are planted, each is named, and no reason that is told can be refuted by trying."""

from __future__ import annotations

import numpy as np
import pytest

from data.model.plan import Reason
from routing.build import build_instance
from routing.explain import Explainer
from routing.instance import Instance
from routing.solver.engine import construct
from routing.solver.tours import Tours
from tests.planted import CAUSES, LIFTED, NAME, Case, drawn, refuted

SHORT, WHOLE, FIRST = 72, 500, 10_000


def solved(case: Case) -> tuple[Instance, Tours, int]:
    """Return instance, tours, and the planted order's row."""
    instance = build_instance(case.wanted, case.city)
    row = next(row for row, each in enumerate(instance.orders) if each.id == NAME)
    return instance, construct(instance.problem), row


def check_case(seed: int) -> int:
    """Assert that the planted cause is named first, and that no reason is refuted; return how many were told."""
    case = drawn(seed)
    innocent = build_instance(case.innocent, case.city)
    served = construct(innocent.problem).vehicle[: len(innocent.orders)] >= 0
    assert served[[each.id == NAME for each in innocent.orders]].all(), f"seed {seed}: something else stops it"
    instance, tours, row = solved(case)
    assert tours.vehicle[row] < 0, f"seed {seed}: {case.code} stops nothing"
    reasons = Explainer(instance, tours).in_full(row)
    assert case.code in {reason.code for reason in reasons}, f"seed {seed}: {case.code} is not among {reasons}"
    against = [found for reason in reasons if (found := refuted(case, reason))]
    assert not against, f"seed {seed}: {against}"
    return len(reasons)


def test_every_kind_of_cause_is_planted() -> None:
    assert SHORT % len(CAUSES) == 0 and len({drawn(seed).code for seed in range(len(CAUSES))}) >= 14


@pytest.mark.parametrize("part", range(4))
def test_every_planted_cause_is_named_and_no_reason_is_refuted(part: int) -> None:
    assert sum(check_case(seed) for seed in range(part * SHORT // 4, (part + 1) * SHORT // 4)) >= SHORT // 4


def test_a_wrong_reason_is_refuted() -> None:
    """The oracle is no rubber stamp: every other cause's code, told of an order without a skill, is found out."""
    case = next(case for case in map(drawn, range(100)) if case.code == "SKILL_CONSTRAINT")
    assert refuted(case, Reason(code="SKILL_CONSTRAINT", text="true")) == ""
    wrong = sorted(LIFTED.keys() - {"SKILL_CONSTRAINT", "LOCKER_CAPACITY_CONSTRAINT"})
    assert all(refuted(case, Reason(code=code, text="wrong")) for code in wrong)


@pytest.mark.soak
def test_five_hundred_planted_causes() -> None:
    told = [check_case(seed) for seed in range(FIRST, FIRST + WHOLE)]
    assert np.array(told).min() >= 1
    print(f"{WHOLE} planted causes, seeds {FIRST} to {FIRST + WHOLE - 1}: each named, {sum(told)} reasons, 0 refuted")
