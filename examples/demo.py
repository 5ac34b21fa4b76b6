"""``make demo``: contracts become code, and processes talk with it.

Every server and client below is a process of its own; what they print stands behind
their role and process id. Ends with exit code 1 if anything is not as expected, and
leaves no process behind.
"""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from examples.programs import ROOT, Program, UnexpectedError


def main() -> int:
    """Run every example; the exit code."""
    print(f"xpcrpc on {platform.system()}, Python {platform.python_version()}, pid {os.getpid()}")
    try:
        with tempfile.TemporaryDirectory(prefix="xpcrpc-") as directory:
            os.environ["XPCRPC_BOOTSTRAP_DIR"] = directory
            os.environ["XPCRPC_TEAM_ID"] = "ABCDE12345"
            _title("The contracts in schemas/ become typed Python in generated/")
            compile_contracts()
            _title("Echo, in one process: an end without a name")
            echo_in_one_process()
            _title("Echo, in two processes: found by its name")
            echo_in_two_processes()
            _title("A certificate authority whose key stays where it is")
            ca_exchange()
            _title("A network extension, its host app, and a third process")
            network_extension()
            left = os.listdir(directory)
            _require(not left, f"names are left behind: {left}")
    except UnexpectedError as error:
        print(f"\nNOT as expected: {error}")
        return 1
    print("\nEverything was as expected.")
    return 0


def compile_contracts() -> None:
    """Compile, and compare with what is checked in."""
    command = [sys.executable, "-m", "xpcrpc.codegen", "gen", "schemas", "--out", "generated"]
    ended = subprocess.run([*command, "--check"], cwd=ROOT, check=False)
    _require(ended.returncode == 0, "generated/ is not what the contracts say; run `make generate`")
    for contract in sorted((ROOT / "schemas").glob("*.toml")):
        print(f"  schemas/{contract.name} -> generated/{contract.stem}/")


def echo_in_one_process() -> None:
    """Service and client share an event loop."""
    with Program("both", "examples.echo") as both:
        both.expect("heard 'Hallo, Welt' after 2 notes")
        both.expect("round trip:")
        both.expect_end()
        both.expect("the service has stopped")


def echo_in_two_processes() -> None:
    """The service ends because the client tells it to."""
    with Program("server", "examples.echo.server") as server:
        server.expect("serving org.example.echo")
        with Program("client", "examples.echo.client") as client:
            client.expect("heard 'Hallo, Welt' after 2 notes")
            client.expect_end()
            server.expect(f"note from pid {client.pid}: 'second'")
            server.expect(f"told to stop by pid {client.pid}")
        server.expect_end()


def ca_exchange() -> None:
    """The service ends by SIGTERM."""
    with Program("authority", "examples.ca_exchange.server", "--development") as authority:
        authority.expect("serving org.example.ca_exchange")
        with Program("client", "examples.ca_exchange.client") as client:
            client.expect_end()
            checked = [line for line in client.lines if "as the authority says" in line]
            _require(len(checked) == 2, "the client did not confirm two fingerprints")
            client.expect("the fingerprint is new")
            client.expect("is refused: this authority makes no ed448 keys")
            authority.expect(f"rotated for pid {client.pid}")
        _end(authority)


def network_extension() -> None:
    """Three processes; an end travels from the first through the second to the third."""
    with ExitStack() as stack:
        extension = stack.enter_context(
            Program("extension", "examples.network_extension.extension")
        )
        inspector = stack.enter_context(
            Program("inspector", "examples.network_extension.inspector")
        )
        extension.expect("serving ABCDE12345.org.example.tproxy.xpc")
        inspector.expect("serving ABCDE12345.org.example.tproxy.inspector")
        host = stack.enter_context(Program("host app", "examples.network_extension.host_app"))
        host.expect(f"log: started in mode inspect by pid {extension.pid}")
        host.expect("telemetry: org.example.browser received [5000, 6000, 7000, 8000, 9000]")
        extension.expect(f"telemetry for pid {host.pid} ends")
        host.expect("a second start is refused: it runs already")
        host.expect("an unknown flow is refused: True")
        inspector.expect(f"pid {host.pid} hands over a tap")
        extension.expect(f"the tap is in the hands of pid {inspector.pid}")
        host.expect("the inspector read 300000 bytes of org.example.browser")
        host.expect("log: stopped")
        host.expect("log ended: True")
        host.expect_end()
        with tempfile.TemporaryDirectory(prefix="xpcrpc-") as folder:
            version = compile_newer_contract(folder)
            newer = stack.enter_context(
                Program("newer app", "examples.network_extension.newer_host", folder)
            )
            newer.expect("what both versions have works: mode block")
            newer.expect(f"{version}, the service serves")
            newer.expect("it lacks pause")
            newer.expect_end()
        _end(inspector)
        _end(extension)


def compile_newer_contract(folder: str) -> str:
    """Compile the contract with a method more into ``folder``; the version it has then."""
    text = (ROOT / "schemas" / "tproxy.toml").read_text(encoding="utf-8")
    found = re.search(r'^version *= "1\.(\d+)"', text, re.MULTILINE)
    assert found is not None
    version = f"1.{int(found[1]) + 1}"
    text = text.replace(found[0], f'version = "{version}"', 1) + (
        "\n[protocol.Control.methods.pause]\n"
        f'doc = "Let every flow through for a while."\nsince = "{version}"\n'
    )
    contract = Path(folder, "tproxy.toml")
    contract.write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "xpcrpc.codegen", "gen", str(contract), "--out", folder]
    ended = subprocess.run(command, cwd=ROOT, check=False, stdout=subprocess.DEVNULL)
    _require(ended.returncode == 0, "the newer contract does not compile")
    return version


def _end(program: Program) -> None:
    program.terminate()
    print(f"  {program.role} {program.pid}  got SIGTERM, ended with exit code 0")


def _title(text: str) -> None:
    print(f"\n== {text}")


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise UnexpectedError(otherwise)


if __name__ == "__main__":
    sys.exit(main())
