"""The files of the launchd case, which a Mac then installs."""

from __future__ import annotations

import plistlib
import sys
from pathlib import Path

import pytest

pytest.importorskip("jinja2", reason="the compiler prints with it")

from tools.macos import launchd_case


def test_the_job_runs_the_example_from_its_own_contract(tmp_path: Path) -> None:
    job = plistlib.loads(launchd_case.prepare(tmp_path, "background").read_bytes())
    assert job["Label"] == launchd_case.LABEL
    assert job["MachServices"] == {launchd_case.LABEL: True}
    assert job["ProgramArguments"] == [sys.executable, "-m", "examples.echo.server"]
    assert job["LimitLoadToSessionType"] == "Background"
    path = job["EnvironmentVariables"]["PYTHONPATH"].split(":")
    services = Path(path[0], "generated", "echo", "services.py").read_text(encoding="utf-8")
    assert "peer_macos=rules.Anyone()," in services
    assert Path(path[1], "examples", "echo", "server.py").is_file()


@pytest.mark.skipif(sys.platform == "darwin", reason="would install the job")
def test_without_launchd_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert launchd_case.main([]) == 2
    assert "there is no launchd here" in capsys.readouterr().err
