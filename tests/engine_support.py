"""An engine on fakes, driven by hand: the clock goes on only where a test says so."""

import asyncio

from fakes import (
    KEY,
    FakeClock,
    FakePlatform,
    FakeRestarter,
    FakeSink,
    FakeSource,
    FakeStore,
    Fate,
    ids,
    roster_of,
    wiring_of,
)
from scnet_watchdog.core.decision import Reason
from scnet_watchdog.core.fleet import Fleet
from scnet_watchdog.core.model import InstanceId, Status
from scnet_watchdog.core.policy import Policy
from scnet_watchdog.engine.engine import Engine
from scnet_watchdog.engine.storeclock import StoreClock


class Bench:
    """One engine, one center, a few instances; all fakes at hand."""

    def __init__(
        self,
        count: int = 1,
        policy: Policy | None = None,
        store: FakeStore | None = None,
        platform: FakePlatform | None = None,
        clock: FakeClock | None = None,
        fate: Fate | None = None,
        shadow: bool = False,
        sink: FakeSink | None = None,
    ) -> None:
        self.fate = fate or Fate()
        self.clock = clock or FakeClock()
        self.ids = ids(count)
        self.platform = platform or FakePlatform(dict.fromkeys(self.ids, Status.RUNNING))
        self.store = store or FakeStore(self.fate)
        self.source = FakeSource(self.platform, self.clock, fate=self.fate)
        self.restarter = FakeRestarter(self.platform, self.fate)
        self.sink = sink or FakeSink()
        self.broken: list[tuple[str, BaseException]] = []
        self.roster = roster_of(self.ids, policy)
        self.engine = Engine(
            StoreClock(self.clock),
            self.store,
            self.sink,
            wiring_of(self.roster, self.source, self.restarter),
            who="test",
            broken=lambda what, error: self.broken.append((what, error)),
            shadow=shadow,
        )

    async def start(self) -> None:
        await self.engine.start()
        await self.engine.run_turns()

    async def poll(self) -> None:
        """One poll, and all turns that follow from it; calls that can end do."""
        await self.engine.poll(KEY)
        await self.settle()

    async def settle(self) -> None:
        """Run turns and looks until nothing waits; calls that hang are left hanging."""
        for _ in range(20):
            await self.engine.run_turns()
            for _ in range(10):
                await asyncio.sleep(0)

    async def polls(self, times: int, every: float = 15) -> None:
        """Some polls with time between them."""
        for _ in range(times):
            await self.poll()
            self.clock.advance(every)
            await self.engine.tend()

    async def restart_one(self) -> None:
        """The first instance is stopped, and confirmed 30 s later."""
        self.platform.statuses[self.ids[0]] = Status.STOPPED
        await self.polls(1, 30)
        await self.poll()

    def owned(self) -> bool:
        """Whether the state is ours."""
        return self.engine.fleet is not None

    def fleet(self) -> Fleet:
        """The fleet in memory."""
        assert self.engine.fleet is not None
        return self.engine.fleet

    def reason(self, id_: InstanceId) -> Reason | None:
        return self.fleet().instances[id_].facts.reason
