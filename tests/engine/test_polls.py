"""Asking the status sources."""

import asyncio
from datetime import timedelta

import pytest

from fakes import KEY, T0, FakeClock, FakePlatform, FakeSource, ids
from scnet_watchdog.core.inputs import Input
from scnet_watchdog.core.model import BlockCause, Page, PollFailed, Status, Swept
from scnet_watchdog.engine.polls import Polls
from scnet_watchdog.ports import SourceRefused, SourceThrottled, SourceUnavailable

A, B = ids(2)


class Asking:
    """Polls with what they fed and what broke."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.fed: list[Input] = []
        self.broken: list[tuple[str, BaseException]] = []
        self.polls = Polls(self.clock, self.fed.append, lambda *told: self.broken.append(told))
        self.source = FakeSource(FakePlatform({A: Status.RUNNING}), self.clock)

    async def looks_end(self) -> None:
        while running := self.polls.running():
            await asyncio.wait(running)


async def test_pages_come_before_the_sweep() -> None:
    asking = Asking()
    assert await asking.polls.poll(KEY, asking.source, [A, B])
    assert [type(one) for one in asking.fed] == [Page, Swept]
    assert asking.polls.last_began(KEY) == T0
    assert asking.polls.answered == {KEY}


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (SourceUnavailable("gone"), PollFailed(KEY, T0, T0, "gone")),
        (
            SourceThrottled("slow", timedelta(seconds=7)),
            PollFailed(KEY, T0, T0, "slow", throttled=True, retry_after=timedelta(seconds=7)),
        ),
        (
            SourceRefused("owes", BlockCause.ARREARS, "10007"),
            PollFailed(KEY, T0, T0, "owes", cause=BlockCause.ARREARS, code="10007"),
        ),
        (ValueError("odd"), PollFailed(KEY, T0, T0, "unexpected ValueError: odd")),
    ],
)
async def test_an_error_of_a_source_is_an_input(error: Exception, expected: PollFailed) -> None:
    asking = Asking()
    asking.source.error = error
    assert not await asking.polls.poll(KEY, asking.source, [A])
    assert asking.fed == [expected]
    # Only a broken promise is a fault of ours; the port's errors are daily life.
    assert len(asking.broken) == isinstance(error, ValueError)


async def test_an_instance_is_looked_at_once_in_five_seconds() -> None:
    asking = Asking()
    asking.polls.look(KEY, asking.source, [A])
    asking.polls.look(KEY, asking.source, [A, B])
    await asking.looks_end()
    assert asking.source.looks == [frozenset({A}), frozenset({B})]
    asking.clock.advance(5)
    asking.polls.look(KEY, asking.source, [A])
    await asking.looks_end()
    assert asking.source.looks[-1] == frozenset({A})


async def test_a_look_that_fails_is_told_as_a_failed_poll() -> None:
    asking = Asking()
    asking.source.error = SourceUnavailable("gone")
    asking.polls.look(KEY, asking.source, [A])
    await asking.looks_end()
    assert asking.fed == [PollFailed(KEY, T0, T0, "gone")]
