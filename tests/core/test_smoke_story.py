"""The shortest story: it fails, it is restarted, it runs."""

from builders import MINUTE, World
from scnet_watchdog.core.event import EventKind
from scnet_watchdog.core.model import Status


def test_a_failed_instance_is_confirmed_restarted_and_seen_running() -> None:
    world = World(1)
    world.run(MINUTE)
    world.show(Status.FAILED)
    world.on_call = lambda attempt: world.show(Status.RUNNING)
    world.run(5 * MINUTE)
    # Seen failed at 90 s (polls every 30 s: 0, 30, 60, 90), confirmed 30 s later.
    assert world.called() == [120.0]
    assert len(world.told(EventKind.RESTART_RECOVERED)) == 1
