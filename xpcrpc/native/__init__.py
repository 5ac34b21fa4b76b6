"""The extension: libxpc, as the bridge in C shows it. Only `xpcrpc.transport.xpc*` imports it."""

from ._xr import ffi, lib

__all__ = ["ffi", "lib"]
