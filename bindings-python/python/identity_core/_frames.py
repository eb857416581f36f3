"""Rows from whatever a data person has: frames as Arrow, without a copy where that can be had, and plain Python.

None of the libraries is imported unless the caller has one of its frames in hand.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
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


#: What an import takes.
Rows: TypeAlias = Union[ArrowStreamExportable, ArrowArrayExportable, Iterable[Mapping[str, Any]]]


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
    try:
        return len(data)  # type: ignore[arg-type]
    except TypeError:
        return None


def source(data: Any, email: str | None, phone: str | None) -> _native.Source:
    """The rows of ``data``."""
    emails, phones = _names(data, email, EMAIL), _names(data, phone, PHONE)
    if _is_of("pandas", "DataFrame", data):
        return _of_pandas(data, emails, phones)
    if _is_of("polars", "LazyFrame", data):
        data = data.collect()
    if _is_of("polars", "DataFrame", data):
        # Columns of nothing but nulls have a type of their own, which polars exports in a way that others do not read.
        pl = sys.modules["polars"]
        data = data.cast({pl.Null: pl.String})
    if _is_of("duckdb", "DuckDBPyRelation", data):
        data = _of_duckdb(data, emails, phones)
    elif hasattr(data, "__arrow_c_stream__") or hasattr(data, "__arrow_c_array__"):
        data = _narrowed(data, emails, phones)
    elif isinstance(data, Mapping):
        return _of_columns(data, emails, phones)
    elif isinstance(data, (str, bytes)) or not isinstance(data, Iterable):
        raise TypeError(f"rows must be a frame, an Arrow stream or an iterable of dicts, not {type(data).__name__}")
    else:
        return _native.Source.of_objects(iter(data), emails, phones)
    return _native.Source.of_arrow(data, emails, phones)


def _names(data: Any, name: str | None, usual: tuple[str, ...]) -> list[str]:
    """The columns to look for; one that the caller named must be there."""
    if name is None:
        return list(usual)
    columns = _columns(data)
    if columns is not None and name not in columns:
        raise ValueError(f"there is no column {name!r}; the columns are: {', '.join(map(str, columns))}")
    return [name]


def _columns(data: Any) -> list[Any] | None:
    if isinstance(data, Mapping):
        return list(data)
    if _is_of("polars", "LazyFrame", data):
        return list(data.collect_schema().names())
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
        if column.ndim != 1:
            raise ValueError(f"there are several columns {name!r}")
    try:
        import pyarrow as pa
    except ImportError:
        return _of_objects(columns, *names)
    try:
        arrays = {name: pa.array(column, from_pandas=True) for name, column in columns.items()}
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        # Text and numbers in one column: each value is looked at as it is.
        return _of_objects(columns, *names)
    return _native.Source.of_arrow(pa.table(arrays), emails, phones)


def _of_objects(columns: Mapping[str, Any], email: str | None, phone: str | None) -> _native.Source:
    lists = {name: column.tolist() for name, column in columns.items()}
    count = len(next(iter(lists.values())))
    nothing = [None] * count
    emails = lists[email] if email is not None else nothing
    phones = lists[phone] if phone is not None else nothing
    return _native.Source.of_objects(iter(zip(emails, phones)), [], [])


def _of_columns(columns: Mapping[str, Any], emails: list[str], phones: list[str]) -> _native.Source:
    """A dict of lists, or of other iterables."""
    names = (_first(columns, emails), _first(columns, phones))
    if names == (None, None):
        listed = ", ".join(map(str, columns))
        raise ValueError(f"there is no column for emails and none for phone numbers; the columns are: {listed}")
    given = [columns[name] for name in names if name is not None]
    if len({length(column) for column in given}) != 1:
        raise ValueError("the columns are of different lengths")

    def pairs() -> Iterator[tuple[Any, Any]]:
        for values in zip(*given):
            yield (values[0] if names[0] else None, values[-1] if names[1] else None)

    return _native.Source.of_objects(pairs(), [], [])
