"""The thread that keeps the snapshot fresh lives on, whatever one round meets."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from promise.refresh import Refresher
from promise.snapshot import Snapshot
from tests.promise.small_house import CARRIER, opened


def test_a_round_that_fails_is_followed_by_one_that_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(f"sqlite:///{tmp_path}/1.db") as desk:
        publish, swap, fresh, rounds = desk.facts.publish_room, desk.swap, threading.Event(), []

        def away_at_first(tenant: str) -> None:
            rounds.append(tenant)
            if len(rounds) == 1:
                raise OSError("the store is away")
            publish(tenant)

        def noted(snapshot: Snapshot) -> None:
            swap(snapshot)
            fresh.set()

        monkeypatch.setattr(desk.facts, "publish_room", away_at_first)
        monkeypatch.setattr(desk, "swap", noted)
        with Refresher(desk, CARRIER.tenant, every_s=0.5) as refresher:
            assert refresher.wait(60) and refresher.failures == 1 and isinstance(refresher.last_error, OSError)
            assert fresh.wait(60)
