"""What one run observed can be held against another."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conformance.harness import SANITIZED

ROOT = Path(__file__).resolve().parents[2]
TOOL = ROOT / "tools" / "compare_observations.py"


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
