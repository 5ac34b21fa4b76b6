"""The canonical form of a contract: one way to write it, every comment kept.

::

    parse    TOML text becomes a tree that still holds comments and blank lines
    order    which key comes before which, table by table
    spell    one way to write each key and text
    write    the tree becomes text again
    layout   all of it, and the proof that nothing was lost

The form changes layout alone. Before anything is handed out, `canonical` reads
its own result back and compares values and comments with the original.
"""

from .layout import canonical

__all__ = ["canonical"]
