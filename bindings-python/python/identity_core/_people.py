"""What comes out of an import: who the rows are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, overload

from . import _errors, _frames, _native
from ._errors import IdentityError

IdName = Literal["primary_contact_id", "contact_id"]


@dataclass(frozen=True)
class RowError:
    """Why a row has no person."""

    #: The position of the row, counted from 0.
    row: int
    #: ``"email"`` or ``"phone_number"``; ``None`` where it is the row as a whole.
    field: str | None
    #: What is wrong. It does not repeat the value.
    message: str
    #: The class that ``errors="raise"`` raises.
    error: type[IdentityError]


class IdColumn(Sequence["int | None"]):
    """A column of ids: a sequence, and what numpy and pandas make an array of without a Python object for each."""

    __slots__ = ("_name", "_rows")

    def __init__(self, rows: _native.Identified, name: str) -> None:
        self._rows = rows
        self._name = name

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> int | None: ...
    @overload
    def __getitem__(self, index: slice) -> list[int | None]: ...
    def __getitem__(self, index: int | slice) -> int | None | list[int | None]:
        if isinstance(index, slice):
            return self.to_list()[index]
        position = range(len(self))[index]
        return self._rows.id(self._name, position)

    def __iter__(self) -> Iterator[int | None]:
        return iter(self.to_list())

    def to_list(self) -> list[int | None]:
        """The ids as a list; ``None`` for rows without a person."""
        return self._rows.ids(self._name)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        import numpy as np

        raw, has_gaps = self._rows.raw_ids(self._name)
        # Nobody else has these bytes, so whoever gets them may write to them.
        ids: Any = np.frombuffer(raw, dtype=np.int64)
        if has_gaps:
            ids = ids.astype(np.float64)
            ids[[error[0] for error in self._rows.errors]] = np.nan
        return ids if dtype is None else ids.astype(dtype, copy=False)

    def __repr__(self) -> str:
        return f"IdColumn({self._name!r}, {len(self)} rows)"


class IdentifiedRows:
    """Who the rows of an import are, one row for each that went in, in their order.

    It is an Arrow table (``__arrow_c_stream__``), so ``polars.DataFrame``, ``pyarrow.table`` and, from pandas 3 on,
    ``pandas.DataFrame.from_arrow`` take it as it is; ``to_pandas`` works with older ones too, and
    ``frame["person"] = people["primary_contact_id"]`` with pandas and numpy. ``polars.from_arrow`` makes a series of
    structs of it; ``.struct.unnest()`` is the frame. The columns:

    ``primary_contact_id``
        the person's primary as it stands when the whole import is done: rows whose people were merged later carry the
        survivor's id
    ``contact_id``
        the contact that the row created, or else the one that its email, or its phone number, belongs to
    ``error``
        why a row has no person; there with ``errors="collect"``, also if every row has one
    """

    __slots__ = ("_rows",)

    def __init__(self, rows: _native.Identified) -> None:
        self._rows = rows

    @property
    def column_names(self) -> list[str]:
        """The names of the columns."""
        return self._rows.column_names

    @property
    def people(self) -> int:
        """How many people the rows are."""
        return self._rows.people

    @property
    def merges(self) -> int:
        """How often two people turned out to be one."""
        return self._rows.merges

    @property
    def errors(self) -> list[RowError]:
        """The rows that have no person, with ``errors="collect"``."""
        return [
            RowError(row, field, message, getattr(_errors, name, IdentityError))
            for row, name, field, message in self._rows.errors
        ]

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, name: IdName) -> IdColumn:
        if name not in ("primary_contact_id", "contact_id"):
            raise KeyError(name)
        return IdColumn(self._rows, name)

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return self._rows.__arrow_c_stream__(requested_schema)

    def __arrow_c_schema__(self) -> Any:
        return self._rows.__arrow_c_schema__()

    def to_pyarrow(self) -> Any:
        """As a ``pyarrow.Table``, without a copy."""
        import pyarrow as pa

        return pa.table(self)

    def to_polars(self) -> Any:
        """As a ``polars.DataFrame``, without a copy."""
        import polars as pl

        return pl.DataFrame(self)

    def to_pandas(self) -> Any:
        """As a ``pandas.DataFrame``; ids with gaps become floats there, as pandas has it."""
        import pandas as pd

        frame = pd.DataFrame({name: self[name] for name in ("primary_contact_id", "contact_id")})
        if "error" in self.column_names:
            messages: list[str | None] = [None] * len(self)
            for error in self.errors:
                messages[error.row] = error.message
            frame["error"] = pd.Series(messages, index=frame.index, dtype=object)
        return frame

    def __repr__(self) -> str:
        wrong = len(self._rows.errors)
        return f"IdentifiedRows({len(self)} rows, {self.people} people, {self.merges} merges, {wrong} errors)"


def identify_frame(
    rows: _frames.Rows,
    *,
    email: str | None = None,
    phone: str | None = None,
    errors: _frames.OnError = "raise",
    default_region: str | None = None,
) -> IdentifiedRows:
    """Finds out which rows are one person's: in memory, with nothing to set up and nothing kept.

    Two rows are one person's if an email or a phone number connects them, directly or by other rows. The ids are those
    that an import into a new ``memory:`` resolver gives; they mean nothing beyond this call. For ids that stay, use
    :meth:`IdentityResolver.identify_many` on a database.

    ``rows``
        a frame of pandas or polars, a table of pyarrow, a DuckDB relation, anything with the Arrow PyCapsule interface,
        an iterable of dicts or of named tuples, or a dict of columns. Text is read where it lies.
    ``email``, ``phone``
        the columns' names. One that is given must be there. By default the first that is there of ``email``, ``Email``,
        ``e_mail``, ``email_address``, and of ``phone_number``, ``phoneNumber``, ``phone``, ``Phone``; a frame may have
        one of both alone. Phone numbers may be whole numbers of any type: ``123456.0``, as pandas makes of integers
        with gaps, is ``123456`` (the text ``"123456.0"`` is not). Nulls, NaN and empty text are absent values.
    ``errors``
        ``"raise"``: the first row that is no email and no phone number, or has neither, raises
        :class:`InvalidInputError` with its position, and so does one that is no dict and no named tuple. ``"collect"``:
        such rows have no person, and are listed in ``errors`` of what is returned.
    ``default_region``
        a country such as ``"US"``: phone numbers become E.164 by it, so that ``(415) 555-0100`` is ``+14155550100``.
    """
    source = _frames.source(rows, email, phone)
    return IdentifiedRows(
        _native.people_of(source, collect=_frames.is_collecting(errors), default_region=default_region)
    )
