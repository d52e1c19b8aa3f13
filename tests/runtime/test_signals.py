"""What signals mean."""

import asyncio
import os
import signal

import pytest

from scnet_watchdog.runtime.signals import Hangup, Signals, hangup_means


class Heard:
    """Signals with what they led to."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.came = asyncio.Event()
        self.signals = Signals(
            lambda: self.hear("stop"), lambda: self.hear("reload"), lambda: self.hear("leave")
        )

    def hear(self, what: str) -> None:
        self.said.append(what)
        self.came.set()

    async def after(self, number: signal.Signals) -> None:
        self.came.clear()
        os.kill(os.getpid(), number)
        await self.came.wait()


async def test_the_first_stop_drains_and_the_second_leaves_at_once() -> None:
    heard = Heard()
    loop = asyncio.get_running_loop()
    heard.signals.install(loop, Hangup.IGNORE)
    await heard.after(signal.SIGTERM)
    assert heard.said == ["stop"]
    await heard.after(signal.SIGINT)
    assert heard.said[:2] == ["stop", "leave"]
    heard.signals.remove(loop)


@pytest.mark.parametrize(("hangup", "expected"), [(Hangup.RELOAD, "reload"), (Hangup.STOP, "stop")])
async def test_a_hangup_reloads_or_stops(hangup: Hangup, expected: str) -> None:
    heard = Heard()
    loop = asyncio.get_running_loop()
    heard.signals.install(loop, hangup)
    await heard.after(signal.SIGHUP)
    assert heard.said == [expected]
    heard.signals.remove(loop)


@pytest.mark.parametrize(
    ("terminal", "ignored", "expected"),
    [
        (False, False, Hangup.RELOAD),
        (True, False, Hangup.STOP),
        (True, True, Hangup.IGNORE),
        (False, True, Hangup.IGNORE),
    ],
)
def test_how_the_process_was_started_says_what_a_hangup_means(
    terminal: bool, ignored: bool, expected: Hangup
) -> None:
    assert hangup_means(terminal, ignored) is expected
