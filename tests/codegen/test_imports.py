"""Contracts that import each other: what is generated, and that it works together."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from xpcrpc.codegen.cli import main
from xpcrpc.codegen.compile import compile_files, compile_text

import generated.gallery as gallery
import generated.places as places
from xpcrpc.codec.converter import from_value, to_value
from xpcrpc.errors import ConstraintError

ROOT = Path(__file__).parents[2]
SCHEMAS = ROOT / "schemas"


def test_what_is_imported_is_generated_too(tmp_path: Path) -> None:
    assert main(["gen", str(SCHEMAS / "gallery.toml"), "--out", str(tmp_path)]) == 0
    assert {path.name for path in tmp_path.iterdir()} == {"gallery", "places", "units"}


def test_only_what_was_named_counts_as_given() -> None:
    compiled = compile_files([str(SCHEMAS / "gallery.toml")])
    assert [contract.package for contract in compiled.contracts] == ["org.example.gallery"]
    imported = {contract.package for contract in compiled.imported}
    assert imported == {"org.example.places", "org.example.units"}


def test_a_file_that_is_given_and_imported_is_read_once(tmp_path: Path) -> None:
    shutil.copytree(SCHEMAS / "common", tmp_path / "common")
    compiled = compile_files([str(tmp_path / "common")])
    assert compiled.complaints == ()
    assert len(compiled.contracts) == 2
    assert compiled.imported == ()


def test_a_contract_that_is_no_file_cannot_import() -> None:
    text = 'schema = 1\npackage = "org.example.x"\nversion = "1.0"\n[imports]\na = "b.toml"\n'
    (complaint,) = compile_text(text).complaints
    assert "no file cannot import" in complaint.message
    assert complaint.rule == "import-without-file"


def test_the_types_are_the_other_packages_own() -> None:
    journey = gallery.Journey(from_place=places.Place(name="here"))
    assert journey.to_place == places.Place(name="home", at=places.Position(y=1.0))
    assert journey.by is places.Transport.TRAIN
    assert from_value(to_value(journey), gallery.Journey) == journey


def test_constraints_of_imported_aliases_hold() -> None:
    here = places.Place(name="here")
    with pytest.raises(ConstraintError):
        gallery.Journey(from_place=here, signs=[])
    with pytest.raises(ConstraintError):
        gallery.Journey(from_place=here, signs=["x" * 41])
    with pytest.raises(ConstraintError):
        places.Position(x=361.0)


def test_importing_a_package_imports_none_of_its_modules() -> None:
    code = (
        "import sys, generated.gallery; "
        "loaded = [name for name in sys.modules if name.startswith('generated.gallery.')]; "
        "assert not loaded, loaded; "
        "from generated.gallery import Point; "
        "assert 'generated.gallery.gallery' not in sys.modules; "
        "assert 'GalleryClient' in dir(generated.gallery)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_a_name_that_a_package_lacks_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Missing'"):
        gallery.Missing  # type: ignore[attr-defined]  # noqa: B018
