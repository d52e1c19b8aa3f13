"""The sockets that are listened on: the control socket, mode 0600, and an address of the config."""

import os
import socket
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ...errors import WatchdogError

BACKLOG = 128
ANSWERS_WITHIN_S = 1.0
"""How long a socket that is there may take to show that somebody lives behind it."""


class CannotListen(WatchdogError):
    """A socket could not be opened; the text says which and why."""


@dataclass(frozen=True, slots=True)
class ControlSocket:
    """The socket and the file it is; the file goes with it."""

    path: Path
    listener: socket.socket
    file: tuple[int, int]

    def remove(self) -> None:
        """Remove the file, unless another daemon has put its own there."""
        with suppress(OSError):
            # Whoever took the file away did our work.
            if _file(self.path) == self.file:
                self.path.unlink()


def control_socket(path: Path) -> ControlSocket:
    """Listen on a path; what a daemon that died left there is removed.

    Raises:
        CannotListen
    """
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _make_room(path)
        listener.bind(str(path))
        # Before it listens nobody can connect: there is no moment at which others could.
        path.chmod(0o600)
        listener.listen(BACKLOG)
        listener.setblocking(False)
        return ControlSocket(path, listener, _file(path))
    except OSError as error:
        listener.close()
        raise CannotListen(f"control socket {path}: {error.strerror or error}") from error
    except CannotListen:
        listener.close()
        raise


def tcp_listener(host: str, port: int) -> socket.socket:
    """Listen on an address.

    Raises:
        CannotListen
    """
    shown = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, address = found[0]
        listener = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise CannotListen(f"server.listen {shown}: {error.strerror or error}") from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        raise CannotListen(f"server.listen {shown}: {error.strerror or error}") from error
    return listener


def _make_room(path: Path) -> None:
    """Remove a socket that nobody listens on; anything else is not ours to remove."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise CannotListen(f"control socket {path}: something else is there, and no socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(ANSWERS_WITHIN_S)
        try:
            probe.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            path.unlink(missing_ok=True)
            return
    raise CannotListen(f"control socket {path}: another process answers there")


def _file(path: Path) -> tuple[int, int]:
    found = os.lstat(path)
    return found.st_dev, found.st_ino
