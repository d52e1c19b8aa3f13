"""Never run: mypy proves here that each adapter, and each fake, fulfils its port."""

from fakes import FakeClock, FakePlatform, FakeRestarter, FakeSink, FakeSource, FakeStore
from scnet_watchdog.adapters.clock import SystemClock
from scnet_watchdog.engine.storeclock import StoreClock
from scnet_watchdog.ports import Clock, EventSink, Restarter, StateStore, StatusSource

_clock: Clock = SystemClock()
_store_clock: Clock = StoreClock(_clock)

_fake_clock: Clock = FakeClock()
_fake_source: StatusSource = FakeSource(FakePlatform(), FakeClock())
_fake_restarter: Restarter = FakeRestarter(FakePlatform())
_fake_store: StateStore = FakeStore()
_fake_sink: EventSink = FakeSink()
