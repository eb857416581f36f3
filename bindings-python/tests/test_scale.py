"""Threads get as much done as asyncio does, and more than one thread alone."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import identity_core as ic

CALLERS = 8
CALLS = 60


def _threads(url: str, first: int, threads: int) -> float:
    """Calls per second."""
    with ic.IdentityResolver.connect(url) as resolver:

        def work(thread: int) -> None:
            for n in range(CALLS):
                resolver.identify(f"{first}-{thread}-{n}@x.io", f"{first}{thread}{n:05}")

        with ThreadPoolExecutor(threads) as pool:
            start = time.perf_counter()
            list(pool.map(work, range(threads)))
            return threads * CALLS / (time.perf_counter() - start)


def _tasks(url: str, first: int) -> float:
    async def main() -> float:
        async with await ic.AsyncIdentityResolver.connect(url) as resolver:

            async def work(task: int) -> None:
                for n in range(CALLS):
                    await resolver.identify(f"{first}-{task}-{n}@x.io", f"{first}{task}{n:05}")

            start = time.perf_counter()
            await asyncio.gather(*(work(task) for task in range(CALLERS)))
            return CALLERS * CALLS / (time.perf_counter() - start)

    return asyncio.run(main())


def test_threads_scale_as_asyncio_does(fresh_url: Callable[[str], str]) -> None:
    url = fresh_url("mysql")
    threads, tasks, alone = [], [], []
    for turn in range(5):
        threads.append(_threads(url, 100 + turn, CALLERS))
        tasks.append(_tasks(url, 200 + turn))
        alone.append(_threads(url, 300 + turn, 1))
    told = f"threads {threads}, tasks {tasks}, one thread {alone}"
    # Room for a machine that does something else as well.
    assert statistics.median(threads) > 0.75 * statistics.median(tasks), told
    assert statistics.median(threads) > 1.2 * statistics.median(alone), told
