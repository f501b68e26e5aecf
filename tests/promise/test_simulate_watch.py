"""The simulated world, watched: who will be disappointed is told before the day, and told for good reason."""

from __future__ import annotations

import numpy as np

from promise.simulate_engine import promise_all
from promise.simulate_notices import notices
from promise.simulate_rules import static_table, warm_days
from promise.simulate_truth import draw_truth
from promise.simulate_watch import LOOKS_S, Lookout
from tests.promise.tiny_world import tiny


def test_what_was_decided_before_the_day_is_told_before_it() -> None:
    truth = draw_truth(tiny(8), 1, 10.0)
    due = static_table(truth, *warm_days(truth))
    due = np.where(truth.placed_day < truth.scored_days.start, truth.placed_day, due)
    lookout, alone = Lookout(truth), promise_all(truth, due.copy())
    run = promise_all(truth, due, lookout.look, LOOKS_S)
    assert (run.due_day == alone.due_day).all()  # looking changes nothing
    found = notices(truth, run.desk, lookout)
    assert found.moved_told == found.moved > 0
    assert found.right >= 0.8 * (found.right + found.wrong)
    assert found.right + found.wrong + found.apart == found.notices
    assert found.late == found.moved + found.by_day + found.by_road
    assert found.as_dict()["told_share"] == 1.0
