"""The README's example, done as it says: written down, compiled, and run as two processes."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.+?)```", README, re.DOTALL)


def block(language: str, first_line: str) -> str:
    """The README's block that begins so."""
    (found,) = [
        text for kind, text in BLOCKS if kind == language and text.startswith(first_line + "\n")
    ]
    return str(found)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with the files that the README tells to write."""
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas" / "greeter.toml").write_text(block("toml", "# schemas/greeter.toml"))
    for name in ("server.py", "client.py"):
        (tmp_path / name).write_text(block("python", f"# {name}"))
    return tmp_path


def xpcrpc(place: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the compiler there."""
    return subprocess.run(
        [sys.executable, "-m", "xpcrpc.codegen", *words],
        cwd=place, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_commands_of_the_readme_are_those_of_the_compiler() -> None:
    listed = set(re.findall(r"^\| `(?:source <\()?xpcrpc ([a-z]+)", README, re.MULTILINE))
    listed |= set(re.findall(r"`xpcrpc plist`, `(\w+)`, `(\w+)`", README)[0])
    said = subprocess.run(
        [sys.executable, "-m", "xpcrpc.codegen", "--help"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    for command in listed:
        assert re.search(rf"\b{command}\b", said), command


def test_the_contract_is_clean_by_our_own_tools(place: Path) -> None:
    contract = "schemas/greeter.toml"
    _, _, text = (place / contract).read_text().partition("\n")  # after the block's title
    (place / contract).write_text(text.rstrip("\n") + "\n")
    for command in (("check",), ("lint",), ("fmt", "--check")):
        done = xpcrpc(place, *command, contract)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(sys.platform == "darwin", reason="a name needs launchd there")
def test_the_example_greets(place: Path) -> None:
    compiled = xpcrpc(place, "gen", "schemas", "--out", "generated")
    assert compiled.returncode == 0, compiled.stderr
    names = place / "names"
    names.mkdir(mode=0o700)
    env = {**os.environ, "XPCRPC_BOOTSTRAP_DIR": str(names)}
    with subprocess.Popen([sys.executable, "server.py"], cwd=place, env=env) as server:
        try:
            while not (names / "org.example.greeter").exists():
                assert server.poll() is None
            done = subprocess.run(
                [sys.executable, "client.py"],
                cwd=place, env=env, capture_output=True, text=True, check=False, timeout=60,
            )  # fmt: skip
            assert re.fullmatch(r"Good day, Ada; you are process \d+\.\n", done.stdout), (
                done.stdout + done.stderr
            )
        finally:
            server.send_signal(signal.SIGTERM)
            assert server.wait(60) == 0


def test_every_page_that_is_named_is_there() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *ROOT.glob("examples/**/*.md")]
    for page in pages:
        text = page.read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", text):
            if "://" not in target:
                assert (page.parent / target).exists(), (page, target)
        for target in re.findall(r"`((?:docs|examples|schemas|benchmarks|tools)/[\w./]+)`", text):
            assert (ROOT / target).exists(), (page, target)
