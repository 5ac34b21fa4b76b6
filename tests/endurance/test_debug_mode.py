"""The streams' and the runtime's tests again, with asyncio watching."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.endurance.children import FULL, ROOT

WATCHED = (
    "tests/streams/test_streams.py",
    "tests/streams/test_around_calls.py",
    "tests/runtime/test_calls.py",
    "tests/runtime/test_deadlines.py",
    "tests/runtime/test_failures.py",
    "tests/runtime/test_foreign_messages.py",
    "tests/runtime/test_foreign_replies.py",
)
"""Not the tests of processes, which wait for them on purpose."""


def test_asyncio_has_nothing_to_complain_of_in_its_debug_mode() -> None:
    """No slow callback, no task destroyed while pending, no coroutine never awaited."""
    command = [sys.executable, "-X", "dev", "-W", "error", "-m", "pytest", "-q"]
    # A busy machine may stop any process for a while; by hand, on a quiet one, it is 50 ms.
    slow_s = "0.05" if FULL else "0.5"
    run = subprocess.run(
        [*command, "-p", "tests.endurance.debug_plugin", *WATCHED],
        cwd=ROOT,
        env={**os.environ, "PYTHONASYNCIODEBUG": "1", "XPCRPC_SLOW_CALLBACK_S": slow_s},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-2000:]
