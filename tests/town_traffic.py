"""Random traffic in the small town: speeds by the hour, weather, slow and closed streets for a while."""

from __future__ import annotations

from datetime import date
from random import Random

import numpy as np

from data.model.city import City
from data.model.streets import RoadClass
from data.model.traffic import Conditions, Report, SpeedCurves, Traffic
from data.model.vehicle import Category
from tests.small_town import at


def drawn_conditions(seed: int, city: City, day: date) -> Conditions:
    """Return the traffic of a seed: hours that differ all day long, two slow reports and one closed street or none."""
    rng = Random(f"traffic {seed}")
    factor = np.array([[[rng.choice((0.3, 0.6, 1.0)) for _ in range(24)] for _ in range(7)] for _ in RoadClass])
    reports = [_report(rng, city, day, closed=False) for _ in range(2)]
    if rng.random() < 0.5:
        reports.append(_report(rng, city, day, closed=True))
    weather = rng.choice((1.0, 0.85))
    return Conditions(curves=SpeedCurves(factor), traffic=Traffic(tuple(reports)), weather=weather)


def _report(rng: Random, city: City, day: date, closed: bool) -> Report:
    count = 1 if closed else rng.randint(1, 20)
    arcs = np.array(sorted(rng.sample(range(city.streets.arcs), count)), dtype=np.int32)
    since = rng.randint(5, 16)
    return Report(
        arc=arcs,
        share=np.array([rng.choice((0.0, 0.5, 3.0)) for _ in arcs]),
        fixed_ms=np.array([rng.choice((20_000.0, 90_000.0)) for _ in arcs]),
        closed=closed,
        categories=frozenset(Category),
        start_at=rng.choice((None, at(day, since))),
        end_at=rng.choice((None, at(day, since + rng.choice((0.5, 2.25))))),
    )
