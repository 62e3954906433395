"""A throw-away PostgreSQL server, for tests and for the commands beside them."""

import itertools
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

_numbers = itertools.count(1)


@dataclass
class PostgresServer:
    """A throw-away PostgreSQL on a free loopback port, without a password."""

    binaries: Path
    folder: Path
    port: int
    connections: int = 40
    databases: Iterator[int] = field(default_factory=lambda: _numbers)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{database}"

    def run(self, program: str, *arguments: str) -> None:
        user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        command = [*user, str(self.binaries / program), *arguments]
        subprocess.run(command, check=True, cwd=self.folder, stdout=subprocess.DEVNULL, timeout=60)

    def start(self) -> None:
        options = f"-h 127.0.0.1 -p {self.port} -k '' -c fsync=off -c max_connections={self.connections}"
        self.run("pg_ctl", "-D", str(self.data), "-l", str(self.folder / "log"), "-w", "-o", options, "start")

    def stop(self, mode: str = "immediate") -> None:
        self.run("pg_ctl", "-D", str(self.data), "-w", "-m", mode, "stop")

    def execute(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        with psycopg.connect(host="127.0.0.1", port=self.port, user="postgres", dbname=database, autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def emptied_database(self) -> str:
        """The one that tests share, with nothing in it: quicker than a new one."""
        if not self.execute("SELECT 1 FROM pg_database WHERE datname = 'test'"):
            self.execute("CREATE DATABASE test")
        self.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'test'")
        self.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public", "test")
        return "test"

    def copied_database(self, template: str) -> str:
        """The one that tests share, as a copy of another: quicker than to empty it and to migrate it."""
        self.execute("DROP DATABASE IF EXISTS test WITH (FORCE)")
        self.execute(f"CREATE DATABASE test TEMPLATE {template}")
        return "test"

    def new_database(self) -> str:
        """One of its own, for tests that change the database itself."""
        name = f"test_{next(self.databases)}"
        self.execute(f"CREATE DATABASE {name}")
        return name


def postgresql_binaries() -> Path | None:
    """Where PostgreSQL's programs are; None where they are not."""
    found = shutil.which("pg_ctl")
    folders = [Path(found).resolve().parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"))  # Debian's place
    return next((folder for folder in reversed(folders) if (folder / "initdb").exists()), None)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def serving_postgresql(binaries: Path, connections: int = 40) -> Iterator[PostgresServer]:
    """A server for the length of the block."""
    folder = Path(tempfile.mkdtemp(prefix="powerstrip-pg-"))
    server = PostgresServer(binaries, folder, _free_port(), connections)
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
        server.run("initdb", "-D", str(server.data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
