"""Calls that are awaited."""

from __future__ import annotations

import asyncio
import ctypes
import itertools
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pytest

import identity_core as ic
from conftest import locked


def test_the_same_methods_as_the_blocking_face(url: str) -> None:
    async def main() -> None:
        async with await ic.AsyncIdentityResolver.connect(url) as resolver:
            first = await resolver.identify(email="a@x.io", phone_number=1)
            second = await resolver.identify("b@x.io", "2")
            assert await resolver.lookup("a@x.io", 2) == [first, second]
            merged = await resolver.identify("a@x.io", 2)
            assert await resolver.get(second.primary_contact_id) == merged
            graph = await resolver.graph(merged.primary_contact_id)
            assert graph is not None and len(graph.nodes) == 2
            rows = [{"email": "c@x.io", "phone": 3}, {"email": "c@x.io", "phone": 1}]
            people = await resolver.identify_many(rows)
            assert people["primary_contact_id"].to_list() == [merged.primary_contact_id] * 2
            with pytest.raises(ic.InvalidInputError):
                await resolver.identify("wrong")
        assert resolver.closed
        with pytest.raises(ic.ResolverClosedError):
            await resolver.identify("a@x.io")

    asyncio.run(main())
    public = {name for name in vars(ic.IdentityResolver) if not name.startswith("_")}
    assert public == {name for name in vars(ic.AsyncIdentityResolver) if not name.startswith("_")}


def test_many_calls_at_once_are_one_person(url: str) -> None:
    async def main() -> None:
        async with await ic.AsyncIdentityResolver.connect(url) as resolver:
            calls = [resolver.identify(f"{n}@x.io", 7) for n in range(100)]
            people = await asyncio.gather(*calls)
            assert len({person.primary_contact_id for person in people}) == 1
            last = await resolver.identify(phone_number=7)
            assert len(last.emails) == 100 and len(last.secondary_contact_ids) == 99

    asyncio.run(main())


def test_a_call_that_waits_can_be_cancelled(tmp_path: Path) -> None:
    path = tmp_path / "contacts.db"

    async def main() -> None:
        async with await ic.AsyncIdentityResolver.connect(f"sqlite://{path}") as resolver:
            await resolver.identify("a@x.io", 1)
            with locked(path):
                start = time.monotonic()
                with pytest.raises(asyncio.TimeoutError):
                    await asyncio.wait_for(resolver.identify("b@x.io", 1), 0.2)
                task = asyncio.create_task(resolver.identify("c@x.io", 1))
                await asyncio.sleep(0.1)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                assert time.monotonic() - start < 3
            # Nobody else noticed.
            assert "d@x.io" in (await resolver.identify("d@x.io", 1)).emails
            for email in ("b@x.io", "c@x.io"):
                # It happened or did not, and may still happen; but nobody sees half of it: each of these people has as
                # many contacts as emails, whether or not this one is among them.
                [person] = await resolver.lookup(email, 1)
                assert len(person.emails) == 1 + len(person.secondary_contact_ids)
                # To make the call again is safe in any case.
                again = await resolver.identify(email, 1)
                assert again.primary_contact_id == person.primary_contact_id and again.emails.count(email) == 1
            assert sorted(again.emails) == ["a@x.io", "b@x.io", "c@x.io", "d@x.io"]
            assert len(again.secondary_contact_ids) == 3

    asyncio.run(main())


def test_an_import_can_be_cancelled_and_started_again(database_url: str) -> None:
    yielded = 0

    def rows() -> Iterator[dict[str, object]]:
        nonlocal yielded
        for n in itertools.count():
            yielded += 1
            yield {"email": f"{n % 1_000}@x.io", "phone": n % 1_000}

    async def main() -> None:
        async with await ic.AsyncIdentityResolver.connect(database_url) as resolver:
            done: list[ic.Progress] = []
            task = asyncio.create_task(resolver.identify_many(rows(), progress=done.append))
            while not done:
                await asyncio.sleep(0.01)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            # What another thread reads at that moment it reads to the end.
            await asyncio.sleep(0.5)
            before = yielded
            await asyncio.sleep(0.5)
            assert yielded == before, "the import goes on"
            people = await resolver.identify_many({"email": f"{n}@x.io", "phone": n} for n in range(1_000))
            assert people.people == 1_000

    asyncio.run(main())


def test_every_close_waits_until_it_is_done(tmp_path: Path) -> None:
    """Also one beside another, and one after another that was cancelled."""
    path = tmp_path / "contacts.db"

    async def main() -> None:
        resolver = await ic.AsyncIdentityResolver.connect(f"sqlite://{path}")
        await resolver.identify("a@x.io", 1)
        with locked(path):
            asking = asyncio.create_task(resolver.identify("b@x.io", 1))
            await asyncio.sleep(0.2)
            closing = [asyncio.create_task(resolver.close()) for _ in range(3)]
            done, _ = await asyncio.wait(closing, timeout=0.3)
            assert not done and resolver.closed
            closing[0].cancel()
            closing.append(asyncio.create_task(resolver.close()))
            done, waiting = await asyncio.wait(closing, timeout=0.3)
            assert done == {closing[0]} and closing[0].cancelled()
        await asyncio.wait_for(asyncio.gather(*waiting), 20)
        await asyncio.gather(asking, return_exceptions=True)
        assert not path.with_name("contacts.db-wal").exists(), "a connection is still there"

    asyncio.run(main())


class Claimed:
    """A batch that claims three rows where it has one."""

    def __arrow_c_array__(self, requested_schema: object = None) -> object:
        runs = pa.RunEndEncodedArray.from_arrays(pa.array([1], pa.int32()), pa.array(["1"]))
        array, schema = ctypes.create_string_buffer(80), ctypes.create_string_buffer(72)
        addresses = (ctypes.addressof(array), ctypes.addressof(schema))
        pa.record_batch({"phone": runs})._export_to_c(*addresses)
        # The length is the first field of an ArrowArray, and its children are the seventh.
        [child] = (ctypes.c_void_p * 1).from_address(ctypes.c_void_p.from_buffer(array, 48).value or 0)
        for place in (addresses[0], child):
            ctypes.c_int64.from_address(place).value = 3
        return pa.RecordBatch._import_from_c(*addresses).__arrow_c_array__(requested_schema)


def test_a_panic_while_rows_are_read_is_no_end_of_them(memory: ic.IdentityResolver) -> None:
    with pytest.raises(BaseException, match="access an element") as panic:
        ic.identify_frame(Claimed())
    # What a panic is in Python is a panic again where Rust meets it.
    kind = type(panic.value)
    assert kind.__name__ == "PanicException"

    def rows() -> Iterator[dict[str, object]]:
        yield {"phone": 1}
        raise kind("torn")

    with pytest.raises(kind, match="torn"):
        memory.identify_many(rows())

    async def main() -> None:
        async with await ic.AsyncIdentityResolver.connect("memory:") as resolver:
            with pytest.raises(Exception, match="panicked"):
                await resolver.identify_many(rows())

    asyncio.run(main())


def test_the_event_loop_runs_meanwhile(fresh_url: Callable[[str], str]) -> None:
    async def main() -> None:
        async with await ic.AsyncIdentityResolver.connect(fresh_url("sqlite")) as resolver:
            ticks = 0

            async def tick() -> None:
                nonlocal ticks
                while True:
                    ticks += 1
                    await asyncio.sleep(0.005)

            ticking = asyncio.create_task(tick())
            rows = [{"email": f"{n}@x.io", "phone": n} for n in range(20_000)]
            await resolver.identify_many(rows)
            ticking.cancel()
            assert ticks > 5

    asyncio.run(main())


def test_loops_may_follow_each_other() -> None:
    """The runtime outlives an event loop."""
    for _ in range(3):

        async def main() -> None:
            async with await ic.AsyncIdentityResolver.connect("memory:") as resolver:
                await asyncio.gather(*(resolver.identify(phone_number=n) for n in range(50)))

        asyncio.run(main())


@pytest.mark.parametrize("rows", [range(100), itertools.count()], ids=["few", "endless"])
def test_progress_that_raises_ends_an_import(rows: Iterable[int]) -> None:
    async def main() -> None:
        async with await ic.AsyncIdentityResolver.connect("memory:") as resolver:
            told: list[ic.Progress] = []

            def stop(done: ic.Progress) -> None:
                told.append(done)
                raise RuntimeError("enough")

            with pytest.raises(RuntimeError, match="enough"):
                await resolver.identify_many(({"phone": n} for n in rows), progress=stop)
            assert len(told) == 1
            assert (await resolver.identify(phone_number=0)).phone_numbers == ("0",)

    asyncio.run(main())


def test_the_event_loop_runs_while_rows_are_prepared() -> None:
    """A query may take its time."""
    import polars as pl

    def slow(frame: pl.DataFrame) -> pl.DataFrame:
        time.sleep(0.5)
        return frame

    async def main() -> None:
        async with await ic.AsyncIdentityResolver.connect("memory:") as resolver:
            late: list[float] = []

            async def tick() -> None:
                while True:
                    start = time.monotonic()
                    await asyncio.sleep(0.01)
                    late.append(time.monotonic() - start)

            ticking = asyncio.create_task(tick())
            await asyncio.sleep(0.05)
            query = pl.LazyFrame({"phone": [1, 2]}).map_batches(slow)
            assert (await resolver.identify_many(query)).people == 2
            ticking.cancel()
            assert max(late) < 0.4

    asyncio.run(main())
