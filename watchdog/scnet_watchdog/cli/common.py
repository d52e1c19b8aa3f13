"""What every command shares: the config option, exit codes, and errors said plainly."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from ..settings.load import Loaded

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "-c",
        "--config",
        help="The config file; else $SCNET_WATCHDOG_CONFIG, ~/.config/scnet-watchdog/watchdog.yaml"
        " or /etc/scnet-watchdog/watchdog.yaml.",
        show_default=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
GroupOption = Annotated[
    str | None, typer.Option("--group", help="Only instances of this group.", show_default=False)
]
CenterOption = Annotated[
    str | None, typer.Option("--center", help="Only instances of this center.", show_default=False)
]
AllOption = Annotated[bool, typer.Option("--all", help="Every instance (the default).")]


class ExitCode(IntEnum):
    """The exit codes users' scripts may rely on."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    UNREACHABLE = 69
    STATE_UNREADABLE = 74
    STATE_LOCKED = 75
    CONFIG_INVALID = 78


def complain(text: str) -> None:
    """Say something on standard error."""
    sys.stderr.write(text.rstrip("\n") + "\n")


def leave(code: ExitCode, text: str = "") -> NoReturn:
    """End the command with a code, after a plain sentence where there is something to say."""
    if text:
        complain(text)
    raise typer.Exit(int(code))


def load_config(config: Path | None, warn: bool = True) -> "Loaded":
    """Load the config the user means, or end with 78 and every error of it.

    Args:
        warn: say its warnings on standard error; the daemon tells them in its log instead.
    """
    from ..settings.load import SettingsError

    try:
        loaded = read_config(config)
    except SettingsError as error:
        leave(ExitCode.CONFIG_INVALID, str(error))
    for warning in loaded.warnings if warn else ():
        complain(f"warning: {warning}")
    return loaded


def read_config(config: Path | None) -> "Loaded":
    """Load the config the user means.

    Raises:
        SettingsError
    """
    from ..adapters.registry import kinds
    from ..settings.load import find_config, load

    environ = dict(os.environ)
    return load(find_config(config, environ, Path.home()), environ, kinds())


@contextmanager
def state_errors(locked: ExitCode) -> Iterator[None]:
    """End the command plainly when the state cannot be had.

    Args:
        locked: the code for a state that a daemon holds.
    """
    from ..ports import HeldByAnother, StoreError, Unreadable

    try:
        yield
    except HeldByAnother as error:
        leave(locked, str(error))
    except Unreadable as error:
        leave(ExitCode.STATE_UNREADABLE, str(error))
    except StoreError as error:
        leave(ExitCode.FAILED, str(error))
