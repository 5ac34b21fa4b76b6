"""Shell completion knows what the parser knows."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from xpcrpc.codegen.completion import SHELLS, describe, script

from tests.codegen.commands import COMMANDS, parser

ROOT = Path(__file__).parents[2]
WITH_PROGRAM = {
    **os.environ,
    "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
}
WORDS = """
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($#-1))
_xpcrpc; echo "${COMPREPLY[*]}"
"""


def text(shell: str) -> str:
    """The script for a shell."""
    made: str = script(shell, describe(parser()[1]))
    return made


@pytest.mark.parametrize("shell", sorted(SHELLS))
def test_every_command_and_option_is_in_the_script(shell: str) -> None:
    said = text(shell)
    for command in describe(parser()[1]):
        assert command.name in said
        assert command.help
        for option in command.options():
            assert option.flags[-1].lstrip("-") in said
    assert len(COMMANDS) == len(describe(parser()[1]))


@pytest.mark.parametrize("shell", sorted(SHELLS))
def test_the_shell_itself_accepts_the_script(shell: str, tmp_path: Path) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    path = tmp_path / "script"
    path.write_text(text(shell), encoding="utf-8")
    subprocess.run([shell, "-n", str(path)], check=True)


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("xpcrpc li", "lint"),
        ("xpcrpc lint --onl", "--only"),
        ("xpcrpc lint --only single", "single-precision"),
        ("xpcrpc check --format g", "github"),
        ("xpcrpc check schemas/ech", "schemas/echo.toml"),
        ("xpcrpc docs x --out schem", "schemas"),
        ("xpcrpc breaking HEAD schemas/ech", "schemas/echo.toml"),
        ("xpcrpc breaking --explain FIELD_REM", "FIELD_REMOVED"),
        ("xpcrpc check --explain python-c", "python-collision"),
        ("xpcrpc check --format = g", "github"),
        ("xpcrpc show schemas/ech", "schemas/echo.toml"),
        ("xpcrpc show schemas/echo.toml Echo.sh", "Echo.shutdown"),
        ("xpcrpc show schemas/none.toml Echo.sh", ""),
        ("xpcrpc plist schemas/gallery.toml --service st", "strict_gallery"),
        ("xpcrpc nothing x", ""),
    ],
)
def test_bash_offers_what_fits(words: str, offered: str, tmp_path: Path) -> None:
    if shutil.which("bash") is None:
        pytest.skip("bash is not installed")
    path = tmp_path / "script"
    path.write_text(text("bash"), encoding="utf-8")
    ran = subprocess.run(
        ["bash", "-c", WORDS, "bash", str(path), *words.split()],
        check=True, capture_output=True, text=True, cwd=ROOT, env=WITH_PROGRAM,
    )  # fmt: skip
    assert ran.stdout.strip() == offered


@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not here (apt: fish)")
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("xpcrpc li", "lint"),
        ("xpcrpc check --format g", "github"),
        ("xpcrpc breaking --explain FIELD_REM", "FIELD_REMOVED"),
        ("xpcrpc show schemas/ech", "schemas/echo.toml"),
        ("xpcrpc show schemas/echo.toml Echo.sh", "Echo.shutdown"),
        ("xpcrpc plist schemas/gallery.toml --service st", "strict_gallery"),
    ],
)
def test_fish_offers_what_fits(words: str, offered: str, tmp_path: Path) -> None:
    path = tmp_path / "script.fish"
    path.write_text(text("fish"), encoding="utf-8")
    ran = subprocess.run(
        ["fish", "--no-config", "-c", f"source {path}; complete -C '{words}'"],
        check=True, capture_output=True, text=True, cwd=ROOT, env=WITH_PROGRAM,
    )  # fmt: skip
    assert [line.split("\t")[0] for line in ran.stdout.splitlines()] == [offered]


def test_every_command_has_examples() -> None:
    for command in parser()[1].choices.values():
        assert "examples:" in (command.epilog or "")
        assert command.description
