"""Who is this customer? One person id for every row, in memory, SQLite or MySQL.

In memory, with nothing to set up::

    import identity_core as ic

    people = ic.identify_frame(orders, email="email", phone="phone")
    orders["person"] = people["primary_contact_id"]

On a database, shared with every other process that uses it::

    with ic.IdentityResolver.connect("mysql://user:password@host/shop") as resolver:
        person = resolver.identify(email="a@x.io", phone_number="123456")
        people = resolver.identify_many(orders, progress=True)

``AsyncIdentityResolver`` has the same methods for asyncio. Every failure is an :class:`IdentityError`.
"""

from ._aio import AsyncIdentityResolver
from ._errors import (
    ConfigurationError,
    ConflictError,
    DriverError,
    ForkedError,
    IdentityError,
    InvalidInputError,
    NotAdoptedError,
    OverloadedError,
    ResolverClosedError,
    StoreRefusedError,
    StoreUnavailableError,
    TimeoutError,
    UnsoundStoreError,
)
from ._frames import ArrowArrayExportable, ArrowStreamExportable, Rows
from ._graph import ContactEdge, ContactGraph, ContactNode
from ._native import ConsolidatedContact, __version__
from ._people import IdColumn, IdentifiedRows, RowError, identify_frame
from ._progress import Progress
from ._resolver import IdentityResolver

__all__ = [
    "ArrowArrayExportable",
    "ArrowStreamExportable",
    "AsyncIdentityResolver",
    "ConfigurationError",
    "ConflictError",
    "ConsolidatedContact",
    "ContactEdge",
    "ContactGraph",
    "ContactNode",
    "DriverError",
    "ForkedError",
    "IdColumn",
    "IdentifiedRows",
    "IdentityError",
    "IdentityResolver",
    "InvalidInputError",
    "NotAdoptedError",
    "OverloadedError",
    "Progress",
    "ResolverClosedError",
    "RowError",
    "Rows",
    "StoreRefusedError",
    "StoreUnavailableError",
    "TimeoutError",
    "UnsoundStoreError",
    "__version__",
    "identify_frame",
]
