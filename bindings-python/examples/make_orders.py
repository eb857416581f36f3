"""Writes a CSV of orders as a shop has them, always the same for a seed: ``python make_orders.py orders.csv``.

People come back with another email or phone, mistype, share the family's phone, leave fields empty and write the same
number in other ways. The column ``person`` is the truth, which a shop does not have.
"""

from __future__ import annotations

import argparse
import csv
import random
from collections.abc import Iterator
from datetime import datetime, timedelta

FIRST = "ada ben carla deniz emil fatma georg hanna ivo jana karl lena mats nora otto paula rosa tim ute yusuf".split()
LAST = (
    "adler bauer celik dietz ebert frank graf haas iwan jung kern lang meyer noll ott peters roth stein vogt wolf"
).split()
DOMAINS = "example.com example.org mail.example web.example post.example".split()

HEADER = ["order_id", "ordered_at", "email", "phone", "amount", "person"]


class Person:
    """Somebody who orders."""

    def __init__(self, number: int, rng: random.Random, family_phone: str | None) -> None:
        self.number = number
        self.first, self.last = rng.choice(FIRST), rng.choice(LAST)
        self.emails = [self.new_email(rng)]
        self.phones = [family_phone or self.new_phone(rng)]

    def new_email(self, rng: random.Random) -> str:
        form = rng.choice(["{f}.{l}{n}", "{f}{n}", "{l}.{f}.{n}"])
        local = form.format(f=self.first, l=self.last, n=self.number)
        return f"{local}{rng.choice(['', '', '.x', '.shop'])}@{rng.choice(DOMAINS)}"

    @staticmethod
    def new_phone(rng: random.Random) -> str:
        return f"+49{rng.randrange(150, 180)}{rng.randrange(10**7, 10**8)}"


def as_typed(email: str, rng: random.Random) -> str:
    """Capital letters and spaces are no mistake; a swapped or a missing letter is."""
    chance = rng.random()
    if chance < 0.05:
        return email.title()
    if chance < 0.07:
        return f" {email} "
    if chance < 0.08:
        at = rng.randrange(1, email.index("@"))
        return (
            email[:at] + email[at + 1 :]
            if rng.random() < 0.5
            else email[: at - 1] + email[at] + email[at - 1] + email[at + 1 :]
        )
    return email


def as_written(phone: str, rng: random.Random) -> str:
    chance = rng.random()
    if chance < 0.15:
        return f"{phone[:3]} {phone[3:6]} {phone[6:]}"
    if chance < 0.2:
        return f"{phone[:3]} ({phone[3:6]}) {phone[6:9]}-{phone[9:]}"
    return phone


def orders(count: int, seed: int) -> Iterator[list[object]]:
    """The rows."""
    rng = random.Random(seed)
    people: list[Person] = []
    at = datetime(2024, 1, 1)
    for order in range(1, count + 1):
        at += timedelta(seconds=rng.expovariate(1 / 300))
        if not people or rng.random() < 0.35:
            # One in twenty lives with somebody who was here before, and gives the same phone.
            relative = rng.choice(people) if people and rng.random() < 0.05 else None
            people.append(Person(len(people), rng, relative.phones[0] if relative else None))
            person = people[-1]
        else:
            person = rng.choice(people)
        if rng.random() < 0.04:
            person.emails.append(person.new_email(rng))
        if rng.random() < 0.03:
            person.phones.append(person.new_phone(rng))
        email = as_typed(rng.choice(person.emails), rng) if rng.random() < 0.92 else ""
        phone = as_written(rng.choice(person.phones), rng) if rng.random() < 0.8 else ""
        if not email.strip() and not phone:
            # Now and then both are missing: an order at the till.
            email = "" if rng.random() < 0.2 else person.emails[0]
        yield [order, at.isoformat(" ", "seconds"), email, phone, f"{rng.lognormvariate(3.4, 0.8):.2f}", person.number]


def write(path: str, count: int = 100_000, seed: int = 1) -> None:
    """Writes the CSV."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows(orders(count, seed))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", help="where to write to")
    parser.add_argument("--count", type=int, default=100_000, help="orders")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    write(arguments.path, arguments.count, arguments.seed)
