"""Laying a whole plan that another search has made."""

from __future__ import annotations

from data.jit import kernel
from routing.solver.lean.links import put_in
from routing.solver.lean.log import begin
from routing.solver.lean.state import U32, Lean, Plan, Work


@kernel
def lay(lean: Lean, plan: Plan, work: Work, stops: U32, ends: U32) -> None:
    """Put stops on the tours of an empty plan: on tour t those of ``stops`` up to ``ends[t]`` that are on none yet."""
    begin(lean, plan, work)
    at = 0
    for tour in range(len(ends)):
        node = len(lean.stops) + tour
        while at < ends[tour]:
            put_in(lean, plan, work, stops[at], node)
            node = stops[at]
            at += 1
