"""Files are replaced whole or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from xpcrpc.errors import MisuseError


def write_whole(path: Path, text: str, *, sync: bool = True) -> None:
    """Write a file through a temporary one beside it, so that no moment shows half of it.

    An existing file keeps its mode; a link is followed, so the file it names changes.
    Without ``sync`` nobody waits for the disk: for what can be written again.

    Raises:
        MisuseError: the folder or the disk refuses; the file is then as it was.
    """
    try:
        _write(path, text.encode("utf-8"), sync=sync)
    except (OSError, ValueError, RuntimeError) as error:  # RuntimeError: links in a circle
        reason = error.strerror if isinstance(error, OSError) else None
        raise MisuseError(
            f"'{path.as_posix()}' cannot be written: {reason or error}; it is as it was"
        ) from None


def _write(path: Path, data: bytes, *, sync: bool) -> None:
    if path.exists() and not path.is_file():
        # Such as /dev/stdout or a pipe, whose place a file must not take.
        with path.open("wb") as device:
            device.write(data)
        return
    target = path.resolve()
    mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else 0o666 & ~_umask()
    handle, name = tempfile.mkstemp(prefix=f".{target.name[:64]}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            if sync:  # a full disk must be noticed before the old text is gone
                os.fsync(file.fileno())
        os.chmod(name, mode)
        os.replace(name, target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _umask() -> int:
    """The process's mask, which can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
