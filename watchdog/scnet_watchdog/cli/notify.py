"""`notify`: the channels of the config; with `--test`, a message to each of them now."""

import asyncio
import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from .common import ConfigOption, ExitCode, JsonOption, leave, load_config

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..adapters.notify.channel import Channel
    from ..settings.model import Notify


def notify(
    config: ConfigOption = None,
    test: Annotated[
        bool, typer.Option("--test", help="Send a test message to every channel now.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """List the notification channels, or test them."""
    wanted = load_config(config).settings.notify
    if not wanted:
        leave(ExitCode.FAILED, "no channel is configured; the key notify takes them")
    failed = asyncio.run(_tested(wanted)) if test else None
    if as_json:
        rows = [_row(at, one, failed) for at, one in enumerate(wanted)]
        sys.stdout.write(json.dumps(rows, ensure_ascii=False, indent=2) + "\n")
    else:
        for at, one in enumerate(wanted):
            said = _described(one) if failed is None else _fate(failed[at])
            sys.stdout.write(f"notify[{at}]: {said}\n")
    if failed is not None and any(failed):
        raise typer.Exit(ExitCode.FAILED)


def _row(at: int, one: "Notify", failed: "Sequence[str | None] | None") -> dict[str, object]:
    row: dict[str, object] = {
        "channel": f"notify[{at}]",
        "level": one.level,
        "language": one.language,
        "center": one.center,
        "url_file": str(one.url_file),
    }
    if failed is None:
        return row
    return row | {"delivered": failed[at] is None, "error": failed[at]}


def _fate(error: str | None) -> str:
    return "delivered" if error is None else f"failed: {error}"


def _described(one: "Notify") -> str:
    center = f", center {one.center}" if one.center is not None else ""
    return f"from level {one.level}, language {one.language}{center}, URL in {one.url_file}"


async def _tested(wanted: "Sequence[Notify]") -> "Sequence[str | None]":
    """Send to all channels at once; return why each failed, or None where it took it."""
    from ..adapters.clock import SystemClock
    from ..adapters.http import HttpClient, HttpOptions
    from ..adapters.notify.build import CONNECT, READ, channels
    from ..adapters.notify.channel import Surroundings
    from ..adapters.telemetry.secrets import Secrets

    secrets = Secrets()
    http = HttpClient(HttpOptions(CONNECT, READ), SystemClock.elapsed, for_calls=True)
    try:
        around = Surroundings(http, secrets.add, secrets.redact)
        tried = [_try(channel) for channel in channels(wanted, around)]
        return await asyncio.gather(*tried)
    finally:
        await http.close()


async def _try(channel: "Channel") -> str | None:
    from ..adapters.notify.delivery import Undelivered
    from ..adapters.notify.render import trial

    try:
        await channel.send(trial(channel.language))
    except Undelivered as error:
        return str(error)
    return None
