"""`check`: is the config valid, and with `--online` what would be done now."""

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .common import ConfigOption, ExitCode, leave, load_config

if TYPE_CHECKING:
    from ..core.policy import Roster
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
    _foresee(config, loaded.path, members)
    if online and not asyncio.run(_online(loaded)):
        raise typer.Exit(ExitCode.FAILED)


def _foresee(config: Path | None, path: Path | None, members: "Roster") -> None:
    """Where a daemon runs with this very file: what a reload would mean to it."""
    from .client import API, Declined, Unreached
    from .foresee import foreseen
    from .reach import at_hand
    from .where import find

    client = at_hand(find(config))
    if client is None or path is None:
        return
    try:
        answer = client.get(f"{API}/instances")
    except (Unreached, Declined):
        # The check is of the config; a daemon that cannot answer now says nothing about it.
        return
    daemon = answer["daemon"]
    its = daemon["config"]["path"]
    if its is not None and Path(its).absolute() == path.absolute():
        said = foreseen(answer["instances"], members, bool(daemon["shadow"]))
        sys.stdout.write(f"a daemon runs with it: {said}\n")


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
