"""`check`: is the config valid, and with `--online` what would be done now."""

import asyncio
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from .common import ConfigOption, ExitCode, leave, load_config

if TYPE_CHECKING:
    from ..settings.load import Loaded


def check(
    config: ConfigOption = None,
    online: Annotated[
        bool,
        typer.Option("--online", help="Also log in, list, and say what would be done now."),
    ] = False,
) -> None:
    """Check the config; every error of it is told at once."""
    from ..settings.to_policy import roster

    loaded = load_config(config)
    members = roster(loaded.settings)
    where = loaded.path or "the environment"
    sys.stdout.write(
        f"{where}: ok, {_many(len(members.members), 'instance')} "
        f"in {_many(len(members.centers), 'center')}\n"
    )
    if online and not asyncio.run(_online(loaded)):
        raise typer.Exit(ExitCode.FAILED)


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


async def _online(loaded: "Loaded") -> bool:
    """Ask every source once; print each instance's status and what would be done."""
    from ..adapters.telemetry.secrets import Secrets
    from ..app.preview import look
    from ..errors import WatchdogError
    from .tables import console, plain_table, status_text

    secrets = Secrets()
    try:
        seen = await look(loaded, secrets.add)
    except WatchdogError as error:
        leave(ExitCode.FAILED, secrets.redact(str(error)))
    table = plain_table("NAME", "ID", "STATUS", "NOW")
    for one in seen.rows:
        table.add_row(one.name, one.id[:12], status_text(one.status), one.would)
    console().print(table)
    for problem in seen.problems:
        sys.stdout.write(secrets.redact(f"{problem}\n"))
    return not seen.problems
