"""Counts with a Gaussian log rate: the posterior against brute force, and what must follow from it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from data.clock import rng as seeded
from promise.cox import Belief, Seen, condition

NOTHING = np.zeros(0)


def counted(counts: list[float], offset: list[float], background: list[float]) -> Seen:
    return Seen(np.eye(len(counts)), np.array(counts), np.array(offset), np.array(background), NOTHING, NOTHING)


@pytest.mark.parametrize(
    ("count", "offset", "background"), [(0, 0.0, 0.0), (3, 0.7, 0.0), (40, 0.0, 0.0), (60, 0.0, 20.0)]
)
def test_one_count_against_integration(count: int, offset: float, background: float) -> None:
    mean, sd = 1.5, 0.8

    def weight(x: float) -> float:
        rate = background + np.exp(x + offset)
        return float(
            np.exp(count * np.log(rate) - rate - (count * np.log(count) - count if count else 0))
            * norm.pdf(x, mean, sd)
        )

    whole = quad(weight, -6, 9, points=[1.5, 4])[0]
    exact = quad(lambda x: x * weight(x), -6, 9, points=[1.5, 4])[0] / whole
    spread = np.sqrt(quad(lambda x: (x - exact) ** 2 * weight(x), -6, 9, points=[1.5, 4])[0] / whole)
    found, _ = condition(Belief(np.array([mean]), np.array([[sd**2]])), counted([count], [offset], [background]))
    assert found.mean[0] == pytest.approx(exact, abs=0.15 * spread + 0.02)
    assert np.sqrt(found.cov[0, 0]) == pytest.approx(spread, rel=0.15)


def test_readings_alone_are_gaussian_conditioning() -> None:
    rng = seeded(4)
    root = rng.standard_normal((4, 4))
    belief = Belief(rng.standard_normal(4), root @ root.T + np.eye(4))
    rows, read, noise = rng.standard_normal((3, 4)), rng.standard_normal(3), np.array([0.1, 0.5, 2.0])
    found, _ = condition(belief, Seen(rows, NOTHING, NOTHING, NOTHING, read, noise))
    precision = np.linalg.inv(belief.cov) + rows.T @ np.diag(1 / noise) @ rows
    mean = np.linalg.solve(precision, np.linalg.inv(belief.cov) @ belief.mean + rows.T @ (read / noise))
    assert np.allclose(found.mean, mean) and np.allclose(found.cov, np.linalg.inv(precision))


def test_evidence_prefers_the_prior_that_told_the_truth() -> None:
    seen = counted([50.0], [0.0], [0.0])
    near, far = (condition(Belief(np.array([m]), np.array([[0.09]])), seen)[1] for m in (np.log(50), np.log(10)))
    assert near > far + 2


def test_evidence_against_integration() -> None:
    """The difference between two priors is that of the logs of their integrals."""

    def exact(mean: float) -> float:
        return float(np.log(quad(lambda x: np.exp(9 * x - np.exp(x) - 11) * norm.pdf(x, mean, 0.5), -3, 6)[0]))

    seen = counted([9.0], [0.0], [0.0])
    one, two = (condition(Belief(np.array([m]), np.array([[0.25]])), seen)[1] for m in (2.0, 1.0))
    assert one - two == pytest.approx(exact(2.0) - exact(1.0), abs=0.05)


def test_a_vague_prior_does_not_overshoot() -> None:
    found, _ = condition(
        Belief(np.zeros(2), np.array([[9.0, 8.9], [8.9, 9.0]])), counted([3000, 0.0], [0.0, 0.0], [0, 5.0])
    )
    assert found.mean[0] == pytest.approx(np.log(3000), abs=0.1)


def test_nothing_seen_changes_nothing() -> None:
    belief = Belief(np.zeros(2), np.eye(2))
    assert condition(belief, Seen(np.zeros((0, 2)), NOTHING, NOTHING, NOTHING, NOTHING, NOTHING))[0] is belief


def test_wrong_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="rows are"):
        condition(Belief(np.zeros(2), np.eye(2)), counted([1.0], [0.0], [0.0]))


def test_draws_have_the_belief_s_moments() -> None:
    cov = np.array([[1.0, 0.6], [0.6, 2.0]])
    drawn = Belief(np.array([3.0, -1.0]), cov).draw(40_000, seeded(1))
    assert np.allclose(drawn.mean(axis=0), [3, -1], atol=0.04) and np.allclose(np.cov(drawn.T), cov, atol=0.06)
