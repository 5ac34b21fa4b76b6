"""Services of org.example.gallery_nulls 1.0."""

# Written by `xpcrpc gen` from gallery_nulls.toml; change that, not this.

from __future__ import annotations

from typing import Final

from xpcrpc import Service, rules

from .gallery_nulls import GALLERY_NULLS, GalleryNullsServer
from .gallery_nulls import GalleryNullsClient as AnyGalleryNullsClient

GalleryNulls: Final[Service[GalleryNullsServer, AnyGalleryNullsClient]] = Service(
    name="org.example.gallery_nulls",
    protocol=GALLERY_NULLS,
    server=GalleryNullsServer,  # type: ignore[type-abstract]
    client=AnyGalleryNullsClient,
    domain="user",
    peer_macos=rules.Team("self"),
    peer_linux=rules.Uid("self"),
)
"""For the programs of one user."""


class GalleryNullsClient(AnyGalleryNullsClient):
    """A client of `GalleryNulls`; ``connect`` finds it by its name."""

    service = GalleryNulls
