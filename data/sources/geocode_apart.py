"""The server's end of :mod:`data.sources.geocode_worker`: asked from threads, started again where it has died."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import msgspec

from data.companion import Companion
from data.errors import UnavailableError
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
        self._turn = threading.Lock()
        self._closed = False
        self._worker = Companion("data.sources.geocode_worker", str(ban))
        self._start()

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
                if not self._worker.running():
                    self._start()
                answer = self._worker.ask(raw)
                if answer is not None:
                    return msgspec.msgpack.decode(answer, type=list[Located])
        raise UnavailableError("geocoder_died", "the process that finds addresses has ended", action="try again")

    def close(self) -> None:
        """Stop the process."""
        self._closed = True
        self._worker.end()

    def _start(self) -> None:
        """Start the process, and wait until it has read the register."""
        self._worker.start()
        told = self._worker.heard()
        if told == b"":
            return
        self._worker.end()
        if told:
            raise msgspec.msgpack.decode(told, type=Fault).error()
        raise UnavailableError("geocoder_died", "the process that finds addresses has ended", action="try again")
