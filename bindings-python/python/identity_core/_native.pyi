from asyncio import Future
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeAlias, final

__all__ = [
    "AsyncResolver",
    "ConsolidatedContact",
    "Identified",
    "Resolver",
    "Source",
    "__version__",
    "people_of",
]

__version__: str

_Contact: TypeAlias = tuple[int, str | None, str | None, int | None, int]
_Link: TypeAlias = tuple[int, int, tuple[str, str] | None]
_Cluster: TypeAlias = tuple[int, list[_Contact], list[_Link]]
_Report: TypeAlias = Callable[[int, int, int], object]

@final
class ConsolidatedContact:
    """One person: the primary contact, and what is known of it. Immutable.

    ``emails`` and ``phone_numbers`` have the primary's own first, then those of the secondaries by age, each once;
    ``secondary_contact_ids`` are in the same order. Two of them are equal if all four are.

    ``repr()`` shows ids and counts, since it ends up in logs; ``asdict()``, and the card that a notebook draws, show
    everything.
    """

    def __new__(
        cls,
        primary_contact_id: int,
        emails: list[str] | tuple[str, ...] = ...,
        phone_numbers: list[str] | tuple[str, ...] = ...,
        secondary_contact_ids: list[int] | tuple[int, ...] = ...,
    ) -> ConsolidatedContact: ...
    @property
    def primary_contact_id(self) -> int:
        """The id of the primary contact: the oldest."""

    @property
    def emails(self) -> tuple[str, ...]:
        """The emails, the primary's own first."""

    @property
    def phone_numbers(self) -> tuple[str, ...]:
        """The phone numbers, the primary's own first."""

    @property
    def secondary_contact_ids(self) -> tuple[int, ...]:
        """The ids of the secondary contacts, by age."""

    def asdict(self) -> dict[str, Any]:
        """Everything as a dict of plain values, lists where there are several."""

    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(
        self,
    ) -> tuple[type[ConsolidatedContact], tuple[int, tuple[str, ...], tuple[str, ...], tuple[int, ...]]]: ...
    def _repr_html_(self) -> str: ...

@final
class Source:
    @staticmethod
    def of_arrow(frame: Any, email: list[str], phone: list[str], required: list[str]) -> Source: ...
    @staticmethod
    def of_reader(reader: Any, email: list[str], phone: list[str], required: list[str]) -> Source: ...
    @staticmethod
    def of_objects(rows: Iterator[Any], email: list[str], phone: list[str], required: list[str]) -> Source: ...
    @staticmethod
    def of_pairs(rows: Iterator[Any]) -> Source: ...

@final
class Identified:
    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any: ...
    def __arrow_c_schema__(self) -> Any: ...
    def __len__(self) -> int: ...
    @property
    def column_names(self) -> list[str]: ...
    @property
    def people(self) -> int: ...
    @property
    def merges(self) -> int: ...
    @property
    def errors(self) -> list[tuple[int, str, str | None, str]]: ...
    def ids(self, name: str) -> list[int | None]: ...
    def id(self, name: str, row: int) -> int | None: ...
    def raw_ids(self, name: str) -> tuple[bytearray, bool]: ...

@final
class Resolver:
    @staticmethod
    def connect(
        url: str,
        *,
        timeout: float | None,
        default_region: str | None,
        adopt: bool,
        max_connections: int | None,
    ) -> Resolver: ...
    def identify(self, email: object, phone_number: object) -> ConsolidatedContact: ...
    def lookup(self, email: object, phone_number: object) -> list[ConsolidatedContact]: ...
    def get(self, contact_id: int) -> ConsolidatedContact | None: ...
    def cluster(self, contact_id: int) -> _Cluster | None: ...
    def identify_many(self, source: Source, *, collect: bool, progress: _Report | None) -> Identified: ...
    def close(self) -> None: ...
    @property
    def closed(self) -> bool: ...

@final
class AsyncResolver:
    @staticmethod
    def connect(
        url: str,
        *,
        timeout: float | None,
        default_region: str | None,
        adopt: bool,
        max_connections: int | None,
    ) -> Awaitable[AsyncResolver]: ...
    def identify(self, email: object, phone_number: object) -> Awaitable[ConsolidatedContact]: ...
    def lookup(self, email: object, phone_number: object) -> Awaitable[list[ConsolidatedContact]]: ...
    def get(self, contact_id: int) -> Awaitable[ConsolidatedContact | None]: ...
    def cluster(self, contact_id: int) -> Awaitable[_Cluster | None]: ...
    def identify_many(self, source: Source, *, collect: bool, progress: _Report | None) -> Future[Identified]: ...
    def close(self) -> Awaitable[None]: ...
    @property
    def closed(self) -> bool: ...

def people_of(source: Source, *, collect: bool, default_region: str | None) -> Identified: ...
