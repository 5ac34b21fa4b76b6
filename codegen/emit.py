"""From a view to files: templates, then text."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from xpcrpc.errors import MisuseError

from .view import PackageView
from .view.layout import WIDTH
from .view.package import MARK

if TYPE_CHECKING:
    from jinja2 import Environment

_TEMPLATES: Final = Path(__file__).parent / "python"


def emit(view: PackageView) -> dict[PurePosixPath, str]:
    """The text of every file of the package, by its path under the output folder.

    Raises:
        MisuseError: the template engine is not installed.
    """
    environment = _environment()

    def render(template: str, view: Any) -> str:
        return _settled(environment.get_template(template).render(view=view))

    folder = PurePosixPath(view.name)
    files = {
        folder / "__init__.py": render("package.py.jinja", view),
        folder / "py.typed": "",
        folder / "types.py": render("types.py.jinja", view.types),
    }
    for protocol in view.protocols:
        files[folder / f"{protocol.module}.py"] = render("protocol.py.jinja", protocol)
    if view.services.services:
        files[folder / "services.py"] = render("services.py.jinja", view.services)
    return files


def _settled(text: str) -> str:
    """The text; if names so long that no layout fits them are in it, the tools are told so.

    Without the two comments a formatter would try, and a linter complain.
    """
    long = [line for line in text.split("\n") if len(line) > WIDTH]
    if not long:
        return text
    notes = ["# fmt: off"]
    if any(len(line.split()) > 1 and "://" not in line.split()[-1] for line in long):
        notes.append("# ruff: noqa: E501")
    head, mark, tail = text.partition(f"\n{MARK}")
    line, rest = tail.split("\n", 1)
    return "\n".join([f"{head}{mark}{line}", *notes, rest])


def _environment() -> Environment:
    try:
        from jinja2 import Environment, FileSystemLoader, StrictUndefined
    except ModuleNotFoundError:
        raise MisuseError(
            "the compiler needs jinja2; install it with: pip install 'xpcrpc[codegen]'"
        ) from None
    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 - the text is Python, not HTML
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
