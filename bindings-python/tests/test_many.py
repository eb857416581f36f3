"""Imports into every store."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from typing import Any

import polars as pl
import pytest

import identity_core as ic


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
