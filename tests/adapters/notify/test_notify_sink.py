"""The worker on virtual time: it waits for nobody, tries again, and says so once."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from fakes import T0, roster_of
from notify_support import HOUR, LLM, blocked, happens
from scnet_watchdog.adapters.notify.delivery import Undelivered
from scnet_watchdog.adapters.notify.message import Message, News
from scnet_watchdog.adapters.notify.outbox import KEPT, Outbox
from scnet_watchdog.adapters.notify.policy import Policy
from scnet_watchdog.adapters.notify.sink import Lane, Notifications, Report
from scnet_watchdog.core.event import Event, EventKind
from scnet_watchdog.core.model import InstanceId
from scnet_watchdog.core.policy import Roster
from virtual_time import VirtualClock, VirtualLoop, run_virtually


@dataclass
class FakeTeller:
    """A channel that takes what it is told, or refuses, or takes its time."""

    clock: VirtualClock
    label: str = "notify[0]"
    refuses: bool = False
    takes_s: float = 0.0
    tried: list[float] = field(default_factory=list)
    got: list[Message] = field(default_factory=list)

    async def tell(self, message: Message, now: datetime) -> None:
        self.tried.append((now - T0).total_seconds())
        await asyncio.sleep(self.takes_s)
        if self.refuses:
            raise Undelivered("the receiver answered with status 500")
        self.got.append(message)


class Stage:
    """Notifications on virtual time, and all they report."""

    def __init__(self, channels: int = 1) -> None:
        self.loop = VirtualLoop()
        self.clock = VirtualClock(self.loop)
        self.tellers = [FakeTeller(self.clock, f"notify[{n}]") for n in range(channels)]
        self.told: list[Event] = []
        self.again: list[str] = []
        self.broken: list[BaseException] = []
        report = Report(
            self.told.append,
            self.again.append,
            lambda what, error: self.broken.append(error),
        )
        lanes = [Lane(teller, Policy()) for teller in self.tellers]
        self.roster = roster_of([InstanceId(LLM)])
        self.notifications = Notifications(lanes, self.clock, report, lambda: self.roster)

    def emit(self, event: Event) -> None:
        """An event at this very moment."""
        at = self.clock.now()
        self.notifications.emit(
            Event(event.kind, at, event.instance, event.name, event.center, event.fields)
        )

    def play(self, story: Coroutine[Any, Any, None]) -> None:
        async def whole() -> None:
            self.notifications.start()
            await story
            await self.notifications.close()

        run_virtually(whole(), self.loop)
        assert not self.broken


def test_a_trouble_reaches_every_channel_after_half_a_minute() -> None:
    stage = Stage(channels=2)

    async def story() -> None:
        await asyncio.sleep(100)
        stage.emit(blocked())
        await asyncio.sleep(31)
        assert [teller.tried for teller in stage.tellers] == [[130.0], [130.0]]

    stage.play(story())


def test_a_channel_that_fails_is_tried_again_ever_more_seldom_and_told_once() -> None:
    stage = Stage()
    [teller] = stage.tellers
    teller.refuses = True

    async def story() -> None:
        stage.emit(blocked())
        await asyncio.sleep(2000)
        # 30; then after 30, 60, 120, 240, 480 s; the next pause is 900 s, the longest
        assert teller.tried == [30.0, 60.0, 120.0, 240.0, 480.0, 960.0, 1860.0]
        assert [(one.kind, dict(one.fields)) for one in stage.told] == [
            (
                EventKind.NOTIFICATION_FAILED,
                {"error": "notify[0]: the receiver answered with status 500"},
            )
        ]
        teller.refuses = False
        await asyncio.sleep(1000)
        assert len(teller.got) == 1
        assert stage.again == ["notify[0] takes messages again"]
        # A new row of failures is told anew.
        teller.refuses = True
        stage.emit(happens(EventKind.STATE_CREATED, instance=None))
        await asyncio.sleep(400)
        assert len(stage.told) == 2

    stage.play(story())


def test_the_news_that_a_notification_failed_is_not_itself_a_notification() -> None:
    stage = Stage()

    async def story() -> None:
        stage.emit(happens(EventKind.NOTIFICATION_FAILED, instance=None, error="x"))
        await asyncio.sleep(3600)
        assert stage.tellers[0].tried == []

    stage.play(story())


def test_telling_an_event_never_waits_for_a_slow_channel() -> None:
    stage = Stage(channels=2)
    slow, quick = stage.tellers
    slow.takes_s = 15.0

    async def story() -> None:
        stage.emit(blocked())
        await asyncio.sleep(31)
        before = stage.clock.now()
        for _ in range(1000):
            stage.emit(happens(EventKind.RESTART_ACCEPTED))
        assert stage.clock.now() == before
        assert len(quick.got) == 1
        assert slow.got == []
        await asyncio.sleep(15)
        assert len(slow.got) == 1

    stage.play(story())


def test_what_still_waits_is_told_at_the_end() -> None:
    stage = Stage()

    async def story() -> None:
        stage.emit(blocked())

    stage.play(story())
    assert len(stage.tellers[0].got) == 1


def test_the_end_brings_the_messages_of_every_center_and_of_the_daemon() -> None:
    stage = Stage()

    async def story() -> None:
        stage.emit(happens(EventKind.STATE_CREATED, instance=None, center=None))
        stage.emit(blocked())
        stage.emit(blocked(center="wuzhen"))

    stage.play(story())
    got = [message for message in stage.tellers[0].got if isinstance(message, News)]
    assert [news.center for news in got] == [None, "kunshan", "wuzhen"]


def test_at_the_end_a_channel_that_fails_is_not_tried_again() -> None:
    stage = Stage()
    stage.tellers[0].refuses = True

    async def story() -> None:
        stage.emit(blocked())
        stage.emit(blocked(center="wuzhen"))

    stage.play(story())
    assert len(stage.tellers[0].tried) == 1


def test_the_end_does_not_wait_long_for_a_channel_that_hangs() -> None:
    stage = Stage()
    stage.tellers[0].takes_s = 3600.0

    async def story() -> None:
        stage.emit(blocked())

    stage.play(story())
    # five seconds for the last words
    assert stage.clock.now() == T0 + timedelta(seconds=5)


def test_a_message_under_way_at_the_end_is_waited_for_and_not_sent_twice() -> None:
    stage = Stage()
    stage.tellers[0].takes_s = 3.0

    async def story() -> None:
        stage.emit(blocked())
        await asyncio.sleep(31)

    stage.play(story())
    assert len(stage.tellers[0].tried) == 1
    assert len(stage.tellers[0].got) == 1


def test_without_channels_nothing_runs() -> None:
    stage = Stage(channels=0)

    async def story() -> None:
        stage.emit(blocked())
        assert len(asyncio.all_tasks()) == 1

    stage.play(story())


def test_troubles_of_before_the_start_are_repeated() -> None:
    stage = Stage()
    # The builders' events happened ten hours before this stage's beginning.
    stage.notifications.remember([blocked()])

    async def story() -> None:
        await asyncio.sleep(4 * 3600 + 31)
        [news] = stage.tellers[0].got
        assert isinstance(news, News)

    stage.play(story())


def test_a_center_that_a_reload_leaves_out_is_told_of_no_more() -> None:
    stage = Stage()

    async def story() -> None:
        stage.emit(blocked())
        await asyncio.sleep(31)
        stage.roster = Roster()
        stage.emit(happens(EventKind.CONFIG_RELOADED, instance=None, center=None))
        await asyncio.sleep(9 * 3600)
        assert len(stage.tellers[0].got) == 1

    stage.play(story())


def test_troubles_of_before_the_start_are_forgotten_where_the_config_names_nobody_of_them() -> None:
    stage = Stage()
    stage.notifications.remember([blocked(center="wuzhen"), blocked()])

    async def story() -> None:
        await asyncio.sleep(4 * 3600 + 31)
        [news] = stage.tellers[0].got
        assert isinstance(news, News)
        assert [line.event.center for line in news.lines] == ["kunshan"]

    stage.play(story())


def test_an_outbox_is_bounded_and_counts_what_is_lost() -> None:
    outbox = Outbox()
    messages = [News((), str(n)) for n in range(KEPT + 3)]
    for message in messages:
        outbox.put(message)
    assert outbox.lost == 3
    assert outbox.next(T0) is messages[3]
    assert outbox.failed(T0)
    assert outbox.next(T0) is None
    assert outbox.next(T0, at_once=True) is messages[3]
    assert outbox.next(T0 + HOUR) is messages[3]
    outbox.delivered(messages[3])
    assert outbox.next(T0) is messages[4]
    assert outbox.lost == 0
