"""The package, the lock and the repository are ours: right modules, pinned hashes, no address, no machine path."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT

ROOMS = ("data", "routing", "promise", "jalon")
LOCK = ROOT / "requirements.lock"
PIN = re.compile(
    r"(?P<name>[a-z0-9][a-z0-9-]*)==[^\s;]+(?P<marker> ; [^\\]+?)?(?P<hashes>( --hash=sha256:[0-9a-f]{64})+)"
)
PRIVATE = re.compile(
    r"pypi[.]org|python[h]osted[.]org|[n]pmjs[.](?:org|com)|anaconda[.]org|deb[.]debian[.]org"
    r"|(?<![\w.])/(?:work|farm|root)/\w|(?<![\w.])/(?:home|Users|opt)/\w+/\w"
)


def canonical(name: str) -> str:
    """Return a distribution's name as the lock spells it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def requirements(text: str) -> list[str]:
    """Return the entries of a lock, each on one line, without comments."""
    kept = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    return [" ".join(entry.split()) for entry in kept.replace("\\\n", " ").splitlines() if entry.strip()]


def unpinned(text: str) -> list[str]:
    """Return the lock's entries that are anything but ``name==version`` with hashes."""
    return [entry for entry in requirements(text) if not PIN.fullmatch(entry)]


def private_names(text: str) -> list[str]:
    """Return the lines that name a package registry or a folder of somebody's machine."""
    return [
        f"{number}: {line.strip()[:120]}" for number, line in enumerate(text.splitlines(), 1) if PRIVATE.search(line)
    ]


def project() -> dict:
    """Return the ``[project]`` table."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def names(specifiers: list[str]) -> set[str]:
    """Return the distributions that requirement specifiers name."""
    return {canonical(re.match(r"[\w.-]+", specifier).group()) for specifier in specifiers}


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_is_ours_and_not_the_distribution_of_that_name(room: str) -> None:
    module = importlib.import_module(room)
    assert module.__file__, f"{room} has no __init__.py"
    assert Path(module.__file__).resolve().is_relative_to(ROOT), f"{room} was imported from {module.__file__}"


def test_the_wheel_carries_the_four_rooms(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path], cwd=ROOT, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    packed = set(zipfile.ZipFile(wheel).namelist())
    absent = [
        str(path.relative_to(ROOT))
        for room in ROOMS
        for path in sorted((ROOT / room).rglob("*.py"))
        if str(path.relative_to(ROOT)) not in packed
    ]
    assert not absent, f"left out of the wheel (does .gitignore match them?): {absent}"


def test_every_entry_of_the_lock_is_pinned_with_hashes() -> None:
    text = LOCK.read_text(encoding="utf-8")
    assert len(requirements(text)) > 50
    assert not unpinned(text)


def test_the_lock_names_no_address() -> None:
    text = LOCK.read_text(encoding="utf-8")
    assert "://" not in text
    assert not private_names(text)


def test_the_lock_holds_what_the_project_asks_for_and_no_peer() -> None:
    locked = {PIN.fullmatch(entry)["name"] for entry in requirements(LOCK.read_text(encoding="utf-8"))}
    extras = project()["optional-dependencies"]
    forgotten = (names(project()["dependencies"]) | names(extras["dev"])) - locked
    assert not forgotten, f"run make lock: {sorted(forgotten)}"
    assert not names(extras["peers"]) & locked


def test_nobody_can_publish_it_by_accident() -> None:
    assert "Private :: Do Not Upload" in project()["classifiers"]


def test_no_file_names_a_registry_or_a_machine() -> None:
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    files = [ROOT / name for name in listed if name and (ROOT / name).is_file()]
    assert files
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in files
        for line in private_names(path.read_bytes().decode("utf-8", errors="ignore"))
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "line",
    ["https://" + "pypi" + ".org/simple", "cd " + "/wo" + "rk/main", "open('" + "/ho" + "me/ana/day.json')"],
)
def test_the_search_for_private_names_finds_them(line: str) -> None:
    assert private_names(f"first\n{line}\n") == [f"2: {line}"]


@pytest.mark.parametrize(
    "line", ["/usr/bin/chromium", "https://example.org/home/page/1", "framework/x", "POST /v1/home/"]
)
def test_the_search_for_private_names_leaves_others_alone(line: str) -> None:
    assert not private_names(line)


@pytest.mark.parametrize("entry", ["numpy==2.0.0", "numpy>=2", "-i https://example.org", "numpy @ file:///numpy.whl"])
def test_the_search_for_unpinned_entries_finds_them(entry: str) -> None:
    assert unpinned(entry) == [entry]
