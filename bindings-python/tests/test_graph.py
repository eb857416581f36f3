"""A person as contacts and links, and its picture."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from xml.etree import ElementTree

import identity_core as ic

SVG = "{http://www.w3.org/2000/svg}"


def test_nodes_and_edges(resolver: ic.IdentityResolver) -> None:
    a = resolver.identify("a@x.io", 1)
    resolver.identify("b@x.io", 1)
    c = resolver.identify("c@x.io", 2)
    resolver.identify("c@x.io", 3)
    resolver.identify("a@x.io", 2)
    graph = resolver.graph(c.primary_contact_id)
    assert graph is not None and graph.primary_contact_id == a.primary_contact_id
    first, second, third, fourth = (node.id for node in graph.nodes)
    assert [(edge.source, edge.target, edge.kind, edge.value) for edge in graph.edges] == [
        (first, second, "phone", "1"),
        (third, fourth, "email", "c@x.io"),
        (first, third, "merge", None),
    ]
    assert [node.is_primary for node in graph.nodes] == [True, False, False, False]
    assert {node.linked_id for node in graph.nodes[1:]} == {first}
    assert [node.phone_number for node in graph.nodes] == ["1", "1", "2", "3"]
    assert abs(datetime.now(timezone.utc) - graph.nodes[0].created_at) < timedelta(hours=1)
    assert resolver.graph(2**40) is None
    assert "x.io" not in repr(graph)
    plain = graph.asdict()
    assert plain["nodes"][0]["email"] == "a@x.io" and plain["edges"][2]["kind"] == "merge"


def test_the_picture_is_svg_and_shows_everything(memory: ic.IdentityResolver) -> None:
    memory.identify("<a>&@x.io", 1)
    for n in range(30):
        memory.identify(f"{n}@x.io", 1)
    graph = memory.graph(1)
    assert graph is not None and graph._repr_svg_() == graph.svg()
    root = ElementTree.fromstring(graph.svg(size=300))
    circles = root.findall(f".//{SVG}circle")
    assert len(circles) == 31 and len(root.findall(f"{SVG}line")) == 30
    for circle in circles:
        for at in ("cx", "cy"):
            assert 0 < float(circle.attrib[at]) < 300
    places = {(circle.attrib["cx"], circle.attrib["cy"]) for circle in circles}
    assert len(places) == 31, "none lies on another"
    assert "contact 1, primary\n<a>&@x.io\n1" in [title.text for title in root.iter(f"{SVG}title")]


def test_of_a_large_cluster_the_nearest_are_drawn(memory: ic.IdentityResolver) -> None:
    memory.identify_many({"email": f"{n}@x.io", "phone": 1} for n in range(3_000))
    graph = memory.graph(1)
    assert graph is not None and len(graph.nodes) == 3_000
    picture = graph.svg(most=50)
    assert picture.count("<circle") == 50 and "and 2950 more" in picture
    alone = memory.identify("alone@x.io")
    single = memory.graph(alone.primary_contact_id)
    assert single is not None and single.svg().count("<circle") == 1 and single.edges == ()
