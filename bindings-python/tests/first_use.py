"""What a user does first; fails where the package is of no use. To be run in an empty folder; needs nothing else."""

from __future__ import annotations

import asyncio

import identity_core as ic

ROWS = [{"email": "a@x.io", "phone": 1}, {"email": "b@x.io", "phone": 1}]
URL = "sqlite://used.db"


def in_memory() -> None:
    assert ic.identify_frame(ROWS)["primary_contact_id"].to_list() == [1, 1]


def blocking() -> None:
    with ic.IdentityResolver.connect(URL) as resolver:
        assert resolver.identify_many(ROWS, progress=print).people == 1
        assert resolver.identify("c@x.io", "1").emails == ("a@x.io", "b@x.io", "c@x.io")


async def awaited() -> None:
    async with await ic.AsyncIdentityResolver.connect(URL) as resolver:
        assert len((await resolver.identify(phone_number=1)).emails) == 3


if __name__ == "__main__":
    in_memory()
    blocking()
    asyncio.run(awaited())
    print(f"identity_core {ic.__version__} is of use")
