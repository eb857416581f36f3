"""A person as contacts and what links them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from . import _drawing

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True)
class ContactNode:
    """One contact: a row of the table ``Contact``. ``repr`` shows no email and no phone number."""

    id: int
    email: str | None = field(repr=False)
    phone_number: str | None = field(repr=False)
    #: The primary of a secondary contact; ``None`` for the primary.
    linked_id: int | None
    created_at: datetime

    @property
    def is_primary(self) -> bool:
        """Whether it stands for the person."""
        return self.linked_id is None


@dataclass(frozen=True)
class ContactEdge:
    """Why two contacts are one person. ``repr`` shows no value."""

    #: The older contact.
    source: int
    target: int
    #: ``"email"`` or ``"phone"``, which both carry; or ``"merge"``: the two have nothing in common, and a request that
    #: named an identifier of each side has proved them to be one.
    kind: str
    #: What both carry; ``None`` for a merge.
    value: str | None = field(repr=False)


@dataclass(frozen=True)
class ContactGraph:
    """A person as a graph: contacts are nodes, what they share are edges. A notebook draws it.

    Contacts that share an identifier are linked to the oldest of them, so there are no more edges than it takes.
    """

    primary_contact_id: int
    #: The primary, then the others by age.
    nodes: tuple[ContactNode, ...]
    edges: tuple[ContactEdge, ...]

    def asdict(self) -> dict[str, Any]:
        """Nodes and edges as plain values, as ``networkx`` and others take them."""
        return asdict(self)

    def svg(self, *, size: int = 320, most: int = 80) -> str:
        """The picture as SVG. Of a larger cluster the ``most`` contacts nearest to the primary are drawn."""
        return _drawing.svg(self, size=size, most=most)

    def _repr_svg_(self) -> str:
        return self.svg()


def graph_of(cluster: Any) -> ContactGraph | None:
    """From what the native half knows of a cluster."""
    if cluster is None:
        return None
    primary, contacts, links = cluster
    nodes = tuple(
        ContactNode(id_, email, phone, linked_id, _EPOCH + timedelta(microseconds=created))
        for id_, email, phone, linked_id, created in contacts
    )
    edges = tuple(
        ContactEdge(source, target, *(shared if shared is not None else ("merge", None)))
        for source, target, shared in links
    )
    return ContactGraph(primary, nodes, edges)
