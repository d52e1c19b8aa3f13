"""Where the state lies, by the config or by the usual places."""

from collections.abc import Mapping
from pathlib import Path

from ..errors import WatchdogError

SCHEME = "sqlite:///"
STATE_FILE = "state.db"
SOCKET_FILE = "control.sock"
HOME_FOLDER = ".local/state/scnet-watchdog"


class Unbuildable(WatchdogError):
    """The config is valid, but something it names cannot be built here."""


def state_place(
    url: str | None, environ: Mapping[str, str], home: Path, base: Path
) -> tuple[Path, bool]:
    """The state's file, and whether it was configured rather than the default.

    Args:
        url: `sqlite:///` and a path: `sqlite:////var/lib/x/state.db` has an absolute one.
        base: what a relative path is relative to: the config's folder.

    Raises:
        Unbuildable
    """
    if url is None:
        # systemd names several folders with a colon between them; ours is the first.
        given = environ.get("STATE_DIRECTORY", "").split(":")[0]
        return (Path(given) if given else home / HOME_FOLDER) / STATE_FILE, False
    if not url.startswith(SCHEME) or url == SCHEME:
        raise Unbuildable(f"state.url: {url.split('://')[0]}: must be sqlite:///PATH")
    path = url.removeprefix(SCHEME)
    if path.startswith("~/"):
        return home / path[2:], True
    return base / path, True


def socket_place(
    socket: Path | None, environ: Mapping[str, str], state: Path, base: Path
) -> tuple[Path, bool]:
    """The control socket, and whether it was configured rather than the default.

    Args:
        state: the state's file; the socket is beside it where there is no $RUNTIME_DIRECTORY.
        base: what a relative path is relative to: the config's folder.
    """
    if socket is not None:
        return base / socket, True
    given = environ.get("RUNTIME_DIRECTORY", "").split(":")[0]
    return (Path(given) if given else state.parent) / SOCKET_FILE, False
