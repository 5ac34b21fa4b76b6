"""``xpcrpc gen``: exit codes, what is written, and what ``--check`` notices."""

from __future__ import annotations

from pathlib import Path

import pytest
from xpcrpc.codegen.cli import main

ROOT = Path(__file__).parents[2]
CONTRACT = """
schema = 1
package = "org.example.small"
version = "1.0"

[protocol.Small]
methods.go = { in = { x = "u8" }, out = "string?" }

[protocol.Other]
methods.stay = { oneway = true }
"""


@pytest.fixture
def schema(tmp_path: Path) -> Path:
    """A contract in a folder of its own."""
    path = tmp_path / "schemas" / "small.toml"
    path.parent.mkdir()
    path.write_text(CONTRACT, encoding="utf-8")
    return path


def gen(schema: Path, out: Path, *flags: str) -> int:
    """Run the command."""
    status: int = main(["gen", str(schema), "--out", str(out), *flags])
    return status


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_our_own_generated_code_is_fresh(capsys: pytest.CaptureFixture[str]) -> None:
    assert gen(ROOT / "schemas", ROOT / "generated", "--check") == 0
    assert capsys.readouterr().out == ""


def test_the_same_contract_gives_the_same_bytes_wherever_it_is(
    schema: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere" / "deeper" / "small.toml"
    elsewhere.parent.mkdir(parents=True)
    elsewhere.write_bytes(schema.read_bytes())
    assert gen(schema, tmp_path / "a") == 0
    assert gen(elsewhere, tmp_path / "b") == 0
    assert gen(schema.parent, tmp_path / "c") == 0
    assert tree(tmp_path / "a") == tree(tmp_path / "b") == tree(tmp_path / "c")
    assert sorted(tree(tmp_path / "a")) == [
        "small/__init__.py",
        "small/other.py",
        "small/py.typed",
        "small/small.py",
        "small/types.py",
    ]


def test_writing_again_changes_nothing(
    schema: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert gen(schema, tmp_path) == 0
    assert capsys.readouterr().out.count("wrote ") == 5
    assert gen(schema, tmp_path) == 0
    assert gen(schema, tmp_path, "--check") == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("name", ["types.py", "small.py", "__init__.py"])
def test_check_notices_a_stale_file(
    schema: Path, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    gen(schema, tmp_path)
    file = tmp_path / "small" / name
    fresh = file.read_bytes()
    file.write_bytes(fresh + b"# edited\n")
    capsys.readouterr()
    assert gen(schema, tmp_path, "--check") == 1
    assert capsys.readouterr().out == f"stale {file.as_posix()}\n"
    assert file.read_bytes() != fresh
    assert gen(schema, tmp_path) == 0
    assert file.read_bytes() == fresh


@pytest.mark.parametrize("name", ["types.py", "py.typed"])
def test_check_notices_a_missing_file(
    schema: Path, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    gen(schema, tmp_path)
    file = tmp_path / "small" / name
    file.unlink()
    capsys.readouterr()
    assert gen(schema, tmp_path, "--check") == 1
    assert capsys.readouterr().out == f"missing {file.as_posix()}\n"
    assert not file.exists()


def test_check_notices_a_surplus_file_and_gen_removes_it(
    schema: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gen(schema, tmp_path)
    schema.write_text(CONTRACT.partition("[protocol.Other]")[0], encoding="utf-8")
    surplus = tmp_path / "small" / "other.py"
    capsys.readouterr()
    assert gen(schema, tmp_path, "--check") == 1
    assert f"surplus {surplus.as_posix()}\n" in capsys.readouterr().out
    assert surplus.exists()
    assert gen(schema, tmp_path) == 0
    assert not surplus.exists()
    assert gen(schema, tmp_path, "--check") == 0


def test_files_of_others_are_neither_removed_nor_replaced(
    schema: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gen(schema, tmp_path)
    extra = tmp_path / "small" / "extra.py"
    extra.write_text("x = 1\n", encoding="utf-8")
    assert gen(schema, tmp_path, "--check") == 0
    assert gen(schema, tmp_path) == 0
    assert extra.exists()
    types = tmp_path / "small" / "types.py"
    types.write_text("mine = True\n", encoding="utf-8")
    assert gen(schema, tmp_path) == 2
    assert "move it out of the way" in capsys.readouterr().err
    assert types.read_text(encoding="utf-8") == "mine = True\n"


def test_nothing_is_written_if_one_of_several_contracts_is_wrong(
    schema: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (schema.parent / "wrong.toml").write_text("schema = 1\n", encoding="utf-8")
    assert gen(schema.parent, tmp_path / "out") == 1
    error = capsys.readouterr().err
    assert f"{schema.parent.as_posix()}/wrong.toml:1:1: 'package' is missing" in error
    assert not (tmp_path / "out").exists()


def test_two_contracts_cannot_make_one_package(
    schema: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    twin = schema.with_name("twin.toml")
    twin.write_text(CONTRACT.replace("org.example.small", "com.example.small"), encoding="utf-8")
    assert gen(schema.parent, tmp_path / "out") == 1
    error = capsys.readouterr().err
    assert f"{twin.as_posix()}:3:11: package: its Python package is small" in error
    assert f"{schema.as_posix()}:3:1" in error
    twin.write_text(
        twin.read_text(encoding="utf-8").replace("schema", 'python = "twin"\nschema', 1)
    )
    assert gen(schema.parent, tmp_path / "out") == 0
    assert (tmp_path / "out" / "twin" / "types.py").exists()


def test_json_schemas_in_the_folder_are_not_contracts(schema: Path, tmp_path: Path) -> None:
    (schema.parent / "contract.schema.json").write_text("{", encoding="utf-8")
    assert gen(schema.parent, tmp_path / "out") == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["gen", "{tmp}/missing.toml", "--out", "{tmp}/out"], "cannot be read"),
        (["gen", "{tmp}", "--out", "{tmp}/out"], "there is no .toml file"),
        (["gen", "{tmp}/nul\0.toml", "--out", "{tmp}/out"], "cannot be read"),
        (["gen", "{schema}", "--out", "{schema}"], "cannot be written"),
        (["gen", "{schema}", "--out", "{tmp}/nul\0"], "cannot be written"),
        (["gen", "{schema}"], "--out"),
        (["gen", "--out", "{tmp}/out"], "SCHEMA"),
        (["gen", "{schema}", "--out", "{tmp}/out", "--frobnicate"], "--frobnicate"),
        (["generate"], "generate"),
        ([], "COMMAND"),
    ],
)
def test_misuse_is_a_sentence_and_exit_code_two(
    schema: Path,
    tmp_path: Path,
    arguments: list[str],
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    tmp, small = str(tmp_path), str(schema)
    filled = (part.replace("{tmp}", tmp).replace("{schema}", small) for part in arguments)
    assert main(list(filled)) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\xff\xfe", "1:1: the file is not UTF-8"),
        (b"schema = 1\n# caf\xe9\n", "2:6: the file is not UTF-8"),
        (b"\xef\xbb\xbfschema = 1", "byte order mark"),
        (b"doc = 'a\0b'", "not valid TOML"),
        (b"x = " + b"[" * 100_000, "inside each other"),
        (b"x = " + b"[" * 100 + b"]" * 100, "inside each other"),
        (b".".join([b"a"] * 50_000) + b" = 1", "more than 1000 dots"),
        (b".".join([b"a"] * 900) + b" = 1", "inside each other"),
        (b"x = " + b"9" * 10_000, "the number has hundreds of digits"),
        (b"#" * (5 * 1024 * 1024), "longer than"),
    ],
)
def test_no_content_ends_in_a_traceback(
    schema: Path, tmp_path: Path, data: bytes, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    schema.write_bytes(data)
    assert gen(schema, tmp_path / "out") == 1
    assert said in capsys.readouterr().err


def test_a_folder_that_is_named_like_a_contract_is_passed_over(
    schema: Path, tmp_path: Path
) -> None:
    (schema.parent / "folder.toml").mkdir()
    assert gen(schema.parent, tmp_path / "out") == 0
