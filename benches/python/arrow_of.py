"""Makes an Arrow file of the visits that the benchmark wrote as text: ``python arrow_of.py VISITS.csv OUT``."""

from __future__ import annotations

import sys

import pyarrow as pa
from pyarrow import csv


def main() -> None:
    source, target = sys.argv[1:]
    table = csv.read_csv(
        source,
        read_options=csv.ReadOptions(column_names=["email", "phone"]),
        convert_options=csv.ConvertOptions(
            column_types={"email": pa.string(), "phone": pa.string()}, strings_can_be_null=True, null_values=[""]
        ),
    )
    with pa.OSFile(target, "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table)


if __name__ == "__main__":
    main()
