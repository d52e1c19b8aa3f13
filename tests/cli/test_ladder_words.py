"""What `explain` prints of the core's own ladder: words for people, never a program's notation."""

from builders import World
from scnet_watchdog.cli.explain import told
from scnet_watchdog.core.explain import explain
from scnet_watchdog.core.inputs import Situation
from scnet_watchdog.core.model import InstanceId, Status


def test_a_list_among_the_numbers_is_told_as_words() -> None:
    world = World(1, start=Status.COMPLETED)
    world.poll()
    found = explain(world.fleet, InstanceId("a0"), Situation(world.now))
    details = {check.name: check.detail for check in found.checks}
    assert details["not_restartable"] == "status completed, restart_on failed stopped"


def test_settings_are_told_by_block_and_origin() -> None:
    def one(name: str, value: object, origin: str) -> dict[str, object]:
        return {"name": name, "value": value, "from": origin}

    settings = [
        one("cooldown.initial", "1m", "policy"),
        one("cooldown.multiplier", 2, "built-in"),
        one("cooldown.max", "15m", "built-in"),
        one("restart_on", ["failed", "stopped"], "policy of group batch"),
    ]
    assert list(told(settings)) == [
        "cooldown: initial 1m (policy), multiplier 2, max 15m (built-in)",
        "restart_on failed stopped (policy of group batch)",
    ]
