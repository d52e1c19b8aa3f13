"""`check`: is the config valid, and with `--online` what would be done now."""

import asyncio
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .common import ConfigOption, ExitCode, JsonOption, leave, load_config, read_config

if TYPE_CHECKING:
    from ..app.preview import Look
    from ..core.policy import Roster
    from ..settings.load import Loaded
    from ..settings.problem import Problem


def check(
    config: ConfigOption = None,
    online: Annotated[
        bool,
        typer.Option("--online", help="Also log in, list, and say what would be done now."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Check the config; every error of it is told at once."""
    from ..settings.to_policy import roster

    loaded = _loaded(config) if as_json else load_config(config)
    members = roster(loaded.settings)
    foreseen = _foreseen(config, loaded.path, members)
    if not as_json:
        _tell(loaded, members, foreseen)
    seen = _seen(loaded) if online else None
    if as_json:
        _print(_answer(loaded, members, foreseen, seen))
    elif seen is not None:
        _table(seen)
    if seen is not None and seen.problems:
        raise typer.Exit(ExitCode.FAILED)


def _loaded(config: Path | None) -> "Loaded":
    """The config, or its errors as JSON and the end."""
    from ..settings.load import SettingsError

    try:
        return read_config(config)
    except SettingsError as error:
        _print({"ok": False, "errors": list(map(_located, error.problems)), "warnings": []})
        leave(ExitCode.CONFIG_INVALID)


def _answer(
    loaded: "Loaded", members: "Roster", foreseen: str | None, seen: "Look | None"
) -> Mapping[str, Any]:
    answer: dict[str, Any] = {
        "ok": seen is None or not seen.problems,
        "errors": [],
        "warnings": list(map(_located, loaded.warnings)),
        "config": None if loaded.path is None else str(loaded.path),
        "instances": len(members.members),
        "centers": len(members.centers),
        "reload": foreseen,
    }
    if seen is not None:
        rows = [
            {"id": one.id, "name": one.name, "status": one.status, "now": one.would}
            for one in seen.rows
        ]
        answer["online"] = {"instances": rows, "problems": list(seen.problems)}
    return answer


def _located(problem: "Problem") -> Mapping[str, Any]:
    from ..settings.problem import dotted

    mark = problem.mark
    return {
        "file": None if mark is None else mark.origin,
        "line": mark.line if mark is not None and mark.line else None,
        "column": mark.column if mark is not None and mark.line else None,
        "path": dotted(problem.path),
        "message": problem.text,
    }


def _print(answer: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer, ensure_ascii=False, indent=2) + "\n")


def _tell(loaded: "Loaded", members: "Roster", foreseen: str | None) -> None:
    where = loaded.path or "the environment"
    sys.stdout.write(
        f"{where}: ok, {_many(len(members.members), 'instance')} "
        f"in {_many(len(members.centers), 'center')}\n"
    )
    if foreseen is not None:
        sys.stdout.write(f"a daemon runs with it: {foreseen}\n")


def _foreseen(config: Path | None, path: Path | None, members: "Roster") -> str | None:
    """Where a daemon runs with this very file: what a reload would mean to it."""
    from .client import API, Declined, Unreached
    from .foresee import foreseen
    from .reach import at_hand
    from .where import find

    client = at_hand(find(config))
    if client is None or path is None:
        return None
    try:
        answer = client.get(f"{API}/instances")
    except (Unreached, Declined):
        # The check is of the config; a daemon that cannot answer now says nothing about it.
        return None
    daemon = answer["daemon"]
    its = daemon["config"]["path"]
    if its is None or Path(its).absolute() != path.absolute():
        return None
    return foreseen(answer["instances"], members, bool(daemon["shadow"]))


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _seen(loaded: "Loaded") -> "Look":
    """Ask every source once; no secret is in what comes of it."""
    from ..adapters.telemetry.secrets import Secrets
    from ..app.preview import Look, look
    from ..errors import WatchdogError

    secrets = Secrets()
    try:
        seen = asyncio.run(look(loaded, secrets.add))
    except WatchdogError as error:
        # What the config names cannot be built here.
        seen = Look((), (str(error),))
    return Look(seen.rows, tuple(map(secrets.redact, seen.problems)))


def _table(seen: "Look") -> None:
    from .tables import console, plain_table, status_text

    table = plain_table("NAME", "ID", "STATUS", "NOW")
    for one in seen.rows:
        table.add_row(one.name, one.id[:12], status_text(one.status), one.would)
    if seen.rows:
        console().print(table)
    for problem in seen.problems:
        sys.stdout.write(f"{problem}\n")
