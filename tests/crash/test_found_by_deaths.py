"""What the deaths brought to light, in the daemon and in the proof itself."""

import asyncio
import logging
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from builders import MINUTE, SECOND, World
from center_support import EAGER, UNANSWERED
from scnet_watchdog.adapters.clock import SystemClock
from scnet_watchdog.core.event import EventKind
from scnet_watchdog.core.model import Status
from scnet_watchdog.runtime.scheduler import Scheduler

TESTS = Path(__file__).parents[1]


def test_a_read_that_overlaps_the_answer_ends_no_episode_whose_attempt_is_not_judged() -> None:
    """Running for long before the call ended, seen by a poll that began before the answer came.

    The episode ended then, and the verdict of the next read met none: no turn could be decided for
    the instance any more.
    """
    world = World(1, replace(EAGER, stable_after=30 * SECOND), reply_after=2 * MINUTE)
    world.answer = lambda attempt: UNANSWERED
    world.run(MINUTE)
    world.show(Status.FAILED)
    world.on_call = lambda attempt: world.show(Status.RUNNING)
    world.run(MINUTE + 10 * SECOND)
    since = world.state().facts.care.running_since
    assert since is not None
    world.polling = False
    world.run(3 * MINUTE)
    assert len(world.told(EventKind.RESTART_UNKNOWN)) == 1
    world.poll(asked_at=since + 31 * SECOND)
    world.polling = True
    world.run(MINUTE)
    assert len(world.told(EventKind.RESTART_RECOVERED)) == 1
    assert len(world.told(EventKind.INSTANCE_STABLE)) == 1
    assert world.state().at_rest


async def test_a_stop_while_a_poll_is_under_way_is_no_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The scheduler cancelled what waited for the poll, and told that with a traceback."""
    began, end = asyncio.Event(), asyncio.Event()
    failed: list[object] = []

    async def poll() -> None:
        began.set()
        await end.wait()

    scheduler = Scheduler(SystemClock(), lambda *told: failed.append(told))
    scheduler.every("poll", poll, timedelta(hours=1))
    scheduler.start()
    await asyncio.wait_for(began.wait(), 5)
    scheduler.pause()
    await scheduler.stop()
    for _ in range(5):
        await asyncio.sleep(0)
    end.set()
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert not failed


def test_a_commit_that_begins_while_a_statement_is_watched_stands_still_for_nothing() -> None:
    """The proof asked SQLite anew at each commit to watch its statements, from another thread.

    About one life in 600 then stood still for ever, deaf to signals: it was never the daemon.
    """
    command = [sys.executable, "-m", "crash.watched_statements"]
    done = subprocess.run(command, cwd=TESTS, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout) == (0, "done\n"), done.stderr
