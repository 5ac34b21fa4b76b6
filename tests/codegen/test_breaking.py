"""Every breaking rule has a folder: two contracts, and what is said of the change."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from xpcrpc.codegen.breaking import ADDITIONS, RULES, Rule
from xpcrpc.codegen.cli import main

FOLDER = Path(__file__).parent / "breaking"
EVERY = (*RULES, *ADDITIONS)
HEADER = 'schema  = 1\npackage = "org.example.clock"\nversion = "1.0"\n'
OLD = (
    HEADER
    + '[struct.Config]\nfields.zone = "string"\n[protocol.Clock.methods.set]\nin = "Config"\n'
)


def sides(folder: Path) -> tuple[str, str]:
    """What to compare, as the command line says it."""
    return ("old", "new") if (folder / "old").is_dir() else ("old.toml", "new.toml")


def test_every_rule_has_its_folder_and_every_folder_its_rule() -> None:
    assert sorted(rule.id for rule in EVERY) == sorted(path.name for path in FOLDER.iterdir())


@pytest.mark.parametrize("rule", EVERY, ids=lambda rule: rule.id)
def test_findings_are_exactly_these(
    rule: Rule, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(FOLDER / rule.id)
    more = ["--additions"] if rule in ADDITIONS else []
    status = main(["breaking", *sides(Path()), *more])
    said = capsys.readouterr().out
    assert said == Path("expected.txt").read_text(encoding="utf-8")
    assert f" {rule.id} " in said
    assert status == (0 if rule in ADDITIONS else 1)


@pytest.mark.parametrize("rule", EVERY, ids=lambda rule: rule.id)
def test_a_contract_breaks_nothing_of_its_own(
    rule: Rule, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(FOLDER / rule.id)
    for side in sides(Path()):
        assert main(["breaking", side, side, "--additions"]) == 0
        assert capsys.readouterr().out == ""


@pytest.mark.parametrize("rule", EVERY, ids=lambda rule: rule.id)
def test_every_rule_gives_its_reason(rule: Rule, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["breaking", "--explain", rule.id.lower()]) == 0
    assert capsys.readouterr().out.startswith(f"{rule.id}: {rule.title}.\n")


def write(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_new_major_version_may_change_anything(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = write(tmp_path / "old.toml", OLD)
    new = write(tmp_path / "new.toml", OLD.replace("zone", "area"))
    assert main(["breaking", old, new]) == 1
    raised = write(tmp_path / "new.toml", OLD.replace("zone", "area").replace("1.0", "2.0"))
    capsys.readouterr()
    assert main(["breaking", old, raised]) == 0
    assert "(note) FIELD_REMOVED struct.Config.fields.zone" in capsys.readouterr().out


def test_a_renamed_struct_breaks_nobody(tmp_path: Path) -> None:
    old = write(tmp_path / "old.toml", OLD)
    new = write(tmp_path / "new.toml", OLD.replace("Config", "Settings"))
    assert main(["breaking", old, new]) == 0


def test_a_table_in_place_of_a_struct_breaks_nobody(tmp_path: Path) -> None:
    old = write(tmp_path / "old.toml", OLD)
    table = HEADER + '[protocol.Clock.methods.set]\nin = { zone = "string" }\n'
    assert main(["breaking", old, write(tmp_path / "new.toml", table)]) == 0


def test_a_limit_loosened_in_a_struct_that_also_travels_back_is_a_break(tmp_path: Path) -> None:
    both = OLD + 'out = "Config"\n'
    old = write(tmp_path / "old.toml", both.replace('"string"', '{ type = "string", max_len = 9 }'))
    assert main(["breaking", old, write(tmp_path / "new.toml", both.replace("1.0", "1.1"))]) == 1


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(
        ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", *arguments],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip


def test_the_old_side_may_be_a_git_revision_with_what_it_imports(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "schemas" / "common").mkdir(parents=True)
    net = HEADER.replace("clock", "net") + '[struct.Address]\nfields.port = "u16"\n'
    clock = (
        HEADER.replace("\nversion", "\nversion")
        + '[imports]\nnet = "common/net.toml"\n'
        + '[protocol.Clock.methods.set]\nin = { at = "net.Address" }\n'
    )
    write(tmp_path / "schemas" / "common" / "net.toml", net)
    write(tmp_path / "schemas" / "clock.toml", clock)
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "one")
    git(tmp_path, "tag", "v1.0")
    monkeypatch.chdir(tmp_path / "schemas")
    assert main(["breaking", "v1.0", "clock.toml"]) == 0
    write(tmp_path / "schemas" / "common" / "net.toml", net.replace("u16", "string"))
    capsys.readouterr()
    assert main(["breaking", "v1.0", "clock.toml"]) == 1
    said = capsys.readouterr().out
    assert said.startswith("clock.toml:5:1: TYPE_CHANGED imports.net.struct.Address.fields.port:")
    assert "(was at v1.0:schemas/clock.toml:5:1)" in said
    assert main(["breaking", "git:HEAD", "."]) == 1
    assert main(["breaking", "v9.9", "clock.toml"]) == 2
    assert main(["breaking", "--upload-pack=x", "clock.toml"]) == 2
    write(tmp_path / "schemas" / "new.toml", clock.replace("org.example.clock", "org.example.new"))
    assert main(["breaking", "HEAD", "new.toml"]) == 2


def test_a_contract_is_found_again_wherever_it_was_moved(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    net = HEADER.replace("clock", "net") + '[struct.Address]\nfields.port = "u16"\n'
    clock = OLD.replace("[struct", '[imports]\nnet = "common/net.toml"\n[struct', 1)
    (tmp_path / "git" / "schemas" / "common").mkdir(parents=True)
    folder = tmp_path / "git" / "schemas"
    write(folder / "common" / "net.toml", net)
    write(folder / "clock.toml", clock)
    write(folder / "broken.toml", "package = 'org.example.clock'\nschema = ")
    git(folder, "init", "-q", "..")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "one")
    # Another name, in another folder, with what it imports elsewhere as well.
    (folder / "broken.toml").unlink()
    (folder / "common").rename(folder / "shared")
    (folder / "clock.toml").rename(folder / "watch.toml")
    changed = clock.replace("common/", "shared/").replace('"string"', '"u8"')
    write(folder / "watch.toml", changed)
    folder.rename(tmp_path / "git" / "contracts")
    (tmp_path / "link").symlink_to(tmp_path / "git" / "contracts")
    monkeypatch.setenv("GIT_DIR", ".git")  # as in a hook
    for place, path in (
        (tmp_path / "git", "contracts/watch.toml"),
        (tmp_path / "git", "contracts"),
        (tmp_path / "git" / "contracts", "watch.toml"),
        (tmp_path / "git" / "contracts" / "shared", "../watch.toml"),
        (tmp_path, "git/contracts/watch.toml"),
        (tmp_path, "link"),
        (Path("/"), str(tmp_path / "git" / "contracts" / "watch.toml")),
    ):
        monkeypatch.chdir(place)
        assert main(["breaking", "HEAD", path]) == 1, path
        said = capsys.readouterr().out
        assert " TYPE_CHANGED struct.Config.fields.zone:" in said
        assert "(was at HEAD:schemas/clock.toml:" in said
        assert len(said.splitlines()) == 1


def test_a_revision_without_a_repository_is_misuse(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["breaking", "HEAD", write(tmp_path / "new.toml", OLD)]) == 2
    assert "would have to be in a git repository" in capsys.readouterr().err


def test_programs_and_github_get_their_own_form(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(FOLDER / "FIELD_ADDED_REQUIRED")
    main(["breaking", "old.toml", "new.toml", "--format", "json"])
    (found,) = json.loads(capsys.readouterr().out)["findings"]
    assert (found["rule"], found["level"]) == ("FIELD_ADDED_REQUIRED", "break")
    assert (found["line"], found["column"], found["breaks"]) == (7, 8, "old writers")
    main(["breaking", "old.toml", "new.toml", "--format", "github"])
    assert capsys.readouterr().out.startswith("::error file=new.toml,line=7,col=8,title=xpcrpc ")


def test_a_contract_with_complaints_is_not_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = write(tmp_path / "old.toml", "schema = 2")
    assert main(["breaking", old, write(tmp_path / "new.toml", OLD)]) == 1
    assert "this compiler reads schema = 1" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [[], ["a", "b", "c"], ["--explain", "FIELD_REMOVD"]])
def test_misuse_is_exit_code_2(arguments: list[str]) -> None:
    assert main(["breaking", *arguments]) == 2
