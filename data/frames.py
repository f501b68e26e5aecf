"""Messages between a process and one it has started: eight bytes of length, then that many."""

from __future__ import annotations

from typing import IO


def read_frame(source: IO[bytes]) -> bytes | None:
    """Return the next frame, ``None`` where there are no more."""
    size = source.read(8)
    if len(size) < 8:
        return None
    raw = source.read(int.from_bytes(size))
    return raw if len(raw) == int.from_bytes(size) else None


def write_frame(target: IO[bytes], raw: bytes) -> None:
    """Write a frame."""
    target.write(len(raw).to_bytes(8) + raw)
    target.flush()
