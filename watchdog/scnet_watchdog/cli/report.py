"""`report`: what outages cost and what the watchdog made of them, as a table, JSON or CSV."""

import asyncio
import csv
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
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
from .history import MOST_EVENTS

if TYPE_CHECKING:
    from ..core.event import Event
    from ..core.presence import Standing
    from ..core.recovery import Recovery
    from .client import Client
    from .where import Where


@dataclass(frozen=True, slots=True)
class Known:
    """What figures are computed from.

    Args:
        rows: the watched instances as `status` shows them.
        since: the moment from which the events are complete.
    """

    events: "Sequence[Event]"
    rows: Sequence[Mapping[str, Any]]
    since: datetime


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
    from ..core.recovery import recovery
    from . import figures
    from .reach import reach
    from .where import find

    del everyone
    if as_json and as_csv:
        leave(ExitCode.USAGE, "--json and --csv: one of them")
    now = SystemClock().now()
    where = find(config)
    client = reach(where)
    after = now - _length(since)
    known = _live(client, after) if client is not None else _remembered(where, now, after)
    found = recovery(known.events, _standings(known.rows), Window(known.since, now))
    found = _only(found, known.rows, group, center)
    if as_json:
        sys.stdout.write(json.dumps(figures.as_json(found), ensure_ascii=False, indent=2) + "\n")
    elif as_csv:
        csv.writer(sys.stdout, lineterminator="\n").writerows(figures.as_csv(found))
    else:
        figures.draw(found)


def _live(client: "Client", after: datetime) -> Known:
    from .client import API
    from .picture import live
    from .reach import ask

    since = after.isoformat().replace("+00:00", "Z")
    lines = ask(client, f"{API}/events", since=since, limit=MOST_EVENTS)
    if len(lines) >= MOST_EVENTS:
        # The daemon gives the newest ones: before the first of them nothing is known here.
        after = datetime.fromisoformat(lines[0]["timestamp"])
        complain(f"only the newest {MOST_EVENTS} events are counted: since {lines[0]['timestamp']}")
    events = [event for event in map(event_of, lines) if event is not None]
    return Known(events, live(client)["instances"], after)


def _remembered(where: "Where", now: datetime, after: datetime) -> Known:
    from ..adapters.stores.history import SqliteHistory
    from .picture import NO_DAEMON, remembered

    rows = remembered(where, now)["instances"]
    with state_errors(locked=ExitCode.UNREACHABLE):
        events = asyncio.run(SqliteHistory(where.state).events(after))
    complain(NO_DAEMON)
    return Known(events, rows, after)


def event_of(line: Mapping[str, Any]) -> "Event | None":
    """An event as it was told, from its line; None for a kind of a later version."""
    from ..core.event import Event, EventKind
    from ..core.model import InstanceId

    try:
        kind = EventKind(line["event"])
    except ValueError:
        return None
    known = {"timestamp", "level", "event", "message", "instance", "name", "center"}
    instance = line.get("instance")
    return Event(
        kind,
        datetime.fromisoformat(line["timestamp"]),
        None if instance is None else InstanceId(instance),
        line.get("name"),
        line.get("center"),
        {key: value for key, value in line.items() if key not in known},
    )


def _standings(rows: Iterable[Mapping[str, Any]]) -> "Iterable[Standing]":
    from ..core.model import InstanceId, Status
    from ..core.presence import Standing

    for row in rows:
        since = datetime.fromisoformat(row["since"]) if row["since"] else None
        # Never seen is shown as unknown, without a moment.
        status = Status(row["status"]) if since is not None else None
        yield Standing(InstanceId(row["id"]), row["name"], row["center"], status, since)


def _only(
    found: "Recovery", rows: Iterable[Mapping[str, Any]], group: str | None, center: str | None
) -> "Recovery":
    from ..core.recovery import Recovery, total

    members = {row["id"] for row in rows if group is None or row["group"] == group}
    chosen = {
        id_: (standing, one)
        for id_, (standing, one) in found.instances.items()
        if (group is None or id_ in members) and center in (None, standing.center)
    }
    return Recovery(found.window, total(one for _, one in chosen.values()), chosen)


def _length(text: str) -> timedelta:
    from ..settings.units import parse_duration

    try:
        return parse_duration(text)
    except ValueError as error:
        leave(ExitCode.USAGE, f"--since: {error}")
