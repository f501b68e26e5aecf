"""A process of its own that keeps plans in force open and answers at once, whatever else is being solved.

It reads frames from standard input and answers each on standard output, in turn.
"""

from __future__ import annotations

import os
import sys
from collections import OrderedDict
from functools import lru_cache
from pathlib import Path
from typing import IO

import msgspec

from data import codec
from data.cityfile import read_city
from data.errors import JalonError
from data.frames import read_frame, write_frame
from data.model.city import City
from data.model.job import Fault
from data.model.plan import Plan
from data.model.slots import SlotQuery
from routing.slots import OpenPlan
from routing.standby import Question, Reply
from routing.work_plans import conditions_of

PLANS_OPEN = 4
CITIES_OPEN = 2


class OpenPlans:
    """The plans asked for last."""

    def __init__(self) -> None:
        self._plans: OrderedDict[bytes, OpenPlan] = OrderedDict()

    def reply(self, question: Question) -> Reply:
        """Return the reply to a question."""
        try:
            query = codec.decode(question.query, SlotQuery, "body") if question.query else None
            plan = self._opened(question, query)
            if plan is None:
                return Reply(unknown=True)
            return Reply(answer=codec.encode(plan.answer(query))) if query is not None else Reply()
        except JalonError as error:
            return Reply(fault=Fault.of(error))

    def _opened(self, question: Question, query: SlotQuery | None) -> OpenPlan | None:
        """Return a plan as it stands by the statuses told; ``None`` where it is neither open nor sent along."""
        what = (question.plan_id, question.driving, query.statuses if query else (), query and query.freeze_before)
        key = msgspec.json.encode(what)
        if key in self._plans:
            self._plans.move_to_end(key)
            return self._plans[key]
        if not question.plan:
            return None
        city = _city(question.city, Path(question.city).stat().st_mtime_ns)
        statuses, freeze_before = (query.statuses, query.freeze_before) if query else ((), None)
        plan = codec.decode(question.plan, Plan, "plan")
        opened = OpenPlan(plan, city, statuses, freeze_before, conditions_of(city, question.driving))
        self._plans[key] = opened
        while len(self._plans) > PLANS_OPEN:
            self._plans.popitem(last=False)
        return opened


@lru_cache(CITIES_OPEN)
def _city(path: str, _changed_ns: int) -> City:
    return read_city(Path(path))


def main(source: IO[bytes], target: IO[bytes]) -> None:
    """Answer until there are no more questions."""
    plans = OpenPlans()
    while (raw := read_frame(source)) is not None:
        reply = plans.reply(msgspec.msgpack.decode(raw, type=Question))
        write_frame(target, msgspec.msgpack.encode(reply))


if __name__ == "__main__":
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever else is printed is no answer
    main(sys.stdin.buffer, answers)
