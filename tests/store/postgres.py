"""A real PostgreSQL for a test run: the system's binaries, a cluster in a temporary folder, no port.

It listens on a socket in that folder only, so no two runs can want the same port.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg

BINARIES = Path("/usr/lib/postgresql")
_numbers = count(1)


def binaries() -> Path | None:
    """Return the folder of the newest PostgreSQL binaries, Debian's or those on the path; ``None``: there are none."""
    found = [path.parent for path in BINARIES.glob("*/bin/initdb")]
    if found:
        return max(found, key=lambda folder: int(folder.parent.name))
    on_path = shutil.which("initdb")
    return Path(on_path).parent if on_path else None


class Server:
    """A cluster; ``folder`` holds its data and its socket."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self.folder, self.programs = folder, programs

    def run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs, as ``postgres`` where tests run as root: it refuses to be root."""
        words = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
        words += [str(self.programs / program), *arguments]
        with (self.folder / "programs.log").open("a") as log:
            subprocess.run(words, check=True, stdout=log, stderr=log, cwd=self.folder)

    def start(self) -> None:
        """Start it."""
        options = f"-c listen_addresses='' -k {self.folder} -c max_connections=200 -c recovery_init_sync_method=syncfs"
        self.run(
            "pg_ctl", "start", "-w", "-t", "300", "-D", str(self.folder / "data"), "-l", "server.log", "-o", options
        )

    def crash(self) -> None:
        """End it at once; started again, it recovers from its log."""
        self.run("pg_ctl", "stop", "-w", "-m", "immediate", "-D", str(self.folder / "data"))

    def new_url(self) -> str:
        """Return the URL of an empty store: a schema of its own, which is 30 files where a database is 300."""
        name = f"jalon{next(_numbers)}"
        with psycopg.connect(host=str(self.folder), user="jalon", dbname="postgres", autocommit=True) as connection:
            connection.execute(f"CREATE SCHEMA {name}".encode())
        return f"postgresql://jalon@/postgres?host={self.folder}&options=-csearch_path%3D{name}"


@contextmanager
def running(programs: Path) -> Iterator[Server]:
    """Yield a server; nothing is left of it."""
    folder = Path(tempfile.mkdtemp(prefix="jalon-pg-"))
    try:
        if os.getuid() == 0:
            postgres = pwd.getpwnam("postgres")
            os.chown(folder, postgres.pw_uid, postgres.pw_gid)
        server = Server(folder, programs)
        server.run(
            "initdb", "-D", str(folder / "data"), "-U", "jalon", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"
        )
        server.start()
        try:
            yield server
        finally:
            server.crash()
    finally:
        shutil.rmtree(folder)
