"""Imports into every store."""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import Iterator
from typing import Any

import polars as pl
import pytest

import identity_core as ic
from conftest import execute


def orders(count: int, seed: int = 1) -> list[dict[str, Any]]:
    """People who come back and merge, four at most."""
    rng = random.Random(seed)
    rows = []
    for _ in range(count):
        family = 4 * rng.randrange(count // 12)
        email = f"{family + rng.randrange(4)}@x.io" if rng.random() < 0.9 else None
        rows.append({"email": email, "phone": family + rng.randrange(4)})
    return rows


def partition(ids: list[int | None]) -> list[int]:
    """The same for the same people, whatever their ids are."""
    first: dict[int | None, int] = {}
    return [first.setdefault(person, row) for row, person in enumerate(ids)]


def test_an_import_finds_the_people_that_memory_finds(resolver: ic.IdentityResolver) -> None:
    rows = orders(6_000)
    expected = ic.identify_frame(rows)
    people = resolver.identify_many(pl.DataFrame(rows))
    assert partition(people["primary_contact_id"].to_list()) == partition(expected["primary_contact_id"].to_list())
    assert (people.people, people.merges) == (expected.people, expected.merges)
    # Each row's id is its person's at the end, and stays it when nothing is new.
    again = resolver.identify_many(rows)
    assert again["primary_contact_id"].to_list() == people["primary_contact_id"].to_list()
    assert again.merges == 0
    for row in (0, 17, 5_999):
        person = resolver.get(again["contact_id"][row] or 0)
        assert person is not None and person.primary_contact_id == people["primary_contact_id"][row]


def test_an_import_beside_another(database_url: str) -> None:
    """A row's person is the one of the end even where somebody else merged it."""
    with ic.IdentityResolver.connect(database_url) as one, ic.IdentityResolver.connect(database_url) as other:
        first = other.identify("first@x.io", 1)

        def rows() -> Iterator[dict[str, Any]]:
            yield {"email": "second@x.io", "phone": 2}
            # More than are read ahead, so that the first are committed by then.
            for n in range(14_000):
                yield {"email": f"{n}@y.io", "phone": 1_000_000 + n}
            other.identify("first@x.io", 2)
            yield {"email": "last@x.io", "phone": 3}

        people = one.identify_many(rows())
        assert people["primary_contact_id"][0] == first.primary_contact_id
        assert people.people == 14_002


@pytest.mark.parametrize("errors", ["raise", "collect"])
def test_a_bad_row_is_never_lost(url: str, errors: Any) -> None:
    rows: list[dict[str, Any]] = [{"email": f"{n}@x.io"} for n in range(9_000)]
    rows[5_000] = {"email": "wrong"}
    rows[7_000] = {"phone": None}
    with ic.IdentityResolver.connect(url) as resolver:
        if errors == "raise":
            with pytest.raises(ic.InvalidInputError) as raised:
                resolver.identify_many(rows)
            assert (raised.value.row, raised.value.field) == (5_000, "email")
            assert len(resolver.lookup("4999@x.io")) == 1
            assert resolver.lookup("5001@x.io") == [] == resolver.lookup("8999@x.io")
        else:
            people = resolver.identify_many(rows, errors="collect")
            assert [(error.row, error.field) for error in people.errors] == [(5_000, "email"), (7_000, None)]
            assert people["primary_contact_id"].to_list().count(None) == 2
            assert people.people == 8_998


def test_a_row_that_the_database_refuses_is_one_rows_error(database_url: str) -> None:
    refusal = (
        "CREATE TRIGGER refusing BEFORE INSERT ON Contact WHEN NEW.email = 'refused@x.io' "
        "BEGIN SELECT RAISE(ABORT, 'no'); END"
        if database_url.startswith("sqlite")
        else "CREATE TRIGGER refusing BEFORE INSERT ON Contact FOR EACH ROW "
        "IF NEW.email = 'refused@x.io' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no'; END IF"
    )
    with ic.IdentityResolver.connect(database_url) as resolver:
        execute(database_url, refusal)
        rows = [{"email": "a@x.io"}, {"email": "refused@x.io"}, {"email": "b@x.io"}]
        people = resolver.identify_many(rows, errors="collect")
        assert [(error.row, error.error) for error in people.errors] == [(1, ic.StoreRefusedError)]
        assert people.people == 2
        # Alone it may as well be the row's fault.
        people = resolver.identify_many(rows[1:2], errors="collect")
        assert [error.row for error in people.errors] == [0]
        with pytest.raises(ic.StoreRefusedError) as raised:
            resolver.identify_many(rows)
        assert raised.value.row == 1 and "refused@x.io" not in str(raised.value)


def test_a_database_that_refuses_everything_is_no_rows_fault(database_url: str) -> None:
    """As it does without a table, or a privilege: a list of all rows as wrong would hide it."""
    rows: list[dict[str, Any]] = [{"email": f"{n}@x.io"} for n in range(50)]
    rows[0] = {"email": "wrong"}
    with ic.IdentityResolver.connect(database_url) as resolver:
        assert resolver.identify_many(rows[:2], errors="collect").people == 1
        execute(database_url, "ALTER TABLE Contact RENAME TO Elsewhere")
        with pytest.raises(ic.StoreRefusedError) as raised:
            resolver.identify_many(rows, errors="collect")
        assert not raised.value.retryable and raised.value.__cause__ is not None
        execute(database_url, "ALTER TABLE Elsewhere RENAME TO Contact")
        assert resolver.identify_many(rows, errors="collect").people == 49


def test_progress_is_told(resolver: ic.IdentityResolver) -> None:
    told: list[ic.Progress] = []
    rows = orders(9_000)
    people = resolver.identify_many(rows, progress=told.append)
    assert told[-1].rows == 9_000
    assert told[-1].people - told[-1].merges == people.people and told[-1].merges == people.merges > 0
    assert [done.rows for done in told] == sorted(done.rows for done in told)


def test_progress_true_shows_a_bar(memory: ic.IdentityResolver, capsys: pytest.CaptureFixture[str]) -> None:
    memory.identify_many(orders(9_000), progress=True)
    bar = capsys.readouterr().err
    assert "people=" in bar and "merges=" in bar and "9.00k/9.00k" in bar


@pytest.mark.parametrize("nothing", [None, False, 0], ids=repr)
def test_progress_that_is_nothing_is_none(nothing: Any, memory: ic.IdentityResolver) -> None:
    async def main() -> ic.IdentifiedRows:
        async with await ic.AsyncIdentityResolver.connect("memory:") as resolver:
            return await resolver.identify_many([{"phone": 1}], progress=nothing)

    assert memory.identify_many([{"phone": 1}], progress=nothing).people == 1
    assert asyncio.run(main()).people == 1


class Told(list[ic.Progress]):
    """A function that is empty, and so as good as false."""

    def __call__(self, done: ic.Progress) -> None:
        self.append(done)


def test_progress_may_be_a_function_that_is_false(memory: ic.IdentityResolver) -> None:
    told = Told()
    memory.identify_many([{"phone": 1}], progress=told)
    assert told[-1].rows == 1


def test_progress_true_says_what_it_needs(memory: ic.IdentityResolver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    with pytest.raises(ImportError, match="pip install"):
        memory.identify_many([], progress=True)


def test_progress_that_raises_ends_the_import(memory: ic.IdentityResolver) -> None:
    def stop(done: ic.Progress) -> None:
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        memory.identify_many(orders(10_000), progress=stop)
    assert memory.identify_many(orders(10_000)).people > 0


def test_a_source_may_ask_the_resolver(resolver: ic.IdentityResolver) -> None:
    """What is called from within a call may call in turn, and so may a progress function."""
    seen: list[int] = []

    def rows() -> Iterator[dict[str, Any]]:
        for n in range(10):
            seen.append(len(resolver.lookup(phone_number=n)))
            yield {"phone": n}

    people = resolver.identify_many(rows(), progress=lambda done: resolver.lookup(phone_number=1))
    assert people.people == 10 and seen == [0] * 10
