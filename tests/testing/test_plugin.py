"""The pytest plugin, run in a pytest of its own."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import xpcrpc.testing

ROOT = Path(__file__).parents[2]

pytest_plugins = ["pytester"]

# By its module, whether or not an installation of this package registers it, too.
ARGUMENTS = [
    "-p", "no:cacheprovider", "-p", "no:xpcrpc", "-p", "xpcrpc.testing.plugin",
    "--import-mode=importlib", "-o", "asyncio_mode=auto",
]  # fmt: skip


def run(pytester: pytest.Pytester, source: str) -> pytest.RunResult:
    """Run one test file with the plugin."""
    pytester.makepyfile(source)
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    return pytester.runpytest_inprocess(*ARGUMENTS)


def test_each_test_has_a_fresh_directory_for_names(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XPCRPC_BOOTSTRAP_DIR", "as before")
    result = run(
        pytester,
        """
        import os
        seen = set()

        def test_one(xpcrpc_bootstrap):
            assert os.environ["XPCRPC_BOOTSTRAP_DIR"] == xpcrpc_bootstrap
            assert os.listdir(xpcrpc_bootstrap) == []
            open(os.path.join(xpcrpc_bootstrap, "left"), "w").close()
            seen.add(xpcrpc_bootstrap)

        def test_two(xpcrpc_bootstrap):
            assert os.listdir(xpcrpc_bootstrap) == []
            assert xpcrpc_bootstrap not in seen

        def test_three():
            assert os.environ["XPCRPC_BOOTSTRAP_DIR"] == "as before"
        """,
    )
    result.assert_outcomes(passed=3)


def test_pairs_and_services_come_with_faults_and_a_transcript(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
        import pytest
        from tests.testing.counter import Counter, CounterService
        from xpcrpc import ConnectionInterruptedError
        from xpcrpc.testing import Cut, request

        async def test_pair(xpcrpc_pair, xpcrpc_faults, xpcrpc_transcript):
            xpcrpc_faults.table = {request(2): Cut()}
            async with xpcrpc_pair(Counter) as client:
                assert await client.add(1) == 1
                with pytest.raises(ConnectionInterruptedError):
                    await client.add(1)
            assert "add({'number': 1})" in str(xpcrpc_transcript)

        async def test_served(xpcrpc_served, xpcrpc_bootstrap):
            async with xpcrpc_served(CounterService, Counter(), over="libxpc") as running:
                async with await running.connect() as client:
                    assert await client.add(1) == 1
        """,
    )
    result.assert_outcomes(passed=2)


def test_a_failure_shows_what_was_said(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
        from tests.testing.counter import Counter

        async def test_fails(xpcrpc_pair):
            async with xpcrpc_pair(Counter) as client:
                assert await client.add(2) == 3
        """,
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["*XPC: what was said*", "*client 1 → *#1 add({'number': 2})*", "*server 1 → *#1 = 2*"]
    )


def test_loading_the_plugin_loads_nothing_that_tests_may_not_need() -> None:
    """Neither the extension nor Hypothesis, nor any transport."""
    script = (
        "import sys, xpcrpc.testing.plugin\n"
        "heavy = ['hypothesis', 'xpcrpc.native', 'xpcrpc.transport.xpc', 'xpcrpc.transport.memory',"
        " 'xpcrpc.testing.pairs', 'xpcrpc.testing.strategies', '_cffi_backend']\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_public_names_are_there_sorted_and_not_hidden_by_modules() -> None:
    names = xpcrpc.testing.__all__
    assert sorted(names) == sorted(set(names))
    for module in ("record", "strategies"):
        import_module(f"xpcrpc.testing.{module}")
    for name in names:
        assert type(getattr(xpcrpc.testing, name)).__name__ != "module", name


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError):
        xpcrpc.testing.nothing_of_the_kind  # noqa: B018
