"""Every row that the core settles or judges is heard once, whichever doorway it came through."""

from dataclasses import replace
from datetime import timedelta

from builders import CENTER, KEY, SECOND, World
from scnet_watchdog.app.overheard import overheard
from scnet_watchdog.core.attempt import Attempt
from scnet_watchdog.core.change import Memory
from scnet_watchdog.core.inputs import Situation
from scnet_watchdog.core.model import InstanceId, Page, Status
from scnet_watchdog.core.outcome import Verdict
from scnet_watchdog.core.policy import Confirm, Limits, Policy, Roster

A0 = InstanceId("a0")
NOBODY = Roster({}, {CENTER: Limits()})


def test_an_attempt_that_nobody_can_judge_is_heard_of_a_turn_a_reload_and_a_start() -> None:
    world = World(1, replace(Policy(), confirm=Confirm(1, timedelta())), start=Status.FAILED)
    world.run(5 * SECOND)
    assert len(world.calls) == 1
    rows: list[Attempt] = []
    doorways, now = overheard(rows.extend), Situation(world.now)
    # The doorways are pure: the same moment may go on in three ways.
    missing = Page(KEY, world.now, world.now, {A0: Status.MISSING})
    doorways.decide(world.fleet, [missing], (), now)
    doorways.reload(world.fleet, NOBODY, now)
    doorways.resume(Memory(tuple(world.stored.values())), NOBODY, world.now)
    assert [(row.instance, row.verdict) for row in rows] == [(A0, Verdict.UNJUDGED)] * 3
