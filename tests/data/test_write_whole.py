"""Files are written whole or not at all, and read with errors that name them."""

from __future__ import annotations

import errno
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import pytest

from data import codec
from data.errors import InputError
from data.model.hub import Hub

OLD, NEW = b"old" * 1000, b"newer" * 10_000


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@contextmanager
def disk_full_after(bytes_left: int) -> Iterator[None]:
    """Let no file of this process grow over ``bytes_left``: what is written first stays, then the write fails."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_left, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_writes_and_makes_folders(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "plan.json"
    codec.write_whole(path, OLD)
    assert path.read_bytes() == OLD
    codec.write_whole(path, NEW)
    assert path.read_bytes() == NEW
    codec.write_whole(path, b"")
    assert path.read_bytes() == b""
    assert names(path.parent) == ["plan.json"]


def test_a_write_cut_short_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    codec.write_whole(path, OLD)
    with disk_full_after(len(OLD)), pytest.raises(InputError) as caught:
        codec.write_whole(path, NEW)
    assert (caught.value.code, caught.value.where) == ("unwritable_file", str(path))
    assert os.strerror(errno.EFBIG) in caught.value.message
    assert path.read_bytes() == OLD
    assert names(tmp_path) == ["plan.json"]


@pytest.mark.parametrize("step", ["write_bytes", "replace"])
@pytest.mark.parametrize("fault", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
def test_any_step_that_fails_leaves_the_old_file(
    step: str, fault: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "plan.json"
    codec.write_whole(path, OLD)

    def fail(draft: Path, content: object) -> None:
        with draft.open("ab") as file:
            file.write(b"half of i")
        raise fault

    with monkeypatch.context() as patched:
        patched.setattr(Path, step, fail)
        with pytest.raises(KeyboardInterrupt if isinstance(fault, KeyboardInterrupt) else InputError):
            codec.write_whole(path, NEW)
    assert path.read_bytes() == OLD
    assert names(tmp_path) == ["plan.json"]


def test_what_a_crash_left_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / ".plan.json.part").write_bytes(NEW)
    codec.write_whole(tmp_path / "plan.json", OLD)
    assert (tmp_path / "plan.json").read_bytes() == OLD
    assert names(tmp_path) == ["plan.json"]


def test_a_reader_sees_the_old_or_the_new_file(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    codec.write_whole(path, OLD)
    seen: set[bytes] = set()
    stop = Event()

    def read() -> None:
        while not stop.is_set():
            seen.add(path.read_bytes())

    reader = Thread(target=read)
    reader.start()
    for turn in range(200):
        codec.write_whole(path, (NEW, OLD)[turn % 2])
    stop.set()
    reader.join()
    assert seen <= {OLD, NEW}


UNWRITABLE = {
    "a folder": ("folder", "it is a folder"),
    "the folder we are in": (".", "it is a folder"),
    "the root": ("/", "it is a folder"),
    "the folder above": ("..", "it is a folder"),
    "nothing": ("", "it is a folder"),
    "below a file": ("file/plan.json", os.strerror(errno.EEXIST)),
    "too long a name": ("x" * 300, os.strerror(errno.ENAMETOOLONG)),
    "a name with a NUL": ("pl\0an.json", "null byte"),
}


@pytest.mark.parametrize("name", UNWRITABLE)
def test_unwritable(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target, says = UNWRITABLE[name]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_bytes(OLD)
    with pytest.raises(InputError) as caught:
        codec.write_whole(Path(target), NEW)
    error = caught.value
    assert (error.code, error.where, error.action) == ("unwritable_file", str(Path(target)), "name another path")
    assert says in error.message
    assert names(tmp_path) == ["file", "folder"]
    assert (tmp_path / "file").read_bytes() == OLD
    assert names(tmp_path / "folder") == []


def test_read(tmp_path: Path) -> None:
    path = tmp_path / "hub.json"
    hub = Hub(id="h", lat=47.2, lon=-1.55, name="Nantes, quai")
    codec.write_whole(path, codec.encode(hub))
    assert codec.read(path, Hub) == hub
    path.write_text('{"id": "h", "lat": 100}')
    with pytest.raises(InputError) as caught:
        codec.read(path, Hub)
    assert caught.value.where == f"{path}#/lat"


@pytest.mark.parametrize("name", ["absent.json", ".", "x" * 300, "hub\0.json"])
def test_unreadable(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        codec.read(tmp_path / name, Hub)
    error = caught.value
    assert (error.code, error.where, error.action) == ("unreadable_file", str(tmp_path / name), "check the path")
    assert error.message
