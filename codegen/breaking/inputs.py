"""Which contracts are compared: files, folders, a git revision or locks."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from attrs import define, field

from xpcrpc.errors import MisuseError

from ..compile import compile_sources, find_schemas
from ..complaint import Complaint
from ..freeze import edited_lock, lock_path, read_lock
from ..source import Source, read_source
from .revision import PREFIX, Revision
from .run import Side


@define
class Inputs:
    """Both sides, matched; or complaints, and then nothing is compared."""

    pairs: list[tuple[Side, Side]] = field(factory=list)
    gone: list[Side] = field(factory=list)
    """Contracts of the old folder that the new one does not have."""
    new: list[Side] = field(factory=list)
    """Contracts of the new folder that the old one did not have."""
    complaints: list[Complaint] = field(factory=list)


def against(old: str, new: str) -> Inputs:
    """A file, a folder or a revision against a file or a folder.

    Raises:
        MisuseError: one of them is nothing of that, or cannot be read.
    """
    after = _compiled([read_source(path, name) for path, name in find_schemas([new])])
    if not old.startswith(PREFIX) and os.path.exists(old):
        sources = [read_source(path, name) for path, name in find_schemas([old])]
        return _matched(_compiled(sources), after, whole=Path(new).is_dir())
    revision = Revision.of(old.removeprefix(PREFIX), Path(new))
    with TemporaryDirectory(prefix="xpcrpc-") as folder:
        before = _compiled(revision.contracts(Path(new), Path(folder)))
    return _matched(before, after, whole=Path(new).is_dir())


def against_locks(new: str) -> Inputs:
    """A file or the contracts of a folder against the lock beside each.

    Raises:
        MisuseError: one of them cannot be read, or has no lock.
    """
    inputs = Inputs()
    for path, name in find_schemas([new]):
        after = _compiled([read_source(path, name)])
        lock = lock_path(path)
        if not lock.exists():
            raise MisuseError(f"{name!r} has no lock; write one with: xpcrpc freeze {name}")
        if isinstance(after, list):
            inputs.complaints.extend(after)
            continue
        found = read_lock(read_source(lock), after[0].source)
        before = _compiled([found if isinstance(found, Complaint) else found.source])
        if isinstance(before, list) or isinstance(found, Complaint):
            inputs.complaints.extend(before if isinstance(before, list) else ())
        elif (edited := edited_lock(found, before[0].contract)) is not None:
            inputs.complaints.append(edited)
        else:
            inputs.pairs.append((before[0], after[0]))
    return inputs


def _compiled(sources: Sequence[Source | Complaint]) -> tuple[Side, ...] | list[Complaint]:
    compiled = compile_sources(sources)
    if compiled.complaints:
        return list(compiled.complaints)
    by_file = {source.file: source for source in sources if isinstance(source, Source)}
    return tuple(Side(contract, by_file[contract.file]) for contract in compiled.contracts)


def _matched(
    before: tuple[Side, ...] | list[Complaint],
    after: tuple[Side, ...] | list[Complaint],
    *,
    whole: bool,
) -> Inputs:
    if isinstance(before, list) or isinstance(after, list):
        sides = (before, after)
        return Inputs(complaints=[one for side in sides if isinstance(side, list) for one in side])
    if len(before) == len(after) == 1:
        return Inputs(pairs=[(before[0], after[0])])
    inputs = Inputs()
    rest = list(after)
    for old in before:
        new = _find(old, rest)
        if new is not None:
            rest.remove(new)
            inputs.pairs.append((old, new))
        elif whole:
            inputs.gone.append(old)
    inputs.new.extend(rest)
    return inputs


def _find(old: Side, among: Sequence[Side]) -> Side | None:
    """The same package; or else a file of the same name, for one that was renamed."""
    for new in among:
        if new.contract.package == old.contract.package:
            return new
    for new in among:
        if Path(new.source.file).name == Path(old.source.file.rpartition(":")[2]).name:
            return new
    return None
