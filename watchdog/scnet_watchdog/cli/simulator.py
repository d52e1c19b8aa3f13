"""`simulator`: the fake platform alone, for trying things by hand."""

import asyncio
import sys
from typing import Annotated

import typer

from .common import ConfigOption, ExitCode, leave


def simulator(
    config: ConfigOption = None,
    listen: Annotated[
        str, typer.Option("--listen", help="Address; port 0 = any.")
    ] = "127.0.0.1:9717",
    instances: Annotated[int, typer.Option("--instances", min=0, max=200_000)] = 5,
    seed: Annotated[int, typer.Option("--seed", help="The same seed, the same fleet.")] = 1,
    token: Annotated[
        str, typer.Option("--token", help="A token that is always valid.")
    ] = "simulated-token",
    deploy: Annotated[str, typer.Option("--deploy", help="How long an instance deploys.")] = "5s",
    wait: Annotated[str, typer.Option("--wait", help="How long a restart waits first.")] = "0",
    lag: Annotated[str, typer.Option("--lag", help="How far the list lags behind.")] = "0",
    capacity: Annotated[
        int | None, typer.Option("--capacity", help="How many may run at once.", show_default=False)
    ] = None,
    page_cap: Annotated[
        int | None,
        typer.Option("--page-cap", help="Rows a page holds at most.", show_default=False),
    ] = None,
    shape: Annotated[
        str, typer.Option("--shape", help="data, data.data, data.list, data.records, data.items")
    ] = "data",
    variant: Annotated[
        list[str] | None,
        typer.Option("--variant", help="A way to ask for the list: body, query, list. Several."),
    ] = None,
    token_life: Annotated[str, typer.Option("--token-life", help="Of minted tokens.")] = "6h",
) -> None:
    """Run the simulated platform until interrupted; prints a config to start with."""
    from ..settings.units import parse_duration
    from ..simulator.account import Account
    from ..simulator.platform import Manners, Platform, fleet

    del config
    try:
        seconds = {
            name: parse_duration(text).total_seconds()
            for name, text in (
                ("deploy", deploy),
                ("wait", wait),
                ("lag", lag),
                ("life", token_life),
            )
        }
        host, _, port = listen.rpartition(":")
        number = int(port)
    except ValueError as error:
        leave(ExitCode.USAGE, str(error))
    manners = Manners(
        variants=frozenset(variant or ("body", "query", "list")),
        page_cap=page_cap,
        lag=seconds["lag"],
        wait=seconds["wait"],
    )
    if shape not in ("data", "data.data", "data.list", "data.records", "data.items"):
        leave(ExitCode.USAGE, f"--shape: {shape} is none of the known shapes")
    manners.shape = shape  # type: ignore[assignment]  # checked in the line above
    account = Account(fixed=token, token_life=seconds["life"])
    platform = Platform(seed=seed, capacity=capacity, manners=manners, account=account)
    platform.add(fleet(instances, seed, seconds["deploy"]))
    asyncio.run(_serve(platform, host or "127.0.0.1", number))


async def _serve(platform: "object", host: str, port: int) -> None:
    import signal

    from ..adapters.clock import SystemClock
    from ..simulator.platform import Platform
    from ..simulator.server import Server

    assert isinstance(platform, Platform)  # noqa: S101 - typed so that nothing heavy is imported
    clock = SystemClock()
    loop = asyncio.get_running_loop()
    server = Server(platform, loop.time, lambda: clock.wall().timestamp())
    try:
        bound = await server.start(host, port)
    except OSError as error:
        leave(ExitCode.FAILED, f"cannot listen on {host}:{port}: {error.strerror}")
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    sys.stdout.write(_welcome(platform, f"http://{host}:{bound}"))
    sys.stdout.flush()
    await stop.wait()
    await server.stop()


def _welcome(platform: "object", url: str) -> str:
    from ..simulator.platform import Platform

    assert isinstance(platform, Platform)  # noqa: S101 - see above
    ids = list(platform.instances)
    account = platform.account
    shown = "".join(f'  - "{id_}"\n' for id_ in ids[:20])
    more = f"  # … and {len(ids) - 20} more: GET {url}/_sim/state\n" if len(ids) > 20 else ""
    first = ids[0] if ids else "ID"
    return (
        f"# The simulated platform listens on {url}\n"
        f"# AK/SK: user {account.user}, access key {account.access_key}, "
        f"secret key {account.secret_key}\n"
        f"#   (token_url: {url}/api/user/v3/tokens, center_url: {url}/ac/openapi/v2/center)\n"
        f"# A config for the daemon:\n"
        f"centers:\n  simulated:\n    base_url: {url}\n    token: {account.fixed}\n"
        f"instances:\n{shown}{more}"
        f"# Stop an instance, as a person would:\n"
        f"#   curl -XPOST -H 'token: {account.fixed}' "
        f"'{url}/ai/openapi/v2/instance-service/task/actions/stop?ids={first}'\n"
        f"# Let it fail, and let its next three starts answer 716868:\n"
        f'#   curl -d \'{{"id":"{first}","status":"Failed"}}\' {url}/_sim/status\n'
        f'#   curl -d \'{{"id":"{first}","refuses":3}}\' {url}/_sim/instance\n'
        f"# Count the restart calls:\n#   curl {url}/_sim/restarts\n"
    )
