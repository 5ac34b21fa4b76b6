"""org.xpcrpc.standard 1.0: What every service answers that xpcrpc serves: who it is, how it is,
what it can do.
"""

# Written by `xpcrpc gen` from standard.toml; change that, not this.

from .standard import STANDARD, StandardClient, StandardServer
from .types import (
    Description,
    Health,
    HelloReply,
    HelloRequest,
    Identity,
    MethodDescription,
    TypeDescription,
)

__all__ = [
    "STANDARD",
    "Description",
    "Health",
    "HelloReply",
    "HelloRequest",
    "Identity",
    "MethodDescription",
    "StandardClient",
    "StandardServer",
    "TypeDescription",
]
