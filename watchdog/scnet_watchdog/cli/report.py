"""`report`: what outages cost and what the watchdog made of them, as a table, JSON or CSV."""

import csv
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .common import (
    AllOption,
    CenterOption,
    ConfigOption,
    ExitCode,
    GroupOption,
    JsonOption,
    leave,
)
from .history import length_of

if TYPE_CHECKING:
    from ..core.event import Event


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
    after = now - length_of(since)
    known = _live(client, after) if client is not None else _remembered(where, now, after)
    found = recovery(known.events, _standings(known.rows), Window(known.since, now))
    found = _only(found, known.rows, group, center)
    if as_json:
        sys.stdout.write(json.dumps(figures.as_json(found), ensure_ascii=False, indent=2) + "\n")
    elif as_csv:
        csv.writer(sys.stdout, lineterminator="\n").writerows(figures.as_csv(found))
    else:
        figures.draw(found)
