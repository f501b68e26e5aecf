"""How long until a shop hears that a date has moved: from its order to ``promise.moved`` at its own receiver.

Server, shop and receiver are processes and sockets of their own. After some of the orders the server is killed as soon
as it has answered, which is right after its commit, and opened again.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.intake_webhooks import serving, wait
from data import clock
from tests.jalon.receiver import SECRET, receiving

TO = {"name": "Camille Martin", "postcode": "44000", "city": "Nantes", "address": "12 rue de la Paix"}


class Figures(NamedTuple):
    """What became of the notices.

    Attributes
    ----------
    moved, arrived : int
        Orders that were moved, and those whose notice has arrived.
    twice : int
        Notices that arrived more than once (under the same id).
    told_median_s, told_max_s : float
        From the moment an order was sent until its notice arrived.
    kills : int
        kill -9 right after an order was answered.
    """

    moved: int
    arrived: int
    twice: int
    told_median_s: float
    told_max_s: float
    kills: int


def run(folder: Path, count: int = 40, kills: int = 4) -> Figures:
    """Return how long the notices of so many orders took, that all were shown a day which is full."""
    sent_s: dict[str, float] = {}
    moved: set[str] = set()
    with receiving() as receiver, serving(folder, "http://127.0.0.1:9", places=1) as server:
        hook = {"url": receiver.url, "kinds": ["promise.moved"], "secret": SECRET}
        assert server.client.put("/v1/webhooks/shop", json=hook).status_code == 200
        asked = {"postcode": TO["postcode"], "options": ["home"]}
        (first,) = server.client.post("/v1/promises/quote", json=asked).json()["options"]
        every = count // kills if kills else count + 1
        for number in range(count + 1):
            name = f"order-{number}"
            sent_s[name] = clock.elapsed_s()
            told = server.client.post(
                "/v1/orders", json={"id": name, "to": TO, "option_id": "home", "shown_on": first["date"]}
            )
            if number % every == every - 1:
                server.kill()
            (one,) = told.json()["orders"]
            assert one["problem"] is None, one
            moved |= {name} if one["moved_from"] else set()
        wait(lambda: {body["data"]["order_id"] for _, body in receiver.got} >= moved)
        took = {
            body["data"]["order_id"]: at_s - sent_s[body["data"]["order_id"]]
            for (_, body), at_s in reversed(list(zip(receiver.got, receiver.arrived_s, strict=True)))
        }
        ids = [name for name, _ in receiver.got]
    seconds = list(took.values())
    return Figures(
        moved=len(moved),
        arrived=len(took),
        twice=len(ids) - len(set(ids)),
        told_median_s=float(np.median(seconds)),
        told_max_s=max(seconds),
        kills=count // every,
    )
