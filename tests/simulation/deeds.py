"""What can happen in a story: to instances, to the platform, to the network, by people, to us.

Instances are named by their number; whoever is not there any more is left alone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from scnet_watchdog.core.command import PlaceHold, Release, Reset, RestartNow, Scope, ScopeKind
from scnet_watchdog.simulator.faults import Fault
from scnet_watchdog.simulator.instance import Instance

from .presets import CENTER, roster_of

if TYPE_CHECKING:
    from .stage import Stage

BY = "alice"


def _one(stage: Stage, n: int) -> Instance | None:
    return stage.platform.instances.get(stage.name(n))


# Instances.


async def stop(stage: Stage, n: int) -> None:
    """A person stops an instance in the console."""
    stage.platform.stop(stage.name(n), stage.loop.time())


async def become(stage: Stage, ns: Sequence[int], status: str) -> None:
    """Instances take a status, by themselves."""
    for n in ns:
        if (one := _one(stage, n)) is not None:
            stage.platform.set_status(one.id, status, stage.loop.time())


async def habit(stage: Stage, ns: Sequence[int], **habits: Any) -> None:
    """Instances will refuse to start, break, die after a while, be stopped at a limit."""
    for n in ns:
        if (one := _one(stage, n)) is not None:
            for name, value in habits.items():
                setattr(one, name, value)
            stage.platform.replan(one, stage.loop.time())


async def vanish(stage: Stage, n: int) -> None:
    """An instance is deleted."""
    stage.platform.remove(stage.name(n))


async def reappear(stage: Stage, n: int, status: str) -> None:
    """A deleted instance is there again."""
    if _one(stage, n) is None:
        now = stage.loop.time()
        stage.platform.add([Instance(stage.name(n), f"again_{n}", status, now, deploy_for=20.0)])


# The platform and the way to it.


async def capacity(stage: Stage, places: int | None) -> None:
    """So many instances may run; whoever runs goes on."""
    stage.platform.capacity = places


async def manners(stage: Stage, **changed: Any) -> None:
    """The platform behaves otherwise from now on."""
    for name, value in changed.items():
        setattr(stage.platform.manners, name, frozenset(value) if name == "variants" else value)


async def fault(stage: Stage, lasts: float, **what: Any) -> None:
    """Requests meet a fault for a while."""
    stage.platform.faults.active.append(Fault(**what, until=stage.loop.time() + lasts))


async def network(
    stage: Stage, down: bool = False, slowness: float = 0.0, calls_down: bool = False
) -> None:
    """Nobody can connect, or only no call, or everything takes longer."""
    stage.network.down, stage.network.slowness = down, slowness
    stage.network.calls_down = calls_down


async def account(stage: Stage, status: str) -> None:
    """Arrears, a frozen account, or all in order again."""
    stage.platform.account.status = status


async def tokens(stage: Stage, life: float) -> None:
    """Every token ends now; new ones live so long."""
    stage.platform.account.expire_all()
    stage.platform.account.token_life = life


# People.


def _scope(kind: str, name: str | int) -> Callable[[Stage], Scope]:
    def found(stage: Stage) -> Scope:
        text = stage.name(name) if isinstance(name, int) else name
        return Scope(ScopeKind(kind), text)

    return found


async def hold(stage: Stage, kind: str, name: str | int = "", length: float | None = None) -> None:
    """Leave alone: for so many seconds, or until a person has started it."""
    ends = None if length is None else timedelta(seconds=length)
    await stage.command(PlaceHold(_scope(kind, name)(stage), BY, ends, until_running=ends is None))


async def release(stage: Stage, kind: str, name: str | int = "", every: bool = False) -> None:
    """End a hold."""
    await stage.command(Release(_scope(kind, name)(stage), BY, every))


async def restart(stage: Stage, n: int) -> None:
    """A person asks for a restart."""
    await stage.command(RestartNow(stage.name(n), BY))


async def reset(stage: Stage, kind: str, name: str | int = "") -> None:
    """A person closes breakers."""
    await stage.command(Reset(_scope(kind, name)(stage), BY))


# Us.


async def reload(
    stage: Stage,
    policies: Sequence[str],
    limits: str,
    pace: str,
    without: Sequence[int] = (),
) -> None:
    """A new config."""
    left_out = {stage.name(n) for n in without}
    names = [name for name in stage.names if name not in left_out]
    roster = roster_of(names, tuple(policies), limits, pace)
    stage.reloaded(roster)
    if stage.life is not None and not stage.life.death.dead:
        await stage.guarded(stage.life.reload(roster))


async def clock(stage: Stage, seconds: float, expires: bool = False) -> None:
    """The wall clock steps."""
    stage.step_clock(seconds, expires)


async def disk_full(stage: Stage, sizes: Sequence[int]) -> None:
    """The next commits find no room beyond so many bytes."""
    stage.full.extend(sizes)


async def kill(stage: Stage, halts: int, next_one: bool = False) -> None:
    """The daemon, or the one after it, dies at that halt from now on."""
    if next_one:
        stage.next_dies_at = halts
    elif stage.life is not None:
        stage.life.death.wish(halts)


async def stop_daemon(stage: Stage) -> None:
    """A clean stop."""
    await stage.stop()


async def start_daemon(stage: Stage, shadow: bool = False) -> None:
    """A start, where none runs."""
    if stage.life is None:
        stage.shadow = shadow
        await stage.start()


Deed = Callable[..., Awaitable[None]]

DEEDS: dict[str, Deed] = {
    deed.__name__: deed
    for deed in (
        stop,
        become,
        habit,
        vanish,
        reappear,
        capacity,
        manners,
        fault,
        network,
        account,
        tokens,
        hold,
        release,
        restart,
        reset,
        reload,
        clock,
        disk_full,
        kill,
        stop_daemon,
        start_daemon,
    )
}
ALL_SCOPES = (("fleet", ""), ("center", CENTER), ("group", "third"))
