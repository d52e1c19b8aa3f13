"""Never run: mypy proves here that each adapter, and each fake, fulfils its port."""

from datetime import timedelta
from pathlib import Path
from typing import cast

from fakes import (
    KEY,
    FakeClock,
    FakePlatform,
    FakeRestarter,
    FakeSink,
    FakeSource,
    FakeStore,
)
from scnet_watchdog.adapters.clock import SystemClock
from scnet_watchdog.adapters.http import HttpOptions
from scnet_watchdog.adapters.plugin import SourceKind
from scnet_watchdog.adapters.scnet.client import ScnetClient
from scnet_watchdog.adapters.scnet.restarter import ScnetRestarter
from scnet_watchdog.adapters.scnet.source import ScnetOptions, ScnetSource
from scnet_watchdog.adapters.sources.file import FileSource
from scnet_watchdog.adapters.stores.history import SqliteHistory
from scnet_watchdog.adapters.stores.sqlite import SqliteStore
from scnet_watchdog.adapters.telemetry.fanout import FanOut
from scnet_watchdog.adapters.telemetry.log import Log
from scnet_watchdog.desk import Desk
from scnet_watchdog.engine.storeclock import StoreClock
from scnet_watchdog.ports import (
    Clock,
    EventSink,
    History,
    Journal,
    Restarter,
    StateStore,
    StatusSource,
)
from scnet_watchdog.runtime.desk import LiveDesk
from scnet_watchdog.runtime.feed import Feed
from web_support import FakeDesk

_clock: Clock = SystemClock()
_store_clock: Clock = StoreClock(_clock)

_client = cast("ScnetClient", None)
_source: StatusSource = ScnetSource(KEY, _client, _clock, ScnetOptions())
_file: StatusSource = FileSource(KEY, Path(), _clock)
_scnet_kind: type[SourceKind] = ScnetSource
_file_kind: type[SourceKind] = FileSource
_restarter: Restarter = ScnetRestarter(_client, HttpOptions(timedelta(), timedelta()))
_store: StateStore = SqliteStore(Path(), _clock)
_journal: Journal = SqliteStore(Path(), _clock)
_desk: Desk = cast("LiveDesk", None)
_feed: EventSink = Feed()
_history: History = SqliteHistory(Path())
_log: EventSink = cast("Log", None)
_fan_out: EventSink = cast("FanOut", None)

_fake_clock: Clock = FakeClock()
_fake_source: StatusSource = FakeSource(FakePlatform(), FakeClock())
_fake_restarter: Restarter = FakeRestarter(FakePlatform())
_fake_store: StateStore = FakeStore()
_fake_sink: EventSink = FakeSink()
_fake_desk: Desk = FakeDesk()
