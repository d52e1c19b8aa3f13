"""One story: a daemon that dies at planned steps, again and again, and in the end heals everything.

All of it follows from a seed but the moments at which processes get their turn.
"""

import asyncio
import signal
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from crash.books import attempts, faults
from crash_support import WATCH_S, Life, Nursery, Passed, Plan, World, world
from scnet_watchdog.simulator.faults import Fault

STEPS = (
    "acquire before",
    "acquire after",
    "load after",
    *(
        f"commit {k} {when}"
        for k in ("states", "grant", "settle", "judge")
        for when in ("before", "after")
    ),
    "sql BEGIN",
    "sql INSERT attempts",
    "sql INSERT instances",
    "sql INSERT centers",
    "sql INSERT journal",
    "sql COMMIT",
    *(f"told restart.{what}" for what in ("requested", "accepted", "refused", "unknown")),
    *(f"told restart.{what}" for what in ("recovered", "did_not_help")),
    "call before",
    "call leaves",
    "wire asked",
    "wire answered",
    "wire replied",
    "call after",
)
"""Every step of a turn at which the daemon is killed, in about the order of a life."""
ANSWERED = frozenset(
    ("wire answered", "wire replied", "told restart.refused", "told restart.accepted")
)
"""Steps that only a call with an answer comes to."""
LATE = "at no step"
"""A life that did not come to its step in time and was killed at whatever it did then."""
LIFE_S = 3.0
HEALED_WITHIN_S = 60.0
"""How long the last life may take to heal everything. Its policy asks for 4 s at most: the watch of
a call without an answer (0.8 s), then, twice (one start may still be refused or break), a cooldown
(0.125 s), two reads, a call, and a start that is over within 1 s. The rest is for a busy machine,
where a read that takes longer than 0.4 s counts for nothing."""
ENDS_WITHIN_S = 15.0
"""How long it may take to stop; its calls in flight end within 1.4 s."""
MISHAPS = (
    None,
    None,
    Fault("restart", hang="after"),
    Fault("restart", hang="before"),
    Fault("restart", reset="after"),
    Fault("restart", reset="before"),
    Fault("restart", code="10012", acts=True),
    Fault("restart", latency=0.1),
)
"""What becomes of restart calls during one life."""


@dataclass(slots=True)
class Told:
    """What became of a story.

    Args:
        killed: how many lives ended at each step.
        faults: what broke the contract.
    """

    seed: int
    killed: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    calls: int = 0
    attempts: int = 0


async def tell(
    seed: int, folder: Path, nursery: Nursery, deaths: Sequence[Plan], patience: float = LIFE_S
) -> Told:
    """Live through these deaths, then a whole life; compare calls with attempts.

    Args:
        patience: seconds that a life may take to come to its step.
    """
    random, passed, told = Random(seed), Passed(), Told(seed)
    async with world(folder, passed) as scene:
        for plan in deaths:
            assert plan.step is not None
            _stir(random, scene, plan.step)
            passed.arm(plan)
            life = passed.life = await nursery.bear(scene.config, plan)
            await nursery.bury(life, patience)
            told.killed[plan.step if life.status == _KILLED and passed.reached(life) else LATE] += 1
            told.faults += said_wrong(life)
        scene.server.platform.faults.active.clear()
        life = await _lives(scene, nursery, passed)
        told.faults += said_wrong(life)
        if life.status != 0:
            told.faults.append(f"the last life ended with {life.status}: {life.out}")
        if not scene.all_running():
            told.faults.append("not everything was healed in the end")
        if list(folder.glob("state.db-*")):
            told.faults.append("a clean stop left a log beside the state")
        rows = attempts(scene.state)
        told.faults += faults(scene.relay.calls, rows, WATCH_S, scene.started())
        told.faults += _misplaced(scene)
        told.calls, told.attempts = len(scene.relay.calls), len(rows)
    return told


_KILLED = -int(signal.SIGKILL)


def _stir(random: Random, scene: World, step: str) -> None:
    """Something is down, and calls meet a mishap, unless the step asks for an answer."""
    for id_ in random.sample(scene.ids, random.choice((1, 1, 2, 3))):
        scene.show(random.choice(("Terminated", "Failed")), id_)
        one = scene.server.platform.instances[id_]
        one.refuses, one.breaks = random.choice(((0, 0), (0, 0), (1, 0), (0, 1)))
        if step == "told restart.refused":
            one.refuses = 1
    mishap = None if step in ANSWERED else random.choice(MISHAPS)
    scene.server.platform.faults.active[:] = [] if mishap is None else [mishap]


async def _lives(scene: World, nursery: Nursery, passed: Passed) -> Life:
    """A life without a fuse, until everything is healed and judged; then it is told to stop."""
    passed.arm(Plan())
    life = await nursery.bear(scene.config)
    loop = asyncio.get_running_loop()
    until = loop.time() + HEALED_WITHIN_S
    while loop.time() < until and not (scene.all_running() and _judged(life)):
        await asyncio.sleep(0.05)
    life.signal(signal.SIGTERM)
    await nursery.bury(life, ENDS_WITHIN_S, by=signal.SIGABRT)
    return life


def _judged(life: Life) -> bool:
    """Whether every attempt that this life knows of has its verdict."""
    open_ = {
        (one["instance"], one["seq"])
        for event in ("requested", "unknown")
        for one in life.told(f"restart.{event}")
    }
    ends = ("refused", "not_sent", "withdrawn", "recovered", "did_not_help", "relapsed")
    closed = {
        (one["instance"], one["seq"]) for event in ends for one in life.told(f"restart.{event}")
    }
    return bool(life.told("fleet.first_look")) and open_ <= closed


def said_wrong(life: Life) -> list[str]:
    """Lines of a life that no daemon may write: tracebacks, faults of its own."""
    odd = [line for line in life.said.splitlines() if not line.startswith("{")]
    odd += [str(one["message"]) for one in life.told("daemon.fault")]
    odd += [str(one["message"]) for one in life.told("library.log") if one["level"] == "error"]
    return [f"it said: {line}" for line in odd]


def _misplaced(scene: World) -> list[str]:
    """Calls that met an instance which was not down."""
    platform = scene.server.platform
    met = [call for call in platform.restarts() if call.code == platform.manners.restart_running]
    return [f"{call.instance} was called although it was not down" for call in met]
