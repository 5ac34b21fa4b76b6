"""Whether a file descriptor is good for what its type promises."""

from __future__ import annotations

import fcntl
import os
import stat

from ..kinds import FdMode
from ..values import FileDescriptor


def fd_problem(descriptor: FileDescriptor, mode: FdMode | None) -> str | None:
    """Why a descriptor is not good for ``mode``, or None."""
    if descriptor.closed:
        return "the fd is closed"
    if mode is None:
        return None
    try:
        if mode is FdMode.SOCKET:
            is_socket = stat.S_ISSOCK(os.fstat(descriptor.fileno()).st_mode)
            return None if is_socket else "expected a socket, found another fd"
        flags = fcntl.fcntl(descriptor.fileno(), fcntl.F_GETFL)
    except OSError as error:
        return f"the fd is not usable: {error.strerror}"
    if flags & getattr(os, "O_PATH", 0):
        return f"expected an fd open for {mode.value}, found one that is a mere path"
    access = flags & (os.O_RDONLY | os.O_WRONLY | os.O_RDWR)
    good = {
        FdMode.READ: (os.O_RDONLY, os.O_RDWR),
        FdMode.WRITE: (os.O_WRONLY, os.O_RDWR),
        FdMode.READWRITE: (os.O_RDWR,),
    }[mode]
    if access in good:
        return None
    names = {os.O_RDONLY: "read", os.O_WRONLY: "write", os.O_RDWR: "readwrite"}
    return f"expected an fd open for {mode.value}, found one for {names.get(access, 'nothing')}"
