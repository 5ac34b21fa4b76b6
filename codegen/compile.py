"""Contract files to contracts: read and checked, with all complaints."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from attrs import frozen

from xpcrpc.errors import MisuseError

from .complaint import Complaint, Complaints
from .imports import Loaded, Loader
from .mistakes.files import PACKAGE_TWICE
from .model import Contract
from .naming import package_name
from .source import Source, parse_source, read_source


@frozen
class Compiled:
    """What became of the files: contracts, or complaints; never part of both."""

    contracts: tuple[Contract, ...]
    complaints: tuple[Complaint, ...]
    """In the files' order, then by place."""
    imported: tuple[Contract, ...] = ()
    """What the contracts import and nobody named; their packages are needed too."""


def find_schemas(arguments: Sequence[str]) -> list[tuple[Path, str]]:
    """The contract files that the arguments name, each with the name to show.

    A folder stands for every ``.toml`` file directly in it.

    Raises:
        MisuseError: an argument names nothing, or a folder without contracts.
    """
    found: dict[str, Path] = {}
    for argument in arguments:
        path = Path(argument)
        try:
            is_folder = path.is_dir()
            inside = sorted(path.glob("*.toml")) if is_folder else [path]
        except (OSError, ValueError) as error:
            raise MisuseError(f"{argument!r} cannot be read: {error}") from None
        inside = [one for one in inside if not one.is_dir()] if is_folder else inside
        if not inside:
            raise MisuseError(f"there is no .toml file in {argument!r}")
        for one in inside:
            found.setdefault(one.as_posix(), one)
    return [(path, name) for name, path in found.items()]


def compile_files(arguments: Sequence[str]) -> Compiled:
    """Read and check all files, whatever is wrong with some of them.

    Raises:
        MisuseError: a file is missing or cannot be read.
    """
    return compile_sources([read_source(path, name) for path, name in find_schemas(arguments)])


def compile_text(
    text: str | bytes, file: str = "contract.toml", path: Path | None = None
) -> Compiled:
    """The same for one contract that is no file; with ``path``, as if it stood there.

    Without it there is nothing that its imports could be relative to.
    """
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    return compile_sources([parse_source(data, file, path)])


def compile_sources(sources: Sequence[Source | Complaint]) -> Compiled:
    """The same for files that were read already; a complaint stands for one that could not be."""
    loader = Loader()
    given = [loader.load(source) for source in sources]
    packages: dict[str, Complaints] = {}
    complaints: list[Complaint] = []
    imported: list[Contract] = []
    # The given ones first, in their order; then what they import.
    for one in dict.fromkeys([*given, *loader.loaded.values()]):
        if isinstance(one, Complaint):
            complaints.append(one)
            continue
        _one_package(one, packages)
        complaints.extend(sorted(one.complaints.found))
        if one not in given:
            imported.append(one.contract)
    if complaints:
        return Compiled((), tuple(complaints))
    contracts = [one.contract for one in dict.fromkeys(given) if isinstance(one, Loaded)]
    return Compiled(tuple(contracts), (), tuple(imported))


def _one_package(loaded: Loaded, packages: dict[str, Complaints]) -> None:
    """Complain if another contract makes a package of the same name."""
    contract, found = loaded.contract, loaded.complaints
    name = package_name(contract.package, contract.python)
    other = packages.setdefault(name, found)
    if other is not found:
        key = "python" if contract.python else "package"
        found.at_value(
            PACKAGE_TWICE,
            (key,),
            f"its Python package is {name}, as for {other.place(('package',))}; "
            'give one of them another with python = "…"',
        )
