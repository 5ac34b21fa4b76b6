"""The examples run, say what they should, and leave nothing behind."""

from __future__ import annotations

import hashlib
import os
import re
import signal
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateNumbers

from examples.ca_exchange.authority import Authority
from examples.programs import Program, UnexpectedError
from generated.ca_exchange import KeyKind

ROOT: Final = Path(__file__).resolve().parents[2]
EXAMPLES: Final = ROOT / "examples"
FOLDERS: Final = sorted(path.parent for path in EXAMPLES.glob("*/README.md"))

needs_names: Final = pytest.mark.skipif(sys.platform == "darwin", reason="a name needs launchd")


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory for names, and a team."""
    with tempfile.TemporaryDirectory(prefix="xpcrpc-") as directory:
        monkeypatch.setenv("XPCRPC_BOOTSTRAP_DIR", directory)
        monkeypatch.setenv("XPCRPC_TEAM_ID", "ABCDE12345")
        yield Path(directory)
        assert not list(Path(directory).iterdir()), "a name is left behind"


def test_echo_in_one_process() -> None:
    with Program("both", "examples.echo") as both:
        both.expect_end()
    assert f"note from pid {both.pid}: 'first'" in both.lines
    assert "asked for 'Hallo, Welt', heard 'Hallo, Welt' after 2 notes" in both.lines
    assert both.lines[-1] == "the service has stopped"


@needs_names
def test_echo_in_two_processes() -> None:
    with Program("server", "examples.echo.server") as server:
        server.expect("serving org.example.echo")
        with Program("client", "examples.echo.client") as client:
            client.expect_end()
        server.expect_end()
    assert "asked for 'Hallo, Welt', heard 'Hallo, Welt' after 2 notes" in client.lines
    notes = [line for line in server.lines if line.startswith("note ")]
    assert notes == [f"note from pid {client.pid}: {text!r}" for text in ("first", "second")]
    assert f"told to stop by pid {client.pid}" in server.lines


def test_a_client_without_a_service_ends_with_an_error() -> None:
    with Program("client", "examples.echo.client") as client:
        with pytest.raises(UnexpectedError, match="exit code 1"):
            client.expect_end()
        client.expect("ConnectionInvalidError")


@needs_names
def test_the_authority_is_checked_and_rotated() -> None:
    with Program("authority", "examples.ca_exchange.server", "--development") as authority:
        authority.expect("DEVELOPMENT rule")
        authority.expect("serving org.example.ca_exchange")
        with Program("client", "examples.ca_exchange.client") as client:
            client.expect_end()
        authority.terminate()
    digests = [
        found[1]
        for line in client.lines
        if (found := re.fullmatch(r"SHA-256 computed here: ([0-9a-f]{16})…, (.*)", line))
        and found[2] == "as the authority says"
    ]
    assert len(set(digests)) == 2
    assert "after the rotation the fingerprint is new" in client.lines
    assert any("this authority makes no ed448 keys" in line for line in client.lines)
    assert not any("PRIVATE KEY" in line for line in [*authority.lines, *client.lines])


@pytest.mark.parametrize("kind", KeyKind)
def test_the_certificate_holds_the_public_key_only(kind: KeyKind) -> None:
    authority = Authority(kind)
    der = ssl.PEM_cert_to_DER_cert(authority.certificate.pem)
    numbers = authority._key.private_numbers()
    secret = numbers.d if isinstance(numbers, RSAPrivateNumbers) else numbers.private_value
    assert secret.to_bytes((secret.bit_length() + 7) // 8) not in der
    assert hashlib.sha256(der).digest() == authority.fingerprint


@needs_names
def test_an_end_reaches_a_third_process_which_knows_no_name() -> None:
    module = "examples.network_extension"
    with (
        Program("extension", f"{module}.extension") as extension,
        Program("inspector", f"{module}.inspector") as inspector,
    ):
        extension.expect("serving ABCDE12345.org.example.tproxy.xpc")
        inspector.expect("serving ABCDE12345.org.example.tproxy.inspector")
        with Program("host app", f"{module}.host_app") as host:
            host.expect_end()
        extension.expect("the tap was let go after 300000 bytes")
        inspector.terminate()
        extension.terminate()
    assert f"log: started in mode inspect by pid {extension.pid}" in host.lines
    assert "a second start is refused: it runs already" in host.lines
    assert "an unknown flow is refused: True" in host.lines
    assert f"pid {host.pid} hands over a tap" in inspector.lines
    assert f"the tap is in the hands of pid {inspector.pid}" in extension.lines
    assert "the inspector read 300000 bytes of org.example.browser" in host.lines
    assert host.lines[-2:] == ["log: stopped", "log ended: True"]


@needs_names
def test_the_demo_is_as_expected_and_leaves_no_process() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "examples.demo"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as demo:
        said, _ = demo.communicate(timeout=120)
    assert demo.returncode == 0, said
    assert said.rstrip().endswith("Everything was as expected.")
    assert said.count("round trip:") == 4
    assert said.count("got SIGTERM, ended with exit code 0") == 3
    with pytest.raises(ProcessLookupError):
        os.killpg(demo.pid, signal.SIGKILL)


def test_the_demo_fails_when_something_differs() -> None:
    script = (
        "import examples.demo as demo\n"
        "demo.compile_contracts = lambda: None\n"
        "demo.echo_in_one_process = lambda: demo._require(False, 'made to fail')\n"
        "raise SystemExit(demo.main())\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    assert "NOT as expected: made to fail" in ended.stdout


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_readme_names_only_programs_and_contracts_that_exist(folder: Path) -> None:
    readme = (folder / "README.md").read_text(encoding="utf-8")
    for module in re.findall(r"python -m (examples[.\w]*)", readme):
        path = ROOT.joinpath(*module.split("."))
        assert path.with_suffix(".py").is_file() or (path / "__main__.py").is_file(), module
    for link in re.findall(r"\]\(([^)]+)\)", readme):
        assert (folder / link).is_file(), link
