"""What the daemon tells others by itself: notifications and the dead man's switch.

Built only where the config asks for it: who is told nothing needs no client for it.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from ..adapters.clock import SystemClock
from ..adapters.telemetry.log import Log
from ..adapters.telemetry.secrets import Secrets
from ..core.event import Event, Level
from ..core.policy import Roster
from ..engine.engine import Engine
from ..ports import Clock, Journal, Sought, StoreError
from ..runtime.heartbeat import Heartbeat, SystemdWatchdog
from ..runtime.lifecycle import Broken, Chore
from ..runtime.systemd import Notifier
from ..settings.model import Settings

if TYPE_CHECKING:
    from ..adapters.http import HttpClient
    from ..adapters.notify.channel import Surroundings
    from ..adapters.notify.sink import Notifications

REMEMBERED = timedelta(days=30)
"""How far back troubles that may last still are looked for at the start."""
MOST_EVENTS = 10_000
"""Journalled events that are read for it at most, the newest: a fraction of a second."""


class Outward:
    """Channels and the heartbeat's URL, over one client of their own.

    Args:
        tell: takes `notification.failed`.
        roster: the config in force.
    """

    def __init__(
        self,
        settings: Settings,
        system: SystemClock,
        clock: Clock,
        log: Log,
        secrets: Secrets,
        tell: Callable[[Event], None],
        broken: Broken,
        roster: Callable[[], Roster],
    ) -> None:
        self._heartbeat = settings.heartbeat
        self._clock = clock
        self._log = log
        self._broken = broken
        self._posts: HttpClient | None = None
        self._around: Surroundings | None = None
        self.notices: Notifications | None = None
        """Hears every event; None where nobody is to be told."""
        if settings.notify or settings.heartbeat.url_file is not None:
            self._around = self._surroundings(system, secrets)
        if settings.notify and self._around is not None:
            from ..adapters.notify.build import notifications
            from ..adapters.notify.sink import Report

            report = Report(tell, self._again, broken)
            self.notices = notifications(settings.notify, self._around, clock, report, roster)

    def chores(self, engine: Engine, notifier: Notifier) -> tuple[Chore, ...]:
        """What is done again and again: the heartbeat, and systemd's watchdog where it asks."""
        found: list[Chore] = []
        file = self._heartbeat.url_file
        if file is not None and self._around is not None:
            from ..adapters.notify.switch import SwitchUrl

            ask = SwitchUrl(file, self._around).ask
            beat = Heartbeat(engine, self._clock, ask, self._broken, self._again)
            found.append(Chore("heartbeat", beat.beat, self._heartbeat.interval))
        watchdog = SystemdWatchdog(engine, self._clock, notifier)
        if watchdog.period is not None:
            found.append(Chore("systemd watchdog", watchdog.feed, watchdog.period))
        return tuple(found)

    async def start(self, journal: Journal) -> None:
        """Begin to tell people, with the troubles of before the start in mind."""
        if self.notices is None:
            return
        try:
            since = self._clock.now() - REMEMBERED
            found = await journal.excerpt(Sought(since, MOST_EVENTS))
            self.notices.remember(found.events)
        except StoreError as error:
            self._broken("reading what people were told before the start", error)
        self.notices.start()

    async def close(self) -> None:
        """Tell what still waits, within seconds, and end."""
        if self.notices is not None:
            await self.notices.close()
        if self._posts is not None:
            await self._posts.close()

    def _surroundings(self, system: SystemClock, secrets: Secrets) -> "Surroundings":
        from ..adapters.http import HttpClient, HttpOptions
        from ..adapters.notify.build import CONNECT, READ
        from ..adapters.notify.channel import Surroundings

        self._posts = HttpClient(HttpOptions(CONNECT, READ), system.elapsed, for_calls=True)
        return Surroundings(self._posts, secrets.add, secrets.redact)

    def _again(self, text: str) -> None:
        self._log.line(Level.INFO, "daemon.trouble", text)
