"""org.example.gallery_nulls 1.0: The few things that `[wire]` settles for a whole file: absent
values are written as null.
"""

# Written by `xpcrpc gen` from gallery_nulls.toml; change that, not this.

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
