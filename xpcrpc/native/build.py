"""Builds the extensions.

``xpcrpc.native._xr`` is the bridge, and on Linux the portable libxpc under it, by
cffi in API mode; the bridge's public headers are the cdef; they hold declarations
alone. The others, `EXTENSIONS`, are written for CPython itself: what every message
passes, the codec above all. All keep to the limited API: one abi3 wheel.
``XPCRPC_SANITIZE=address,undefined`` in the environment builds with those sanitizers;
run Python with ``LD_PRELOAD`` of their runtimes then.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from cffi import FFI
from setuptools import Extension

NATIVE = Path(__file__).parent
BRIDGE = NATIVE / "bridge"
EXTENSIONS = {
    "xpcrpc.codec._plan": NATIVE / "codec",
    "xpcrpc.runtime._waiter": NATIVE / "waiter",
    "xpcrpc.transport._events": NATIVE / "events",
}
"""The folder of each extension for CPython itself."""
HEADERS = (
    "xr_handle.h",
    "xr_mailbox.h",
    "xr_connection.h",
    "xr_log.h",
    "xr_message.h",
    "xr_peer.h",
    "xr_transaction.h",
)
"""In the order in which a compiler must see them."""

FLAGS = (
    "-std=c11",
    "-O2",
    "-fvisibility=hidden",
    "-Wall",
    "-Wextra",
    "-Wconversion",
    "-Wshadow",
)

LIMITED_API = "0x030b0000"
"""CPython 3.11's: what the codec is compiled against, and cffi's part on every system."""

PREAMBLE = """
#include "xr__bridge.h"
/* Ours is clean under these; what cffi writes is not. */
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wunused-parameter"
"""


def declarations() -> str:
    """The public headers without preprocessor lines."""
    text = "\n".join((BRIDGE / name).read_text(encoding="utf-8") for name in HEADERS)
    return re.sub(r"^\s*#.*$", "", text, flags=re.MULTILINE)


def sources(system: str) -> list[Path]:
    """The C files of one system: ``darwin`` has libxpc, others get the portable one."""
    other = ("_portable.c",) if system == "darwin" else ("_apple.c", "_dispatch.c")
    found = [path for path in BRIDGE.glob("*.c") if not path.name.endswith(other)]
    if system != "darwin":
        found += (NATIVE / "libxpc").glob("*.c")
    return sorted(found)


def include_dirs(system: str) -> list[Path]:
    """Where the headers are; on macOS the SDK brings ``<xpc/xpc.h>``."""
    return [BRIDGE] if system == "darwin" else [BRIDGE, NATIVE / "include"]


def compile_flags(system: str) -> list[str]:
    """Arguments for the compiler, beyond the include folders."""
    # <xpc/session.h> refuses to be read without blocks.
    own = ["-fblocks"] if system == "darwin" else ["-D_GNU_SOURCE=1", "-pthread"]
    return [*FLAGS, *own]


def sources_of(extension: str) -> list[Path]:
    """The C files of one of `EXTENSIONS`, the same for every system."""
    return sorted(EXTENSIONS[extension].glob("*.c"))


def sanitizer_flags() -> list[str]:
    """Arguments for compiler and linker, from the environment."""
    chosen = os.environ.get("XPCRPC_SANITIZE")
    if not chosen:
        return []
    return [f"-fsanitize={chosen}", "-fno-omit-frame-pointer", "-g"]


def builder(system: str) -> FFI:
    """The cffi builder of one system."""
    ffi = FFI()
    ffi.cdef(declarations())
    # setuptools wants paths below the folder of setup.py.
    here = Path.cwd()
    files = [os.path.relpath(path, here) for path in sources(system)]
    headers = [*BRIDGE.glob("*.h"), *(NATIVE / "include").rglob("*.h")]
    headers += (NATIVE / "libxpc").glob("*.h")
    ffi.set_source(
        "xpcrpc.native._xr",
        PREAMBLE,
        sources=files,
        include_dirs=[os.path.relpath(path, here) for path in include_dirs(system)],
        extra_compile_args=[*compile_flags(system), *sanitizer_flags()],
        extra_link_args=sanitizer_flags(),
        depends=[os.path.relpath(path, here) for path in headers],
    )
    return ffi


def extensions() -> list[Extension]:
    """Those for CPython itself."""
    here = Path.cwd()
    return [
        Extension(
            name,
            sources=[os.path.relpath(path, here) for path in sources_of(name)],
            define_macros=[("Py_LIMITED_API", LIMITED_API)],
            extra_compile_args=[*FLAGS, *sanitizer_flags()],
            extra_link_args=sanitizer_flags(),
            depends=[
                os.path.relpath(path, here)
                for path in (*folder.glob("*.h"), NATIVE / "extension.h", *BRIDGE.glob("*.h"))
            ],
            py_limited_api=True,
        )
        for name, folder in EXTENSIONS.items()
    ]


ffibuilder = builder(sys.platform)
