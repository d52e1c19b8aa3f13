"""`notify`: the channels of the config; with `--test`, a message to each of them now."""

import asyncio
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from .common import ConfigOption, ExitCode, leave, load_config

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..adapters.notify.channel import Channel
    from ..settings.model import Notify


def notify(
    config: ConfigOption = None,
    test: Annotated[
        bool, typer.Option("--test", help="Send a test message to every channel now.")
    ] = False,
) -> None:
    """List the notification channels, or test them."""
    wanted = load_config(config).settings.notify
    if not wanted:
        leave(ExitCode.FAILED, "no channel is configured; the key notify takes them")
    if not test:
        for at, one in enumerate(wanted):
            sys.stdout.write(f"notify[{at}]: {_described(one)}\n")
        return
    if not asyncio.run(_tested(wanted)):
        raise typer.Exit(ExitCode.FAILED)


def _described(one: "Notify") -> str:
    center = f", center {one.center}" if one.center is not None else ""
    return f"from level {one.level}, language {one.language}{center}, URL in {one.url_file}"


async def _tested(wanted: "Sequence[Notify]") -> bool:
    """Send to all channels at once; return whether every one took it."""
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
        return all(await asyncio.gather(*tried))
    finally:
        await http.close()


async def _try(channel: "Channel") -> bool:
    from ..adapters.notify.delivery import Undelivered
    from ..adapters.notify.render import trial

    try:
        await channel.send(trial(channel.language))
    except Undelivered as error:
        sys.stdout.write(f"{channel.label}: failed: {error}\n")
        return False
    sys.stdout.write(f"{channel.label}: delivered\n")
    return True
