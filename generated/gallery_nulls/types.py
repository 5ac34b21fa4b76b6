"""Types of org.example.gallery_nulls 1.0: The few things that `[wire]` settles for a whole file:
absent values are written as null.
"""

# Written by `xpcrpc gen` from gallery_nulls.toml; change that, not this.

from __future__ import annotations

from typing import ClassVar, TypeAlias

from xpcrpc import I64, U64, ContractError, UnknownCase, define


@define(kw_only=True)
class Sparse:
    """Every absent field travels as null."""

    NONE: ClassVar[str] = "null"
    name: str | None = None
    count: U64 | None = None
    inner: Sparse | None = None


@define(kw_only=True)
class EitherHere:
    """The case ``here`` of `Either`."""

    CASE: ClassVar[str] = "here"
    NONE: ClassVar[str] = "null"
    at: I64 | None = None


@define(kw_only=True)
class EitherThere:
    """The case ``there`` of `Either`."""

    CASE: ClassVar[str] = "there"
    NONE: ClassVar[str] = "null"


Either: TypeAlias = EitherHere | EitherThere | UnknownCase
"""An absent field inside a case is null as well."""


@define(kw_only=True)
class EchoEitherRequest:
    """What ``GalleryNulls.echo_either`` takes."""

    NONE: ClassVar[str] = "null"
    either: Either | None = None


@define(kw_only=True)
class Gone(ContractError):
    """An absent field of an error is null as well."""

    code = 100
    NONE: ClassVar[str] = "null"
    where: str | None = None
