"""What is done often takes no more memory than what is done a few times."""

from __future__ import annotations

import subprocess
import sys

import pytest

# A million calls of a build without optimisation.
pytestmark = pytest.mark.timeout(1_200)

RESIDENT = """
import gc, sys
import identity_core as ic

def resident():
    gc.collect()
    for line in open("/proc/self/status"):
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
"""

CALLS = (
    RESIDENT
    + """
with ic.IdentityResolver.connect("memory:") as resolver:
    samples = []
    for call in range(1_000_000):
        n = call % 5_000
        resolver.identify(email=f"{n}@x.io", phone_number=n)
        if call % 100_000 == 99_999:
            samples.append(resident())
print(max(samples[-3:]) - max(samples[:2]))
"""
)

# People who come again, some with something new, and requests that are none.
CALLS_ON_A_DATABASE = (
    RESIDENT
    + """
with ic.IdentityResolver.connect(sys.argv[1]) as resolver:
    samples = []
    for call in range(40_000):
        n = call % 1_000
        resolver.identify(email=f"{n}@x.io", phone_number=n if call % 20 else call)
        try:
            resolver.identify(email=f"{n}")
        except ic.InvalidInputError:
            pass
        if call % 4_000 == 3_999:
            samples.append(resident())
print(max(samples[-3:]) - max(samples[:2]))
"""
)

IMPORTS = (
    RESIDENT
    + """
rows = [{"email": f"{n % 5_000}@x.io", "phone": n % 5_000} for n in range(10_000)]
samples = []
with ic.IdentityResolver.connect(sys.argv[1]) as resolver:
    for number in range(100):
        people = resolver.identify_many(rows)
        assert people.people == 5_000
        if number % 10 == 9:
            samples.append(resident())
print(max(samples[-3:]) - max(samples[:3]))
"""
)

FRAMES = (
    RESIDENT
    + """
import polars as pl
frame = pl.DataFrame({"email": [f"{n % 5_000}@x.io" for n in range(50_000)], "phone": list(range(50_000))})
samples = []
for number in range(100):
    assert ic.identify_frame(frame).to_polars().height == 50_000
    if number % 10 == 9:
        samples.append(resident())
print(max(samples[-3:]) - max(samples[:3]))
"""
)

ASYNC = (
    RESIDENT
    + """
import asyncio

async def main():
    samples = []
    async with await ic.AsyncIdentityResolver.connect("memory:") as resolver:
        for turn in range(300):
            await asyncio.gather(*(resolver.identify(f"{n}@x.io", n) for n in range(300)))
            if turn % 30 == 29:
                samples.append(resident())
    print(max(samples[-3:]) - max(samples[:2]))

asyncio.run(main())
"""
)


def _growth(program: str, *arguments: str) -> float:
    """Megabytes."""
    command = [sys.executable, "-c", program, *arguments]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


@pytest.mark.parametrize("program", [CALLS, FRAMES], ids=["calls", "frames"])
def test_memory_stays_flat(program: str) -> None:
    assert _growth(program) < 8


def test_memory_stays_flat_over_awaited_calls() -> None:
    # Some 60,000 calls between the samples: 70 bytes each.
    assert _growth(ASYNC) < 4


def test_memory_stays_flat_over_calls_that_write(database_url: str) -> None:
    # Some 30,000 calls between the samples, and as many that fail: 70 bytes each.
    assert _growth(CALLS_ON_A_DATABASE, database_url) < 4


def test_memory_stays_flat_over_imports(database_url: str) -> None:
    assert _growth(IMPORTS, database_url) < 8
