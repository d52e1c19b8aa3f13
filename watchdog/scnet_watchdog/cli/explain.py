"""`explain`: why one instance is, or is not, restarted now: a sentence first, then the ladder."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Annotated, Any

import typer

from .common import ConfigOption, JsonOption
from .complete import instances

InstanceArgument = Annotated[
    str,
    typer.Argument(
        help="An id, a unique start of one (four characters), or a name.",
        autocompletion=instances,
    ),
]


def explain(
    instance: InstanceArgument,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say why an instance is, or is not, restarted now: every check with its numbers."""
    from .client import instance_path
    from .reach import ask, needed
    from .where import find

    client = needed(find(config), "explain what it decides")
    answer = ask(client, instance_path(instance, "explain"))
    if as_json:
        sys.stdout.write(json.dumps(answer, ensure_ascii=False, indent=2) + "\n")
        return
    _print(answer)


def told(settings: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The settings behind a check, one line per block: `cooldown: initial 1m (policy), …`."""
    for block, some in groupby(settings, lambda one: str(one["name"]).rpartition(".")[0]):
        parts = [
            f"{', '.join(map(_setting, same))} ({origin})"
            for origin, same in groupby(some, lambda one: one["from"])
        ]
        yield f"{block}: {', '.join(parts)}" if block else ", ".join(parts)


def _setting(one: Mapping[str, Any]) -> str:
    value = one["value"]
    said = " ".join(map(str, value)) if isinstance(value, list) else str(value)
    return f"{str(one['name']).rpartition('.')[2]} {said}"


def _print(answer: Mapping[str, Any]) -> None:
    from rich.text import Text

    from ..adapters.clock import SystemClock
    from .tables import console, here, moments_here, plain_table

    now = SystemClock().now()
    out = console()
    out.print(str(answer["sentence"]), style="bold", soft_wrap=True, markup=False)
    out.print()
    table = plain_table("", "CHECK", "NUMBERS AND SETTINGS")
    table.columns[2].no_wrap = False
    table.columns[2].overflow = "fold"
    decided = False
    for check in answer["checks"]:
        mark = Text("✓", "green") if check["passed"] else Text("✗", "red")
        # The first check that holds is the answer; what fails below it changes nothing now.
        decides = not decided and not check["passed"] and check["name"] == answer["reason"]
        decided = decided or decides
        name = Text(str(check["name"]), "bold" if decides else "")
        numbers = Text(moments_here(str(check["detail"]), now))
        # A daemon older than this program tells none.
        for line in told(check.get("settings", ())):
            numbers.append(f"\n{line}" if numbers else line, "dim")
        table.add_row(mark, name, numbers)
    out.print(table)
    out.print()
    again = here(answer.get("next_at"), now)
    out.print(f"{answer['decision']}: {answer['reason']}; next moment: {again}", markup=False)
