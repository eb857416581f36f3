"""Calls that block, on every store."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

import identity_core as ic


def test_identify_creates_links_and_merges(resolver: ic.IdentityResolver) -> None:
    george = resolver.identify(email="George@HillValley.edu ", phone_number="919-191")
    assert george.emails == ("george@hillvalley.edu",)
    assert george.phone_numbers == ("919191",)
    assert george.secondary_contact_ids == ()
    assert resolver.identify("george@hillvalley.edu", "919191") == george

    biff = resolver.identify(email="biff@hillvalley.edu", phone_number=717171)
    assert biff.phone_numbers == ("717171",)
    merged = resolver.identify(email="george@hillvalley.edu", phone_number=717171)
    assert merged.primary_contact_id == george.primary_contact_id
    assert merged.secondary_contact_ids == (biff.primary_contact_id,)
    assert merged.emails == ("george@hillvalley.edu", "biff@hillvalley.edu")

    # The id of who was merged away still leads to the person.
    assert resolver.get(biff.primary_contact_id) == merged
    assert resolver.get(2**40) is None


def test_one_value_is_enough(resolver: ic.IdentityResolver) -> None:
    by_phone = resolver.identify(phone_number=123456)
    assert (by_phone.emails, by_phone.phone_numbers) == ((), ("123456",))
    assert resolver.identify(email=None, phone_number="123456") == by_phone
    by_email = resolver.identify(email="doc@hillvalley.edu")
    assert resolver.identify("doc@hillvalley.edu", None) == by_email


def test_lookup_only_reads(resolver: ic.IdentityResolver) -> None:
    first = resolver.identify("a@x.io", 1)
    second = resolver.identify("b@x.io", 2)
    assert resolver.lookup("b@x.io", 1) == [first, second]
    assert resolver.lookup(email="nobody@x.io") == []
    assert resolver.lookup(phone_number=2) == [second]
    assert resolver.identify("a@x.io", 1) == first


@pytest.mark.parametrize(
    ("email", "phone", "field"),
    [
        ("nonsense", None, "email"),
        (17, None, "email"),
        (b"a@x.io", None, "email"),
        ("\ud800@x.io", None, "email"),
        (None, "letters", "phone_number"),
        (None, -1, "phone_number"),
        (None, 1.5, "phone_number"),
        (None, 1e300, "phone_number"),
        (None, float("inf"), "phone_number"),
        (None, 2.0**53, "phone_number"),
        (None, np.float32(2**24), "phone_number"),
        (None, np.float32(1.5), "phone_number"),
        (None, Decimal("123.5"), "phone_number"),
        (None, Decimal("-1"), "phone_number"),
        (None, Decimal("1E+999999999"), "phone_number"),
        (None, Decimal("Infinity"), "phone_number"),
        (None, 2**64, "phone_number"),
        (None, True, "phone_number"),
        (None, [1], "phone_number"),
        (None, None, None),
        (" ", "", None),
    ],
)
def test_what_is_no_request_names_the_field(
    memory: ic.IdentityResolver, email: Any, phone: Any, field: str | None
) -> None:
    for call in (memory.identify, memory.lookup):
        with pytest.raises(ic.InvalidInputError) as raised:
            call(email=email, phone_number=phone)
        assert raised.value.field == field
        assert isinstance(raised.value, ValueError) and isinstance(raised.value, ic.IdentityError)
        assert not raised.value.retryable
        for value in (email, phone):
            assert not isinstance(value, (str, float)) or len(str(value)) < 3 or str(value) not in str(raised.value)


@pytest.mark.parametrize(
    "phone",
    [
        123456,
        "123456",
        np.int64(123456),
        np.uint32(123456),
        123456.0,
        np.float64(123456),
        np.float32(123456),
        Decimal(123456),
        Decimal("123456.00"),
    ],
)
def test_numbers_of_every_type_are_their_digits(memory: ic.IdentityResolver, phone: Any) -> None:
    assert memory.identify(phone_number=phone).phone_numbers == ("123456",)


def test_the_largest_floats_that_are_one_number(memory: ic.IdentityResolver) -> None:
    """2**53 may have been 2**53 + 1 before somebody made a float of it."""
    assert memory.identify(phone_number=float(2**53 - 1)).phone_numbers == (str(2**53 - 1),)
    assert memory.identify(phone_number=np.float32(2**24 - 1)).phone_numbers == (str(2**24 - 1),)  # type: ignore[arg-type]


def test_a_default_region_makes_numbers_one() -> None:
    with ic.IdentityResolver.connect("memory:", default_region="US") as resolver:
        person = resolver.identify(phone_number="(415) 555-0100")
        assert person.phone_numbers == ("+14155550100",)
        assert resolver.identify(phone_number="+1 415 555 0100") == person


def test_a_closed_resolver_says_so(url: str) -> None:
    resolver = ic.IdentityResolver.connect(url)
    assert not resolver.closed
    with resolver as same:
        assert same is resolver
    assert resolver.closed and "closed" in repr(resolver)
    resolver.close()
    for call in (lambda: resolver.identify("a@x.io"), lambda: resolver.get(1), lambda: resolver.identify_many([])):
        with pytest.raises(ic.ResolverClosedError):
            call()


def test_ids_that_no_database_has(memory: ic.IdentityResolver) -> None:
    for call in (memory.get, memory.graph):
        for number in (2**63, -(2**63) - 1, 2**100):
            with pytest.raises(ic.InvalidInputError, match="contact_id") as raised:
                call(number)
            assert raised.value.field == "contact_id"
        with pytest.raises(TypeError):
            call("1")  # type: ignore[arg-type]
        assert call(2**63 - 1) is None


def _endless(begun: threading.Event) -> Iterator[dict[str, Any]]:
    for n in itertools.count():
        if n > 8_000:
            begun.set()
        yield {"email": f"{n}@x.io", "phone": n}


def test_a_resolver_that_is_closed_during_a_call_says_so(url: str) -> None:
    resolver = ic.IdentityResolver.connect(url)
    begun = threading.Event()
    closing = threading.Thread(target=lambda: (begun.wait(), resolver.close()))
    closing.start()
    with pytest.raises(ic.ResolverClosedError):
        resolver.identify_many(_endless(begun))
    closing.join()


def test_the_same_where_it_is_awaited(url: str) -> None:
    async def main() -> None:
        resolver = await ic.AsyncIdentityResolver.connect(url)
        begun = threading.Event()
        importing = asyncio.create_task(resolver.identify_many(_endless(begun)))
        await asyncio.to_thread(begun.wait)
        await resolver.close()
        with pytest.raises(ic.ResolverClosedError):
            await importing

    asyncio.run(main())


def test_another_resolver_sees_what_one_wrote(database_url: str) -> None:
    with ic.IdentityResolver.connect(database_url) as one, ic.IdentityResolver.connect(database_url) as other:
        person = one.identify("a@x.io", 1)
        assert other.get(person.primary_contact_id) == person
        assert other.identify("b@x.io", 1).secondary_contact_ids == one.identify("b@x.io").secondary_contact_ids


@pytest.mark.parametrize(
    ("url", "options"),
    [
        ("postgres://x", {}),
        ("nonsense", {}),
        ("memory:", {"timeout": 0}),
        ("memory:", {"timeout": -1.0}),
        ("memory:", {"timeout": float("nan")}),
        ("memory:", {"default_region": "Atlantis"}),
        ("memory:", {"max_connections": -1}),
        ("memory:", {"max_connections": 0}),
        ("memory:", {"max_connections": 2**70}),
    ],
)
def test_settings_that_do_not_fit(url: str, options: dict[str, Any]) -> None:
    with pytest.raises(ic.ConfigurationError):
        ic.IdentityResolver.connect(url, **options)


def test_a_resolver_is_made_by_connect() -> None:
    for kind in (ic.IdentityResolver, ic.AsyncIdentityResolver):
        with pytest.raises(TypeError, match="connect"):
            kind()
