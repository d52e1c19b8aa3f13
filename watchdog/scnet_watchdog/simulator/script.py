"""A script: what a person would post below `/_sim/` by hand, and when.

[{"at": 10, "do": "status", "with": {"id": "Instances_000000", "status": "Failed"}},
 {"at": 30, "do": "fault", "with": {"endpoint": "restart", "code": "716868", "times": 3}}]
"""

import json
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

from .control import Control


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do.

    Args:
        at: seconds after the start.
        do: the name below `/_sim/`.
        with_: its body.
    """

    at: float
    do: str
    with_: dict[str, Any]


def read_script(text: str) -> tuple[Step, ...]:
    """The steps of a script, in their order in time.

    Raises:
        ValueError: it is no list of steps.
    """
    found = json.loads(text)
    if not isinstance(found, list):
        raise ValueError("a script is a list of steps")
    return tuple(sorted((_step(one) for one in found), key=lambda step: step.at))


def _step(found: Any) -> Step:
    if not isinstance(found, dict) or set(found) - {"at", "do", "with"}:
        raise ValueError(f'a step has "at", "do" and "with": {json.dumps(found)[:200]}')
    at, do, with_ = found.get("at"), found.get("do"), found.get("with", {})
    if isinstance(at, bool) or not isinstance(at, (int, float)) or at < 0:
        raise ValueError(f'"at" is a number of seconds: {json.dumps(found)[:200]}')
    if not isinstance(do, str) or not isinstance(with_, dict):
        raise ValueError(f'"do" is a name and "with" an object: {json.dumps(found)[:200]}')
    return Step(float(at), do, with_)


async def play(
    steps: Iterable[Step],
    control: Control,
    now: Callable[[], float],
    sleep: Callable[[float], Awaitable[None]],
    tell: Callable[[str], None],
) -> None:
    """Do each step at its moment; one that fails is told, and the others go on."""
    began = now()
    for step in steps:
        await sleep(max(0.0, began + step.at - now()))
        try:
            control.post(step.do, step.with_)
        except ValueError as error:
            tell(f"{step.at:g} s: {step.do} failed: {error}")
        else:
            tell(f"{step.at:g} s: {step.do} {json.dumps(step.with_, ensure_ascii=False)}")
