"""Eight callers that wait for answers, as threads and as tasks of asyncio: ``python callers.py URL SECONDS``.

Prints calls per second of threads, of tasks and of one thread alone, each the middle of rounds that take turns. All of
it is new people, so that every call waits for a commit.
"""

from __future__ import annotations

import asyncio
import itertools
import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import identity_core as ic

CALLERS = 8
ROUNDS = 5

fresh = itertools.count(time.time_ns())


def person() -> tuple[str, str]:
    number = next(fresh)
    return f"pip.{number}@example.com", f"+{number}"


def threads(url: str, seconds: float, callers: int) -> float:
    with ic.IdentityResolver.connect(url) as resolver, ThreadPoolExecutor(callers) as pool:
        resolver.identify(*person())
        start = time.perf_counter()

        def work() -> int:
            calls = 0
            while time.perf_counter() - start < seconds:
                resolver.identify(*person())
                calls += 1
            return calls

        working = [pool.submit(work) for _ in range(callers)]
        calls = sum(work.result() for work in working)
        return calls / (time.perf_counter() - start)


async def tasks(url: str, seconds: float) -> float:
    async with await ic.AsyncIdentityResolver.connect(url) as resolver:
        await resolver.identify(*person())
        start = time.perf_counter()

        async def work() -> int:
            calls = 0
            while time.perf_counter() - start < seconds:
                await resolver.identify(*person())
                calls += 1
            return calls

        calls = sum(await asyncio.gather(*(work() for _ in range(CALLERS))))
        return calls / (time.perf_counter() - start)


def main() -> None:
    url, seconds = sys.argv[1], float(sys.argv[2])
    rounds = [
        (threads(url, seconds, CALLERS), asyncio.run(tasks(url, seconds)), threads(url, seconds, 1))
        for _ in range(ROUNDS)
    ]
    print(*(statistics.median(figures) for figures in zip(*rounds, strict=True)))


if __name__ == "__main__":
    main()
