"""Where the daemon of a config is: its state and the sockets at which it may listen.

The person on call asks a daemon that runs on while its config file is broken, or names secrets
they cannot read; so the two settings that matter here are found even in a file that is refused.
"""

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .common import ExitCode, leave

if TYPE_CHECKING:
    from ..settings.load import Loaded

SYSTEM_FOLDERS = (Path("/run/scnet-watchdog"), Path("/var/lib/scnet-watchdog"))
"""Where a daemon under systemd or in the image has its socket: other users' shells look there."""
MACHINE = (Path("/etc/scnet-watchdog"), Path("/var/lib/scnet-watchdog"))
"""Config and state of a daemon of the whole machine. Systemd tells that daemon where its state is,
and nobody tells a person's shell: what is asked of its config is about its state, not one at home.
"""


@dataclass(frozen=True, slots=True)
class Where:
    """What there is to know before anybody is asked.

    Args:
        loaded: the config; None where it is refused.
        problem: why it is refused.
        state: the file of the state.
        explicit: whether that place was configured: then it is this config's and no other's.
        sockets: where this config's daemon listens.
        others: where a daemon of the whole machine may listen.
    """

    loaded: "Loaded | None"
    problem: str
    state: Path
    explicit: bool
    sockets: tuple[Path, ...]
    others: tuple[Path, ...]

    def config(self) -> "Loaded":
        """The config, or end with 78: for what cannot be done without one."""
        if self.loaded is None:
            leave(ExitCode.CONFIG_INVALID, self.problem)
        return self.loaded


def find(
    config: Path | None,
    system: tuple[Path, ...] = SYSTEM_FOLDERS,
    machine: tuple[Path, Path] = MACHINE,
) -> Where:
    """Find the places that a config, or what can be read of it, speaks of.

    Args:
        system: where a daemon of the whole machine may have its socket.
        machine: the folders of its config and of its state.
    """
    from ..adapters.registry import kinds
    from ..app.places import SOCKET_FILE, STATE_FILE, Unbuildable, state_place
    from ..settings.load import SettingsError, find_config, load

    environ, home = dict(os.environ), Path.home()
    path = find_config(config, environ, home)
    base = path.absolute().parent if path is not None else Path.cwd()
    try:
        loaded, problem = load(path, environ, kinds()), ""
        server, url = loaded.settings.server.socket, loaded.settings.state.url
    except SettingsError as error:
        loaded, problem = None, str(error)
        server, url = _gleaned(path, environ, base)
    try:
        state, explicit = state_place(url, environ, home, base)
    except Unbuildable as error:
        leave(ExitCode.CONFIG_INVALID, str(error))
    near = _near(environ, state, SOCKET_FILE)
    named = explicit or "STATE_DIRECTORY" in environ
    if base == machine[0] and not named and os.path.isdir(machine[1]):
        state = machine[1] / STATE_FILE
    if server is not None:
        return Where(loaded, problem, state, explicit, (server,), ())
    far = tuple(path for folder in system if (path := folder / SOCKET_FILE) not in near)
    return Where(loaded, problem, state, explicit, near, far)


def _near(environ: Mapping[str, str], state: Path, name: str) -> tuple[Path, ...]:
    """Where a daemon with this environment and this state listens."""
    # systemd names several folders with a colon between them; ours is the first.
    run = environ.get("RUNTIME_DIRECTORY", "").split(":")[0]
    beside = state.with_name(name)
    return (Path(run) / name, beside) if run else (beside,)


def _gleaned(
    path: Path | None, environ: Mapping[str, str], base: Path
) -> tuple[Path | None, str | None]:
    """Socket and state as far as a refused config says them."""
    from ..settings.overlay import lay_environment
    from ..settings.resolve import absolute
    from ..settings.yaml_nodes import LARGEST, Tree, parse

    tree = Tree({})
    with suppress(OSError, UnicodeDecodeError):
        # That it cannot be read is in the problem already, which is told where it matters.
        if path is not None:
            with path.open("rb") as opened:
                tree = parse(opened.read(LARGEST).decode("utf-8-sig"), str(path))
    if not isinstance(tree.value, dict):
        tree = Tree({})
    lay_environment(tree, environ)
    socket, url = _text(tree.value, "server", "socket"), _text(tree.value, "state", "url")
    return (absolute(socket, base) if socket else None), url


def _text(config: Mapping[str, Any], section: str, key: str) -> str | None:
    block = config.get(section)
    value = block.get(key) if isinstance(block, dict) else None
    return value if isinstance(value, str) and value else None
