"""Services of org.example.gallery 1.2."""

# Written by `xpcrpc gen` from gallery.toml; change that, not this.

from __future__ import annotations

from typing import Final

from xpcrpc import Service, rules

from .gallery import GALLERY, GalleryServer
from .gallery import GalleryClient as AnyGalleryClient

Gallery: Final[Service[GalleryServer, AnyGalleryClient]] = Service(
    name="org.example.gallery",
    protocol=GALLERY,
    server=GalleryServer,  # type: ignore[type-abstract]
    client=AnyGalleryClient,
    domain="user",
    peer_macos=rules.AnyOf(
        (
            rules.All((rules.Team("self"), rules.Identifier("org.example.gallery.viewer"))),
            rules.Requirement(
                'anchor apple generic and certificate leaf[subject.OU] = "ABCDE12345"',
            ),
            rules.Platform(),
        ),
    ),
    peer_linux=rules.All(
        (
            rules.AnyOf((rules.Uid("self"), rules.Uid(0), rules.User("gallery"))),
            rules.AnyOf(
                (
                    rules.Gid("self"),
                    rules.Group("visitors"),
                    rules.Executable("/usr/bin/viewer"),
                    rules.SecurityLabel("viewer_t"),
                ),
            ),
        ),
    ),
    peer_development=rules.Uid("self"),
)
"""For the programs of one user."""


class GalleryClient(AnyGalleryClient):
    """A client of `Gallery`; ``connect`` finds it by its name."""

    service = Gallery


OpenGallery: Final[Service[GalleryServer, AnyGalleryClient]] = Service(
    name="${TEAM_ID}.org.example.gallery.open",
    protocol=GALLERY,
    server=GalleryServer,  # type: ignore[type-abstract]
    client=AnyGalleryClient,
    domain="system",
    peer_macos=rules.Anyone(),
    peer_linux=rules.Anyone(),
)
"""For everybody on the system, said out loud."""


class OpenGalleryClient(AnyGalleryClient):
    """A client of `OpenGallery`; ``connect`` finds it by its name."""

    service = OpenGallery


StrictGallery: Final[Service[GalleryServer, AnyGalleryClient]] = Service(
    name="org.example.gallery.strict",
    protocol=GALLERY,
    server=GalleryServer,  # type: ignore[type-abstract]
    client=AnyGalleryClient,
    domain="user",
    peer_macos=rules.All(
        (
            rules.Entitlement("org.example.gallery.client", value="full"),
            rules.Entitlement("com.apple.security.app-sandbox"),
            rules.Lwcr({"team-identifier": "ABCDE12345", "validation-category": {"$in": [1, 4]}}),
        ),
    ),
)
"""The rest of the macOS rules."""


class StrictGalleryClient(AnyGalleryClient):
    """A client of `StrictGallery`; ``connect`` finds it by its name."""

    service = StrictGallery
