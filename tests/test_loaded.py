"""What a program loads before its first call: names and counts, not times."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

CLIENT = "from generated.echo import EchoClient"
SERVER = "from generated.tproxy import ControlServer\nfrom xpcrpc import Host, serve"

NEEDLESS = {
    "cattrs",
    "dataclasses",
    "datetime",
    "email",
    "hashlib",
    "importlib.metadata",
    "typing_extensions",
    "zipfile",
}
"""What takes long to load, or much memory, and no usual call needs."""

WRONG = """
from generated import bench
from tests.codec import contracts as c
from xpcrpc.codec.converter import from_value, to_value
from xpcrpc.codec.passes import decoder, encoder
from xpcrpc.errors import DecodeError, EncodeError
from xpcrpc.values import Endpoint

small = bench.Small(name="n", number=1, first=True, second=False, third=True, blob=b"b")
raw = encoder(bench.Small)(small, None)
assert decoder(bench.Small)(raw, 0, len(raw), ())[0] == small
for call in (
    lambda: encoder(bench.Small)(3, None),
    lambda: decoder(c.Inner)(raw, 0, len(raw), ()),
    lambda: from_value({"key": 1}, c.Inner),
):
    try:
        call()
    except (DecodeError, EncodeError):
        continue
    raise SystemExit("a wrong object is not refused")
ends = c.Ends(ping=c.ClientEnd(Endpoint("a")))
assert from_value(to_value(ends), c.Ends) == ends
"""


def run(program: str) -> list[str]:
    """What a fresh process prints, line by line."""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def loaded(program: str) -> set[str]:
    """The modules that a fresh process has, beside those of asyncio, after a program."""
    before = "import asyncio, sys\nbefore = set(sys.modules)\n"
    return set(run(f"{before}{program}\nprint(*(set(sys.modules) - before), sep='\\n')"))


CALLED = """
import asyncio
from generated.bench import Bench, BenchClient, BenchServer, Small
from xpcrpc import Host
class Echo(BenchServer):
    async def echo(self, request, context):
        return request
async def main():
    async with Host() as host:
        host.serve(Bench, Echo())
        async with await BenchClient.connect() as client:
            small = Small(name="n", number=1, first=True, second=False, third=True, blob=b"b")
            assert await client.echo(small) == small
asyncio.run(main())
"""


@pytest.mark.parametrize("program", [CLIENT, SERVER], ids=["client", "server"])
def test_generated_code_loads_no_more_than_it_needs(program: str) -> None:
    names = loaded(program)
    assert "xpcrpc.runtime.client" in names
    assert not names & NEEDLESS
    assert not [name for name in names if name.startswith(("xpcrpc.testing", "xpcrpc.standard"))]


def test_a_call_loads_no_more_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XPCRPC_BOOTSTRAP_DIR", str(tmp_path))
    names = loaded(CALLED)
    assert "xpcrpc.transport.xpc" in names
    assert not names & NEEDLESS


def test_a_compiled_contract_is_named_and_routed_without_a_look_at_its_types() -> None:
    program = """
from generated.gallery import GALLERY, types
from xpcrpc.definition import _RECIPE
from xpcrpc.runtime.describe import describe, identity_of
from xpcrpc.runtime.messages import route_of

def waiting():
    return {name for name, one in vars(types).items() if _RECIPE in getattr(one, "__dict__", ())}

before = waiting()
assert len(before) > 20
identity = identity_of(GALLERY)
for method in GALLERY.methods:
    route_of(method, GALLERY.package)
assert waiting() == before
assert describe(GALLERY).identity == identity
assert len(waiting()) < len(before) / 2
"""
    assert run(program) == []


def test_what_does_not_fit_and_what_holds_handles_need_no_cattrs() -> None:
    assert "cattrs" not in loaded(WRONG)


def test_a_type_that_only_cattrs_knows_loads_it() -> None:
    program = """
from xpcrpc.codec.converter import from_value, to_value
assert from_value(to_value((1, 2), tuple[int, int]), tuple[int, int]) == (1, 2)
"""
    assert "cattrs" in loaded(program)


def test_hooks_that_are_registered_late_are_not_bypassed() -> None:
    program = """
from generated import bench
from xpcrpc.codec import frame
from xpcrpc.codec.converter import from_value, to_value
from xpcrpc.codec.passes import decoder, encoder

small = bench.Small(name="n", number=1, first=True, second=False, third=True, blob=b"b")
encode, decode = encoder(bench.Small), decoder(bench.Small)
raw, value = encode(small, None), to_value(small)
assert decode(raw, 0, len(raw), ()) == (small, len(raw))

from xpcrpc.codec.converter import converter

converter.register_unstructure_hook(bench.Small, lambda it: it.name)
converter.register_structure_hook(bench.Small, lambda value, _: small)
raw = encode(small, None)
assert frame.read_object(raw, 0, len(raw), iter(()))[0] == to_value(small) == "n"
assert decode(raw, 0, len(raw), ()) == (small, len(raw))
assert from_value("anything", bench.Small) is small
"""
    assert run(program) == []


def test_an_import_compiles_no_methods_of_the_librarys_own() -> None:
    program = f"""
{CLIENT}
import linecache
print(*(name for name in linecache.cache if name.startswith("<attrs generated")), sep="\\n")
"""
    names = [line.rstrip(">").rpartition(" ")[2] for line in run(program)]
    assert names
    assert [name for name in names if name.startswith("xpcrpc.")] == []
