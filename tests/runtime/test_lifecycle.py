"""The daemon's life on fakes: start, run, reload, drain, stop. The clock is the real one."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from engine_support import Bench
from fakes import FakeClock, FakeRestarter, FakeSource, FakeStore, roster_of, wiring_of
from runtime_support import equipment, fitted
from scnet_watchdog.adapters.clock import SystemClock
from scnet_watchdog.core.event import EventKind
from scnet_watchdog.core.model import InstanceId, Status
from scnet_watchdog.errors import WatchdogError
from scnet_watchdog.ports import Unreadable
from scnet_watchdog.runtime.lifecycle import Daemon
from scnet_watchdog.runtime.reload import Fitted


class Living:
    """A daemon on a bench."""

    def __init__(self, config: Path | None = None, store: FakeStore | None = None) -> None:
        # The scheduler goes by the real wall clock; the bench's stands still there.
        self.bench = Bench(store=store, clock=FakeClock(SystemClock().now()))
        self.refitted: Fitted | WatchdogError = fitted(self.bench)
        self.pruned = 0
        self.retired = 0
        self.daemon = Daemon(
            equipment(
                self.bench,
                fitted=replace(fitted(self.bench), reload_on_change=True),
                refit=self.refit,
                prune=self.prune,
                config=config,
            )
        )
        self.running: asyncio.Task[BaseException | None] | None = None

    async def refit(self) -> Fitted:
        if isinstance(self.refitted, WatchdogError):
            raise self.refitted
        return self.refitted

    async def prune(self) -> None:
        self.pruned += 1

    async def retire(self) -> None:
        self.retired += 1

    async def live(self) -> None:
        await self.daemon.start()
        self.running = asyncio.create_task(self.daemon.run())
        await self.until(lambda: self.bench.source.polls > 0)

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not true():
                await asyncio.sleep(0.005)

    async def ends(self) -> BaseException | None:
        assert self.running is not None
        return await asyncio.wait_for(self.running, 10)

    def told(self, kind: EventKind) -> bool:
        return kind in self.bench.sink.kinds()


async def test_a_life_from_start_to_stop() -> None:
    living = Living()
    await living.live()
    await living.until(lambda: living.told(EventKind.FLEET_FIRST_LOOK))
    living.daemon.stop()
    assert await living.ends() is None
    kinds = living.bench.sink.kinds()
    assert kinds[:3] == [
        EventKind.STATE_CREATED,
        EventKind.DAEMON_STARTED,
        EventKind.CONFIG_LOADED,
    ]
    assert kinds[-1] is EventKind.DAEMON_STOPPED
    assert living.bench.store.journal == living.bench.sink.events
    assert living.pruned == 1


async def test_the_platform_is_asked_while_the_ways_in_open_and_nothing_is_decided_before() -> None:
    living = Living()
    bench = living.bench
    bench.platform.statuses[bench.ids[0]] = Status.STOPPED
    opening = asyncio.Event()

    async def listen() -> None:
        await opening.wait()

    living.daemon = Daemon(equipment(bench, listen=listen))
    await living.live()
    assert bench.engine.turns == 0
    opening.set()
    await living.until(lambda: living.told(EventKind.FLEET_FIRST_LOOK))
    living.daemon.stop()
    assert await living.ends() is None


async def test_ways_in_that_cannot_open_end_the_daemon_before_it_decides() -> None:
    living = Living()

    async def listen() -> None:
        await living.until(lambda: living.bench.source.polls > 0)
        raise WatchdogError("the port is taken")

    living.daemon = Daemon(equipment(living.bench, listen=listen))
    await living.live()
    with pytest.raises(WatchdogError, match="the port is taken"):
        await living.ends()
    assert living.bench.engine.turns == 0
    assert living.bench.sink.kinds() == [EventKind.STATE_CREATED]


async def test_a_call_in_flight_is_waited_for_and_settled() -> None:
    living = Living()
    bench = living.bench
    bench.restarter.gate = asyncio.Event()
    await bench.engine.start()
    await bench.restart_one()
    assert bench.engine.act.in_flight == 1
    await living.live()
    living.daemon.stop()
    await asyncio.sleep(0)
    assert living.running is not None
    assert not living.running.done()
    bench.restarter.gate.set()
    assert await living.ends() is None
    (stopped,) = bench.sink.of(EventKind.DAEMON_STOPPED)
    assert stopped.fields == {"calls_left_open": 0}
    # A second take-over of the same store settled it as unknown; its answer changes nothing.
    assert all(one.outcome is not None for one in bench.store.attempts.values())


async def test_a_reload_takes_up_newcomers_and_retires_old_clients() -> None:
    living = Living()
    bench = living.bench
    await living.live()
    roster = roster_of([*bench.ids, InstanceId("newcomer")])
    source = FakeSource(bench.platform, bench.clock)
    living.refitted = Fitted(
        wiring_of(roster, source, FakeRestarter(bench.platform)),
        news={"added": ["newcomer"], "removed": [], "changed": [], "needs_restart": []},
        anew=frozenset({"kunshan"}),
        gone=frozenset({"kunshan"}),
        retire=living.retire,
    )
    living.daemon.reload()
    await living.until(lambda: living.told(EventKind.CONFIG_RELOADED) and living.retired == 1)
    (reloaded,) = bench.sink.of(EventKind.CONFIG_RELOADED)
    assert reloaded.fields["added"] == ["newcomer"]
    fleet = bench.engine.fleet
    assert fleet is not None
    assert "newcomer" in fleet.instances
    living.daemon.stop()
    await living.ends()


async def test_an_old_client_is_retired_only_when_its_call_has_ended() -> None:
    living = Living()
    bench = living.bench
    await living.live()
    bench.restarter.gate = asyncio.Event()
    bench.platform.statuses[bench.ids[0]] = Status.STOPPED
    bench.clock.advance(1)
    await bench.poll()
    bench.clock.advance(30)
    await bench.engine.poll(next(iter(bench.engine.sources)))
    await living.until(lambda: bench.engine.act.in_flight == 1 and bool(bench.platform.calls))
    living.refitted = Fitted(
        wiring_of(bench.roster, bench.source, FakeRestarter(bench.platform)),
        gone=frozenset({"kunshan"}),
        retire=living.retire,
    )
    living.daemon.reload()
    await living.until(lambda: living.told(EventKind.CONFIG_RELOADED))
    assert living.retired == 0
    bench.restarter.gate.set()
    await living.until(lambda: living.retired == 1)
    living.daemon.stop()
    await living.ends()


async def test_an_invalid_config_changes_nothing_and_is_told() -> None:
    living = Living()
    await living.live()
    living.refitted = WatchdogError("watchdog.yaml:3:1: polcy: unknown key")
    living.daemon.reload()
    await living.until(lambda: living.told(EventKind.CONFIG_REJECTED))
    fleet = living.bench.engine.fleet
    assert fleet is not None
    assert fleet.instances.keys() == set(living.bench.ids)
    living.daemon.stop()
    assert await living.ends() is None


async def test_a_changed_config_file_reloads_where_that_is_wanted(tmp_path: Path) -> None:
    config = tmp_path / "watchdog.yaml"
    config.write_text("one")
    living = Living(config)
    await living.live()
    config.write_text("another")
    # Files are looked at every 2 s, a chore of its own; here it is called by hand.
    await living.daemon._look_at_files()
    await living.until(lambda: living.told(EventKind.CONFIG_RELOADED))
    living.daemon.stop()
    await living.ends()


async def test_a_state_that_became_unreadable_ends_the_daemon() -> None:
    living = Living()
    await living.live()
    living.bench.store.take_away()
    living.bench.store.error = Unreadable("not a database")
    living.bench.engine.tell(living.bench.sink.events[0])
    living.bench.clock.advance(1)
    living.daemon.scheduler.reconsider()
    assert isinstance(await living.ends(), Unreadable)


async def test_a_fault_in_the_turns_ends_the_daemon_rather_than_its_memory() -> None:
    living = Living()
    await living.live()
    fault = RuntimeError("a store that breaks its promise")

    async def commit(*_: object) -> None:
        raise fault

    living.bench.store.commit = commit  # type: ignore[method-assign,assignment]
    living.bench.engine.tell(living.bench.sink.events[0])
    assert await living.ends() is fault
