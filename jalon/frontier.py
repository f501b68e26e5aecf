"""What fewer changes cost, as JSON, as a table and drawn."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.table import Table

from data.codec import whole
from data.model.plan import Plan
from data.units import euros
from jalon.summary import columns
from routing.diff import compare
from routing.frontier import Point


def frontier_figures(points: Sequence[Point], before: Plan, plot: Path | None) -> dict[str, Any]:
    """Return the points as plain JSON types."""
    return {
        "replaces": before.id,
        "points": [_figures(point, before) for point in points],
        "plot_path": str(plot) if plot else None,
    }


def _figures(point: Point, before: Plan) -> dict[str, Any]:
    plan = point.outcome.plan
    forced = {one.order_id for one in plan.told if one.forced}
    return {
        "max_moves": point.most,
        "moved": sum(one not in forced for one in plan.moved),
        "moved_by_force": sum(one in forced for one in plan.moved),
        "eta_moved": len(compare(before, plan).slid),
        "served": plan.totals.served,
        "postponed": plan.totals.postponed,
        "broken": plan.totals.unassigned,
        "cost_cents": plan.totals.cost_cents,
        "change_cents": plan.totals.change_cents,
        "km": round(plan.totals.distance_m / 1000, 1),
        "seconds": round(point.outcome.total_s, 2),
    }


def frontier_table(points: Sequence[Point], before: Plan) -> Table:
    """Return one row per cap; fits 80 columns."""
    title = "What fewer changes cost"
    table = columns(title, "at most", "moved", "over 30 min", "served", "broken", "km", "cost EUR")
    for point in points:
        figures = _figures(point, before)
        table.add_row(
            "any" if point.most is None else str(point.most),
            str(figures["moved"]),
            str(figures["eta_moved"]),
            str(figures["served"]),
            str(figures["broken"]),
            f"{figures['km']:.1f}",
            euros(figures["cost_cents"]).removesuffix(" EUR"),
        )
    return table


def draw_frontier(points: Sequence[Point], path: Path) -> None:
    """Draw cost against moves; PNG or SVG by the file's name."""
    from matplotlib.figure import Figure  # slow to import: only where something is drawn

    plans = [point.outcome.plan for point in points]
    moved = [len(plan.moved) for plan in plans]
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.add_subplot()
    axes.plot(moved, [plan.totals.cost_cents / 100 for plan in plans], marker="o")
    for x, plan in zip(moved, plans, strict=True):
        axes.annotate(f"{plan.totals.served} served", (x, plan.totals.cost_cents / 100), xytext=(4, 6),
                      textcoords="offset points", fontsize=8)  # fmt: skip
    axes.set_xlabel("planned orders that change vehicle")
    axes.set_ylabel("cost of the tours, EUR")
    axes.grid(alpha=0.3)
    with whole(path) as draft:
        figure.savefig(draft, format=path.suffix.removeprefix(".").lower() or "png", dpi=150)
