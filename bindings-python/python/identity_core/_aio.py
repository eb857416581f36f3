"""Calls that are awaited."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import final

from . import _frames, _native
from ._graph import ContactGraph, graph_of
from ._native import ConsolidatedContact
from ._people import IdentifiedRows
from ._progress import Progress, Reporter, reporter


@final
class AsyncIdentityResolver:
    """:class:`IdentityResolver` for asyncio: the same methods, to be awaited.

    A call may be cancelled at any time: others do not notice, and it happens as a whole or not at all, perhaps a moment
    later. Making it again is safe.

    ::

        async with await AsyncIdentityResolver.connect("sqlite://contacts.db") as resolver:
            person = await resolver.identify(email="a@x.io", phone_number="123456")
    """

    __slots__ = ("__weakref__", "_native")

    _native: _native.AsyncResolver

    def __init__(self) -> None:
        raise TypeError("make a resolver with await AsyncIdentityResolver.connect(url)")

    @classmethod
    async def connect(
        cls,
        url: str,
        *,
        timeout: float | None = None,
        default_region: str | None = None,
        adopt: bool = False,
        max_connections: int | None = None,
    ) -> AsyncIdentityResolver:
        """A resolver on a database; see :meth:`IdentityResolver.connect`."""
        resolver = object.__new__(cls)
        resolver._native = await _native.AsyncResolver.connect(
            url,
            timeout=timeout,
            default_region=default_region,
            adopt=adopt,
            max_connections=max_connections,
        )
        return resolver

    async def identify(self, email: str | None = None, phone_number: str | int | None = None) -> ConsolidatedContact:
        """Finds out who this is, and writes what is new; see :meth:`IdentityResolver.identify`."""
        return await self._native.identify(email, phone_number)

    async def identify_many(
        self,
        rows: _frames.Rows,
        *,
        email: str | None = None,
        phone: str | None = None,
        errors: _frames.OnError = "raise",
        progress: bool | Callable[[Progress], object] | None = False,
    ) -> IdentifiedRows:
        """:meth:`identify` for each row in order; see :meth:`IdentityResolver.identify_many`.

        Rows are prepared, and an iterable of Python objects is read, on other threads than the event loop's;
        ``progress`` is called by the event loop, and ends the import where it raises. Cancelling it ends the import
        after what is written.
        """
        collect = _frames.is_collecting(errors)
        source = await asyncio.to_thread(_frames.source, rows, email, phone)
        with reporter(progress, _frames.length(rows)) as report:
            if report is None:
                return IdentifiedRows(await self._native.identify_many(source, collect=collect, progress=None))
            return await _told(self._native, source, collect, report)

    async def lookup(
        self, email: str | None = None, phone_number: str | int | None = None
    ) -> list[ConsolidatedContact]:
        """Every person that the email and the phone number lead to, the oldest first. Reads only."""
        return await self._native.lookup(email, phone_number)

    async def get(self, contact_id: int) -> ConsolidatedContact | None:
        """The person that a contact, primary or not, belongs to now. ``None`` where there is no such contact."""
        return await self._native.get(contact_id)

    async def graph(self, contact_id: int) -> ContactGraph | None:
        """The person that a contact belongs to as contacts and what links them."""
        return graph_of(await self._native.cluster(contact_id))

    async def close(self) -> None:
        """Lets go of connections and files, and returns when that is done; see :meth:`IdentityResolver.close`.

        Where it was cancelled, calling it again does the rest.
        """
        await self._native.close()

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._native.closed

    async def __aenter__(self) -> AsyncIdentityResolver:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"<AsyncIdentityResolver, {'closed' if self.closed else 'open'}>"


async def _told(
    resolver: _native.AsyncResolver, source: _native.Source, collect: bool, report: Reporter
) -> IdentifiedRows:
    """An import that ends where ``report`` raises, as it does where calls block."""
    failures: list[Exception] = []

    def tell(rows: int, people: int, merges: int) -> None:
        if failures:
            return
        try:
            report(rows, people, merges)
        except Exception as failure:
            failures.append(failure)
            importing.cancel()

    importing = resolver.identify_many(source, collect=collect, progress=tell)
    try:
        people = IdentifiedRows(await importing)
    except asyncio.CancelledError:
        if failures:
            raise failures[0] from None
        raise
    if failures:
        raise failures[0]
    return people
