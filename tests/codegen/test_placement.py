"""`plist`, `units` and `entitlements`: what the system's own tools say about them."""

from __future__ import annotations

import json
import os
import plistlib
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from xpcrpc.codegen.cli import main
from xpcrpc.codegen.signature import value_text

ROOT = Path(__file__).parents[2]
GALLERY = str(ROOT / "schemas" / "gallery.toml")
TPROXY = str(ROOT / "schemas" / "tproxy.toml")
TEAM = "ABCDE12345"
PLUTIL = shutil.which("plutil") or shutil.which("/opt/swift/usr/bin/plutil")

CONTRACT = """
schema = 1
package = "org.example.small"
version = "1.0"

[protocol.P]
methods.go = {}

[service.a]
doc      = "100% of what a $USER wants; \\"quoted\\" and more.\\n\\nNot this."
protocol = "P"
name     = "org.example.a"
domain   = "DOMAIN"

[service.a.peer]
macos = "anyone"
linux = "anyone"

[service.a.systemd]
exec              = ["/bin/true", "50%", "a b", "it's", "$HOME", "b\\\\s", "say \\"x\\"", ";"]
environment       = { PERCENT = "50%", SPACE = "a b", EMPTY = "", QUOTE = "\\"'" }
after             = ["basic.target"]
wants             = ["basic.target"]
requires          = ["basic.target"]
documentation     = ["https://example.org/a%20b"]
socket_mode       = "0660"
backlog           = 5
restart           = "on_failure"
restart_s         = 2
stop_timeout_s    = 3
umask             = "077"
nice              = 5
tasks_max         = 20
working_directory = "/tmp"
no_new_privileges = true
private_tmp       = true
wanted_by         = "sockets.target"
"""


def xpcrpc(*arguments: str) -> int:
    """The exit code of the command."""
    status: int = main(list(arguments))
    return status


def plists(folder: Path) -> dict[str, Any]:
    """Every property list in a folder, by its file's name."""
    return {path.name: plistlib.loads(path.read_bytes()) for path in folder.iterdir()}


def test_a_job_has_its_label_its_name_and_what_the_contract_says(tmp_path: Path) -> None:
    assert xpcrpc("plist", GALLERY, "--out", str(tmp_path), "--team-id", TEAM) == 0
    found = plists(tmp_path)
    assert set(found) == {"org.example.gallery.plist", "org.example.gallery.open.plist"}
    agent = found["org.example.gallery.plist"]
    assert agent["Label"] == "org.example.gallery"
    assert agent["MachServices"] == {"org.example.gallery": {"ResetAtClose": True}}
    assert agent["KeepAlive"]["SuccessfulExit"] is False
    assert agent["LimitLoadToSessionType"] == "Aqua"
    assert agent["ProcessType"] == "Background"
    assert agent["Umask"] == 0o077
    daemon = found["org.example.gallery.open.plist"]
    assert daemon["MachServices"] == {f"{TEAM}.org.example.gallery.open": True}
    assert daemon["ProcessType"] == "Adaptive"
    assert daemon["StartCalendarInterval"] == [{"Hour": 3, "Minute": 30}, {"Weekday": 0}]
    assert "HideUntilCheckIn" not in str(found)


def test_a_network_extension_gets_its_part_of_info_plist(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert xpcrpc("plist", TPROXY, "--team-id", TEAM) == 0
    printed = plistlib.loads(capsys.readouterr().out.encode())
    name = f"{TEAM}.org.example.tproxy.xpc"
    assert printed == {"NetworkExtension": {"NEMachServiceName": name}}


@pytest.mark.skipif(PLUTIL is None, reason="plutil is not here; it comes with Swift or macOS")
def test_plutil_finds_nothing_wrong(tmp_path: Path) -> None:
    assert xpcrpc("plist", GALLERY, TPROXY, "--out", str(tmp_path), "--team-id", TEAM) == 0
    for path in tmp_path.iterdir():
        done = subprocess.run([str(PLUTIL), "-lint", str(path)], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


def test_a_sandboxed_client_gets_the_app_group_and_what_peer_rules_ask(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert xpcrpc("entitlements", TPROXY, "--service", "tproxy", "--team-id", TEAM) == 0
    assert plistlib.loads(capsys.readouterr().out.encode()) == {
        "com.apple.security.app-sandbox": True,
        "com.apple.security.application-groups": [f"{TEAM}.org.example.tproxy"],
    }
    assert xpcrpc("entitlements", GALLERY, "--service", "strict_gallery") == 0
    strict = plistlib.loads(capsys.readouterr().out.encode())
    assert strict["org.example.gallery.client"] == "full"
    exception = "com.apple.security.temporary-exception.mach-lookup.global-name"
    assert strict[exception] == ["org.example.gallery.strict"]
    assert xpcrpc("entitlements", TPROXY, "--role", "server", "--team-id", TEAM) == 0
    assert plistlib.loads(capsys.readouterr().out.encode()) == {
        "com.apple.security.application-groups": [f"{TEAM}.org.example.tproxy"]
    }


def test_a_socket_holds_the_name_where_clients_look(tmp_path: Path) -> None:
    assert xpcrpc("units", GALLERY, "--out", str(tmp_path), "--team-id", TEAM) == 0
    socket = (tmp_path / "org.example.gallery.socket").read_text(encoding="utf-8")
    for line in (
        "ListenSequentialPacket=%t/xpcrpc/org.example.gallery",
        "FileDescriptorName=org.example.gallery",
        "SocketMode=0600",
        "DirectoryMode=0700",
        "PassCredentials=yes",
        "RemoveOnStop=yes",
    ):
        assert f"\n{line}\n" in socket
    other = (tmp_path / "open-gallery.socket").read_text(encoding="utf-8")
    assert "SocketMode=0666" in other
    assert f"FileDescriptorName={TEAM}.org.example.gallery.open" in other


@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here (apt: systemd)"
)
@pytest.mark.parametrize("domain", ["user", "system"])
def test_systemd_has_not_a_word_to_say(tmp_path: Path, domain: str) -> None:
    contract = tmp_path / "small.toml"
    contract.write_text(CONTRACT.replace("DOMAIN", domain), encoding="utf-8")
    out = tmp_path / "units"
    assert xpcrpc("units", str(contract), "--out", str(out)) == 0
    flags = ["--user"] if domain == "user" else []
    paths = sorted(map(str, out.iterdir()))
    assert len(paths) == 2
    done = subprocess.run(
        ["systemd-analyze", "verify", *flags, *paths],
        capture_output=True,
        text=True,
        env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)},
    )
    # Its exit code is 0 even for keys that it does not know.
    assert (done.returncode, done.stderr) == (0, "")


WILD = st.lists(
    st.sampled_from([*"aB%$\\'\"; #=é@-/*!+:|[]~,{}\t", "%h", "${X}", "😀", ".."]), max_size=8
).map("".join)


@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here (apt: systemd)"
)
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    words=st.lists(WILD.filter(bool), min_size=1, max_size=4),
    texts=st.tuples(WILD, WILD, WILD),
    domain=st.sampled_from(["user", "system"]),
)
def test_whatever_text_stands_in_a_unit_systemd_has_not_a_word_to_say(
    tmp_path_factory: pytest.TempPathFactory,
    words: list[str],
    texts: tuple[str, str, str],
    domain: str,
) -> None:
    folder = tmp_path_factory.mktemp("wild")
    contract = CONTRACT.partition("[service.a.systemd]")[0].replace("DOMAIN", domain)
    said = {
        "exec": ["/bin/true", *words],
        "environment": {"A": texts[0], "B": texts[1]},
        "working_directory": f"/{texts[2]}",
        "description": texts[0] + "x",
        **({"user": "root", "socket_group": "0"} if domain == "system" else {}),
    }
    lines = "".join(f"{key} = {value_text(value)}\n" for key, value in said.items())
    (folder / "small.toml").write_text(f"{contract}[service.a.systemd]\n{lines}", encoding="utf-8")
    status = xpcrpc("units", str(folder / "small.toml"), "--out", str(folder / "units"))
    if status == 1:
        return  # such as a folder with '..' in its path, or a control character
    done = subprocess.run(
        ["systemd-analyze", "verify", *(["--user"] if domain == "user" else []),
         *sorted(map(str, (folder / "units").iterdir()))],
        capture_output=True, text=True, env={**os.environ, "XDG_RUNTIME_DIR": str(folder)},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, ""), lines


def words_of(line: str) -> list[str]:
    """The words of a command or an assignment, as systemd.syntax(7) takes it apart."""
    words = [
        json.loads(match[0]) if match[0].startswith('"') else match[0]
        for match in re.finditer(r'"(?:[^"\\]|\\.)*"|[^ ]+', line.partition("=")[2])
    ]
    return [single(word, "%") for word in words]


def single(text: str, sign: str) -> str:
    """The text with each doubled sign once; one that stands alone would be expanded."""
    assert sign not in text.replace(sign * 2, ""), text
    return text.replace(sign * 2, sign)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(words=st.lists(WILD.filter(bool), max_size=4), value=WILD)
def test_a_unit_says_each_word_exactly(
    tmp_path_factory: pytest.TempPathFactory, words: list[str], value: str
) -> None:
    folder = tmp_path_factory.mktemp("words")
    lines = (
        f"exec = {value_text(['/bin/true', *words])}\nenvironment = {{ A = {value_text(value)} }}\n"
    )
    contract = CONTRACT.partition("[service.a.systemd]")[0].replace("DOMAIN", "user")
    (folder / "small.toml").write_text(f"{contract}[service.a.systemd]\n{lines}", encoding="utf-8")
    if xpcrpc("units", str(folder / "small.toml"), "--out", str(folder)) == 1:
        return  # a control character
    unit = (folder / "org.example.a.service").read_text(encoding="utf-8").splitlines()
    (command,) = (line for line in unit if line.startswith("ExecStart="))
    (assigned,) = (line for line in unit if line.startswith("Environment="))
    # Arguments are expanded, so their dollars are doubled; assignments are not.
    assert [single(word, "$") for word in words_of(command)] == ["/bin/true", *words]
    assert words_of(assigned) == [f"A={value}"]


def test_variables_of_a_name_are_filled_in_from_the_command_or_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    contract = tmp_path / "small.toml"
    text = CONTRACT.replace("DOMAIN", "user").replace("org.example.a", "org.${CHANNEL}.a-${CODE}")
    text += '[service.a.launchd]\nkind = "agent"\nprogram = "/bin/true"\n'
    contract.write_text(text, encoding="utf-8")
    out = str(tmp_path / "out")
    assert xpcrpc("plist", str(contract)) == 2
    assert "holds ${CHANNEL}; give --variable CHANNEL=…" in capsys.readouterr().err
    monkeypatch.setenv("XPCRPC_CODE", "7")
    chosen = ("--variable", "CHANNEL=beta", "--out", out)
    for command in ("plist", "units"):
        assert xpcrpc(command, str(contract), *chosen) == 0
    assert sorted(path.name for path in Path(out).iterdir()) == [
        "org.beta.a-7.plist", "org.beta.a-7.service", "org.beta.a-7.socket",
    ]  # fmt: skip
    job = plistlib.loads((tmp_path / "out" / "org.beta.a-7.plist").read_bytes())
    assert (job["Label"], job["MachServices"]) == ("org.beta.a-7", {"org.beta.a-7": True})
    socket = (tmp_path / "out" / "org.beta.a-7.socket").read_text(encoding="utf-8")
    assert "%t/xpcrpc/org.beta.a-7\n" in socket
    assert "Also=org.beta.a-7.socket" in Path(out, "org.beta.a-7.service").read_text("utf-8")
    capsys.readouterr()
    assert xpcrpc("entitlements", str(contract), "--variable", "CHANNEL=beta") == 0
    assert "org.beta.a-7" in capsys.readouterr().out
    for wrong in ("CHANNEL", "channel=x", "CHANNEL=a/b", "CHANNEL=", "=x"):
        assert xpcrpc("plist", str(contract), "--variable", wrong) == 2
        assert capsys.readouterr().err.startswith("xpcrpc: ")


def test_misuse_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, said in (
        (["plist", TPROXY], "--team-id"),
        (["plist", TPROXY, "--team-id", "x"], "ten capital letters"),
        (["plist", TPROXY, "--service", "tprxy"], "did you mean tproxy?"),
        (["plist", GALLERY, "--team-id", TEAM], "several files"),
        (["plist", str(ROOT / "schemas" / "echo.toml")], "[service.x.launchd]"),
        (["units", TPROXY, "--out", str(tmp_path)], "[service.x.systemd]"),
        (["entitlements", str(ROOT / "schemas" / "common" / "units.toml")], "no service"),
    ):
        assert xpcrpc(*arguments) == 2
        assert said in capsys.readouterr().err


def test_complaints_end_with_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    contract = tmp_path / "small.toml"
    contract.write_text("schema = 1\n", encoding="utf-8")
    for command in ("plist", "units", "entitlements"):
        assert xpcrpc(command, str(contract), "--out", str(tmp_path / "out")) == 1
        assert "'package' is missing" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
