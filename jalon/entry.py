"""Where the ``jalon`` program begins: Ctrl-C is told as one line even while everything else is being imported."""

from __future__ import annotations

import os
import signal

STOPPED = b"error stopped by Ctrl-C, nothing was begun [interrupted]\n"


def main() -> None:
    """Answer Ctrl-C from the first moment, then hand over to the command line."""
    signal.signal(signal.SIGINT, _leave)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # a second thread only waits for the first
    from jalon.cli import main as run  # takes more than a second: the compiler and the tables come with it

    run()


def _leave(signum: int, frame: object) -> None:
    """Leave at once: an exception raised inside an import may be swallowed or told as a failed import."""
    os.write(2, STOPPED)
    os._exit(130)
