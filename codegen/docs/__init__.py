"""Documentation pages: one Markdown file and one self-contained HTML page for each contract.

::

    sample   a message of a type, as it would look on the wire
    prose    docs and types as pieces, so that each output escapes them its own way
    view     what the pages say; every decision is made here
    render   templates, then files
"""

from .render import documentation

__all__ = ["documentation"]
