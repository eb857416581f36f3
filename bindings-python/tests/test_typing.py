"""Hints are complete, and true."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


def _run(*command: str, cwd: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", *command], capture_output=True, text=True, cwd=cwd, env=os.environ | {"MYPYPATH": ""}
    )
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.filterwarnings("default")
def test_the_stub_says_what_the_module_has(tmp_path: Path, root: Path) -> None:
    config = str(root / "pyproject.toml")
    _run(
        "mypy.stubtest", "identity_core._native", "--ignore-disjoint-bases", "--mypy-config-file", config, cwd=tmp_path
    )


def test_mypy_is_content(root: Path) -> None:
    # Not as it is installed: among its neighbours mypy finds modules that it has itself.
    _run(
        "mypy",
        "--config-file",
        "pyproject.toml",
        "--cache-dir",
        os.devnull,
        "examples",
        "python/identity_core",
        "tests/typed_use.py",
        cwd=root,
    )


def test_pyright_is_content(root: Path) -> None:
    _run(
        "pyright",
        "--pythonpath",
        sys.executable,
        "--project",
        "pyproject.toml",
        "examples",
        "tests/typed_use.py",
        cwd=root,
    )
    _run("pyright", "--pythonpath", sys.executable, "--verifytypes", "identity_core", "--ignoreexternal", cwd=root)


def test_python_is_formatted(root: Path) -> None:
    # The benchmarks are not part of the source distribution.
    folders = [
        str(folder) for folder in (*map(root.joinpath, ("python", "tests", "examples")), root / "../benches/python")
    ]
    for command in (["check", "--quiet"], ["format", "--check", "--quiet"]):
        _run("ruff", *command, "--no-cache", "--config", "pyproject.toml", *folders, cwd=root)
