"""Random contracts: each compiles, imports, and its types travel; its code suits the tools."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from xpcrpc.codegen.compile import compile_text
from xpcrpc.codegen.emit import emit
from xpcrpc.codegen.view import package_view

from tests.codegen.contracts import contracts
from tests.codegen.test_mutations import tokenise
from xpcrpc import Protocol
from xpcrpc.codec.converter import from_value, to_value
from xpcrpc.codec.passes import decoder, encoder
from xpcrpc.testing import equivalent, strategies

ROOT = Path(__file__).parents[2]
_NUMBERS = count()
HANDLES = frozenset({"Handles", "BackRequest"})


def write(text: str, folder: Path) -> Path:
    """The package of a contract, below the folder."""
    compiled = compile_text(text)
    assert compiled.complaints == ()
    for path, content in emit(package_view(compiled.contracts[0])).items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, encoding="utf-8")
    return folder / "drawn"


@contextmanager
def imported(text: str) -> Iterator[ModuleType]:
    """The package of a contract, under a name of its own, until the block ends."""
    name = f"drawn_{next(_NUMBERS)}"
    with tempfile.TemporaryDirectory() as folder:
        write(text, Path(folder)).rename(Path(folder) / name)
        sys.path.insert(0, folder)
        try:
            importlib.invalidate_caches()
            yield importlib.import_module(name)
        finally:
            sys.path.remove(folder)
            for module in [one for one in sys.modules if one.partition(".")[0] == name]:
                del sys.modules[module]


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(contracts(), st.data())
def test_a_random_contract_imports_and_its_types_travel(text: str, data: st.DataObject) -> None:
    with imported(text) as package:
        exported: dict[str, Any] = {name: getattr(package, name) for name in package.__all__}
        for protocol in exported.values():
            if isinstance(protocol, Protocol):
                assert protocol.methods
        classes = [one for one in exported.values() if isinstance(one, type) and attrs.has(one)]
        # Handles travel beside a frame, between processes; tests/runtime has that.
        plain = [one for one in classes if one.__name__ not in HANDLES]
        for kind in data.draw(st.permutations(plain))[:6]:
            one = data.draw(strategies(kind))
            value = to_value(one, kind)
            assert equivalent(from_value(value, kind), one)
            raw = encoder(kind)(one, [])
            back, end = decoder(kind)(raw, 0, len(raw), ())
            assert end == len(raw)
            assert equivalent(back, one)


@settings(max_examples=60, deadline=None, phases=[Phase.generate])
@given(contracts(), st.data())
def test_a_mutated_random_contract_never_gives_a_traceback(text: str, data: st.DataObject) -> None:
    tokens = tokenise(text.encode())
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(tokens) - 1))
        other = data.draw(st.integers(0, len(tokens) - 1))
        tokens[at : at + data.draw(st.integers(0, 3))] = [tokens[other]]
    compiled = compile_text(b"".join(tokens))
    assert bool(compiled.contracts) != bool(compiled.complaints)
    for contract in compiled.contracts:
        emit(package_view(contract))


def test_a_sample_of_random_contracts_suits_mypy_and_ruff(tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    numbers = count()

    @settings(max_examples=6, database=None, deadline=None, phases=[Phase.generate])
    @given(contracts())
    def sample(text: str) -> None:
        write(text, tmp_path).rename(tmp_path / f"sample_{next(numbers)}")

    sample()
    config = (ROOT / "generated" / "ruff.toml").read_text(encoding="utf-8")
    (tmp_path / "ruff.toml").write_text(
        config.replace("../pyproject.toml", (ROOT / "pyproject.toml").as_posix()), encoding="utf-8"
    )
    ruff = str(Path(sys.executable).with_name("ruff"))
    mypy = (sys.executable, "-m", "mypy", "--strict", "--config-file=", "--follow-imports=silent")
    for command in (
        (ruff, "format", "--check", "--no-cache", str(tmp_path)),
        (ruff, "check", "--no-cache", str(tmp_path)),
        (*mypy, "--cache-dir", str(tmp_path / "cache"), str(tmp_path)),
    ):
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={**os.environ, "MYPYPATH": str(ROOT)},
        )
        assert done.returncode == 0, done.stdout + done.stderr
