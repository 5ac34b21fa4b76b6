"""Stubs of the protocol GalleryNulls of org.example.gallery_nulls 1.0."""

# Written by `xpcrpc gen` from gallery_nulls.toml; change that, not this.

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, Final

from xpcrpc import CallContext, Client, Method, Protocol, Server

from .types import EchoEitherRequest, Either, Gone, Sparse

ECHO_SPARSE: Final[Method[Sparse, Sparse]] = Method(
    name="echo_sparse",
    selector="EchoSparse",
    request=Sparse,
    reply=Sparse,
    errors=(Gone,),
    timeout_s=30.0,
)

ECHO_EITHER: Final[Method[EchoEitherRequest, Either | None]] = Method(
    name="echo_either",
    selector="EchoEither",
    request=EchoEitherRequest,
    reply=Either | None,
    timeout_s=30.0,
)

GALLERY_NULLS: Final = Protocol(
    name="org.example.gallery_nulls.GalleryNulls",
    package=__package__,
    version="1.0",
    methods=(ECHO_SPARSE, ECHO_EITHER),
)


class GalleryNullsClient(Client):
    """The protocol GalleryNulls of org.example.gallery_nulls."""

    protocol: ClassVar[Protocol] = GALLERY_NULLS

    async def echo_sparse(self, request: Sparse, *, timeout_s: float | None = None) -> Sparse:
        """Call ``echo_sparse``.

        Raises:
            Gone: Code 100.
        """
        return await self._call(ECHO_SPARSE, request, timeout_s)

    async def echo_either(
        self,
        *,
        either: Either | None = None,
        timeout_s: float | None = None,
    ) -> Either | None:
        """Call ``echo_either``."""
        return await self._call(ECHO_EITHER, EchoEitherRequest(either=either), timeout_s)


class GalleryNullsServer(Server[GalleryNullsClient]):
    """The protocol GalleryNulls of org.example.gallery_nulls."""

    protocol: ClassVar[Protocol] = GALLERY_NULLS

    @abstractmethod
    async def echo_sparse(self, request: Sparse, context: CallContext) -> Sparse:
        """Serve ``echo_sparse``.

        Raises:
            Gone: Code 100.
        """

    @abstractmethod
    async def echo_either(self, request: EchoEitherRequest, context: CallContext) -> Either | None:
        """Serve ``echo_either``."""
