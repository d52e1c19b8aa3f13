"""Scripts: what a person would post by hand, each thing at its moment."""

import pytest

from scnet_watchdog.simulator.control import Control
from scnet_watchdog.simulator.platform import Platform, fleet
from scnet_watchdog.simulator.script import Step, play, read_script


def test_steps_come_in_their_order_in_time() -> None:
    text = '[{"at": 5, "do": "clear"}, {"at": 1.5, "do": "account", "with": {"status": "Owe"}}]'
    assert read_script(text) == (
        Step(1.5, "account", {"status": "Owe"}),
        Step(5.0, "clear", {}),
    )


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "{}",
        "[1]",
        '[{"do": "clear"}]',
        '[{"at": -1, "do": "clear"}]',
        '[{"at": true, "do": "clear"}]',
        '[{"at": 1}]',
        '[{"at": 1, "do": "clear", "with": []}]',
        '[{"at": 1, "do": "clear", "then": 2}]',
    ],
)
def test_what_is_no_script_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_script(text)


async def test_each_step_is_done_at_its_moment_and_a_failed_one_stops_nothing() -> None:
    platform = Platform()
    platform.add(fleet(1))
    now = 100.0
    told: list[str] = []

    async def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    steps = read_script(
        '[{"at": 3, "do": "status", "with": {"all": true, "status": "Failed"}},'
        ' {"at": 4, "do": "dance"}, {"at": 9, "do": "capacity", "with": {"capacity": 0}}]'
    )
    await play(steps, Control(platform, lambda: now), lambda: now, sleep, told.append)
    (one,) = platform.instances.values()
    # It began at 100: the first step is at 103, the last at 109.
    assert (one.status, one.since, now, platform.capacity) == ("Failed", 103.0, 109.0, 0)
    assert [line.split(" s: ")[0] for line in told] == ["3", "4", "9"]
    assert "dance failed: no such thing" in told[1]
