"""Threads, signals and forks."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

import identity_core as ic
from conftest import connection, locked

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


def test_threads_share_a_resolver(resolver: ic.IdentityResolver) -> None:
    def work(thread: int) -> set[int]:
        return {resolver.identify(f"{thread}-{n}@x.io", n).primary_contact_id for n in range(25)}

    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(work, range(8)))
    assert len(set().union(*ids)) >= 25
    for n in range(25):
        person = resolver.identify(phone_number=n)
        assert len(person.emails) == 8 and len(person.secondary_contact_ids) == 7


def test_other_threads_run_while_a_call_waits(tmp_path: Path) -> None:
    path = tmp_path / "contacts.db"
    with ic.IdentityResolver.connect(f"sqlite://{path}") as resolver:
        resolver.identify("a@x.io", 1)
        with locked(path):
            waiting = threading.Thread(target=resolver.identify, args=("b@x.io", 1))
            waiting.start()
            start = time.monotonic()
            turns = 0
            while time.monotonic() - start < 0.3:
                turns += 1
            assert waiting.is_alive() and turns > 10_000
        waiting.join(20)
        assert not waiting.is_alive()


def test_other_threads_run_while_a_frame_is_identified() -> None:
    """In each of its parts: one that kept the others waiting would show as their longest wait."""
    count = 1_000_000
    phones = pa.array(np.arange(count) % (count // 2)).cast(pa.string())
    emails = pa.array(np.arange(count)).cast(pa.string())
    table = pa.table({"email": pc.binary_join_element_wise(emails, "x.io", "@"), "phone": phones})
    ended = threading.Event()
    longest = 0.0

    def spin() -> None:
        nonlocal longest
        last = time.perf_counter()
        while not ended.is_set():
            now = time.perf_counter()
            longest = max(longest, now - last)
            last = now

    spinning = threading.Thread(target=spin)
    spinning.start()
    start = time.perf_counter()
    people = ic.identify_frame(table)
    seconds = time.perf_counter() - start
    ended.set()
    spinning.join()
    assert people.people == count // 2
    assert longest < seconds / 4, f"{longest} of {seconds} seconds"


IMPORT = """
import sys, itertools, identity_core as ic
resolver = ic.IdentityResolver.connect(sys.argv[1])
def rows():
    for n in itertools.count():
        yield {"email": f"{n}@x.io", "phone": n}
def told(done):
    print(done.rows, flush=True)
try:
    resolver.identify_many(rows(), progress=told)
except KeyboardInterrupt:
    print("interrupted", flush=True)
    print(len(resolver.lookup("0@x.io")), flush=True)
    resolver.close()
"""


def test_ctrl_c_ends_an_import(database_url: str) -> None:
    process = subprocess.Popen([sys.executable, "-c", IMPORT, database_url], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process:
        assert int(process.stdout.readline()) > 0
        process.send_signal(signal.SIGINT)
        start = time.monotonic()
        told = process.stdout.read().split("\n")
        assert time.monotonic() - start < 10
        assert process.wait(10) == 0
    assert "interrupted" in told and told[told.index("interrupted") + 1] == "1"
    # What was committed is whole, and the import goes on where it was.
    with ic.IdentityResolver.connect(database_url) as resolver:
        people = resolver.identify_many({"email": f"{n}@x.io", "phone": n} for n in range(2_000))
        assert people.people == 2_000
        assert people["primary_contact_id"].to_list() == people["contact_id"].to_list()


IMPORT_OF_ARROW = """
import sys, numpy as np, pyarrow as pa, identity_core as ic
table = pa.table({"phone": pa.array(np.arange(20_000_000))})
with ic.IdentityResolver.connect(sys.argv[1]) as resolver:
    print("begin", flush=True)
    try:
        resolver.identify_many(table)
    except KeyboardInterrupt:
        print("interrupted", flush=True)
"""


def test_ctrl_c_ends_an_import_that_runs_no_python(url: str) -> None:
    """Neither the source nor ``progress`` gives the interpreter a moment to raise by itself."""
    command = [sys.executable, "-c", IMPORT_OF_ARROW, url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begin\n"
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        start = time.monotonic()
        assert process.stdout.read() == "interrupted\n"
        assert time.monotonic() - start < 5
        assert process.wait(10) == 0


@pytest.mark.parametrize("store", ["mysql", "mariadb"])
def test_ctrl_c_ends_an_import_at_its_end(store: str, fresh_url: Callable[[str], str]) -> None:
    """All rows are written, and who they are now is asked: a locked table keeps the answer back."""
    url = fresh_url(store)
    with ic.IdentityResolver.connect(url) as resolver, connection(url) as other:

        def lock(done: ic.Progress) -> None:
            if done.rows == 10:
                other.cursor().execute("LOCK TABLES Contact WRITE")
                threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()

        start = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            resolver.identify_many([{"phone": n} for n in range(10)], progress=lock)
        assert time.monotonic() - start < 3
        other.cursor().execute("UNLOCK TABLES")
        assert len(resolver.lookup(phone_number=9)) == 1


FRAME = """
import sys, identity_core as ic
rows = [{"email": f"{n}@x.io", "phone": n} for n in range(int(sys.argv[1]))]
print("begin", flush=True)
try:
    while True:
        ic.identify_frame(rows)
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


def test_ctrl_c_ends_a_frame() -> None:
    process = subprocess.Popen([sys.executable, "-c", FRAME, "100000"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process:
        assert process.stdout.readline() == "begin\n"
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        assert process.stdout.read() == "interrupted\n"
        assert process.wait(10) == 0


def test_ctrl_c_ends_a_call_that_waits(tmp_path: Path) -> None:
    path = tmp_path / "contacts.db"
    with ic.IdentityResolver.connect(f"sqlite://{path}") as resolver:
        resolver.identify("a@x.io", 1)
        with locked(path):
            threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
            start = time.monotonic()
            with pytest.raises(KeyboardInterrupt):
                resolver.identify("b@x.io", 1)
            assert time.monotonic() - start < 3
        assert resolver.identify("c@x.io", 1).emails[0] == "a@x.io"


def _child(call: Callable[[], Any]) -> int:
    """The exit code of a forked child that makes a call; it may not hang."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            call()
            code = 0
        except ic.ForkedError:
            code = 42
        finally:
            os._exit(code)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.02)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    pytest.fail("the child hangs")


def test_a_forked_child_is_told(url: str) -> None:
    resolver = ic.IdentityResolver.connect(url)
    before = resolver.identify("a@x.io", 1)
    assert _child(lambda: resolver.identify("a@x.io", 1)) == 42
    assert _child(lambda: resolver.identify_many([{"email": "a@x.io"}])) == 42
    assert _child(lambda: resolver.close()) == 0

    def drop() -> None:
        nonlocal resolver
        del resolver

    assert _child(drop) == 0
    assert _child(lambda: before._repr_html_()) == 0
    # The parent goes on.
    assert resolver.identify("a@x.io", 1) == before
    assert resolver.identify("b@x.io", 1).primary_contact_id == before.primary_contact_id
    resolver.close()


@pytest.mark.parametrize("store", ["memory", "mysql", "mariadb"])
def test_a_forked_child_connects_its_own(store: str, fresh_url: Callable[[str], str]) -> None:
    url = fresh_url(store)
    with ic.IdentityResolver.connect(url) as resolver:
        resolver.identify("a@x.io", 1)
        before = () if store == "memory" else ("a@x.io",)

        def work() -> None:
            with ic.IdentityResolver.connect(url) as own:
                assert own.identify("b@x.io", 1).emails == (*before, "b@x.io")

            async def main() -> None:
                async with await ic.AsyncIdentityResolver.connect(url) as own:
                    assert "c@x.io" in (await own.identify("c@x.io", 1)).emails

            asyncio.run(main())

        assert _child(work) == 0
        if before:
            assert resolver.identify(phone_number=1).emails == ("a@x.io", "b@x.io", "c@x.io")


def test_a_fork_while_other_threads_are_at_it(fresh_url: Callable[[str], str]) -> None:
    url = fresh_url("mysql")
    with ic.IdentityResolver.connect(url) as resolver:
        ending = threading.Event()

        def busy(thread: int) -> None:
            n = 0
            while not ending.is_set():
                n += 1
                resolver.identify(f"{thread}-{n}@x.io", n % 50)

        def work() -> None:
            with ic.IdentityResolver.connect(url) as own:
                assert own.identify("child@x.io").emails == ("child@x.io",)

        with ThreadPoolExecutor(6) as pool:
            done = [pool.submit(busy, thread) for thread in range(6)]
            try:
                assert [_child(work) for _ in range(20)] == [0] * 20
            finally:
                ending.set()
            for thread in done:
                thread.result()
        assert resolver.lookup("child@x.io")


def test_sqlite_is_not_taken_over_by_a_forked_child(fresh_url: Callable[[str], str]) -> None:
    """SQLite's own account of a process's locks is wrong in a child: it would hang, or lose what it acknowledged."""
    url = fresh_url("sqlite")
    ic.IdentityResolver.connect(url).close()

    async def awaited() -> None:
        await ic.AsyncIdentityResolver.connect(url)

    start = time.monotonic()
    for other in (url, fresh_url("sqlite")):
        assert _child(lambda other=other: ic.IdentityResolver.connect(other)) == 42
    assert _child(lambda: asyncio.run(awaited())) == 42
    assert time.monotonic() - start < 5
    # The parent goes on.
    with ic.IdentityResolver.connect(url) as resolver:
        resolver.identify("a@x.io", 1)


FIRST_IN_THE_CHILD = """
import os, sys, warnings, identity_core as ic
warnings.simplefilter("ignore")
ic.identify_frame([{"phone": 1}])
with ic.IdentityResolver.connect("memory:") as resolver:
    resolver.identify(phone_number=1)
child = os.fork()
if child == 0:
    with ic.IdentityResolver.connect(sys.argv[1]) as resolver:
        resolver.identify("a@x.io", 1)
else:
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_sqlite_may_be_used_in_a_forked_child_alone(fresh_url: Callable[[str], str]) -> None:
    url = fresh_url("sqlite")
    subprocess.run([sys.executable, "-c", FIRST_IN_THE_CHILD, url], check=True, timeout=60)
    with ic.IdentityResolver.connect(url) as resolver:
        assert resolver.lookup("a@x.io")[0].phone_numbers == ("1",)


def _work(url: str, worker: int) -> int:
    with ic.IdentityResolver.connect(url) as resolver:
        for n in range(20):
            resolver.identify(f"{worker}-{n}@x.io", n)
    return worker


@pytest.mark.parametrize(
    ("store", "method"), [("sqlite", "spawn"), ("mysql", "spawn"), ("mysql", "fork"), ("mariadb", "fork")]
)
def test_processes_share_a_database(store: str, method: str, fresh_url: Callable[[str], str]) -> None:
    database_url = fresh_url(store)
    with ic.IdentityResolver.connect(database_url) as resolver:
        resolver.identify("first@x.io", 0)
        context = multiprocessing.get_context(method)
        with ProcessPoolExecutor(3, mp_context=context) as pool:
            assert sorted(pool.map(_work, [database_url] * 3, range(3))) == [0, 1, 2]
        assert len(resolver.identify(phone_number=0).emails) == 4
        assert len(resolver.identify(phone_number=19).emails) == 3
