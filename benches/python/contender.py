"""One contender, as a process of its own: ``python contender.py NAME VISITS.arrow``.

Reads the visits, then measures from strings to one person for each row, and prints seconds, the number of people, a
digest of who is with whom, and megabytes at the peak and before. The digest is of each row's first row with the same
person, so it does not depend on what a contender calls its people.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa

Labels = Any


def ours(table: pa.Table) -> tuple[float, Labels]:
    import pandas as pd

    import identity_core as ic

    visits = _pandas(table)
    start = time.perf_counter()
    people = ic.identify_frame(visits, email="email", phone="phone")
    visits["person"] = people["primary_contact_id"]
    took = time.perf_counter() - start
    assert isinstance(visits, pd.DataFrame)
    return took, visits["person"].to_numpy()


def pandas_scipy(table: pa.Table) -> tuple[float, Labels]:
    import pandas as pd
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    visits = _pandas(table)
    start = time.perf_counter()
    email, emails = pd.factorize(visits["email"])
    phone, phones = pd.factorize(visits["phone"])
    both = (email >= 0) & (phone >= 0)
    size = len(emails) + len(phones)
    links = coo_matrix(
        (np.ones(both.sum(), dtype=np.int8), (email[both], len(emails) + phone[both])), shape=(size, size)
    )
    _, component = connected_components(links, directed=False)
    visits["person"] = component[np.where(email >= 0, email, len(emails) + phone)]
    return time.perf_counter() - start, visits["person"].to_numpy()


def duckdb_sql(table: pa.Table) -> tuple[float, Labels]:
    """Label propagation with pointer jumping: the least label among all neighbours, until nothing changes."""
    import duckdb

    db = duckdb.connect()
    db.register("source", table)
    db.execute("CREATE TABLE visits AS SELECT row_number() OVER () - 1 AS row, email, phone FROM source")
    start = time.perf_counter()
    db.execute(
        "CREATE TABLE email AS SELECT email, row_number() OVER () AS id "
        "FROM (SELECT DISTINCT email FROM visits WHERE email IS NOT NULL)"
    )
    db.execute(
        "CREATE TABLE phone AS SELECT phone, -row_number() OVER () AS id "
        "FROM (SELECT DISTINCT phone FROM visits WHERE phone IS NOT NULL)"
    )
    db.execute(
        "CREATE TABLE named AS SELECT row, email.id AS e, phone.id AS p "
        "FROM visits LEFT JOIN email USING (email) LEFT JOIN phone USING (phone)"
    )
    db.execute("CREATE TABLE edge AS SELECT DISTINCT e, p FROM named WHERE e IS NOT NULL AND p IS NOT NULL")
    db.execute("CREATE TABLE label AS SELECT id, id AS label FROM email UNION ALL SELECT id, id FROM phone")
    while True:
        db.execute(
            "CREATE OR REPLACE TABLE least AS SELECT id, min(label) AS label FROM ("
            "  SELECT e AS id, label FROM edge JOIN label ON label.id = edge.p"
            "  UNION ALL SELECT p, label FROM edge JOIN label ON label.id = edge.e"
            "  UNION ALL SELECT id, label FROM label) GROUP BY id"
        )
        db.execute(
            "CREATE OR REPLACE TABLE next AS SELECT a.id, least(a.label, b.label) AS label "
            "FROM least a JOIN least b ON b.id = a.label"
        )
        changed = db.execute(
            "SELECT count(*) FROM next JOIN label USING (id) WHERE next.label <> label.label"
        ).fetchone()
        db.execute("DROP TABLE label")
        db.execute("ALTER TABLE next RENAME TO label")
        if changed == (0,):
            break
    answer = db.execute("SELECT row, label AS person FROM named JOIN label ON label.id = coalesce(e, p)").fetchnumpy()
    person = np.empty(table.num_rows, dtype=np.int64)
    person[answer["row"]] = answer["person"]
    return time.perf_counter() - start, person


def splink(table: pa.Table) -> tuple[float, Labels]:
    """Its clustering of pairs that were matched elsewhere: each visit with the first of its email and of its phone."""
    import duckdb
    from splink import DuckDBAPI
    from splink.clustering import cluster_pairwise_predictions_at_threshold

    db = duckdb.connect()
    db.register("source", table)
    db.execute("CREATE TABLE visits AS SELECT row_number() OVER () - 1 AS unique_id, email, phone FROM source")
    start = time.perf_counter()
    db.execute(
        "CREATE TABLE pairs AS SELECT DISTINCT unique_id_l, unique_id_r, 1.0 AS match_probability FROM ("
        "  SELECT min(unique_id) OVER (PARTITION BY email) AS unique_id_l, unique_id AS unique_id_r"
        "    FROM visits WHERE email IS NOT NULL"
        "  UNION ALL SELECT min(unique_id) OVER (PARTITION BY phone), unique_id FROM visits WHERE phone IS NOT NULL"
        ") WHERE unique_id_l <> unique_id_r"
    )
    api = DuckDBAPI(connection=db)
    db.execute("CREATE TABLE nodes AS SELECT unique_id FROM visits")
    clusters = cluster_pairwise_predictions_at_threshold(
        api.register("nodes"),
        api.register("pairs"),
        db_api=api,
        node_id_column_name="unique_id",
        edge_id_column_name_left="unique_id_l",
        edge_id_column_name_right="unique_id_r",
        threshold_match_probability=0.5,
    )
    answer = clusters.as_duckdbpyrelation().select("unique_id", "cluster_id").fetchnumpy()
    person = np.empty(table.num_rows, dtype=np.int64)
    person[answer["unique_id"]] = answer["cluster_id"]
    return time.perf_counter() - start, person


def polars_networkx(table: pa.Table) -> tuple[float, Labels]:
    import networkx as nx
    import polars as pl

    visits = pl.DataFrame(table)
    start = time.perf_counter()
    graph = nx.Graph()
    graph.add_nodes_from(("e", value) for value in visits["email"].drop_nulls().unique())
    graph.add_nodes_from(("p", value) for value in visits["phone"].drop_nulls().unique())
    for email, phone in visits.drop_nulls().unique().iter_rows():
        graph.add_edge(("e", email), ("p", phone))
    emails: dict[str, int] = {}
    phones: dict[str, int] = {}
    for number, members in enumerate(nx.connected_components(graph)):
        for kind, value in members:
            (emails if kind == "e" else phones)[value] = number
    person = visits.select(
        pl.coalesce(
            pl.col("email").replace_strict(emails, default=None, return_dtype=pl.Int64),
            pl.col("phone").replace_strict(phones, default=None, return_dtype=pl.Int64),
        ).alias("person")
    )["person"]
    return time.perf_counter() - start, person.to_numpy()


CONTENDERS: dict[str, Callable[[pa.Table], tuple[float, Labels]]] = {
    "ours": ours,
    "pandas-scipy": pandas_scipy,
    "duckdb": duckdb_sql,
    "splink": splink,
    "polars-networkx": polars_networkx,
}


def _pandas(table: pa.Table) -> Any:
    """As ``pandas.read_csv`` would give it: text of pandas' own type, which has lain in Arrow since pandas 3."""
    return table.to_pandas()


def _megabytes(name: str) -> float:
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith(name))


def _digest(person: Labels) -> tuple[int, str]:
    """The same as in ``benches/src/rows/partition.rs``."""
    _, first, inverse = np.unique(person, return_index=True, return_inverse=True)
    row = np.arange(len(inverse), dtype=np.uint64)
    mixed = (first[inverse].astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    mixed ^= row * np.uint64(0xC2B2AE3D27D4EB4F)
    mixed = (mixed ^ (mixed >> np.uint64(32))) * np.uint64(0xD6E8FEB86659FD93)
    return len(first), f"{int(mixed.sum(dtype=np.uint64)):016x}"


def main() -> None:
    name, path = sys.argv[1:]
    with pa.OSFile(path) as file:
        table = pa.ipc.open_file(file).read_all()
    before = _megabytes("VmRSS")
    took, person = CONTENDERS[name](table)
    peak = _megabytes("VmHWM")
    print(took, *_digest(person), peak, before)


if __name__ == "__main__":
    main()
