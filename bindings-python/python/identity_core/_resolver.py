"""Calls that block."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import final

from . import _frames, _native
from ._graph import ContactGraph, graph_of
from ._native import ConsolidatedContact
from ._people import IdentifiedRows
from ._progress import Progress, reporter


@final
class IdentityResolver:
    """Finds out who a customer is. Make one with :meth:`connect`.

    It may be used from many threads at once: what they ask while a transaction is in flight becomes the next one, and
    other Python threads run while a call waits. It belongs to the process that connected it: in a child made by
    ``fork`` its calls raise :class:`ForkedError`, and the child connects its own. To SQLite it can do so only if the
    parent has not used SQLite; otherwise start it with ``spawn``. Ctrl-C ends a call.

    ::

        with IdentityResolver.connect("sqlite://contacts.db") as resolver:
            person = resolver.identify(email="a@x.io", phone_number="123456")
    """

    __slots__ = ("__weakref__", "_native")

    _native: _native.Resolver

    def __init__(self) -> None:
        raise TypeError("make a resolver with IdentityResolver.connect(url)")

    @classmethod
    def connect(
        cls,
        url: str,
        *,
        timeout: float | None = None,
        default_region: str | None = None,
        adopt: bool = False,
        max_connections: int | None = None,
    ) -> IdentityResolver:
        """A resolver on a database. What the library needs is created there.

        ``url``
            ``memory:``, ``sqlite://contacts.db`` (created where it is missing) or ``mysql://user:password@host:port/name``
            (also ``mariadb://``)
        ``timeout``
            seconds after which a call is given up with :class:`TimeoutError`; imports are not
        ``default_region``
            a country such as ``"US"``: phone numbers become E.164 by it. Choose it before the first contact.
        ``adopt``
            takes over a table ``Contact`` that holds rows already, after it was checked as a whole
        ``max_connections``
            to the database, 1 or more; 10 by default

        :raises ForkedError: SQLite was used in this process's parent before the ``fork``
        """
        resolver = object.__new__(cls)
        resolver._native = _native.Resolver.connect(
            url,
            timeout=timeout,
            default_region=default_region,
            adopt=adopt,
            max_connections=max_connections,
        )
        return resolver

    def identify(self, email: str | None = None, phone_number: str | int | None = None) -> ConsolidatedContact:
        """Finds out who this is, and writes what is new.

        Nobody has the email or the phone number: a new person. Somebody has one of them: the other is added. Two people
        have them: they are one from now on, and the older primary stays. Nothing is new: nothing is written.

        :raises InvalidInputError: a value is no email or no phone number, or there is neither
        """
        return self._native.identify(email, phone_number)

    def identify_many(
        self,
        rows: _frames.Rows,
        *,
        email: str | None = None,
        phone: str | None = None,
        errors: _frames.OnError = "raise",
        progress: bool | Callable[[Progress], object] | None = False,
    ) -> IdentifiedRows:
        """:meth:`identify` for each row in order, in few transactions; what is returned has one row for each.

        Rows are read as they are needed, so a stream or a generator may be longer than memory. They are written 4,000
        at a time, each all or nothing. Where the import ends early, by an error or by Ctrl-C, what was written stays,
        and starting it again from the beginning is safe: what happened does not happen again.

        ``rows``, ``email``, ``phone``
            as for :func:`identify_frame`
        ``errors``
            ``"raise"``: the first row that is no request raises :class:`InvalidInputError` with its position; the rows
            before it are written, and none behind it. ``"collect"``: such rows have no person and are listed in
            ``errors``, as are rows that the database refuses. If the database is away, or refuses all rows of a
            transaction, as it does without a privilege or a table, that is raised in any case.
        ``progress``
            ``True`` shows a bar (tqdm) with rows/s, people and merges; a function is called with a :class:`Progress`
            some ten times a second
        """
        collect = _frames.is_collecting(errors)
        source = _frames.source(rows, email, phone)
        with reporter(progress, _frames.length(rows)) as report:
            return IdentifiedRows(self._native.identify_many(source, collect=collect, progress=report))

    def lookup(self, email: str | None = None, phone_number: str | int | None = None) -> list[ConsolidatedContact]:
        """Every person that the email and the phone number lead to: none, one or two, the oldest first. Reads only."""
        return self._native.lookup(email, phone_number)

    def get(self, contact_id: int) -> ConsolidatedContact | None:
        """The person that a contact, primary or not, belongs to now. ``None`` where there is no such contact."""
        return self._native.get(contact_id)

    def graph(self, contact_id: int) -> ContactGraph | None:
        """The person that a contact belongs to as contacts and what links them: data, and a picture (``svg()``)."""
        return graph_of(self._native.cluster(contact_id))

    def close(self) -> None:
        """Lets go of connections and files, and returns when that is done; may be called again.

        Calls that come later raise :class:`ResolverClosedError`, and so do those that are on their way and still need a
        connection.
        """
        self._native.close()

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._native.closed

    def __enter__(self) -> IdentityResolver:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<IdentityResolver, {'closed' if self.closed else 'open'}>"
