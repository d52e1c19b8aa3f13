"""The command line: every command, each imported only as far as it is used."""

from collections.abc import Callable

import typer

from .check import check
from .demo import demo
from .explain import explain
from .history import history
from .init import init
from .notify import notify
from .operate import reload, well
from .order import hold, release, reset
from .report import report
from .restart import restart
from .run import run
from .schema import schema
from .simulator import simulator
from .status import status

app = typer.Typer(
    name="scnet-watchdog",
    help="Brings stopped and failed SCNet container instances back, safely.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

COMMANDS: dict[str, Callable[..., None]] = {
    "run": run,
    "check": check,
    "status": status,
    "explain": explain,
    "history": history,
    "report": report,
    "hold": hold,
    "release": release,
    "restart": restart,
    "reset": reset,
    "reload": reload,
    "health": well,
    "notify": notify,
    "init": init,
    "schema": schema,
    "demo": demo,
    "simulator": simulator,
}

for name, command in COMMANDS.items():
    app.command(name)(command)


def _version(wanted: bool) -> None:
    if wanted:
        from .. import __version__

        typer.echo(f"scnet-watchdog {__version__}")
        raise typer.Exit


@app.callback()
def common(
    version: bool = typer.Option(
        False, "--version", help="Print the version and exit.", callback=_version, is_eager=True
    ),
) -> None:
    """Brings stopped and failed SCNet container instances back, safely."""
    del version
