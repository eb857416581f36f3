"""From orders to customers: who ordered what, though nobody logged in.

``python orders_to_customers.py FOLDER`` writes there ``orders.csv`` (made by ``make_orders.py``, if it is not there
yet), ``customers.csv``, the largest clusters as pictures (``cluster-1.svg``, …) and ``cluster-sizes.png``. It needs
pandas and matplotlib.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib
import pandas as pd

import identity_core as ic
from make_orders import write

matplotlib.use("Agg")

from matplotlib import pyplot as plt  # noqa: E402 - the backend is to be chosen before


def find_customers(orders: pd.DataFrame) -> tuple[pd.DataFrame, ic.IdentifiedRows]:
    """The orders that name somebody, each with the customer who made it."""
    # Orders that name nobody are reported with their positions, and have no person.
    people = ic.identify_frame(orders, email="email", phone="phone", errors="collect", default_region="DE")
    orders = orders.assign(customer=people["primary_contact_id"])
    return orders.dropna(subset=["customer"]).astype({"customer": "int64"}), people


def customers_of(named: pd.DataFrame) -> pd.DataFrame:
    """One row for each customer."""
    return (
        named.groupby("customer")
        .agg(orders=("order_id", "size"), amount=("amount", "sum"), first=("ordered_at", "min"))
        .sort_values("orders", ascending=False)
    )


def draw_largest(named: pd.DataFrame, customers: pd.DataFrame, folder: Path, count: int = 3) -> list[Path]:
    """The customers with the most orders, as pictures of what connects them."""
    pictures = []
    for rank, customer in enumerate(customers.index[:count], 1):
        with ic.IdentityResolver.connect("memory:", default_region="DE") as resolver:
            rows = named[named["customer"] == customer]
            found = resolver.identify_many(rows, email="email", phone="phone")
            graph = resolver.graph(found["primary_contact_id"][0] or 0)
        assert graph is not None
        picture = folder / f"cluster-{rank}.svg"
        picture.write_text(graph.svg(size=480), encoding="utf-8")
        pictures.append(picture)
    return pictures


def plot_sizes(customers: pd.DataFrame, path: Path) -> None:
    """How many customers ordered how often."""
    sizes = customers["orders"].value_counts().sort_index()
    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    axes.bar(sizes.index, sizes.to_numpy(), width=0.9, color="#1f7a55")
    axes.set(yscale="log", xlabel="orders of one customer", ylabel="customers", title="Cluster sizes")
    figure.savefig(path, dpi=120)
    plt.close(figure)


def main(folder: Path, count: int = 100_000) -> pd.DataFrame:
    """Everything; returns the customers."""
    folder.mkdir(parents=True, exist_ok=True)
    source = folder / "orders.csv"
    if not source.exists():
        write(str(source), count)
    orders = pd.read_csv(source, dtype={"email": "string", "phone": "string"})
    named, people = find_customers(orders)
    customers = customers_of(named)
    customers.to_csv(folder / "customers.csv")
    print(f"{len(orders)} orders, {people.people} customers, {len(people.errors)} orders that name nobody")
    print(f"{people.merges} times two customers turned out to be one")
    print(customers.head(5).to_string())
    for picture in draw_largest(named, customers, folder):
        print(f"drawn: {picture.name}")
    plot_sizes(customers, folder / "cluster-sizes.png")
    print("plotted: cluster-sizes.png")
    return customers


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where everything is written to")
    parser.add_argument("--count", type=int, default=100_000, help="orders, if they have to be made")
    arguments = parser.parse_args()
    main(arguments.folder, arguments.count)
