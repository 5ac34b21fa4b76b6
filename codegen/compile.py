"""Contract files to contracts: read and checked, with all complaints."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from attrs import frozen

from xpcrpc.errors import MisuseError

from .check import check
from .complaint import Complaint, Complaints
from .model import Contract
from .naming import package_name
from .read import read_contract
from .source import Source, parse_source, read_source


@frozen
class Compiled:
    """What became of the files: contracts, or complaints; never part of both."""

    contracts: tuple[Contract, ...]
    complaints: tuple[Complaint, ...]
    """In the files' order, then by place."""


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


def compile_text(text: str | bytes, file: str = "contract.toml") -> Compiled:
    """The same for one contract that is no file."""
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    return compile_sources([parse_source(data, file)])


def compile_sources(sources: Sequence[Source | Complaint]) -> Compiled:
    """The same for files that were read already; a complaint stands for one that could not be."""
    contracts: list[Contract] = []
    complaints: list[Complaint] = []
    packages: dict[str, tuple[Contract, Complaints]] = {}
    for source in sources:
        if isinstance(source, Complaint):
            complaints.append(source)
            continue
        found = Complaints(source)
        contract = read_contract(found)
        check(contract, found)
        contracts.append(contract)
        name = package_name(contract.package, contract.python)
        other = packages.setdefault(name, (contract, found))[1]
        if other is not found:
            key = "python" if contract.python else "package"
            found.at_value(
                (key,),
                f"its Python package is {name}, as for {other.place(('package',))}; "
                'give one of them another with python = "…"',
            )
        complaints.extend(sorted(found.found))
    return Compiled(() if complaints else tuple(contracts), tuple(complaints))
