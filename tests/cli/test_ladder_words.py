"""What `explain` prints of the core's own ladder: words for people, never a program's notation."""

from builders import World
from scnet_watchdog.core.explain import explain
from scnet_watchdog.core.inputs import Situation
from scnet_watchdog.core.model import InstanceId, Status


def test_a_list_among_the_numbers_is_told_as_words() -> None:
    world = World(1, start=Status.COMPLETED)
    world.poll()
    found = explain(world.fleet, InstanceId("a0"), Situation(world.now))
    details = {check.name: check.detail for check in found.checks}
    assert details["not_restartable"] == "status completed, restart_on failed stopped"
