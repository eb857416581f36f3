"""Stores for tests: memory, SQLite, and the MySQL and MariaDB that tests/run started."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pymysql
import pytest

import identity_core as ic

SERVERS = {"mysql": "IDENTITY_TEST_MYSQL", "mariadb": "IDENTITY_TEST_MARIADB"}
STORES = ["memory", "sqlite", *SERVERS]


def connection(url: str) -> Any:
    """Somebody else's, to MySQL."""
    parts = urlsplit(url)
    return pymysql.connect(
        host=parts.hostname or "127.0.0.1",
        port=parts.port or 3306,
        user=parts.username or "root",
        password=parts.password or "",
        database=parts.path.lstrip("/") or None,
        autocommit=True,
    )


@pytest.fixture(scope="session")
def fresh_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], str]]:
    """Makes the URL of a new, empty store."""
    made: list[tuple[str, str]] = []

    def fresh(store: str) -> str:
        if store == "memory":
            return "memory:"
        if store == "sqlite":
            return f"sqlite://{tmp_path_factory.mktemp('sqlite') / 'contacts.db'}"
        server = os.environ.get(SERVERS[store])
        if server is None:
            pytest.fail(f"{SERVERS[store]} is not set: run tests/run, or pytest by way of with-databases")
        name = f"py_{os.getpid()}_{uuid.uuid4().hex[:8]}"
        with connection(server) as other:
            other.cursor().execute(f"CREATE DATABASE {name}")
        made.append((server, name))
        return urlsplit(server)._replace(path=f"/{name}").geturl()

    yield fresh
    for server, name in made:
        with connection(server) as other:
            other.cursor().execute(f"DROP DATABASE IF EXISTS {name}")


@pytest.fixture(params=STORES)
def url(request: pytest.FixtureRequest, fresh_url: Callable[[str], str]) -> str:
    """A new store of each kind."""
    return fresh_url(request.param)


@pytest.fixture(params=["sqlite", "mysql", "mariadb"])
def database_url(request: pytest.FixtureRequest, fresh_url: Callable[[str], str]) -> str:
    """A new store of each kind that processes can share."""
    return fresh_url(request.param)


@pytest.fixture
def resolver(url: str) -> Iterator[ic.IdentityResolver]:
    with ic.IdentityResolver.connect(url) as resolver:
        yield resolver


@pytest.fixture
def memory() -> Iterator[ic.IdentityResolver]:
    with ic.IdentityResolver.connect("memory:") as resolver:
        yield resolver


STATEMENT = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.executescript(sys.argv[2])
connection.close()
"""


def execute(url: str, statement: str) -> None:
    """Somebody else executes a statement. On SQLite in another process, since its locks are of processes."""
    if url.startswith("sqlite://"):
        subprocess.run([sys.executable, "-c", STATEMENT, url.removeprefix("sqlite://"), statement], check=True)
    else:
        with connection(url) as other:
            other.cursor().execute(statement)


LOCK = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.read()
"""


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """The SQLite file is locked by somebody else: another process, since its own locks do not shut a process out."""
    command = [sys.executable, "-c", LOCK, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "locked\n"
        yield
        assert process.stdin is not None
        process.stdin.close()
        process.wait(10)


@pytest.fixture
def root() -> Path:
    """The folder of the bindings."""
    return Path(__file__).resolve().parent.parent
