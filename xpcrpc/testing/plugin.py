"""Fixtures for pytest; there as soon as xpcrpc is installed beside it.

=====================  ========================================================
`xpcrpc_bootstrap`     a fresh directory for names, for this test alone
`xpcrpc_faults`        an empty `FaultPlan`; set its ``table``
`xpcrpc_transcript`    what is said; shown with the test's failure
`xpcrpc_pair`          `connected_pair`, with this test's faults and transcript
`xpcrpc_served`        `served`, with this test's faults and transcript
=====================  ========================================================

::

    async def test_an_alarm_in_the_past_is_refused(xpcrpc_pair):
        async with xpcrpc_pair(ClockImpl) as client:
            with pytest.raises(InThePast):
                await client.set_alarm(...)

Everything but pytest is loaded by the first test that asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from .pairs import Served
    from .plan import FaultPlan
    from .record import Transcript

_SHOWN: pytest.StashKey[Transcript] = pytest.StashKey()


@pytest.fixture
def xpcrpc_bootstrap() -> Iterator[str]:
    """A fresh directory for names, for this test and the processes it starts.

    ``XPCRPC_BOOTSTRAP_DIR`` is put back afterwards.
    """
    from .pairs import bootstrap_directory

    with bootstrap_directory() as directory:
        yield directory


@pytest.fixture
def xpcrpc_faults() -> FaultPlan:
    """A plan without faults; the test sets its ``table`` before or while it talks."""
    from .plan import FaultPlan

    return FaultPlan()


@pytest.fixture
def xpcrpc_transcript(request: pytest.FixtureRequest) -> Transcript:
    """What is said in this test; shown if it fails."""
    from .record import Transcript

    transcript = Transcript()
    request.node.stash[_SHOWN] = transcript
    return transcript


@pytest.fixture
def xpcrpc_pair(
    xpcrpc_faults: FaultPlan, xpcrpc_transcript: Transcript
) -> Callable[..., AbstractAsyncContextManager[Any]]:
    """`xpcrpc.testing.connected_pair`, with this test's faults and transcript."""
    from .pairs import connected_pair

    return _bound(connected_pair, xpcrpc_faults, xpcrpc_transcript)


@pytest.fixture
def xpcrpc_served(
    xpcrpc_faults: FaultPlan, xpcrpc_transcript: Transcript
) -> Callable[..., AbstractAsyncContextManager[Served[Any, Any]]]:
    """`xpcrpc.testing.served`, with this test's faults and transcript."""
    from .pairs import served

    return _bound(served, xpcrpc_faults, xpcrpc_transcript)


def _bound(
    make: Callable[..., Any], faults: FaultPlan, transcript: Transcript
) -> Callable[..., Any]:
    def bound(*arguments: Any, over: str = "memory", **named: Any) -> Any:
        named.setdefault("transcript", transcript)
        if over == "memory":
            named.setdefault("faults", faults)
        return make(*arguments, over=over, **named)

    return bound


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the transcript with a failure."""
    report = yield
    transcript = item.stash.get(_SHOWN, None)
    if report.failed and transcript is not None and transcript.lines:
        report.sections.append(("XPC: what was said", str(transcript)))
    return report
