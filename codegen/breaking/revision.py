"""Contracts as they were in a git revision, with what they import."""

from __future__ import annotations

import os
import subprocess
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from posixpath import normpath
from typing import Final

from attrs import define, field

from xpcrpc.errors import MisuseError

from ..complaint import Complaint
from ..source import Source, read_source

PREFIX: Final = "git:"
"""Says that a revision is meant, should a file have its name."""


_OF_A_HOOK: Final = frozenset({"GIT_DIR", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_WORK_TREE"})
"""What git tells a hook about its own repository, relative to another folder than ours."""


@define
class Revision:
    """One commit of the repository that a path is in."""

    name: str
    """As the user wrote it."""
    commit: str
    root: Path
    """The repository's own folder."""

    @classmethod
    def of(cls, name: str, beside: Path) -> Revision:
        """The revision ``name`` of the repository that holds ``beside``.

        Raises:
            MisuseError: there is no repository, or no such revision.
        """
        folder = beside if beside.is_dir() else beside.parent
        root = Path(
            _git(
                folder, "rev-parse", "--show-toplevel",
                failure=f"{name!r} is no file and no folder; for a git revision, "
                f"'{beside.as_posix()}' would have to be in a git repository",
            ).strip()
        )  # fmt: skip
        commit = _git(
            folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}",
            failure=f"{name!r} is no file, no folder and no git revision",
        ).strip()  # fmt: skip
        return cls(name, commit, root)

    def contracts(self, new: Path, folder: Path) -> list[Source | Complaint]:
        """The contract, or the folder of contracts, at the path of ``new`` back then.

        They and what they import are written into ``folder``, which must stay
        while they are compiled.

        Raises:
            MisuseError: there was none.
        """
        inside = PurePosixPath(os.path.relpath(new.resolve(), self.root.resolve())).as_posix()
        below = f"{inside}/" if new.is_dir() and inside != "." else inside
        listed = _git(self.root, "ls-tree", "-z", "--name-only", self.commit, "--", below)
        files = [name for name in listed.split("\0") if name.endswith(".toml")]
        files += self._elsewhere(sorted(new.glob("*.toml")) if new.is_dir() else [new], files)
        if not files:
            raise MisuseError(f"there was no contract in '{new.as_posix()}' at {self.name}")
        copy = _Copy(self, folder)
        return [read_source(copy.file(name), f"{self.name}:{name}") for name in files]

    def _elsewhere(self, new: Sequence[Path], files: Sequence[str]) -> list[str]:
        """Where contracts were, by their packages, whose files have been renamed or moved since."""
        here = {_package(self.text(name)) for name in files}
        if len(new) == 1 and files:
            return []  # the file itself was there; its package may be what changed
        found = []
        for path in new:
            try:
                package = _package(path.read_bytes())
            except OSError:
                continue  # the compiler says so
            if package is not None and package not in here:
                found += self._of_package(package)[:1]
        return found

    def _of_package(self, package: str) -> list[str]:
        try:
            listed = _git(
                self.root, "grep", "-l", "-z", "-F", "-e", package, self.commit, "--", "*.toml"
            )
        except MisuseError:
            return []  # git calls it a failure that nothing was found
        names = [one.partition(":")[2] for one in listed.split("\0") if one]
        return [name for name in names if _package(self.text(name)) == package]

    def text(self, file: str) -> bytes:
        """A file's bytes back then.

        Raises:
            MisuseError: it was not there.
        """
        return _git_bytes(
            self.root, "cat-file", "blob", f"{self.commit}:{file}",
            failure=f"'{file}' was not there at {self.name}",
        )  # fmt: skip


@define
class _Copy:
    """Files of a revision, written to a folder where they lie as they did."""

    revision: Revision
    folder: Path
    _known: set[str] = field(factory=set)

    def file(self, name: str) -> Path:
        target = self.folder / name
        if name in self._known:
            return target
        self._known.add(name)
        data = self.revision.text(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        for other in _imports(data):
            beside = normpath((PurePosixPath(name).parent / other).as_posix())
            if beside.startswith(("../", "/")):
                continue  # outside the repository: the compiler says that it is missing
            try:
                self.file(beside)
            except MisuseError:
                continue  # likewise
        return target


def _package(data: bytes) -> str | None:
    try:
        package = tomllib.loads(data.decode("utf-8")).get("package")
    except (ValueError, RecursionError):
        return None
    return package if isinstance(package, str) else None


def _imports(data: bytes) -> Iterator[str]:
    try:
        imports = tomllib.loads(data.decode("utf-8")).get("imports")
    except (ValueError, RecursionError):
        return  # what is wrong with the file is the compiler's to say
    if isinstance(imports, dict):
        yield from (file for file in imports.values() if isinstance(file, str))


def _git(folder: Path, *arguments: str, failure: str | None = None) -> str:
    return os.fsdecode(_git_bytes(folder, *arguments, failure=failure))


def _git_bytes(folder: Path, *arguments: str, failure: str | None = None) -> bytes:
    try:
        done = subprocess.run(  # noqa: S603 - the arguments are a list, no shell reads them
            ["git", "-C", str(folder), *arguments],  # noqa: S607 - the user's own git
            capture_output=True,
            check=False,
            stdin=subprocess.DEVNULL,
            env={name: value for name, value in os.environ.items() if name not in _OF_A_HOOK},
        )
    except (OSError, ValueError) as error:
        raise MisuseError(f"git cannot be run: {error}") from None
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().removeprefix("fatal: ")
        raise MisuseError(failure or f"git refused: {said}")
    return done.stdout
