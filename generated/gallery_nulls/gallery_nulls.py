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
    package=__name__.rpartition(".")[0],
    version="1.0",
    methods=(ECHO_SPARSE, ECHO_EITHER),
    fingerprint="9c3a946606165e6072cd5a99e6d0e3b7",
)


class GalleryNullsClient(Client):
    """Each method gives back what it is given."""

    protocol: ClassVar[Protocol] = GALLERY_NULLS

    async def echo_sparse(self, request: Sparse, *, timeout_s: float | None = None) -> Sparse:
        """Null for every field that is absent.

        Raises:
            Gone: An absent field of an error is null as well.
        """
        return await self._call(ECHO_SPARSE, request, timeout_s)

    async def echo_either(
        self,
        *,
        either: Either | None = None,
        timeout_s: float | None = None,
    ) -> Either | None:
        """Null for the whole argument, or for the whole result."""
        return await self._call(ECHO_EITHER, EchoEitherRequest(either=either), timeout_s)


class GalleryNullsServer(Server[GalleryNullsClient]):
    """Each method gives back what it is given."""

    protocol: ClassVar[Protocol] = GALLERY_NULLS

    @abstractmethod
    async def echo_sparse(self, request: Sparse, context: CallContext) -> Sparse:
        """Null for every field that is absent.

        Raises:
            Gone: An absent field of an error is null as well.
        """

    @abstractmethod
    async def echo_either(self, request: EchoEitherRequest, context: CallContext) -> Either | None:
        """Null for the whole argument, or for the whole result."""
