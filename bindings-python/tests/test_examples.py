"""The examples run, and are right."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import nbformat
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from nbclient import NotebookClient

import identity_core as ic


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder of the example after it has run, and what it said."""
    folder = tmp_path_factory.mktemp("shop")
    examples = Path(__file__).resolve().parent.parent / "examples"
    command = [sys.executable, str(examples / "orders_to_customers.py"), str(folder)]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return folder, run.stdout


def test_orders_become_customers(shop: tuple[Path, str]) -> None:
    folder, told = shop
    orders = pd.read_csv(folder / "orders.csv")
    customers = pd.read_csv(folder / "customers.csv")
    assert len(orders) == 100_000
    assert f"100000 orders, {len(customers)} customers" in told
    # A typo is a customer of its own, and a family may be one: but not by much.
    assert 0.8 * orders["person"].nunique() < len(customers) < 1.3 * orders["person"].nunique()
    assert customers["orders"].sum() + int(told.split(" orders that name nobody")[0].split()[-1]) == 100_000
    for rank in (1, 2, 3):
        picture = ElementTree.parse(folder / f"cluster-{rank}.svg").getroot()
        assert len(picture.findall(".//{http://www.w3.org/2000/svg}circle")) > 3
    assert (folder / "cluster-sizes.png").read_bytes().startswith(b"\x89PNG")


def test_every_frame_gives_the_same_answer(shop: tuple[Path, str]) -> None:
    path = shop[0] / "orders.csv"
    frame = pd.read_csv(path, dtype={"email": "string", "phone": "string"})
    shapes = {
        "pandas": frame,
        "pandas objects": frame.astype({"email": object, "phone": object}),
        "polars": pl.read_csv(path, schema_overrides={"phone": pl.String}),
        "pyarrow": pa.Table.from_pandas(frame),
        "list": frame[["email", "phone"]].to_dict("records"),
    }
    answers = {
        name: ic.identify_frame(shape, email="email", phone="phone", errors="collect") for name, shape in shapes.items()
    }
    with ic.IdentityResolver.connect("memory:") as resolver:
        answers["store"] = resolver.identify_many(shapes["polars"], errors="collect")
    expected = pa.table(answers["pandas"])
    assert expected.num_rows == 100_000 and expected["primary_contact_id"].null_count > 100
    for name, answer in answers.items():
        assert pa.table(answer).equals(expected), name
        assert answer.people == answers["pandas"].people, name


def test_the_csv_is_the_same_for_a_seed(tmp_path: Path, root: Path) -> None:
    for name in ("one.csv", "other.csv"):
        command = [sys.executable, str(root / "examples/make_orders.py"), str(tmp_path / name), "--count", "500"]
        subprocess.run(command, check=True)
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "other.csv").read_bytes()


def test_the_service_answers(database_url: str, root: Path) -> None:
    command = [sys.executable, str(root / "examples/service.py"), database_url]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert len(set(output[:3])) == 1 and output[0].startswith("customer ")
    assert output[3] == "please correct your email"


@pytest.mark.filterwarnings("default")
def test_the_notebook_executes(root: Path) -> None:
    notebook = nbformat.read(root / "examples/orders_to_customers.ipynb", as_version=4)
    client = NotebookClient(notebook, timeout=280, resources={"metadata": {"path": str(root / "examples")}})
    client.execute()
    shown = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    pictures = {kind for output in shown for kind in output.get("data", {})}
    assert {"text/html", "image/svg+xml", "image/png"} <= pictures
