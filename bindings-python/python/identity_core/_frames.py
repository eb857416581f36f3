"""Rows from whatever a data person has: frames as Arrow, without a copy where that can be had, and plain Python.

None of the libraries is imported unless the caller has one of its frames in hand.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any, Literal, Protocol, TypeAlias, Union

from . import _native

#: Where a frame's emails are, unless the caller says so.
EMAIL = ("email", "Email", "e_mail", "email_address")
#: Where its phone numbers are.
PHONE = ("phone_number", "phoneNumber", "phone", "Phone")

OnError: TypeAlias = Literal["raise", "collect"]


class ArrowStreamExportable(Protocol):
    """Anything with the Arrow PyCapsule interface: frames and tables of pandas, polars, pyarrow, DuckDB and others."""

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any: ...


class ArrowArrayExportable(Protocol):
    """The same, of a single batch."""

    def __arrow_c_array__(self, requested_schema: Any = None) -> Any: ...


class LazyFrame(Protocol):
    """A ``polars.LazyFrame``, which is collected."""

    def collect_schema(self) -> Any: ...


#: What an import takes: a frame, an iterable of rows (dicts or named tuples), or a dict of columns.
Rows: TypeAlias = Union[  # noqa: UP007 - classes that are protocols have no `|` before 3.11
    ArrowStreamExportable,
    ArrowArrayExportable,
    LazyFrame,
    Iterable[Mapping[str, Any]],
    Iterable[tuple[Any, ...]],
    Mapping[str, Any],
]


def is_collecting(errors: OnError) -> bool:
    """Whether wrong rows are collected."""
    if errors not in ("raise", "collect"):
        raise ValueError('errors must be "raise" or "collect"')
    return errors == "collect"


def length(data: object) -> int | None:
    """How many rows there are, where that is known without reading them."""
    if _is_of("duckdb", "DuckDBPyRelation", data):
        # It would run the query for it.
        return None
    if isinstance(data, Mapping):
        return length(next(iter(data.values()), ()))
    try:
        return len(data)  # type: ignore[arg-type]
    except TypeError:
        return None


def source(data: Any, email: str | None, phone: str | None) -> _native.Source:
    """The rows of ``data``."""
    required = [name for name in (email, phone) if name is not None]
    emails = list(EMAIL) if email is None else [email]
    phones = list(PHONE) if phone is None else [phone]
    _check(data, emails, phones, required)
    if _is_of("pandas", "DataFrame", data):
        return _of_pandas(data, emails, phones)
    if _is_of("polars", "LazyFrame", data):
        data = _narrowed(data, emails, phones).collect()
    if _is_of("polars", "DataFrame", data):
        data = _of_polars(_narrowed(data, emails, phones))
    if _is_of("pyarrow", "RecordBatchReader", data):
        return _native.Source.of_reader(data, emails, phones, required)
    if _is_of("duckdb", "DuckDBPyRelation", data):
        data = _of_duckdb(data, emails, phones)
    elif hasattr(data, "__arrow_c_stream__") or hasattr(data, "__arrow_c_array__"):
        data = _narrowed(data, emails, phones)
    elif isinstance(data, Mapping):
        return _of_columns(data, emails, phones)
    elif isinstance(data, (str, bytes)) or not isinstance(data, Iterable):
        raise TypeError(f"rows must be a frame, an Arrow stream or an iterable of dicts, not {type(data).__name__}")
    else:
        if isinstance(data, Sequence):
            # All rows are at hand: one that has the name is enough, wherever it is.
            required = [name for name in required if not any(name in _keys(row) for row in data)]
        return _native.Source.of_objects(iter(data), emails, phones, required)
    return _native.Source.of_arrow(data, emails, phones, required)


def _check(data: Any, emails: list[str], phones: list[str], required: list[str]) -> None:
    """Refuses columns that the caller named and that are not there, and those that are there several times: another
    column than the one that was meant would change who is who.
    """
    columns = _columns(data)
    if columns is None:
        return
    for name in required:
        if name not in columns:
            raise ValueError(f"there is no column {name!r}; the columns are: {', '.join(map(str, columns))}")
    for used in (_first(columns, emails), _first(columns, phones)):
        if columns.count(used) > 1:
            raise ValueError(f"there are several columns {used!r}")


def _keys(row: Any) -> Any:
    return row if isinstance(row, Mapping) else getattr(row, "_fields", ())


def _columns(data: Any) -> list[Any] | None:
    if isinstance(data, Mapping):
        return list(data)
    if _is_of("polars", "LazyFrame", data):
        return list(data.collect_schema().names())
    if _is_of("pandas", "DataFrame", data):
        return list(data.columns)
    for attribute in ("column_names", "columns"):
        columns = getattr(data, attribute, None)
        if columns is not None and not callable(columns):
            return list(columns) if all(isinstance(name, str) for name in columns) else None
    names = getattr(getattr(data, "schema", None), "names", None)
    return list(names) if names is not None and not callable(names) else None


def _is_of(module: str, name: str, data: Any) -> bool:
    """Whether it is an instance of a class of a module, which is not imported for the question."""
    kind = getattr(sys.modules.get(module), name, None)
    return isinstance(kind, type) and isinstance(data, kind)


def _first(columns: Iterable[Any], names: list[str]) -> str | None:
    there = set(columns)
    return next((name for name in names if name in there), None)


def _narrowed(data: Any, emails: list[str], phones: list[str]) -> Any:
    """Without the columns that are of no use here: some libraries convert what they hand out."""
    select = getattr(data, "select", None)
    columns = _columns(data)
    if not callable(select) or columns is None:
        return data
    wanted = [name for name in (_first(columns, emails), _first(columns, phones)) if name is not None]
    return select(wanted) if wanted else data


def _of_duckdb(relation: Any, emails: list[str], phones: list[str]) -> Any:
    wanted = [name for name in (_first(relation.columns, emails), _first(relation.columns, phones)) if name]
    if wanted:
        quoted = ('"' + name.replace('"', '""') + '"' for name in wanted)
        relation = relation.project(", ".join(quoted))
    return relation if hasattr(relation, "__arrow_c_stream__") else relation.fetch_arrow_reader()


def _of_pandas(frame: Any, emails: list[str], phones: list[str]) -> _native.Source:
    names = (_first(frame.columns, emails), _first(frame.columns, phones))
    columns = {name: frame[name] for name in names if name is not None}
    if not columns:
        listed = ", ".join(map(str, frame.columns))
        raise ValueError(f"there is no column for emails and none for phone numbers; the columns are: {listed}")
    for name, column in columns.items():
        # Names of several levels.
        if column.ndim != 1:
            raise ValueError(f"there are several columns {name!r}")
    try:
        import pyarrow as pa
    except ImportError:
        return _of_objects(columns, *names)
    try:
        arrays = {name: pa.array(column, from_pandas=True) for name, column in columns.items()}
    except (pa.ArrowException, OverflowError, TypeError, ValueError):
        # Text and numbers in one column, or a value that Arrow has no place for: each is looked at as it is.
        return _of_objects(columns, *names)
    if not all(_holds_identifiers(pa, array.type) for array in arrays.values()):
        # So one row of them is one row's error, as it is in a list.
        return _of_objects(columns, *names)
    return _native.Source.of_arrow(pa.table(arrays), emails, phones, [])


def _holds_identifiers(pa: Any, kind: Any) -> bool:
    types = pa.types
    if types.is_dictionary(kind):
        return _holds_identifiers(pa, kind.value_type)
    tests = (types.is_null, types.is_integer, types.is_floating, types.is_decimal)
    return str(kind) in ("string", "large_string", "string_view") or any(test(kind) for test in tests)


def _of_polars(frame: Any) -> Any:
    """Without the types that polars exports in a way that others do not read."""
    pl = sys.modules["polars"]
    # Columns of nothing but nulls have a type of their own.
    frame = frame.cast({pl.Null: pl.String})
    # What is below 0, or has more than 64 bits, is no phone number, and stays none.
    for name, least in (("Int128", -1), ("UInt128", 0)):
        kind = getattr(pl, name, None)
        if kind is not None and kind in frame.dtypes:
            frame = frame.with_columns(pl.col(kind).clip(least, 2**64).cast(pl.Decimal(38, 0)))
    return frame


def _of_objects(columns: Mapping[str, Any], email: str | None, phone: str | None) -> _native.Source:
    lists = {name: column.tolist() for name, column in columns.items()}
    count = len(next(iter(lists.values())))
    nothing = [None] * count
    emails = lists[email] if email is not None else nothing
    phones = lists[phone] if phone is not None else nothing
    return _native.Source.of_pairs(zip(emails, phones, strict=True))


def _of_columns(columns: Mapping[str, Any], emails: list[str], phones: list[str]) -> _native.Source:
    """A dict of lists, or of other iterables."""
    names = (_first(columns, emails), _first(columns, phones))
    if names == (None, None):
        listed = ", ".join(map(str, columns))
        raise ValueError(f"there is no column for emails and none for phone numbers; the columns are: {listed}")
    given = {name: columns[name] for name in names if name is not None}
    for name, column in given.items():
        # Of these an iterator makes characters, bytes or keys, and each would be somebody.
        if isinstance(column, (str, bytes, bytearray, Mapping)) or not isinstance(column, Iterable):
            raise TypeError(
                f"column {name!r} must hold a value for each row, and is of type {type(column).__name__}; "
                "for one row use [row], or identify"
            )
    if len({count for column in given.values() if (count := length(column)) is not None}) > 1:
        raise ValueError(_different_lengths(given))

    def pairs() -> Iterator[tuple[Any, Any]]:
        for row, values in enumerate(zip_longest(*given.values(), fillvalue=_END)):
            # An iterator tells its length by its end alone.
            if values[0] is _END or values[-1] is _END:
                raise ValueError(f"{_different_lengths(given)}: one ends after {row} rows")
            yield (values[0] if names[0] else None, values[-1] if names[1] else None)

    return _native.Source.of_pairs(pairs())


#: Stands for the values of a column that has ended.
_END = object()


def _different_lengths(columns: Iterable[str]) -> str:
    return f"the columns {' and '.join(map(repr, columns))} are of different lengths"
