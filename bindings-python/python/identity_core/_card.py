"""What a notebook shows of a person."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from ._graph import graph_of

if TYPE_CHECKING:
    from ._native import ConsolidatedContact

#: Values of one kind that are listed.
_MOST = 12


def card(person: ConsolidatedContact, cluster: Any) -> str:
    """The card as HTML; with a picture where the cluster is at hand."""
    graph = graph_of(cluster)
    picture = f'<div style="flex:none">{graph.svg(size=200)}</div>' if graph is not None else ""
    count = 1 + len(person.secondary_contact_ids)
    rows = [
        ("emails", person.emails),
        ("phone numbers", person.phone_numbers),
        ("secondary contacts", tuple(str(contact) for contact in person.secondary_contact_ids)),
    ]
    listed = "".join(
        f'<div style="margin-top:6px"><span style="color:#8a8f98;font-size:11px">{name}</span><br>{_values(values)}'
        "</div>"
        for name, values in rows
        if values
    )
    return (
        '<div style="display:inline-flex;gap:16px;align-items:center;border:1px solid #8a8f9866;border-radius:8px;'
        'padding:10px 14px;font-family:sans-serif;font-size:13px;line-height:1.35">'
        f"{picture}<div><b>Person {person.primary_contact_id}</b> "
        f'<span style="color:#8a8f98">{count} contact{"s" if count > 1 else ""}</span>{listed}</div></div>'
    )


def _values(values: tuple[str, ...]) -> str:
    shown = "<br>".join(escape(value) for value in values[:_MOST])
    left = len(values) - _MOST
    return shown + (f"<br>and {left} more" if left > 0 else "")
