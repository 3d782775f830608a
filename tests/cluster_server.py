"""A PostgreSQL server of one's own, in a folder that goes with it: to be killed and started again."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.databases import find_server, make_schema

PROGRAMS = Path("/usr/lib/postgresql")
# Nothing has to outlive a power cut here; a commit that was told of has to outlive the server's death.
OPTIONS = "-c listen_addresses=127.0.0.1 -c fsync=off -c synchronous_commit=on -c max_connections=200"


@dataclass(frozen=True)
class DatabaseServer:
    """A running server; `url` leads to its database."""

    folder: Path
    programs: Path
    port: int

    @property
    def url(self) -> str:
        """The URL as SQLAlchemy reads it."""
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/postgres"

    def restart(self, mode: str) -> None:
        """Stop it, `fast` or `immediate`, which is as if it were killed, and start it again."""
        self._run("pg_ctl", "-D", f"{self.folder}/data", "-s", "-m", mode, "-w", "stop")
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = f"-p {self.port} -k {self.folder} {OPTIONS}"
        log = f"{self.folder}/log"
        self._run("pg_ctl", "-D", f"{self.folder}/data", "-s", "-w", "-l", log, "-o", options, "start")

    def stop(self) -> None:
        """Stop it for good."""
        self._run("pg_ctl", "-D", f"{self.folder}/data", "-s", "-m", "immediate", "stop")

    def initialize(self) -> None:
        """Make its files."""
        words = ("-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "-N")
        self._run("initdb", *words, "-D", f"{self.folder}/data")

    def _run(self, program: str, *words: str) -> None:
        # The server refuses to run as root.
        other = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
        command = [*other, f"{self.programs}/{program}", *words]
        subprocess.run(command, check=True, cwd=self.folder, stdout=subprocess.DEVNULL)


def find_programs() -> Path | None:
    """Give the folder of the newest server's programs, where Debian's packages put them, or None."""
    found = sorted(PROGRAMS.glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    return found[-1].parent if found else None


@contextmanager
def run_database_server() -> Iterator[DatabaseServer | None]:
    """Run a server while the context lasts; gives None where there are no programs for one."""
    programs = find_programs()
    if programs is None:
        yield None
        return
    folder = Path(tempfile.mkdtemp(prefix="feedsvc-cluster-postgres-"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    if os.getuid() == 0:
        shutil.chown(folder, "postgres")
    server = DatabaseServer(folder, programs, port)
    try:
        server.initialize()
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def open_database() -> Iterator[tuple[str, DatabaseServer | None]]:
    """Give the URL of an empty database, and its server if it is our own: another's is not restarted."""
    with run_database_server() as server:
        if server is not None:
            yield f"{server.url}?application_name=cluster", server
        elif find_server() is None:
            raise RuntimeError("no PostgreSQL: neither its programs, nor a URL in FEEDSVC_TEST_POSTGRES_URL")
        else:
            with make_schema() as url:
                yield f"{url}&application_name=cluster", None
