"""The contracts of this repository are as we ask others to write theirs."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.codegen.commands import run

jsonschema: Any = pytest.importorskip("jsonschema")

ROOT = Path(__file__).parents[2]
FILES = sorted(
    path for folder in ("schemas", "examples") for path in (ROOT / folder).rglob("*.toml")
)
FOLDERS = sorted({path.parent for path in FILES})


def name(path: Path) -> str:
    """As the repository calls it."""
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("folder", FOLDERS, ids=name)
@pytest.mark.parametrize("command", [("check",), ("lint",), ("fmt", "--check")], ids=" ".join)
def test_a_folder_is_without_complaint(
    folder: Path, command: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    status = run(*command, str(folder))
    assert (capsys.readouterr().out, status) == ("", 0)


@pytest.mark.parametrize(
    ("schemas", "out"), [("schemas", "generated"), ("schemas/standard", "xpcrpc")]
)
def test_what_was_generated_is_fresh(
    schemas: str, out: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status = run("gen", str(ROOT / schemas), "--out", str(ROOT / out), "--check")
    assert (capsys.readouterr().out, status) == ("", 0)


@pytest.mark.parametrize("path", FILES, ids=name)
def test_an_editor_marks_nothing(path: Path) -> None:
    schema = json.loads((ROOT / "schemas" / "xpcrpc.schema.json").read_text(encoding="utf-8"))
    # Dates are text to a JSON Schema.
    document = json.loads(json.dumps(tomllib.loads(path.read_text(encoding="utf-8")), default=str))
    errors = jsonschema.Draft202012Validator(schema).iter_errors(document)
    assert [f"{error.json_path}: {error.message}" for error in errors] == []


@pytest.mark.parametrize("path", FILES, ids=name)
def test_it_can_be_shown_and_documented(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("show", str(path)) == 0
    package = tomllib.loads(path.read_text(encoding="utf-8"))["package"]
    assert capsys.readouterr().out.startswith(f"contract {package} ")
    assert run("docs", str(path), "--out", str(tmp_path)) == 0
    assert run("docs", str(path), "--out", str(tmp_path), "--check") == 0
    pages = {file.name for file in tmp_path.iterdir()}
    assert f"{package.rpartition('.')[2]}.html" in pages


def test_links_between_pages_lead_somewhere(tmp_path: Path) -> None:
    assert run("docs", str(ROOT / "schemas" / "gallery.toml"), "--out", str(tmp_path)) == 0
    page = (tmp_path / "gallery.html").read_text(encoding="utf-8")
    anchors = [part.partition('"')[0] for part in page.split('href="places.html#')[1:]]
    assert anchors
    other = (tmp_path / "places.html").read_text(encoding="utf-8")
    assert all(f'id="{anchor}"' in other for anchor in anchors)
