"""A backtest as a picture: week by week, who keeps their promises and how long they are."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np

from data.codec import whole
from data.errors import InputError
from promise.backtest_report import BURST_DAYS, Scored, burst_weeks

FORMATS = (".png", ".svg", ".pdf")


def require_format(path: Path) -> None:
    """Raise ``InputError`` (``unknown_format``) where a picture can't be written under that name."""
    if path.suffix.casefold() not in FORMATS:
        action = f"name it {', '.join(f'*{end}' for end in FORMATS)}"
        raise InputError("unknown_format", f"{path.name!r} doesn't end like a picture", "--plot", action)


def plot(one: Scored, level: float, path: Path) -> None:
    """Write on-time share and mean promised days by week of purchase, ours and the incumbent's."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    ours = int(np.argmin(np.abs(one.levels - level)))
    week = (one.bought - one.bought[0]) // 7
    count = np.maximum(np.bincount(week), 1)
    starts = [date.fromordinal(int(one.bought[0]) + 7 * k) for k in range(len(count))]
    figure = Figure(figsize=(9, 6), layout="constrained")
    FigureCanvasAgg(figure)
    above, below = figure.subplots(2, 1, sharex=True)
    for name, days, colour in (("ours", one.promised[ours], "C0"), ("incumbent", one.incumbent, "C1")):
        above.plot(starts, 100 * np.bincount(week, one.took <= days) / count, color=colour, label=name)
        below.plot(starts, np.bincount(week, days) / count, color=colour)
    above.axhline(100 * level, color="0.6", linestyle=":")
    for first in burst_weeks(one.every):
        for axes in (above, below):
            axes.axvspan(date.fromordinal(first), date.fromordinal(first + BURST_DAYS), color="0.9")
    above.set_ylabel("on time, %")
    above.legend()
    below.set_ylabel("mean promised days")
    below.set_xlabel("week of purchase")
    with whole(path) as draft:
        figure.savefig(draft, format=path.suffix.casefold()[1:])
