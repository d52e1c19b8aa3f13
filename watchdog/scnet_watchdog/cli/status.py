"""`status`: every instance, whoever needs attention first, and what stands in the way."""

import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from functools import cache, partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .common import AllOption, CenterOption, ConfigOption, GroupOption, JsonOption, complain

if TYPE_CHECKING:
    from rich.console import Console, Group
    from rich.text import Text

    from .picture import Choice
    from .where import Where

Answer = Mapping[str, Any]
WATCH_S = 2.0
"""How often `--watch` looks."""
HEAD = ("NAME", "STATUS", "SINCE", "DECISION", "REASON", "NEXT", "24H")
MANY = 500
"""With more rows the table is made the fast way, without colours."""
FINE = ("healthy", "watch_only")
"""Reasons that ask for nobody's attention: those instances come last."""


def status(
    config: ConfigOption = None,
    as_json: JsonOption = False,
    watch: Annotated[bool, typer.Option("--watch", help="Look again every 2 s.")] = False,
    down: Annotated[bool, typer.Option("--down", help="Only who is down.")] = False,
    reason: Annotated[
        str | None, typer.Option("--reason", help="Only this reason.", show_default=False)
    ] = None,
    group: GroupOption = None,
    center: CenterOption = None,
    everyone: AllOption = False,
) -> None:
    """Show every instance: status, since when, the decision, its reason and the next moment."""
    from .picture import Choice
    from .tables import console
    from .where import find

    del everyone
    choice = Choice(down, reason, group, center)
    # The config is read once: the daemon's own is the one in force, however long this looks on.
    look = partial(_look, find(config), choice, cache(complain))
    if as_json:
        show = _print_json
    else:
        show = partial(_show, console())
    if watch:
        follow(look, show, time.sleep)
        return
    show(look(), False)


def _look(where: "Where", choice: "Choice", tell: Callable[[str], None]) -> Answer:
    from ..adapters.clock import SystemClock
    from .picture import live, remembered
    from .reach import reach

    client = reach(where, tell)
    answer = live(client) if client is not None else remembered(where, SystemClock().now())
    return answer | {"instances": [row for row in answer["instances"] if choice.takes(row)]}


def follow(
    look: Callable[[], Answer],
    show: Callable[[Answer, bool], None],
    sleep: Callable[[float], None],
) -> None:
    """Look and show until the person leaves; a daemon that is away for a while ends nothing."""
    try:
        while True:
            with suppress(typer.Exit):
                # Why has been said on standard error; it may be back at the next look.
                show(look(), True)
            sleep(WATCH_S)
    except KeyboardInterrupt:
        return


def _print_json(answer: Answer, again: bool) -> None:
    """One document; with `--watch` one a line."""
    text = json.dumps(answer, ensure_ascii=False, indent=None if again else 2)
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _show(out: "Console", answer: Answer, again: bool) -> None:
    from ..adapters.clock import SystemClock
    from .tables import local, long_table

    now = SystemClock().now()
    if again and out.is_terminal:
        # Rows that do not fit are left out at the end: whoever needs attention is above them.
        lines = len(list(_notes(answer, now))) + 3
        out.clear()
        out.print(picture(answer, now, max(1, out.height - lines)))
        out.print(f"seen at {local(now, now)}; Ctrl-C leaves", style="dim")
        return
    if len(answer["instances"]) > MANY:
        table = long_table(HEAD, _cells(answer, now), out.width)
        sys.stdout.writelines(f"{line}\n" for line in table)
        out.print(notes(answer, now))
        return
    out.print(picture(answer, now))


def picture(answer: Answer, now: datetime, most: int | None = None) -> "Group":
    """The table, and below it the sentences that matter most.

    Args:
        most: so many rows at most.
    """
    from rich.console import Group
    from rich.text import Text

    from .tables import plain_table, status_text

    table = plain_table(*HEAD)
    for name, shown, *others in _cells(answer, now)[:most]:
        table.add_row(Text(name), status_text(shown), *others)
    return Group(table, notes(answer, now))


def notes(answer: Answer, now: datetime) -> "Text":
    """The sentences below the table."""
    from rich.text import Text

    return Text("\n").join(Text(text, style) for text, style in _notes(answer, now))


def _cells(answer: Answer, now: datetime) -> list[tuple[str, ...]]:
    """The table's rows, whoever needs attention first."""
    from .tables import here

    return [
        (
            str(row["name"]),
            str(row["status"]),
            here(row["since"], now),
            str(row["decision"]),
            str(row["reason"] or "–"),
            here(row["next_at"], now),
            str(row["attempts_24h"]),
        )
        for row in sorted(answer["instances"], key=lambda row: row["reason"] in FINE)
    ]


def _counted(answer: Answer) -> str:
    counts = Counter(str(row["status"]) for row in answer["instances"])
    total = counts.total()
    parts = ", ".join(f"{number} {status}" for status, number in counts.most_common())
    return f"{total} instance{'' if total == 1 else 's'}" + (f": {parts}" if parts else "")


def _notes(answer: Answer, now: datetime) -> Iterator[tuple[str, str]]:
    """Sentences and their styles, the most pressing last: nearest to the prompt."""
    yield _counted(answer), "dim"
    for center in answer["centers"]:
        for text in _center_notes(center, now):
            yield f"center {center['name']}: {text}", "bold yellow"
    for text in _daemon_notes(answer["daemon"]):
        yield text, "bold yellow"


def _center_notes(center: Answer, now: datetime) -> Iterator[str]:
    from .tables import here

    if block := center.get("block"):
        yield f"blocked ({block['cause']}) since {here(block.get('since'), now)}; no restarts"
    if until := center.get("throttled_until"):
        yield f"the platform asked to slow down until {here(until, now)}"
    if center["breaker"] != "closed":
        yield f"its breaker is {center['breaker'].replace('_', ' ')}"
    if center.get("storm"):
        yield "a storm: one canary goes first"
    for source in center.get("sources", ()):
        if source["blind"]:
            seen = here(source["last_success"], now)
            yield f"source {source['source']} is blind, last good read {seen}"


def _daemon_notes(daemon: Answer) -> Iterator[str]:
    if not daemon["running"]:
        yield str(daemon["note"])
        return
    if daemon.get("shadow"):
        yield "shadow: the daemon decides and tells, and never calls"
    if daemon.get("draining"):
        yield "the daemon is stopping: no new restart is made"
    if daemon.get("writable") is False:
        yield "the state cannot be written: no restart is made until it can"
    config = daemon.get("config") or {}
    if rejected := config.get("rejected"):
        yield f"the config on disk was rejected, the old one is in force: {rejected}"
    elif config.get("changed_on_disk"):
        yield "the config changed on disk since it was loaded; take it up with `reload`"
