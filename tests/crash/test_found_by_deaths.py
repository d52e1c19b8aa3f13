"""What the deaths brought to light, told on virtual time."""

from dataclasses import replace

from builders import MINUTE, SECOND, World
from center_support import EAGER, UNANSWERED
from scnet_watchdog.core.event import EventKind
from scnet_watchdog.core.model import Status


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
