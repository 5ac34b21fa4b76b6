"""org.example.gallery_nulls 1.0: The few things that `[wire]` settles for a whole file: absent
values are written as null.
"""

# Written by `xpcrpc gen` from gallery_nulls.toml; change that, not this.

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .gallery_nulls import GALLERY_NULLS, GalleryNullsServer
    from .services import GalleryNulls, GalleryNullsClient
    from .types import EchoEitherRequest, Either, EitherHere, EitherThere, Gone, Sparse

__all__ = [
    "GALLERY_NULLS",
    "EchoEitherRequest",
    "Either",
    "EitherHere",
    "EitherThere",
    "GalleryNulls",
    "GalleryNullsClient",
    "GalleryNullsServer",
    "Gone",
    "Sparse",
]

_HOMES = {
    "GALLERY_NULLS": ".gallery_nulls",
    "EchoEitherRequest": ".types",
    "Either": ".types",
    "EitherHere": ".types",
    "EitherThere": ".types",
    "GalleryNulls": ".services",
    "GalleryNullsClient": ".services",
    "GalleryNullsServer": ".gallery_nulls",
    "Gone": ".types",
    "Sparse": ".types",
}

if not TYPE_CHECKING:

    def __getattr__(name):
        """Import a name's module when the name is asked for, and not before."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = getattr(import_module(_HOMES[name], __name__), name)
        globals()[name] = found
        return found


def __dir__() -> list[str]:
    return __all__
