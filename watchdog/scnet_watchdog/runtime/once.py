"""`--once`, for cron: poll, confirm, decide, call, settle, save, exit.

Polls go on at the fast interval while an instance that was down at the first poll is confirming,
being judged or waiting for a slot, at most five minutes. What is not judged by then is judged by
the next run.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from datetime import timedelta

from ..core.decision import RESTART_REASONS, Reason
from ..core.model import DOWN, InstanceId
from ..core.policy import Pace
from ..engine.engine import Engine
from ..ports import Clock

LASTS = timedelta(minutes=5)
"""How long one run lasts at most, the last calls' own deadlines excepted."""

UNDECIDED = RESTART_REASONS | {
    Reason.CONFIRMING,
    Reason.VERIFYING,
    Reason.STARTING,
    Reason.CENTER_BUSY,
    Reason.STORM,
}
"""Reasons that a few more polls may settle."""

Sleep = Callable[[float], Awaitable[None]]


async def once(
    engine: Engine, clock: Clock, paces: Collection[Pace], stop: asyncio.Event, sleep: Sleep
) -> bool:
    """Do one run on an engine that has started; return whether every poll ended well.

    Args:
        stop: set when the run is to end early.
        sleep: waits that many seconds.
    """
    began = clock.now()
    fast = min((pace.fast_interval for pace in paces), default=Pace().fast_interval)
    # A center that asked us to wait is not asked, and what was not seen is not well.
    well = all(engine.may_poll(key) for key in engine.sources)
    well &= await _round(engine)
    were_down = _down(engine)
    while not stop.is_set() and _undecided(engine, were_down):
        if clock.now() + fast > began + LASTS:
            break
        await sleep(fast.total_seconds())
        well &= await _round(engine)
    calls = engine.act.calls()
    if calls:
        await asyncio.wait(calls)
    await engine.run_turns()
    return well and engine.fleet is not None


async def _round(engine: Engine) -> bool:
    """Poll every source that may be polled, look again where asked, and run all turns."""
    polls = [engine.poll(key) for key in sorted(engine.sources) if engine.may_poll(key)]
    results = await asyncio.gather(*polls)
    await engine.run_turns()
    while looks := engine.polls.running():
        await asyncio.wait(looks)
        await engine.run_turns()
    return all(results)


def _down(engine: Engine) -> frozenset[InstanceId]:
    fleet = engine.fleet
    if fleet is None:
        return frozenset()
    return frozenset(id_ for id_, one in fleet.instances.items() if one.facts.status in DOWN)


def _undecided(engine: Engine, were_down: frozenset[InstanceId]) -> bool:
    fleet = engine.fleet
    if fleet is None:
        return False
    known = (fleet.instances[id_] for id_ in were_down if id_ in fleet.instances)
    return any(one.facts.reason in UNDECIDED for one in known)
