"""The server's end of :mod:`routing.standby_worker`: asked from threads, started again where it has died."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import msgspec

from data.companion import Companion
from data.errors import UnavailableError
from data.model.base import Value
from data.model.job import Fault
from routing.task import Driving

WAITING_AT_ONCE = 4
"""One is answered, the others read their plan meanwhile."""
TRIES = 2
"""A question that ends two workers one after the other is not asked again."""


class Question(Value):
    """What a plan could still take.

    Attributes
    ----------
    plan_id : str
    city : str
        Path of the ``.city`` file.
    query : bytes
        A :class:`data.model.slots.SlotQuery` as JSON; empty: only open the plan.
    plan : bytes
        The plan as JSON, where it may not be open yet.
    """

    plan_id: str
    city: str
    query: bytes = b""
    plan: bytes = b""
    driving: Driving = Driving()


class Reply(Value):
    """A :class:`data.model.slots.SlotAnswer` as JSON, or what is wrong; ``unknown``: send the plan too."""

    answer: bytes = b""
    fault: Fault | None = None
    unknown: bool = False


class Standby:
    """One worker, asked by one thread at a time.

    Attributes
    ----------
    threads : Executor
        For those who wait for it: in the server's common threads they would keep others waiting.
    """

    def __init__(self) -> None:
        self.threads = ThreadPoolExecutor(WAITING_AT_ONCE, thread_name_prefix="standby")
        self._turn = threading.Lock()
        self._worker = Companion("routing.standby_worker")
        self._closed = False

    def ask(self, question: Question, plan: Callable[[], bytes]) -> bytes:
        """Return the answer to a question; ``plan`` gives the plan where the worker does not have it open.

        Raises
        ------
        JalonError
            What is wrong with the query; ``UnavailableError`` where the worker died of it twice.
        """
        reply = self._asked(question)
        if reply.unknown:
            reply = self._asked(question.replace(plan=plan()))
        if reply.fault is not None:
            raise reply.fault.error()
        return reply.answer

    def close(self) -> None:
        """Stop the worker."""
        self._closed = True
        self.threads.shutdown(wait=False, cancel_futures=True)
        self._worker.end()

    def _asked(self, question: Question) -> Reply:
        raw = msgspec.msgpack.encode(question)
        with self._turn:
            for _ in range(TRIES):
                if self._closed:
                    break
                answer = self._worker.ask(raw)
                if answer is not None:
                    return msgspec.msgpack.decode(answer, type=Reply)
        raise UnavailableError(
            "slots_died", "the process that answers for plans in force has ended", action="try again"
        )
