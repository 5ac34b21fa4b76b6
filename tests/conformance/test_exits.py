"""200 interpreters end with messages in flight: none crashes, and the service serves on."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from tests.conformance.exits import ENDS
from tests.conformance.harness import LIMIT_S, SANITIZED, Service

ROOT = Path(__file__).resolve().parents[2]
PROCESSES = 2 if SANITIZED else 4
EACH = 5 if SANITIZED else 50


@pytest.mark.launchd
async def test_interpreters_end_with_messages_in_flight(service: Service) -> None:
    """X2, X3, X26: whatever is torn down first, the exit status is the planned one."""
    runs = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.conformance.exits", str(n * EACH), str(EACH),
            cwd=ROOT,
            env={**os.environ, "PYTHONWARNINGS": "ignore::ResourceWarning"},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        for n in range(PROCESSES)
    ]  # fmt: skip
    outputs = await asyncio.gather(*(run.communicate() for run in runs))
    ends = [line for out, _ in outputs for line in out.decode().splitlines()]
    assert len(ends) == PROCESSES * EACH, outputs
    unplanned = [line for line in ends if line not in {f"{k}: {v}" for k, v in ENDS.items()}]
    assert unplanned == []
    errors = "".join(err.decode() for _, err in outputs)
    assert "Fatal" not in errors, errors
    assert "Exception ignored" not in errors, errors
    async with service.connect() as client:
        assert "pid" in await client.request({}, timeout_s=LIMIT_S)
