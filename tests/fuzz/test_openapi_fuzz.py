"""Schemathesis: requests drawn from the OpenAPI document, good ones and bad ones, against a real server."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.fuzz.conftest import Target

EXAMPLES, SOAK_EXAMPLES = 15, 1_500
"""Per operation, half of them good."""
CHECKS = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]


def fire(target: Target, most: int) -> int:
    """Send so many requests to every operation, hold each answer against the document, and return how many."""
    schema = schemathesis.openapi.from_dict(target.document)
    schema.config.update(base_url=target.server.told["url"])
    headers = {"authorization": target.client.headers["authorization"]}
    drawing = settings(
        max_examples=most // 2,
        deadline=None,
        derandomize=True,
        database=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    sent = 0
    for found in schema.get_all_operations():
        operation = found.ok()
        for mode in GenerationMode:

            @drawing
            @given(case=operation.as_strategy(generation_mode=mode))
            def one(case: schemathesis.Case) -> None:
                nonlocal sent
                sent += 1
                target.check(case.call_and_validate(headers=headers, checks=CHECKS))

            with suppress(Unsatisfiable):  # nothing can be wrong with what takes nothing
                one()
    return sent


def test_drawn_requests(target: Target, no_growth: Callable[[], None]) -> None:
    sent = fire(target, EXAMPLES)
    print(f"{sent} drawn requests")
    assert sent > 100


@pytest.mark.soak
def test_drawn_requests_at_length(target: Target, no_growth: Callable[[], None]) -> None:
    sent = fire(target, SOAK_EXAMPLES)
    print(f"{sent} drawn requests")
    assert sent >= 10_000
