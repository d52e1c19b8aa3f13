"""The command line: every command, each imported only as far as it is used."""

import typer

from .check import check
from .demo import demo
from .explain import explain
from .history import history
from .init import init
from .operate import health, reload
from .order import hold, release, reset
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

COMMANDS = (
    run,
    check,
    status,
    explain,
    history,
    hold,
    release,
    restart,
    reset,
    reload,
    health,
    init,
    schema,
    demo,
    simulator,
)

for command in COMMANDS:
    app.command()(command)


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
