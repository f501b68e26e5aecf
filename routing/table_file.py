"""Travel-time tables as files, written row by row so that no table has to fit into memory.

- ``.npz``: ``ids``, ``target_ids``, ``duration_s`` and ``distance_m`` (int32, rows are sources) and ``unreachable``,
  the value both hold for a pair without a way.
- ``.parquet``: one row per pair, ``source_id``, ``target_id``, ``duration_s``, ``distance_m``; null without a way.
- ``.json``: ``sources``, ``targets``, ``durations_s``, ``distances_m`` as arrays of rows; null without a way.

Without distances the second table is left out.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO, NamedTuple
from zipfile import ZipFile, ZipInfo

import numpy as np
import orjson

from routing.matrix.arrays import I32
from routing.matrix.cost import INF

INF_JSON = str(INF).encode()
"""All other entries have fewer digits, so it is no part of another number."""


class Ids(NamedTuple):
    """Whom a table's rows and columns belong to, and whether it has distances."""

    sources: Sequence[str]
    targets: Sequence[str]
    distances: bool


Write = Callable[[I32, I32 | None], None]
"""Takes the next rows: durations (s) and, where the table has them, distances (m), int32 [rows, targets]."""


@contextmanager
def npz_file(path: Path, ids: Ids) -> Iterator[Write]:
    """Yield what writes the next rows of a ``.npz`` file."""
    with ZipFile(path, "w") as archive, TemporaryFile(dir=path.parent) as later:
        for name, values in (("ids", ids.sources), ("target_ids", ids.targets), ("unreachable", np.int32(INF))):
            with _member(archive, name) as member:
                np.lib.format.write_array(member, np.asarray(values))
        with _table(archive, "duration_s", ids) as durations:

            def write(duration_s: I32, distance_m: I32 | None) -> None:
                durations.write(np.ascontiguousarray(duration_s).data)
                if distance_m is not None:
                    later.write(np.ascontiguousarray(distance_m).data)

            yield write
        if ids.distances:
            later.seek(0)
            with _table(archive, "distance_m", ids) as distances:
                shutil.copyfileobj(later, distances, 1 << 20)


def _member(archive: ZipFile, name: str) -> BinaryIO:
    return archive.open(ZipInfo(f"{name}.npy"), "w", force_zip64=True)  # type: ignore[return-value]


@contextmanager
def _table(archive: ZipFile, name: str, ids: Ids) -> Iterator[BinaryIO]:
    with _member(archive, name) as member:
        shape = len(ids.sources), len(ids.targets)
        np.lib.format.write_array_header_1_0(member, {"descr": "<i4", "fortran_order": False, "shape": shape})
        yield member


@contextmanager
def parquet_file(path: Path, ids: Ids) -> Iterator[Write]:
    """Yield what writes the next rows of a ``.parquet`` file, one row group each time."""
    import pyarrow as pa  # 50 MB that no other output needs
    from pyarrow.parquet import ParquetWriter

    names = {"duration_s": pa.int32(), "distance_m": pa.int32()} if ids.distances else {"duration_s": pa.int32()}
    word = pa.dictionary(pa.int32(), pa.string())
    schema = pa.schema({"source_id": word, "target_id": word, **names})
    sources, targets = pa.array(ids.sources, pa.string()), pa.array(ids.targets, pa.string())
    columns = np.arange(len(ids.targets), dtype=np.int32)
    written = 0

    with ParquetWriter(path, schema) as file:

        def write(duration_s: I32, distance_m: I32 | None) -> None:
            nonlocal written
            rows = np.arange(written, written + len(duration_s), dtype=np.int32)
            written += len(rows)
            tables = [duration_s] if distance_m is None else [duration_s, distance_m]
            arrays = [
                pa.DictionaryArray.from_arrays(np.repeat(rows, len(columns)), sources),
                pa.DictionaryArray.from_arrays(np.tile(columns, len(rows)), targets),
                *(pa.array(table.ravel(), mask=table.ravel() == INF) for table in tables),
            ]
            file.write_table(pa.Table.from_arrays(arrays, schema=schema))

        yield write


@contextmanager
def json_stream(file: BinaryIO, ids: Ids) -> Iterator[Write]:
    """Yield what writes the next rows of one JSON object to ``file``."""
    with TemporaryFile() as later:
        file.write(b'{"sources":' + orjson.dumps(ids.sources) + b',"targets":' + orjson.dumps(ids.targets))
        file.write(b',"durations_s":[')
        rows = 0

        def write(duration_s: I32, distance_m: I32 | None) -> None:
            nonlocal rows
            for table, out in ((duration_s, file), (distance_m, later)):
                if table is not None:
                    out.write(b"," * (rows > 0) + b",".join(_row(row) for row in table))
            rows += len(duration_s)

        yield write
        file.write(b"]")
        if ids.distances:
            later.seek(0)
            file.write(b',"distances_m":[')
            shutil.copyfileobj(later, file, 1 << 20)
            file.write(b"]")
        file.write(b"}\n")


@contextmanager
def json_file(path: Path, ids: Ids) -> Iterator[Write]:
    """Yield what writes the next rows of a ``.json`` file."""
    with path.open("wb") as file, json_stream(file, ids) as write:
        yield write


def _row(row: I32) -> bytes:
    text: bytes = orjson.dumps(np.ascontiguousarray(row), option=orjson.OPT_SERIALIZE_NUMPY)
    return text.replace(INF_JSON, b"null")


TABLE_FILES: dict[str, Callable[[Path, Ids], AbstractContextManager[Write]]] = {
    ".npz": npz_file,
    ".parquet": parquet_file,
    ".json": json_file,
}
"""What writes a table, by the end of the file's name."""
