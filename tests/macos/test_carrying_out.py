"""The C side of peer rules on macOS, over a stand-in for Apple's libxpc, on Linux.

`peer_apple.c` itself is compiled, with the real reader of frames; only the calls
that macOS alone has are answered by `stand_in.c`, which prints them.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tools.macos import crossbuild, prototypes
from xpcrpc.codec.frame import encode
from xpcrpc.rules import All, Entitlement, Identifier, Lwcr, PeerRule, Platform, Requirement, Team
from xpcrpc.transport.xpc_requirement import macos_call
from xpcrpc.values import UInt64

HERE = Path(__file__).parent
NATIVE = crossbuild.NATIVE
pytestmark = [
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a Mac has the real one"),
    pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler"),
]

WARNINGS = ["-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror"]
# The next two are what Apple's compiler is told in its own way.
ALLOWED = ["-Wno-unknown-pragmas", "-Wno-address"]
SANITIZERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined"]


def renamed() -> list[str]:
    """Macros that give the calls of macOS names of their own, and make them weak."""
    text = (NATIVE / "bridge" / "peer_apple.c").read_text(encoding="utf-8")
    names = re.findall(r"\bxpc_(?:connection_set_peer|peer_requirement_create)_\w+", text)
    return sorted(set(names))


@pytest.fixture(scope="module")
def common(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """Objects of all that both programs share, and the compiler's arguments."""
    folder = tmp_path_factory.mktemp("stand-in")
    headers = folder / "include" / "xpc"
    headers.mkdir(parents=True)
    names = renamed()
    (headers / "peer_requirement.h").write_text("#include <xpc/xpc.h>\n" + _newer(names))
    include = [f"-I{folder / 'include'}", f"-I{NATIVE / 'include'}", f"-I{NATIVE / 'bridge'}"]
    flags = ["-std=c11", "-D_GNU_SOURCE", "-g", *SANITIZERS, *WARNINGS, *ALLOWED, *include]
    sources = crossbuild.load_builder().sources("linux")
    shared = [str(path) for path in sources if path.name != "peer_portable.c"]
    subprocess.run(["cc", *flags, "-c", *shared], cwd=folder, check=True)
    own = [f"-D{name}=stand_in_{name}" for name in names]
    return folder, [*flags, *own, "-include", "xpc/peer_requirement.h"]


def _newer(names: list[str]) -> str:
    weak = "".join(f"#pragma weak stand_in_{name}\n" for name in names)
    return prototypes.NEWER.read_text(encoding="utf-8") + weak


def _program(common: tuple[Path, list[str]], name: str, *more: str) -> Path:
    folder, flags = common
    program = folder / name
    sources = [str(NATIVE / "bridge" / "peer_apple.c"), str(HERE / "stand_in.c")]
    objects = [str(path) for path in folder.glob("*.o")]
    command = ["cc", *flags, *more, *sources, *objects, "-pthread", "-o", str(program)]
    subprocess.run(command, check=True)
    return program


@pytest.fixture(scope="module")
def program(common: tuple[Path, list[str]]) -> Path:
    """A system that has every call."""
    return _program(common, "new")


@pytest.fixture(scope="module")
def old_program(common: tuple[Path, list[str]]) -> Path:
    """A system that has none."""
    return _program(common, "old", "-DOLD_SYSTEM")


def said(program: Path, frame: bytes, **environment: str) -> list[str]:
    run = subprocess.run(
        [str(program)], input=frame, env=environment, capture_output=True, check=False
    )
    assert run.returncode == 0, run.stderr.decode()
    return run.stdout.decode().splitlines()


def call(rule: PeerRule, macos: tuple[int, ...]) -> bytes:
    plan = macos_call(rule, macos=macos, team_id="A1B2C3D4E5")
    assert plan is not None
    return encode(plan)


RULES: list[tuple[PeerRule, str]] = [
    (Team("self"), "team NULL"),
    (All((Team("self"), Identifier("org.x"))), "team org.x"),
    (Platform(), "platform NULL"),
    (All((Platform(), Identifier("com.x"))), "platform com.x"),
    (Entitlement("e"), "exists e"),
    (Entitlement("e", value=True), "value e true"),
    (Entitlement("e", 7), "value e 7"),
    (Entitlement("e", "v"), 'value e "v"'),
    (Lwcr({"team-identifier": "1ABC"}), "lwcr  1ABC"),
]


@pytest.mark.parametrize(("rule", "words"), RULES)
@pytest.mark.parametrize(
    ("macos", "first", "rest"), [((14, 4), "setter", ["0"]), ((26, 0), "object", ["set it", "0"])]
)
def test_the_call_that_was_decided_is_made(
    program: Path, rule: PeerRule, words: str, macos: tuple[int, ...], first: str, rest: list[str]
) -> None:
    lines = said(program, call(rule, macos))
    kind, *facts = words.split()
    assert lines[0].startswith(f"{first} {kind} ")
    for fact in facts:
        assert fact.strip('"') in "".join(lines[:-1])
    assert lines[-len(rest) :] == rest
    assert sum(line.startswith(("setter", "object")) for line in lines) == 1


def test_text_is_handed_over_as_it_is(program: Path) -> None:
    lines = said(program, call(Requirement('identifier "a"'), (12, 0)))
    assert lines == ['setter text identifier "a"', "0"]


@pytest.mark.parametrize("rule", [each[0] for each in RULES] + [Requirement("anchor apple")])
def test_a_system_without_the_call_says_so(old_program: Path, rule: PeerRule) -> None:
    for macos in ((14, 4), (26, 0)):
        assert said(old_program, call(rule, macos)) == ["ENOTSUP"]


@pytest.mark.parametrize("rule", [each[0] for each in RULES])
def test_a_requirement_that_libxpc_refuses_is_an_error(program: Path, rule: PeerRule) -> None:
    for macos in ((14, 4), (26, 0)):
        lines = said(program, call(rule, macos), XPCRPC_TEST_ANSWER="-67030")
        assert lines[-1] == "EINVAL"
        assert "set it" not in lines
    assert said(program, call(rule, (14, 4)), XPCRPC_TEST_ANSWER="95")[-1] == "ENOTSUP"


@pytest.mark.parametrize(
    "plan",
    [
        {},
        {"api": "setter"},
        {"form": "team_identity"},
        {"api": 1, "form": "team_identity"},
        {"api": "other", "form": "team_identity"},
        {"api": "setter", "form": "text", "text": "always"},
        {"api": "code_signing_requirement", "form": "text"},
        {"api": "code_signing_requirement", "form": "lwcr", "text": "always"},
        *(
            {"api": api, **rest}
            for api in ("setter", "peer_requirement")
            for rest in (
                {"form": "entitlement_exists"},
                {"form": "entitlement_matches_value", "name": "e"},
                {"form": "entitlement_matches_value", "value": True},
                {"form": "entitlement_matches_value", "name": "e", "value": UInt64(1)},
                {"form": "lwcr"},
                {"form": "lwcr", "requirement": ["no"]},
            )
        ),
    ],
)
def test_a_malformed_plan_reaches_no_call(program: Path, plan: dict[str, Any]) -> None:
    assert said(program, encode(plan)) == ["EINVAL"]


@pytest.mark.parametrize("frame", [b"", b"no frame", encode({"api": "setter"})[:-4]])
def test_what_is_no_frame_is_refused(program: Path, frame: bytes) -> None:
    assert said(program, frame) == ["EINVAL"]
