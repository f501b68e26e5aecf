"""What a checkout promises in each area while a live fills the days: the desk, its ledger and snapshots as served.

``python examples/promise_evening.py PICTURE`` runs the evening on a store of its own, writes the picture and prints
what became of the orders as JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections import Counter
from datetime import datetime, time, timedelta
from pathlib import Path

import numpy as np

from data.calendar import OUVRABLES
from data.clock import PARIS, rng
from data.codec import whole
from data.model.place import PlaceKind
from data.model.promise import Area, DeliveryOption, Pool, QuoteRequest
from data.model.promise_state import HubLoad, Inflow, PromiseState, StageCurve
from data.model.reservation import Owner
from data.model.schedule import HubSchedule, Shift, Wave, Workload
from data.store import arrivals
from data.store.database import Database
from promise.desk import Desk
from promise.desk_values import Held, Order
from promise.refresh_worker import Facts, snapshot_from

BEGIN = datetime(2026, 11, 24, 18, tzinfo=PARIS)
LIVE_FROM, LIVE_TO, MINUTES = 120, 240, 360
SHOP = Owner("carrier", "shop")
AREAS = (("Nantes centre", 0.34, 170), ("Saint-Herblain", 0.22, 130), ("Rezé", 0.16, 110),
         ("Orvault", 0.12, 60), ("Vertou", 0.10, 90), ("Clisson", 0.06, 15))  # fmt: skip
"""Name, share of the live's orders, parcels its tours take a day."""


def house() -> PromiseState:
    """Return a hub that sends everything at night, to areas whose vans hold so many parcels a day."""
    shifts = tuple(
        Shift(workload=work, begins=time(5), ends=time(23), stations=8, parcels_per_hour=25) for work in Workload
    )
    night = Wave(id="night", departs=time(23, 30), cutoff_s=3600)
    days = [BEGIN.date() + timedelta(days=ahead) for ahead in range(1, 9)]
    return PromiseState(
        at=BEGIN,
        hubs=(
            HubLoad(
                schedule=HubSchedule(hub_id="nantes", shifts=shifts, waves=(night,)),
                backlog=(350,),
                inflow=(Inflow(begin_at=BEGIN, end_at=BEGIN + timedelta(hours=6), parcels=900.0, spread=0.3),),
            ),
        ),
        options=(DeliveryOption(id="home", kind=PlaceKind.HOME, calendar=OUVRABLES),),
        areas=tuple(Area(id=name, postcodes=(f"44{row:03d}",)) for row, (name, _, _) in enumerate(AREAS)),
        curves=(StageCurve(option="home", within=(0.0, 0.96, 0.99, 1.0)),),
        pools=tuple(Pool(day=day, parcels=room, areas=(name,)) for name, _, room in AREAS for day in days),
    )


def orders_per_minute() -> np.ndarray:
    """Return what comes in: little before the live, a wave while it is on, a tail after it."""
    minute = np.arange(MINUTES)
    live = np.where(minute < LIVE_FROM, 0.0, np.exp(-((minute - 190.0) ** 2) / (2 * 35.0**2)))
    tail = np.where(minute > LIVE_TO, np.exp(-(minute - LIVE_TO) / 60.0), 0.0)
    return rng(7).poisson(0.8 + 11.0 * live + 1.5 * tail)


class Evening:
    """An evening at the desk, minute by minute."""

    def __init__(self, desk: Desk, state: PromiseState) -> None:
        self.desk, self.state = desk, state
        self.draws = rng(8)
        self.promised: list[list[int]] = []
        self.days: Counter[str] = Counter()

    def minute(self, number: int, orders: int) -> None:
        """Look at every area's date, then let the minute's orders take their places."""
        if number % 5 == 0:
            with self.desk.database.read() as connection:
                arrived = arrivals.by_hub(connection, SHOP.tenant, int(BEGIN.timestamp()))
            self.desk.swap(snapshot_from(Facts(state=self.state, now_s=self.desk.now_s, arrived=arrived)))
        asked = [QuoteRequest(postcode=f"44{row:03d}") for row in range(len(AREAS))]
        self.promised.append([self.desk.quotes.quote(SHOP, one).options[0].j for one in asked])
        rows = self.draws.choice(len(AREAS), orders, p=[share for _, share, _ in AREAS])
        placed = [
            Order(id=f"{number}-{at}", option_id="home", request=asked[row]) for at, row in enumerate(rows.tolist())
        ]
        for held in asyncio.run(self.paid(placed)):
            self.days[str(held.date)] += 1

    async def paid(self, orders: list[Order]) -> list[Held]:
        """Return the places of orders once they are paid."""
        held = (await self.desk.places.bulk(SHOP, orders)).promises
        return await asyncio.gather(*(self.desk.places.confirm(SHOP, one.id) for one in held))


def draw(evening: Evening, orders: np.ndarray, path: Path) -> None:
    """Write the picture: J+N by area over the evening, and the orders below."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    hours = 18 + np.arange(MINUTES) / 60
    figure = Figure(figsize=(9, 6), layout="constrained")
    FigureCanvasAgg(figure)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    for row, (name, share, room) in enumerate(AREAS):
        days = np.array(evening.promised)[:, row] + 0.06 * (row - 2.5)  # lines on top of one another can't be read
        above.step(hours, days, where="post", label=f"{name}: {share:.0%} of the orders, {room} places a day")
    for axes in (above, below):
        axes.axvspan(18 + LIVE_FROM / 60, 18 + LIVE_TO / 60, color="0.93")
    above.set_ylabel("days promised, J+N")
    above.yaxis.get_major_locator().set_params(integer=True)
    above.legend(fontsize="small", loc="upper left")
    above.set_title("A live from 20:00 to 22:00: what each area is promised as its days fill up")
    below.bar(hours, orders, width=1 / 60, color="0.5")
    below.set_ylabel("orders a minute")
    below.set_xlabel("hour of the day")
    with whole(path) as draft:
        figure.savefig(draft, format="png", dpi=90)


def main(picture: str) -> None:
    """Run the evening."""
    orders, now = orders_per_minute(), [BEGIN]
    state = house()
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/evening.db"
        with Database(url) as database, Desk(database, state, b"of this evening only", now=lambda: now[0]) as desk:
            evening = Evening(desk, state)
            for number, count in enumerate(orders.tolist()):
                now[0] = BEGIN + timedelta(minutes=number)
                evening.minute(number, count)
            told = {
                "orders": int(orders.sum()),
                "by_day": dict(sorted(evening.days.items())),
                "first": dict(zip([name for name, _, _ in AREAS], evening.promised[0])),
                "last": dict(zip([name for name, _, _ in AREAS], evening.promised[-1])),
                "discrepancies": desk.ledger.check(),
            }
    draw(evening, orders, Path(picture))
    print(json.dumps(told, indent=1))


if __name__ == "__main__":
    main(*sys.argv[1:])
