"""The output folder: which files would change, and the change itself.

Only files that carry the compiler's own line are replaced or removed, and only
inside the packages that are generated now; everything else is somebody's work.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from attrs import define, field, frozen

from xpcrpc.errors import MisuseError

from .atomic import write_whole
from .view.package import MARK


@frozen
class Change:
    """One file to write, or to remove if there is no text."""

    path: Path
    text: str | None
    exists: bool

    def show(self, *, planned: bool) -> str:
        """A line about it, in the past or as it should be."""
        if self.text is None:
            word = "surplus" if planned else "removed"
        elif planned:
            word = "stale" if self.exists else "missing"
        else:
            word = "wrote"
        return f"{word} {self.path.as_posix()}"

    def make(self) -> None:
        """Write or remove the file."""
        if self.text is None:
            self.path.unlink()
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(self.path, self.text, sync=False)


@define
class Output:
    """What a folder should hold, gathered package by package."""

    folder: Path
    _files: dict[PurePosixPath, str] = field(factory=dict)

    def add(self, files: Mapping[PurePosixPath, str]) -> None:
        """A package's files."""
        self._files.update(files)

    def changes(self) -> list[Change]:
        """What differs from the folder as it is, in the order of paths.

        Raises:
            MisuseError: a file in the way was not written by the compiler.
            OSError: the folder cannot be read.
        """
        changes = []
        for name, text in self._files.items():
            path = self.folder / name
            present = path.read_bytes() if path.exists() else None
            if present == text.encode("utf-8"):
                continue
            if present and not _is_ours(present):
                raise MisuseError(
                    f"'{path.as_posix()}' was not written by xpcrpc gen; move it out of the way"
                )
            changes.append(Change(path, text, present is not None))
        changes.extend(Change(path, None, True) for path in self._surplus())
        return sorted(changes, key=lambda change: change.path)

    def _surplus(self) -> list[Path]:
        """Files of ours that no contract makes any more."""
        packages = {name.parts[0] for name in self._files}
        return [
            path
            for package in sorted(packages)
            for path in sorted((self.folder / package).glob("*.py"))
            if PurePosixPath(package, path.name) not in self._files
            and path.is_file()
            and _is_ours(path.read_bytes())
        ]


def _is_ours(data: bytes) -> bool:
    """Whether the line stands alone near the top, not quoted somewhere below."""
    mark = MARK.encode("utf-8")
    return any(line.startswith(mark) for line in data.split(b"\n"))
