"""One ``.city`` file: a city's streets, zones and places, loaded by mapping it into memory.

Layout, little-endian: a 64-byte preamble (magic, format version, length and BLAKE2b-128 of the header, length of the
file), the JSON header (:class:`CityHeader`), then every array as raw bytes, each at a multiple of 64 bytes. Offsets
in the header count from the end of the header, rounded up to 64. Other rooms keep what they compute once for these
streets beside them, by dotted name, in ``City.derived``.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from data import codec
from data.errors import InputError, RoutingDataError
from data.model.base import Count, Value
from data.model.city import City
from data.model.place import Place
from data.model.streets import StreetNetwork
from data.model.zone import Zone

VERSION = 2
BUILD_AGAIN = "build it again with `jalon city build`"

_MAGIC = b"JALONCTY"
_PREAMBLE = struct.Struct("<8sIxxxxQQ16s16x")
_ALIGN = 64
_STREETS = "streets."
_DERIVED = "derived."
_ARC_ZONES = "arc_zones"


class ArrayEntry(Value):
    """Where one array lies: ``offset`` in bytes from the first array, ``checksum`` BLAKE2b-128 of its bytes, hex."""

    name: str
    dtype: str
    shape: tuple[Count, ...]
    offset: int
    checksum: str


class CityHeader(Value):
    """The JSON part of a ``.city`` file."""

    name: str
    zones: tuple[Zone, ...]
    places: tuple[Place, ...]
    street_hours: tuple[str, ...]
    arrays: tuple[ArrayEntry, ...]


def write_city(city: City, path: Path) -> None:
    """Write ``city`` to ``path``; a reader sees the old file or the whole new one.

    Raises
    ------
    RoutingDataError
        ``inconsistent_city`` where ``arc_zones`` does not match the streets, or an array holds no plain numbers.
    """
    if len(city.arc_zones) != city.streets.arcs or len(city.zones) > 64:
        raise RoutingDataError(
            "inconsistent_city",
            f"{len(city.arc_zones)} arc_zones for {city.streets.arcs} arcs, {len(city.zones)} zones (64 at most)",
            str(path),
            "match the zones to these streets again",
        )
    arrays = {name: _plain(name, array) for name, array in _named_arrays(city).items()}
    entries: list[ArrayEntry] = []
    offset = 0
    for name, array in arrays.items():
        entries.append(_entry(name, array, offset))
        offset += _padded(array.nbytes)
    header = codec.encode(_header(city, entries))
    data_start = _padded(_PREAMBLE.size + len(header))
    preamble = _PREAMBLE.pack(_MAGIC, VERSION, len(header), data_start + offset, _digest(header).digest())
    parts = [(preamble + header).ljust(data_start, b"\0")]
    for array in arrays.values():
        parts += [array.tobytes(), bytes(_padded(array.nbytes) - array.nbytes)]
    codec.write_whole(path, b"".join(parts))


def read_city(path: Path, verify: bool = True) -> City:
    """Return the city in ``path``; its arrays are read-only views of the mapped file.

    Parameters
    ----------
    path : Path
    verify : bool
        Check every array's checksum; without it only the header's.

    Raises
    ------
    RoutingDataError
        ``no_city_file``, ``not_a_city_file``, ``older_city_file``, ``newer_city_file`` or ``damaged_city_file``.
    """
    header, body = _open(path)
    arrays = {entry.name: _view(entry, body, path, verify) for entry in header.arrays}
    names = [field.name for field in fields(StreetNetwork)]
    absent = [name for name in (*(_STREETS + name for name in names), _ARC_ZONES) if name not in arrays]
    if absent:
        raise _damaged(path, f"it has no {', '.join(absent)}")
    derived = {name.removeprefix(_DERIVED): array for name, array in arrays.items() if name.startswith(_DERIVED)}
    return City(
        name=header.name,
        streets=StreetNetwork(**{name: arrays[_STREETS + name] for name in names}),  # type: ignore[arg-type]
        zones=header.zones,
        arc_zones=arrays[_ARC_ZONES],  # type: ignore[arg-type]
        places=header.places,
        derived=derived,
        street_hours=header.street_hours,
    )


def city_id(city: City) -> str:
    """Return 32 hex digits that name these streets, zones and places; derived arrays don't count.

    A plan carries it, so that a plan is never read against another city's streets.
    """
    arrays = {name: _plain(name, array) for name, array in _named_arrays(city).items() if not name.startswith(_DERIVED)}
    entries = [_entry(name, array, 0) for name, array in arrays.items()]
    return _digest(codec.encode(_header(city, entries))).hexdigest()


def _header(city: City, entries: list[ArrayEntry]) -> CityHeader:
    return CityHeader(
        name=city.name,
        zones=city.zones,
        places=city.places,
        street_hours=city.street_hours,
        arrays=tuple(entries),
    )


def _named_arrays(city: City) -> dict[str, NDArray[np.generic]]:
    streets = {_STREETS + field.name: getattr(city.streets, field.name) for field in fields(StreetNetwork)}
    derived = {_DERIVED + name: array for name, array in city.derived.items()}
    return {**streets, _ARC_ZONES: city.arc_zones, **derived}


def _plain(name: str, array: NDArray[np.generic]) -> NDArray[np.generic]:
    """Return ``array`` contiguous and little-endian."""
    if array.dtype.kind not in "biuf":
        raise RoutingDataError(
            "inconsistent_city", f"{name} holds {array.dtype}, not numbers", action="store it as numbers or flags"
        )
    return np.asarray(array, dtype=array.dtype.newbyteorder("<"), order="C")


def _entry(name: str, array: NDArray[np.generic], offset: int) -> ArrayEntry:
    return ArrayEntry(
        name=name,
        dtype=array.dtype.str,
        shape=array.shape,
        offset=offset,
        checksum=_digest(array.reshape(-1).view(np.uint8).data).hexdigest(),
    )


def _open(path: Path) -> tuple[CityHeader, NDArray[np.uint8]]:
    """Return the header and the mapped bytes that follow it."""
    try:
        with path.open("rb") as file:
            preamble = file.read(_PREAMBLE.size)
            length = path.stat().st_size
            if preamble[: len(_MAGIC)] != _MAGIC:
                raise RoutingDataError("not_a_city_file", "this is no .city file", str(path), BUILD_AGAIN)
            if len(preamble) < _PREAMBLE.size:
                raise _damaged(path, "it is cut off")
            _, version, header_length, file_length, checksum = _PREAMBLE.unpack(preamble)
            if version != VERSION:
                raise _other_version(path, version)
            if length != file_length:
                raise _damaged(path, f"it has {length} bytes of {file_length}")
            header = file.read(min(header_length, length))
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = getattr(error, "strerror", None) or str(error)
        action = "check the path, or build it with `jalon city build`"
        raise RoutingDataError("no_city_file", reason, str(path), action) from None
    if _digest(header).digest() != checksum:
        raise _damaged(path, "its header does not match its checksum")
    try:
        decoded = codec.decode(header, CityHeader, str(path))
    except InputError as error:
        raise _damaged(path, f"its header can't be read: {error.message}") from None
    mapped = np.memmap(path, dtype=np.uint8, mode="r")
    return decoded, mapped[_padded(_PREAMBLE.size + header_length) :].view(np.ndarray)


def _view(entry: ArrayEntry, body: NDArray[np.uint8], path: Path, verify: bool) -> NDArray[np.generic]:
    dtype = np.dtype(entry.dtype)
    count = int(np.prod(entry.shape, dtype=np.int64))
    raw = body[entry.offset : entry.offset + count * dtype.itemsize]
    if verify and _digest(raw.data).hexdigest() != entry.checksum:
        raise _damaged(path, f"{entry.name} does not match its checksum")
    return raw.view(dtype).reshape(entry.shape)


def _other_version(path: Path, version: int) -> RoutingDataError:
    if version == 0:
        return _damaged(path, "there is no format 0")
    if version < VERSION:
        message = f"format {version} is older than the {VERSION} that this Jalon reads"
        return RoutingDataError("older_city_file", message, str(path), BUILD_AGAIN)
    message = f"format {version} is newer than the {VERSION} that this Jalon reads"
    return RoutingDataError("newer_city_file", message, str(path), f"update Jalon, or {BUILD_AGAIN}")


def _padded(length: int) -> int:
    return -(-length // _ALIGN) * _ALIGN


def _digest(content: bytes | memoryview) -> hashlib.blake2b:
    return hashlib.blake2b(content, digest_size=16)


def _damaged(path: Path, reason: str) -> RoutingDataError:
    return RoutingDataError("damaged_city_file", f"the city file is damaged: {reason}", str(path), BUILD_AGAIN)
