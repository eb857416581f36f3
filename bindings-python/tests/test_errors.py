"""What goes wrong, and what is told of it."""

from __future__ import annotations

import builtins
import pickle
import socket
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import identity_core as ic
from conftest import locked


def test_all_exceptions_have_one_base() -> None:
    kinds = [getattr(ic, name) for name in ic.__all__ if name.endswith("Error") and name != "RowError"]
    assert len(kinds) >= 10
    for kind in kinds:
        assert issubclass(kind, ic.IdentityError), kind
        error = kind("text")
        error.row = 3
        again = pickle.loads(pickle.dumps(error))
        assert type(again) is kind and str(again) == "text" and again.row == 3
    assert issubclass(ic.InvalidInputError, ValueError)
    assert issubclass(ic.TimeoutError, builtins.TimeoutError)


def test_a_database_that_is_away_is_told_with_its_cause() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(ic.StoreUnavailableError) as raised:
        ic.IdentityResolver.connect(f"mysql://someone:secret-word@127.0.0.1:{port}/shop")
    assert raised.value.retryable
    cause = raised.value.__cause__
    assert isinstance(cause, ic.DriverError)
    assert "secret-word" not in f"{raised.value} {cause} {cause.__cause__}"


def test_a_call_that_takes_too_long(tmp_path: Path) -> None:
    """The file is locked by somebody else for longer than the caller waits."""
    path = tmp_path / "contacts.db"
    with ic.IdentityResolver.connect(f"sqlite://{path}", timeout=0.2) as resolver:
        resolver.identify("a@x.io", 1)
        with locked(path):
            start = time.monotonic()
            with pytest.raises(builtins.TimeoutError) as raised:
                resolver.identify("b@x.io", 1)
            assert time.monotonic() - start < 3
            assert isinstance(raised.value, ic.TimeoutError) and raised.value.retryable
        assert resolver.identify("b@x.io", 1).emails == ("a@x.io", "b@x.io")


def test_an_import_has_no_time_limit(database_url: str) -> None:
    """Nor have its last questions, who the rows are now: neither takes a time that anybody knows before."""
    rows = [{"email": f"{n}@x.io", "phone": n} for n in range(20_000)]
    with ic.IdentityResolver.connect(database_url, timeout=0.001) as resolver:
        assert resolver.identify_many(rows).people == 20_000


def test_a_table_with_rows_has_to_be_adopted(tmp_path: Path) -> None:
    path = tmp_path / "contacts.db"
    with sqlite3.connect(path) as other:
        other.execute(
            "CREATE TABLE Contact (id INTEGER PRIMARY KEY, phoneNumber TEXT, email TEXT, linkedId INTEGER, "
            "linkPrecedence TEXT, createdAt TEXT, updatedAt TEXT, deletedAt TEXT)"
        )
        other.execute(
            "INSERT INTO Contact (email, phoneNumber, linkPrecedence, createdAt, updatedAt) "
            "VALUES ('a@x.io', '1', 'primary', '2024-01-01 00:00:00', '2024-01-01 00:00:00')"
        )
    other.close()
    with pytest.raises(ic.NotAdoptedError):
        ic.IdentityResolver.connect(f"sqlite://{path}")
    with ic.IdentityResolver.connect(f"sqlite://{path}", adopt=True) as resolver:
        assert resolver.lookup("a@x.io")[0].phone_numbers == ("1",)


def test_no_value_is_in_a_message(fresh_url: Callable[[str], str]) -> None:
    with ic.IdentityResolver.connect(fresh_url("sqlite")) as resolver:
        rows = [{"email": "secret@x.io", "phone": "123"}, {"email": "secret word", "phone": "123"}]
        with pytest.raises(ic.InvalidInputError) as raised:
            resolver.identify_many(rows)
        assert "secret" not in f"{raised.value!r} {raised.value}"
        assert raised.value.row == 1 and raised.value.field == "email"


def test_a_failing_thread_harms_no_other(memory: ic.IdentityResolver) -> None:
    errors: list[BaseException] = []

    def work(n: int) -> None:
        for i in range(200):
            try:
                memory.identify(email=f"{n}-{i}@x.io" if n % 2 else "wrong")
            except ic.InvalidInputError:
                continue
            except BaseException as error:  # noqa: BLE001
                errors.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
