"""`run`: the daemon."""

import gc
import os
from typing import Annotated

import typer

from .common import ConfigOption, load_config


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

    loaded = load_config(config, warn=False)
    gc.freeze()
    gc.enable()
    raise typer.Exit(run_daemon(loaded, dict(os.environ), Manner(shadow=shadow, once=once)))
