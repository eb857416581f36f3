"""Columns: how they are named, and of what types they may be."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, NamedTuple

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import identity_core as ic


class Order(NamedTuple):
    phone: str
    total: int
    email: str


ROWS = [{"email": "a@x.io", "phone": "1"}, {"email": "b@x.io", "phone": "1"}]


class OnlyCapsule:
    def __init__(self, data: Any) -> None:
        self._data = data

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._data.__arrow_c_stream__(requested_schema)


NAMED: dict[str, Callable[[], Any]] = {
    "list of dicts": lambda: ROWS,
    "generator": lambda: (dict(row) for row in ROWS),
    "named tuples": lambda: [Order("1", 5, "a@x.io")],
    "dict of columns": lambda: {"email": ["a@x.io"], "phone": ["1"]},
    "pandas": lambda: pd.DataFrame(ROWS),
    "pandas with a number as a name": lambda: pd.DataFrame({"email": ["a@x.io"], "phone": ["1"], 7: [None]}),
    "polars": lambda: pl.DataFrame(ROWS),
    "polars, lazy": lambda: pl.LazyFrame(ROWS),
    "pyarrow reader": lambda: pa.Table.from_pylist(ROWS).to_reader(),
    "only the capsule": lambda: OnlyCapsule(pa.Table.from_pylist(ROWS)),
    "duckdb": lambda: duckdb.connect().from_arrow(pa.Table.from_pylist(ROWS)),
}


@pytest.mark.parametrize("shape", NAMED)
@pytest.mark.parametrize("misspelt", [{"email": "emial"}, {"phone": "fone"}, {"email": "emial", "phone": "phone"}])
def test_a_misspelt_name_changes_nobody(shape: str, misspelt: dict[str, str], memory: ic.IdentityResolver) -> None:
    for call in (ic.identify_frame, memory.identify_many):
        with pytest.raises(ValueError, match="emial|fone"):
            call(NAMED[shape](), **misspelt)
    assert memory.lookup("a@x.io", "1") == []


def test_a_name_that_few_rows_have(memory: ic.IdentityResolver) -> None:
    rows: list[dict[str, Any]] = [{"email": f"{n}@x.io"} for n in range(5_000)]
    rows.append({"email": "0@x.io", "phone": "1"})
    for call in (ic.identify_frame, memory.identify_many):
        assert call(rows, email="email", phone="phone").people == 5_000
    # A generator is not read to its end before anything is written.
    with pytest.raises(ValueError, match="first 4000 rows"):
        memory.identify_many(iter(rows), phone="phone")
    assert memory.identify_many(iter(rows)).people == 5_000
    assert len(ic.identify_frame([], email="email")) == 0
    assert len(ic.identify_frame(iter([]), email="email")) == 0


def test_tuples_go_by_the_names_of_their_fields(memory: ic.IdentityResolver) -> None:
    rows = [Order("1", 5, "a@x.io"), Order("1", 6, "b@x.io")]
    for call in (ic.identify_frame, memory.identify_many):
        assert call(rows)["primary_contact_id"].to_list() == [1, 1]
    assert memory.identify("b@x.io").phone_numbers == ("1",)
    other = namedtuple("other", "tel mail")
    assert ic.identify_frame([other("1", "a@x.io"), other("2", "a@x.io")], email="mail", phone="tel").people == 1
    frame = pd.DataFrame({"phone": ["1", "1"], "email": ["a@x.io", None]})
    assert ic.identify_frame(frame.itertuples()).people == 1
    with pytest.raises(ic.InvalidInputError, match="row 0: .*named tuple"):
        ic.identify_frame([("1", "a@x.io")])  # which is which, nobody knows


@pytest.mark.parametrize("wrong", [None, ["b@x.io", "2"], ("b@x.io", "2"), "b@x.io", 2], ids=repr)
def test_what_is_no_row_is_one_rows_error(wrong: Any, memory: ic.IdentityResolver) -> None:
    rows = [{"email": "a@x.io"}, wrong, {"email": "c@x.io"}]
    for call in (ic.identify_frame, memory.identify_many):
        with pytest.raises(ic.InvalidInputError, match="row 1: .*mapping") as raised:
            call(rows)
        assert (raised.value.row, raised.value.field) == (1, None)
        assert "b@x.io" not in str(raised.value)
    assert len(memory.lookup("a@x.io")) == 1 and memory.lookup("c@x.io") == []
    for call in (ic.identify_frame, memory.identify_many):
        people = call(iter(rows), errors="collect")
        assert people["primary_contact_id"].to_list() == [1, None, 2]
        assert [(error.row, error.field, error.error) for error in people.errors] == [(1, None, ic.InvalidInputError)]
        assert "mapping" in people.errors[0].message


@pytest.mark.parametrize("lengths", [(2, 3), (3, 2), (0, 1)])
@pytest.mark.parametrize("lazy", ["neither", "both", "one"])
def test_columns_of_different_lengths(lengths: tuple[int, int], lazy: str, memory: ic.IdentityResolver) -> None:
    """Iterators too: the rows that one of them has no value for are not cut off."""

    def columns() -> dict[str, Any]:
        emails, phones = ([f"{n}@x.io" for n in range(lengths[0])], list(range(lengths[1])))
        return {
            "email": iter(emails) if lazy == "both" else emails,
            "phone": phones if lazy == "neither" else iter(phones),
        }

    for call in (ic.identify_frame, memory.identify_many):
        with pytest.raises(ValueError, match="the columns 'email' and 'phone' are of different lengths"):
            call(columns())
    assert memory.lookup("0@x.io", 0) == []
    same = {"email": (f"{n}@x.io" for n in range(3)), "phone": [1, 2, 1]}
    assert ic.identify_frame(same)["primary_contact_id"].to_list() == [1, 2, 1]


@pytest.mark.parametrize("column", ["123456", b"123456", bytearray(b"123456"), {0: "123456"}, 123456, None])
def test_one_value_is_no_column(column: Any, memory: ic.IdentityResolver) -> None:
    """Of text each character would be somebody, and of a dict, as ``DataFrame.to_dict()`` has them, each key."""
    for call in (ic.identify_frame, memory.identify_many):
        with pytest.raises(TypeError, match="column 'phone' .* use \\[row\\], or identify"):
            call({"phone": column})
        with pytest.raises(TypeError, match="column 'phone'"):
            call({"email": ["a@x.io"], "phone": column})
    assert memory.lookup("a@x.io", 123456) == [] == memory.lookup(phone_number=1)


TWICE = pa.table([pa.array(["a@x.io"]), pa.array(["1"]), pa.array(["b@x.io"])], names=["email", "phone", "email"])
SEVERAL: dict[str, Callable[[], Any]] = {
    "pyarrow": lambda: TWICE,
    "pyarrow reader": TWICE.to_reader,
    "pyarrow batch": lambda: TWICE.to_batches()[0],
    "only the capsule": lambda: OnlyCapsule(TWICE),
    "pandas": lambda: pd.DataFrame([["a@x.io", "1", "b@x.io"]], columns=["email", "phone", "email"]),
}


@pytest.mark.parametrize("shape", SEVERAL)
@pytest.mark.parametrize("named", [{}, {"email": "email"}])
def test_columns_of_one_name(shape: str, named: dict[str, str], memory: ic.IdentityResolver) -> None:
    """Nobody knows which of them is meant."""
    for call in (ic.identify_frame, memory.identify_many):
        with pytest.raises(ValueError, match="there are several columns .email"):
            call(SEVERAL[shape](), **named)
    assert memory.lookup("a@x.io", "1") == []
    # What is not asked for may be there as often as it likes.
    other = TWICE.rename_columns(["noise", "phone", "noise"])
    assert ic.identify_frame(OnlyCapsule(other)).people == ic.identify_frame(other).people == 1


#: What Arrow has no place for among other values, or infers another type from.
BAD = [
    2**63,
    2**64,
    2**70,
    "\ud800",
    True,
    Decimal("123.00"),
    Decimal("1.5"),
    b"1",
    1.5,
    np.float32(7),
    [1],
    Decimal("NaN"),
]


@pytest.mark.parametrize("bad", BAD, ids=repr)
@pytest.mark.parametrize("others", ["text", "numbers", "none"])
def test_a_bad_value_of_a_frame_is_one_rows(bad: Any, others: str) -> None:
    """The answers are those for a list."""
    phones = {"text": ["123", bad, "7"], "numbers": [123, bad, 7], "none": [bad]}[others]
    for emails in ([f"{n}@x.io" for n in range(len(phones))], [None] * len(phones)):
        rows = [{"email": email, "phone": phone} for email, phone in zip(emails, phones, strict=True)]
        frame = pd.DataFrame({"email": pd.Series(emails, dtype=object), "phone": pd.Series(phones, dtype=object)})
        expected, people = (ic.identify_frame(shape, errors="collect") for shape in (rows, frame))
        assert people["primary_contact_id"].to_list() == expected["primary_contact_id"].to_list()
        assert people.errors == expected.errors


@pytest.mark.parametrize("bad", ["\ud800@x.io", True, 2**70, Decimal("1.0"), b"a@x.io"], ids=repr)
def test_a_bad_email_of_a_frame_is_one_rows(bad: Any) -> None:
    emails = ["a@x.io", bad, "a@x.io"]
    frame = pd.DataFrame({"email": pd.Series(emails, dtype=object)})
    people = ic.identify_frame(frame, errors="collect")
    assert people["primary_contact_id"].to_list() == [1, None, 1]
    assert people.errors == ic.identify_frame([{"email": email} for email in emails], errors="collect").errors


NUMBERS: dict[str, Any] = {
    "decimals of 32 bits": pa.array([123456, None, 7], pa.decimal32(7)),
    "decimals of 64 bits": pa.array([123456, None, 7], pa.decimal64(9)),
    "decimals of 256 bits": pa.array([123456, None, 7], pa.decimal256(60)),
    "decimals with a point": pa.array([Decimal("123456.00"), None, Decimal("7.00")], pa.decimal128(12, 2)),
    "runs": pa.RunEndEncodedArray.from_arrays(pa.array([1, 2, 3], pa.int32()), pa.array([123456, None, 7])),
    "runs, sliced": pa.RunEndEncodedArray.from_arrays(
        pa.array([2, 3, 6], pa.int16()), pa.array(["123456", None, "7"])
    ).slice(1, 3),
    "polars decimals": pl.Series([123456, None, 7]).cast(pl.Decimal(20, 2)),
}


@pytest.mark.parametrize("kind", NUMBERS)
def test_numbers_of_rarer_types(kind: str, memory: ic.IdentityResolver) -> None:
    numbers = NUMBERS[kind]
    frame = (pl.DataFrame if isinstance(numbers, pl.Series) else pa.table)({"email": ["a@x.io"] * 3, "phone": numbers})
    memory.identify_many(frame)
    assert memory.identify("a@x.io").phone_numbers == ("123456", "7")


@pytest.mark.parametrize(
    "column",
    [
        pa.array([Decimal("1.50")], pa.decimal128(12, 2)),
        pa.array([Decimal("-1.00")], pa.decimal128(12, 2)),
        pa.array([Decimal(2**64)], pa.decimal128(25)),
        pa.array([Decimal(10) ** 59], pa.decimal256(60)),
        pa.array([2.0**53]),
        pa.array([2.0**24], pa.float32()),
    ],
)
def test_numbers_that_are_no_phone_numbers(column: pa.Array) -> None:
    people = ic.identify_frame(pa.table({"phone": column}), errors="collect")
    assert [(error.row, error.field) for error in people.errors] == [(0, "phone_number")]


def test_the_largest_floats_that_are_one_number(memory: ic.IdentityResolver) -> None:
    memory.identify_many(pa.table({"phone": [2.0**53 - 1]}))
    memory.identify_many(pa.table({"phone": pa.array([2.0**24 - 1], pa.float32())}))
    assert len(memory.lookup(phone_number=2**53 - 1)) == 1
    assert len(memory.lookup(phone_number=2**24 - 1)) == 1


def test_numbers_of_128_bits() -> None:
    for kind in (pl.Int128, pl.UInt128):
        frame = pl.DataFrame({"phone": pl.Series([5, None, 5, 2**64 - 1], dtype=kind)})
        people = ic.identify_frame(frame, errors="collect")
        assert people["primary_contact_id"].to_list() == [1, None, 1, 2]
    for wrong in (-5, 2**64, 2**127 - 1):
        frame = pl.DataFrame({"phone": pl.Series([5, wrong], dtype=pl.Int128)})
        assert [error.row for error in ic.identify_frame(frame, errors="collect").errors] == [1]


def _failing_query() -> Any:
    """It finds the wrong value after the first batches are out."""
    return duckdb.connect().sql(
        "SELECT (CASE WHEN i = 300000 THEN 'secret@x.io' ELSE i::VARCHAR END)::BIGINT AS phone FROM range(400000) t(i)"
    )


def _torn() -> Iterator[pa.RecordBatch]:
    yield pa.record_batch({"phone": ["1"]})
    raise pa.ArrowInvalid("could not convert 'secret@x.io'")


STREAMS: dict[str, Callable[[], Any]] = {
    "duckdb": _failing_query,
    "duckdb, only the capsule": lambda: OnlyCapsule(_failing_query()),
    "pyarrow reader": lambda: pa.RecordBatchReader.from_batches(pa.schema({"phone": pa.string()}), _torn()),
    "only the capsule": lambda: OnlyCapsule(
        pa.RecordBatchReader.from_batches(pa.schema({"phone": pa.string()}), _torn())
    ),
}


@pytest.mark.parametrize("kind", STREAMS)
def test_what_a_stream_says_of_its_values_is_not_repeated(kind: str, memory: ic.IdentityResolver) -> None:
    for call in (ic.identify_frame, memory.identify_many):
        with pytest.raises(ValueError, match="the Arrow stream ended with an error") as raised:
            call(STREAMS[kind]())
        told: BaseException | None = raised.value
        while told is not None:
            assert "secret" not in str(told) and "Traceback" not in str(told)
            told = told.__cause__ or told.__context__


@pytest.mark.parametrize("kind", [KeyboardInterrupt, RuntimeError, ValueError, StopAsyncIteration])
def test_what_a_generator_of_batches_raises_is_raised(kind: type[BaseException], memory: ic.IdentityResolver) -> None:
    def batches() -> Iterator[pa.RecordBatch]:
        yield pa.record_batch({"phone": ["1"]})
        raise kind("the file is torn")

    for call in (ic.identify_frame, memory.identify_many):
        with pytest.raises(kind, match="torn"):
            call(pa.RecordBatchReader.from_batches(pa.schema({"phone": pa.string()}), batches()))
