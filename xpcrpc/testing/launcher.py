"""A small launchd for tests on Linux: it starts a service when somebody wants it.

    with Launcher("org.example.clock", [sys.executable, "-m", "clock"]) as launcher:
        ...  # the first message starts the service, and again after it died
        launcher.kill()

The launcher holds the listening socket, so the name exists before the service
does, and what is sent meanwhile waits (C-180). The service gets the socket by
socket activation (``LISTEN_FDS``, its name in ``LISTEN_FDNAMES``), as from
systemd; ``Listener.named`` and ``serve`` take it from there by themselves.

On macOS launchd itself does this: install a property list for the test.
"""

from __future__ import annotations

import errno
import logging
import os
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Self

from ..errors import MisuseError, ServiceConfigurationError

THROTTLE_S: Final = 0.1
"""Least time between two starts, in seconds, so that a service which dies at once does
not keep the machine busy. launchd's is 10 (C-183)."""

PATIENCE_S: Final = 10.0
"""How long a service may take to end after SIGTERM, in seconds; then it is killed."""

BACKLOG: Final = 4096
"""Connections that wait for the service."""

PATH_BYTES: Final = 107
"""Longest path of a socket; the kernel's ``sun_path`` less its NUL."""

FIRST_FD: Final = 3
"""The number of an inherited socket; see ``sd_listen_fds(3)``."""

# The id of the process is known only inside it; the shell is replaced by the command.
_SHELL: Final = 'LISTEN_PID=$$; export LISTEN_PID; exec "$@"'

_log: Final = logging.getLogger("xpcrpc.testing")


class Launcher:
    """Holds one service's name; starts its program on demand, one instance at a time.

    Methods may be called from any thread.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        directory: str | None = None,
        environment: Mapping[str, str] | None = None,
        throttle_s: float = THROTTLE_S,
    ) -> None:
        """Describe the service; entering the ``with`` block takes the name.

        Args:
            name: what clients connect to.
            command: the program and its arguments; it must not daemonise (C-182).
            directory: where names live; ``XPCRPC_BOOTSTRAP_DIR`` unless given.
            environment: variables added to this process's own.
            throttle_s: least seconds between two starts.

        Raises:
            ServiceConfigurationError: no directory is given, or this is not Linux.
            MisuseError: the command is empty.
        """
        if not sys.platform.startswith("linux"):
            raise ServiceConfigurationError("the launcher is for Linux; use launchd on macOS")
        directory = directory or os.environ.get("XPCRPC_BOOTSTRAP_DIR")
        if not directory:
            raise ServiceConfigurationError(
                "the launcher needs a directory for names: set XPCRPC_BOOTSTRAP_DIR, or use "
                "xpcrpc.testing.bootstrap_directory"
            )
        if not command:
            raise MisuseError("the launcher needs a command to start the service with")
        self.name = name
        self.command = tuple(command)
        self.path = Path(directory, name)
        """The socket's file."""
        self._environment = {
            **os.environ,
            "XPCRPC_BOOTSTRAP_DIR": directory,
            **(environment or {}),
            "LISTEN_FDS": "1",
            "LISTEN_FDNAMES": name,
        }
        self._throttle_s = throttle_s
        self._lock = threading.Condition()
        self._socket: socket.socket | None = None
        self._pid = 0
        self._pidfd = -1
        self._starts = 0
        self._wake = -1
        self._thread: threading.Thread | None = None

    @property
    def pid(self) -> int | None:
        """The process id of the running instance; None if there is none."""
        with self._lock:
            return self._pid or None

    @property
    def starts(self) -> int:
        """How many instances were started so far."""
        with self._lock:
            return self._starts

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        """Send the running instance a signal, and for SIGKILL wait until it is gone.

        Raises:
            MisuseError: no instance runs.
        """
        with self._lock:
            if not self._pid:
                raise MisuseError(f"{self.name} does not run; a message to it starts it")
            pid = self._pid
            try:
                signal.pidfd_send_signal(self._pidfd, number)
            except ProcessLookupError:
                pass  # it has just ended by itself
            if number == signal.SIGKILL:
                self._lock.wait_for(lambda: self._pid != pid, PATIENCE_S)

    def __enter__(self) -> Self:
        listening = _listening_socket(self.path)
        self._socket = listening
        self._wake = os.eventfd(0, os.EFD_CLOEXEC)
        self._thread = threading.Thread(
            target=self._run, args=(listening,), name=f"launcher of {self.name}", daemon=True
        )
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._thread is not None
        assert self._socket is not None
        self.path.unlink(missing_ok=True)
        os.eventfd_write(self._wake, 1)
        self._thread.join()
        os.close(self._wake)
        self._socket.close()

    def _run(self, listening: socket.socket) -> None:
        """The thread: either a service runs and its end is awaited, or a client is."""
        not_before = 0.0
        poll = select.poll()
        poll.register(self._wake, select.POLLIN)
        while True:
            wanted = self._pidfd if self._pidfd >= 0 else listening.fileno()
            poll.register(wanted, select.POLLIN)
            ready = {fd for fd, _ in poll.poll()}
            poll.unregister(wanted)
            if self._wake in ready:
                break
            if self._pidfd >= 0:
                self._reap()
            else:
                pause = select.poll()
                pause.register(self._wake, select.POLLIN)
                pause.poll(max(0.0, not_before - time.monotonic()) * 1000)
                not_before = time.monotonic() + self._throttle_s
                self._start(listening)
        if self._pidfd >= 0:
            self._stop()

    def _start(self, listening: socket.socket) -> None:
        pid = os.posix_spawn(
            "/bin/sh",
            ["sh", "-c", _SHELL, "sh", *self.command],
            self._environment,
            file_actions=[
                (os.POSIX_SPAWN_DUP2, listening.fileno(), FIRST_FD),
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            ],
        )
        with self._lock:
            self._pid, self._pidfd = pid, os.pidfd_open(pid)
            self._starts += 1

    def _reap(self) -> None:
        _, status = os.waitpid(self._pid, 0)
        _log.info("%s ended with status %d", self.name, os.waitstatus_to_exitcode(status))
        with self._lock:
            os.close(self._pidfd)
            self._pid, self._pidfd = 0, -1
            self._lock.notify_all()

    def _stop(self) -> None:
        signal.pidfd_send_signal(self._pidfd, signal.SIGTERM)
        end = select.poll()
        end.register(self._pidfd, select.POLLIN)
        if not end.poll(PATIENCE_S * 1000):
            _log.warning("%s did not end after SIGTERM; it is killed", self.name)
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
        self._reap()


def _listening_socket(path: Path) -> socket.socket:
    """The name as a socket that listens.

    Raises:
        ServiceConfigurationError: the path is too long, or somebody serves the name.
    """
    if len(os.fsencode(path)) > PATH_BYTES:
        raise ServiceConfigurationError(
            f"{path} is too long for a socket ({PATH_BYTES} bytes); use a shorter directory"
        )
    if _is_served(path):
        raise ServiceConfigurationError(f"somebody serves {path} already; use another directory")
    path.unlink(missing_ok=True)
    made = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        # Before the first message comes: it must carry its sender's credentials.
        made.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        made.setblocking(False)
        made.bind(str(path))
        path.chmod(0o600)
        made.listen(BACKLOG)
    except OSError as error:
        made.close()
        raise ServiceConfigurationError(f"cannot listen on {path}: {error}") from error
    return made


def _is_served(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as probe:
        try:
            probe.connect(str(path))
        except OSError as error:
            return error.errno not in (errno.ENOENT, errno.ECONNREFUSED)
    return True
