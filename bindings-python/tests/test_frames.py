"""Rows in the shapes in which data people have them."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable, Iterator
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import identity_core as ic

EMAILS = ["a@x.io", "b@x.io", None, "c@x.io", "A@X.io", "b@x.io", ""]
PHONES = ["1", "2", "1", None, None, "+49 30", "2"]
#: The fifth row's email is the first one's; the last has a phone alone.
PRIMARIES = [1, 2, 1, 3, 1, 2, 2]
CONTACTS = [1, 2, 1, 3, 1, 4, 2]

DICTS = [{"email": email, "phone": phone} for email, phone in zip(EMAILS, PHONES, strict=True)]
COLUMNS = {"noise": list(range(7)), "email": EMAILS, "phone": PHONES}


def _duckdb() -> Any:
    table = pa.table(COLUMNS)
    return duckdb.connect().from_arrow(table)


def _reader() -> Any:
    batches = pa.table(COLUMNS).to_batches(max_chunksize=3)
    return pa.RecordBatchReader.from_batches(batches[0].schema, iter(batches))


class OnlyCapsule:
    """A library of which nothing is known but the interface."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return pa.table(COLUMNS).__arrow_c_stream__(requested_schema)


SHAPES: dict[str, Callable[[], Any]] = {
    "list of dicts": lambda: DICTS,
    "generator": lambda: (dict(row) for row in DICTS),
    "dict of columns": lambda: COLUMNS,
    "pandas": lambda: pd.DataFrame(COLUMNS),
    "pandas with an index": lambda: pd.DataFrame(COLUMNS, index=list("abcdefg")),
    "pandas objects": lambda: pd.DataFrame(COLUMNS, dtype=object),
    "pandas categories": lambda: pd.DataFrame(COLUMNS).astype({"email": "category", "phone": "category"}),
    "pandas of Arrow": lambda: pd.DataFrame(COLUMNS).astype(
        {"email": pd.ArrowDtype(pa.large_string()), "phone": pd.ArrowDtype(pa.string())}
    ),
    "pandas of text and numbers": lambda: pd.DataFrame(
        {"email": EMAILS, "phone": [1, "2", 1.0, None, np.nan, "+49 30", 2]}
    ),
    "polars": lambda: pl.DataFrame(COLUMNS),
    "polars, lazy": lambda: pl.DataFrame(COLUMNS).lazy(),
    "polars categories": lambda: pl.DataFrame(COLUMNS).cast({"email": pl.Categorical, "phone": pl.Categorical}),
    "polars, sliced": lambda: pl.concat([pl.DataFrame(COLUMNS)] * 3).slice(7, 7),
    "pyarrow": lambda: pa.table(COLUMNS),
    "pyarrow, chunked": lambda: pa.Table.from_batches(pa.table(COLUMNS).to_batches(max_chunksize=2)),
    "pyarrow batch": lambda: pa.table(COLUMNS).to_batches()[0],
    "pyarrow reader": _reader,
    "pyarrow large": lambda: pa.table(
        {"email": pa.array(EMAILS, pa.large_string()), "phone": pa.array(PHONES, pa.string_view())}
    ),
    "pyarrow dictionary": lambda: pa.table(
        {name: pa.array(COLUMNS[name]).dictionary_encode() for name in ("email", "phone")}
    ),
    "duckdb": _duckdb,
    "only the capsule": OnlyCapsule,
}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_gives_the_same_answer(shape: str) -> None:
    people = ic.identify_frame(SHAPES[shape]())
    assert people["primary_contact_id"].to_list() == PRIMARIES
    assert people["contact_id"].to_list() == CONTACTS
    assert (len(people), people.people, people.merges, people.errors) == (7, 3, 0, [])


@pytest.mark.parametrize("shape", SHAPES)
def test_a_store_gives_it_too(shape: str, memory: ic.IdentityResolver) -> None:
    people = memory.identify_many(SHAPES[shape]())
    assert people["primary_contact_id"].to_list() == PRIMARIES
    assert people["contact_id"].to_list() == CONTACTS
    assert people.people == 3


NUMBERS: dict[str, Any] = {
    "floats with NaN": [123456.0, float("nan"), 4912345678901.0],
    "pandas": pd.Series([123456, None, 4912345678901]),
    "pandas Int64": pd.Series([123456, None, 4912345678901], dtype="Int64"),
    "int64": pa.array([123456, None, 4912345678901]),
    "uint64": pa.array([123456, None, 4912345678901], pa.uint64()),
    "decimal": pa.array([123456, None, 4912345678901], pa.decimal128(20, 0)),
    "text": ["123456", None, "4912345678901"],
    "objects": pd.Series([123456, pd.NA, "4912345678901"], dtype=object),
}


@pytest.mark.parametrize("kind", NUMBERS)
def test_numbers_are_their_digits(kind: str, memory: ic.IdentityResolver) -> None:
    column = NUMBERS[kind]
    frame: Any = pd.DataFrame({"email": ["a@x.io"] * 3, "phone": column})
    if isinstance(column, pa.Array):
        frame = pa.table({"email": ["a@x.io"] * 3, "phone": column})
    memory.identify_many(frame)
    assert memory.identify("a@x.io").phone_numbers == ("123456", "4912345678901")


@pytest.mark.parametrize(
    "column",
    [
        pa.array([1.5, None]),
        pa.array([-1, None]),
        pa.array([2.0**53, None]),
        pa.array([2.0**24, None], pa.float32()),
        pa.array([float("inf"), None]),
        pa.array(["letters", None]),
    ],
)
def test_what_is_no_phone_number_is_told_with_its_row(column: pa.Array) -> None:
    frame = pa.table({"email": [None, "a@x.io"], "phone": column})
    with pytest.raises(ic.InvalidInputError, match="row 0: phone_number") as raised:
        ic.identify_frame(frame)
    assert (raised.value.row, raised.value.field) == (0, "phone_number")
    people = ic.identify_frame(frame, errors="collect")
    assert people["primary_contact_id"].to_list() == [None, 1]
    assert [(error.row, error.field, error.error) for error in people.errors] == [
        (0, "phone_number", ic.InvalidInputError)
    ]


def test_columns_that_hold_no_identifiers() -> None:
    with pytest.raises(TypeError, match="phone"):
        ic.identify_frame(pa.table({"email": ["a@x.io"], "phone": [True]}))
    with pytest.raises(TypeError):
        ic.identify_frame(pa.table({"email": [b"a@x.io"]}))
    # Without values a column may be of any of the types that libraries give to nothing.
    frame = pa.table({"email": ["a@x.io"], "phone": pa.nulls(1)})
    assert ic.identify_frame(frame).people == 1
    numbers = ic.identify_frame(pa.table({"email": [float("nan"), 1.0], "phone": [1, 2]}), errors="collect")
    assert [error.row for error in numbers.errors] == [1]


def test_columns_by_name() -> None:
    frame = pl.DataFrame({"Mail": EMAILS, "Tel": PHONES, "email": [None] * 7})
    assert ic.identify_frame(frame, email="Mail", phone="Tel")["primary_contact_id"].to_list() == PRIMARIES
    for shape in (frame, frame.to_pandas(), frame.to_arrow(), frame.lazy()):
        with pytest.raises(ValueError, match="nowhere"):
            ic.identify_frame(shape, email="nowhere")
    for shape in (pl.DataFrame({"x": [1]}), pd.DataFrame({"x": [1]}), {"x": [1]}, OnlyX()):
        with pytest.raises(ValueError, match="no column"):
            ic.identify_frame(shape)
    assert ic.identify_frame(pl.DataFrame({"phoneNumber": ["1", "1"]})).people == 1
    duplicated = pd.DataFrame([["a@x.io", "b@x.io"]], columns=["email", "email"])
    with pytest.raises(ValueError, match="several"):
        ic.identify_frame(duplicated)


class OnlyX:
    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return pa.table({"x": [1]}).__arrow_c_stream__(requested_schema)


@pytest.mark.parametrize("rows", [5, "text", b"bytes", None])
def test_what_is_no_frame(rows: Any) -> None:
    with pytest.raises(TypeError):
        ic.identify_frame(rows)
    with pytest.raises(ValueError, match="collect"):
        ic.identify_frame([], errors="ignore")  # type: ignore[arg-type]


def test_an_iterator_that_fails_ends_it_with_its_exception(memory: ic.IdentityResolver) -> None:
    def rows() -> Iterator[dict[str, str]]:
        yield {"email": "a@x.io"}
        raise RuntimeError("the file is torn")

    for call in (ic.identify_frame, memory.identify_many):
        with pytest.raises(RuntimeError, match="torn"):
            call(rows())


@pytest.mark.parametrize("rows", [[], pl.DataFrame({"email": []}), pa.table({"email": pa.array([], pa.string())})])
def test_nothing_in_nothing_out(rows: Any, memory: ic.IdentityResolver) -> None:
    for people in (ic.identify_frame(rows), memory.identify_many(rows)):
        assert (len(people), people.people) == (0, 0)
        assert pa.table(people).num_rows == 0


def test_results_are_what_libraries_take() -> None:
    people = ic.identify_frame(DICTS)
    expected = {"primary_contact_id": PRIMARIES, "contact_id": CONTACTS}
    assert people.to_pyarrow().to_pydict() == expected
    assert people.to_polars().to_dict(as_series=False) == expected
    assert people.to_pandas().to_dict("list") == expected
    assert pl.DataFrame(people).equals(people.to_polars())
    # Of what has the interface and is not pyarrow's, polars 2 makes a column of structs.
    assert pl.from_arrow(people).struct.unnest().equals(people.to_polars())
    assert pl.from_arrow(people.to_pyarrow()).equals(people.to_polars())
    assert pd.DataFrame.from_arrow(people).equals(people.to_pandas())
    assert duckdb.connect().from_arrow(pa.table(people)).fetchall() == list(zip(PRIMARIES, CONTACTS, strict=True))
    frame = pd.DataFrame(COLUMNS)
    frame["person"] = people["primary_contact_id"]
    assert frame["person"].dtype == np.int64 and frame["person"].tolist() == PRIMARIES
    assert pl.Series("person", people["primary_contact_id"].to_list()).to_list() == PRIMARIES
    column = people["contact_id"]
    assert (column[0], column[-1], column[1:3], len(column)) == (1, 2, [2, 1], 7)
    with pytest.raises(IndexError):
        column[7]
    with pytest.raises(KeyError):
        people["error"]  # type: ignore[index]
    assert "7 rows" in repr(people) and "7 rows" in repr(column)


def test_collected_errors_are_in_every_shape_of_the_result() -> None:
    rows = [{"email": "a@x.io"}, {"email": "wrong"}, {}, {"phone": "1", "email": "a@x.io"}]
    people = ic.identify_frame(rows, errors="collect")
    assert people["primary_contact_id"].to_list() == [1, None, None, 1]
    errors = people.to_polars()["error"].to_list()
    assert errors[0] is None and "email" in errors[1] and "the request" in errors[2] and errors[3] is None
    assert [error.row for error in people.errors] == [1, 2]
    frame = people.to_pandas()
    assert frame["primary_contact_id"].isna().tolist() == [False, True, True, False]
    assert frame["error"].isna().tolist() == [True, False, False, True]
    array = np.asarray(people["primary_contact_id"])
    assert array.dtype == np.float64 and np.isnan(array[1]) and array[3] == 1
    assert "wrong" not in repr(people.errors)


def test_who_collects_errors_has_a_column_for_them(memory: ic.IdentityResolver) -> None:
    """Also where there are none, so that a nightly script finds it."""
    for call in (ic.identify_frame, memory.identify_many):
        people = call(DICTS, errors="collect")
        assert people.column_names == ["primary_contact_id", "contact_id", "error"]
        assert people.to_pyarrow()["error"].to_pylist() == people.to_polars()["error"].to_list() == [None] * 7
        assert people.to_pandas()["error"].isna().all()
        assert np.asarray(people["primary_contact_id"]).dtype == np.int64
        assert call(DICTS).column_names == ["primary_contact_id", "contact_id"]
        assert call([], errors="collect").to_pandas().columns.to_list() == people.column_names


def test_none_of_the_libraries_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """pandas without pyarrow is read value by value; numbers and gaps are the same."""
    real = builtins.__import__

    def without_pyarrow(name: str, *arguments: Any, **options: Any) -> Any:
        if name.partition(".")[0] == "pyarrow":
            raise ImportError(name)
        return real(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", without_pyarrow)
    people = ic.identify_frame(pd.DataFrame(COLUMNS))
    assert people["primary_contact_id"].to_list() == PRIMARIES
    assert people.to_pandas()["contact_id"].tolist() == CONTACTS


def test_importing_it_imports_none_of_them() -> None:
    import subprocess

    check = (
        "import sys, identity_core as ic; "
        "people = ic.identify_frame([{'email': 'a@x.io'}]); people.errors; "
        "print([m for m in ('numpy', 'pandas', 'polars', 'pyarrow', 'duckdb', 'tqdm') if m in sys.modules])"
    )
    output = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert output.stdout.strip() == "[]"


def test_merges_reach_the_rows_before(memory: ic.IdentityResolver) -> None:
    rows = [{"email": "a@x.io"}, {"email": "b@x.io", "phone": 1}, {"email": "c@x.io"}, {"email": "a@x.io", "phone": 1}]
    for people in (ic.identify_frame(rows), memory.identify_many(rows)):
        assert people["primary_contact_id"].to_list() == [1, 1, 3, 1]
        assert people["contact_id"].to_list() == [1, 2, 3, 1]
        assert (people.people, people.merges) == (2, 1)
