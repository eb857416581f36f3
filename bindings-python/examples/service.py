"""A service on asyncio: many callers at once, one resolver.

``python service.py sqlite://contacts.db``
"""

from __future__ import annotations

import asyncio
import sys

import identity_core as ic


async def checkout(resolver: ic.AsyncIdentityResolver, email: str | None, phone: str | None) -> str:
    """What a shop does at the checkout."""
    try:
        person = await resolver.identify(email=email, phone_number=phone)
    except ic.InvalidInputError as error:
        return f"please correct your {error.field or 'contact data'}"
    except ic.IdentityError as error:
        if not error.retryable:
            raise
        # Every call may be repeated after any error.
        await asyncio.sleep(0.05)
        return await checkout(resolver, email, phone)
    return f"customer {person.primary_contact_id}"


async def main(url: str) -> list[str]:
    async with await ic.AsyncIdentityResolver.connect(url, timeout=5) as resolver:
        calls = [
            checkout(resolver, "lorraine@hillvalley.edu", "123456"),
            checkout(resolver, "mcfly@hillvalley.edu", "123456"),
            checkout(resolver, None, "123456"),
            checkout(resolver, "not an email", None),
        ]
        return await asyncio.gather(*calls)


if __name__ == "__main__":
    for line in asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "memory:")):
        print(line)
