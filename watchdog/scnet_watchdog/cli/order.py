"""`hold`, `release` and `reset`: asked of the running daemon, else left in the state for it."""

import asyncio
import getpass
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from .common import ConfigOption, ExitCode, JsonOption, complain, leave, state_errors
from .target import InstancesArgument, Target, WholeCenter, WholeFleet, WholeGroup, targets

if TYPE_CHECKING:
    from pathlib import Path

    from ..core.command import Command, Scope
    from .client import Client
    from .where import Where

LONGEST_HOLD = timedelta(days=30)
"""A hold is an exception; who wants more sets `mode: watch`."""

Body = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of one target: a sentence, and the exit code where it is an error."""

    target: Target
    said: str
    code: ExitCode = ExitCode.DONE


def hold(
    instances: InstancesArgument = None,
    for_: Annotated[
        str | None,
        typer.Option("--for", help="How long: 90m, 2d; at most 30d. Default 4h."),
    ] = None,
    until_running: Annotated[
        bool, typer.Option("--until-running", help="Until a person has started it again.")
    ] = False,
    reason: Annotated[str, typer.Option("--reason", help="Why, for whoever asks.")] = "",
    group: WholeGroup = None,
    center: WholeCenter = None,
    everyone: WholeFleet = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Leave instances alone: nothing of them is restarted until the hold ends."""
    if until_running and for_ is not None:
        leave(ExitCode.USAGE, "--for and --until-running exclude each other")
    length = _length(for_ or "4h")
    ends: Body = {"until_running": True} if until_running else {"for_s": length.total_seconds()}
    found = targets(instances, group, center, everyone)
    _carry_out("hold", found, {**ends, "reason": reason}, config, as_json)


def release(
    instances: InstancesArgument = None,
    every: Annotated[
        bool, typer.Option("--every", help="End the single holds under it as well.")
    ] = False,
    group: WholeGroup = None,
    center: WholeCenter = None,
    everyone: WholeFleet = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """End holds; single holds under a group, center or fleet stay unless --every."""
    found = targets(instances, group, center, everyone)
    _carry_out("release", found, {"every": every}, config, as_json)


def reset(
    instances: InstancesArgument = None,
    group: WholeGroup = None,
    center: WholeCenter = None,
    everyone: WholeFleet = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Close breakers, forget cooldown, budget and rejection; a center is looked at at once."""
    found = targets(instances, group, center, everyone)
    _carry_out("reset", found, {}, config, as_json)


def me() -> str:
    """Who asks, for the journal: the person behind sudo, where there is one."""
    try:
        return os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):
        # A user without a name, as in a container.
        return f"uid {os.getuid()}"


def _length(text: str) -> timedelta:
    from ..settings.units import parse_duration

    try:
        length = parse_duration(text)
    except ValueError as error:
        leave(ExitCode.USAGE, f"--for: {error}")
    if not timedelta(seconds=1) <= length <= LONGEST_HOLD:
        leave(ExitCode.USAGE, "--for: must be from 1s to 30d; who wants more sets mode: watch")
    return length


def _carry_out(
    verb: str, found: Sequence[Target], body: Body, config: "Path | None", as_json: bool
) -> None:
    from .reach import reach
    from .where import find

    where = find(config)
    client = reach(where)
    if client is not None:
        _tell(_asked(client, verb, found, body), as_json)
    else:
        _tell(_left(where, verb, found, body), as_json)


def _asked(client: "Client", verb: str, found: Sequence[Target], body: Body) -> list[Reply]:
    """Ask for each target; one that is refused keeps no other from being asked for."""
    from .client import Declined, Unreached
    from .reach import CODES

    results = []
    for one in found:
        try:
            answer = client.post(one.path(verb), {**body, "by": me()})
            results.append(Reply(one, str(answer["done"])))
        except Declined as error:
            code = CODES.get(error.status, ExitCode.FAILED)
            results.append(Reply(one, str(error), code))
        except Unreached as error:
            said = f"the daemon cannot be reached: {error}"
            results.append(Reply(one, said, ExitCode.UNREACHABLE))
    return results


def _left(where: "Where", verb: str, found: Sequence[Target], body: Body) -> list[Reply]:
    """Leave the commands in the state; all of them or, where one names nobody, none."""
    from ..app.posted import NotOurs, post
    from ..settings.to_policy import roster

    members = roster(where.config().settings)
    commands = [_command(verb, one.scope(members), body) for one in found]
    with state_errors(locked=ExitCode.UNREACHABLE):
        try:
            asyncio.run(post(where.state, where.explicit, commands, me()))
        except NotOurs as error:
            leave(ExitCode.FAILED, str(error))
    begins = "; its time begins then" if verb == "hold" and "for_s" in body else ""
    said = f"no daemon runs: {verb} is written to the state, the next run obeys it{begins}"
    return [Reply(one, f"{one}: {said}") for one in found]


def _command(verb: str, scope: "Scope", body: Body) -> "Command":
    from ..core.command import PlaceHold, Release, Reset

    if verb == "hold":
        seconds = body.get("for_s")
        length = timedelta(seconds=seconds) if isinstance(seconds, float) else None
        reason = str(body["reason"])
        return PlaceHold(scope, me(), length, bool(body.get("until_running")), reason)
    if verb == "release":
        return Release(scope, me(), bool(body["every"]))
    return Reset(scope, me())


def _tell(results: Sequence[Reply], as_json: bool) -> None:
    """Tell what came of each; end with the first error's code."""
    failed = [one for one in results if one.code]
    if as_json:
        shown = [
            {"target": str(one.target), "error" if one.code else "done": one.said}
            for one in results
        ]
        sys.stdout.write(json.dumps(shown, ensure_ascii=False, indent=2) + "\n")
    else:
        sys.stdout.writelines(f"{one.said}\n" for one in results if not one.code)
    for one in failed:
        complain(f"{one.target}: {one.said}")
    if failed:
        leave(failed[0].code)
