"""What one run observed can be held against another."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conformance.harness import SANITIZED

ROOT = Path(__file__).resolve().parents[2]
TOOL = ROOT / "tools" / "compare_observations.py"


def test_every_case_of_the_contract_is_here_by_name_and_observed() -> None:
    """T-1 to T-25 and E1 to E12: a ``test_t05_…`` or ``test_e05_…`` that notes what it saw."""
    observed: set[str] = set()
    for file in Path(__file__).parent.glob("test_*.py"):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef):
                name = re.match(r"test_([te]\d\d)_", node.name)
                words = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
                if name and "observe" in words:
                    observed.add(name[1])
    cases = [f"t{n:02}" for n in range(1, 26)] + [f"e{n:02}" for n in range(1, 13)]
    assert sorted(observed) == sorted(cases)


def compare(folder: Path, one: dict[str, object], other: dict[str, object]) -> tuple[int, str]:
    paths = []
    for system, observations in (("linux", one), ("darwin", other)):
        path = folder / f"{system}.json"
        path.write_text(json.dumps({"system": system, "observations": observations}))
        paths.append(str(path))
    run = subprocess.run(
        [sys.executable, str(TOOL), *paths], capture_output=True, text=True, check=False
    )
    return run.returncode, run.stdout


def test_equal_runs_have_no_differences(tmp_path: Path) -> None:
    assert compare(tmp_path, {"a": [1]}, {"a": [1]}) == (0, "1 the same, 0 different\n")


def test_differences_are_printed_a_line_each(tmp_path: Path) -> None:
    status, text = compare(tmp_path, {"a": 1, "b": 2, "c": 3}, {"a": 1, "b": "two", "d": 4})
    assert status == 1
    assert text.splitlines() == [
        'b: linux 2, darwin "two"',
        'c: linux 3, darwin "(not observed)"',
        'd: linux "(not observed)", darwin 4',
        "1 the same, 3 different",
    ]


@pytest.mark.skipif(SANITIZED, reason="two runs more; that they agree is not a matter of memory")
def test_two_runs_observe_the_same(tmp_path: Path) -> None:
    """The observations hold no process ids, times or orders of chance."""
    paths = [tmp_path / name for name in ("one.json", "two.json")]
    for path in paths:
        run = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k",
             "t01 or t13 or t22 or e05 or e06",
             str(Path(__file__).parent)],
            cwd=ROOT,
            env={**_environment(), "XPCRPC_OBSERVATIONS": str(path)},
            capture_output=True,
            text=True,
            check=False,
        )  # fmt: skip
        assert run.returncode == 0, run.stdout
    one, two = (json.loads(path.read_text()) for path in paths)
    assert one == two
    assert len(one["observations"]) > 5


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}
