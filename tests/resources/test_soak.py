"""`benchmarks/soak.py`, short: every call ends, and nothing leaks, while processes are killed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SOAK = Path(__file__).resolve().parents[2] / "benchmarks" / "soak.py"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the launcher is for Linux")
def test_a_short_soak_ends_well() -> None:
    run = subprocess.run(
        [sys.executable, str(SOAK), "--connections", "300", "--seconds", "5"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    facts = json.loads(run.stdout)
    assert facts["ends of calls"]["reply"] > 0
    assert facts["killed"]
    assert facts["idle connections answered after it"] == 300
    assert facts["mappings at the end"] == 0
    assert facts["service, KiB per connection"] <= 40
