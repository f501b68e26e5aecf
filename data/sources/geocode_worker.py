"""A process of its own that holds the register and finds addresses: the work would keep the server from answering.

It reads frames of addresses from standard input and answers each on standard output; the first frame it writes says
whether the register could be read.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import IO

import msgspec

from data.errors import JalonError
from data.frames import read_frame, write_frame
from data.model.address import Address
from data.model.job import Fault
from data.sources.ban import read_ban
from data.sources.geocode_ban import BanGeocoder

NICER = 5


def serve(source: IO[bytes], target: IO[bytes], ban: Path) -> None:
    """Answer until there are no more frames."""
    try:
        geocoder = BanGeocoder(read_ban(ban))
    except JalonError as error:
        write_frame(target, msgspec.msgpack.encode(Fault.of(error)))
        return
    write_frame(target, b"")
    while (raw := read_frame(source)) is not None:
        asked = msgspec.msgpack.decode(raw, type=list[Address])
        write_frame(target, msgspec.msgpack.encode(geocoder.locate(asked)))


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the server's: it closes this when it is done
    os.nice(NICER)
    serve(sys.stdin.buffer, sys.stdout.buffer, Path(sys.argv[1]))
