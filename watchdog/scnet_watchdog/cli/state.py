"""`status` and `history`: what the state remembers, when no daemon holds it."""

import asyncio
import json
import os
import sys
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .common import (
    AllOption,
    CenterOption,
    ConfigOption,
    ExitCode,
    GroupOption,
    JsonOption,
    leave,
    load_config,
    state_errors,
)

if TYPE_CHECKING:
    from ..adapters.stores.history import SqliteHistory
    from ..core.fleet import Fleet
    from ..core.model import InstanceId
    from ..core.policy import Roster
    from ..settings.load import Loaded
    from .offline import StatusRow

NO_DAEMON = "no daemon holds the state: this is what it remembers, not what is now"


def status(
    config: ConfigOption = None,
    as_json: JsonOption = False,
    down: Annotated[bool, typer.Option("--down", help="Only who is down.")] = False,
    reason: Annotated[
        str | None, typer.Option("--reason", help="Only this reason.", show_default=False)
    ] = None,
    group: GroupOption = None,
    center: CenterOption = None,
    everyone: AllOption = False,
) -> None:
    """Show every instance: status, since when, the decision, its reason and the next moment."""
    from ..adapters.clock import SystemClock
    from ..core.model import DOWN
    from ..settings.to_policy import roster
    from .offline import remembered

    del everyone
    loaded = load_config(config)
    members = roster(loaded.settings)
    now = SystemClock().now()
    with state_errors(locked=ExitCode.UNREACHABLE):
        memory = asyncio.run(_history(loaded).snapshot())
    fleet, rows = remembered(memory, members, now)
    shown = [
        row
        for row in rows
        if (not down or row.status in DOWN)
        and (reason is None or row.reason == reason)
        and (group is None or row.group == group)
        and (center is None or row.center == center)
    ]
    if as_json:
        _print_json(shown, fleet, members)
    else:
        _print_table(shown, now)


def _print_json(rows: "list[StatusRow]", fleet: "Fleet", members: "Roster") -> None:
    instances = []
    for row in rows:
        whole = asdict(row)
        del whole["group"]
        instances.append(whole)
    centers = [
        {
            "name": name,
            "blocked": state.block.cause if state.block else None,
            "breaker": state.breaker.state,
            "storm": state.storm is not None,
        }
        for name, state in fleet.centers.items()
        if name in members.centers
    ]
    daemon = {"running": False, "note": NO_DAEMON}
    answer = {"instances": instances, "centers": centers, "daemon": daemon}
    sys.stdout.write(json.dumps(answer, default=_plain, ensure_ascii=False, indent=2) + "\n")


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return str(value)


def _print_table(rows: "list[StatusRow]", now: datetime) -> None:
    from .tables import console, local, plain_table, status_text

    table = plain_table("NAME", "STATUS", "SINCE", "DECISION", "REASON", "NEXT", "24H")
    for row in rows:
        table.add_row(
            row.name,
            status_text(row.status),
            local(row.since, now),
            row.decision,
            row.reason or "–",
            local(row.next_at, now),
            str(row.attempts_24h),
        )
    out = console()
    out.print(table)
    out.print(NO_DAEMON, style="dim")


def history(
    config: ConfigOption = None,
    instance: Annotated[
        str | None,
        typer.Argument(help="An id, a unique start of one (four characters), or a name."),
    ] = None,
    since: Annotated[str, typer.Option("--since", help="How far back: 12h, 7d.")] = "7d",
    as_json: JsonOption = False,
    group: GroupOption = None,
    center: CenterOption = None,
    everyone: AllOption = False,
) -> None:
    """Show what happened: attempts, verdicts, breaker changes, holds."""
    from ..adapters.clock import SystemClock
    from ..settings.to_policy import roster
    from .which import resolve

    del everyone
    loaded = load_config(config)
    members = roster(loaded.settings)
    id_ = resolve(instance, members) if instance is not None else None
    after = SystemClock().now() - _length(since)
    wanted = {
        one.id
        for one in members.members.values()
        if (group is None or one.group == group) and (center is None or one.center == center)
    }
    with state_errors(locked=ExitCode.UNREACHABLE):
        lines = asyncio.run(_events(loaded, after, id_))
    if group is not None or center is not None:
        lines = [one for one in lines if one.get("instance") in wanted]
    if as_json:
        sys.stdout.write(json.dumps(lines, ensure_ascii=False, indent=2) + "\n")
        return
    for one in lines:
        moment = datetime.fromisoformat(str(one["timestamp"])).astimezone()
        said = one.get("message") or one["event"]
        sys.stdout.write(f"{moment:%Y-%m-%d %H:%M:%S%z}  {said}\n")


async def _events(
    loaded: "Loaded", since: datetime, instance: "InstanceId | None"
) -> list[dict[str, object]]:
    from ..adapters.telemetry.sentences import as_logged

    found = await _history(loaded).events(since, instance)
    return [as_logged(event) for event in found]


def _history(loaded: "Loaded") -> "SqliteHistory":
    from ..adapters.stores.history import SqliteHistory
    from ..app.places import state_place

    base = loaded.path.absolute().parent if loaded.path is not None else Path.cwd()
    place, _ = state_place(loaded.settings.state.url, os.environ, Path.home(), base)
    return SqliteHistory(place)


def _length(text: str) -> timedelta:
    from ..settings.units import parse_duration

    try:
        return parse_duration(text)
    except ValueError as error:
        leave(ExitCode.USAGE, f"--since: {error}")
