"""`report`: what outages cost and what the watchdog made of them, as a table, JSON or CSV."""

import asyncio
import csv
import json
import sys
from collections.abc import Iterable, Mapping
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

if TYPE_CHECKING:
    from ..core.presence import Standing, Window
    from .where import Where


def report(
    config: ConfigOption = None,
    since: Annotated[str, typer.Option("--since", help="How far back: 12h, 7d.")] = "30d",
    as_json: JsonOption = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV, a line per instance.")] = False,
    group: GroupOption = None,
    center: CenterOption = None,
    everyone: AllOption = False,
) -> None:
    """Show recovery figures: availability, down time, time to detect and to recover."""
    from ..adapters.clock import SystemClock
    from ..core.presence import Window
    from . import figures
    from .client import API
    from .reach import ask, reach
    from .where import find

    del everyone
    if as_json and as_csv:
        leave(ExitCode.USAGE, "--json and --csv: one of them")
    now = SystemClock().now()
    where = find(config)
    client = reach(where)
    after = now - _length(since)
    if client is not None:
        moment = after.isoformat().replace("+00:00", "Z")
        found = ask(client, f"{API}/report", since=moment, group=group, center=center)
        if not found["complete"]:
            complain(f"only the newest events are counted: since {found['since']}")
    else:
        found = _remembered(where, Window(after, now), group, center)
    if as_json:
        sys.stdout.write(json.dumps(found, ensure_ascii=False, indent=2) + "\n")
    elif as_csv:
        csv.writer(sys.stdout, lineterminator="\n").writerows(figures.as_csv(found))
    else:
        figures.draw(found, now)


def _remembered(
    where: "Where", window: "Window", group: str | None, center: str | None
) -> dict[str, Any]:
    from ..adapters.stores.history import SqliteHistory
    from ..core.recovery import recovery
    from ..runtime.figures import as_plain, narrowed
    from .picture import NO_DAEMON, remembered

    rows = remembered(where, window.ends_at)["instances"]
    with state_errors(locked=ExitCode.UNREACHABLE):
        events = asyncio.run(SqliteHistory(where.state).events(window.begins_at))
    complain(NO_DAEMON)
    found = recovery(events, _standings(rows), window)
    members = None if group is None else {row["id"] for row in rows if row["group"] == group}
    return as_plain(narrowed(found, members, center), complete=True)


def _standings(rows: Iterable[Mapping[str, Any]]) -> "Iterable[Standing]":
    from ..core.model import InstanceId, Status
    from ..core.presence import Standing

    for row in rows:
        since = datetime.fromisoformat(row["since"]) if row["since"] else None
        # Never seen is shown as unknown, without a moment.
        status = Status(row["status"]) if since is not None else None
        yield Standing(InstanceId(row["id"]), row["name"], row["center"], status, since)


def _length(text: str) -> timedelta:
    from ..settings.units import parse_duration

    try:
        return parse_duration(text)
    except ValueError as error:
        leave(ExitCode.USAGE, f"--since: {error}")
