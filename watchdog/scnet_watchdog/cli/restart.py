"""`restart`: have one instance restarted now, and with `--wait` see it run again."""

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .common import ConfigOption, ExitCode, JsonOption, leave
from .explain import InstanceArgument

if TYPE_CHECKING:
    pass

if TYPE_CHECKING:
    from .client import Client

LOOK_S = 2.0
"""How often the journal is looked at while waiting: as often as statuses can change."""
LOOK_BACK = timedelta(days=2)
"""How far back the journal is read; the order itself is found by its event, not by its moment."""

Line = Mapping[str, Any]

ENDS: Mapping[str, bool] = {
    "restart.recovered": True,
    "restart.did_not_help": False,
    "restart.relapsed": False,
    "restart.refused": False,
    "restart.not_sent": False,
    "restart.withdrawn": False,
}
"""Events that end the waiting, and whether it ended well. Any other is only told."""


def restart(
    instance: InstanceArgument,
    wait: Annotated[
        str | None,
        typer.Option("--wait", help="Wait so long to see it run: 15m.", show_default=False),
    ] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Restart now, past cooldown, breaker and budget; refused for a running instance."""
    from .client import instance_path
    from .order import me
    from .reach import answered, needed
    from .where import find

    limit = _length(wait) if wait is not None else None
    client = needed(find(config), "restart it")
    answer = answered(lambda: client.post(instance_path(instance, "restart"), {"by": me()}))
    if not as_json:
        sys.stdout.write(f"{answer['done']}\n")
    if limit is None:
        _print(answer, as_json)
        return
    last = _follow(_told(client, instance, limit), as_json)
    well = last is not None and ENDS.get(str(last["event"]), False)
    _print({**answer, "recovered": well, "last": last and last.get("message")}, as_json)
    if not well:
        over = last is not None and ends(last)
        leave(ExitCode.FAILED, "" if over else f"{instance} was not seen running within {wait}")


def _told(client: "Client", instance: str, limit: timedelta) -> Iterator[Line]:
    """What the running daemon tells of the order."""
    from ..adapters.clock import SystemClock
    from .client import API
    from .history import MOST_EVENTS
    from .reach import ask

    clock = SystemClock()
    since = (clock.now() - LOOK_BACK).isoformat().replace("+00:00", "Z")

    def look() -> Sequence[Line]:
        found: Sequence[Line] = ask(
            client, f"{API}/events", since=since, instance=instance, limit=MOST_EVENTS
        )
        return found

    until = clock.elapsed() + limit.total_seconds()
    return lines_until(look, time.sleep, lambda: clock.elapsed() >= until)


def lines_until(
    look: Callable[[], Sequence[Line]],
    sleep: Callable[[float], None],
    over: Callable[[], bool],
) -> Iterator[Line]:
    """What is told of the newest order, until its end or until the time is over.

    Args:
        look: the instance's events, oldest first; the order is among them already.
    """
    lines = look()
    # Taken up means journalled: no clock has to agree with another. What follows only grows.
    told = max((n + 1 for n, line in enumerate(lines) if _is_order(line)), default=len(lines))
    while True:
        for line in lines[told:]:
            yield line
            if ends(line):
                return
        told = max(told, len(lines))
        if over():
            return
        sleep(LOOK_S)
        lines = look()


def ends(line: Line) -> bool:
    """Whether an event ends the waiting."""
    lapsed = line["event"] == "operator.command" and line.get("lapsed") is not None
    return lapsed or str(line["event"]) in ENDS


def _is_order(line: Line) -> bool:
    if line["event"] != "operator.command" or line.get("command") != "restart":
        return False
    return line.get("lapsed") is None and line.get("refused") is None


def _follow(told: Iterator[Line], as_json: bool) -> Line | None:
    last = None
    for last in told:
        if not as_json and "message" in last:
            moment = datetime.fromisoformat(str(last["timestamp"])).astimezone()
            sys.stdout.write(f"{moment:%H:%M:%S%z}  {last['message']}\n")
            sys.stdout.flush()
    return last


def _print(answer: Line, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(answer, ensure_ascii=False, indent=2) + "\n")


def _length(text: str) -> timedelta:
    from ..settings.units import parse_duration

    try:
        return parse_duration(text)
    except ValueError as error:
        leave(ExitCode.USAGE, f"--wait: {error}")
