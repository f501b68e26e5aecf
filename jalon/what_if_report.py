"""What ``jalon live what-if`` tells: one JSON value, tables, a plot."""

from __future__ import annotations

from datetime import date, datetime
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table
from rich.text import Text

from data import codec
from data.clock import PARIS
from data.errors import InputError
from data.model.schedule import STEP_S
from promise.load import Load
from promise.stockout import StockEnd
from promise.what_if import Outcome, Tours, helpful_moves, worth_by_shift
from promise.what_if_input import Change, WhatIf

HOUR_STEPS = 3600 // STEP_S
MOVES = 3
FORMATS = ("png", "svg", "pdf")
Json = dict[str, Any]


def figures(given: WhatIf, change: Change, before: Outcome, after: Outcome) -> Json:
    """Return everything but what the command itself knows (paths, scenarios, seed)."""
    live = next(live for live in given.lives if live.id == change.live_id)
    return {
        "live_id": live.id,
        "now_at": instant(before.begin_s),
        "live_end_at": live.end_at.astimezone(PARIS).isoformat(),
        "change": {
            "conversion": change.conversion,
            "conversion_s": change.conversion_s,
            "reach": change.reach,
            "down_hub_id": change.down_hub_id or None,
            "down_s": change.down_s,
            "speed": change.speed,
        },
        "live_parcels": {"before": _spread(before.live_parcels), "after": _spread(after.live_parcels)},
        "all_parcels": {
            "before": _spread(before.parcels.sum(axis=(1, 2))),
            "after": _spread(after.parcels.sum(axis=(1, 2))),
        },
        "hubs": [_hub(before, after, hub) for hub in range(len(given.hubs))],
        "dates": _dates(given, before, after),
        "stock": _stock(before, after),
        "transfers": [
            {"group_id": one.group_id, "from_hub_id": one.from_hub or None, "to_hub_id": one.to_hub}
            | {"parcels": one.parcels}
            for one in after.transfers
        ],
        "tours": [
            {"hub_id": new.hub_id, "day": new.day.isoformat(), "before": _tours(old), "after": _tours(new)}
            for old, new in zip(before.tours, after.tours)
        ],
    }


def instant(at_s: int) -> str:
    """Return a Unix second as RFC 3339 in French time."""
    return datetime.fromtimestamp(at_s, PARIS).isoformat()


def _spread(values: np.ndarray[Any, Any]) -> Json:
    low, high = np.quantile(values, (0.1, 0.9))
    return {"mean": round(float(values.mean()), 1), "low": round(float(low), 1), "high": round(float(high), 1)}


def _hub(before: Outcome, after: Outcome, hub: int) -> Json:
    schedule = after.hubs[hub].schedule
    names = [shift.id or f"{shift.workload.value} {number}" for number, shift in enumerate(schedule.shifts)]
    curves = [outcome.loads[hub].inside.mean(axis=0)[HOUR_STEPS - 1 :: HOUR_STEPS] for outcome in (before, after)]
    return {
        "hub_id": schedule.hub_id,
        "before": _load(before.loads[hub]),
        "after": _load(after.loads[hub]),
        "curve": [
            {"at": instant(after.begin_s + 3600 * (hour + 1)), "before": round(float(old)), "after": round(float(new))}
            for hour, (old, new) in enumerate(zip(*curves))
        ],
        "shifts": [
            {"shift": name, "workload": shift.workload.value, "saved_per_station_hour": round(worth, 2)}
            for name, shift, worth in zip(names, schedule.shifts, worth_by_shift(after, hub))
        ],
        "moves": [
            {
                "from_shift": names[move.from_shift],
                "to_shift": names[move.to_shift],
                "people": move.people,
                "saved_parcel_hours": round(move.saved_parcel_h, 1),
                "saved_per_station_hour": round(move.per_station_h, 2),
            }
            for move in helpful_moves(after, hub)[:MOVES]
        ],
    }


def _load(load: Load) -> Json:
    inside = load.inside.mean(axis=0)
    return {
        "load_ratio": round(load.ratio, 3) if isfinite(load.ratio) else None,
        "binding": load.binding,
        "until_at": None if load.until_s is None else instant(load.until_s),
        "peak_parcels": round(float(inside.max())),
        "peak_at": instant(load.begin_s + STEP_S * (int(inside.argmax()) + 1)),
        "parcel_hours": round(load.parcel_hours, 1),
        "bound": [
            {"resource": span.resource, "from_at": instant(span.from_s), "until_at": instant(span.until_s)}
            for span in load.bound()
        ],
    }


def _dates(given: WhatIf, before: Outcome, after: Outcome) -> list[Json]:
    found = []
    for row, area in enumerate(given.areas):
        calendar = given.option.calendar.at(area.area.region)
        for rank in range(len(given.class_shares)):
            old, new = (
                date.fromordinal(day) if (day := int(one.dates[row, rank])) else None for one in (before, after)
            )
            sides = {"before_on": old.isoformat() if old else None, "after_on": new.isoformat() if new else None}
            later = None if old is None or new is None else calendar.j(old, new) - calendar.j(new, old)
            found.append(
                {"area_id": area.area.id, "hub_id": area.hub_id, "priority": rank, **sides, "later_days": later}
            )
    return found


def _stock(before: Outcome, after: Outcome) -> list[Json]:
    old = {end.group_id: end for end in before.stock}
    return [
        {"group_id": end.group_id, "before": _stock_end(old[end.group_id]), "after": _stock_end(end)}
        for end in after.stock
    ]


def _stock_end(end: StockEnd) -> Json:
    ends_at = None if end.ends_s is None else instant(end.ends_s)
    return {"chance": round(end.chance, 3), "ends_at": ends_at, "short_parcels": round(end.short_parcels, 1)}


def _tours(tours: Tours) -> Json:
    return {"parcels": tours.parcels, "tours": tours.tours, "hired": tours.hired, "hire_cents": tours.hire_cents}


def tables(told: Json) -> list[Table]:
    """Return what a person reads."""
    return [_hub_table(told), _date_table(told), _stock_table(told), _transfer_table(told), _tour_table(told)]


def _table(*heads: str) -> Table:
    """Return an empty table; ids in it come from a user, and are no markup."""
    table = Table(box=None, pad_edge=False)
    for number, head in enumerate(heads):
        table.add_column(head, justify="left" if number == 0 else "right", no_wrap=number < len(heads) - 1)
    return table


def _clock(text: str | None) -> str:
    return f"{datetime.fromisoformat(text):%a %d %H:%M}" if text else "-"


def _hub_table(told: Json) -> Table:
    table = _table("hub", "load", "if so", "until", "peak", "if so", "people to move")
    for hub in told["hubs"]:
        old, new = hub["before"], hub["after"]
        ratios = (f"{side['load_ratio']:.0%}" if side["load_ratio"] is not None else "stopped" for side in (old, new))
        move = hub["moves"][0] if hub["moves"] else None
        advice = f"{move['people']} from {move['from_shift']} to {move['to_shift']}" if move else "-"
        peaks = (str(old["peak_parcels"]), str(new["peak_parcels"]))
        table.add_row(Text(hub["hub_id"]), *ratios, _clock(new["until_at"]), *peaks, Text(advice))
    return table


def _date_table(told: Json) -> Table:
    table = _table(f"ordered {_clock(told['live_end_at'])}", "class", "date", "if so", "later")
    for one in told["dates"]:
        days = (f"{date.fromisoformat(on):%a %d %b}" if on else "none" for on in (one["before_on"], one["after_on"]))
        later = "?" if one["later_days"] is None else f"{one['later_days']:+d} d" if one["later_days"] else "="
        table.add_row(Text(one["area_id"]), str(one["priority"]), *days, later)
    return table


def _stock_table(told: Json) -> Table:
    table = _table("products", "sold out", "if so", "at", "parcels short")
    for one in told["stock"]:
        old, new = one["before"], one["after"]
        short = f"{new['short_parcels']:.0f}"
        table.add_row(
            Text(one["group_id"]), f"{old['chance']:.0%}", f"{new['chance']:.0%}", _clock(new["ends_at"]), short
        )
    return table


def _transfer_table(told: Json) -> Table:
    table = _table("to move before", "parcels", "from", "to")
    for one in told["transfers"]:
        ends = (Text(one["from_hub_id"] or "a purchase"), Text(one["to_hub_id"]))
        table.add_row(Text(one["group_id"]), str(one["parcels"]), *ends)
    return table


def _tour_table(told: Json) -> Table:
    table = _table("hub", "day", "tours", "if so", "hired", "if so")
    for one in told["tours"]:
        old, new = one["before"], one["after"]
        if old["hired"] or new["hired"] or old["tours"] != new["tours"]:
            counts = (old["tours"], new["tours"], old["hired"], new["hired"])
            table.add_row(
                Text(one["hub_id"]), f"{date.fromisoformat(one['day']):%a %d}", *(str(count) for count in counts)
            )
    return table


def plot_format(path: Path) -> str:
    """Return what kind of picture a file is to be; raises ``InputError`` ``unknown_format``."""
    suffix = path.suffix.removeprefix(".").lower()
    if suffix not in FORMATS:
        message = f"`{path.suffix}` is no format of a plot"
        raise InputError("unknown_format", message, str(path), f"end its name in .{', .'.join(FORMATS)}")
    return suffix


def write_plot(path: Path, given: WhatIf, before: Outcome, after: Outcome) -> None:
    """Draw the parcels that come in by the hour, and those in each hub, without and with the change."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # slow to import, and seldom needed
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 2.2 * (1 + len(given.hubs))), layout="constrained")
    FigureCanvasAgg(figure)
    rows = figure.subplots(1 + len(given.hubs), 1, sharex=True)
    hours = before.parcels.shape[1] // HOUR_STEPS
    at = [datetime.fromtimestamp(before.begin_s + 3600 * (hour + 1), PARIS) for hour in range(hours)]
    for outcome, colour, label in ((before, "tab:blue", "as planned"), (after, "tab:red", "what if")):
        come = outcome.parcels.mean(axis=0).sum(axis=1)[: hours * HOUR_STEPS].reshape(hours, -1).sum(axis=1)
        rows[0].step(at, come, color=colour, label=label)
        for hub, load in enumerate(outcome.loads):
            inside = load.inside[:, HOUR_STEPS - 1 :: HOUR_STEPS][:, :hours]
            rows[hub + 1].plot(at, inside.mean(axis=0), color=colour)
            low, high = np.quantile(inside, (0.1, 0.9), axis=0)
            rows[hub + 1].fill_between(at, low, high, color=colour, alpha=0.15, linewidth=0)
            rows[hub + 1].set_ylabel(f"in {outcome.hubs[hub].schedule.hub_id}")
    rows[0].set_ylabel("parcels an hour")
    rows[0].legend(frameon=False)
    locator = AutoDateLocator(tz=PARIS)  # type: ignore[no-untyped-call]
    rows[-1].xaxis.set_major_locator(locator)
    form = ConciseDateFormatter(locator, tz=PARIS)  # type: ignore[no-untyped-call]
    rows[-1].xaxis.set_major_formatter(form)
    with codec.whole(path) as draft:
        figure.savefig(
            draft, format=plot_format(path), dpi=120, metadata={"Date": None} if path.suffix == ".svg" else None
        )
