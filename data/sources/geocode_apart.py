"""The server's end of :mod:`data.sources.geocode_worker`: asked from threads, started again where it has died."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from data.errors import UnavailableError
from data.frames import read_frame, write_frame
from data.model.address import Address, Located
from data.model.job import Fault

TRIES = 2
"""Addresses that end two processes one after the other are not asked for again."""


class ApartGeocoder:
    """Finds addresses in a register that another process holds.

    Raises
    ------
    InputError
        As :func:`data.sources.ban.read_ban`.
    """

    def __init__(self, ban: Path) -> None:
        self._ban = ban
        self._turn = threading.Lock()
        self._closed = False
        self._worker = self._started()

    def locate(self, addresses: Sequence[Address]) -> list[Located]:
        """Return where addresses are, in order.

        Raises
        ------
        UnavailableError
            ``geocoder_died``.
        """
        if not addresses:
            return []
        raw = msgspec.msgpack.encode(addresses)
        with self._turn:
            for _ in range(TRIES):
                if self._closed:
                    break
                if self._worker.poll() is not None:
                    _end(self._worker)
                    self._worker = self._started()
                answer = self._exchange(raw)
                if answer is not None:
                    return msgspec.msgpack.decode(answer, type=list[Located])
        raise UnavailableError("geocoder_died", "the process that finds addresses has ended", action="try again")

    def close(self) -> None:
        """Stop the process."""
        self._closed = True
        _end(self._worker)

    def _started(self) -> subprocess.Popen[bytes]:
        """Return a process that has read the register."""
        command = [sys.executable, "-m", "data.sources.geocode_worker", str(self._ban)]
        worker = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert worker.stdout
        told = read_frame(worker.stdout)
        if told == b"":
            return worker
        _end(worker)
        if told:
            raise msgspec.msgpack.decode(told, type=Fault).error()
        raise UnavailableError("geocoder_died", "the process that finds addresses has ended", action="try again")

    def _exchange(self, raw: bytes) -> bytes | None:
        """Return the process's answer, ``None`` where it has ended."""
        assert self._worker.stdin and self._worker.stdout
        try:
            write_frame(self._worker.stdin, raw)
            answer = read_frame(self._worker.stdout)
        except (BrokenPipeError, ValueError):  # ValueError: closed meanwhile
            answer = None
        if answer is None:
            _end(self._worker)
        return answer


def _end(worker: subprocess.Popen[bytes]) -> None:
    """Kill a process, if it is not dead yet, and close its pipes."""
    worker.kill()
    with suppress(BrokenPipeError), worker:
        pass
