"""Where a story is told: platform, network, one daemon after another, and the end of all faults."""

import asyncio
import gc
import shutil
import tempfile
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from fakes import T0
from scnet_watchdog.adapters.stores.sqlite import SqliteStore
from scnet_watchdog.core.command import Command
from scnet_watchdog.core.inputs import ClockStepped
from scnet_watchdog.core.model import InstanceId
from scnet_watchdog.core.policy import Roster
from scnet_watchdog.simulator.manners import Manners
from scnet_watchdog.simulator.platform import Platform, fleet
from virtual_time import VirtualClock, VirtualLoop, run_virtually

from .deeds import DEEDS
from .ending import Ending
from .life import Life
from .presets import roster_of
from .stores import FILE, Inline
from .story import Happening, Story, dice_of
from .wire import Network
from .witness import Violation, Witness

SHM = Path("/dev/shm")
A_MOMENT_S = 0.001
"""Timers closer than this are one moment: the loop fires them early, and time would stand still."""


@dataclass(frozen=True, slots=True)
class Told:
    """What came of a story.

    Args:
        instance_hours: simulated.
        calls: restart calls that left.
        back_after: how long after the last fault everyone ran again, as a share of the bound.
        lines: what happened, the latest last.
    """

    story: Story
    violation: Violation | None
    instance_hours: float
    calls: int
    reached: Counter[str] = field(default_factory=Counter)
    back_after: float = 0.0
    lines: tuple[str, ...] = ()


class Stage:
    """The world around the daemons of one story."""

    def __init__(self, story: Story, loop: VirtualLoop, folder: Path) -> None:
        self.story = story
        self.loop = loop
        self.clock = VirtualClock(loop)
        self.dice = dice_of(story.seed, "stage")
        instances = fleet(story.count, seed=story.seed, deploy_for=20.0)
        self.platform = Platform(seed=story.seed, manners=Manners())
        self.platform.add(instances)
        self.names = [InstanceId(one.id) for one in instances]
        self.network = Network(
            self.platform, loop.time, T0.timestamp(), dice_of(story.seed, "network")
        )
        self.over = asyncio.Event()
        self.witness = Witness(self.clock.now, self.over.set)
        self.base = roster_of(self.names, story.policies, story.limits, story.pace)
        self.roster: Roster = self.base
        self.full: list[int] = []
        """Sizes of files that the next commits meet as a full disk."""
        self.shadow = False
        self.life: Life | None = None
        self.next_dies_at: int | None = None
        """The halt at which the next daemon dies, counted from its start."""
        self.ending = Ending(self)
        self._folder = folder
        self._lives = 0
        self._left: list[Command] = []

    async def tell(self) -> None:
        """Tell the whole story, until the first violation."""
        telling = asyncio.ensure_future(self._tell())
        over = asyncio.ensure_future(self.over.wait())
        await asyncio.wait({telling, over}, return_when=asyncio.FIRST_COMPLETED)
        over.cancel()
        if telling.done():
            telling.result()
        else:
            telling.cancel()
            await asyncio.wait({telling})
        if self.life is not None:
            await self.life.bury(self._folder / "end")

    async def _tell(self) -> None:
        await self.start()
        for one in self.story.happenings:
            await self.until(one.at)
            await self._happens(one)
        await self.until(self.story.hours * 3600)
        await self.ending.come_back()

    async def until(self, seconds: float) -> None:
        """Let time pass; whoever dies meanwhile is buried, and another one begins later."""
        while (left := seconds - self.loop.time()) > A_MOMENT_S:
            if self.life is None:
                await asyncio.sleep(left)
                return
            came = asyncio.ensure_future(self.life.death.came.wait())
            await asyncio.wait({came}, timeout=left)
            came.cancel()
            if self.life.death.dead:
                await self._died()

    async def _happens(self, one: Happening) -> None:
        self.witness.say(f"--- {one.what} {dict(one.args)}")
        self.witness.reached[f"deed {one.what}"] += 1
        await DEEDS[one.what](self, **one.args)

    # Daemons.

    async def start(self) -> None:
        """A daemon begins, with a wall clock that is right."""
        self.clock.stepped = timedelta()
        folder = self._folder / f"life{self._lives}"
        folder.mkdir(exist_ok=True)
        self.life = Life(
            self.network,
            self.clock,
            self.loop.time,
            self.witness,
            folder,
            self.roster,
            self._next_full,
            self.shadow,
        )
        self.witness.say(f"=== daemon {self._lives} begins")
        if self.next_dies_at is not None:
            self.life.death.wish(self.next_dies_at)
            self.next_dies_at = None
        self.witness.shadow = self.shadow
        if await self.guarded(self.life.begin()):
            self._take_left()

    async def stop(self) -> None:
        """The daemon is stopped in good order; it may die on the way."""
        if self.life is None:
            return
        if await self.guarded(self.life.stop(timedelta(seconds=30))):
            self.life = None
        else:
            await self._buried()

    async def guarded(self, work: Coroutine[None, None, None]) -> bool:
        """Do something with the daemon; False where it died before that ended."""
        assert self.life is not None
        doing = asyncio.ensure_future(work)
        came = asyncio.ensure_future(self.life.death.came.wait())
        await asyncio.wait({doing, came}, return_when=asyncio.FIRST_COMPLETED)
        came.cancel()
        if doing.done():
            doing.result()
            return True
        doing.cancel()
        await asyncio.wait({doing})
        return False

    async def _died(self) -> None:
        """It died by itself: a supervisor starts another one soon."""
        await self._buried()
        await asyncio.sleep(self.dice.choice([1.0, 5.0, 40.0, 200.0]))
        await self.start()

    async def _buried(self) -> None:
        life, self.life = self.life, None
        if life is not None:
            self.witness.say("=== the daemon is dead")
            self._lives += 1
            await life.bury(self._folder / f"life{self._lives}")

    def _next_full(self) -> int | None:
        return self.full.pop(0) if self.full else None

    # Operators.

    async def command(self, one: Command) -> None:
        """An operator's command: to the daemon, or left in the state where none runs."""
        if self.life is None:
            await self._leave(one)
            return
        if not self.life.death.dead:
            self._heard(one)
            self.life.engine.feed(one)

    async def _leave(self, one: Command) -> None:
        folder = self._folder / f"life{self._lives}"
        store = SqliteStore(folder / FILE, self.clock, thread=Inline())
        await store.acquire("an operator", timedelta())
        await store.post(one)
        await store.close()
        self._left.append(one)

    def _take_left(self) -> None:
        """A new daemon takes up at its start what was left for it."""
        for one in self._left:
            self._heard(one)
        self._left.clear()

    def _heard(self, one: Command) -> None:
        self.witness.commanded(one)

    def reloaded(self, roster: Roster) -> None:
        """The config in force from now on."""
        gone = self.roster.members.keys() - roster.members.keys()
        self.witness.removed_at.update(dict.fromkeys(gone, self.clock.now()))
        self.witness.reloaded_at = self.clock.now()
        self.roster = roster

    def step_clock(self, seconds: float, expires: bool) -> None:
        """The wall clock steps; the daemon notices."""
        self.clock.stepped += timedelta(seconds=seconds)
        if self.life is not None:
            self.life.engine.feed(ClockStepped(seconds, expires))

    def name(self, n: int) -> InstanceId:
        """The id of an instance by its number."""
        return self.names[n % len(self.names)]

    @property
    def now(self) -> datetime:
        """The moment."""
        return self.clock.now()


def tell(story: Story) -> Told:
    """Tell one story from beginning to end."""
    loop = VirtualLoop()
    folder = Path(tempfile.mkdtemp(prefix="story", dir=SHM if SHM.is_dir() else None))
    try:
        stage: list[Stage] = []

        async def whole() -> None:
            stage.append(Stage(story, loop, folder))
            await stage[0].tell()

        run_virtually(whole(), loop)
    finally:
        shutil.rmtree(folder)
        gc.collect()
    (one,) = stage
    return Told(
        story,
        one.witness.violation,
        story.count * loop.elapsed / 3600,
        one.witness.calls,
        one.witness.reached,
        one.ending.share,
        # Where the files lie is no part of a story.
        tuple(line.replace(str(folder), "…") for line in one.witness.lines),
    )
