"""What callers get: a value."""

from __future__ import annotations

import copy
import json
import pickle

import pytest

import identity_core as ic


def test_it_is_a_value(memory: ic.IdentityResolver) -> None:
    memory.identify("a@x.io", 1)
    person = memory.identify("b@x.io", 1)
    same = memory.identify("a@x.io")
    assert person is not same and person == same and hash(person) == hash(same)
    assert person != memory.identify("c@x.io") and person != 1
    assert len({person, same}) == 1
    assert person == ic.ConsolidatedContact(1, ["a@x.io", "b@x.io"], ["1"], [2])


def test_it_cannot_be_changed(memory: ic.IdentityResolver) -> None:
    person = memory.identify("a@x.io", 1)
    for name in ("primary_contact_id", "emails", "phone_numbers", "secondary_contact_ids", "other"):
        with pytest.raises(AttributeError):
            setattr(person, name, 5)


def test_it_travels(memory: ic.IdentityResolver) -> None:
    memory.identify("a@x.io", 1)
    person = memory.identify("b@x.io", 1)
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(person, protocol)) == person
    assert copy.deepcopy(person) == person == copy.copy(person)
    assert json.loads(json.dumps(person.asdict())) == {
        "primary_contact_id": 1,
        "emails": ["a@x.io", "b@x.io"],
        "phone_numbers": ["1"],
        "secondary_contact_ids": [2],
    }


def test_repr_shows_ids_and_no_value(memory: ic.IdentityResolver) -> None:
    memory.identify("secret@x.io", 4711)
    text = repr(memory.identify("other@x.io", 4711))
    assert text == (
        "ConsolidatedContact(primary_contact_id=1, emails=<2>, phone_numbers=<1>, secondary_contact_ids=[2])"
    )


def test_a_notebook_shows_a_card_with_a_picture(resolver: ic.IdentityResolver) -> None:
    resolver.identify("<b>a</b>@x.io", 1)
    person = resolver.identify("b@x.io", 1)
    card = person._repr_html_()
    assert "<b>a</b>" not in card and "&lt;b&gt;a&lt;/b&gt;@x.io" in card
    assert card.count("<circle") == 2 and "<svg" in card and "2 contacts" in card
    assert card.startswith("<div") and card.endswith("</div>")


def test_a_card_does_without_a_resolver(memory: ic.IdentityResolver) -> None:
    person = pickle.loads(pickle.dumps(memory.identify("a@x.io", 1)))
    assert "<svg" not in person._repr_html_() and "a@x.io" in person._repr_html_()
    kept = memory.identify("a@x.io", 1)
    memory.close()
    assert "a@x.io" in kept._repr_html_()


def test_help_tells_what_it_is() -> None:
    for documented in (ic, ic.ConsolidatedContact, ic.ConsolidatedContact.asdict, ic.IdentityResolver.identify):
        assert documented.__doc__ and len(documented.__doc__) > 40
    for name in ic.__all__:
        if not name.startswith("__") and name not in ("Rows",):
            assert getattr(ic, name).__doc__, name
    for method in ("connect", "identify", "identify_many", "lookup", "get", "graph", "close"):
        assert getattr(ic.IdentityResolver, method).__doc__ and getattr(ic.AsyncIdentityResolver, method).__doc__
