"""The hostile corpus: whatever is sent, the server answers below 500, with a problem document, and doesn't grow."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.fuzz import corpus
from tests.fuzz.conftest import Target

JSON = {"content-type": "application/json"}
FINE = ("a list", "an object", "a byte order mark", "lists of lists")
"""Many values of no use may be answered one by one."""
PER_OPERATION = 60
SOAK_ROUNDS = 4
IDS = ("x", "%00", "%2e%2e%2f", "a" * 200, "%C3%A9", "%FF", "'", "a%20b", "..;", "%F0%9F%90%B4", "null", "-1")


def bodies(target: Target) -> Iterator[tuple[str, str, Any]]:
    """Yield method, path and example of every operation that takes JSON."""
    for method, path, operation in target.operations():
        media = operation.get("requestBody", {"content": {}})["content"].get("application/json")
        if media:
            yield method, path, media["example"]


def test_good_bodies_are_good(target: Target) -> None:
    """Else the fuzz tests nothing but refusals."""
    statuses = {}
    for method, path, example in bodies(target):
        reply = target.client.request(method, re.sub(r"\{[^}]*\}", "x1", path), json=example)
        target.check(reply)
        statuses[f"{method} {path}"] = reply.status_code
    assert statuses["POST /v1/plans"] == 200 and statuses["POST /v1/matrix"] == 200, statuses
    assert statuses["POST /v1/promises/quote"] == 200 and statuses["POST /v1/keys"] == 201, statuses


def test_what_is_no_json(target: Target, no_growth: Callable[[], None]) -> None:
    for method, path, _ in bodies(target):
        where = re.sub(r"\{[^}]*\}", "x", path)
        for name, body in corpus.NO_JSON.items():
            reply = target.client.request(method, where, content=body, headers=JSON)
            target.check(reply)
            assert reply.status_code >= 400 or name in FINE, (where, name)
        no_growth()


def test_one_thing_wrong_at_a_time(target: Target, no_growth: Callable[[], None]) -> None:
    _one_thing_wrong(target, 1, PER_OPERATION)


@pytest.mark.soak
def test_everything_wrong_in_turn(target: Target, no_growth: Callable[[], None]) -> None:
    sent = _one_thing_wrong(target, SOAK_ROUNDS, 10**9)
    print(f"{sent} hostile requests")
    assert sent >= 10_000


def _one_thing_wrong(target: Target, rounds: int, most: int) -> int:
    """Send spoilt bodies, at most so many per operation; return how many."""
    chance, sent = random.Random(1), 0
    for number in range(rounds):
        for method, path, example in bodies(target):
            some = list(corpus.spoilt(example))
            for body in some if len(some) <= most else chance.sample(some, most):
                where = re.sub(r"\{[^}]*\}", f"x{number}", path)
                target.check(target.client.request(method, where, content=body, headers=JSON))
                sent += 1
    return sent


def test_names_in_paths(target: Target) -> None:
    for method, path, _ in target.operations():
        if "{" in path:
            for name in IDS:
                where = re.sub(r"\{[^}]*\}", name, path)
                target.check(target.client.request(method, where, content=b"{}", headers=JSON))


def test_headers(target: Target) -> None:
    for name in ("content-type", "accept", "idempotency-key", "x-request-id", "traceparent", "prefer", "range"):
        for value in (b"", b"\xff\xfe", b"*/*;q=nan", b"a" * 8000, b'"', b"application/json; charset=utf-7", b"\x7f"):
            headers = {**JSON, name: value}
            reply = target.client.post("/v1/promises/quote", content=b'{"postcode":"44000"}', headers=headers)
            target.check(reply)


def test_bombs(target: Target, no_growth: Callable[[], None]) -> None:
    packing = {**JSON, "content-encoding": "gzip"}
    for name, body in corpus.bombs():
        for _ in range(3):
            reply = target.client.post("/v1/promises", content=body, headers=packing)
            target.check(reply)
            assert reply.status_code in (400, 413, 422), name
        no_growth() if name == "zeroes" else None


def test_a_body_without_end(target: Target, no_growth: Callable[[], None]) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(600):
            yield b"[" * 65_536

    reply = target.client.post("/v1/promises", content=endless(), headers=JSON)
    target.check(reply)
    assert reply.status_code == 413


def test_it_still_works(target: Target) -> None:
    assert target.client.post("/v1/promises/quote", json={"postcode": "44000"}).status_code == 200
