"""Files are replaced whole or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from xpcrpc.errors import MisuseError


def write_whole(path: Path, text: str) -> None:
    """Write a file through a temporary one beside it, so that no moment shows half of it.

    An existing file keeps its mode; a link is followed, so the file it names changes.

    Raises:
        MisuseError: the folder or the disk refuses; the file is then as it was.
    """
    try:
        _write(path.resolve(), text.encode("utf-8"))
    except (OSError, ValueError, RuntimeError) as error:  # RuntimeError: links in a circle
        reason = error.strerror if isinstance(error, OSError) else None
        raise MisuseError(
            f"'{path.as_posix()}' cannot be written: {reason or error}; nothing was changed"
        ) from None


def _write(target: Path, data: bytes) -> None:
    mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else 0o666 & ~_umask()
    handle, name = tempfile.mkstemp(prefix=f".{target.name[:64]}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            # A full disk must be noticed before the old text is gone.
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
