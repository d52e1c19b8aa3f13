"""`run`: the daemon."""

import gc
import os
from typing import TYPE_CHECKING, Annotated

import typer

from .common import ConfigOption, load_config

if TYPE_CHECKING:
    from ..settings.load import Loaded


def run(
    config: ConfigOption = None,
    shadow: Annotated[
        bool, typer.Option("--shadow", help="Decide and tell, but never call restart.")
    ] = False,
    once: Annotated[
        bool,
        typer.Option("--once", help="Poll, confirm, decide, call, settle, then exit (for cron)."),
    ] = False,
) -> None:
    """Run the daemon: watch the instances and restart those that are stopped or failed."""
    # Modules and config stay for as long as the daemon runs: they are never looked through for
    # garbage, neither now (a fifth of the start) nor at every full collection.
    gc.disable()
    from ..app.compose import Manner
    from ..app.life import run as run_daemon

    manner = Manner(shadow=shadow, once=once)
    # Without a name of its own here: the daemon lets the config go once it has taken it up.
    raise typer.Exit(run_daemon(_kept(load_config(config, warn=False)), dict(os.environ), manner))


def _kept(loaded: "Loaded") -> "Loaded":
    """What is in memory now is the garbage collector's business no more."""
    gc.freeze()
    gc.enable()
    return loaded
