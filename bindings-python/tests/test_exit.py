"""Programs that end while something of the package still runs end well."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

#: A program that ends well once proves little: it depends on who gets the GIL last.
TIMES = 30

AWAITED = """
import asyncio, sys, identity_core as ic
async def main():
    resolver = await ic.AsyncIdentityResolver.connect(sys.argv[1])
    await resolver.identify("a@x.io", 1)
asyncio.run(main())
"""

CANCELLED = """
import asyncio, itertools, identity_core as ic
async def main():
    resolver = await ic.AsyncIdentityResolver.connect("memory:")
    rows = ({"email": f"{n}@x.io", "phone": n} for n in itertools.count())
    task = asyncio.create_task(resolver.identify_many(rows, progress=print))
    await asyncio.sleep(0.03)
    task.cancel()
asyncio.run(main())
"""

DAEMON = """
import itertools, threading, time, identity_core as ic
resolver = ic.IdentityResolver.connect("memory:")
def ask():
    for n in itertools.count():
        resolver.identify(phone_number=n)
def read():
    resolver.identify_many({"email": f"{n}@x.io", "phone": n} for n in itertools.count())
def frame():
    ic.identify_frame({"email": f"{n}@x.io", "phone": n} for n in itertools.count())
for work in (ask, read, frame):
    threading.Thread(target=work, daemon=True).start()
time.sleep(0.03)
"""


def _run(program: str, *arguments: str) -> tuple[int, str]:
    run = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, timeout=60)
    return run.returncode, run.stderr


@pytest.mark.parametrize("program", ["sqlite", "memory", "cancelled import", "daemon threads"])
def test_a_program_ends_well(program: str, tmp_path: Path) -> None:
    def once(turn: int) -> tuple[int, str]:
        return {
            "sqlite": lambda: _run(AWAITED, f"sqlite://{tmp_path / str(turn)}.db"),
            "memory": lambda: _run(AWAITED, "memory:"),
            "cancelled import": lambda: _run(CANCELLED),
            "daemon threads": lambda: _run(DAEMON),
        }[program]()

    with ThreadPoolExecutor(4) as pool:
        ends = list(pool.map(once, range(TIMES)))
    assert ends == [(0, "")] * TIMES


LATE = """
import asyncio, atexit, sys
def late():
    print(resolver.identify("b@x.io", 1).emails)
    try:
        asyncio.run(ask())
    except RuntimeError as error:
        print(error)
atexit.register(late)
import identity_core as ic
async def ask():
    await ic.AsyncIdentityResolver.connect("memory:")
resolver = ic.IdentityResolver.connect("memory:")
resolver.identify("a@x.io", 1)
"""


def test_what_runs_at_exit_may_ask_and_does_not_hang() -> None:
    command = [sys.executable, "-c", LATE]
    run = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert (run.returncode, run.stdout) == (0, "('a@x.io', 'b@x.io')\nthe interpreter is shutting down\n"), run.stderr


FORK = """
import os, threading, time, warnings, identity_core as ic
warnings.simplefilter("ignore")
begun = threading.Event()
def rows():
    begun.set()
    time.sleep(60)
    yield {"phone": 1}
resolver = ic.IdentityResolver.connect("memory:")
threading.Thread(target=lambda: resolver.identify_many(rows()), daemon=True).start()
begun.wait()
child = os.fork()
if child:
    start = time.monotonic()
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print(code, time.monotonic() - start, flush=True)
    os._exit(0)
"""


def test_a_forked_child_does_not_wait_for_its_parents_threads() -> None:
    run = subprocess.run([sys.executable, "-c", FORK], capture_output=True, text=True, timeout=60)
    code, seconds = run.stdout.split()
    assert code == "0" and float(seconds) < 3, run.stderr
