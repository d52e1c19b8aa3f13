"""`simulator`: the fake platform alone, for trying things by hand."""

import asyncio
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from .common import ConfigOption, ExitCode, complain, leave

if TYPE_CHECKING:
    from ..simulator.manners import Manners
    from ..simulator.platform import Platform
    from ..simulator.script import Step

SHOWN = 20
"""Instances that the printed config names; of a larger fleet only the first ones."""
LOOPBACK = ("127.0.0.1", "localhost", "::1")


ListenOption = Annotated[str, typer.Option("--listen", help="Address; port 0 = any.")]
InstancesOption = Annotated[int, typer.Option("--instances", min=0, max=200_000)]
SeedOption = Annotated[int, typer.Option("--seed", help="The same seed, the same fleet.")]
TokenOption = Annotated[str, typer.Option("--token", help="A token that is always valid.")]
DeployOption = Annotated[str, typer.Option("--deploy", help="How long an instance deploys.")]
WaitOption = Annotated[str, typer.Option("--wait", help="How long a restart waits first.")]
LagOption = Annotated[str, typer.Option("--lag", help="How far the list lags behind.")]
CapacityOption = Annotated[
    int | None,
    typer.Option("--capacity", min=0, help="How many may run at once.", show_default=False),
]
PageCapOption = Annotated[
    int | None,
    typer.Option("--page-cap", min=1, help="Rows a page holds at most.", show_default=False),
]
ShapeOption = Annotated[
    str, typer.Option("--shape", help="data, data.data, data.list, data.records, data.items")
]
VariantOption = Annotated[
    list[str] | None,
    typer.Option("--variant", help="A way to ask for the list: body, query, list. Several."),
]
TokenLifeOption = Annotated[str, typer.Option("--token-life", help="Of minted tokens.")]
FailStartOption = Annotated[
    list[str] | None,
    typer.Option(
        "--fail-start",
        help="INSTANCE=N: its next N starts answer 716868 (-1 = every one). INSTANCE is an id, a"
        " name, or a number from 1.",
    ),
]
DiesAfterOption = Annotated[
    list[str] | None,
    typer.Option("--dies-after", help="INSTANCE=5m: it fails that long after every start."),
]
ScriptOption = Annotated[
    Path | None,
    typer.Option("--script", help="A JSON file of things to do, and when.", show_default=False),
]


def simulator(
    config: ConfigOption = None,
    listen: ListenOption = "127.0.0.1:9717",
    instances: InstancesOption = 5,
    seed: SeedOption = 1,
    token: TokenOption = "simulated-token",
    deploy: DeployOption = "5s",
    wait: WaitOption = "0",
    lag: LagOption = "0",
    capacity: CapacityOption = None,
    page_cap: PageCapOption = None,
    shape: ShapeOption = "data",
    variant: VariantOption = None,
    token_life: TokenLifeOption = "6h",
    fail_start: FailStartOption = None,
    dies_after: DiesAfterOption = None,
    script: ScriptOption = None,
) -> None:
    """Run the simulated platform until interrupted; prints a config to start with."""
    from ..simulator.account import Account
    from ..simulator.platform import Platform, fleet

    del config
    try:
        host, number = _address(listen)
        manners = _manners(variant, shape, page_cap, _seconds(lag), _seconds(wait))
        account = Account(fixed=token, token_life=_seconds(token_life))
        platform = Platform(seed=seed, capacity=capacity, manners=manners, account=account)
        platform.add(fleet(instances, seed, _seconds(deploy)))
        _spoil(platform, fail_start or (), dies_after or ())
        steps = _steps(script)
    except (ValueError, OSError) as error:
        leave(ExitCode.USAGE, str(error))
    asyncio.run(_serve(platform, host, number, steps))


def _address(listen: str) -> tuple[str, int]:
    host, colon, port = listen.rpartition(":")
    if not colon or not port.isdigit() or int(port) > 65535:
        raise ValueError(f"--listen: {listen} is not an address such as 127.0.0.1:9717")
    return host.strip("[]") or "127.0.0.1", int(port)


def _seconds(text: str) -> float:
    from ..settings.units import parse_duration

    return parse_duration(text).total_seconds()


def _manners(
    variant: list[str] | None, shape: str, page_cap: int | None, lag: float, wait: float
) -> "Manners":
    from ..simulator.manners import VARIANTS, Manners, Shape

    if shape not in get_args(Shape):
        raise ValueError(f"--shape: {shape} is none of {', '.join(get_args(Shape))}")
    if not VARIANTS.issuperset(variant or ()):
        raise ValueError(f"--variant: one of {', '.join(sorted(VARIANTS))}")
    manners = Manners(page_cap=page_cap, lag=lag, wait=wait)
    manners.take({"shape": shape, "variants": variant or sorted(VARIANTS)})
    return manners


def _spoil(platform: "Platform", refusing: Iterable[str], dying: Iterable[str]) -> None:
    """Give single instances their bad habits, each written INSTANCE=VALUE."""
    ids = list(platform.instances)
    for text in refusing:
        name, _, times = text.rpartition("=")
        platform.find(_named(name, ids)).refuses = int(times)
    for text in dying:
        name, _, after = text.rpartition("=")
        one = platform.find(_named(name, ids))
        one.dies_after = _seconds(after)
        platform.replan(one, 0.0)


def _named(text: str, ids: list[str]) -> str:
    """An instance's id for its number in the fleet; ids and names stay as they are."""
    if text.isdigit() and 1 <= int(text) <= len(ids):
        return ids[int(text) - 1]
    return text


def _steps(script: Path | None) -> "tuple[Step, ...]":
    from ..simulator.script import read_script

    return read_script(script.read_text(encoding="utf-8")) if script is not None else ()


async def _serve(platform: "Platform", host: str, port: int, steps: "Iterable[Step]") -> None:
    import signal

    from ..adapters.clock import SystemClock
    from ..simulator.script import play
    from ..simulator.server import Server

    clock = SystemClock()
    loop = asyncio.get_running_loop()
    began = loop.time()
    platform.epoch = clock.wall().timestamp()

    def now() -> float:
        return loop.time() - began

    server = Server(platform, now, lambda: clock.wall().timestamp())
    try:
        await server.start(host, port)
    except OSError as error:
        leave(ExitCode.FAILED, f"cannot listen on {host}:{port}: {error.strerror}")
    if host not in LOOPBACK:
        complain(f"warning: {host} is no loopback address, and /_sim/ asks for no token")
    sys.stdout.write(welcome(platform, server.endpoints.gateway))
    sys.stdout.flush()
    playing = asyncio.create_task(play(steps, server.control, now, asyncio.sleep, complain))
    await _interrupted(loop, (signal.SIGINT, signal.SIGTERM))
    playing.cancel()
    await asyncio.wait([playing])
    await server.stop()


async def _interrupted(loop: asyncio.AbstractEventLoop, signals: Iterable[int]) -> None:
    stop = asyncio.Event()
    for number in signals:
        loop.add_signal_handler(number, stop.set)
    await stop.wait()


def welcome(platform: "Platform", url: str) -> str:
    """What is printed at the start: a config for the daemon, and what to try."""
    ids = list(platform.instances)
    account = platform.account
    shown = "".join(f'  - "{id_}"\n' for id_ in ids[:SHOWN])
    more = f"  # … and {len(ids) - SHOWN} more: GET {url}/_sim/state\n" if ids[SHOWN:] else ""
    first = ids[0] if ids else "ID"
    return (
        f"# The simulated platform listens on {url}\n"
        f"# AK/SK: user {account.user}, access key {account.access_key}, "
        f"secret key {account.secret_key}\n"
        f"#   (token_url: {url}/api/user/v3/tokens, center_url: {url}/ac/openapi/v2/center)\n"
        f"# A config for the daemon:\n"
        f"centers:\n  simulated:\n    base_url: {url}\n    token: {account.fixed}\n"
        f"instances:{' []' if not ids else ''}\n{shown}{more}"
        f"# Stop an instance, as a person would:\n"
        f"#   curl -XPOST -H 'token: {account.fixed}' "
        f"'{url}/ai/openapi/v2/instance-service/task/actions/stop?ids={first}'\n"
        f"# Let it fail, and let its next three starts answer 716868:\n"
        f'#   curl -d \'{{"id":"{first}","status":"Failed"}}\' {url}/_sim/status\n'
        f'#   curl -d \'{{"id":"{first}","refuses":3}}\' {url}/_sim/instance\n'
        f"# Count the restart calls:\n#   curl {url}/_sim/restarts\n"
    )
