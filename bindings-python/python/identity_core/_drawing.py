"""A cluster as SVG: the primary in the middle, the others in rings by how many links away they are."""

from __future__ import annotations

import math
from collections import deque
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._graph import ContactGraph, ContactNode

_COLOURS = {"email": "#3b76c4", "phone": "#d98324", "merge": "#8a8f98"}
_PRIMARY = "#1f7a55"
_SECONDARY = "#7fb59f"


def svg(graph: ContactGraph, *, size: int, most: int) -> str:
    """The picture. Pointing at a contact or a link shows what it carries."""
    tree = _tree(graph)
    drawn = list(tree)[: max(most, 1)]
    places = _places(tree, drawn)
    rings = max((depth for _, depth in places.values()), default=0)
    radius = 13 if len(drawn) <= 25 else 8 if len(drawn) <= 60 else 5
    step = (size / 2 - radius - 4) / max(rings, 1)
    middle = size / 2

    def at(contact: int) -> tuple[float, float]:
        angle, depth = places[contact]
        return middle + depth * step * math.cos(angle), middle + depth * step * math.sin(angle)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size}" height="{size}" viewBox="0 0 {size} {size}" '
        f'role="img" aria-label="{len(graph.nodes)} contacts of one person">'
    ]
    for edge in graph.edges:
        if edge.source in places and edge.target in places:
            (x1, y1), (x2, y2) = at(edge.source), at(edge.target)
            dashed = ' stroke-dasharray="4 3"' if edge.kind == "merge" else ""
            title = "merged by a request" if edge.value is None else f"{edge.kind}: {edge.value}"
            parts.append(
                f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
                f'stroke="{_COLOURS[edge.kind]}" stroke-width="2"{dashed}><title>{escape(title)}</title></line>'
            )
    nodes = {node.id: node for node in graph.nodes}
    for contact in drawn:
        parts.append(_node(nodes[contact], *at(contact), radius, contact == graph.primary_contact_id))
    if len(drawn) < len(graph.nodes):
        left = len(graph.nodes) - len(drawn)
        parts.append(
            f'<text x="{size - 4}" y="{size - 4}" text-anchor="end" font-size="11" fill="#8a8f98" '
            f'font-family="sans-serif">and {left} more</text>'
        )
    parts.append("</svg>")
    return "".join(parts)


def _node(node: ContactNode, x: float, y: float, radius: int, is_primary: bool) -> str:
    carries = [value for value in (node.email, node.phone_number) if value is not None]
    title = "\n".join([f"contact {node.id}{', primary' if is_primary else ''}", *carries])
    colour = _PRIMARY if is_primary else _SECONDARY
    drawing = (
        f'<g><title>{escape(title)}</title><circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" fill="{colour}" '
        'stroke="#fff" stroke-width="1.5"/>'
    )
    if radius >= 13:
        size = 11 if len(str(node.id)) <= 3 else max(5, 33 // len(str(node.id)))
        drawing += (
            f'<text x="{x:.1f}" y="{y:.1f}" dy="0.35em" text-anchor="middle" font-size="{size}" fill="#fff" '
            f'font-family="sans-serif">{node.id}</text>'
        )
    return drawing + "</g>"


def _tree(graph: ContactGraph) -> dict[int, tuple[int | None, int]]:
    """Each contact's parent and depth, breadth first from the primary."""
    neighbours: dict[int, list[int]] = {node.id: [] for node in graph.nodes}
    for edge in graph.edges:
        neighbours[edge.source].append(edge.target)
        neighbours[edge.target].append(edge.source)
    first = graph.nodes[0].id
    tree: dict[int, tuple[int | None, int]] = {first: (None, 0)}
    waiting = deque([first])
    while waiting:
        contact = waiting.popleft()
        for other in neighbours[contact]:
            if other not in tree:
                tree[other] = (contact, tree[contact][1] + 1)
                waiting.append(other)
    return tree


def _places(tree: dict[int, tuple[int | None, int]], drawn: list[int]) -> dict[int, tuple[float, int]]:
    """Angle and ring of each contact: each gets as much of its parent's sector as it has contacts behind it."""
    children: dict[int, list[int]] = {contact: [] for contact in drawn}
    weights = dict.fromkeys(drawn, 1)
    for contact in reversed(drawn):
        parent, _ = tree[contact]
        if parent is not None:
            children[parent].append(contact)
            weights[parent] += weights[contact]
    places: dict[int, tuple[float, int]] = {}
    sectors = {drawn[0]: (0.0, 2 * math.pi)}
    for contact in drawn:
        begin, width = sectors[contact]
        places[contact] = (begin + width / 2, tree[contact][1])
        behind = weights[contact] - 1
        for child in reversed(children[contact]):
            share = width * weights[child] / behind
            sectors[child] = (begin, share)
            begin += share
    return places
