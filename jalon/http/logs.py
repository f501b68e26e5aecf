"""One JSON line per event on stderr: what happened and to which request; never a name, an address or a body."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any

import msgspec
import structlog

from data import clock

Log = structlog.typing.FilteringBoundLogger


def server_log() -> Log:
    """Return the server's log, and let what libraries warn of go the same way."""
    structlog.configure(
        logger_factory=lambda *_: structlog.WriteLogger(sys.stderr),  # theirs is stdout, where only a result goes
        processors=[structlog.processors.add_log_level, _of_library, _dated, structlog.processors.JSONRenderer(_json)],
    )
    log: Log = structlog.wrap_logger(
        structlog.WriteLogger(sys.stderr),
        processors=[structlog.processors.add_log_level, _dated, structlog.processors.JSONRenderer(serializer=_json)],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        context_class=dict,
    )
    return log


class ToLog(logging.Handler):
    """Takes what libraries log: the message where the library wrote it, of an exception its kind and place only."""

    def __init__(self, log: Log) -> None:
        super().__init__(logging.WARNING)
        self.log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        error = record.exc_info[1] if record.exc_info else None
        told = told_of(error) if error else {"message": str(record.msg).partition("\n")[0]}
        self.log.log(record.levelno, "library", library=record.name, **told)


def told_of(error: BaseException) -> dict[str, Any]:
    """Return an exception's kind and where it came through; its text may quote a customer."""
    frames = traceback.extract_tb(error.__traceback__)[-8:]
    return {"error": type(error).__name__, "at": [f"{one.filename}:{one.lineno} {one.name}" for one in frames]}


def _of_library(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Keep what a library calls the event; what it adds to that may be a customer's."""
    return {"event": "library", "message": event.get("event", ""), "level": event["level"]}


def _dated(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {"time": clock.now().isoformat(timespec="milliseconds"), **event}


def _json(event: Any, **_: Any) -> str:
    return msgspec.json.encode(event, enc_hook=str).decode()
