"""What rows may be, as type checkers see it. Nothing here runs."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

import identity_core as ic


class Order(NamedTuple):
    email: str | None
    phone: int | None


def orders() -> Iterator[dict[str, str | None]]:
    yield {"email": "mcfly@hillvalley.edu", "phone": None}


def frames(
    pandas: pd.DataFrame, polars: pl.DataFrame, lazy: pl.LazyFrame, table: pa.Table, reader: pa.RecordBatchReader
) -> list[ic.IdentifiedRows]:
    return [ic.identify_frame(rows) for rows in (pandas, polars, lazy, table, reader)]


def columns(emails: list[str | None], phones: np.ndarray[tuple[int], np.dtype[np.int64]]) -> ic.IdentifiedRows:
    ic.identify_frame({"email": emails})
    ic.identify_frame({"email": iter(emails)})
    ic.identify_frame({"phone": deque([1, 2])})
    return ic.identify_frame({"email": emails, "phone": phones}, email="email", phone="phone")


def rows(resolver: ic.IdentityResolver, lazy: pl.LazyFrame) -> ic.IdentifiedRows:
    resolver.identify_many(lazy)
    resolver.identify_many([Order("mcfly@hillvalley.edu", 1)])
    resolver.identify_many([{"email": "mcfly@hillvalley.edu", "phone": 1}])
    return resolver.identify_many(orders(), errors="collect")


async def awaited(resolver: ic.AsyncIdentityResolver, lazy: pl.LazyFrame) -> ic.IdentifiedRows:
    await resolver.identify_many(orders())
    return await resolver.identify_many(lazy)
