"""Type checkers infer in a program what its contract says, and refuse what it does not."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDER = Path(__file__).parent / "typing"
_SAID = re.compile(r"^(.+?):(\d+): (?:note|error): (.*)$")


def said_by_mypy(name: str, folder: Path) -> dict[int, list[str]]:
    """What mypy says about a program of ours, by line.

    The programs are no ``.py`` files, since one of them is wrong on purpose.
    """
    pytest.importorskip("mypy")
    file = folder / f"{name}.py"
    shutil.copyfile(FOLDER / f"{name}.txt", file)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--config-file="),
            *("--cache-dir", str(folder / "cache"), str(file)),
        ],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "MYPYPATH": str(ROOT)},
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    found: dict[int, list[str]] = {}
    for line in done.stdout.splitlines():
        match = _SAID.match(line)
        assert match is not None, line
        if Path(match[1]).name == file.name:
            found.setdefault(int(match[2]), []).append(match[3])
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both runs share mypy's cache."""
    return tmp_path_factory.mktemp("mypy")


def expected(name: str) -> dict[int, str]:
    """The comment of every line that has one."""
    lines = (FOLDER / f"{name}.txt").read_text(encoding="utf-8").split("\n")
    marked = ((number, line.partition("  # ")[2]) for number, line in enumerate(lines, 1))
    return {number: comment for number, comment in marked if comment}


def plain(text: str) -> str:
    """A revealed type in the shorter of the spellings that versions of mypy have."""
    text = text.removeprefix("Revealed type is ").replace("builtins.", "")
    return re.sub(r"Union\[(.*), None\]", r"\1 | None", text)


def test_mypy_infers_what_the_contract_says(folder: Path) -> None:
    said = said_by_mypy("clients", folder)
    assert {number: plain(" ".join(texts)) for number, texts in said.items()} == expected("clients")


def test_mypy_refuses_what_the_contract_does_not_say(folder: Path) -> None:
    said = said_by_mypy("mistakes", folder)
    wanted = expected("mistakes")
    assert said.keys() == wanted.keys()
    for number, comment in wanted.items():
        assert any(comment in text for text in said[number]), (number, said[number])


def test_pyright_finds_nothing_wrong_with_generated_code_or_its_use(folder: Path) -> None:
    pytest.importorskip("pyright", reason="pyright is not installed")
    file = folder / "pyright_clients.py"
    shutil.copyfile(FOLDER / "clients.txt", file)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pyright", "--pythonpath", sys.executable),
            *(str(ROOT / "generated"), str(file)),
        ],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
    )
    assert done.returncode == 0, done.stdout + done.stderr
