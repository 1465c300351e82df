"""Real PostgreSQL servers for tests: a cluster in a temporary directory, on a unix socket only.

PostgreSQL refuses to run as root, so root starts it as the user `postgres` that Debian's package makes.
"""

from __future__ import annotations

import atexit
import functools
import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg
from psycopg import sql

_SERVER = "PORCH_TEST_POSTGRES"  # processes that a test starts use the same server


class PostgresServer:
    def __init__(self, *, fsync: bool = False) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="porch-pg-", dir="/tmp"))
        self._fsync = fsync
        self._user = "postgres" if os.geteuid() == 0 else None
        if self._user:
            shutil.chown(self.directory, self._user)
        self._run("initdb", "-D", "data", "-U", "porch", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        self.start()

    def start(self) -> None:
        options = f"-c listen_addresses= -c unix_socket_directories={self.directory} -c max_connections=200"
        options += " -c fsync=on" if self._fsync else " -c fsync=off"
        deadline = time.monotonic() + 60
        while True:
            try:
                self._run("pg_ctl", "-D", "data", "-l", "log", "-w", "-t", "60", "-o", options, "start")
            except subprocess.CalledProcessError:  # the children of a killed server are not gone yet
                if time.monotonic() > deadline:
                    raise
            else:
                return

    def stop(self, mode: str = "immediate") -> None:
        self._run("pg_ctl", "-D", "data", "-w", "-m", mode, "stop")

    def kill(self) -> None:
        """As a crash: the postmaster is killed; its children notice and end, and the socket's lock is stale."""
        pid = int((self.directory / "data" / "postmaster.pid").read_text().splitlines()[0])
        os.kill(pid, signal.SIGKILL)

    def remove(self) -> None:
        if (self.directory / "data" / "postmaster.pid").exists():
            self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(_binaries() / program), *arguments]
        subprocess.run(
            command,
            cwd=self.directory,
            user=self._user,
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )


def _binaries() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if not found:
        raise RuntimeError("these tests need PostgreSQL: apt-get install postgresql")
    return found[-1].parent


@functools.cache
def shared_server() -> Path:
    """The socket directory of this process's server, or of the one that its parent has."""
    if _SERVER not in os.environ:
        server = PostgresServer()
        atexit.register(server.remove)
        os.environ[_SERVER] = str(server.directory)
    return Path(os.environ[_SERVER])


def database(socket: Path, directory: Path) -> str:
    """The conninfo of the database that stands for a directory, made if need be."""
    name = "t" + hashlib.sha256(str(directory).encode()).hexdigest()[:30]
    with psycopg.connect(f"host={socket} user=porch dbname=postgres", autocommit=True) as db:
        if db.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone() is None:
            db.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return f"host={socket} user=porch dbname={name}"
