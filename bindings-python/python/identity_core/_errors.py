"""What can go wrong. No message holds an email or a phone number."""

from __future__ import annotations

import builtins


class IdentityError(Exception):
    """The base of all exceptions of this package.

    Every call may be repeated after any of them: what it did already it does not do again.
    """

    #: Whether the same call may succeed when it is made again.
    retryable: bool = False
    #: The position of the row at fault, counted from 0, where many were given.
    row: int | None = None


class InvalidInputError(IdentityError, ValueError):
    """A value is no email, no phone number or no id, or there is neither, or a row is none. It changed nothing."""

    #: ``"email"``, ``"phone_number"`` or ``"contact_id"``; ``None`` where it is the request, or the row, as a whole.
    field: str | None = None


class ConflictError(IdentityError):
    """Other writers kept changing the same contacts, past the bound of retries. Call again."""

    retryable = True


class StoreUnavailableError(IdentityError):
    """The database cannot be reached, or cannot write for want of room. Whether the call happened is not known; calling
    again is safe.
    """

    retryable = True


class OverloadedError(IdentityError):
    """Too many calls are waiting already. Call again later."""

    retryable = True


class TimeoutError(IdentityError, builtins.TimeoutError):  # noqa: A001 - it is one
    """The call took longer than the resolver's ``timeout``. Whether it happened is not known; calling again is safe."""

    retryable = True


class StoreRefusedError(IdentityError):
    """The database answered, and refused: a missing privilege, a missing table, a value that a column cannot hold."""


class UnsoundStoreError(IdentityError):
    """The table ``Contact`` holds a state that the rules exclude; something else wrote it."""


class NotAdoptedError(IdentityError):
    """The table ``Contact`` holds rows that were never adopted (``adopt=True``), or cannot be."""


class ConfigurationError(IdentityError, ValueError):
    """The URL, an option or the shape of an existing table does not fit."""


class ResolverClosedError(IdentityError):
    """The resolver was closed."""


class ForkedError(IdentityError):
    """The resolver was connected before the process forked, and serves the parent only. Connect another in the child.

    Or the parent used SQLite, and the child connects to SQLite: what SQLite knows of a process does not survive
    ``fork``. Use SQLite in the child alone, or start the child with ``spawn``.
    """


class DriverError(IdentityError):
    """What the database's driver said: the ``__cause__`` of other errors."""
