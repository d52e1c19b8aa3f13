"""`history`: what happened, from the running daemon, else from the state that nobody holds."""

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .common import (
    AllOption,
    CenterOption,
    ConfigOption,
    ExitCode,
    GroupOption,
    JsonOption,
    complain,
    leave,
    state_errors,
)
from .complete import instances

if TYPE_CHECKING:
    from .client import Client
    from .where import Where

Lines = Sequence[Mapping[str, Any]]

MOST_EVENTS = 10_000
"""Events asked of a running daemon at once: as many as one answer holds."""


def history(
    config: ConfigOption = None,
    instance: Annotated[
        str | None,
        typer.Argument(
            help="An id, a unique start of one (four characters), or a name.",
            autocompletion=instances,
        ),
    ] = None,
    since: Annotated[str, typer.Option("--since", help="How far back: 12h, 7d.")] = "7d",
    as_json: JsonOption = False,
    group: GroupOption = None,
    center: CenterOption = None,
    everyone: AllOption = False,
) -> None:
    """Show what happened: attempts, verdicts, breaker changes, holds."""
    from ..adapters.clock import SystemClock
    from .reach import reach
    from .where import find

    del everyone
    after = SystemClock().now() - _length(since)
    where = find(config)
    client = reach(where)
    if client is not None:
        lines = _live(client, after, instance, group)
    else:
        lines = _remembered(where, after, instance, group)
    if center is not None:
        lines = [one for one in lines if one.get("center") == center]
    if as_json:
        sys.stdout.write(json.dumps(list(lines), ensure_ascii=False, indent=2) + "\n")
        return
    for one in lines:
        moment = datetime.fromisoformat(str(one["timestamp"])).astimezone()
        said = one.get("message") or one["event"]
        sys.stdout.write(f"{moment:%Y-%m-%d %H:%M:%S%z}  {said}\n")


def _live(client: "Client", after: datetime, instance: str | None, group: str | None) -> Lines:
    from .client import API
    from .reach import answered, ask

    query = {"since": after.isoformat().replace("+00:00", "Z"), "instance": instance}
    parts = answered(lambda: [*client.parts(f"{API}/events", **query, limit=MOST_EVENTS)])
    lines = [line for part in reversed(parts) for line in part]
    if group is None:
        return lines
    rows = ask(client, f"{API}/instances")["instances"]
    members = {one["id"] for one in rows if one["group"] == group}
    return [one for one in lines if one.get("instance") in members]


def _remembered(where: "Where", after: datetime, instance: str | None, group: str | None) -> Lines:
    from ..adapters.stores.history import SqliteHistory
    from ..adapters.telemetry.sentences import as_logged
    from ..settings.to_policy import roster
    from .picture import NO_DAEMON
    from .which import resolve

    members = roster(where.config().settings).members
    id_ = resolve(instance, roster(where.config().settings)) if instance is not None else None
    with state_errors(locked=ExitCode.UNREACHABLE):
        events = asyncio.run(SqliteHistory(where.state).events(after, id_))
    complain(NO_DAEMON)
    wanted = {one.id for one in members.values() if group is None or one.group == group}
    return [as_logged(one) for one in events if group is None or one.instance in wanted]


def _length(text: str) -> timedelta:
    from ..settings.units import parse_duration

    try:
        return parse_duration(text)
    except ValueError as error:
        leave(ExitCode.USAGE, f"--since: {error}")
