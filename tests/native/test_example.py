"""The C example, built as its README says, with the words this package prints."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMPILER = os.environ.get("CC") or shutil.which("cc")

pytestmark = [
    pytest.mark.skipif(
        not sys.platform.startswith("linux"), reason="the portable libxpc is for Linux"
    ),
    pytest.mark.skipif(COMPILER is None, reason="needs a C compiler"),
]


def flags(*asked: str) -> list[str]:
    """What ``python -m xpcrpc.native`` prints, as words."""
    done = subprocess.run(
        [sys.executable, "-m", "xpcrpc.native", *asked], capture_output=True, text=True, check=True
    )
    return shlex.split(done.stdout)


@pytest.fixture(scope="module")
def echo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example, compiled with every warning on."""
    assert COMPILER is not None
    program = tmp_path_factory.mktemp("example") / "echo"
    command = [
        *COMPILER.split(), "-O1", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror",
        *flags("--cflags"), str(ROOT / "examples" / "c" / "echo.c"),
        *flags("--sources", "--libs"), "-o", str(program),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return program


def ask(echo: Path, environment: dict[str, str], text: str) -> subprocess.CompletedProcess[str]:
    """One question."""
    return subprocess.run(
        [str(echo), "ask", "org.example.echo", text],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        timeout=30,
    )


def test_the_example_answers_and_ends_when_asked(echo: Path, tmp_path: Path) -> None:
    """Two processes talk; SIGTERM ends the service in order, and its name is free."""
    environment = {**os.environ, "XPCRPC_BOOTSTRAP_DIR": str(tmp_path)}
    tmp_path.chmod(0o700)
    missing = ask(echo, environment, "nobody")
    assert missing.returncode == 1 and "Connection invalid" in missing.stderr
    with subprocess.Popen([str(echo), "serve", "org.example.echo"], env=environment) as service:
        deadline = time.monotonic() + 20
        while not (tmp_path / "org.example.echo").exists():
            assert time.monotonic() < deadline and service.poll() is None
            time.sleep(0.01)
        answer = ask(echo, environment, "hello")
        assert (answer.returncode, answer.stdout) == (0, "hello\n"), answer.stderr
        service.send_signal(signal.SIGTERM)
        assert service.wait(20) == 0
    assert list(tmp_path.iterdir()) == []


def test_the_words_are_those_of_this_package() -> None:
    """Headers and sources exist where the words point; nothing asked is an error."""
    words = flags("--cflags", "--sources", "--libs")
    include = next(word[2:] for word in words if word.startswith("-I"))
    assert (Path(include) / "xpc" / "portable.h").exists()
    found = [word for word in words if word.endswith(".c")]
    assert len(found) > 20 and all(Path(word).exists() for word in found)
    done = subprocess.run(
        [sys.executable, "-m", "xpcrpc.native"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2 and "--cflags" in done.stderr
