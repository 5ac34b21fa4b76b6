"""From a view to files."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from xpcrpc.errors import MisuseError

from ..model import Contract
from ..naming import package_name
from .view import page_view

if TYPE_CHECKING:
    from jinja2 import Environment

_TEMPLATES: Final = Path(__file__).parent / "templates"


def documentation(contract: Contract) -> dict[PurePosixPath, str]:
    """The contract's Markdown and HTML page, by file name.

    Raises:
        MisuseError: the template engine is not installed.
    """
    # Of the path only the name: pages must not say where somebody's checkout is.
    view = page_view(contract, PurePosixPath(contract.file).name)
    name = package_name(contract.package, contract.python)
    environment = _environment()
    return {
        PurePosixPath(f"{name}.md"): environment.get_template("page.md.jinja").render(view=view),
        PurePosixPath(f"{name}.html"): environment.get_template("page.html.jinja").render(
            view=view
        ),
    }


def _environment() -> Environment:
    try:
        from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
    except ModuleNotFoundError:
        raise MisuseError(
            "the compiler needs jinja2; install it with: pip install 'xpcrpc[codegen]'"
        ) from None
    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        undefined=StrictUndefined,
        autoescape=select_autoescape(enabled_extensions=("html.jinja",), default=False),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
